/**
 * A clock that moves only when told. Timers fire inside `advance`, in order of time and, at the same time, of creation.
 * Not for use from more than one thread.
 */
import type { Clock, TimerHandle } from './clock.ts'

interface ManualTimer extends TimerHandle {
  at: number
  readonly order: number
  readonly everyMs: number | undefined
  readonly task: () => void
}

export class ManualClock implements Clock {
  #elapsedMs = 0
  #created = 0
  #startMs: number
  readonly #timers = new Set<ManualTimer>()
  readonly #immediates: (() => void)[] = []

  /** `startMs` is the wall clock at the beginning, epoch ms. */
  constructor(startMs = 0) {
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + this.#elapsedMs
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  setTimeout(task: () => void, delayMs: number): TimerHandle {
    return this.#add(task, delayMs, undefined)
  }

  setInterval(task: () => void, intervalMs: number): TimerHandle {
    return this.#add(task, intervalMs, Math.max(1, intervalMs))
  }

  clearTimeout(handle: TimerHandle | undefined): void {
    if (handle !== undefined) this.#timers.delete(handle as ManualTimer)
  }

  setImmediate(task: () => void): void {
    this.#immediates.push(task)
  }

  /** Timers and immediates that have not fired. */
  get pending(): number {
    return this.#timers.size + this.#immediates.length
  }

  /** Moves the wall clock alone, as somebody who sets it does. */
  jump(ms: number): void {
    this.#startMs += ms
  }

  /** Moves time by `ms` and runs what falls due, timers set meanwhile included. Promise reactions run after it returns. */
  advance(ms: number): void {
    const end = this.#elapsedMs + ms
    this.#runImmediates()
    for (;;) {
      const next = this.#earliest()
      if (next === undefined || next.at > end) break
      this.#elapsedMs = Math.max(this.#elapsedMs, next.at)
      if (next.everyMs === undefined) this.#timers.delete(next)
      else next.at += next.everyMs
      next.task()
      this.#runImmediates()
    }
    this.#elapsedMs = end
  }

  /** As `advance`, in steps from timer to timer, letting promise reactions run at each. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#elapsedMs + ms
    await settle()
    for (;;) {
      const next = this.#earliest()
      if (next === undefined || next.at > end) break
      this.advance(Math.max(0, next.at - this.#elapsedMs))
      await settle()
    }
    this.advance(end - this.#elapsedMs)
    await settle()
  }

  #add(task: () => void, delayMs: number, everyMs: number | undefined): TimerHandle {
    const at = this.#elapsedMs + Math.max(0, delayMs)
    const timer: ManualTimer = { at, order: this.#created++, everyMs, task, unref: () => undefined }
    this.#timers.add(timer)
    return timer
  }

  #earliest(): ManualTimer | undefined {
    let best: ManualTimer | undefined
    for (const timer of this.#timers) {
      if (best === undefined || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer
    }
    return best
  }

  #runImmediates(): void {
    for (let task = this.#immediates.shift(); task !== undefined; task = this.#immediates.shift()) task()
  }
}

/** Lets promise chains of a few steps run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}
