/**
 * Long work on a slot's thread, a slice at a time: as fast as it can while nobody else wants the thread, otherwise with a share of
 * it, so that records go on beside it. All long work of a thread together has no more than the share of the one that works.
 *
 * Concurrency: one thread; between slices everything else has its turns.
 */
import type { Clock } from '../../../core/platform/clock.ts'

/** What a slice takes. */
const sliceMs = 2
/** A turn of the event loop in which nobody did anything takes less. */
const idleTurnMs = 0.05

/** Work up to this has a third of a busy thread, so that what is small is over soon. */
const quickMs = 10
const quickOthers = 2
/** The least and the most that others have for each ms of more work: a half of the thread, or fifteen sixteenths. */
const othersMin = 1
const othersMax = 15

/** How many ms others get for each ms of work, by what was worked and the time since the beginning. */
export type Share = (workedMs: number, ageMs: number) => number

/** A third of a busy thread. */
export const aThird: Share = () => quickOthers

/**
 * A third of a busy thread for a short while; then a sixteenth, and more the older the work is: half of the thread when it is
 * `patienceMs` old.
 */
export function patient(patienceMs = 30_000): Share {
  return (workedMs, ageMs) =>
    workedMs <= quickMs ? quickOthers : Math.max(othersMin, Math.min(othersMax, patienceMs / ageMs))
}

/** Long work of a thread: how much there was, and until when the rest of the time, which is that of others, is to be theirs. */
interface Thread {
  workedMs: number
  othersUntilMs: number
}

const threads = new WeakMap<Clock, Thread>()

function threadOf(clock: Clock): Thread {
  const thread = threads.get(clock) ?? { workedMs: 0, othersUntilMs: 0 }
  threads.set(clock, thread)
  return thread
}

export class Pace {
  readonly #clock: Clock
  readonly #check: () => void
  readonly #share: Share
  readonly #thread: Thread
  readonly #startMs: number
  #workedMs = 0

  /** Begins now. `check` is called before each slice and throws to give up. */
  constructor(clock: Clock, check: () => void, share: Share) {
    this.#clock = clock
    this.#check = check
    this.#share = share
    this.#thread = threadOf(clock)
    this.#startMs = clock.monotonic()
  }

  /** Runs steps in slices. A step that gives a promise is over when that is. */
  async run(steps: Iterator<void | Promise<void>>): Promise<void> {
    const clock = this.#clock
    for (;;) {
      this.#check()
      let workedMs = 0
      do {
        const startMs = clock.monotonic()
        const step = steps.next()
        workedMs += clock.monotonic() - startMs
        if (step.done === true) return
        if (step.value !== undefined) {
          await step.value
          this.#check()
        }
      } while (workedMs < sliceMs)
      await this.giveWay(workedMs)
    }
  }

  /** Lets others have the thread, after work of so many ms. */
  async giveWay(workedMs: number): Promise<void> {
    const clock = this.#clock
    const thread = this.#thread
    let lastMs = clock.monotonic()
    this.#workedMs += workedMs
    thread.workedMs += workedMs
    const owedMs = workedMs * this.#share(this.#workedMs, lastMs - this.#startMs)
    const untilMs = Math.max(thread.othersUntilMs, lastMs - thread.workedMs) + owedMs
    thread.othersUntilMs = untilMs
    for (;;) {
      await new Promise<void>((resolve) => clock.setImmediate(resolve))
      const nowMs = clock.monotonic()
      const othersMs = nowMs - thread.workedMs
      if (othersMs >= untilMs) return
      if (nowMs - lastMs < idleTurnMs) {
        thread.othersUntilMs = othersMs
        return
      }
      lastMs = nowMs
    }
  }
}
