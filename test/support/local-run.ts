/**
 * Runs a bounded job in this thread: the real tasks, operators, edge writers and channels of every vertex and subtask,
 * without slots, processes or checkpoints. For tests of what a job computes.
 */
import { Arena } from '../../core/arena/arena.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { buildGraph, compilePlan, edgeInput, type Job } from '../../millrace.ts'
import type { EdgePlan, JobPlan } from '../../proto/jobgraph/plan.ts'
import type { JobGraph, KeySelector } from '../../sdk/graph/nodes.ts'
import { createRouter, type RouterPlan } from '../../taskmanager/network/create-router.ts'
import { EdgeWriter } from '../../taskmanager/network/edge-writer.ts'
import { LocalChannel } from '../../taskmanager/network/local.ts'
import { createOperator } from '../../taskmanager/operators/create.ts'
import type { OperatorContext, OperatorMetrics, SourceOperator } from '../../taskmanager/operators/operator.ts'
import { Chain } from '../../taskmanager/task/chain.ts'
import { InputGate } from '../../taskmanager/task/input-gate.ts'
import { Task } from '../../taskmanager/task/task.ts'

export interface LocalResult {
  /** What collecting sinks delivered, by uid. */
  readonly delivered: ReadonlyMap<string, unknown[]>
  readonly printed: readonly string[]
  /** Messages of records that failed. */
  readonly poisoned: readonly string[]
}

export async function runLocally(
  job: Job,
  parallelism: number,
  options: Record<string, string> = {},
): Promise<LocalResult> {
  const graph = buildGraph(job, { parallelism, options })
  const plan: JobPlan = compilePlan(graph)
  const arena = Arena.create({ bytes: 256 * 1024 * 1024 })
  const delivered = new Map<string, unknown[]>()
  const printed: string[] = []
  const poisoned: string[] = []
  const failures: unknown[] = []
  const monotonic = (): number => systemClock.monotonic()

  const channels = new Map<string, LocalChannel>()
  const channel = (edge: EdgePlan, from: number, to: number): LocalChannel => {
    const name = `${edge.id}/${from}/${to}`
    const made = channels.get(name) ?? new LocalChannel(arena, edge.schema, 8)
    channels.set(name, made)
    return made
  }

  const tasks: Task[] = []
  for (const vertex of plan.vertices) {
    for (let subtask = 0; subtask < vertex.parallelism; subtask++) {
      const outgoing = plan.edges.filter(({ from }) => from.vertex === vertex.id)
      const incoming = plan.edges.filter(({ to }) => to.vertex === vertex.id)
      const edges = outgoing.map((edge) => {
        const readers = plan.vertices[edge.to.vertex].parallelism
        const targets = edge.partitioner === 'forward' ? [subtask] : Array.from({ length: readers }, (_, i) => i)
        const writer = new EdgeWriter({
          arena,
          schema: edge.schema,
          channels: targets.map((to) => channel(edge, subtask, to)),
          router: createRouter(routerPlan(graph, plan, edge, arena), targets.length),
          bufferTimeoutMs: 5,
          monotonic,
        })
        return { operator: edge.from.operator, output: edge.from.output, writer }
      })
      const metrics: OperatorMetrics[] = vertex.operators.map(() => ({
        recordsIn: 0,
        recordsOut: 0,
        lateDropped: 0,
        errorsSkipped: 0,
      }))
      let task: Task | undefined
      const chain = Chain.build(vertex, edges, (index, outputs) => {
        const operator = vertex.operators[index]
        const keyed = index === 0 ? incoming.find(({ key }) => key !== undefined) : undefined
        const context: OperatorContext = {
          jobId: 'local',
          jobName: plan.name,
          plan,
          operator,
          vertex: vertex.id,
          subtask,
          parallelism: vertex.parallelism,
          attempt: 1,
          epoch: 1,
          arena,
          owner: arena.owner,
          ...outputs,
          key: keyed?.key === undefined ? undefined : { plan: keyed.key, selector: selectorOf(graph, plan, keyed) },
          restored: undefined,
          checkpointRoot: undefined,
          options: plan.options,
          metrics: metrics[index],
          clock: systemClock,
          now: () => systemClock.now(),
          wake: () => task?.wake(),
          wakeAt: (timeMs) => {
            if (task !== undefined) task.wakeTimes[index] = Math.min(task.wakeTimes[index], timeMs)
          },
          poison: (error) => {
            if (operator.onError === 'fail') throw error
            poisoned.push(String(error))
          },
          print: (_uid, lines) => void printed.push(...lines),
          deliver: (uid, _sequence, records) => {
            const known = delivered.get(uid) ?? []
            delivered.set(uid, known)
            known.push(...records)
          },
        }
        return createOperator(graph.nodes[operator.node], context)
      })
      const gateInputs = incoming.flatMap((edge, input) => {
        const writers = plan.vertices[edge.from.vertex].parallelism
        const froms = edge.partitioner === 'forward' ? [subtask] : Array.from({ length: writers }, (_, i) => i)
        return froms.map((from) => ({
          channel: channel(edge, from, subtask),
          input,
          name: `${edge.from.vertex}/${from}`,
          computedKey: edge.key?.kind === 'function',
        }))
      })
      task = new Task({
        vertex: vertex.id,
        subtask,
        chain,
        names: vertex.operators.map(({ name }) => name),
        node: vertex.operators[0].node,
        gate: gateInputs.length === 0 ? undefined : new InputGate(gateInputs, monotonic),
        source: gateInputs.length === 0 ? (chain.head as SourceOperator) : undefined,
        awaitsDrain: false,
        writers: edges.map(({ writer }) => writer),
        metrics,
        events: {
          inputEnded: () => undefined,
          finished: () => undefined,
          acknowledge: () => undefined,
          decline: () => undefined,
          failed: (error) => void failures.push(error),
          wake: () => undefined,
        },
        monotonic,
      })
      tasks.push(task)
    }
  }

  for (const task of tasks.toReversed()) await task.open()
  try {
    for (let quiet = 0; !tasks.every((task) => task.over); ) {
      let worked = false
      for (const task of tasks) {
        if (task.step(monotonic()) === 'worked') worked = true
        else if (task.flush()) worked = true
      }
      if (failures.length > 0) throw failures[0]
      quiet = worked ? 0 : quiet + 1
      // Asynchronous parts (commits, timers of sources) need a turn of the event loop.
      if (!worked) await new Promise<void>((resolve) => systemClock.setTimeout(resolve, quiet > 100 ? 1 : 0))
      if (quiet > 5000) throw new Error('the job stands still')
    }
  } finally {
    for (const task of tasks) failures.push(...(await task.close()))
  }
  if (failures.length > 0) throw failures[0]
  return { delivered, printed, poisoned }
}

function selectorOf(graph: JobGraph, plan: JobPlan, edge: EdgePlan): KeySelector {
  const { exchange } = edgeInput(graph, plan, edge)
  if (exchange.kind !== 'hash') throw new Error('a keyed edge without a key')
  return exchange.key
}

function routerPlan(graph: JobGraph, plan: JobPlan, edge: EdgePlan, arena: Arena): RouterPlan {
  if (edge.partitioner === 'hash')
    return { kind: 'hash', arena, selector: selectorOf(graph, plan, edge), schema: edge.schema }
  if (edge.partitioner === 'custom') throw new Error('custom partitioners are not run locally')
  return { kind: 'turns' }
}
