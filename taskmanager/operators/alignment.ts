/**
 * Keeps the splits of a source together with each other and with the other sources of their group in event time. What the
 * group has reached comes from the JobManager about once a second; a group of one subtask goes by its own splits at once.
 *
 * One per source subtask, on its slot's thread.
 */
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { SourceBody } from '../../sdk/graph/nodes.ts'
import type { SourceReader } from '../../sdk/source.ts'
import type { AlignedTime } from './operator.ts'
import type { WatermarkTracker } from './watermarks.ts'

export class SourceAlignment {
  readonly #group: string
  readonly #maxDriftMs: number
  readonly #watermarks: WatermarkTracker
  readonly #reader: SourceReader<unknown>
  /** The lowest of the group as last heard: no later than it is. */
  #groupMs: number
  #paused: ReadonlySet<string> = new Set()

  constructor(
    { group, maxDriftMs }: NonNullable<SourceBody['alignment']>,
    watermarks: WatermarkTracker,
    reader: SourceReader<unknown>,
    plan: JobPlan,
  ) {
    this.#group = group
    this.#maxDriftMs = maxDriftMs
    this.#watermarks = watermarks
    this.#reader = reader
    this.#groupMs = isAlone(plan, group) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  }

  /** What the others are told. */
  get reached(): AlignedTime {
    const timeMs = this.#watermarks.lowest()
    return { group: this.#group, ...(timeMs === undefined ? {} : { timeMs }) }
  }

  /** Nothing may be read now. */
  get stands(): boolean {
    if (this.#paused.size === 0) return false
    return this.#reader.pauseSplits === undefined || this.#paused.size === this.#watermarks.size
  }

  /** For people; undefined while nothing is held back. */
  get waitsFor(): string | undefined {
    if (this.#paused.size === 0) return undefined
    return `slower sources of group ${this.#group} (${this.#paused.size} of ${this.#watermarks.size} splits are ahead)`
  }

  heard(groups: readonly AlignedTime[]): void {
    const mine = groups.find(({ group }) => group === this.#group)
    if (mine !== undefined) this.#groupMs = mine.timeMs ?? Number.POSITIVE_INFINITY
  }

  /** Looks again who is ahead. True when that has changed. */
  update(): boolean {
    const lowest = this.#watermarks.lowest() ?? Number.POSITIVE_INFINITY
    const whole = this.#reader.pauseSplits === undefined
    const limit = Math.min(this.#groupMs, whole ? Number.POSITIVE_INFINITY : lowest) + this.#maxDriftMs
    // A reader that reads its splits in an order of its own is held back as a whole, by its slowest.
    const paused =
      whole && lowest <= limit
        ? this.#watermarks.pauseBeyond(Number.POSITIVE_INFINITY)
        : this.#watermarks.pauseBeyond(limit)
    const before = this.#paused
    if (paused.size === before.size && [...paused].every((splitId) => before.has(splitId))) return false
    this.#paused = paused
    this.#reader.pauseSplits?.(paused)
    return true
  }
}

function isAlone({ vertices }: JobPlan, group: string): boolean {
  let subtasks = 0
  for (const { operators, parallelism } of vertices)
    if (operators[0]?.declared?.alignmentGroup === group) subtasks += parallelism
  return subtasks <= 1
}
