/**
 * Long work on a slot's thread, a slice at a time: as fast as it can while nobody else wants the thread, otherwise with a share of
 * it, so that records go on beside it.
 *
 * Concurrency: one thread; between slices everything else has its turns.
 */
import type { Clock } from '../../core/platform/clock.ts'

/** What a slice takes. */
const sliceMs = 2
/** Turns of others for each turn of this work, in time, as long as they have something to do. */
const othersTimes = 2
/** A turn of the event loop in which nobody did anything takes less. */
const idleTurnMs = 0.05

/** Runs steps in slices. A step that gives a promise is over when that is. */
export type Pace = (steps: Iterator<void | Promise<void>>) => Promise<void>

/** `check` is called before each slice and throws to give up. */
export function paced(clock: Clock, check: () => void): Pace {
  return async (steps) => {
    for (;;) {
      check()
      let workedMs = 0
      do {
        const startMs = clock.monotonic()
        const step = steps.next()
        workedMs += clock.monotonic() - startMs
        if (step.done === true) return
        if (step.value !== undefined) {
          await step.value
          check()
        }
      } while (workedMs < sliceMs)
      await giveWay(clock, workedMs)
    }
  }
}

/** Lets others have the thread, after work of so many ms. */
export async function giveWay(clock: Clock, workedMs: number): Promise<void> {
  const dueMs = workedMs * othersTimes
  let lastMs = clock.monotonic()
  const endMs = lastMs + dueMs
  for (;;) {
    await new Promise<void>((resolve) => clock.setImmediate(resolve))
    const nowMs = clock.monotonic()
    if (nowMs >= endMs || nowMs - lastMs < idleTurnMs) return
    lastMs = nowMs
  }
}
