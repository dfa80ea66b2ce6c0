/**
 * Calls of a program to a cluster whose JobManager may be away for a while: restarted, or another one leads. What only reads is
 * asked again until it is back. What changes something is sent once: whether it took effect is unknown when the connection
 * breaks, and that is for the program to find out.
 */
import { systemClock } from '../core/platform/clock.ts'
import { isAway } from '../proto/rpc/errors.ts'

export interface Patience {
  /** For so long a JobManager may be away. */
  readonly awayMs: number
  /** The program has closed its connection: nothing is tried any more. */
  closed(): boolean
}

const pauseMs = 200

/** The answer to a question, asked again while nobody is there. */
export async function ask<T>(patience: Patience, question: () => Promise<T>): Promise<T> {
  const beganMs = systemClock.monotonic()
  for (;;) {
    try {
      return await question()
    } catch (error) {
      if (!goOn(patience, error, beganMs)) throw error
      await pause()
    }
  }
}

/** All values of streams that follow each other: when one breaks, another begins. `last`: nothing comes behind it. */
export async function* follow<T>(
  patience: Patience,
  stream: () => AsyncIterable<T>,
  last: (value: T) => boolean,
): AsyncGenerator<T, void, void> {
  let beganMs = systemClock.monotonic()
  for (;;) {
    try {
      for await (const value of stream()) {
        beganMs = systemClock.monotonic()
        yield value
        if (last(value)) return
      }
      return
    } catch (error) {
      if (!goOn(patience, error, beganMs)) throw error
      await pause()
    }
  }
}

function goOn({ awayMs, closed }: Patience, error: unknown, sinceMs: number): boolean {
  return isAway(error) && !closed() && systemClock.monotonic() - sinceMs < awayMs
}

const pause = (): Promise<void> => new Promise((resolve) => systemClock.setTimeout(resolve, pauseMs))
