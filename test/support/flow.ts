/**
 * A small job in one thread, for tests of checkpoints: two inputs (of two and one subtasks) -> keyed counts -> sink, with
 * real tasks, gates, writers and channels. The counts check that each input's records of a key come in order, each once.
 * Checkpoints are manifests; a flow starts from one at any parallelism.
 */
import { Arena } from '../../core/arena/arena.ts'
import { hashValue } from '../../core/columns/hash.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { buildManifest, type Manifest, type SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import { rangesOf } from '../../proto/checkpoint/ranges.ts'
import { assignChannels } from '../../proto/checkpoint/restore-channels.ts'
import type { EdgePlan, JobPlan, Partitioner } from '../../proto/jobgraph/plan.ts'
import { BroadcastChannel } from '../../taskmanager/network/broadcast.ts'
import type { InputChannel, OutputChannel } from '../../taskmanager/network/channel.ts'
import { createRouter, type RouterPlan } from '../../taskmanager/network/create-router.ts'
import { Doorbells } from '../../taskmanager/network/doorbell.ts'
import { EdgeWriter } from '../../taskmanager/network/edge-writer.ts'
import { LocalChannel } from '../../taskmanager/network/local.ts'
import { createRing } from '../../taskmanager/network/ring.ts'
import { RingInput, RingOutput } from '../../taskmanager/network/ring-channel.ts'
import { consumersOf, producersOf } from '../../taskmanager/network/topology.ts'
import type { Operator } from '../../taskmanager/operators/operator.ts'
import { Chain } from '../../taskmanager/task/chain.ts'
import { FrameHolder } from '../../taskmanager/task/held-frames.ts'
import { type GateInput, InputGate } from '../../taskmanager/task/input-gate.ts'
import { restoredStages } from '../../taskmanager/task/restored-channels.ts'
import { storeChannels } from '../../taskmanager/task/store-channels.ts'
import { Task } from '../../taskmanager/task/task.ts'
import type { TaskEvents } from '../../taskmanager/task/task-options.ts'
import { type CountEntry, Counts, type FlowShape, type Output, Results, Source } from './flow-operators.ts'
import { expectedWindows, windowOperator, windowPlan } from './flow-windows.ts'
import { numberedRows } from './numbered-rows.ts'

const sourceSubtasks = [2, 1]

/** What most tests begin with; checkpoints need a `root`. */
export const smallFlow: FlowShape = {
  carrier: 'local',
  counts: 2,
  sinks: 2,
  partitioner: 'rebalance',
  records: 400,
  keys: 13,
  segments: 96,
  root: '',
  declared: true,
  padding: 0,
}
/** What may change where a flow goes on from a checkpoint. */
export type FlowRound = Pick<FlowShape, 'carrier' | 'counts' | 'sinks'>

function planOf(shape: FlowShape): JobPlan {
  const vertex = (id: number, parallelism: number): JobPlan['vertices'][number] => ({
    id,
    name: `v${id}`,
    parallelism,
    operators: [
      {
        node: id,
        uid: `v${id}`,
        name: `v${id}`,
        onError: 'fail',
        ...(id === 2 && shape.windows !== undefined ? windowPlan : { kind: 'map', state: [] }),
      },
    ],
  })
  const schema = shape.declared ? { schema: numberedRows } : {}
  const key = { kind: 'fields', fields: ['key'] } as const
  const edge = (id: number, from: number, to: number, partitioner: Partitioner): EdgePlan => ({
    id,
    from: { vertex: from, operator: 0, output: '' },
    to: { vertex: to },
    partitioner,
    ...(partitioner === 'hash' ? { key } : {}),
    ...(to === 2 ? schema : {}),
  })
  return {
    version: 1,
    name: 'flow',
    hash: '',
    vertices: [
      vertex(0, sourceSubtasks[0]),
      vertex(1, sourceSubtasks[1]),
      vertex(2, shape.counts),
      vertex(3, shape.sinks),
    ],
    edges: [edge(0, 0, 2, 'hash'), edge(1, 1, 2, 'hash'), edge(2, 2, 3, shape.partitioner)],
    options: {},
  }
}

export interface FlowTask {
  readonly vertex: number
  readonly subtask: number
  readonly task: Task
}

export class Flow {
  readonly shape: FlowShape
  readonly plan: JobPlan
  readonly tasks: FlowTask[] = []
  readonly sinks: Results[] = []
  readonly ended = new Set<string>()
  readonly failures: unknown[] = []
  readonly acks = new Map<number, Map<string, SubtaskSnapshot>>()
  nowMs = 0
  readonly #arena: Arena
  readonly #givenUp = new Set<number>()

  private constructor(shape: FlowShape) {
    this.shape = shape
    this.plan = planOf(shape)
    const segmentBytes = 16 * 1024
    this.#arena = Arena.create({ bytes: shape.segments * segmentBytes, segmentBytes, largeSegments: 0, owner: 1 })
  }

  static async start(shape: FlowShape, from?: Manifest): Promise<Flow> {
    const flow = new Flow(shape)
    await flow.#build(from)
    return flow
  }

  /** One step of a task; failures are thrown. */
  step(index: number): void {
    this.nowMs++
    const { task } = this.tasks[index]
    task.step(this.nowMs)
    task.flush()
    if (this.failures.length > 0) throw this.failures[0]
  }

  /** Asks the sources for a checkpoint. */
  trigger(checkpointId: number, stop?: 'suspend'): void {
    for (const { task } of this.tasks) task.trigger(checkpointId, stop)
  }

  /** The checkpoint, once every subtask has acknowledged it. */
  manifest(checkpointId: number): Manifest | undefined {
    const acks = this.acks.get(checkpointId)
    if (acks === undefined || acks.size < this.tasks.length) return undefined
    const { plan } = this
    const json = buildManifest({ jobId: 'flow', checkpointId, kind: 'checkpoint', epoch: 1, timeMs: 0, plan, acks })
    return JSON.parse(JSON.stringify(json)) as Manifest
  }

  /** Gives a checkpoint up. */
  abort(checkpointId: number): void {
    this.#givenUp.add(checkpointId)
    for (const { task } of this.tasks) task.checkpointAborted(checkpointId)
  }

  /** All sources have ended and nothing moves any more. */
  get settled(): boolean {
    return this.ended.size === 3
  }

  async close(): Promise<void> {
    for (const { task } of this.tasks) await task.close()
  }

  /** Segments that somebody still holds. */
  get held(): number {
    let held = 0
    for (let i = 0; i < this.#arena.segments; i++) if (this.#arena.references(i) > 0) held++
    return held
  }

  async #build(from: Manifest | undefined): Promise<void> {
    const { plan, shape } = this
    const words = new SharedArrayBuffer(64)
    const arenas = plan.vertices.map(({ id }) =>
      shape.carrier === 'local' || id === 0 ? this.#arena : Arena.attach(this.#arena.handle, id + 1),
    )
    const channels = new Map<string, { output: OutputChannel; input: InputChannel }>()
    for (const edge of plan.edges) {
      for (let p = 0; p < plan.vertices[edge.from.vertex].parallelism; p++) {
        for (let c = 0; c < plan.vertices[edge.to.vertex].parallelism; c++) {
          const name = `${edge.id}/${p}/${c}`
          if (shape.carrier === 'local') {
            const both = new LocalChannel(this.#arena, edge.schema, 4)
            channels.set(name, { output: both, input: both })
            continue
          }
          const ring = createRing(4)
          const a = edge.from.vertex
          const b = edge.to.vertex
          channels.set(name, {
            output: new RingOutput(ring, arenas[a], new Doorbells(words, a), { slot: b, owner: b + 1 }),
            input: new RingInput(ring, arenas[b], new Doorbells(words, b), { slot: a, owner: a + 1 }, edge.schema),
          })
        }
      }
    }
    const channel = (name: string): { output: OutputChannel; input: InputChannel } => {
      const found = channels.get(name)
      if (found === undefined) throw new Error(`no channel ${name}`)
      return found
    }
    for (const vertex of plan.vertices) {
      const arena = arenas[vertex.id]
      for (let subtask = 0; subtask < vertex.parallelism; subtask++) {
        const edges = plan.edges
          .filter((edge) => edge.from.vertex === vertex.id)
          .map((edge) => {
            const consumers = plan.vertices[edge.to.vertex].parallelism
            const outputs = consumersOf(edge.partitioner, subtask, vertex.parallelism, consumers).map(
              (to) => channel(`${edge.id}/${subtask}/${to}`).output,
            )
            const isBroadcast = edge.partitioner === 'broadcast' && outputs.length > 1
            const lanes = isBroadcast ? [new BroadcastChannel(arena, outputs)] : outputs
            const writer = new EdgeWriter({
              arena,
              schema: edge.schema,
              channels: lanes,
              router: createRouter(this.#router(edge, arena), lanes.length),
              bufferTimeoutMs: 3,
              flushRows: 4,
              monotonic: () => this.nowMs,
            })
            return { operator: 0, output: '', writer }
          })
        const operatorState = from?.operators
          .filter((operator) => operator.vertex === vertex.id)
          .flatMap((operator) => operator.subtasks.map((each) => each.operatorState))
        let source: Source | undefined
        let windows: Operator | undefined
        const chain = Chain.build(vertex, edges, (_, outputs) => {
          if (vertex.id < 2) {
            source = new Source(`${vertex.id}/${subtask}`, shape, outputs, operatorState?.[subtask])
            return source
          }
          if (vertex.id === 2 && shape.windows !== undefined) {
            const place = { plan, vertex: 2, subtask, arena, root: shape.root, from }
            windows = windowOperator(shape.windows, outputs, place)
            return windows
          }
          if (vertex.id === 2) {
            const ranges = rangesOf(subtask, vertex.parallelism)
            const mine = (operatorState?.flat() as CountEntry[] | undefined)?.filter(([key]) => {
              const range = hashValue(key) >>> 16
              return range >= ranges.from && range < ranges.to
            })
            return new Counts(outputs, mine ?? [])
          }
          const taken = operatorState?.filter((_each, was) => was % vertex.parallelism === subtask)
          const results = new Results((taken?.flat() as Output[] | undefined) ?? [])
          this.sinks.push(results)
          return results
        })
        await windows?.open?.()
        const incoming = plan.edges.filter((edge) => edge.to.vertex === vertex.id)
        const root = shape.root
        const restored = await restoredStages(
          from === undefined ? [] : assignChannels(from, plan, vertex.id, subtask, root),
          {
            arena,
            subtask,
            parallelism: vertex.parallelism,
            edges: incoming.map((edge) => ({
              plan: edge,
              partition: edge.partitioner === 'custom' ? partition : undefined,
            })),
          },
        )
        const generation = 1 + Math.max(-1, ...restored.map(([lane]) => lane.input.place?.generation ?? 0))
        const inputs = incoming.flatMap((edge, input) => {
          const producers = plan.vertices[edge.from.vertex].parallelism
          const holder = new FrameHolder(arena, edge.schema, false)
          return producersOf(edge.partitioner, subtask, producers, vertex.parallelism).map(
            (p): GateInput => ({
              channel: channel(`${edge.id}/${p}/${subtask}`).input,
              input,
              name: `${edge.id}/${p}`,
              computedKey: false,
              place: { edge: edge.id, from: p, producers, generation, parts: [], holder },
            }),
          )
        })
        const store = { root, jobId: 'flow', epoch: 1, vertex: vertex.id, subtask, clock: systemClock }
        const task = new Task({
          vertex: vertex.id,
          subtask,
          chain,
          names: [vertex.name],
          node: vertex.id,
          metrics: [],
          monotonic: () => this.nowMs,
          gate: inputs.length === 0 ? undefined : new InputGate(inputs, () => this.nowMs, { restored }),
          source,
          awaitsDrain: true,
          writers: edges.map(({ writer }) => writer),
          events: this.#events(vertex.id, subtask),
          storeChannels: (checkpointId, recordings) => storeChannels(store, checkpointId, recordings),
        })
        this.tasks.push({ vertex: vertex.id, subtask, task })
      }
    }
  }

  #router(edge: EdgePlan, arena: Arena): RouterPlan {
    if (edge.partitioner === 'hash') {
      const operator = this.plan.vertices[edge.to.vertex].operators[0]
      const selector = { kind: 'fields', fields: ['key'], single: true } as const
      return { kind: 'hash', arena, selector, schema: edge.schema, operator }
    }
    return edge.partitioner === 'custom' ? { kind: 'custom', partition, name: 'custom' } : { kind: 'turns' }
  }

  #events(vertex: number, subtask: number): TaskEvents {
    return {
      inputEnded: () => void this.ended.add(`${vertex}/${subtask}`),
      finished: () => undefined,
      acknowledge: (id, snapshot) => {
        const operators = snapshot.operators.map((operator) => ({ ...operator, node: vertex }))
        const acks = this.acks.get(id) ?? new Map<string, SubtaskSnapshot>()
        acks.set(`${vertex}/${subtask}`, { ...snapshot, operators })
        this.acks.set(id, acks)
      },
      decline: (id, reason) => {
        if (!this.#givenUp.has(id)) this.failures.push(new Error(reason))
      },
      failed: (error) => void this.failures.push(error),
      wake: () => undefined,
    }
  }
}

const partition = (record: unknown, channels: number): number => (record as Output).n % channels

/** A result as `expected` has it. */
export const resultName = ({ key, n, windowStart, windowEnd }: Output): string =>
  windowStart === undefined ? `${key}:${n}` : `${key}@${Number(windowStart)}-${Number(windowEnd)}:${n}`

/** Results of a whole run: each count of each key, or each window, once. */
export function expected(shape: FlowShape): string[] {
  if (shape.windows !== undefined) return expectedWindows(shape.windows, shape, 3)
  const results: string[] = []
  const perKey = new Map<number, number>()
  for (let i = 0; i < shape.records; i++) perKey.set(i % shape.keys, (perKey.get(i % shape.keys) ?? 0) + 3)
  for (const [key, total] of perKey) for (let n = 1; n <= total; n++) results.push(`${key}:${n}`)
  return results.sort()
}

/** Reproducible numbers from 0 to 1. */
export function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
