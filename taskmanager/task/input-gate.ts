/**
 * The inputs of a subtask: the channels of all its edges as one stream of events. Combines watermarks (the lowest of the
 * channels that are neither idle nor ended), aligns barriers (a channel that has the barrier waits until all have it;
 * one that has ended counts as aligned), and sees the end of all inputs.
 *
 * Concurrency: one thread. Takes one frame per call, channels in turn, so that a busy one starves none.
 */

import { unreachable } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { faultAt, faulty } from '../../core/faults.ts'
import type { InputChannel } from '../network/channel.ts'
import { hideKey } from '../network/computed-key.ts'
import type { EndMode } from '../network/frame.ts'
import { endMode, frameKind } from '../network/frame.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'

export interface GateInput {
  readonly channel: InputChannel
  /** Index of the edge among the inputs of the vertex. */
  readonly input: number
  /** Names the producer subtask, for people. */
  readonly name: string
  /** Batches carry a computed key. */
  readonly computedKey: boolean
}

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

interface Lane {
  readonly source: GateInput
  watermark: number
  idle: boolean
  ended: boolean
  /** Barrier that stands at the head of the channel: nothing behind it is taken; 0: none. */
  barrier: number
}

export class InputGate {
  readonly #lanes: readonly Lane[]
  readonly #monotonic: () => number
  #turn = 0
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

  constructor(inputs: readonly GateInput[], monotonic: () => number) {
    this.#lanes = inputs.map((source) => ({
      source,
      watermark: Number.NEGATIVE_INFINITY,
      idle: false,
      ended: false,
      barrier: 0,
    }))
    this.#open = inputs.length
    this.#monotonic = monotonic
  }

  get watermark(): number {
    return this.#watermark
  }

  /** The producer that holds the watermark back. */
  get heldBy(): string | undefined {
    let held: Lane | undefined
    for (const lane of this.#lanes)
      if (!lane.ended && !lane.idle && (held === undefined || lane.watermark < held.watermark)) held = lane
    return held?.source.name
  }

  /** Takes one frame and gives it to `receiver`. False: nothing to take now. */
  step(receiver: GateReceiver): boolean {
    if (this.aligned !== 0) return false
    const lanes = this.#lanes
    for (let i = 0; i < lanes.length; i++) {
      const at = (this.#turn + i) % lanes.length
      const lane = lanes[at]
      if (lane.barrier !== 0) continue
      const frame = lane.source.channel.take()
      if (frame === undefined) continue
      this.#turn = at + 1
      const { batch } = frame
      switch (frame.kind) {
        case frameKind.batch:
          if (lane.idle) this.#setIdle(lane, false, receiver)
          if (faultAt('drop-batch', 20)) {
            batch?.release()
            return true
          }
          if (batch === undefined) {
            if (frame.rows !== undefined) receiver.rows(frame.rows, lane.source.input)
            return true
          }
          try {
            receiver.batch(lane.source.computedKey ? hideKey(batch) : batch, frame.selection, lane.source.input)
          } finally {
            batch.release()
          }
          return true
        case frameKind.watermark:
          if (frame.value > lane.watermark) lane.watermark = frame.value
          if (lane.idle) this.#setIdle(lane, false, receiver)
          this.#combine(receiver)
          return true
        case frameKind.idle:
          this.#setIdle(lane, frame.detail === 1, receiver)
          return true
        case frameKind.barrier:
          this.#barrier(lane, frame.value)
          return true
        case frameKind.end:
          this.#end(lane, frame.detail as EndMode, frame.value, receiver)
          return true
        default:
          return unreachable(frame.kind)
      }
    }
    return false
  }

  /** The aligned checkpoint is taken: channels flow again. */
  resume(): void {
    this.#settled = Math.max(this.#settled, this.#aligning)
    this.#aligning = 0
    this.aligned = 0
    for (const lane of this.#lanes) lane.barrier = 0
  }

  /** A checkpoint that will never be complete: its barriers are not waited for. True when the gate was aligning for it. */
  abort(checkpointId: number): boolean {
    this.#settled = Math.max(this.#settled, checkpointId)
    if (this.#aligning === 0 || this.#aligning > checkpointId) return false
    this.resume()
    return true
  }

  close(): void {
    for (const lane of this.#lanes) lane.source.channel.close()
  }

  #setIdle(lane: Lane, idle: boolean, receiver: GateReceiver): void {
    if (lane.idle === idle || lane.ended) return
    lane.idle = idle
    this.#combine(receiver)
  }

  #combine(receiver: GateReceiver): void {
    let lowest = Number.POSITIVE_INFINITY
    let active = 0
    for (const lane of this.#lanes) {
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

  #barrier(lane: Lane, checkpointId: number): void {
    if (checkpointId <= this.#settled) return
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
    for (const [index, lane] of this.#lanes.entries()) {
      if (lane.barrier === this.#aligning || lane.ended || (index === 0 && faulty('skip-barrier'))) continue
      return
    }
    this.aligned = this.#aligning
    this.alignmentMs = this.#monotonic() - this.#alignSince
  }

  #end(lane: Lane, mode: EndMode, checkpointId: number, receiver: GateReceiver): void {
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
