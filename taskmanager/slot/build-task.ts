/**
 * Puts one subtask together from the plan and the graph: the channels of its edges, their writers, its chain of operators
 * and its input gate.
 */

import type { Arena } from '../../core/arena/arena.ts'
import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { Disk } from '../../core/platform/disk.ts'
import type { RestoreAssignment, RestoredOperator } from '../../proto/checkpoint/restore-plan.ts'
import type { EdgePlan, JobPlan } from '../../proto/jobgraph/plan.ts'
import { edgeInput } from '../../sdk/graph/compile.ts'
import type { JobGraph, KeySelector } from '../../sdk/graph/nodes.ts'
import { inputAccount, outputAccount } from '../network/accounts.ts'
import { BroadcastChannel } from '../network/broadcast.ts'
import { createRouter, type RouterPlan } from '../network/create-router.ts'
import { EdgeWriter } from '../network/edge-writer.ts'
import { consumersOf, producersOf } from '../network/topology.ts'
import { createOperator } from '../operators/create.ts'
import type { OperatorContext, OperatorMetrics, SourceOperator } from '../operators/operator.ts'
import type { RocksDbOptions } from '../state/api.ts'
import { subtaskDirectory } from '../state/rocksdb/directories.ts'
import { withCopies } from '../state/snapshot/local-copies.ts'
import { Chain, type ChainEdge } from '../task/chain.ts'
import { FrameHolder } from '../task/held-frames.ts'
import { type GateInput, InputGate } from '../task/input-gate.ts'
import { Poison } from '../task/poison.ts'
import { restoredStages } from '../task/restored-channels.ts'
import { storeChannels } from '../task/store-channels.ts'
import { Task } from '../task/task.ts'
import type { TaskEvents } from '../task/task-options.ts'
import type { SlotChannels } from './channels.ts'
import type { Deployment } from './messages.ts'

export interface TaskSurroundings {
  readonly deployment: Deployment
  readonly graph: JobGraph
  readonly arena: Arena
  readonly owner: number
  readonly channels: SlotChannels
  readonly clock: Clock
  readonly disk: Disk
  /** Where dead letters of the job go. */
  readonly deadLetters: string
  readonly bufferTimeoutMs: number
  readonly barriersBlock: boolean
  /** Runs are written to and read from the local disk as well. */
  readonly localCopies: boolean
  /** Barriers may overtake. */
  readonly unaligned: boolean
  /** Memory of one subtask of an operator, and where this process keeps its files; undefined: keyed state is in memory. */
  readonly rocksdb: RocksDbOptions | undefined
  readonly events: TaskEvents
  print(uid: string, lines: readonly string[]): void
  deliver(uid: string, subtask: number, sequence: number, records: readonly unknown[]): void
}

export interface BuiltTask {
  readonly task: Task
  readonly metrics: readonly OperatorMetrics[]
  /** Writes dead letters that wait. */
  flushDeadLetters(): void
}

/** Rejects when something that a checkpoint had in flight cannot be read. */
export async function buildTask(at: TaskSurroundings, vertexId: number, subtask: number): Promise<BuiltTask> {
  const { deployment, graph, arena, clock } = at
  const { plan, checkpointRoot } = deployment
  const vertex = plan.vertices[vertexId]
  const copied = (restored: RestoredOperator | undefined): RestoredOperator | undefined =>
    restored === undefined || !at.localCopies ? restored : { ...restored, root: withCopies(restored.root) }
  const incoming = plan.edges.filter(({ to }) => to.vertex === vertexId)
  const restore: RestoreAssignment | undefined = deployment.restore?.subtasks[`${vertexId}/${subtask}`]
  const restored = await restoredStages(restore?.channels ?? [], {
    arena,
    subtask,
    parallelism: vertex.parallelism,
    edges: incoming.map((edge) => ({ plan: edge, partition: partitionOf(graph, plan, edge) })),
  })
  const edges = plan.edges.filter(({ from }) => from.vertex === vertexId).map((edge) => chainEdge(at, edge, subtask))
  const metrics = vertex.operators.map(
    (): OperatorMetrics => ({ recordsIn: 0, recordsOut: 0, lateDropped: 0, errorsSkipped: 0 }),
  )
  const poisons: Poison[] = []
  // The chain is built before its task: operators reach the task by this name, once they run.
  const holder: { task: Task | undefined } = { task: undefined }
  const chain = Chain.build(vertex, edges, (index, outputs) => {
    const operator = vertex.operators[index]
    const target = { disk: at.disk, directory: at.deadLetters }
    const poison = new Poison(operator, subtask, metrics[index], target, () => clock.now())
    poisons.push(poison)
    const keyed = index === 0 ? incoming.find(({ key }) => key !== undefined) : undefined
    const context: OperatorContext = {
      jobId: deployment.jobId,
      jobName: deployment.jobName,
      plan,
      operator,
      vertex: vertexId,
      subtask,
      parallelism: vertex.parallelism,
      attempt: deployment.attempt,
      epoch: deployment.epoch,
      arena,
      owner: at.owner,
      ...outputs,
      key: keyed?.key === undefined ? undefined : { plan: keyed.key, selector: selectorOf(graph, plan, keyed) },
      restored: copied(restore?.operators.find(({ node }) => node === operator.node)),
      checkpointRoot: at.localCopies ? checkpointRoot && withCopies(checkpointRoot) : checkpointRoot,
      options: deployment.options,
      rocksdb: at.rocksdb && {
        ...at.rocksdb,
        directory: subtaskDirectory(at.rocksdb.directory, {
          jobId: deployment.jobId,
          attempt: deployment.attempt,
          node: operator.node,
          subtask,
        }),
      },
      metrics: metrics[index],
      clock,
      now: () => clock.now(),
      wake: () => holder.task?.wake(),
      wakeAt: (timeMs) => {
        if (holder.task === undefined) return
        holder.task.wakeTimes[index] = Math.min(holder.task.wakeTimes[index], timeMs)
      },
      poison: (error, record, timestampMs) => poison.take(error, record, timestampMs),
      print: (uid, lines) => at.print(uid, lines),
      deliver: (uid, sequence, records) => at.deliver(uid, subtask, sequence, records),
    }
    return createOperator(graph.nodes[operator.node], context)
  })
  const generation = 1 + Math.max(-1, ...restored.map(([lane]) => lane.input.place?.generation ?? 0))
  const inputs = incoming.flatMap((edge, input) => gateInputs(at, edge, input, subtask, generation))
  const { barriersBlock } = at
  const { checkpointRoot: root, jobId, epoch } = deployment
  const task = new Task({
    vertex: vertexId,
    subtask,
    chain,
    names: vertex.operators.map(({ name }) => name),
    node: vertex.operators[0].node,
    gate: inputs.length === 0 ? undefined : new InputGate(inputs, () => clock.monotonic(), { barriersBlock, restored }),
    source: inputs.length === 0 ? (chain.head as SourceOperator) : undefined,
    awaitsDrain: deployment.checkpointRoot !== undefined,
    writers: edges.map(({ writer }) => writer),
    metrics,
    events: at.events,
    storeChannels:
      at.unaligned && root !== undefined
        ? (checkpointId, recordings) =>
            storeChannels({ root, jobId, epoch, vertex: vertexId, subtask, clock }, checkpointId, recordings)
        : undefined,
    arena,
    account: outputAccount(vertexId),
    monotonic: () => clock.monotonic(),
  })
  holder.task = task
  return {
    task,
    metrics,
    flushDeadLetters: () => {
      for (const poison of poisons) poison.flush()
    },
  }
}

function chainEdge(at: TaskSurroundings, edge: EdgePlan, subtask: number): ChainEdge {
  const { arena, channels, deployment, clock } = at
  const { plan } = deployment
  const producers = plan.vertices[edge.from.vertex].parallelism
  const consumers = plan.vertices[edge.to.vertex].parallelism
  const outputs = consumersOf(edge.partitioner, subtask, producers, consumers).map((to) =>
    channels.output(edge, subtask, to),
  )
  const lanes =
    edge.partitioner === 'broadcast' && outputs.length > 1 ? [new BroadcastChannel(arena, outputs)] : outputs
  const writer = new EdgeWriter({
    arena,
    schema: edge.schema,
    channels: lanes,
    router: createRouter(routerPlan(at, edge), lanes.length),
    bufferTimeoutMs: at.bufferTimeoutMs,
    monotonic: () => clock.monotonic(),
  })
  return { operator: edge.from.operator, output: edge.from.output, writer }
}

function routerPlan({ graph, arena, deployment: { plan } }: TaskSurroundings, edge: EdgePlan): RouterPlan {
  const { exchange } = edgeInput(graph, plan, edge)
  if (exchange.kind === 'hash') {
    const [operator] = plan.vertices[edge.to.vertex].operators
    return { kind: 'hash', arena, selector: exchange.key, schema: edge.schema, operator }
  }
  if (exchange.kind === 'custom') {
    return { kind: 'custom', partition: exchange.partition, name: plan.vertices[edge.to.vertex].name }
  }
  return { kind: 'turns' }
}

function selectorOf(graph: JobGraph, plan: JobPlan, edge: EdgePlan): KeySelector {
  const { exchange } = edgeInput(graph, plan, edge)
  assert(exchange.kind === 'hash', 'a keyed edge is a hash exchange')
  return exchange.key
}

/** The function of a custom edge. */
function partitionOf(
  graph: JobGraph,
  plan: JobPlan,
  edge: EdgePlan,
): ((record: unknown, channels: number) => number) | undefined {
  const { exchange } = edgeInput(graph, plan, edge)
  return exchange.kind === 'custom' ? exchange.partition : undefined
}

function gateInputs(
  { deployment: { plan }, channels, arena }: TaskSurroundings,
  edge: EdgePlan,
  input: number,
  subtask: number,
  generation: number,
): GateInput[] {
  const computedKey = edge.key?.kind === 'function'
  const holder = new FrameHolder(arena, edge.schema, computedKey, inputAccount(edge.to.vertex))
  const { name, parallelism } = plan.vertices[edge.from.vertex]
  const froms = producersOf(edge.partitioner, subtask, parallelism, plan.vertices[edge.to.vertex].parallelism)
  return froms.map((from) => ({
    channel: channels.input(edge, from, subtask),
    input,
    name: `${name} (${from + 1}/${parallelism})`,
    computedKey,
    place: { edge: edge.id, from, producers: parallelism, generation, parts: [], holder },
  }))
}
