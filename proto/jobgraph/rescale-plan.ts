/**
 * A plan with another parallelism. Chains, operators and edges stay what they are, so that a slot still finds the functions of
 * the graph that was submitted, and the hash stays that of the submitted plan. Only a forward edge between vertices that differ
 * now deals its records round. Pure.
 */
import type { EdgePlan, JobPlan } from './plan.ts'

/** New parallelism by number of the vertex; vertices that it does not have stay as they are. */
export type ParallelismChange = Readonly<Record<number, number>>

/** `submitted`: the plan as it was submitted, so that a forward edge comes back when both sides are equal again. */
export function rescaledPlan(submitted: JobPlan, change: ParallelismChange): JobPlan {
  if (submitted.vertices.every(({ id, parallelism }) => (change[id] ?? parallelism) === parallelism)) return submitted
  const vertices = submitted.vertices.map((vertex) => ({
    ...vertex,
    parallelism: change[vertex.id] ?? vertex.parallelism,
  }))
  const edges = submitted.edges.map((edge): EdgePlan => {
    const same = vertices[edge.from.vertex].parallelism === vertices[edge.to.vertex].parallelism
    return edge.partitioner === 'forward' && !same ? { ...edge, partitioner: 'rebalance' } : edge
  })
  return { ...submitted, vertices, edges }
}

/** Every vertex without a parallelism of its own gets `parallelism`; the others at most their own. */
export function fittedPlan(submitted: JobPlan, slots: number, max: number): JobPlan {
  const parallelism = Math.max(1, Math.min(slots, max))
  const change = submitted.vertices.map((vertex) =>
    vertex.fixed === true ? Math.min(vertex.parallelism, Math.max(1, slots)) : parallelism,
  )
  return rescaledPlan(submitted, change)
}
