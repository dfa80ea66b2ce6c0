/**
 * Bytes that requests and responses of all connections may hold at a time. Whoever is refused registers and is called when there
 * is room again. A single holder always gets its bytes, however many, so that a limit below a frame's size stops nobody
 * for ever. One thread.
 */
export class ByteBudget {
  readonly limitBytes: number
  usedBytes = 0
  /** How often somebody was refused. */
  refusals = 0
  readonly #waiting = new Set<() => void>()

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Somebody was refused and waits. */
  get isShort(): boolean {
    return this.#waiting.size > 0
  }

  /** Takes `bytes`, or refuses when that would exceed the limit and something is in use. */
  take(bytes: number): boolean {
    if (this.usedBytes > 0 && this.usedBytes + bytes > this.limitBytes) {
      this.refusals++
      return false
    }
    this.usedBytes += bytes
    return true
  }

  /** Takes `bytes` beyond any limit: for answers, which nobody can take back. */
  force(bytes: number): void {
    this.usedBytes += bytes
  }

  give(bytes: number): void {
    this.usedBytes -= bytes
    if (this.#waiting.size === 0 || (this.usedBytes > this.limitBytes / 2 && this.usedBytes > 0)) return
    const ready = [...this.#waiting]
    this.#waiting.clear()
    for (const each of ready) each()
  }

  /** Calls `ready` once, when room has come free; it may find that others were quicker. */
  wait(ready: () => void): void {
    this.#waiting.add(ready)
  }

  forget(ready: () => void): void {
    this.#waiting.delete(ready)
  }
}
