/**
 * Sees slots whose user code does not come back: the pulse stands still while the slot says that an operator runs.
 *
 * Concurrency: control thread; reads words that the slots write.
 */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import { readPulse } from '../slot/pulse.ts'

export interface WatchdogOptions {
  readonly clock: Clock
  readonly doorbells: SharedArrayBuffer
  readonly slots: number
  readonly timeoutMs: number
  watched(slot: number): boolean
  /** Called once for each standstill, with the node whose code runs. */
  stuck(slot: number, node: number): void
}

interface Seen {
  readonly count: number
  readonly node: number
  readonly sinceMs: number
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
    const { clock, doorbells, slots, timeoutMs, watched, stuck } = this.#options
    const nowMs = clock.monotonic()
    for (let slot = 0; slot < slots; slot++) {
      if (!watched(slot)) {
        this.#seen[slot] = undefined
        continue
      }
      const { count, node } = readPulse(doorbells, slot)
      const seen = this.#seen[slot]
      if (seen === undefined || node < 0 || seen.count !== count || seen.node !== node) {
        this.#seen[slot] = { count, node, sinceMs: nowMs, reported: false }
      } else if (!seen.reported && nowMs - seen.sinceMs >= timeoutMs) {
        seen.reported = true
        stuck(slot, node)
      }
    }
  }
}
