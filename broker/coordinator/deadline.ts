/**
 * A moment by which something has to happen, that may be put off often and cheaply: heartbeats move it with every
 * request, while the timer behind it is set anew only when it fires or when the moment comes closer.
 */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'

export class Deadline {
  readonly #clock: Clock
  readonly #reached: () => void
  #timer: TimerHandle | undefined
  #timerAtMs = 0
  #atMs = Number.POSITIVE_INFINITY

  /** `reached` is called from a timer, once for each time that the deadline is set and not cleared. */
  constructor(clock: Clock, reached: () => void) {
    this.#clock = clock
    this.#reached = reached
  }

  /** Whether the deadline is set and has not been reached. */
  get isSet(): boolean {
    return this.#atMs !== Number.POSITIVE_INFINITY
  }

  /** Puts the deadline `delayMs` from now, sooner or later than it was. */
  set(delayMs: number): void {
    const now = this.#clock.monotonic()
    this.#atMs = now + delayMs
    if (this.#timer !== undefined && this.#timerAtMs <= this.#atMs) return
    this.#clock.clearTimeout(this.#timer)
    this.#arm(delayMs)
  }

  clear(): void {
    this.#atMs = Number.POSITIVE_INFINITY
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    this.#timerAtMs = this.#clock.monotonic() + delayMs
    this.#timer = this.#clock.setTimeout(() => this.#fire(), Math.max(0, delayMs))
    this.#timer.unref()
  }

  #fire(): void {
    this.#timer = undefined
    const remainingMs = this.#atMs - this.#clock.monotonic()
    // Timers may come up to a millisecond early.
    if (remainingMs > 1) {
      if (remainingMs !== Number.POSITIVE_INFINITY) this.#arm(remainingMs)
      return
    }
    this.#atMs = Number.POSITIVE_INFINITY
    this.#reached()
  }
}
