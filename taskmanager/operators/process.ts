/**
 * process: the user's own logic per record, with keyed state and timers. One context object serves all records; its key
 * and state stand for the record at hand. State access is synchronous.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { Emit, TimerContext } from '../../sdk/functions.ts'
import type { NodeBase, OnElement, ProcessBody } from '../../sdk/graph/nodes.ts'
import type { KeyedStateBackend, TimerStore } from '../state/api.ts'
import { createKeyedStateBackend } from '../state/backend.ts'
import { operatorErrors } from './errors.ts'
import { keyedRows, stateOptions } from './keyed.ts'
import type { Operator, OperatorContext, RowBatch, Selection } from './operator.ts'
import { outputCheck } from './output-check.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { type CurrentKey, stateFacades } from './state-facades.ts'
import {
  forwardIdle,
  forwardWatermark,
  guarded,
  type LoopCursor,
  promiseRefusal,
  type RefusePromise,
} from './stateless.ts'

/** What is declared of it. */
type ProcessNode = ProcessBody & Pick<NodeBase, 'reads' | 'type' | 'sides' | 'inputs'>

interface Input {
  readonly onElement: OnElement
  readonly records: RowMaterialiser
}

/** Timers that fire before the outputs are looked at again. */
const timersPerSlice = 1024

export class ProcessOperator implements Operator {
  readonly #context: OperatorContext
  readonly #body: ProcessNode
  /** What is done with the records of each input, by its number. */
  readonly #inputs: readonly Input[]
  readonly #out = new RowBuffer()
  readonly #sides = new Map<string, SideBuffer>()
  readonly #backend: KeyedStateBackend | undefined
  readonly #timers: TimerStore | undefined
  readonly #cursor: LoopCursor = { at: 0 }
  readonly #current: CurrentKey = { id: -1 }
  readonly #user: MutableContext
  readonly #emit: Emit<unknown>
  readonly #refusePromise: RefusePromise
  /** Number of the record or timer at hand. */
  #turn = 0
  #timestamp = Number.NaN
  #watermark = Number.NEGATIVE_INFINITY

  constructor(context: OperatorContext, body: ProcessNode) {
    this.#context = context
    this.#body = body
    const first: Input = { onElement: body.onElement, records: new RowMaterialiser(body.reads) }
    const { second } = body
    const other = second && { onElement: second.onElement, records: new RowMaterialiser(second.reads) }
    this.#inputs = body.inputs.map((input) => (input.second && other) || first)
    const check = outputCheck(body.type)
    this.#emit = (record) => {
      check?.(record)
      this.#out.push(record, this.#timestamp)
    }
    this.#refusePromise = promiseRefusal(context)
    if (body.keyed) {
      this.#backend = createKeyedStateBackend(stateOptions(context))
      this.#timers = this.#backend.timers('timers')
    }
    this.#user = this.#createUserContext()
  }

  async open(): Promise<void> {
    await this.#backend?.open()
    this.#armProcessingTimer()
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined, input: number): void {
    const { onElement, records } = this.#inputs[input]
    const count = selection?.count ?? batch.rowCount
    const ids = this.#backend?.resolve(batch, selection?.rows, count)
    const rows = records.read(batch, selection)
    this.#run(onElement, rows, count, timestampsOf(batch, selection), ids, (row) => records.whole(row))
  }

  processRows(batch: RowBatch, input: number): void {
    const { onElement } = this.#inputs[input]
    const ids = this.#backend?.resolveRows(keyedRows(batch), batch.count)
    this.#run(onElement, batch.rows, batch.count, batch.timestamps, ids, (row) => batch.rows[row])
  }

  processWatermark(timestampMs: number): boolean {
    this.#watermark = timestampMs
    const more = this.#fire('event', timestampMs)
    if (more) return false
    forwardWatermark(this.#context, timestampMs)
    return true
  }

  processIdle(idle: boolean): void {
    forwardIdle(this.#context, idle)
  }

  processTime(nowMs: number): void {
    // What is left of a long slice is due again at once.
    if (this.#fire('processing', nowMs)) this.#context.wakeAt(nowMs)
    else this.#armProcessingTimer()
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    const state = this.#backend?.snapshot(checkpointId)
    const { node, uid } = this.#context.operator
    return { node, uid, runs: (await state?.result) ?? [], operatorState: [], splits: [], committables: [] }
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#backend?.notifyCheckpointComplete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#backend?.notifyCheckpointAborted(checkpointId)
  }

  close(): void {
    this.#backend?.close()
  }

  #run(
    onElement: OnElement,
    rows: readonly unknown[],
    count: number,
    timestamps: Float64Array | undefined,
    ids: Int32Array | undefined,
    recordAt: (row: number) => unknown,
  ): void {
    this.#context.metrics.recordsIn += count
    guarded(
      this.#context,
      this.#cursor,
      count,
      (from) => this.#loop(onElement, rows, timestamps, ids, from, count),
      recordAt,
      timestamps,
    )
    if (ids !== undefined) this.#backend?.releaseUnused(ids, count)
    this.#flush()
    this.#armProcessingTimer()
  }

  #loop(
    onElement: OnElement,
    rows: readonly unknown[],
    timestamps: Float64Array | undefined,
    ids: Int32Array | undefined,
    from: number,
    to: number,
  ): void {
    const user = this.#user
    const cursor = this.#cursor
    const emit = this.#emit
    const current = this.#current
    const out = this.#out
    let whole = out.count
    try {
      for (let i = from; i < to; i++) {
        cursor.at = i
        this.#turn++
        const timestamp = timestamps === undefined ? Number.NaN : timestamps[i]
        this.#timestamp = timestamp
        user.timestamp = timestamp === timestamp ? timestamp : undefined
        if (ids !== undefined) current.id = ids[i]
        const result: unknown = onElement(rows[i], user as never, emit)
        if (i === from) this.#refusePromise(result)
        whole = out.count
      }
      this.#turn++
    } finally {
      this.#takeBack(whole)
    }
  }

  #fire(domain: 'event' | 'processing', toMs: number): boolean {
    const timers = this.#timers
    const { onTimer } = this.#body
    if (timers === undefined || timers.next(domain) > toMs) return false
    const user = this.#user
    const more = timers.advance(domain, toMs, timersPerSlice, (id, timestampMs) => {
      this.#current.id = id
      this.#turn++
      this.#timestamp = domain === 'event' ? timestampMs : Number.NaN
      user.timestamp = timestampMs
      user.timeDomain = domain
      const whole = this.#out.count
      try {
        onTimer?.(timestampMs, user as unknown as TimerContext<unknown, unknown>, this.#emit)
      } catch (error) {
        this.#takeBack(whole)
        this.#context.poison(error, { key: this.#backend?.keyOf(id), timer: timestampMs }, timestampMs)
      }
    })
    this.#flush()
    return more
  }

  #flush(): void {
    this.#context.metrics.recordsOut += this.#out.count
    this.#out.flush(this.#context.output)
    for (const [tag, buffer] of this.#sides) {
      const side = this.#context.sides.get(tag)
      if (side !== undefined) buffer.flush(side)
    }
  }

  #armProcessingTimer(): void {
    const next = this.#timers?.next('processing') ?? Number.POSITIVE_INFINITY
    if (next !== Number.POSITIVE_INFINITY) this.#context.wakeAt(next)
  }

  #createUserContext(): MutableContext {
    const operator = this
    const backend = this.#backend
    const timers = this.#timers
    const current = this.#current
    const register = (domain: 'event' | 'processing', timestampMs: number): void => {
      if (timers === undefined) throw operatorErrors.create('NO_TIMERS', {})
      if (typeof timestampMs !== 'number' || Number.isNaN(timestampMs))
        throw operatorErrors.create('BAD_TIMER', { value: String(timestampMs) })
      timers.register(domain, current.id, timestampMs)
    }
    return {
      timestamp: undefined,
      timeDomain: 'event',
      get key() {
        return backend?.keyOf(current.id)
      },
      state: backend === undefined ? {} : stateFacades(backend, this.#body.state, current),
      timers: {
        get watermark() {
          return operator.#watermark
        },
        get now() {
          return operator.#context.now()
        },
        at: (timestampMs) => register('event', timestampMs),
        cancel: (timestampMs) => timers?.cancel('event', current.id, timestampMs),
        atProcessingTime: (timestampMs) => register('processing', timestampMs),
        cancelProcessingTime: (timestampMs) => timers?.cancel('processing', current.id, timestampMs),
      },
      side: (tag, record) => this.#side(tag, record),
    }
  }

  #side(tag: string, record: unknown): void {
    // A side output that nobody reads costs nothing.
    if (!this.#context.sides.has(tag)) return
    let buffer = this.#sides.get(tag)
    if (buffer === undefined) {
      buffer = new SideBuffer(outputCheck(this.#body.sides?.[tag]))
      this.#sides.set(tag, buffer)
    }
    buffer.check?.(record)
    if (buffer.turn !== this.#turn) {
      buffer.turn = this.#turn
      buffer.whole = buffer.count
    }
    buffer.push(record, this.#timestamp)
  }

  /** What the record at hand has emitted, when it was refused half-way. */
  #takeBack(whole: number): void {
    this.#out.truncate(whole)
    for (const side of this.#sides.values()) if (side.turn === this.#turn) side.truncate(side.whole)
  }
}

class SideBuffer extends RowBuffer {
  /** Of the declared type of its records. */
  readonly check: ((record: unknown) => void) | undefined
  /** The last record that emitted here, and the records before it. */
  turn = -1
  whole = 0

  constructor(check: ((record: unknown) => void) | undefined) {
    super()
    this.check = check
  }
}

type MutableContext = {
  -readonly [K in keyof TimerContext<unknown, unknown>]:
    | TimerContext<unknown, unknown>[K]
    | (K extends 'timestamp' ? undefined : never)
}
