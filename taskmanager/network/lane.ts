/**
 * What an edge still has to send through one channel: groups of selected rows of retained batches, plain records, and
 * control frames, in order. A flush makes each group one contiguous batch and sends it; what finds no credit or no free
 * segment stays and is tried again. The newest watermark travels behind all data.
 *
 * Concurrency: one thread. What waits is bounded by one step's output plus the flush threshold, because the task is not
 * stepped while a lane is `urgent`.
 */

import type { Arena } from '../../core/arena/arena.ts'
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import type { GatherSource } from '../../core/columns/gather.ts'
import { contiguous, gather } from '../../core/columns/gather.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { OutputChannel } from './channel.ts'
import { withKeys } from './computed-key.ts'
import type { FrameKind } from './frame.ts'
import { frameKind } from './frame.ts'
import { PendingRows } from './pending-rows.ts'
import { Selections } from './selections.ts'

export interface LaneOptions {
  readonly arena: Arena
  /** Declared schema of the edge. */
  readonly schema: Schema | undefined
  /** Records travel with a computed key. */
  readonly computedKeys: boolean
}

interface ColumnsGroup {
  readonly kind: 'columns'
  readonly sources: GatherSource[]
  rows: number
}
interface RowsGroup {
  readonly kind: 'rows'
  readonly pending: PendingRows
  /** Rows before it are sent. */
  from: number
  /** The rows as they are encoded. */
  encodable: readonly unknown[] | undefined
}
interface Control {
  readonly kind: 'control'
  readonly frame: FrameKind
  readonly detail: number
  readonly value: number
}

export class Lane {
  readonly channel: OutputChannel
  readonly #options: LaneOptions
  readonly #queue: (ColumnsGroup | RowsGroup | Control)[] = []
  /** Rows that wait. */
  rows = 0
  /** What waits should go as soon as it can: the task makes no more until it is gone. */
  urgent = false
  /** Frames and batches that have gone out: who compares it knows whether something moved. */
  sent = 0
  /** What waits found no segment when it was tried last. */
  starved = false
  readonly #selections = new Selections()
  #watermark = Number.NaN

  constructor(channel: OutputChannel, options: LaneOptions) {
    this.channel = channel
    this.#options = options
  }

  get empty(): boolean {
    return this.#queue.length === 0 && this.#watermark !== this.#watermark
  }

  /** Rows of a batch for this channel. The batch is retained as long as it waits, and `selection` copied. */
  addColumns(batch: RecordBatch, selection: Int32Array | undefined, count: number): void {
    const { local } = this.channel
    if (local !== undefined && this.#queue.length === 0 && this.channel.room() > 0) {
      local.sendView(batch, selection && { rows: selection, count })
      this.sent++
      return
    }
    let group = this.#queue[this.#queue.length - 1]
    if (group?.kind !== 'columns' || group.sources[0].batch.schema !== batch.schema) {
      group = { kind: 'columns', sources: [], rows: 0 }
      this.#queue.push(group)
    }
    const kept = selection && this.#selections.copy(selection, count)
    group.sources.push({ batch: batch.retain(), selection: kept, count })
    group.rows += count
    this.rows += count
  }

  /**
   * The same for rows that make a whole flush, alone or with those that wait: they are gathered from the caller's batch and
   * selection at once, which saves keeping them. What cannot go now is kept.
   */
  sendColumns(batch: RecordBatch, selection: Int32Array | undefined, count: number): void {
    const { schema } = batch
    const waiting = this.#onlyGroup(schema)
    if (waiting === undefined && this.#queue.length > 0 && !this.flush())
      return this.addColumns(batch, selection, count)
    if (this.channel.local !== undefined || this.channel.room() <= 0) return this.addColumns(batch, selection, count)
    const describe = this.#describe(schema)
    if (waiting === undefined && selection === undefined && contiguous(batch, describe)) {
      this.#sendWhole(batch)
      return
    }
    const { arena } = this.#options
    const before = waiting?.rows ?? 0
    const sources = [...(waiting?.sources ?? []), { batch, selection, count }]
    const out = gather(arena, arena.owner, sources, schema, describe)
    if (out === undefined) return this.addColumns(batch, selection, count)
    this.#send(out.batch.segments[0])
    if (waiting !== undefined) {
      this.#drop(waiting, Math.min(out.consumed, before))
      if (waiting.rows === 0) this.#queue.shift()
    }
    const mine = Math.max(0, out.consumed - before)
    if (mine < count) this.sendColumns(batch, selection?.subarray(mine, count) ?? range(mine, count), count - mine)
  }

  /** Where to add plain records for this channel; count them with `added`. */
  rowsGroup(): PendingRows {
    let group = this.#queue[this.#queue.length - 1]
    if (group?.kind !== 'rows') {
      group = { kind: 'rows', pending: new PendingRows(), from: 0, encodable: undefined }
      this.#queue.push(group)
    }
    return group.pending
  }

  control(frame: FrameKind, detail: number, value: number): void {
    if (frame === frameKind.watermark) {
      this.#watermark = value
      if (this.#queue.length === 0) this.flush()
      return
    }
    this.#queueWatermark()
    this.#queue.push({ kind: 'control', frame, detail, value })
    if (!this.flush()) this.urgent = true
  }

  /** Sends what waits. False when some of it has to stay. */
  flush(): boolean {
    const queue = this.#queue
    this.starved = false
    while (queue.length > 0) {
      const head = queue[0]
      const done =
        head.kind === 'control'
          ? this.#sendControl(head)
          : head.kind === 'rows'
            ? this.#flushRows(head)
            : this.#flushColumns(head)
      if (!done) {
        this.urgent = true
        return false
      }
      queue.shift()
    }
    this.urgent = false
    // A watermark that finds no room is no reason to stop: a newer one may take its place.
    if (this.#watermark === this.#watermark && this.channel.sendControl(frameKind.watermark, 0, this.#watermark)) {
      this.#watermark = Number.NaN
      this.sent++
    }
    return true
  }

  /** Turns retained batches into plain records, so that their segments can serve others. For when there are no more. */
  unload(
    toRows: (batch: RecordBatch, selection: Int32Array | undefined, count: number, into: PendingRows) => void,
    concerns: (batch: RecordBatch) => boolean = () => true,
  ): void {
    for (let i = 0; i < this.#queue.length; i++) {
      const group = this.#queue[i]
      if (group.kind !== 'columns' || !group.sources.some(({ batch }) => concerns(batch))) continue
      const pending = new PendingRows()
      for (const source of group.sources) {
        toRows(source.batch, source.selection, source.count, pending)
        source.batch.release()
      }
      this.#queue[i] = { kind: 'rows', pending, from: 0, encodable: undefined }
    }
  }

  close(): void {
    for (const group of this.#queue)
      if (group.kind === 'columns') for (const source of group.sources) source.batch.release()
    this.#queue.length = 0
    this.rows = 0
    this.urgent = false
  }

  /** Its one segment alone: what is contiguous needs no pools any more. */
  #sendWhole({ arena, owner, segments }: RecordBatch): void {
    arena.retain(segments[0], owner)
    this.#send(segments[0])
  }

  #send(segment: number): void {
    this.channel.sendBatch(segment)
    this.sent++
  }

  #sendControl({ frame, detail, value }: Control): boolean {
    if (!this.channel.sendControl(frame, detail, value)) return false
    this.sent++
    return true
  }

  #queueWatermark(): void {
    if (this.#watermark !== this.#watermark) return
    this.#queue.push({ kind: 'control', frame: frameKind.watermark, detail: 0, value: this.#watermark })
    this.#watermark = Number.NaN
  }

  /** The columns that wait, when nothing else does. */
  #onlyGroup(schema: Schema): ColumnsGroup | undefined {
    const [only] = this.#queue
    return this.#queue.length === 1 && only.kind === 'columns' && only.sources[0].batch.schema === schema
      ? only
      : undefined
  }

  #describe(schema: Schema): boolean {
    return schema !== this.#options.schema
  }

  #flushColumns(group: ColumnsGroup): boolean {
    const { sources } = group
    const { local } = this.channel
    const { arena } = this.#options
    while (sources.length > 0) {
      if (this.channel.room() <= 0) return false
      const first = sources[0]
      if (local !== undefined) {
        local.sendView(first.batch, first.selection && { rows: first.selection, count: first.count })
        this.sent++
        this.#drop(group, first.count)
        continue
      }
      if (
        sources.length === 1 &&
        first.selection === undefined &&
        contiguous(first.batch, this.#describe(first.batch.schema))
      ) {
        this.#sendWhole(first.batch)
        this.#drop(group, first.count)
        continue
      }
      const { schema } = first.batch
      const out = gather(arena, arena.owner, sources, schema, this.#describe(schema))
      if (out === undefined) {
        this.starved = true
        return false
      }
      this.#send(out.batch.segments[0])
      this.#drop(group, out.consumed)
    }
    return true
  }

  /** Forgets the first `count` rows of a group. */
  #drop(group: ColumnsGroup, count: number): void {
    group.rows -= count
    this.rows -= count
    let left = count
    while (left > 0) {
      const first = group.sources[0]
      if (first.count > left) {
        const selection = first.selection?.subarray(left, first.count) ?? range(left, first.count)
        group.sources[0] = { batch: first.batch, selection, count: first.count - left }
        return
      }
      left -= first.count
      first.batch.release()
      if (first.selection !== undefined) this.#selections.giveBack(first.selection)
      group.sources.shift()
    }
  }

  #flushRows(group: RowsGroup): boolean {
    const { pending } = group
    const { local } = this.channel
    while (group.from < pending.count) {
      if (this.channel.room() <= 0) return false
      if (local !== undefined) {
        assert(group.from === 0, 'rows inside a slot pass whole')
        local.sendRows(pending)
        this.sent++
        this.rows -= pending.count
        group.from = pending.count
        continue
      }
      const sent = this.#encode(group)
      if (sent === 0) {
        this.starved = true
        return false
      }
      this.rows -= sent
      group.from += sent
    }
    return true
  }

  /** Sends rows of a group as one batch; the number of rows sent. */
  #encode(group: RowsGroup): number {
    const { pending, from } = group
    const { arena, schema, computedKeys } = this.#options
    group.encodable ??= computedKeys ? withKeys(pending.rows, pending.keys ?? []) : pending.rows
    const out = encodeRows(
      arena,
      arena.owner,
      schema,
      group.encodable,
      from,
      pending.count,
      pending.timestamps,
      pending.hashes,
    )
    if (out === undefined) return 0
    this.#send(out.batch.segments[0])
    return out.consumed
  }
}

function range(from: number, to: number): Int32Array {
  const rows = new Int32Array(to - from)
  for (let i = from; i < to; i++) rows[i - from] = i
  return rows
}
