/**
 * The last operator of a chain: gives records to a sink's writer and carries its committables through checkpoints.
 * What was prepared for a checkpoint that did not complete goes into the next one, and everything that a checkpoint holds
 * is committed again after a restore: `commit` is idempotent by contract.
 */
import { inBackground, withTimeout } from '../../core/async/index.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { passPoint } from '../../core/fault-orders.ts'
import { faulty } from '../../core/faults.ts'
import { createLogger } from '../../core/log.ts'
import { systemClock } from '../../core/platform/clock.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { Sink, SinkContext, SinkWriter } from '../../sdk/sink.ts'
import { checkpointIntervalMs } from './checkpoint-times.ts'
import { type Operator, type OperatorContext, type RowBatch, type Selection, setWaiting } from './operator.ts'
import { RowMaterialiser, timestampsOf } from './rows.ts'

const sinkLog = createLogger('sink')
/** How long a commit that has begun may hold up the end of an attempt. */
const closingCommitMs = 1000
/** How long what counts may hold up the end of the job, and then what does not. */
const lastCommitMs = 3000
const discardMs = 2000

const noTimes = new Float64Array(0)

export class SinkOperator implements Operator {
  readonly #context: OperatorContext
  readonly #sink: Sink<unknown>
  readonly #sinkContext: SinkContext
  readonly #writer: SinkWriter<unknown>
  readonly skip: ((count: number) => void) | undefined
  readonly #rows = new RowMaterialiser(undefined)
  /** What is not known to be committed, by the checkpoint that prepared it, oldest first. */
  readonly #pending: { checkpointId: number; prepared: Promise<readonly unknown[]> }[] = []
  #restored: readonly unknown[]
  #opening: Promise<void> | undefined
  /** Commits run one after another, in the order of their checkpoints. */
  #committing: Promise<void> = Promise.resolve()

  constructor(context: OperatorContext, sink: Sink<unknown>) {
    this.#context = context
    this.#sink = sink
    const uid = context.operator.uid
    this.#sinkContext = {
      jobId: context.jobId,
      uid,
      subtask: context.subtask,
      parallelism: context.parallelism,
      wake: () => context.wake(),
      now: () => context.now(),
      waiting: (what) => setWaiting(context.metrics, what, context.now()),
      print: (line) => context.print(uid, [line]),
      deliver: (sequence, records) => context.deliver(uid, sequence, records),
      checkpointing: context.checkpointRoot !== undefined,
      checkpointIntervalMs: checkpointIntervalMs(context.options),
    }
    this.#restored = context.restored?.committables ?? []
    this.#writer = sink.createWriter(this.#sinkContext, context.restored?.ownOperatorState ?? [])
    if (this.#writer.discards) {
      this.skip = (count) => {
        context.metrics.recordsIn += count
        this.#writer.skip?.(count)
      }
    }
  }

  async open(): Promise<void> {
    this.#opening = this.#commitRestored()
    await this.#opening
  }

  ready(): boolean {
    return this.#writer.ready?.() ?? true
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    if (this.skip !== undefined) return this.skip(count)
    this.#context.metrics.recordsIn += count
    const rows = this.#rows.read(batch, selection)
    rows.length = count
    this.#writer.write(rows, timestampsOf(batch, selection) ?? noTimes)
  }

  processRows(batch: RowBatch): void {
    if (this.skip !== undefined) return this.skip(batch.count)
    this.#context.metrics.recordsIn += batch.count
    const rows = batch.rows.length === batch.count ? batch.rows : batch.rows.slice(0, batch.count)
    this.#writer.write(rows, batch.timestamps ?? noTimes)
  }

  processWatermark(): boolean {
    return true
  }

  processIdle(): void {
    // Nothing reads the time after a sink.
  }

  async finish(): Promise<void> {
    if (this.#sinkContext.checkpointing) return
    this.#prepare(Number.POSITIVE_INFINITY)
    await this.#commitUpTo(Number.POSITIVE_INFINITY)
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    passPoint('prepare')
    this.#prepare(checkpointId)
    const operatorState = this.#writer.snapshot?.(checkpointId) ?? []
    // Those of checkpoints that did not complete go into this one; those that are committed meanwhile may.
    const pending = await Promise.all(this.#pending.map(({ prepared }) => prepared))
    if (faulty('commit-early')) await this.#commitUpTo(checkpointId)
    return {
      node: this.#context.operator.node,
      uid: this.#context.operator.uid,
      runs: [],
      operatorState,
      splits: [],
      committables: pending.flat(),
    }
  }

  notifyCheckpointComplete(checkpointId: number): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitUpTo(checkpointId))
    return this.#committing
  }

  resultsRead(next: number): void {
    this.#writer.delivered?.(next)
  }

  get wantsVerdict(): boolean {
    return this.#sinkContext.checkpointing && this.#writer.discard !== undefined
  }

  async settle(newest: number): Promise<void> {
    try {
      await withTimeout(systemClock, this.#commitLast(newest), lastCommitMs, 'last commit of a sink')
    } catch (error) {
      const { uid, subtask } = this.#sinkContext
      const reason = (error as Error).message
      sinkLog.warn(
        { uid, subtask, checkpointId: newest, reason },
        'what the newest snapshot holds was not committed at the end of the job: a run from it does that',
      )
    }
    try {
      await withTimeout(systemClock, this.#discard(newest), discardMs * 2, 'discard of a sink')
    } catch (error) {
      const { uid, subtask } = this.#sinkContext
      sinkLog.warn({ uid, subtask, reason: (error as Error).message }, 'what is in no snapshot could not be dropped')
    }
  }

  async #discard(newest: number): Promise<void> {
    await this.#writer.discard?.(newest, discardMs)
  }

  async #commitLast(newest: number): Promise<void> {
    // One that failed is tried again.
    await this.#opening?.catch(() => undefined)
    await this.#commitRestored()
    this.#committing = this.#committing.catch(() => undefined).then(() => this.#commitUpTo(newest))
    await this.#committing
  }

  async #commitRestored(): Promise<void> {
    if (this.#restored.length > 0) await this.#sink.commit?.(this.#restored, this.#sinkContext)
    this.#restored = []
  }

  async close(): Promise<void> {
    // What a complete checkpoint holds counts: nobody would ask for it again where the job is cancelled.
    const committed = withTimeout(systemClock, this.#committing, closingCommitMs, 'commit while closing')
    await committed.catch((error: unknown) => {
      sinkLog.debug({ reason: (error as Error).message }, 'closed before the commit was done: a restore does it')
    })
    await this.#writer.close()
    passPoint('close')
  }

  #prepare(checkpointId: number): void {
    const committables = this.#writer.prepareCommit?.(checkpointId) ?? []
    if (!(committables instanceof Promise) && committables.length === 0) return
    const prepared = Promise.resolve(committables)
    this.#pending.push({ checkpointId, prepared })
    // Every snapshot waits for it and fails with it; until then nobody does.
    inBackground(prepared, () => undefined)
  }

  /** What is committed is forgotten only when the commit has succeeded. */
  async #commitUpTo(checkpointId: number): Promise<void> {
    while (this.#pending.length > 0 && this.#pending[0].checkpointId <= checkpointId) {
      const committables = await this.#pending[0].prepared
      passPoint('commit')
      if (committables.length > 0) await this.#sink.commit?.(committables, this.#sinkContext)
      this.#pending.shift()
    }
  }
}
