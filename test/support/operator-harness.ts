/**
 * Runs one operator of a real job graph without a slot: every subtask of its vertex in turn, on a real arena, with state
 * in real files. The test moves time, pushes rows or batches, and reads what came out.
 *
 * Promises: keyed input goes where an exchange would send it, with the hashes it would have; what is emitted is read
 * at once, before the memory behind it is reused; `close` fails when a segment is still held.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Arena } from '../../core/arena/arena.ts'
import { internSchema, maxBatchRows, type RecordBatch } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import { hashValue } from '../../core/columns/hash.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { ManualClock } from '../../core/platform/manual-clock.ts'
import { openStorage } from '../../core/storage/open-storage.ts'
import { buildManifest, type Manifest, type SubtaskSnapshot, subtaskKey } from '../../proto/checkpoint/manifest.ts'
import { assignRestore } from '../../proto/checkpoint/restore-plan.ts'
import { type Snapshot, writeSavepoint } from '../../proto/checkpoint/savepoint.ts'
import type { EdgePlan, JobPlan } from '../../proto/jobgraph/plan.ts'
import type { GraphNode, JobGraph, KeySelector } from '../../sdk/graph/nodes.ts'
import { buildGraph, compilePlan, defineJob, edgeInput } from '../../sdk/index.ts'
import type { Environment } from '../../sdk/job.ts'
import type { Sink } from '../../sdk/sink.ts'
import type { Source } from '../../sdk/source.ts'
import type { Stream } from '../../sdk/stream.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { hideKey } from '../../taskmanager/network/computed-key.ts'
import { createOperator } from '../../taskmanager/operators/create.ts'
import type {
  Operator,
  OperatorContext,
  OperatorMetrics,
  Output,
  RowBatch,
  SourceOperator,
} from '../../taskmanager/operators/operator.ts'
import { RecordedOutput } from './recorded-output.ts'

export { RecordedOutput } from './recorded-output.ts'

/** Moves when told; what waits for the event loop runs on the real one. */
class TestClock extends ManualClock {
  override setImmediate(task: () => void): void {
    systemClock.setImmediate(task)
  }
}

export interface Subtask {
  readonly operator: Operator
  readonly metrics: OperatorMetrics
  wakes: number
  /** Earliest wall-clock time asked for. */
  wakeAtMs: number
}

export interface HarnessOptions {
  /** Declared type of the input; absent: batches describe themselves. */
  readonly type?: TypeDef<unknown>
  /** Default: the last node before the sink. */
  readonly pick?: (node: GraphNode) => boolean
  readonly arena?: Arena
  /** Where the operator emits to; default: `output` of the harness. */
  readonly output?: Output
  /** False: the job takes no checkpoints. */
  readonly checkpoints?: boolean
  /** State is in RocksDB. */
  readonly rocksdb?: boolean
  /** What runs in place of the node that the job has. */
  readonly alter?: (node: GraphNode) => GraphNode
}

export interface Push {
  readonly timestamps?: readonly number[]
  /** Columns only: these rows of the batch count. */
  readonly selection?: readonly number[]
  /** Which input they come by; default: the first. */
  readonly input?: number
}

/** A keyed input. */
interface KeyedInput {
  readonly edge: EdgePlan
  readonly selector: KeySelector
}

const owner = 1

export class OperatorHarness {
  readonly arena: Arena
  readonly output = new RecordedOutput()
  readonly clock = new TestClock(1_700_000_000_000)
  readonly poisoned: { error: unknown; record: unknown; timestampMs: number | undefined }[] = []
  readonly printed: string[] = []
  readonly node: GraphNode
  subtasks: Subtask[] = []
  plan: JobPlan
  readonly #graph: (parallelism: number) => JobGraph
  readonly #root = mkdtempSync(join(tmpdir(), 'millrace-operator-'))
  readonly #sides = new Map<string, RecordedOutput>()
  readonly #checkpoints: boolean
  readonly #rocksdb: boolean
  readonly #output: Output
  readonly #alter: (node: GraphNode) => GraphNode
  #keyed: readonly KeyedInput[] = []
  #vertex = 0
  #checkpointId = 0
  #epoch = 0
  #manifest: Manifest | undefined
  /** Where `#manifest` stands. */
  #from = this.#root

  /** `build` gets a stream of the input and returns the stream that the operator makes. */
  static of<T>(
    build: (stream: Stream<T>) => Stream<never> | Stream<unknown> | void,
    options: HarnessOptions = {},
  ): OperatorHarness {
    const source = { ...noSource, type: options.type } as Source<T>
    return new OperatorHarness((env) => {
      const made = build(env.from(source, { uid: 'source' })) as Stream<unknown> | undefined
      made?.to(nowhere, { uid: 'nowhere', parallelism: 1 })
    }, options)
  }

  constructor(job: (env: Environment) => void, options: HarnessOptions = {}) {
    this.arena = options.arena ?? Arena.create({ bytes: 48 * 1024 * 1024 })
    this.#checkpoints = options.checkpoints ?? true
    this.#rocksdb = options.rocksdb ?? false
    this.#output = options.output ?? this.output
    this.#alter = options.alter ?? ((node) => node)
    this.#graph = (parallelism) => buildGraph(defineJob('test', job), { parallelism })
    const graph = this.#graph(1)
    this.plan = compilePlan(graph)
    const pick = options.pick ?? ((node) => node.kind !== 'source' && (node.kind !== 'sink' || node.sink !== nowhere))
    const node = graph.nodes.findLast(pick)
    if (node === undefined) throw new Error('the job has no such operator')
    this.node = node
  }

  side(tag: string): RecordedOutput {
    let side = this.#sides.get(tag)
    if (side === undefined) {
      side = new RecordedOutput()
      this.#sides.set(tag, side)
    }
    return side
  }

  /** Starts all subtasks, from the last complete checkpoint when there is one. */
  async start(parallelism = 1): Promise<this> {
    for (const { operator } of this.subtasks) await operator.close()
    this.subtasks = []
    this.#epoch++
    const graph = this.#graph(parallelism)
    const plan = compilePlan(graph)
    this.plan = plan
    const vertex = plan.vertices.find((each) => each.operators.some(({ node }) => node === this.node.id))
    const operatorPlan = vertex?.operators.find(({ node }) => node === this.node.id)
    if (vertex === undefined || operatorPlan === undefined) throw new Error('the plan has no such operator')
    this.#vertex = vertex.id
    this.#keyed = plan.edges.flatMap((edge) => {
      const { exchange } = edgeInput(graph, plan, edge)
      return edge.to.vertex === vertex.id && exchange.kind === 'hash' ? [{ edge, selector: exchange.key }] : []
    })
    const [keyed] = this.#keyed as readonly (KeyedInput | undefined)[]
    for (let subtask = 0; subtask < vertex.parallelism; subtask++) {
      const made = {
        metrics: { recordsIn: 0, recordsOut: 0, lateDropped: 0, errorsSkipped: 0 },
        wakes: 0,
        wakeAtMs: Number.POSITIVE_INFINITY,
      }
      const context: OperatorContext = {
        jobId: 'job',
        jobName: 'test',
        plan,
        operator: operatorPlan,
        vertex: vertex.id,
        subtask,
        parallelism: vertex.parallelism,
        attempt: 0,
        epoch: this.#epoch,
        arena: this.arena,
        owner,
        output: this.#output,
        sides: this.#sides,
        key: keyed?.edge.key && { plan: keyed.edge.key, selector: keyed.selector },
        restored:
          this.#manifest &&
          assignRestore(this.#manifest, plan, vertex.id, subtask, { root: this.#from, jobId: 'job' }).operators.find(
            ({ node }) => node === this.node.id,
          ),
        checkpointRoot: this.#checkpoints ? this.#root : undefined,
        rocksdb: this.#rocksdb
          ? { directory: join(this.#root, `db-${this.#epoch}-${subtask}`), memoryBytes: 8 << 20 }
          : undefined,
        options: {},
        metrics: made.metrics,
        clock: this.clock,
        now: () => this.clock.now(),
        wake: () => {
          running.wakes++
        },
        wakeAt: (timeMs) => {
          running.wakeAtMs = Math.min(running.wakeAtMs, timeMs)
        },
        poison: (error, record, timestampMs) => this.#poison(made.metrics, error, record, timestampMs),
        print: (_, lines) => void this.printed.push(...lines),
        deliver: () => undefined,
      }
      const running: Subtask = { ...made, operator: createOperator(this.#alter(graph.nodes[this.node.id]), context) }
      this.subtasks.push(running)
    }
    for (const { operator } of this.subtasks) await operator.open?.()
    return this
  }

  /** Pushes plain rows. */
  rows(records: readonly unknown[], push: Push = {}): this {
    this.#route(records, push, (subtask, part) => {
      const batch: RowBatch = {
        rows: part.records,
        count: part.records.length,
        timestamps: part.timestamps && Float64Array.from(part.timestamps),
        ...(part.keys && { keys: part.keys, hashes: Int32Array.from(part.keys, hashValue) }),
      }
      subtask.operator.processRows(batch, push.input ?? 0)
    })
    return this
  }

  /** Pushes columns, by the schema of the edge or one inferred. */
  columns(records: readonly unknown[], push: Push = {}): this {
    this.#route(records, push, (subtask, part) => {
      const { input = 0 } = push
      const use = (batch: RecordBatch, from: number): void => {
        const rows = push.selection
          ?.filter((row) => row >= from && row < from + batch.rowCount)
          .map((row) => row - from)
        subtask.operator.processBatch(batch, rows && { rows: Int32Array.from(rows), count: rows.length }, input)
      }
      this.encode(part, use, input)
    })
    return this
  }

  push(how: 'rows' | 'columns', records: readonly unknown[], push: Push = {}): this {
    return how === 'rows' ? this.rows(records, push) : this.columns(records, push)
  }

  /** Polls the sources in turn, each until it has said 'end' or 'idle', then lets them send a watermark. Returns what they said. */
  poll(turns = Number.POSITIVE_INFINITY): string[] {
    const said = this.subtasks.map(() => 'more')
    for (let turn = 0; turn < turns && said.includes('more'); turn++)
      this.subtasks.forEach(({ operator }, subtask) => {
        const source = operator as SourceOperator
        if (said[subtask] === 'more') said[subtask] = source.poll()
        source.advanceWatermark()
      })
    return said
  }

  /** Lets the watermark pass through all subtasks, as often as they ask for. Returns how often they did. */
  watermark(timestampMs: number): number {
    let pauses = 0
    for (const { operator } of this.subtasks) while (!operator.processWatermark(timestampMs)) pauses++
    return pauses
  }

  idle(idle: boolean): void {
    for (const { operator } of this.subtasks) operator.processIdle(idle)
  }

  /** Moves the wall clock; subtasks that asked to be woken are, at the time they asked for. */
  advance(ms: number): void {
    const end = this.clock.now() + ms
    for (;;) {
      const next = Math.min(...this.subtasks.map(({ wakeAtMs }) => wakeAtMs))
      if (next > end) break
      this.clock.advance(Math.max(0, next - this.clock.now()))
      for (const subtask of this.subtasks) {
        if (subtask.wakeAtMs > next) continue
        subtask.wakeAtMs = Number.POSITIVE_INFINITY
        subtask.operator.processTime?.(this.clock.now())
      }
    }
    this.clock.advance(end - this.clock.now())
  }

  /** A checkpoint of all subtasks, through JSON as it would travel. */
  async checkpoint(how: 'complete' | 'abort' | 'unknown' = 'complete'): Promise<Manifest> {
    const checkpointId = ++this.#checkpointId
    const pending = this.subtasks.map(({ operator }) => operator.snapshot?.(checkpointId))
    const acks = new Map<string, SubtaskSnapshot>()
    const empty = { alignmentMs: 0, syncMs: 0, asyncMs: 0, bytes: 0 }
    for (const vertex of this.plan.vertices)
      for (let subtask = 0; subtask < vertex.parallelism; subtask++) {
        const own = vertex.id === this.#vertex ? await pending[subtask] : undefined
        const operators = vertex.operators.map(({ node, uid }) => (own?.node === node ? own : { node, uid, runs: [] }))
        acks.set(subtaskKey(vertex.id, subtask), { ...empty, operators })
      }
    const { plan } = this
    const kind = 'checkpoint'
    const made = buildManifest({ jobId: 'job', checkpointId, kind, epoch: this.#epoch, timeMs: 0, plan, acks })
    const manifest = JSON.parse(JSON.stringify(made)) as Manifest
    if (how === 'abort') for (const { operator } of this.subtasks) operator.notifyCheckpointAborted?.(checkpointId)
    else {
      this.#manifest = manifest
      this.#from = this.#root
    }
    if (how === 'complete')
      for (const { operator } of this.subtasks) await operator.notifyCheckpointComplete?.(checkpointId)
    return manifest
  }

  /** A savepoint of all subtasks in a directory that is not there yet. */
  async savepoint(target: string): Promise<Snapshot> {
    return writeSavepoint(openStorage(this.#root), await this.checkpoint(), target)
  }

  /** Starts from a snapshot of another job: a checkpoint is taken of that one, which goes on. */
  async startFrom(other: OperatorHarness, parallelism = 1): Promise<this> {
    this.#manifest = { ...(await other.checkpoint()), kind: 'savepoint' }
    this.#from = other.#root
    this.#checkpointId = this.#manifest.checkpointId
    return this.start(parallelism)
  }

  /** Checkpoint, then everything anew from it. */
  async restart(parallelism = this.subtasks.length): Promise<this> {
    await this.checkpoint()
    return this.start(parallelism)
  }

  /** Batches of rows; lent to `use`. */
  encode(part: Part, use: (batch: RecordBatch, from: number) => void, input = 0): void {
    const keyed = this.#keyed[input] as KeyedInput | undefined
    const computed = keyed?.selector.kind === 'function'
    const records = computed
      ? part.records.map((record, i) => ({ ...(record as object), $key: part.keys?.[i] }))
      : part.records
    const declared = keyed?.edge.schema ?? this.#inputSchema(input)
    const schema = declared && internSchema(computed ? { ...declared, record: 'object' } : declared)
    const hashes = part.keys && Int32Array.from(part.keys, hashValue)
    const timestamps = part.timestamps && Float64Array.from(part.timestamps)
    for (let from = 0; from < records.length; ) {
      const to = Math.min(records.length, from + maxBatchRows)
      const encoded = encodeRows(this.arena, owner, schema, records, from, to, timestamps, hashes)
      if (encoded === undefined) throw new Error('no segment is free')
      try {
        use(computed ? hideKey(encoded.batch) : encoded.batch, from)
      } finally {
        encoded.batch.release()
      }
      from += encoded.consumed
    }
  }

  /** Ends all subtasks. Throws when one left something in the arena. */
  async close(): Promise<void> {
    for (const { operator } of this.subtasks) await operator.close()
    this.subtasks = []
    rmSync(this.#root, { recursive: true, force: true })
    const { usedBytes } = this.arena
    if (usedBytes !== 0) throw new Error(`${usedBytes} bytes of the arena are still held`)
  }

  #inputSchema(input: number): Schema | undefined {
    const edges: readonly (EdgePlan | undefined)[] = this.plan.edges.filter((edge) => edge.to.vertex === this.#vertex)
    const edge = edges[input]
    if (edge?.schema !== undefined) return edge.schema
    return this.plan.vertices[edge?.from.vertex ?? 0].operators.find(({ kind }) => kind === 'source')?.schema
  }

  #poison(metrics: OperatorMetrics, error: unknown, record: unknown, timestampMs: number | undefined): void {
    this.poisoned.push({ error, record, timestampMs })
    if (this.node.onError === 'fail') throw error
    metrics.errorsSkipped++
  }

  #route(records: readonly unknown[], push: Push, use: (subtask: Subtask, part: Part) => void): void {
    const { timestamps, input = 0 } = push
    const { selector } = (this.#keyed[input] as KeyedInput | undefined) ?? {}
    if (selector === undefined) {
      use(this.subtasks[0], { records, timestamps, keys: undefined })
      return
    }
    const keys = records.map((record) => keyOf(selector, record))
    if (this.subtasks.length === 1) {
      use(this.subtasks[0], { records, timestamps, keys })
      return
    }
    const rows = this.subtasks.map((): number[] => [])
    keys.forEach((key, i) => {
      rows[((hashValue(key) >>> 16) * rows.length) >>> 16].push(i)
    })
    rows.forEach((mine, subtask) => {
      if (mine.length === 0) return
      const pick = <V>(values: readonly V[]): V[] => mine.map((i) => values[i])
      use(this.subtasks[subtask], {
        records: pick(records),
        timestamps: timestamps && pick(timestamps),
        keys: pick(keys),
      })
    })
  }
}

export interface Part {
  readonly records: readonly unknown[]
  readonly timestamps: readonly number[] | undefined
  readonly keys: readonly unknown[] | undefined
}

/** The key of a record as the exchange computes it. */
export function keyOf(selector: KeySelector, record: unknown): unknown {
  if (selector.kind === 'function') return selector.select(record)
  const { fields, single } = selector
  const row = record as Record<string, unknown>
  return single ? row[fields[0]] : Object.fromEntries(fields.map((field) => [field, row[field]]))
}

const noSource: Source<unknown> = {
  kind: 'source',
  name: 'input',
  bounded: true,
  discoverSplits: () => [],
  owner: () => 0,
  createReader: () => ({ addSplits: () => undefined, poll: () => 'end', snapshot: () => [], close: () => undefined }),
}

/** A sink to end a job with. */
export const nowhere: Sink<unknown> = {
  kind: 'sink',
  name: 'nowhere',
  guarantee: 'none',
  createWriter: () => ({ write: () => undefined, close: () => undefined }),
}
