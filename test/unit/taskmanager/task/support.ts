/** Two subtasks for tests, a source and what reads it, of operators that note what happens to them. */
import { Arena } from '../../../../core/arena/arena.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import type { OperatorSnapshot } from '../../../../proto/checkpoint/manifest.ts'
import type { VertexPlan } from '../../../../proto/jobgraph/plan.ts'
import { createRouter } from '../../../../taskmanager/network/create-router.ts'
import { EdgeWriter } from '../../../../taskmanager/network/edge-writer.ts'
import { LocalChannel } from '../../../../taskmanager/network/local.ts'
import type { Operator } from '../../../../taskmanager/operators/operator.ts'
import { Chain } from '../../../../taskmanager/task/chain.ts'
import { InputGate } from '../../../../taskmanager/task/input-gate.ts'
import { Task } from '../../../../taskmanager/task/task.ts'
import type { TaskEvents } from '../../../../taskmanager/task/task-options.ts'
import { type Outputs, SourceHead } from '../../../support/source-head.ts'

const vertex: VertexPlan = {
  id: 0,
  name: 'v',
  parallelism: 1,
  operators: [{ node: 0, uid: 'v', name: 'v', kind: 'map', state: [], onError: 'fail' }],
}
const snapshotOf = (uid: string): OperatorSnapshot => ({ node: 0, uid, runs: [] })

/** Emits one number per poll; ends after `count`, waits while `paused`. */
export class Counting extends SourceHead {
  next = 0
  paused = false
  watermarks = 0
  readonly count: number
  readonly #log: string[]

  constructor(count: number, log: string[], outputs: Outputs) {
    super(outputs)
    this.count = count
    this.#log = log
  }

  poll(): 'more' | 'idle' | 'end' {
    if (this.next >= this.count) return 'end'
    if (this.paused) return 'idle'
    this.outputs.output.rows({ rows: [this.next], count: 1, timestamps: Float64Array.of(this.next) })
    this.next++
    return 'more'
  }

  advanceWatermark(): void {
    this.watermarks++
    if (this.next > 0) this.outputs.output.watermark(this.next - 1)
  }

  finish(): void {
    this.#log.push('source finish')
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    this.#log.push(`source snapshot ${checkpointId} at ${this.next}`)
    return snapshotOf('source')
  }

  close(): void {
    this.#log.push('source close')
  }
}

/** The last operator. */
export class Noting implements Operator {
  readonly log: string[]
  isReady = true
  /** Watermarks are taken in so many calls. */
  slices = 1
  snapshotFails = false
  commit: Promise<void> | undefined
  finishing: Promise<void> | undefined
  rows: unknown[] = []
  #left = 0

  constructor(log: string[]) {
    this.log = log
  }

  ready(): boolean {
    return this.isReady
  }
  processBatch(): void {
    throw new Error('rows pass as they are inside a slot')
  }
  processRows(rows: { rows: readonly unknown[]; count: number }): void {
    this.rows.push(...rows.rows.slice(0, rows.count))
    this.log.push(`row ${rows.rows.slice(0, rows.count).join(' ')}`)
  }
  processWatermark(timestampMs: number): boolean {
    if (this.#left === 0) this.#left = this.slices
    this.#left--
    this.log.push(`watermark ${timestampMs}`)
    return this.#left === 0
  }
  processIdle(idle: boolean): void {
    this.log.push(`idle ${idle}`)
  }
  processTime(nowMs: number): void {
    this.log.push(`time ${nowMs}`)
  }
  finish(): Promise<void> | undefined {
    this.log.push('finish')
    return this.finishing
  }
  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    if (this.snapshotFails) throw new Error('no space left')
    this.log.push(`snapshot ${checkpointId}`)
    return snapshotOf('sink')
  }
  notifyCheckpointComplete(checkpointId: number): Promise<void> | undefined {
    this.log.push(`complete ${checkpointId}`)
    return this.commit
  }
  close(): void {
    this.log.push('close')
  }
}

export interface Pair {
  readonly clock: ManualClock
  readonly log: string[]
  readonly source: Counting
  readonly sink: Noting
  readonly sourceTask: Task
  readonly sinkTask: Task
  readonly failures: unknown[]
  /** Steps both until neither works. */
  run(): void
}

export function pair(
  count: number,
  options: { awaitsDrain?: boolean; wake?: () => void; capacity?: number; acknowledging?: () => void } = {},
): Pair {
  const clock = new ManualClock(1_000_000)
  const log: string[] = []
  const failures: unknown[] = []
  const arena = Arena.create({ bytes: 1 << 20, segmentBytes: 64 * 1024, largeSegments: 0 })
  const channel = new LocalChannel(arena, undefined, options.capacity ?? 8)
  const monotonic = (): number => clock.monotonic()
  const writer = new EdgeWriter({
    arena,
    schema: undefined,
    channels: [channel],
    router: createRouter({ kind: 'turns' }, 1),
    bufferTimeoutMs: 5,
    flushRows: 1,
    monotonic,
  })
  const events = (name: string): TaskEvents => ({
    inputEnded: () => void log.push(`${name} ended`),
    finished: () => void log.push(`${name} finished`),
    acknowledge: (id, { finished }) => {
      options.acknowledging?.()
      log.push(`${name} ack ${id}${finished ? ' finished' : ''}`)
    },
    decline: (id, reason) => void log.push(`${name} decline ${id}: ${reason}`),
    failed: (error) => void failures.push(error),
    wake: () => options.wake?.(),
  })
  let source: Counting | undefined
  const head = Chain.build(vertex, [{ operator: 0, output: '', writer }], (_, outputs) => {
    source = new Counting(count, log, outputs)
    return source
  })
  const sink = new Noting(log)
  const tail = Chain.build(vertex, [], () => sink)
  const common = { subtask: 0, names: ['v'], node: 0, metrics: [], monotonic }
  const sourceTask = new Task({
    ...common,
    vertex: 0,
    chain: head,
    gate: undefined,
    source,
    awaitsDrain: options.awaitsDrain ?? false,
    writers: [writer],
    events: events('source'),
  })
  const sinkTask = new Task({
    ...common,
    vertex: 1,
    chain: tail,
    gate: new InputGate([{ channel, input: 0, name: 'source', computedKey: false }], monotonic),
    source: undefined,
    awaitsDrain: options.awaitsDrain ?? false,
    writers: [],
    events: events('sink'),
  })
  const run = (): void => {
    for (let worked = true; worked; ) {
      worked = false
      for (const task of [sinkTask, sourceTask]) if (task.step(clock.monotonic()) === 'worked') worked = true
      if (sourceTask.flush()) worked = true
    }
  }
  return { clock, log, source: source as Counting, sink, sourceTask, sinkTask, failures, run }
}
