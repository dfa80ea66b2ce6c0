/** The newest totals of the subtasks of one attempt, and their sums per vertex for people. */
import type { AlignedTime, SubtaskInfo, SubtaskMetrics, VertexInfo } from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { Placement } from '../cluster/assign.ts'
import { subtaskKey } from './state.ts'

const zero = {
  recordsIn: 0,
  recordsOut: 0,
  busyMs: 0,
  idleMs: 0,
  backpressuredMs: 0,
  lateDropped: 0,
  errorsSkipped: 0,
}

export class JobMetrics {
  readonly #states = new Map<string, string>()
  readonly #metrics = new Map<string, SubtaskMetrics>()
  /** What subtasks counted that have begun anew since: a sum does not go down while the attempt lasts. */
  readonly #carried = new Map<string, typeof zero>()

  /** A new attempt begins at nothing. */
  reset(): void {
    this.#states.clear()
    this.#metrics.clear()
    this.#carried.clear()
  }

  /** These begin anew. What they counted stays in the sums. */
  forget(subtasks: Iterable<string>): void {
    for (const subtask of subtasks) {
      const counted = this.#metrics.get(subtask)
      if (counted !== undefined) this.#carried.set(subtask, sums([counted, this.#carried.get(subtask) ?? zero]))
      this.#states.delete(subtask)
      this.#metrics.delete(subtask)
    }
  }

  state(subtask: string, state: string): void {
    this.#states.set(subtask, state)
  }

  report(subtasks: readonly SubtaskMetrics[]): void {
    for (const each of subtasks) this.#metrics.set(subtaskKey(each.vertex, each.subtask), each)
  }

  count(state: string): number {
    let count = 0
    for (const each of this.#states.values()) if (each === state) count++
    return count
  }

  vertices(plan: JobPlan, placement: Placement | undefined): VertexInfo[] {
    const places = new Map<string, { taskManagerId: string; slot: number }>()
    for (const slot of placement?.slots ?? []) {
      for (const { vertex, subtask } of slot.subtasks) places.set(subtaskKey(vertex, subtask), slot)
    }
    return plan.vertices.map(({ id, name, parallelism }): VertexInfo => {
      const subtasks = Array.from({ length: parallelism }, (_, subtask): SubtaskInfo => {
        const key = subtaskKey(id, subtask)
        const place = places.get(key)
        const {
          vertex: _vertex,
          aligned: _aligned,
          ...metrics
        } = this.#metrics.get(key) ?? {
          vertex: id,
          aligned: [],
          ...zero,
        }
        const state = this.#states.get(key) ?? 'none'
        return { ...metrics, subtask, state, taskManagerId: place?.taskManagerId ?? '', slot: place?.slot ?? 0 }
      })
      const before = subtasks.map(({ subtask }) => this.#carried.get(subtaskKey(id, subtask)) ?? zero)
      const about = { ...sums([...subtasks, ...before]), ...lowestWatermark(subtasks), ...longestWait(subtasks) }
      return { vertex: id, name, parallelism, subtasks, ...about }
    })
  }

  /**
   * The lowest event time of each group of aligned sources; none for a group of which a subtask has not said anything, that
   * does not say it all has ended.
   */
  alignedGroups(plan: JobPlan): AlignedTime[] {
    const lowest = new Map<string, number>()
    for (const { id, parallelism, operators } of plan.vertices) {
      const group = operators[0]?.declared?.alignmentGroup
      if (typeof group !== 'string') continue
      for (let subtask = 0; subtask < parallelism; subtask++) {
        const reported = this.#metrics.get(subtaskKey(id, subtask))?.aligned.find((each) => each.group === group)
        const time = reported === undefined ? Number.NEGATIVE_INFINITY : (reported.timeMs ?? Number.POSITIVE_INFINITY)
        lowest.set(group, Math.min(lowest.get(group) ?? Number.POSITIVE_INFINITY, time))
      }
    }
    return [...lowest].map(([group, timeMs]) => (timeMs === Number.POSITIVE_INFINITY ? { group } : { group, timeMs }))
  }
}

/** Of the subtask that waits longest for something outside. */
function longestWait(subtasks: readonly SubtaskInfo[]): Pick<VertexInfo, 'waitingFor' | 'waitingSinceMs'> {
  let longest: SubtaskInfo | undefined
  for (const each of subtasks) {
    if (each.waitingFor === undefined) continue
    if (longest === undefined || (each.waitingSinceMs ?? 0) < (longest.waitingSinceMs ?? 0)) longest = each
  }
  if (longest?.waitingFor === undefined) return {}
  return {
    waitingFor: longest.waitingFor,
    ...(longest.waitingSinceMs === undefined ? {} : { waitingSinceMs: longest.waitingSinceMs }),
  }
}

function sums(subtasks: readonly (typeof zero)[]): typeof zero {
  const total = { ...zero }
  for (const each of subtasks) {
    for (const key of Object.keys(zero) as (keyof typeof zero)[]) total[key] += each[key]
  }
  return total
}

function lowestWatermark(subtasks: readonly SubtaskInfo[]): Pick<VertexInfo, 'watermark' | 'heldBy'> {
  let lowest: SubtaskInfo | undefined
  for (const each of subtasks) {
    if (each.watermark === undefined) return each.heldBy === undefined ? {} : { heldBy: each.heldBy }
    if (lowest?.watermark === undefined || each.watermark < lowest.watermark) lowest = each
  }
  if (lowest === undefined) return {}
  return {
    watermark: lowest.watermark,
    ...(lowest.heldBy === undefined ? {} : { heldBy: `${lowest.heldBy} (subtask ${lowest.subtask})` }),
  }
}
