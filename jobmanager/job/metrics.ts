/** The newest totals of the subtasks of one attempt, and their sums per vertex for people. */
import type { SubtaskInfo, SubtaskMetrics, VertexInfo } from '../../proto/generated/shapes.ts'
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

  /** A new attempt begins at nothing. */
  reset(): void {
    this.#states.clear()
    this.#metrics.clear()
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
        const { vertex: _vertex, ...metrics } = this.#metrics.get(key) ?? { vertex: id, ...zero }
        const state = this.#states.get(key) ?? 'none'
        return { ...metrics, subtask, state, taskManagerId: place?.taskManagerId ?? '', slot: place?.slot ?? 0 }
      })
      return { vertex: id, name, parallelism, subtasks, ...sums(subtasks), ...lowestWatermark(subtasks) }
    })
  }
}

function sums(subtasks: readonly SubtaskInfo[]): typeof zero {
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
