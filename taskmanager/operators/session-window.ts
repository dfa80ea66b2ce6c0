/**
 * Session windows: per key, records closer than the gap share a session; a record may join two. A session fires when the
 * watermark passes its end, and is kept for the allowed lateness: a record that joins it then makes it fire again with all
 * its records, at once or when the watermark passes its new end. A record is late when the session it would make or join
 * ends before the watermark and the allowed lateness.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { WindowBody } from '../../sdk/graph/nodes.ts'
import type { SessionStore } from '../state/api.ts'
import { createSessionStore } from '../state/session-store.ts'
import { operatorErrors } from './errors.ts'
import { keyedRows, stateOptions } from './keyed.ts'
import { LateRecords } from './late-records.ts'
import { NumberCheck } from './number-check.ts'
import type { Operator, OperatorContext, RowBatch, Selection } from './operator.ts'
import { forwardIdle, forwardWatermark } from './stateless.ts'
import { WindowEmitter } from './window-emitter.ts'

export class SessionWindowOperator implements Operator {
  readonly #context: OperatorContext
  readonly #latenessMs: number
  readonly #store: SessionStore
  readonly #emitter: WindowEmitter
  readonly #late: LateRecords
  readonly #check: NumberCheck
  #watermark = Number.NEGATIVE_INFINITY

  constructor(context: OperatorContext, body: WindowBody & { assigner: { kind: 'session' } }) {
    this.#context = context
    this.#latenessMs = body.allowedLatenessMs
    if (body.aggregate.kind === 'functions' && body.aggregate.functions.merge === undefined)
      throw operatorErrors.create('SESSION_NEEDS_MERGE', {})
    for (const state of context.restored?.operatorState ?? []) {
      const { watermark } = state as { watermark: number | null }
      if (watermark !== null && watermark > this.#watermark) this.#watermark = watermark
    }
    this.#store = createSessionStore({
      ...stateOptions(context),
      name: context.operator.state[0]?.name ?? 'window',
      aggregate: body.aggregate,
      poison: (error, record, timestampMs) => context.poison(error, record, timestampMs),
      gapMs: body.assigner.gapMs,
      keepMs: this.#latenessMs,
      firedToMs: this.#watermark + 1,
    })
    this.#emitter = new WindowEmitter(context, body.aggregate)
    this.#late = new LateRecords(context, body.lateOutput)
    this.#check = new NumberCheck(context, body.aggregate.kind === 'declared' ? body.aggregate.aggregates : [])
  }

  open(): Promise<void> {
    return this.#store.open()
  }

  processBatch(batch: RecordBatch, given: Selection | undefined): void {
    this.#context.metrics.recordsIn += given?.count ?? batch.rowCount
    if (batch.timestamps === 0) {
      this.#late.refuseBatch(batch, given)
      return
    }
    const selection = this.#check.ofBatch(batch, given)
    const count = selection?.count ?? batch.rowCount
    const late = this.#late.rows(count)
    const lateCount = this.#store.add(batch, selection?.rows, count, this.#oldestEnd(), late)
    if (lateCount > 0) this.#late.emitBatch(batch, lateCount)
    this.#fireAgain()
  }

  processRows(given: RowBatch): void {
    this.#context.metrics.recordsIn += given.count
    const batch = given.timestamps === undefined ? given : this.#check.ofRows(given)
    if (batch.timestamps === undefined) {
      this.#late.refuseRows(batch)
      return
    }
    const late = this.#late.rows(batch.count)
    const rows = { ...keyedRows(batch), rows: batch.rows, timestamps: batch.timestamps }
    const lateCount = this.#store.addRows(rows, batch.count, this.#oldestEnd(), late)
    if (lateCount > 0) this.#late.emitRows(batch, lateCount)
    this.#fireAgain()
  }

  processWatermark(timestampMs: number): boolean {
    if (timestampMs > this.#watermark) this.#watermark = timestampMs
    if (!this.#fire()) return false
    forwardWatermark(this.#context, timestampMs)
    return true
  }

  processIdle(idle: boolean): void {
    forwardIdle(this.#context, idle)
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    const { result } = this.#store.snapshot(checkpointId)
    const { node, uid } = this.#context.operator
    // After the end of time nothing is kept, and who goes on from here has a time of its own.
    const watermark = Number.isFinite(this.#watermark) ? this.#watermark : null
    return { node, uid, runs: await result, operatorState: [{ watermark }], splits: [], committables: [] }
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#store.notifyCheckpointComplete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#store.notifyCheckpointAborted(checkpointId)
  }

  close(): void {
    this.#store.close()
  }

  #fire(): boolean {
    return this.#store.fire(this.#watermark + 1, (slice) => this.#emitter.emitSessions(slice))
  }

  /** Sessions that late records have joined. */
  #fireAgain(): void {
    if (this.#latenessMs === 0) return
    while (!this.#fire());
  }

  #oldestEnd(): number {
    return this.#watermark - this.#latenessMs + 1
  }
}
