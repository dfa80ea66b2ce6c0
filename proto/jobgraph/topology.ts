/**
 * Which consumer subtasks a producer subtask has a channel to. Pure; both ends compute it for themselves, so the order of
 * the result is part of the contract: ascending.
 */
import type { Partitioner } from './plan.ts'

/** Consumer subtasks (0 to `consumers` - 1) that producer subtask `from` of `producers` sends to. */
export function consumersOf(partitioner: Partitioner, from: number, producers: number, consumers: number): number[] {
  if (partitioner === 'forward') return from < consumers ? [from] : []
  const all = Array.from({ length: consumers }, (_, to) => to)
  if (partitioner !== 'rescale') return all
  return all.filter((to) => rescalePair(from, to, producers, consumers))
}

/** Producer subtasks that send to consumer subtask `to`. */
export function producersOf(partitioner: Partitioner, to: number, producers: number, consumers: number): number[] {
  const all = Array.from({ length: producers }, (_, from) => from)
  return all.filter((from) => consumersOf(partitioner, from, producers, consumers).includes(to))
}

/** Neighbours only: the larger side is cut into as many even groups as the smaller side has subtasks. */
function rescalePair(from: number, to: number, producers: number, consumers: number): boolean {
  return producers <= consumers
    ? Math.floor((to * producers) / consumers) === from
    : Math.floor((from * consumers) / producers) === to
}
