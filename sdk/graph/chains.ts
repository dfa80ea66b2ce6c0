/**
 * Which operators run fused: a node joins the chain of the one before when records pass straight on (forward), both run
 * with the same parallelism, it has this input alone, and neither refuses. Pure.
 */
import type { GraphNode, JobGraph } from './nodes.ts'

export interface Chains {
  /** First node of each vertex; the index is the vertex's number. */
  readonly heads: readonly number[]
  /** Nodes of each vertex, head first, in topological order. */
  readonly members: readonly (readonly number[])[]
  /** Vertex of each node. */
  readonly vertexOf: readonly number[]
}

export const parallelismOf = (graph: JobGraph, node: GraphNode): number => node.parallelism ?? graph.parallelism ?? 1

/** Nodes only read nodes made before them, so the order of creation is a topological one. */
export function chainsOf(graph: JobGraph): Chains {
  const heads: number[] = []
  const members: number[][] = []
  const vertexOf: number[] = []
  for (const node of graph.nodes) {
    if (joins(graph, node)) {
      const vertex = vertexOf[node.inputs[0].node]
      vertexOf.push(vertex)
      members[vertex].push(node.id)
      continue
    }
    vertexOf.push(heads.length)
    heads.push(node.id)
    members.push([node.id])
  }
  return { heads, members, vertexOf }
}

function joins(graph: JobGraph, node: GraphNode): boolean {
  if (node.inputs.length !== 1 || node.chaining !== 'always') return false
  const [{ node: from, exchange }] = node.inputs
  const producer = graph.nodes[from]
  return (
    exchange.kind === 'forward' &&
    producer.chaining !== 'never' &&
    parallelismOf(graph, producer) === parallelismOf(graph, node)
  )
}
