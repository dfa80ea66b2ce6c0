/**
 * Watermarks of a source subtask. Every split has its own highest event time; the subtask's watermark is the lowest of
 * the splits that are not idle, so that a slow split holds time back and a silent one does so only until `idleAfter`.
 */
import type { SourceBody } from '../../sdk/graph/nodes.ts'

interface SplitClock {
  /** Highest event time, or what the user's strategy says. */
  highest: number
  custom: { onEvent(timestampMs: number): void; current(): number } | undefined
  /** Wall clock of the last record. */
  lastRecordMs: number
  idle: boolean
  /** Not read because it is ahead: no silence of its own. */
  paused: boolean
}

export class WatermarkTracker {
  readonly #splits = new Map<string, SplitClock>()
  readonly #outOfOrdernessMs: number
  readonly #idleAfterMs: number | undefined
  readonly #strategy: SourceBody['watermarks']
  readonly #now: () => number
  #last = Number.NEGATIVE_INFINITY
  #currentId: string | undefined
  #current: SplitClock | undefined

  constructor(body: Pick<SourceBody, 'maxOutOfOrdernessMs' | 'idleAfterMs' | 'watermarks'>, now: () => number) {
    this.#outOfOrdernessMs = body.maxOutOfOrdernessMs
    this.#idleAfterMs = body.idleAfterMs
    this.#strategy = body.watermarks
    this.#now = now
  }

  /** A split that will be read from now on: holds the watermark back until its first record. */
  add(splitId: string): void {
    if (!this.#splits.has(splitId)) this.#splits.set(splitId, this.#clock())
  }

  /** A split that has ended holds nothing back. */
  remove(splitId: string): void {
    this.#splits.delete(splitId)
    if (this.#currentId === splitId) this.#currentId = undefined
  }

  get empty(): boolean {
    return this.#splits.size === 0
  }

  /** Event times of records of one split; NaN is no event time. */
  observe(splitId: string, timestamps: Float64Array, from: number, to: number): void {
    const split = this.#select(splitId)
    split.lastRecordMs = this.#idleAfterMs === undefined ? 0 : this.#now()
    split.idle = false
    if (split.custom !== undefined) {
      for (let i = from; i < to; i++) if (timestamps[i] === timestamps[i]) split.custom.onEvent(timestamps[i])
      return
    }
    let highest = split.highest
    for (let i = from; i < to; i++) if (timestamps[i] > highest) highest = timestamps[i]
    split.highest = highest
  }

  /**
   * The same for records whose highest event time is known: one kernel finds that, and whether one has none. `timestamps`
   * for strategies that want to see each.
   */
  observeHighest(splitId: string, highest: number, timestamps: Float64Array): void {
    const split = this.#select(splitId)
    if (split.custom !== undefined) return this.observe(splitId, timestamps, 0, timestamps.length)
    split.lastRecordMs = this.#idleAfterMs === undefined ? 0 : this.#now()
    split.idle = false
    if (highest > split.highest) split.highest = highest
  }

  /** The new watermark when it has risen; 'idle' when no split has anything to say, 'active' when some has, but nothing new. */
  advance(): number | 'idle' | 'active' {
    if (this.#strategy === 'none') return 'active'
    if (this.#splits.size === 0) return 'idle'
    let lowest = Number.POSITIVE_INFINITY
    let active = false
    const now = this.#idleAfterMs === undefined ? 0 : this.#now()
    for (const split of this.#splits.values()) {
      if (this.#isIdle(split, now)) continue
      active = true
      const current = this.#watermarkOf(split)
      if (current < lowest) lowest = current
    }
    if (!active) return 'idle'
    if (!(lowest > this.#last) || lowest === Number.POSITIVE_INFINITY) return 'active'
    this.#last = lowest
    return lowest
  }

  /** Event time of the slowest split that is not idle; undefined when there is none. -Infinity: one has had no record. */
  lowest(): number | undefined {
    let lowest: number | undefined
    const now = this.#idleAfterMs === undefined ? 0 : this.#now()
    for (const split of this.#splits.values()) {
      if (this.#isIdle(split, now)) continue
      const current = this.#watermarkOf(split)
      if (lowest === undefined || current < lowest) lowest = current
    }
    return lowest
  }

  /** Splits that are beyond a time. They are not read from now on, and all others are. */
  pauseBeyond(limitMs: number): Set<string> {
    const ahead = new Set<string>()
    for (const [splitId, split] of this.#splits) {
      const paused = this.#watermarkOf(split) > limitMs
      if (split.paused && !paused) split.lastRecordMs = this.#now()
      split.paused = paused
      if (paused) ahead.add(splitId)
    }
    return ahead
  }

  get size(): number {
    return this.#splits.size
  }

  #isIdle(split: SplitClock, now: number): boolean {
    if (split.paused) return false
    if (this.#idleAfterMs !== undefined && now - split.lastRecordMs >= this.#idleAfterMs) split.idle = true
    return split.idle
  }

  #watermarkOf(split: SplitClock): number {
    return split.custom === undefined ? split.highest - this.#outOfOrdernessMs - 1 : split.custom.current()
  }

  #select(splitId: string): SplitClock {
    if (this.#currentId === splitId && this.#current !== undefined) return this.#current
    let split = this.#splits.get(splitId)
    if (split === undefined) {
      split = this.#clock()
      this.#splits.set(splitId, split)
    }
    this.#currentId = splitId
    this.#current = split
    return split
  }

  #clock(): SplitClock {
    return {
      highest: Number.NEGATIVE_INFINITY,
      custom: typeof this.#strategy === 'function' ? this.#strategy() : undefined,
      lastRecordMs: this.#now(),
      idle: false,
      paused: false,
    }
  }
}
