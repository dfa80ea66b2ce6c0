/**
 * A random job in one thread, for tests of progress: vertices in layers with real tasks, gates, writers, rings and queues,
 * in as many slots as the largest parallelism, over one arena that is shared out as in a TaskManager. Who steps when is the
 * test's; records are counted, and each carries its producer so that the order is checked.
 */
import { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { EdgePlan, JobPlan } from '../../proto/jobgraph/plan.ts'
import { inputAccount, minimumsOf, outputAccount, segmentsNeeded } from '../../taskmanager/network/accounts.ts'
import type { InputChannel, OutputChannel } from '../../taskmanager/network/channel.ts'
import { createRouter, type RouterPlan } from '../../taskmanager/network/create-router.ts'
import { Doorbells } from '../../taskmanager/network/doorbell.ts'
import { EdgeWriter } from '../../taskmanager/network/edge-writer.ts'
import { LocalChannel } from '../../taskmanager/network/local.ts'
import { createRing } from '../../taskmanager/network/ring.ts'
import { RingInput, RingOutput } from '../../taskmanager/network/ring-channel.ts'
import type { Operator, Output, RowBatch, Selection } from '../../taskmanager/operators/operator.ts'
import { Chain } from '../../taskmanager/task/chain.ts'
import { FrameHolder } from '../../taskmanager/task/held-frames.ts'
import { type GateInput, InputGate } from '../../taskmanager/task/input-gate.ts'
import { Task } from '../../taskmanager/task/task.ts'
import { type NumberedRow, numberedRows } from './numbered-rows.ts'
import { type Outputs, SourceHead } from './source-head.ts'

const schema = numberedRows

export interface DagShape {
  /** Of each vertex: its parallelism, the vertices before it that it reads (none: a source), and what it does. */
  readonly vertices: readonly {
    readonly parallelism: number
    readonly inputs: readonly number[]
    readonly kind: 'views' | 'rows'
    readonly partitioner: 'hash' | 'rebalance'
  }[]
  /** Batches of each source subtask, and records of each. */
  readonly batches: number
  readonly rows: number
  /** Length of a text in each record. */
  readonly padding: number
  /** Every so many records one that needs a large segment; 0: none. */
  readonly largeEach: number
  readonly largeSegments: number
  /** Segments beyond those that are needed at least. */
  readonly spare: number
}

export const segmentBytes = 8 * 1024
const nothing = async (): Promise<OperatorSnapshot> => ({ node: 0, uid: '', runs: [], operatorState: [] })

class Head extends SourceHead {
  #batch = 0
  #seq = 0
  /** Held from one poll to the next, as by the writer of columns. */
  #segments: number[] = []
  readonly #arena: Arena
  readonly #shape: DagShape
  readonly #name: string
  constructor(name: string, shape: DagShape, arena: Arena, outputs: Outputs) {
    super(outputs)
    this.#name = name
    this.#shape = shape
    this.#arena = arena
  }
  poll(): 'more' | 'idle' | 'end' {
    const { batches, rows: count, padding, largeEach } = this.#shape
    if (this.#batch === batches) return 'end'
    const arena = this.#arena
    while (this.#segments.length < 2) {
      const segment = arena.allocate(arena.owner)
      if (segment < 0) return 'more'
      this.#segments.push(segment)
    }
    const rows: NumberedRow[] = []
    for (let i = 0; i < count; i++, this.#seq++) {
      const isLarge = largeEach > 0 && this.#seq % largeEach === largeEach - 1
      const pad = 'x'.repeat(isLarge ? segmentBytes * 2 : padding)
      rows.push({ key: this.#seq % 7, from: this.#name, seq: this.#seq, pad })
    }
    this.#batch++
    // What it made lies in one of its segments; the next poll takes others.
    this.close()
    const out = encodeRows(arena, arena.owner, schema, rows, 0, count, undefined, undefined)
    if (out?.consumed === count) this.outputs.output.batch(out.batch, undefined)
    else this.outputs.output.rows({ rows, count, timestamps: undefined })
    out?.batch.release()
    return 'more'
  }
  advanceWatermark(): void {
    this.outputs.output.watermark(this.#seq)
  }
  snapshot = nothing
  close(): void {
    for (const segment of this.#segments.splice(0)) this.#arena.release(segment, this.#arena.owner)
  }
}

class Middle implements Operator {
  readonly #output: Output
  readonly #kind: 'views' | 'rows'
  constructor(kind: 'views' | 'rows', output: Output) {
    this.#kind = kind
    this.#output = output
  }
  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    if (this.#kind === 'views') this.#output.batch(batch, selection)
    else this.processRows(read(batch, selection))
  }
  processRows(rows: RowBatch): void {
    this.#output.rows(rows)
  }
  processWatermark(timestampMs: number): boolean {
    this.#output.watermark(timestampMs)
    return true
  }
  processIdle(idle: boolean): void {
    this.#output.idle(idle)
  }
  snapshot = nothing
  close(): void {
    // Holds nothing.
  }
}

class Last implements Operator {
  count = 0
  readonly #newest = new Map<string, number>()
  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    this.processRows(read(batch, selection))
  }
  processRows({ rows, count }: RowBatch): void {
    this.count += count
    for (let i = 0; i < count; i++) {
      const { key, from, seq } = rows[i] as NumberedRow
      this.#newest.set(`${from}/${key}`, seq)
    }
  }
  processWatermark(): boolean {
    return true
  }
  processIdle(): void {
    // Nothing to do.
  }
  snapshot = nothing
  close(): void {
    // Holds nothing.
  }
}

function read(batch: RecordBatch, selection: Selection | undefined): RowBatch {
  const rows: unknown[] = []
  const count = selection?.count ?? batch.rowCount
  rowReader(batch.schema, undefined)(batch, rows, selection?.rows, count)
  return { rows: rows.slice(0, count), count, timestamps: undefined }
}

function planOf(shape: DagShape): JobPlan {
  const edges: EdgePlan[] = []
  for (const [to, { inputs, partitioner }] of shape.vertices.entries())
    for (const from of inputs)
      edges.push({
        id: edges.length,
        from: { vertex: from, operator: 0, output: '' },
        to: { vertex: to },
        partitioner,
        ...(partitioner === 'hash' ? { key: { kind: 'fields', fields: ['key'] } } : {}),
        schema,
      })
  const vertices = shape.vertices.map(({ parallelism }, id) => ({
    id,
    name: `v${id}`,
    parallelism,
    operators: [{ node: id, uid: `v${id}`, name: `v${id}`, kind: 'map' as const, state: [], onError: 'fail' as const }],
  }))
  return { version: 1, name: 'dag', hash: '', vertices, edges, options: {} }
}

export class Dag {
  readonly tasks: Task[] = []
  readonly sinks: Last[] = []
  readonly acks = new Map<number, number>()
  readonly failures: unknown[] = []
  readonly plan: JobPlan
  readonly arena: Arena
  ended = 0
  sources = 0
  nowMs = 0

  constructor(shape: DagShape) {
    this.plan = planOf(shape)
    const { plan } = this
    const slots = Math.max(...shape.vertices.map(({ parallelism }) => parallelism))
    const verticesOf = (slot: number): number[] =>
      plan.vertices.filter(({ parallelism }) => slot < parallelism).map(({ id }) => id)
    const all = Array.from({ length: slots }, (_, slot) => verticesOf(slot))
    const segments = segmentsNeeded(plan, all) + shape.spare
    const { largeSegments } = shape
    const largeSegmentBytes = 4 * segmentBytes
    const bytes = segments * segmentBytes + largeSegments * largeSegmentBytes
    this.arena = Arena.create({ bytes, segmentBytes, largeSegments, largeSegmentBytes })
    const arenas = all.map((_, slot) => Arena.attach(this.arena.handle, slot + 1))
    for (const [slot, arena] of arenas.entries())
      if (!arena.reserves.claim(slot + 1, minimumsOf(plan, verticesOf(slot)))) throw new Error('the claims do not fit')
    const words = new SharedArrayBuffer(256)
    const channels = new Map<string, { output: OutputChannel; input: InputChannel }>()
    for (const edge of plan.edges)
      for (let p = 0; p < plan.vertices[edge.from.vertex].parallelism; p++)
        for (let c = 0; c < plan.vertices[edge.to.vertex].parallelism; c++)
          channels.set(`${edge.id}/${p}/${c}`, connect(arenas, words, p, c))
    const channel = (name: string): { output: OutputChannel; input: InputChannel } => {
      const found = channels.get(name)
      if (found === undefined) throw new Error(`no channel ${name}`)
      return found
    }
    for (const vertex of plan.vertices)
      for (let subtask = 0; subtask < vertex.parallelism; subtask++)
        this.#task(shape, arenas[subtask], vertex.id, subtask, (name) => channel(name))
  }

  step(index: number): void {
    this.nowMs++
    this.tasks[index].step(this.nowMs)
    this.tasks[index].flush()
    if (this.failures.length > 0) throw this.failures[0]
  }

  trigger(checkpointId: number): void {
    for (const task of this.tasks) task.trigger(checkpointId, undefined)
  }

  get received(): number {
    return this.sinks.reduce((sum, { count }) => sum + count, 0)
  }

  async close(): Promise<void> {
    for (const task of this.tasks) await task.close()
  }

  #task(
    shape: DagShape,
    arena: Arena,
    vertex: number,
    subtask: number,
    channel: (name: string) => { output: OutputChannel; input: InputChannel },
  ): void {
    const { plan } = this
    const name = `${vertex}/${subtask}`
    const writers = plan.edges
      .filter(({ from }) => from.vertex === vertex)
      .map((edge) => {
        const outputs = Array.from(
          { length: plan.vertices[edge.to.vertex].parallelism },
          (_, to) => channel(`${edge.id}/${subtask}/${to}`).output,
        )
        const router: RouterPlan =
          edge.partitioner === 'hash'
            ? { kind: 'hash', arena, selector: { kind: 'fields', fields: ['key'], single: true }, schema }
            : { kind: 'turns' }
        const writer = new EdgeWriter({
          arena,
          schema,
          channels: outputs,
          router: createRouter(router, outputs.length),
          bufferTimeoutMs: 5,
          flushRows: 8,
          monotonic: () => this.nowMs,
        })
        return { operator: 0, output: '', writer }
      })
    const incoming = plan.edges.filter(({ to }) => to.vertex === vertex)
    let source: Head | undefined
    const chain = Chain.build(plan.vertices[vertex], writers, (_, outputs) => {
      if (incoming.length === 0) {
        source = new Head(name, shape, arena, outputs)
        this.sources++
        return source
      }
      if (writers.length > 0) return new Middle(shape.vertices[vertex].kind, outputs.output)
      const last = new Last()
      this.sinks.push(last)
      return last
    })
    const inputs = incoming.flatMap((edge, input) => {
      const producers = plan.vertices[edge.from.vertex].parallelism
      const holder = new FrameHolder(arena, schema, false, inputAccount(vertex))
      return Array.from(
        { length: producers },
        (_, from): GateInput => ({
          channel: channel(`${edge.id}/${from}/${subtask}`).input,
          input,
          name,
          computedKey: false,
          place: { edge: edge.id, from, producers, generation: 0, parts: [], holder },
        }),
      )
    })
    const task = new Task({
      vertex,
      subtask,
      chain,
      names: [name],
      node: vertex,
      gate: inputs.length === 0 ? undefined : new InputGate(inputs, () => this.nowMs),
      source,
      awaitsDrain: true,
      writers: writers.map(({ writer }) => writer),
      metrics: [],
      events: {
        inputEnded: () => void this.ended++,
        finished: () => undefined,
        acknowledge: (id) => void this.acks.set(id, (this.acks.get(id) ?? 0) + 1),
        decline: (_id, reason) => void this.failures.push(new Error(reason)),
        failed: (error) => void this.failures.push(error),
        wake: () => undefined,
      },
      storeChannels: async () => undefined,
      arena,
      account: outputAccount(vertex),
      monotonic: () => this.nowMs,
    })
    this.tasks.push(task)
  }
}

function connect(
  arenas: readonly Arena[],
  words: SharedArrayBuffer,
  from: number,
  to: number,
): { output: OutputChannel; input: InputChannel } {
  if (from === to) {
    const both = new LocalChannel(arenas[from], schema, 8)
    return { output: both, input: both }
  }
  const ring = createRing(8)
  return {
    output: new RingOutput(ring, arenas[from], new Doorbells(words, from), { slot: to, owner: to + 1 }),
    input: new RingInput(ring, arenas[to], new Doorbells(words, to), { slot: from, owner: from + 1 }, schema),
  }
}
