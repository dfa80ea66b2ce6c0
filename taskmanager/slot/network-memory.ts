/**
 * What a deployment must have of the network memory, claimed before anything of it runs: a job that could stop for want of
 * segments is refused, with the size that it needs. Concurrency: the slot's thread; other slots claim at the same time.
 */
import { Arena } from '../../core/arena/arena.ts'
import { formatSize } from '../../core/config/index.ts'
import { minimumsOf, segmentsNeeded } from '../network/accounts.ts'
import { networkErrors } from '../network/errors.ts'
import type { Deployment } from './messages.ts'

const megabyte = 1024 * 1024

/**
 * Claims the minimums of this slot; the owner gives them back with `reserves.disclaim`. All slots of the job on this TaskManager
 * come to the same answer. Throws NETWORK_MEMORY_TOO_SMALL, NETWORK_MEMORY_PROMISED.
 */
export function claimNetworkMemory(arena: Arena, deployment: Deployment, taskManagerId: string, owner: number): void {
  const { plan, locations, owners, subtasks, jobName } = deployment
  const slots = new Map<number, number[]>()
  for (const { taskManagerId: id, slot, vertex } of locations) {
    if (id !== taskManagerId) continue
    const vertices = slots.get(slot)
    if (vertices === undefined) slots.set(slot, [vertex])
    else vertices.push(vertex)
  }
  const { reserves, segmentBytes } = arena
  const needed = segmentsNeeded(plan, slots.values())
  const others = reserves.claimedBeside(new Set([...slots.keys()].map((slot) => owners[slot])))
  const minimums = minimumsOf(
    plan,
    subtasks.map(({ vertex }) => vertex),
  )
  if (needed + others <= reserves.segments && reserves.claim(owner, minimums)) return
  const alone = needed > reserves.segments
  const bytes = Arena.bytesFor(needed + (alone ? 0 : others), segmentBytes)
  throw networkErrors.create(alone ? 'MEMORY_TOO_SMALL' : 'MEMORY_PROMISED', {
    job: jobName,
    needed,
    slots: slots.size,
    segmentSize: formatSize(segmentBytes),
    taskManager: taskManagerId,
    available: alone ? reserves.segments : Math.max(0, reserves.segments - others),
    size: formatSize(Math.ceil(bytes / megabyte) * megabyte),
  })
}
