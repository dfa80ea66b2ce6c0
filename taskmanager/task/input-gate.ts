/**
 * The inputs of a subtask: the channels of all its edges as one stream of events. Combines watermarks (the lowest of the
 * channels that are neither idle nor ended), collects barriers, and sees the end of all inputs.
 *
 * Barriers, by mode: aligned, a channel that has the barrier waits until all have it (one that has ended counts as aligned);
 * overtaken (`overtake`), the checkpoint is taken at once, and what comes before the barrier on the channels that lack it is
 * moved aside and belongs to it; at least once (`barriersBlock` false), channels flow on while barriers are collected.
 *
 * After a restore, what was in flight comes first, in stages: the channels of a stage are empty before the next begins, the
 * last stage being the real channels, which go on at the time where those before them stood.
 *
 * A job that ends with an overtaken checkpoint goes on elsewhere with what was in flight: here it is dropped (`discard`).
 *
 * Concurrency: one thread. Takes one frame per call, channels in turn, so that a busy one starves none; of a frame only as
 * many rows as the receiver manages in a short time, so that barriers find it between two records that take long.
 */

import { assert, unreachable } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { faultAt, faulty } from '../../core/faults.ts'
import { hideKey } from '../network/computed-key.ts'
import type { EndMode } from '../network/frame.ts'
import { endMode } from '../network/frame.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import { type GateInput, GateLane, type Recording } from './gate-lane.ts'
import { carryTime } from './restored-channels.ts'
import { SlowRows } from './slow-rows.ts'

export type { GateInput } from './gate-lane.ts'

/** Whom the gate gives what it took. */
export interface GateReceiver {
  /** The batch is released after the call. */
  batch(batch: RecordBatch, selection: Selection | undefined, input: number): void
  rows(rows: RowBatch, input: number): void
  watermark(timestampMs: number): void
  idle(idle: boolean): void
  /** All channels have ended. `checkpointId`: must be complete before the subtask is finished; 0: none. */
  ended(mode: EndMode, checkpointId: number): void
}

/** A channel that a checkpoint had in flight, and where its time stood. */
export interface RestoredLane {
  readonly input: GateInput
  readonly watermarkMs: number
  readonly idle: boolean
  readonly fill: (lane: GateLane) => void
}

export interface GateOptions {
  /** False: at least once. */
  readonly barriersBlock?: boolean
  /** What was in flight, oldest stage first. */
  readonly restored?: readonly (readonly RestoredLane[])[]
}

interface Overtaken {
  readonly checkpointId: number
  readonly recordings: readonly Recording[]
  resolve(recordings: readonly Recording[] | undefined): void
}

/** Bytes that one gate moves aside for a barrier; then its channels wait again. */
const heldMax = 256 * 1024 * 1024

export class InputGate {
  /** The channels themselves. */
  readonly #real: readonly GateLane[]
  /** What was in flight, while it is not all taken; the first stage is taken now. */
  #stages: GateLane[][]
  /** The channels that are taken from. */
  #lanes: readonly GateLane[]
  readonly #blocks: boolean
  readonly #slow: SlowRows
  readonly #monotonic: () => number
  #turn = 0
  /** The channels were changed: their time is to be combined before anything is taken. */
  #timeUnknown = false
  #overtaken: Overtaken | undefined
  #watermark = Number.NEGATIVE_INFINITY
  #idle = false
  #open: number
  #mode: EndMode = endMode.finished
  #endCheckpoint = 0
  /** Checkpoint whose barriers are being collected; 0: none. */
  #aligning = 0
  #alignSince = 0
  /** Barriers up to this id mean nothing any more. */
  #settled = 0
  /** Checkpoint whose barriers are all there: the task takes it and calls `resume` before the next frame; 0: none. */
  aligned = 0
  alignmentMs = 0
  #discards = false

  constructor(inputs: readonly GateInput[], monotonic: () => number, options: GateOptions = {}) {
    this.#real = inputs.map((source) => new GateLane(source))
    this.#stages = (options.restored ?? []).map((stage) =>
      stage.map(({ input, watermarkMs, idle, fill }) => {
        const lane = new GateLane(input, watermarkMs, idle)
        fill(lane)
        return lane
      }),
    )
    this.#lanes = this.#stages[0] ?? this.#real
    this.#timeUnknown = this.#stages.length > 0
    this.#open = inputs.length
    this.#blocks = options.barriersBlock ?? true
    this.#slow = new SlowRows(monotonic)
    this.#monotonic = monotonic
  }

  get watermark(): number {
    return this.#watermark
  }

  /** The producer that holds the watermark back. */
  get heldBy(): string | undefined {
    let held: GateLane | undefined
    for (const lane of this.#lanes)
      if (!lane.ended && !lane.idle && (held === undefined || lane.watermark < held.watermark)) held = lane
    return held?.source.name
  }

  /** Takes one frame and gives it to `receiver`. False: nothing to take now. */
  step(receiver: GateReceiver): boolean {
    if (this.aligned !== 0) return false
    if (this.#discards) return this.#drop(receiver)
    if (this.#timeUnknown) {
      this.#timeUnknown = false
      this.#combine(receiver)
    }
    const lanes = this.#lanes
    for (let i = 0; i < lanes.length; i++) {
      const at = (this.#turn + i) % lanes.length
      const lane = lanes[at]
      if (lane.barrier !== 0 && this.#blocks) continue
      const frame = lane.take(this.#slow.rowsMax, this.#allocate)
      if (frame === undefined) continue
      this.#turn = at + 1
      switch (frame.kind) {
        case 'rows':
          if (lane.idle) this.#setIdle(lane, false, receiver)
          if (faultAt('drop-batch', 20)) return true
          this.#slow.begin()
          receiver.rows(frame.rows, lane.source.input)
          this.#slow.end(frame.rows.count)
          return true
        case 'batch':
          if (lane.idle) this.#setIdle(lane, false, receiver)
          if (faultAt('drop-batch', 20)) {
            frame.batch.release()
            return true
          }
          this.#batch(lane, frame.batch, frame.selection, receiver)
          return true
        case 'watermark':
          if (frame.timestampMs > lane.watermark) lane.watermark = frame.timestampMs
          if (lane.idle) this.#setIdle(lane, false, receiver)
          this.#combine(receiver)
          return true
        case 'idle':
          this.#setIdle(lane, frame.idle, receiver)
          return true
        case 'barrier':
          this.#barrier(lane, frame.checkpointId)
          return true
        case 'end':
          this.#end(lane, frame.mode as EndMode, frame.checkpointId, receiver)
          return true
        default:
          return unreachable(frame)
      }
    }
    this.#checkOvertaken()
    return this.#nextStage()
  }

  /** Something is held that found no segment: it has to be tried again, and nobody may ring for that. */
  get starved(): boolean {
    return this.#lanes.some((lane) => lane.starved)
  }

  /**
   * Takes a checkpoint before all its barriers are there; the task freezes its state in the same turn. The promise resolves
   * with what was in flight on the channels when their barriers have come, or with undefined when it was given up. Undefined
   * at once: there is nothing to overtake, its barriers are all there or it is over.
   */
  overtake(checkpointId: number): Promise<readonly Recording[] | undefined> | undefined {
    if (checkpointId <= this.#settled || this.#aligning > checkpointId || this.aligned !== 0) return undefined
    this.#giveUpOvertaken(checkpointId)
    const recordings: Recording[] = []
    const lanes = [...this.#stages.flat(), ...this.#real]
    assert(
      lanes.every(({ source }) => source.place !== undefined),
      'a channel that can be overtaken has a place in checkpoints',
    )
    for (const lane of lanes) {
      const recording = lane.record(checkpointId)
      if (recording !== undefined) recordings.push(recording)
    }
    if (this.#aligning !== 0) this.alignmentMs = this.#monotonic() - this.#alignSince
    else this.alignmentMs = 0
    this.#aligning = checkpointId
    this.resume()
    const { promise, resolve } = Promise.withResolvers<readonly Recording[] | undefined>()
    this.#overtaken = { checkpointId, recordings, resolve }
    this.#checkOvertaken()
    return promise
  }

  /** Moves what a barrier has overtaken aside. True: some was. To be called between steps, also while nothing may be taken. */
  divert(): boolean {
    if (this.#overtaken === undefined) return false
    let held = 0
    for (const lane of this.#real) held += lane.heldBytes
    let diverted = false
    for (const lane of this.#real) {
      const { recording } = lane
      while (recording !== undefined && !recording.done && held < heldMax) {
        const before = lane.heldBytes
        if (!lane.divert()) break
        held += lane.heldBytes - before
        diverted = true
      }
    }
    this.#checkOvertaken()
    return diverted
  }

  /** What waits in large segments leaves the arena: one that all others wait for may be among them. */
  spill(): void {
    for (const lane of this.#real) lane.spill()
    if (this.#lanes !== this.#real) for (const lane of this.#lanes) lane.spill()
  }

  /** The aligned checkpoint is taken: channels flow again. */
  resume(): void {
    this.#settled = Math.max(this.#settled, this.#aligning)
    this.#aligning = 0
    this.aligned = 0
    for (const lane of this.#real) lane.barrier = 0
  }

  /** A checkpoint that will never be complete: its barriers are not waited for. True when the gate was aligning for it. */
  abort(checkpointId: number): boolean {
    this.#settled = Math.max(this.#settled, checkpointId)
    this.#giveUpOvertaken(checkpointId)
    if (this.#aligning === 0 || this.#aligning > checkpointId) return false
    this.resume()
    return true
  }

  /** From now on nothing is given on but the end of all channels, which is no end of the input. */
  discard(): void {
    for (const lane of this.#stages.flat()) lane.close()
    this.#stages = []
    this.#lanes = this.#real
    for (const lane of this.#real) lane.discard()
    this.resume()
    this.#discards = true
  }

  get discards(): boolean {
    return this.#discards
  }

  close(): void {
    this.#giveUpOvertaken(Number.POSITIVE_INFINITY)
    for (const lane of [...this.#stages.flat(), ...this.#real]) lane.close()
  }

  #drop(receiver: GateReceiver): boolean {
    for (const lane of this.#real) {
      const frame = lane.take(Number.POSITIVE_INFINITY, this.#allocate)
      if (frame === undefined) continue
      if (frame.kind === 'batch') frame.batch.release()
      else if (frame.kind === 'end') this.#end(lane, endMode.suspended, frame.checkpointId, receiver)
      return true
    }
    return false
  }

  #batch(lane: GateLane, batch: RecordBatch, selection: Selection | undefined, receiver: GateReceiver): void {
    const { computedKey, input } = lane.source
    this.#slow.begin()
    try {
      receiver.batch(computedKey ? hideKey(batch) : batch, selection, input)
    } finally {
      batch.release()
    }
    this.#slow.end(selection?.count ?? batch.rowCount)
  }

  /** A segment for what is held. Where there is none, a batch that waits in a channel is moved aside for it. */
  readonly #allocate = (bytes: number): number => {
    for (;;) {
      const holder = this.#real[0].source.place?.holder
      const segment = holder === undefined ? -1 : holder.arena.allocate(holder.arena.owner, bytes, holder.account)
      if (segment >= 0 || !this.#real.some((lane) => lane.heldBytes < heldMax && lane.divert())) return segment
    }
  }

  /** The channels of this stage are empty: the next goes on where their time stood. */
  #nextStage(): boolean {
    if (this.#stages.length === 0) return false
    for (const lane of this.#lanes) if (!lane.drained) return false
    const [done] = this.#stages.splice(0, 1)
    this.#lanes = this.#stages[0] ?? this.#real
    carryTime(done, this.#lanes)
    this.#turn = 0
    this.#timeUnknown = true
    return true
  }

  #giveUpOvertaken(upTo: number): void {
    const overtaken = this.#overtaken
    if (overtaken === undefined || overtaken.checkpointId > upTo) return
    this.#overtaken = undefined
    for (const lane of this.#real) lane.stopRecording()
    overtaken.resolve(undefined)
  }

  #checkOvertaken(): void {
    const overtaken = this.#overtaken
    if (overtaken === undefined || overtaken.recordings.some(({ done }) => !done)) return
    this.#overtaken = undefined
    for (const lane of this.#real) lane.stopRecording()
    overtaken.resolve(overtaken.recordings)
  }

  #setIdle(lane: GateLane, idle: boolean, receiver: GateReceiver): void {
    if (lane.idle === idle || lane.ended) return
    lane.idle = idle
    this.#combine(receiver)
  }

  #combine(receiver: GateReceiver): void {
    // A channel that is suspended goes on elsewhere: time must not go past what it holds back.
    if (this.#mode === endMode.suspended) return
    let lowest = Number.POSITIVE_INFINITY
    let active = 0
    // Of what was in flight all counts: a stage that comes later may be of a subtask that was behind those before it.
    const lanes = this.#stages.length > 1 ? this.#stages.flat() : this.#lanes
    for (const lane of lanes) {
      if (lane.ended || lane.idle) continue
      active++
      if (lane.watermark < lowest) lowest = lane.watermark
    }
    const idle = active === 0 && this.#open > 0
    if (idle !== this.#idle) {
      this.#idle = idle
      receiver.idle(idle)
    }
    if (active > 0 && lowest > this.#watermark) {
      this.#watermark = lowest
      receiver.watermark(lowest)
    }
  }

  #barrier(lane: GateLane, checkpointId: number): void {
    if (checkpointId <= this.#settled) return
    this.#giveUpOvertaken(checkpointId - 1)
    if (checkpointId > this.#aligning) {
      // A newer one: the one before was given up by its coordinator.
      if (this.#aligning !== 0) this.resume()
      this.#aligning = checkpointId
      this.#alignSince = this.#monotonic()
    } else if (checkpointId < this.#aligning) return
    lane.barrier = checkpointId
    this.#checkAligned()
  }

  #checkAligned(): void {
    if (this.#aligning === 0) return
    for (const [index, lane] of this.#real.entries()) {
      if (lane.barrier === this.#aligning || lane.ended || (index === 0 && faulty('skip-barrier'))) continue
      return
    }
    this.aligned = this.#aligning
    this.alignmentMs = this.#monotonic() - this.#alignSince
  }

  #end(lane: GateLane, mode: EndMode, checkpointId: number, receiver: GateReceiver): void {
    if (lane.ended) return
    lane.ended = true
    this.#open--
    if (mode === endMode.suspended) this.#mode = mode
    this.#endCheckpoint = Math.max(this.#endCheckpoint, checkpointId)
    if (this.#open > 0) this.#combine(receiver)
    else receiver.ended(this.#mode, this.#endCheckpoint)
    this.#checkAligned()
  }
}
