/**
 * What the subtasks of one slot must have of the network memory to go on whatever the other slots do: the accounts of the
 * slot and their minimums (core/arena/reserves.ts), computed from the plan. Pure.
 *
 * With them no job stops for want of segments: a subtask that has input can always take one batch of it and send one on, a
 * source can always make one batch and send it; so, from the sinks backwards, each channel is emptied some time. That holds
 * while barriers are collected as well: the producer whose barrier is waited for has its own segments, although those of
 * the others lie behind theirs.
 */
import { Reserves } from '../../core/arena/reserves.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'

/** Takes segments for batches that come from outside of the arena: connections, checkpoints. */
export const inputAccount = (vertex: number): number => 2 * vertex
/** Takes segments for what is sent, and for what a source makes. */
export const outputAccount = (vertex: number): number => 2 * vertex + 1

/** A batch that a source writes as columns lies in one segment, and its long strings in another. */
const segmentsPerSourceOutput = 2

/** Minimums by account of a slot that runs subtasks of these vertices. */
export function minimumsOf(plan: JobPlan, vertices: Iterable<number>): number[] {
  const minimums: number[] = []
  const set = (account: number, minimum: number): void => {
    while (minimums.length <= account) minimums.push(0)
    minimums[account] = minimum
  }
  for (const vertex of vertices) {
    const sends = plan.edges.some(({ from }) => from.vertex === vertex) ? 1 : 0
    const isHead = !plan.edges.some(({ to }) => to.vertex === vertex)
    set(inputAccount(vertex), isHead ? 0 : 1)
    set(outputAccount(vertex), sends + (isHead ? segmentsPerSourceOutput * outputsOfHead(plan, vertex) : 0))
  }
  return minimums
}

/** Segments that the slots of one TaskManager need for a job: `slots` names the vertices that each of them runs. */
export function segmentsNeeded(plan: JobPlan, slots: Iterable<Iterable<number>>): number {
  let needed = 0
  for (const vertices of slots) needed += Reserves.cost(minimumsOf(plan, vertices))
  return needed
}

/** The main output and the side outputs that somebody reads. */
function outputsOfHead(plan: JobPlan, vertex: number): number {
  const outputs = new Set([''])
  for (const { from } of plan.edges) if (from.vertex === vertex && from.operator === 0) outputs.add(from.output)
  for (const { input } of plan.vertices[vertex].operators) if (input?.operator === 0) outputs.add(input.output)
  return outputs.size
}
