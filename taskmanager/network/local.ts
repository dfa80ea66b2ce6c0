/**
 * The channel between two subtasks of one slot: a bounded queue. Batches pass as views and rows as the objects they are;
 * nothing is encoded or copied but the numbers of selected rows.
 *
 * Concurrency: one thread. Bounded by items and by rows, so that objects that wait never outgrow a few batches.
 */
import type { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { openBatch } from '../../core/columns/open.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import type { InputChannel, InputFrame, LocalOutput, OutputChannel } from './channel.ts'
import { emptyFrame } from './channel.ts'
import { wireSchema } from './computed-key.ts'
import { unloadRows } from './edge-writer.ts'
import type { FrameKind } from './frame.ts'
import { frameKind } from './frame.ts'
import { PendingRows } from './pending-rows.ts'
import { Selections } from './selections.ts'

const rowsMax = 16384
const controlMax = 64

export class LocalChannel implements OutputChannel, InputChannel, LocalOutput {
  readonly local = this
  readonly #arena: Arena
  readonly #schema: Schema | undefined
  readonly #capacity: number
  readonly #queue: InputFrame[] = []
  readonly #selections = new Selections()
  /** Selection of the frame that was taken last: the receiver is done with it at the next call. */
  #lent: Int32Array | undefined
  #rows = 0
  #data = 0

  constructor(arena: Arena, schema: Schema | undefined, capacity: number) {
    this.#arena = arena
    this.#schema = schema && wireSchema(schema)
    this.#capacity = capacity
  }

  room(): number {
    return this.#rows >= rowsMax ? 0 : this.#capacity - this.#data
  }

  sendBatch(segment: number): void {
    this.#put(
      frameKind.batch,
      0,
      0,
      openBatch(this.#arena, segment, this.#schema, this.#arena.owner, true),
      undefined,
      undefined,
    )
  }

  sendView(batch: RecordBatch, selection: Selection | undefined): void {
    const kept = selection && { rows: this.#selections.copy(selection.rows, selection.count), count: selection.count }
    this.#put(frameKind.batch, 0, 0, batch.retain(), kept, undefined)
  }

  sendRows(rows: RowBatch): void {
    this.#put(frameKind.batch, 0, 0, undefined, undefined, rows)
  }

  sendControl(kind: FrameKind, detail: number, value: number): boolean {
    const queue = this.#queue
    const last = queue[queue.length - 1]
    if (kind === frameKind.watermark && last?.kind === frameKind.watermark) {
      last.value = value
      return true
    }
    if (queue.length - this.#data >= controlMax && kind !== frameKind.barrier && kind !== frameKind.end) return false
    this.#put(kind, detail, value, undefined, undefined, undefined)
    return true
  }

  ready(): boolean {
    return this.#queue.length > 0
  }

  take(): InputFrame | undefined {
    if (this.#lent !== undefined) this.#selections.giveBack(this.#lent)
    const frame = this.#queue.shift()
    this.#lent = frame?.selection?.rows
    if (frame !== undefined && frame.kind === frameKind.batch) {
      this.#data--
      this.#rows -= rowsOf(frame)
    }
    return frame
  }

  spill(): void {
    for (const frame of this.#queue) {
      const { batch, selection } = frame
      if (batch?.segments.some((segment) => this.#arena.isLarge(segment)) !== true) continue
      const rows = new PendingRows()
      unloadRows(batch, selection?.rows, selection?.count ?? batch.rowCount, rows)
      batch.release()
      if (selection !== undefined) this.#selections.giveBack(selection.rows)
      frame.batch = undefined
      frame.selection = undefined
      frame.rows = rows
    }
  }

  close(): void {
    for (const frame of this.#queue) frame.batch?.release()
    this.#queue.length = 0
    this.#data = 0
    this.#rows = 0
  }

  #put(
    kind: FrameKind,
    detail: number,
    value: number,
    batch: RecordBatch | undefined,
    selection: Selection | undefined,
    rows: RowBatch | undefined,
  ): void {
    const frame = emptyFrame()
    frame.kind = kind
    frame.detail = detail
    frame.value = value
    frame.batch = batch
    frame.selection = selection
    frame.rows = rows
    this.#queue.push(frame)
    if (kind === frameKind.batch) {
      this.#data++
      this.#rows += rowsOf(frame)
    }
  }
}

function rowsOf(frame: InputFrame): number {
  return frame.rows?.count ?? frame.selection?.count ?? frame.batch?.rowCount ?? 0
}
