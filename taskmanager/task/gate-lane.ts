/**
 * One channel as an input gate has it: its time, its barrier, and what is taken next. Frames come from the channel, or
 * from the backlog when a barrier has overtaken some: then the channel is emptied into the backlog until the barrier
 * shows (`record`, `divert`), and what stood before it is the channel's part of the checkpoint.
 *
 * Promises: frames keep their order; what is recorded is exactly what had not been given on when recording began.
 *
 * Concurrency: one thread.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { ChannelPart } from '../../proto/checkpoint/channels.ts'
import type { InputChannel } from '../network/channel.ts'
import { frameKind } from '../network/frame.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import { type FrameHolder, type HeldBatch, type HeldFrame, heldBatch, heldBytes, rangeOf } from './held-frames.ts'

export interface GateInput {
  /** Absent: everything is in the backlog. */
  readonly channel: InputChannel | undefined
  /** Index of the edge among the inputs of the vertex. */
  readonly input: number
  /** Names the producer subtask, for people. */
  readonly name: string
  /** Batches carry a computed key. */
  readonly computedKey: boolean
  /** Which channel it is in a checkpoint; absent: none can overtake here. */
  readonly place?: ChannelPlace | undefined
  /** Of a channel of a checkpoint: the rows that are this subtask's; undefined: all. */
  readonly select?: ((batch: RecordBatch) => Selection | undefined) | undefined
}

export interface ChannelPlace {
  readonly edge: number
  readonly from: number
  readonly producers: number
  readonly generation: number
  readonly parts: readonly ChannelPart[]
  readonly holder: FrameHolder
}

/** A channel's part of a checkpoint. The frames are complete when `done`. */
export interface Recording {
  readonly place: ChannelPlace
  readonly checkpointId: number
  readonly watermarkMs: number
  readonly idle: boolean
  readonly frames: HeldFrame[]
  done: boolean
}

/** What the gate gives on: a batch or rows, of which `batch` holds a reference, or a control frame. */
export type LaneFrame =
  | { readonly kind: 'batch'; readonly batch: RecordBatch; readonly selection: Selection | undefined }
  | { readonly kind: 'rows'; readonly rows: RowBatch }
  | Exclude<HeldFrame, HeldBatch>

interface Rest {
  /** Holds the one reference of its own. */
  readonly batch: RecordBatch | undefined
  readonly selection: Selection | undefined
  readonly rows: RowBatch | undefined
  readonly count: number
  at: number
}

export class GateLane {
  readonly source: GateInput
  watermark: number
  idle: boolean
  ended = false
  /** Barrier that stands at the head of the channel: nothing behind it is taken; 0: none. */
  barrier = 0
  /** The next frame found no segment: asking again may help. */
  starved = false
  #rest: Rest | undefined
  #backlog: HeldFrame[] = []
  #first = 0
  #bytes = 0
  recording: Recording | undefined

  constructor(source: GateInput, watermark = Number.NEGATIVE_INFINITY, idle = false) {
    this.source = source
    this.watermark = watermark
    this.idle = idle
  }

  /** Bytes outside of the arena. */
  get heldBytes(): number {
    return this.#bytes
  }

  /** Nothing is held here: the next frame is the channel's. */
  get drained(): boolean {
    return this.#rest === undefined && this.#first === this.#backlog.length
  }

  /** Puts a frame behind those that are held. */
  hold(frame: HeldFrame): void {
    this.#backlog.push(frame)
    this.#bytes += heldBytes(frame)
  }

  /** The next frame, at most `rowsMax` rows of it. Undefined: there is none, or no segment for it (`starved`). */
  take(rowsMax: number, allocate: (bytes: number) => number): LaneFrame | undefined {
    if (this.#rest !== undefined) return this.#cut(this.#rest, rowsMax)
    // What comes between two calls of `divert` belongs to the checkpoint as well.
    if (this.#first === this.#backlog.length && this.recording?.done === false) this.divert()
    const frame = this.#first < this.#backlog.length ? this.#takeHeld(allocate) : this.#takeFresh()
    if (frame === undefined || (frame.kind !== 'batch' && frame.kind !== 'rows')) return frame
    const count = frame.kind === 'rows' ? frame.rows.count : (frame.selection?.count ?? frame.batch.rowCount)
    if (count <= rowsMax) return frame
    const isRows = frame.kind === 'rows'
    this.#rest = {
      batch: isRows ? undefined : frame.batch,
      selection: isRows ? undefined : frame.selection,
      rows: isRows ? frame.rows : undefined,
      count,
      at: 0,
    }
    return this.#cut(this.#rest, rowsMax)
  }

  /** From now on what stands before the barrier of the checkpoint belongs to it. Nothing to do where the channel has no place. */
  record(checkpointId: number): Recording | undefined {
    const { place } = this.source
    if (place === undefined) return undefined
    this.#shelve()
    const waiting = this.barrier === checkpointId ? [] : this.#backlog.slice(this.#first)
    const last = waiting.findIndex((frame) => frame.kind === 'end' || isBarrierOf(frame, checkpointId))
    const recording: Recording = {
      place,
      checkpointId,
      watermarkMs: this.watermark,
      idle: this.idle,
      frames: waiting
        .slice(0, last < 0 ? waiting.length : last)
        .map(untaken)
        .filter(isInFlight),
      done: this.source.channel === undefined || this.ended || this.barrier === checkpointId || last >= 0,
    }
    this.recording = recording
    return recording
  }

  stopRecording(): void {
    this.recording = undefined
  }

  /** Moves a frame of the channel into the backlog. False: there is none now. */
  divert(): boolean {
    const { channel, place } = this.source
    if (channel === undefined || place === undefined) return false
    this.#shelve()
    const frame = channel.take()
    if (frame === undefined) return false
    const { recording } = this
    switch (frame.kind) {
      case frameKind.batch: {
        const { batch, rows } = frame
        const held = this.#holdData(batch, frame.selection, rows)
        batch?.release()
        if (held !== undefined) this.#put(held)
        return true
      }
      case frameKind.watermark:
        this.#put({ kind: 'watermark', timestampMs: frame.value })
        return true
      case frameKind.idle:
        this.#put({ kind: 'idle', idle: frame.detail === 1 })
        return true
      case frameKind.end:
        if (recording !== undefined) recording.done = true
        this.#put({ kind: 'end', mode: frame.detail, checkpointId: frame.value })
        return true
      default:
        if (recording !== undefined && frame.value === recording.checkpointId) recording.done = true
        else this.#put({ kind: 'barrier', checkpointId: frame.value })
        return true
    }
  }

  /** What waits in large segments leaves the arena. */
  spill(): void {
    const { channel, place } = this.source
    const batch = this.#rest?.batch
    if (place !== undefined && batch?.segments.some((segment) => batch.arena.isLarge(segment)) === true) this.#shelve()
    channel?.spill?.()
  }

  close(): void {
    this.#rest?.batch?.release()
    this.#rest = undefined
    this.#backlog = []
    this.#first = 0
    this.#bytes = 0
    this.recording = undefined
    this.source.channel?.close()
  }

  #put(frame: HeldFrame): void {
    this.hold(frame)
    const { recording } = this
    if (recording !== undefined && !recording.done && isInFlight(frame)) recording.frames.push(frame)
  }

  #holdData(
    batch: RecordBatch | undefined,
    selection: Selection | undefined,
    rows: RowBatch | undefined,
  ): HeldBatch | undefined {
    const holder = this.source.place?.holder
    if (batch !== undefined) return holder?.holdBatch(batch, selection)
    return rows === undefined ? undefined : holder?.holdRows(rows)
  }

  /** Gives back what is held, but for the end of the channel. */
  discard(): void {
    this.#rest?.batch?.release()
    this.#rest = undefined
    this.#backlog = this.#backlog.slice(this.#first).filter(({ kind }) => kind === 'end')
    this.#first = 0
    this.#bytes = 0
    this.barrier = 0
  }

  /** What is left of a frame in parts goes to the head of the backlog: its arrays are the channel's. */
  #shelve(): void {
    const rest = this.#rest
    if (rest === undefined) return
    this.#rest = undefined
    const { batch, at, count } = rest
    const rows = rest.selection === undefined ? rangeOf(at, count) : rest.selection.rows.subarray(at, count)
    const left = rest.rows && rowsOf(rest.rows, at, count)
    const held = this.#holdData(batch, { rows, count: count - at }, left)
    batch?.release()
    if (held === undefined) return
    this.#backlog.splice(this.#first, 0, held)
    this.#bytes += heldBytes(held)
  }

  #takeFresh(): LaneFrame | undefined {
    if (this.recording?.done === false) return undefined
    const { channel } = this.source
    const frame = channel?.take()
    this.starved = frame === undefined && channel?.ready() === true
    if (frame === undefined) return undefined
    switch (frame.kind) {
      case frameKind.batch: {
        const { batch, rows, selection } = frame
        if (batch !== undefined) return { kind: 'batch', batch, selection }
        return { kind: 'rows', rows: rows ?? noRows }
      }
      case frameKind.watermark:
        return { kind: 'watermark', timestampMs: frame.value }
      case frameKind.idle:
        return { kind: 'idle', idle: frame.detail === 1 }
      case frameKind.end:
        return { kind: 'end', mode: frame.detail, checkpointId: frame.value }
      default:
        return { kind: 'barrier', checkpointId: frame.value }
    }
  }

  #takeHeld(allocate: (bytes: number) => number): LaneFrame | undefined {
    while (this.#first < this.#backlog.length) {
      const frame = this.#backlog[this.#first]
      if (frame.kind !== 'batch') {
        this.#shift()
        return frame
      }
      const batch = this.source.place?.holder.open(frame, allocate)
      this.starved = batch === undefined
      if (batch === undefined) return undefined
      this.#bytes -= frame.bodies[frame.taken - 1].length
      if (frame.taken === frame.bodies.length) this.#shift()
      const selection = this.source.select?.(batch)
      if (selection?.count !== 0) return { kind: 'batch', batch, selection }
      batch.release()
    }
    return undefined
  }

  #shift(): void {
    this.#first++
    if (this.#first === this.#backlog.length) {
      this.#backlog = []
      this.#first = 0
      this.#bytes = 0
    }
  }

  #cut(rest: Rest, rowsMax: number): LaneFrame {
    const from = rest.at
    const to = Math.min(rest.count, from + rowsMax)
    rest.at = to
    const last = to === rest.count
    if (last) this.#rest = undefined
    const { batch, rows, selection } = rest
    if (batch === undefined) return { kind: 'rows', rows: rowsOf(rows ?? noRows, from, to) }
    if (!last) batch.retain()
    const part = selection === undefined ? rangeOf(from, to) : selection.rows.slice(from, to)
    return { kind: 'batch', batch, selection: { rows: part, count: to - from } }
  }
}

const noRows: RowBatch = { rows: [], count: 0, timestamps: undefined }

const isBarrierOf = (frame: HeldFrame, checkpointId: number): boolean =>
  frame.kind === 'barrier' && frame.checkpointId === checkpointId
const isInFlight = ({ kind }: HeldFrame): boolean => kind === 'batch' || kind === 'watermark' || kind === 'idle'

/** A batch without what has been given on. */
const untaken = (frame: HeldFrame): HeldFrame =>
  frame.kind === 'batch' && frame.taken > 0 ? heldBatch(frame.bodies.slice(frame.taken)) : frame

function rowsOf(rows: RowBatch, from: number, to: number): RowBatch {
  return {
    rows: rows.rows.slice(from, to),
    count: to - from,
    timestamps: rows.timestamps?.slice(from, to),
    keys: rows.keys?.slice(from, to),
    hashes: rows.hashes?.slice(from, to),
  }
}
