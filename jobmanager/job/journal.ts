/**
 * Lines that a job printed and what happened to it, and its changes of status, for those who follow. Bounded: the oldest
 * lines go; a follower that is too slow misses lines and is told how many.
 */
import { inBackground } from '../../core/async/index.ts'
import type { LogLine } from '../../proto/generated/shapes.ts'

/** Values to come, for any number of followers; each has a bounded queue of its own. */
export class Feed<T> {
  readonly #followers = new Set<(value: T | undefined) => void>()
  #ended = false

  emit(value: T): void {
    for (const follower of this.#followers) follower(value)
  }

  end(): void {
    this.#ended = true
    for (const follower of this.#followers) follower(undefined)
  }

  /** Resolves with the next value that passes the test, or with undefined at the end. */
  async first(test: (value: T) => boolean): Promise<T | undefined> {
    const never = new AbortController().signal
    for await (const value of this.follow(never, Number.POSITIVE_INFINITY)) if (test(value)) return value
    return undefined
  }

  /** Values from now on, until the end or until cancelled. `missed` says what to give a follower that lost `count`. */
  async *follow(
    cancelled: AbortSignal,
    queueMax: number,
    missed?: (count: number) => T,
  ): AsyncGenerator<T, void, void> {
    const queue: T[] = []
    let lost = 0
    let ended = this.#ended
    let wake: (() => void) | undefined
    const follower = (value: T | undefined): void => {
      if (value === undefined) ended = true
      else if (queue.push(value) > queueMax) {
        queue.shift()
        lost++
      }
      wake?.()
    }
    const abort = (): void => wake?.()
    this.#followers.add(follower)
    cancelled.addEventListener('abort', abort)
    try {
      while (!cancelled.aborted) {
        if (lost > 0 && missed !== undefined) {
          const count = lost
          lost = 0
          yield missed(count)
        }
        const value = queue.shift()
        if (value !== undefined) yield value
        else if (ended) return
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      this.#followers.delete(follower)
      cancelled.removeEventListener('abort', abort)
    }
  }
}

/** What there is, then what comes: `live` is there before `there` is read, so that nothing in between is lost, and ends with this. */
export async function* fromNowOn<T>(there: () => Iterable<T>, live: AsyncGenerator<T, void, void>): AsyncGenerator<T> {
  const first = live.next()
  try {
    yield* there()
    const begun = await first
    if (begun.done !== true) yield begun.value
    yield* live
  } finally {
    // Not waited for: it may be in the middle of waiting itself.
    inBackground(live.return(), () => undefined)
  }
}

export class Journal {
  readonly feed = new Feed<LogLine>()
  readonly #linesMax: number
  #lines: LogLine[] = []

  constructor(linesMax: number) {
    this.#linesMax = linesMax
  }

  get lines(): readonly LogLine[] {
    return this.#lines
  }

  add(timeMs: number, source: string, text: string): void {
    const line = { timeMs, source, text }
    this.#lines.push(line)
    // Cut seldom: a cut copies.
    if (this.#lines.length > this.#linesMax * 1.25) this.#lines = this.#lines.slice(-this.#linesMax)
    this.feed.emit(line)
  }
}
