/**
 * One subtask: its inputs or its source, its chain of operators, the writers of its edges. `step` does one small piece of
 * work, a frame or one poll, so that the slot's loop stays in charge.
 *
 * Promises: the operators see batches, watermarks and barriers in the order of each channel; a checkpoint holds exactly
 * what came before its barriers; nothing is stepped while an output has to wait, so what waits stays bounded; the three
 * times (busy, idle, backpressured) add up. A subtask whose input has ended still takes part in checkpoints.
 *
 * Concurrency: one thread; asynchronous parts of operators (finish, snapshot, commit) come back as turns of its loop.
 */
import { noAccount } from '../../core/arena/reserves.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { ChannelsHandle } from '../../proto/checkpoint/channels.ts'
import type { EndMode } from '../network/frame.ts'
import { endMode } from '../network/frame.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import { taskErrors } from './errors.ts'
import type { GateReceiver, InputGate } from './input-gate.ts'
import { SnapshotTaker } from './snapshots.ts'
import type { TaskOptions } from './task-options.ts'
import { TaskTime } from './task-time.ts'

/** 'worked': call again. 'waiting': nothing to do. 'blocked': an output or a sink has to make room first. */
export type StepResult = 'worked' | 'waiting' | 'blocked'

interface Trigger {
  readonly checkpointId: number
  readonly stop: 'drain' | 'suspend' | undefined
}

export class Task implements GateReceiver {
  readonly options: TaskOptions
  readonly time: TaskTime
  readonly snapshots: SnapshotTaker
  recordsIn = 0
  /** The last step found an output or a sink without room. */
  blocked = false
  /** Wall-clock times at which operators want `processTime`, by operator. */
  readonly wakeTimes: Float64Array
  #phase: 'running' | 'finishing' | 'ended' | 'finished' | 'closed' = 'running'
  /** A source that returned 'idle' waits for `wake`. */
  #sourceWaits = false
  /** The checkpoint behind which nothing is done, unless it is given up: it would be done again elsewhere. 0: none. */
  #suspendsAt = 0
  /** The same, once it is taken. */
  #suspendedBy = 0
  #sourceEnded = false
  #timeOver = false
  #end: { mode: EndMode; checkpointId: number } | undefined
  #triggers: Trigger[] = []
  /** A checkpoint that is to be taken without waiting for its barriers; 0: none. */
  #overtaking = 0
  /** The operators have taken input: before that a writer may not know yet what it has of earlier attempts. */
  #wasReady = false
  #pendingWatermark = Number.NaN
  #watermark = Number.NEGATIVE_INFINITY

  constructor(options: TaskOptions) {
    this.options = options
    this.time = new TaskTime(options.monotonic())
    this.wakeTimes = new Float64Array(options.chain.operators.length).fill(Number.POSITIVE_INFINITY)
    this.snapshots = new SnapshotTaker(options.chain, options.names, options.events, options.monotonic)
  }

  get headNode(): number {
    return this.options.node
  }

  get currentWatermark(): number {
    return this.#watermark
  }

  get heldBy(): string | undefined {
    return this.options.gate?.heldBy
  }

  get recordsOut(): number {
    const { writers, metrics } = this.options
    if (writers.length === 0) return metrics[metrics.length - 1]?.recordsOut ?? 0
    let out = 0
    for (const writer of writers) out += writer.recordsOut
    return out
  }

  /** The input has ended and everything is sent. */
  get over(): boolean {
    return this.#phase === 'finished' || this.#phase === 'closed'
  }

  /** Earliest wall-clock time at which an operator wants to be called. After the end of the input none is. */
  get wakeAtMs(): number {
    let earliest = Number.POSITIVE_INFINITY
    if (this.#phase !== 'running' || this.#suspendedBy !== 0) return earliest
    for (const time of this.wakeTimes) if (time < earliest) earliest = time
    return earliest
  }

  /** Commits what the checkpoint left pending, finds splits. Before the first step. */
  async open(): Promise<void> {
    // Sinks first: when records come, everyone behind is open.
    for (const operator of this.options.chain.operators.toReversed()) await operator.open?.()
  }

  /** An operator asks the loop to look again. */
  wake(): void {
    this.#sourceWaits = false
    this.options.events.wake()
  }

  step(nowMs: number): StepResult {
    this.#enter()
    const result = this.#step(nowMs)
    this.blocked = result === 'blocked'
    return result
  }

  #step(nowMs: number): StepResult {
    if (this.#phase === 'closed' || this.#phase === 'finishing') return 'waiting'
    const moved = this.#passBarriers()
    if (!this.#outputsAvailable()) return this.#waits(nowMs, moved)
    if (this.#phase === 'ended') this.#settleEnd()
    if (!this.options.chain.ready()) return this.#waits(nowMs, moved)
    this.#wasReady = true
    this.time.begin(nowMs)
    const worked = this.#work()
    this.time.end(this.options.monotonic(), false)
    return worked || moved ? 'worked' : 'waiting'
  }

  #waits(nowMs: number, moved: boolean): StepResult {
    this.#spill()
    this.time.wait(nowMs, true)
    return moved ? 'worked' : 'blocked'
  }

  /** Without room as well: a source takes its trigger, what overtakes is taken, what it passes is moved. True: some was. */
  #passBarriers(): boolean {
    const { gate } = this.options
    const between = this.#pendingWatermark !== this.#pendingWatermark && this.#wasReady
    if (gate === undefined) {
      const trigger = this.#triggers[0]
      if (!between || trigger === undefined || trigger.stop === 'drain' || this.#phase !== 'running') return false
      this.#triggers.shift()
      this.#triggered(trigger)
      return true
    }
    if (this.#overtaking === 0) return gate.divert()
    if (!between) return false
    const checkpointId = this.#overtaking
    this.#overtaking = 0
    this.#overtake(gate, checkpointId)
    gate.divert()
    return true
  }

  #overtake(gate: InputGate, checkpointId: number): void {
    const { storeChannels } = this.options
    if (storeChannels === undefined || !this.snapshots.isDue(checkpointId)) return
    if (gate.aligned === checkpointId) return this.#takeAligned(gate)
    const recorded = gate.overtake(checkpointId)
    if (recorded === undefined) return
    const stored = recorded.then((recordings) => {
      if (recordings === undefined) throw taskErrors.create('CHECKPOINT_GIVEN_UP', { checkpointId })
      return storeChannels(checkpointId, recordings)
    })
    this.#checkpoint(checkpointId, gate.alignmentMs, stored)
  }

  #takeAligned(gate: InputGate): void {
    this.#checkpoint(gate.aligned, gate.alignmentMs)
    gate.resume()
  }

  /** Calls operators whose wall-clock time has come. */
  processTime(wallMs: number): void {
    if (this.#phase !== 'running' || this.#suspendedBy !== 0) return
    this.#enter()
    for (let i = 0; i < this.wakeTimes.length; i++) {
      if (this.wakeTimes[i] > wallMs || !this.#outputsAvailable()) continue
      this.wakeTimes[i] = Number.POSITIVE_INFINITY
      this.options.chain.operators[i].processTime?.(wallMs)
    }
  }

  /** The periodic watermark of a source. */
  advanceWatermark(): void {
    this.#enter()
    if (this.#phase === 'running' && this.#suspendedBy === 0 && this.#outputsAvailable())
      this.options.source?.advanceWatermark()
  }

  /** The coordinator asks for a checkpoint. A source takes it between two polls, others when its barriers have come. */
  trigger(checkpointId: number, stop: 'drain' | 'suspend' | undefined): void {
    if (this.#phase === 'closed') return
    if (stop === 'suspend') this.#suspendsAt = checkpointId
    if (this.options.gate === undefined) this.#triggers.push({ checkpointId, stop })
    // Its barriers may have been faster.
    else if (this.snapshots.newest === checkpointId) this.#suspend(checkpointId)
    this.options.events.wake()
  }

  /** The checkpoint has taken too long to align: takes it now, and with it what its barriers have before them. */
  overtake(checkpointId: number): void {
    if (this.options.gate === undefined || !this.snapshots.isDue(checkpointId)) return
    this.#overtaking = checkpointId
    this.options.events.wake()
  }

  checkpointAborted(checkpointId: number): void {
    if (this.#overtaking === checkpointId) this.#overtaking = 0
    this.#triggers = this.#triggers.filter((trigger) => trigger.checkpointId !== checkpointId)
    this.options.gate?.abort(checkpointId)
    this.snapshots.aborted(checkpointId)
    if (this.#suspendsAt === checkpointId) this.#suspendsAt = 0
    if (this.#suspendedBy === checkpointId) this.#suspendedBy = 0
    this.wake()
  }

  checkpointComplete(checkpointId: number): void {
    this.#enter()
    this.snapshots.complete(checkpointId)
    if (this.#suspendedBy === checkpointId && this.#phase === 'running') this.#suspended(checkpointId)
    this.wake()
  }

  flush(): boolean {
    this.#enter()
    let flushed = false
    let beganMs = Number.NaN
    for (const writer of this.options.writers) {
      if (writer.deadline === Number.POSITIVE_INFINITY) continue
      if (beganMs !== beganMs) beganMs = this.options.monotonic()
      if (writer.flush()) flushed = true
    }
    if (beganMs === beganMs) this.time.aside(beganMs, this.options.monotonic())
    return flushed
  }

  flushDue(nowMs: number): void {
    this.#enter()
    for (const writer of this.options.writers) writer.flushDue(nowMs)
  }

  /** Monotonic time at which something that waits must be sent. */
  get deadlineMs(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const writer of this.options.writers) if (writer.deadline < earliest) earliest = writer.deadline
    // A batch that is held waits for a segment: the same as an output that is overdue.
    const { gate } = this.options
    return this.#suspendedBy === 0 && gate?.starved === true ? Number.NEGATIVE_INFINITY : earliest
  }

  /** Takes nothing any more; gives all memory back. Errors of `close` are collected in the result. */
  async close(): Promise<readonly unknown[]> {
    const errors: unknown[] = []
    this.#phase = 'closed'
    this.options.gate?.close()
    for (const writer of this.options.writers) writer.close()
    for (const operator of this.options.chain.operators) {
      try {
        await operator.close()
      } catch (error) {
        errors.push(error)
      }
    }
    return errors
  }

  // What the gate gives.

  batch(batch: RecordBatch, selection: Selection | undefined, input: number): void {
    this.recordsIn += selection?.count ?? batch.rowCount
    this.options.chain.head.processBatch(batch, selection, input)
  }

  rows(rows: RowBatch, input: number): void {
    this.recordsIn += rows.count
    this.options.chain.head.processRows(rows, input)
  }

  watermark(timestampMs: number): void {
    this.#watermark = timestampMs
    if (timestampMs === Number.POSITIVE_INFINITY) this.#timeOver = true
    if (!this.options.chain.head.processWatermark(timestampMs)) this.#pendingWatermark = timestampMs
  }

  idle(idle: boolean): void {
    this.options.chain.head.processIdle(idle)
  }

  ended(mode: EndMode, checkpointId: number): void {
    this.#end = { mode, checkpointId }
  }

  #work(): boolean {
    const { gate, source } = this.options
    if (this.#suspendedBy !== 0 && gate?.discards === false) return false
    if (this.#pendingWatermark === this.#pendingWatermark) {
      if (this.options.chain.head.processWatermark(this.#pendingWatermark)) this.#pendingWatermark = Number.NaN
      return true
    }
    if (this.#end !== undefined && this.#phase === 'running') {
      const { mode, checkpointId } = this.#end
      if (mode === endMode.suspended) this.#endOutputs(mode, checkpointId)
      else this.#finish(checkpointId, undefined)
      return true
    }
    if (gate !== undefined) {
      if (gate.aligned !== 0) {
        this.#takeAligned(gate)
        return true
      }
      const took = gate.step(this)
      if (!took) this.#spill()
      return took
    }
    const trigger = this.#triggers.shift()
    if (trigger !== undefined) {
      this.#triggered(trigger)
      return true
    }
    if (source === undefined || this.#phase !== 'running' || this.#suspendedBy !== 0) return false
    if (this.#sourceWaits || this.#sourceEnded) return false
    // Set first: a wake during the poll must not be lost.
    this.#sourceWaits = true
    const status = source.poll()
    if (status === 'end') {
      this.#sourceWaits = false
      this.#inputEnded()
      return true
    }
    source.advanceWatermark()
    if (status === 'idle') return false
    this.#sourceWaits = false
    return true
  }

  #inputEnded(): void {
    if (!this.options.awaitsDrain) return this.#finish(0, undefined)
    this.#sourceEnded = true
    // Not idle, as a source without splits would be: others would go past results that its end makes due elsewhere.
    this.#watermark = Number.POSITIVE_INFINITY
    this.options.chain.head.processWatermark(Number.POSITIVE_INFINITY)
    this.options.events.inputEnded()
  }

  #triggered({ checkpointId, stop }: Trigger): void {
    const take = (): void => this.#checkpoint(checkpointId, 0)
    if (stop === 'drain' && this.#phase === 'running') this.#finish(checkpointId, take)
    else take()
  }

  #checkpoint(checkpointId: number, alignmentMs: number, channels?: Promise<ChannelsHandle | undefined>): void {
    const ended = this.#phase === 'ended' || this.#phase === 'finished'
    const sendBarrier = (): void => {
      for (const writer of this.options.writers) writer.barrier(checkpointId)
    }
    this.snapshots.take(checkpointId, alignmentMs, ended, sendBarrier, channels)
    this.#suspend(checkpointId)
  }

  #suspend(checkpointId: number): void {
    if (checkpointId === this.#suspendsAt && this.#phase === 'running') this.#suspendedBy = checkpointId
  }

  /** The input is complete: time runs out, results come, then the outputs end. */
  #finish(checkpointId: number, then: (() => void) | undefined): void {
    const head = this.options.chain.head
    this.#watermark = Number.POSITIVE_INFINITY
    // It may have come as a watermark before the end, and what is taken in slices has been taken when this is called again.
    const taken = this.#timeOver || head.processWatermark(Number.POSITIVE_INFINITY)
    this.#timeOver = true
    if (!taken) {
      this.#pendingWatermark = Number.POSITIVE_INFINITY
      this.#end = { mode: endMode.finished, checkpointId }
      if (then !== undefined) this.#triggers.unshift({ checkpointId, stop: undefined })
      return
    }
    const promises = this.#finishOperators(0)
    const done = (): void => {
      this.#endOutputs(endMode.finished, checkpointId)
      then?.()
    }
    if (promises === undefined) return done()
    this.#phase = 'finishing'
    promises.then(
      () => {
        if (this.#phase !== 'finishing') return
        this.#enter()
        this.#phase = 'running'
        done()
        this.options.events.wake()
      },
      (error: unknown) => this.options.events.failed(error),
    )
  }

  /** In the order of the chain, each when the one before is done. */
  #finishOperators(from: number): Promise<void> | undefined {
    const { operators } = this.options.chain
    for (let i = from; i < operators.length; i++) {
      const promise = operators[i].finish?.()
      if (promise !== undefined) return promise.then(() => this.#finishOperators(i + 1))
    }
    return undefined
  }

  #suspended(checkpointId: number): void {
    const { gate } = this.options
    if (gate === undefined) return this.#endOutputs(endMode.suspended, checkpointId)
    // Not at once: those before this one may still have to send what the checkpoint has.
    gate.discard()
    if (this.#end !== undefined) this.#end = { mode: endMode.suspended, checkpointId }
  }

  #endOutputs(mode: EndMode, checkpointId: number): void {
    this.#phase = 'ended'
    this.#end = { mode, checkpointId }
    for (const writer of this.options.writers) writer.end(mode, checkpointId)
    this.#settleEnd()
  }

  /** Finished when all is sent and the checkpoint that the stop waits for is complete and committed. */
  #settleEnd(): void {
    const checkpointId = this.#end?.checkpointId ?? 0
    if (this.#phase !== 'ended' || !this.snapshots.settledUpTo(checkpointId)) return
    for (const writer of this.options.writers) if (!writer.drained) return
    this.#phase = 'finished'
    this.options.events.finished()
  }

  /** Nobody keeps a large segment who cannot go on: there may be one only, and another may need it first. */
  #spill(): void {
    const { arena, gate, writers } = this.options
    if (arena?.largeTaken !== true) return
    gate?.spill()
    for (const writer of writers) writer.spill()
  }

  /** From here on segments are taken for this subtask. */
  #enter(): void {
    const { arena, account } = this.options
    if (arena !== undefined) arena.account = account ?? noAccount
  }

  #outputsAvailable(): boolean {
    for (const writer of this.options.writers) if (!writer.available()) return false
    return true
  }
}
