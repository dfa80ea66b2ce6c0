/**
 * What is said about connections that are none of ours: a line with the address and the reason, but not one for each of
 * thousands. The first of a kind is said at once; those of the next seconds are counted and said with the one after.
 *
 * Concurrency: the slot's thread.
 */
import type { Clock } from '../../../core/platform/clock.ts'
import type { Socket } from '../../../core/platform/net.ts'

const quietMs = 10_000

export type Warn = (text: string, fields: Readonly<Record<string, unknown>>) => void

export class Strangers {
  readonly #clock: Clock
  readonly #warn: Warn
  readonly #kinds = new Map<string, { saidMs: number; unsaid: number }>()

  constructor(clock: Clock, warn: Warn) {
    this.#clock = clock
    this.#warn = warn
  }

  /** `kind`: reasons of one kind share their limit. */
  turnedAway(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>, kind: string, reason: string): void {
    const nowMs = this.#clock.monotonic()
    const before = this.#kinds.get(kind)
    if (before !== undefined && nowMs - before.saidMs < quietMs) {
      before.unsaid++
      return
    }
    this.#kinds.set(kind, { saidMs: nowMs, unsaid: 0 })
    const peer = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    const more = before !== undefined && before.unsaid > 0 ? { suppressed: before.unsaid } : {}
    this.#warn(`a connection to the data port from ${peer} was closed: ${reason}`, { peer, ...more })
  }
}
