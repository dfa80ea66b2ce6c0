/**
 * The slot's cooperative loop: steps the subtasks of the slot in turn, consumers before producers, for a few milliseconds,
 * then gives the event loop a turn (control messages, sockets, the user's own callbacks). Sends what waits when nothing
 * can run, then sleeps until a message, a doorbell, a socket or a timer: an idle slot costs nothing.
 *
 * Concurrency: one thread, one loop.
 */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { Doorbells } from '../network/doorbell.ts'
import type { Task } from './task.ts'

/** Who watches the loop (slot/pulse.ts). */
export interface Pulse {
  /** Once per turn. */
  beat(): void
  /** Before user code of a node, or of all nodes of a chain: `node` of the first. */
  enter(node: number): void
  /** No user code runs. */
  leave(): void
}

export interface LoopOptions {
  readonly clock: Clock
  readonly bells: Doorbells | undefined
  /** Tells the watchdog that the loop turns, and whose code runs. */
  readonly pulse?: Pulse
  readonly watermarkIntervalMs: number
  /** Length of a turn. */
  readonly budgetMs?: number
  /** A step threw: the subtask has failed. */
  failed(task: Task, error: unknown): void
}

const defaultBudgetMs = 3
const framesMs = 0.5
/** While an output waits for memory nobody may ring. */
const blockedRetryMs = 20

export class SlotLoop {
  readonly #options: LoopOptions
  readonly #budgetMs: number
  #tasks: readonly Task[] = []
  #scheduled = false
  #running = false
  #timer: TimerHandle | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #nextWatermarkAt = 0
  readonly #turn = (): void => this.#run()

  constructor(options: LoopOptions) {
    this.#options = options
    this.#budgetMs = options.budgetMs ?? defaultBudgetMs
  }

  /** `tasks` in topological order. */
  start(tasks: readonly Task[]): void {
    this.#tasks = tasks.toReversed()
    this.#running = true
    this.#nextWatermarkAt = this.#options.clock.monotonic() + this.#options.watermarkIntervalMs
    this.wake()
  }

  /** No step is made after this. */
  stop(): void {
    this.#running = false
    this.#tasks = []
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  /** Something changed: look again. Callable at any time. */
  wake(): void {
    if (this.#scheduled || !this.#running) return
    this.#scheduled = true
    this.#options.bells?.awake()
    this.#options.clock.setImmediate(this.#turn)
  }

  #run(): void {
    this.#scheduled = false
    if (!this.#running) return
    const { clock, bells, pulse } = this.#options
    pulse?.beat()
    const until = clock.monotonic() + this.#budgetMs
    this.#timers(until - this.#budgetMs)
    let worked = true
    while (worked) {
      worked = this.#pass()
      if (!this.#running) return
      if (worked && clock.monotonic() >= until) return this.wake()
    }
    if (this.#flush()) return this.wake()
    bells?.asleep()
    // What came between the last pass and the word of the doorbell would otherwise be slept over.
    if (this.#pass()) return this.wake()
    if (this.#running) this.#sleep()
  }

  /**
   * One step of each source, some frames for each subtask behind them: what a source makes in a step is several frames, and
   * if it made more than are taken, all channels would be full before it waits. A full ring stops a slot as soon as its peer
   * pauses; an empty one has room for that, and what is taken at once is still in the cache. Who takes long over a frame gets
   * no second one: that its channels fill up is how its producers are seen to wait for it.
   */
  #pass(): boolean {
    let worked = false
    const { clock, pulse } = this.#options
    for (const task of this.#tasks) {
      try {
        pulse?.enter(task.headNode)
        let now = clock.monotonic()
        const until = task.options.source === undefined ? now + framesMs : now
        do {
          if (task.step(now) !== 'worked') break
          worked = true
          now = clock.monotonic()
        } while (now < until && this.#running)
      } catch (error) {
        this.#options.failed(task, error)
        return false
      }
    }
    pulse?.leave()
    return worked
  }

  #flush(): boolean {
    let flushed = false
    for (const task of this.#tasks) {
      try {
        if (task.flush()) flushed = true
      } catch (error) {
        this.#options.failed(task, error)
        return false
      }
    }
    return flushed
  }

  #timers(now: number): void {
    const wall = this.#options.clock.now()
    const watermarks = now >= this.#nextWatermarkAt
    if (watermarks) this.#nextWatermarkAt = now + this.#options.watermarkIntervalMs
    for (const task of this.#tasks) {
      try {
        if (watermarks) task.advanceWatermark()
        if (task.wakeAtMs <= wall) {
          this.#options.pulse?.enter(task.headNode)
          task.processTime(wall)
          this.#options.pulse?.leave()
        }
        task.flushDue(now)
      } catch (error) {
        this.#options.failed(task, error)
        return
      }
    }
  }

  /** Sets the timer for whatever is due next. */
  #sleep(): void {
    const { clock } = this.#options
    const now = clock.monotonic()
    const wall = clock.now()
    let delayMs = Number.POSITIVE_INFINITY
    for (const task of this.#tasks) {
      if (task.options.source !== undefined && !task.over) delayMs = Math.min(delayMs, this.#nextWatermarkAt - now)
      // What is overdue here waits for room or memory, and nobody may ring for that.
      const flushIn = task.deadlineMs - now
      delayMs = Math.min(delayMs, flushIn > 0 ? flushIn : blockedRetryMs)
      const wakeIn = task.wakeAtMs - wall
      delayMs = Math.min(delayMs, wakeIn > 0 || !task.blocked ? Math.max(wakeIn, 0) : blockedRetryMs)
    }
    if (delayMs === Number.POSITIVE_INFINITY) {
      clock.clearTimeout(this.#timer)
      this.#timer = undefined
      this.#timerAt = Number.POSITIVE_INFINITY
      return
    }
    const at = now + Math.max(delayMs, 0.5)
    // A timer that fires a little early only looks again.
    if (this.#timer !== undefined && this.#timerAt <= at && this.#timerAt > now) return
    clock.clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined
      this.wake()
    }, at - now)
  }
}
