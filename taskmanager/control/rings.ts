/** The rings of a deployment between slots of one TaskManager. Both ends are given the same shared memory. */
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { createRing } from '../network/ring.ts'
import { consumersOf } from '../network/topology.ts'
import type { LocalRing } from '../slot/messages.ts'

interface SlotSubtasks {
  readonly slot: number
  readonly subtasks: readonly { readonly vertex: number; readonly subtask: number }[]
}

/** By slot: the rings that begin or end there. Channels inside of one slot need none. */
export function makeRings(plan: JobPlan, slots: readonly SlotSubtasks[]): ReadonlyMap<number, readonly LocalRing[]> {
  const slotOf = new Map<string, number>()
  const rings = new Map<number, LocalRing[]>()
  for (const { slot, subtasks } of slots) {
    rings.set(slot, [])
    for (const { vertex, subtask } of subtasks) slotOf.set(`${vertex}/${subtask}`, slot)
  }
  for (const edge of plan.edges) {
    const producers = plan.vertices[edge.from.vertex].parallelism
    const consumers = plan.vertices[edge.to.vertex].parallelism
    for (let from = 0; from < producers; from++) {
      const producer = slotOf.get(`${edge.from.vertex}/${from}`)
      if (producer === undefined) continue
      for (const to of consumersOf(edge.partitioner, from, producers, consumers)) {
        const consumer = slotOf.get(`${edge.to.vertex}/${to}`)
        if (consumer === undefined || consumer === producer) continue
        const ring: LocalRing = { edge: edge.id, from, to, ring: createRing() }
        rings.get(producer)?.push(ring)
        rings.get(consumer)?.push(ring)
      }
    }
  }
  return rings
}
