/** What must hold of a whole graph before it becomes a plan, and what is only worth a word. Pure. */
import { sdkErrors } from '../errors.ts'
import { checkParallelism, duplicateUid } from './builder.ts'
import type { GraphNode, JobGraph } from './nodes.ts'
import { atText } from './position.ts'

/** Throws a coded error that names the operator and the user's line. */
export function checkGraph(graph: JobGraph): void {
  const byUid = new Map<string, GraphNode>()
  graph.nodes.forEach((node, id) => {
    if (node.id !== id) throw broken(graph, `node ${id} has the number ${node.id}`)
    const first = byUid.get(node.uid)
    if (first !== undefined) throw duplicateUid(first, node)
    byUid.set(node.uid, node)
    if (node.parallelism !== undefined) checkParallelism(node.parallelism, node.name, node.at)
    for (const input of node.inputs) {
      // Forward references would be the only way to a cycle.
      if (!(input.node >= 0 && input.node < id))
        throw broken(graph, `node ${id} reads node ${input.node}, which is not made before it`)
    }
    if ((node.kind === 'source') !== (node.inputs.length === 0))
      throw broken(graph, `${node.kind} ${id} has ${node.inputs.length} inputs`)
  })
  if (graph.parallelism !== undefined) checkParallelism(graph.parallelism, `the job "${graph.name}"`, undefined)
  if (!graph.nodes.some((node) => node.kind === 'sink')) throw sdkErrors.create('NO_SINK', { job: graph.name })
}

const broken = (graph: JobGraph, problem: string): Error => sdkErrors.create('BAD_GRAPH', { job: graph.name, problem })

/** Sentences about what is allowed and probably not meant. */
export function graphWarnings(graph: JobGraph): string[] {
  const read = new Set(graph.nodes.flatMap((node) => node.inputs.map((input) => input.node)))
  const warnings: string[] = []
  for (const node of graph.nodes) {
    if (node.kind !== 'sink' && !read.has(node.id)) {
      warnings.push(`nothing reads what ${node.name} ("${node.uid}") emits${atText(node.at)}`)
    }
    if (
      node.kind === 'window' &&
      sourcesOf(graph, node).every((source) => source.kind === 'source' && source.watermarks === 'none')
    ) {
      warnings.push(
        `the windows of "${node.uid}" end only with the input: no source gives watermarks${atText(node.at)}`,
      )
    }
  }
  return warnings
}

/** Sources from which records come to a node; each node is looked at once, however often paths part and meet. */
function sourcesOf(graph: JobGraph, node: GraphNode): GraphNode[] {
  const before = new Set([node.id])
  for (const id of before) for (const input of graph.nodes[id].inputs) before.add(input.node)
  return [...before].map((id) => graph.nodes[id]).filter((each) => each.kind === 'source')
}
