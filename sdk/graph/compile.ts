/**
 * From a graph to the plan that is submitted: validates, puts operators into chains, prunes what crosses the edges, and
 * hashes the result. Pure: equal graphs give equal plans, byte for byte.
 */
import {
  type EdgePlan,
  type JobPlan,
  type KeyPlan,
  type OperatorPlan,
  planVersion,
  type VertexPlan,
} from '../../proto/jobgraph/plan.ts'
import { planHash } from '../../proto/jobgraph/read-plan.ts'
import { schemaOf } from '../schema.ts'
import { fieldOf } from '../types.ts'
import { type Chains, chainsOf, parallelismOf } from './chains.ts'
import { checkGraph } from './check.ts'
import { declaredOf } from './declared.ts'
import type { Exchange, GraphNode, JobGraph, NodeInput } from './nodes.ts'
import { ColumnNeeds, edgeSchema } from './prune.ts'
import { statesOf } from './states.ts'

/** The plan of a graph. Throws SDK_NO_SINK, SDK_DUPLICATE_UID, SDK_BAD_PARALLELISM. */
export function compilePlan(graph: JobGraph): JobPlan {
  checkGraph(graph)
  const chains = chainsOf(graph)
  const needs = new ColumnNeeds(graph)
  const vertices = chains.heads.map((_, vertex) => vertexPlan(graph, chains, vertex, needs))
  const unhashed: Omit<JobPlan, 'hash'> = {
    version: planVersion,
    name: graph.name,
    vertices,
    edges: edgePlans(graph, chains, needs),
    options: graph.options,
  }
  return { ...unhashed, hash: planHash(unhashed) }
}

/** The input of the consumer that an edge is: its exchange has the functions. */
export function edgeInput(graph: JobGraph, plan: JobPlan, edge: EdgePlan): NodeInput {
  const index = plan.edges.filter((each) => each.to.vertex === edge.to.vertex && each.id < edge.id).length
  return graph.nodes[plan.vertices[edge.to.vertex].operators[0].node].inputs[index]
}

function vertexPlan(graph: JobGraph, chains: Chains, vertex: number, needs: ColumnNeeds): VertexPlan {
  const members = chains.members[vertex].map((id) => graph.nodes[id])
  return {
    id: vertex,
    name: chainName(members),
    parallelism: parallelismOf(graph, members[0]),
    ...(members.some((node) => node.parallelism !== undefined) ? { fixed: true } : {}),
    operators: members.map((node, at) => operatorPlan(node, at === 0 ? undefined : chains.members[vertex], needs)),
  }
}

function chainName(members: readonly GraphNode[]): string {
  const name = members.map((node) => node.name).join(' -> ')
  return name.length <= 200 ? name : `${name.slice(0, 199)}…`
}

function operatorPlan(node: GraphNode, chain: readonly number[] | undefined, needs: ColumnNeeds): OperatorPlan {
  const [input] = node.inputs
  const wanted = wantedOf(node, needs)
  const declared = declaredOf(node)
  return {
    node: node.id,
    uid: node.uid,
    ...(node.was === undefined ? {} : { was: node.was }),
    ...(node.migrateKey === undefined ? {} : { keyVersions: node.migrateKey.types.map((type) => fieldOf('', type)) }),
    name: node.name,
    kind: node.kind,
    ...(chain === undefined ? {} : { input: { operator: chain.indexOf(input.node), output: input.output } }),
    ...(node.type === undefined ? {} : { schema: schemaOf(node.type) }),
    ...(node.reads === undefined ? {} : { reads: node.reads }),
    ...(wanted === undefined ? {} : { wanted }),
    state: statesOf(node),
    onError: node.onError,
    ...(node.kind === 'sink' ? { guarantee: node.sink.guarantee } : {}),
    ...(node.kind === 'sink' && node.sink.leavesOpen === true ? { leavesOpen: true as const } : {}),
    ...(declared === undefined ? {} : { declared }),
  }
}

/** Fields that a source has to make, by output, where they are not all. Outputs that nobody reads are left out: nothing is made for them. */
function wantedOf(node: GraphNode, needs: ColumnNeeds): Record<string, readonly string[]> | undefined {
  if (node.kind !== 'source') return undefined
  const wanted: Record<string, readonly string[]> = {}
  for (const output of ['', ...Object.keys(node.sides ?? {}).filter((tag) => needs.isRead(node, tag))]) {
    const fields = needs.ofSource(node, output)
    if (fields !== undefined) wanted[output] = fields
  }
  return Object.keys(wanted).length === 0 ? undefined : wanted
}

/** Edges into one vertex stand together, in the order of the inputs of its head. */
function edgePlans(graph: JobGraph, chains: Chains, needs: ColumnNeeds): EdgePlan[] {
  const edges: EdgePlan[] = []
  chains.heads.forEach((head, vertex) => {
    const node = graph.nodes[head]
    for (const input of node.inputs) {
      const producer = chains.vertexOf[input.node]
      const schema = edgeSchema(graph, node, input, needs)
      const own = input.exchange.kind === 'hash' || input.exchange.kind === 'custom'
      edges.push({
        id: edges.length,
        from: { vertex: producer, operator: chains.members[producer].indexOf(input.node), output: input.output },
        to: { vertex },
        partitioner: partitionerOf(graph, node, input),
        ...(input.exchange.kind === 'hash' ? { key: keyPlan(input.exchange) } : {}),
        ...(schema === undefined ? {} : { schema }),
        ...(own ? { node: head } : {}),
      })
    }
  })
  return edges
}

function partitionerOf(graph: JobGraph, node: GraphNode, { node: from, exchange }: NodeInput): EdgePlan['partitioner'] {
  const same = parallelismOf(graph, graph.nodes[from]) === parallelismOf(graph, node)
  return exchange.kind === 'forward' && !same ? 'rebalance' : exchange.kind
}

function keyPlan({ key }: Extract<Exchange, { kind: 'hash' }>): KeyPlan {
  return key.kind === 'fields' ? { kind: 'fields', fields: key.fields } : { kind: 'function' }
}
