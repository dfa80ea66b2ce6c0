/** The clock of one life in the simulated world. The wall clock may be set; the monotonic one goes on while a process is stopped. */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { Event, Life, World } from './world.ts'

/** What the wall clock says when a simulation begins, epoch ms. */
const beginMs = Date.UTC(2026, 0, 1)

class Timer implements TimerHandle {
  event: Event | undefined

  unref(): void {}
}

export class LifeClock implements Clock {
  /** How far the wall clock is off, ms. */
  offsetMs = 0
  readonly #world: World
  readonly #life: Life

  constructor(world: World, life: Life, offsetMs = 0) {
    this.#world = world
    this.#life = life
    this.offsetMs = offsetMs
  }

  now(): number {
    return Math.floor(beginMs + this.#world.nowMs + this.offsetMs)
  }

  monotonic(): number {
    return this.#world.nowMs
  }

  setTimeout(task: () => void, delayMs: number): TimerHandle {
    const timer = new Timer()
    timer.event = this.#world.at(delayMs, this.#life, task)
    return timer
  }

  setInterval(task: () => void, intervalMs: number): TimerHandle {
    const timer = new Timer()
    const arm = (): void => {
      timer.event = this.#world.at(Math.max(1, intervalMs), this.#life, () => {
        arm()
        task()
      })
    }
    arm()
    return timer
  }

  clearTimeout(handle: TimerHandle | undefined): void {
    const event = (handle as Timer | undefined)?.event
    if (event !== undefined) event.over = true
  }

  setImmediate(task: () => void): void {
    this.#world.at(0, this.#life, task)
  }
}
