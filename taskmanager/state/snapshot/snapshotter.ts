/**
 * Snapshots of one operator's state: freezes the parts, writes a run of what changed, keeps the chain, restores from one.
 *
 * Promises: a change is in the run of the first snapshot that counts after it. One that is aborted, or fails, gives its changes
 * back to the next and its run leaves the chain. A snapshot that was neither completed nor aborted when the next begins
 * stays in the chain: its run is written. One that is still being written then is aborted.
 *
 * Concurrency: one thread; the asynchronous part runs in slices between turns.
 */

import { passPoint } from '../../../core/fault-orders.ts'
import type { Clock } from '../../../core/platform/clock.ts'
import { until } from '../../../core/storage/deadline.ts'
import { openStorage } from '../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../core/storage/storage.ts'
import type { RunHandle } from '../../../proto/checkpoint/manifest.ts'
import { runPath } from '../../../proto/checkpoint/paths.ts'
import type { KeyRanges } from '../../../proto/checkpoint/ranges.ts'
import { compactChain, compactionOf, type RunEntry } from '../../../proto/checkpoint/runs/run.ts'
import type { SnapshotTarget, StateSnapshot } from '../api.ts'
import { stateErrors } from '../errors.ts'
import { aThird, Pace, patient } from './pace.ts'
import { renewalOf, without, worthMerging } from './renewal.ts'
import { type RestoredInto, restoreChain } from './restore-chain.ts'
import type { Restoring } from './restoring.ts'
import { threadMemory } from './run-entries.ts'
import type { Renewing, SnapshotPart } from './snapshot-part.ts'
import { SnapshotRun } from './snapshot-run.ts'

/** Entries that are merged between two turns of others, and the most time that they take. */
const sliceEntries = 2048
const sliceMsMax = 4

interface Pending {
  readonly checkpointId: number
  readonly before: readonly RunHandle[]
  /** It writes all there is of these ranges, where what was before is not needed any more. */
  readonly whole: KeyRanges | undefined
  /** Set when it is to be given up; `ended` is rejected with it then. */
  failure: Error | undefined
  readonly ended: PromiseWithResolvers<never>
  written: boolean
}

export class Snapshotter {
  readonly #parts: readonly SnapshotPart[]
  readonly #range: KeyRanges
  readonly #target: SnapshotTarget | undefined
  readonly #clock: Clock
  readonly #expired: (entry: RunEntry) => boolean
  #chain: readonly RunHandle[] = []
  #pending: Pending[] = []
  #closed = false
  /** Of which the next snapshot writes all there is: that is marked. */
  #whole: KeyRanges | undefined
  /** What is being marked is not needed any more when this changes. */
  #marking = 0
  /** The first range that is to be written as a whole next, in turn. */
  #turn = 0

  /** `parts` may still grow until the first call. `expired`: says of an entry of a run that its time is over. */
  constructor(
    parts: readonly SnapshotPart[],
    range: KeyRanges,
    target: SnapshotTarget | undefined,
    clock: Clock,
    expired: (entry: RunEntry) => boolean = () => false,
  ) {
    this.#parts = parts
    this.#expired = expired
    this.#range = range
    this.#target = target
    if (target !== undefined) threadMemory()
    this.#clock = clock
  }

  /** Throws STATE_CLOSED when it is closed meanwhile. */
  async restore(restored: Restoring | undefined, into: RestoredInto = {}): Promise<void> {
    passPoint('restore')
    if (restored === undefined || restored.runs.length === 0) return
    const check = (): void => {
      if (this.#closed) throw stateErrors.create('CLOSED', { work: 'its state was being restored' })
    }
    await restoreChain({ parts: this.#parts, ...into }, restored, this.#range, new Pace(this.#clock, check, aThird))
    if (!restored.rewrite) this.#chain = restored.runs
  }

  snapshot(checkpointId: number): StateSnapshot {
    const start = this.#clock.monotonic()
    const last = this.#pending.at(-1)
    if (last !== undefined && !last.written)
      this.#giveUp(last, stateErrors.create('SNAPSHOT_ABORTED', { checkpointId: last.checkpointId }))
    const whole = this.#parts[0]?.needsAll?.() === true ? this.#range : this.#whole
    this.#whole = undefined
    this.#marking++
    const ended = Promise.withResolvers<never>()
    ended.promise.catch(() => undefined)
    const pending: Pending = { checkpointId, before: this.#chain, whole, failure: undefined, ended, written: false }
    this.#pending.push(pending)
    for (const part of this.#parts) part.freeze(checkpointId, whole === this.#range)
    const result = this.#write(pending)
    // Whoever asked hears of it; a snapshot that nobody waits for any more must not take the process down.
    result.catch(() => undefined)
    return { syncMs: this.#clock.monotonic() - start, result }
  }

  /** This checkpoint is complete, and with it every earlier one in the chain. */
  complete(checkpointId: number): void {
    while (this.#pending.length > 0 && this.#pending[0].checkpointId <= checkpointId) {
      const pending = this.#pending[0]
      if (!pending.written) return
      this.#pending.shift()
      for (const part of this.#parts) part.settle(pending.checkpointId, true)
    }
  }

  abort(checkpointId: number): void {
    const last = this.#pending.at(-1)
    // An earlier one is part of the chain that a later snapshot has given away.
    if (last?.checkpointId === checkpointId)
      this.#giveUp(last, stateErrors.create('SNAPSHOT_ABORTED', { checkpointId }))
  }

  close(): void {
    this.#closed = true
    for (const pending of this.#pending) {
      pending.failure ??= stateErrors.create('CLOSED', { work: `checkpoint ${pending.checkpointId} was being written` })
      pending.ended.reject(pending.failure)
    }
    this.#pending = []
  }

  #giveUp(pending: Pending, failure: Error): void {
    pending.failure = failure
    pending.ended.reject(failure)
    this.#pending = this.#pending.filter((other) => other !== pending)
    this.#chain = pending.before
    // It is marked again.
    if (pending.whole !== undefined) {
      this.#whole = pending.whole
      this.#marking++
    }
    for (const part of this.#parts) part.settle(pending.checkpointId, false)
  }

  async #write(pending: Pending): Promise<readonly RunHandle[]> {
    const { checkpointId } = pending
    const target = this.#target
    if (target === undefined) throw stateErrors.create('NO_TARGET', { checkpointId })
    const check = (): void => {
      if (pending.failure !== undefined) throw pending.failure
    }
    const pace = new Pace(this.#clock, check, patient(target.patienceMs))
    const pathOf = (sequence: number): string =>
      runPath(target.jobId, { epoch: target.epoch, checkpointId, node: target.node, subtask: target.subtask, sequence })
    try {
      // Storage may be silent for ever: what is given up does not wait for it, and keeps no memory.
      const storage = until(openStorage(target.root), pending.ended.promise)
      const place = { storage, pathOf, pace }
      const before = pending.whole === undefined ? pending.before : without(pending.before, pending.whole)
      const kind = before.length === 0 ? 'base' : 'delta'
      const run = new SnapshotRun(this.#range, kind, place, target.runBytesMax)
      let written: readonly RunHandle[]
      try {
        const parts = this.#parts.map((part) => part.encode(run))
        // The barrier goes on first.
        await new Promise<void>((resolve) => this.#clock.setImmediate(resolve))
        for (const part of parts) await pace.run(run.bounded(part))
        written = await run.write()
      } catch (error) {
        // Nobody has heard of them, nor will.
        run.discard()
        throw error
      } finally {
        run.free()
      }
      passPoint('snapshot')
      check()
      const chain = await this.#compacted(storage, [...before, ...written], pathOf(0), check, pace)
      pending.written = true
      this.#chain = chain
      this.#renew(pending, chain, written)
      return chain
    } catch (error) {
      if (pending.failure === undefined) this.#giveUp(pending, error as Error)
      throw error
    }
  }

  /** Of a state that can write all there is as fast as what changed. */
  get #renewing(): Renewing | undefined {
    return this.#parts.length === 1 ? this.#parts[0].renewing?.() : undefined
  }

  /** Has marked what the next snapshot is to write as a whole, beside records. */
  #renew({ whole }: Pending, chain: readonly RunHandle[], written: readonly RunHandle[]): void {
    const renewing = this.#renewing
    if (renewing === undefined) return
    const range = this.#range
    const isNew = chain.length === written.length
    const share = whole === undefined ? 0 : (whole.to - whole.from) / (range.to - range.from)
    const entries = written.reduce((sum, run) => sum + run.entries, 0)
    // As many as now are to be expected next time.
    const changed = isNew ? 0 : Math.max(0, entries - share * renewing.held)
    if (whole !== undefined) this.#turn = whole.to
    const next = renewalOf(chain, range, renewing.held, changed, this.#turn)
    if (next === range) this.#whole = range
    else if (next !== undefined) void this.#mark(renewing, next)
  }

  async #mark(renewing: Renewing, ranges: KeyRanges): Promise<void> {
    const marking = ++this.#marking
    const isCurrent = (): boolean => marking === this.#marking && !this.#closed
    const pace = new Pace(this.#clock, () => undefined, patient(this.#target?.patienceMs))
    await pace.run(whilst(isCurrent, renewing.mark(ranges)))
    // Marks that a snapshot has taken before they were all there are only changes.
    if (isCurrent()) this.#whole = ranges
  }

  /** The chain, with what has become too much of it merged, unless snapshots renew it. */
  async #compacted(
    storage: BlobStorage,
    chain: readonly RunHandle[],
    path: string,
    check: () => void,
    pace: Pace,
  ): Promise<readonly RunHandle[]> {
    const renewing = this.#renewing
    const first =
      renewing === undefined ? compactionOf(chain, this.#range) : worthMerging(chain, this.#range, renewing.held)
    if (first === undefined) return chain
    let lastMs = this.#clock.monotonic()
    const pause = async (): Promise<void> => {
      check()
      // Some of the time since then it may have waited for storage, but so few entries do not take longer.
      await pace.giveWay(Math.min(sliceMsMax, this.#clock.monotonic() - lastMs))
      lastMs = this.#clock.monotonic()
    }
    const compacted = await compactChain(
      storage,
      chain,
      { ...this.#range, path, sliceEntries, pause, expired: this.#expired },
      first,
    )
    check()
    return compacted
  }
}

function* whilst(goesOn: () => boolean, steps: Iterator<void>): Generator<void> {
  while (goesOn() && steps.next().done !== true) yield
}
