/**
 * Sees slots whose user code does not come back: the pulse stands still while the slot says that an operator runs, or a
 * deployment does not get on.
 *
 * Concurrency: control thread; reads words that the slots write.
 */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import { noNode, pulsePhase, readPulse } from '../slot/pulse.ts'

export interface WatchdogOptions {
  readonly clock: Clock
  readonly doorbells: SharedArrayBuffer
  readonly slots: number
  readonly timeoutMs: number
  /** Limit of opening operators (restoring state, finding splits), however alive the slot is meanwhile. */
  readonly openTimeoutMs: number
  watched(slot: number): boolean
  /** Called once for each standstill, with the node whose code runs or the phase. */
  stuck(slot: number, node: number, afterMs: number): void
}

interface Seen {
  count: number
  readonly node: number
  /** The count is the same since then. */
  sinceMs: number
  readonly nodeSinceMs: number
  reported: boolean
}

export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #seen: (Seen | undefined)[] = []
  readonly #timer: TimerHandle

  constructor(options: WatchdogOptions) {
    this.#options = options
    const intervalMs = Math.max(10, Math.min(1000, options.timeoutMs / 4))
    this.#timer = options.clock.setInterval(() => this.#look(), intervalMs)
  }

  close(): void {
    this.#options.clock.clearTimeout(this.#timer)
  }

  #look(): void {
    const { clock, doorbells, slots, timeoutMs, openTimeoutMs, watched, stuck } = this.#options
    const nowMs = clock.monotonic()
    for (let slot = 0; slot < slots; slot++) {
      if (!watched(slot)) {
        this.#seen[slot] = undefined
        continue
      }
      const { count, node } = readPulse(doorbells, slot)
      const seen = this.#seen[slot]
      if (seen === undefined || node === noNode || seen.node !== node) {
        this.#seen[slot] = { count, node, sinceMs: nowMs, nodeSinceMs: nowMs, reported: false }
        continue
      }
      if (seen.count !== count) {
        seen.count = count
        seen.sinceMs = nowMs
      }
      const still = nowMs - seen.sinceMs >= timeoutMs
      const late = node === pulsePhase.opening && nowMs - seen.nodeSinceMs >= openTimeoutMs
      if (seen.reported || !(still || late)) continue
      seen.reported = true
      stuck(slot, node, still ? timeoutMs : openTimeoutMs)
    }
  }
}
