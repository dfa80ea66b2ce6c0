/**
 * So much per second, of bytes or of milliseconds: what is not used is kept for a second, and what is used beyond it is owed. Whoever
 * owes waits until it is paid. Times are monotonic ms. One thread.
 */
export class TokenBucket {
  perSecond: number
  /** Negative: owed. */
  #level: number
  #atMs: number

  constructor(perSecond: number, nowMs: number) {
    this.perSecond = perSecond
    this.#level = perSecond
    this.#atMs = nowMs
  }

  take(amount: number, nowMs: number): void {
    this.#fill(nowMs)
    this.#level -= amount
  }

  /** Takes it where that makes no debt; false: nothing was taken. */
  takeIfThere(amount: number, nowMs: number): boolean {
    this.#fill(nowMs)
    if (this.#level < amount) return false
    this.#level -= amount
    return true
  }

  /** From now on. What is owed stays. */
  changeRate(perSecond: number, nowMs: number): void {
    this.#fill(nowMs)
    this.perSecond = perSecond
    this.#level = Math.min(this.#level, perSecond)
  }

  /** Until nothing is owed, ms. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs)
    return this.#level >= 0 ? 0 : (-this.#level / this.perSecond) * 1000
  }

  /** Whether a new one would be the same. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs)
    return this.#level === this.perSecond
  }

  #fill(nowMs: number): void {
    const earned = ((nowMs - this.#atMs) / 1000) * this.perSecond
    this.#level = Math.min(this.perSecond, this.#level + earned)
    this.#atMs = nowMs
  }
}
