/**
 * Where the time of a subtask goes. Every moment is busy, idle or backpressured, so the three add up to the time that has
 * passed. A slot runs one subtask at a time: the time in which another one runs counts as what this one waits for.
 */
export class TaskTime {
  busyMs = 0
  idleMs = 0
  backpressuredMs = 0
  #since: number
  #waitsForOutput = false

  constructor(nowMs: number) {
    this.#since = nowMs
  }

  /** A step begins: what passed before it was waiting. */
  begin(nowMs: number): void {
    if (this.#waitsForOutput) this.backpressuredMs += nowMs - this.#since
    else this.idleMs += nowMs - this.#since
    this.#since = nowMs
  }

  /** A step ends. `waitsForOutput`: what comes now is backpressure. */
  end(nowMs: number, waitsForOutput: boolean): void {
    this.busyMs += nowMs - this.#since
    this.#since = nowMs
    this.#waitsForOutput = waitsForOutput
  }

  /** Work between two steps, from `beganMs` to `nowMs`. What the subtask waits for is the same afterwards. */
  aside(beganMs: number, nowMs: number): void {
    this.begin(beganMs)
    this.busyMs += nowMs - beganMs
    this.#since = nowMs
  }

  /** The three times up to now. Between steps only. */
  snapshot(nowMs: number): { busyMs: number; idleMs: number; backpressuredMs: number } {
    this.begin(nowMs)
    return { busyMs: this.busyMs, idleMs: this.idleMs, backpressuredMs: this.backpressuredMs }
  }

  /** Nothing was done: only what is waited for may have changed. */
  wait(nowMs: number, waitsForOutput: boolean): void {
    if (waitsForOutput === this.#waitsForOutput) return
    this.begin(nowMs)
    this.#waitsForOutput = waitsForOutput
  }
}
