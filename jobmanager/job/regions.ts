/**
 * Which slots fail together: those between which there are channels, and what shares a slot. A job with an edge by key is one
 * region; one of forward edges only has as many as slots. Pure.
 */
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { consumersOf } from '../../proto/jobgraph/topology.ts'
import type { PlacedSlot, Placement } from '../cluster/assign.ts'
import { type SlotKey, slotKey, subtaskKey } from './state.ts'

/** All slots that are connected with one of `failed`. */
export function regionOf(plan: JobPlan, { slots }: Placement, failed: ReadonlySet<SlotKey>): readonly PlacedSlot[] {
  const roots = connected(plan, slots)
  const hit = new Set(
    slots.flatMap((slot, i) => (failed.has(slotKey(slot.taskManagerId, slot.slot)) ? [roots[i]] : [])),
  )
  return slots.filter((_, i) => hit.has(roots[i]))
}

/** By index of the slot: the same number for those that are connected. */
function connected(plan: JobPlan, slots: readonly PlacedSlot[]): readonly number[] {
  const parents = slots.map((_, i) => i)
  const rootOf = (i: number): number => {
    let root = i
    while (parents[root] !== root) root = parents[root] as number
    parents[i] = root
    return root
  }
  const places = new Map<string, number>()
  slots.forEach(({ subtasks }, i) => {
    for (const { vertex, subtask } of subtasks) places.set(subtaskKey(vertex, subtask), i)
  })
  const join = (a: string, b: string): void => {
    const [from, to] = [places.get(a), places.get(b)]
    if (from !== undefined && to !== undefined) parents[rootOf(from)] = rootOf(to)
  }
  for (const { from, to, partitioner } of plan.edges) {
    const producers = plan.vertices[from.vertex]?.parallelism ?? 0
    const consumers = plan.vertices[to.vertex]?.parallelism ?? 0
    const neighbours = partitioner === 'forward' || partitioner === 'rescale'
    for (let i = 0; i < producers; i++) {
      if (!neighbours) join(subtaskKey(from.vertex, i), subtaskKey(to.vertex, 0))
      else {
        for (const j of consumersOf(partitioner, i, producers, consumers)) {
          join(subtaskKey(from.vertex, i), subtaskKey(to.vertex, j))
        }
      }
    }
    if (!neighbours) for (let j = 1; j < consumers; j++) join(subtaskKey(to.vertex, 0), subtaskKey(to.vertex, j))
  }
  return parents.map((_, i) => rootOf(i))
}
