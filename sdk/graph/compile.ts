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
  const vertices = chains.heads.map((_, vertex) => vertexPlan(graph, chains, vertex))
  const unhashed: Omit<JobPlan, 'hash'> = {
    version: planVersion,
    name: graph.name,
    vertices,
    edges: edgePlans(graph, chains),
    options: graph.options,
  }
  return { ...unhashed, hash: planHash(unhashed) }
}

/** The input of the consumer that an edge is: its exchange has the functions. */
export function edgeInput(graph: JobGraph, plan: JobPlan, edge: EdgePlan): NodeInput {
  const index = plan.edges.filter((each) => each.to.vertex === edge.to.vertex && each.id < edge.id).length
  return graph.nodes[plan.vertices[edge.to.vertex].operators[0].node].inputs[index]
}

function vertexPlan(graph: JobGraph, chains: Chains, vertex: number): VertexPlan {
  const members = chains.members[vertex].map((id) => graph.nodes[id])
  return {
    id: vertex,
    name: chainName(members),
    parallelism: parallelismOf(graph, members[0]),
    operators: members.map((node, at) => operatorPlan(node, at === 0 ? undefined : chains.members[vertex])),
  }
}

function chainName(members: readonly GraphNode[]): string {
  const name = members.map((node) => node.name).join(' -> ')
  return name.length <= 200 ? name : `${name.slice(0, 199)}…`
}

function operatorPlan(node: GraphNode, chain: readonly number[] | undefined): OperatorPlan {
  const [input] = node.inputs
  const declared = declaredOf(node)
  return {
    node: node.id,
    uid: node.uid,
    name: node.name,
    kind: node.kind,
    ...(chain === undefined ? {} : { input: { operator: chain.indexOf(input.node), output: input.output } }),
    ...(node.type === undefined ? {} : { schema: schemaOf(node.type) }),
    ...(node.reads === undefined ? {} : { reads: node.reads }),
    state: statesOf(node),
    onError: node.onError,
    ...(declared === undefined ? {} : { declared }),
  }
}

/** Edges into one vertex stand together, in the order of the inputs of its head. */
function edgePlans(graph: JobGraph, chains: Chains): EdgePlan[] {
  const needs = new ColumnNeeds(graph)
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
