/**
 * Which slot runs which subtasks. Slots are shared: subtask i of every vertex goes to the same slot, so a job needs as many
 * slots as its highest parallelism, and forward edges stay inside of a slot. Slots are taken evenly from the TaskManagers.
 * Pure.
 */
import type { JobPlan } from '../../proto/jobgraph/plan.ts'

export interface FreeSlot {
  readonly taskManagerId: string
  readonly slot: number
  readonly host: string
  /** Data listener. */
  readonly port: number
}

export interface Placement {
  readonly slots: readonly PlacedSlot[]
}

export interface PlacedSlot extends FreeSlot {
  readonly subtasks: readonly { readonly vertex: number; readonly subtask: number }[]
}

export type Assignment =
  | { readonly kind: 'assigned'; readonly placement: Placement }
  | { readonly kind: 'missing'; readonly needed: number; readonly free: number }

export function slotsNeeded(plan: JobPlan): number {
  return plan.vertices.reduce((most, vertex) => Math.max(most, vertex.parallelism), 1)
}

/** `inUse`: slots taken, by TaskManager: those with the fewest are preferred. */
export function assignSlots(plan: JobPlan, free: readonly FreeSlot[], inUse: ReadonlyMap<string, number>): Assignment {
  const needed = slotsNeeded(plan)
  if (free.length < needed) return { kind: 'missing', needed, free: free.length }
  const groups = new Map<string, FreeSlot[]>()
  for (const slot of free) {
    const group = groups.get(slot.taskManagerId)
    if (group === undefined) groups.set(slot.taskManagerId, [slot])
    else group.push(slot)
  }
  const taken = new Map(inUse)
  const chosen: FreeSlot[] = []
  while (chosen.length < needed) {
    let best: string | undefined
    for (const [id, group] of groups) {
      if (group.length === 0) continue
      if (best === undefined || (taken.get(id) ?? 0) < (taken.get(best) ?? 0)) best = id
    }
    if (best === undefined) return { kind: 'missing', needed, free: chosen.length }
    chosen.push((groups.get(best) as FreeSlot[]).shift() as FreeSlot)
    taken.set(best, (taken.get(best) ?? 0) + 1)
  }
  const slots = chosen.map((slot, index) => ({ ...slot, subtasks: subtasksOf(plan, index, needed) }))
  return { kind: 'assigned', placement: { slots } }
}

/** A vertex of lower parallelism is spread over the slots. */
function subtasksOf(plan: JobPlan, index: number, slots: number): { vertex: number; subtask: number }[] {
  return plan.vertices.flatMap(({ id, parallelism }) => {
    const subtask = Math.ceil((index * parallelism) / slots)
    return subtask < parallelism && Math.floor((subtask * slots) / parallelism) === index
      ? [{ vertex: id, subtask }]
      : []
  })
}

/** Why a job waits, for people. */
export function describeMissing(needed: number, free: number, total: number): string {
  const missing = needed - free
  const slots = (count: number): string => `${count} ${count === 1 ? 'slot' : 'slots'}`
  const there = total === 0 ? 'there is no TaskManager' : `${free} of ${slots(total)} are free`
  return `needs ${slots(needed)}, ${missing} missing: ${there}. Start a TaskManager or lower the parallelism.`
}
