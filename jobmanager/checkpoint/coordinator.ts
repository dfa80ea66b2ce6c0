/**
 * When a snapshot of a running job is taken, who has acknowledged it, and what becomes of it. One is in flight at a time;
 * requests of people come before the periodic ones. Knows no storage and no network: ports do that.
 *
 * Promises: `complete` is called only after the snapshot is stored; nothing of an earlier attempt is ever counted; each
 * request is answered once.
 *
 * Concurrency: one coordinator per job; its methods are called in turn by the thread of the JobManager.
 */
import { isMillraceError } from '../../core/errors.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import { errors } from '../errors.ts'
import { CheckpointHistory } from './history.ts'

export type SnapshotKind = 'checkpoint' | 'savepoint' | 'final'
export type StopMode = 'drain' | 'suspend'

export interface SnapshotRequest {
  readonly kind: SnapshotKind
  readonly stop?: StopMode | undefined
  /** Where a savepoint goes. */
  readonly path?: string | undefined
}

export interface CompletedSnapshot {
  readonly checkpointId: number
  readonly path: string
  readonly bytes: number
  readonly durationMs: number
}

export interface PendingSnapshot {
  readonly checkpointId: number
  readonly request: SnapshotRequest
  readonly triggeredMs: number
  readonly acks: ReadonlyMap<string, SubtaskSnapshot>
}

export interface CoordinatorPorts {
  trigger(checkpointId: number, savepoint: boolean, stop: StopMode | undefined): void
  abort(checkpointId: number): void
  /** The snapshot counts: sinks commit. */
  complete(checkpointId: number): void
  /** Makes it count. Resolves with its location. */
  store(pending: PendingSnapshot): Promise<string>
  /** The job cannot go on like this. */
  fail(error: Error): void
}

export interface CoordinatorSettings {
  readonly intervalMs: number
  readonly minPauseMs: number
  readonly timeoutMs: number
  readonly tolerableFailures: number
}

interface Waiting {
  readonly request: SnapshotRequest
  readonly resolve: (snapshot: CompletedSnapshot) => void
  readonly reject: (error: Error) => void
}

interface InFlight extends PendingSnapshot {
  readonly acks: Map<string, SubtaskSnapshot>
  readonly waiting: Waiting | undefined
  readonly timer: TimerHandle
  storing: boolean
}

export class CheckpointCoordinator {
  readonly history = new CheckpointHistory()
  readonly #clock: Clock
  readonly #ports: CoordinatorPorts
  readonly #settings: CoordinatorSettings
  #nextId = 1
  #subtasks: ReadonlySet<string> = new Set()
  #sources: ReadonlySet<string> = new Set()
  readonly #ended = new Set<string>()
  #active = false
  /** A part of the job is missing: nothing is triggered. */
  #paused = false
  /** A snapshot that ends the job was triggered: no further ones. */
  #ending = false
  #pending: InFlight | undefined
  #queue: Waiting[] = []
  #timer: TimerHandle | undefined
  #lastEndMs = Number.NEGATIVE_INFINITY
  #failures = 0
  #storing: Promise<void> = Promise.resolve()
  #isStoring = false
  #newest = 0
  /** The last one whose storing failed: perhaps it counts all the same. */
  #doubtful = 0

  /** Without settings it takes no checkpoints and is never started. */
  constructor(clock: Clock, settings: CoordinatorSettings | undefined, ports: CoordinatorPorts) {
    this.#clock = clock
    this.#settings = settings ?? { intervalMs: 0, minPauseMs: 0, timeoutMs: 0, tolerableFailures: 0 }
    this.#ports = ports
  }

  /** Ids go on from here. Call while nothing is in flight. */
  setNextId(id: number): void {
    this.#nextId = Math.max(this.#nextId, id)
  }

  get nextId(): number {
    return this.#nextId
  }

  /** A snapshot is under way after which the job ends: no other can be had. */
  get ending(): boolean {
    return this.#ending
  }

  /** That snapshot is a savepoint that somebody asked for. */
  get stopping(): boolean {
    return this.#pending?.request.stop !== undefined && this.#pending.request.kind === 'savepoint'
  }

  /** An attempt runs: takes checkpoints until `stop`. `sources`: the subtasks whose ends end the job. */
  start(subtasks: Iterable<string>, sources: Iterable<string>): void {
    this.#subtasks = new Set(subtasks)
    this.#sources = new Set(sources)
    this.#active = true
    this.#paused = false
    this.#ending = false
    this.#failures = 0
    this.#schedule(this.#settings.intervalMs)
    if (this.#allEnded()) this.#next()
  }

  /** The attempt is over: what is in flight or waits is rejected with `reason`. */
  stop(reason: string): void {
    this.#active = false
    this.#ended.clear()
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    const pending = this.#pending
    if (pending !== undefined) this.#finishFailed(pending, reason)
    const queue = this.#queue
    this.#queue = []
    for (const each of queue) each.reject(failed(each.request.kind, 0, reason))
  }

  /**
   * `gone` begin again while the others go on: nothing is triggered until `resume`. What is in flight is given up, unless it is
   * being stored: then it may count, and those that are there are told.
   */
  pause(reason: string, gone: Iterable<string>): void {
    this.#paused = true
    for (const subtask of gone) this.#ended.delete(subtask)
    const pending = this.#pending
    if (pending === undefined || pending.storing) return
    this.#finishFailed(pending, reason)
    this.#ports.abort(pending.checkpointId)
  }

  resume(): void {
    this.#paused = false
    this.#next()
  }

  /** Resolves when nothing is being stored any more: then it is known which snapshot is the newest. */
  settled(): Promise<void> {
    return this.#storing
  }

  get storing(): boolean {
    return this.#isStoring
  }

  /**
   * The newest snapshot that was completed here, 0: none. Undefined when a later one may count or may not, as its storing ended
   * with an error.
   */
  get newest(): number | undefined {
    return this.#doubtful > this.#newest ? undefined : this.#newest
  }

  /** Resolves when the snapshot counts. Rejects with JOBMANAGER_CHECKPOINT_FAILED. */
  request(request: SnapshotRequest): Promise<CompletedSnapshot> {
    return new Promise((resolve, reject) => {
      if (!this.#active || this.#ending) {
        reject(failed(request.kind, 0, this.#ending ? 'the job is about to end' : 'the job does not run'))
        return
      }
      this.#queue.push({ request, resolve, reject })
      this.#next()
    })
  }

  /** A source subtask has no more input. */
  sourceEnded(subtask: string): void {
    this.#ended.add(subtask)
    if (this.#allEnded()) this.#next()
  }

  ack(checkpointId: number, subtask: string, snapshot: SubtaskSnapshot): void {
    const pending = this.#pending
    if (pending === undefined || pending.checkpointId !== checkpointId || pending.storing) return
    if (!this.#subtasks.has(subtask)) return
    pending.acks.set(subtask, snapshot)
    this.history.acknowledged(checkpointId, snapshot)
    if (pending.acks.size < this.#subtasks.size) return
    pending.storing = true
    this.history.storing(checkpointId, this.#clock.now())
    this.#isStoring = true
    this.#storing = this.#store(pending).catch((error: unknown) => this.#ports.fail(error as Error))
  }

  /** `where`: the subtask, for people. */
  decline(checkpointId: number, where: string, reason: string): void {
    const pending = this.#pending
    if (pending === undefined || pending.checkpointId !== checkpointId || pending.storing) return
    this.#fail(pending, `${where} declined it: ${reason}`)
  }

  async #store(pending: InFlight): Promise<void> {
    let path: string
    try {
      path = await this.#ports.store(pending)
      this.#newest = pending.checkpointId
      this.#isStoring = false
    } catch (error) {
      this.#doubtful = pending.checkpointId
      this.#isStoring = false
      const reason = error instanceof Error ? error.message : String(error)
      if (this.#pending === pending) {
        const deposed = isMillraceError(error, 'CHECKPOINT_POINTER_MOVED')
        // However many failures are tolerated: none will ever complete again.
        if (deposed) this.#finishFailed(pending, reason)
        if (deposed) this.#ports.fail(error)
        else this.#fail(pending, reason, error)
      } else {
        this.history.failed(pending.checkpointId, this.#clock.now(), reason)
        pending.waiting?.reject(failed(pending.request.kind, pending.checkpointId, reason, error))
      }
      return
    }
    const { checkpointId, request, triggeredMs } = pending
    const bytes = [...pending.acks.values()].reduce((sum, ack) => sum + ack.bytes, 0)
    const nowMs = this.#clock.now()
    this.history.completed(checkpointId, nowMs, path)
    pending.waiting?.resolve({ checkpointId, path, bytes, durationMs: nowMs - triggeredMs })
    // The attempt may have failed while the snapshot was stored: it counts, but there is nobody to tell.
    if (this.#pending !== pending) return
    this.#clear(pending)
    this.#failures = 0
    if (request.kind !== 'savepoint' || request.stop !== undefined) this.#ports.complete(checkpointId)
    this.#next()
  }

  #fail(pending: InFlight, reason: string, cause?: unknown): void {
    const { request, checkpointId } = pending
    const active = this.#active
    this.#finishFailed(pending, reason, cause)
    if (!active) return
    this.#ports.abort(checkpointId)
    if (request.stop !== undefined) {
      // Sources may have emitted their end: only a restart leads back.
      this.#ports.fail(failed(request.kind, checkpointId, reason, cause))
      return
    }
    if (request.kind === 'checkpoint' && pending.waiting === undefined) {
      this.#failures++
      if (this.#failures > this.#settings.tolerableFailures) {
        this.#ports.fail(errors.create('CHECKPOINTS_FAILING', { failures: this.#failures, reason }))
        return
      }
    }
    this.#next()
  }

  #finishFailed(pending: InFlight, reason: string, cause?: unknown): void {
    this.#clear(pending)
    // Once its storing has begun, the outcome decides: it may count although the attempt is over.
    if (pending.storing && !this.#active) return
    const error = failed(pending.request.kind, pending.checkpointId, reason, cause)
    this.history.failed(pending.checkpointId, this.#clock.now(), reason)
    pending.waiting?.reject(error)
  }

  #clear(pending: InFlight): void {
    this.#clock.clearTimeout(pending.timer)
    if (this.#pending === pending) this.#pending = undefined
    this.#lastEndMs = this.#clock.monotonic()
  }

  #allEnded(): boolean {
    if (this.#sources.size === 0) return false
    for (const source of this.#sources) if (!this.#ended.has(source)) return false
    return true
  }

  /** Triggers what is due, if nothing is in flight. */
  #next(): void {
    if (!this.#active || this.#paused || this.#pending !== undefined || this.#ending) return
    const waiting = this.#queue.shift()
    if (waiting !== undefined) this.#trigger(waiting.request, waiting)
    else if (this.#allEnded()) this.#trigger({ kind: 'final', stop: 'drain' }, undefined)
    else if (this.#timer === undefined) this.#schedule(this.#settings.intervalMs)
  }

  #schedule(delayMs: number): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(() => this.#tick(), delayMs)
  }

  #tick(): void {
    this.#timer = undefined
    if (!this.#active || this.#ending) return
    const pauseMs = this.#lastEndMs + this.#settings.minPauseMs - this.#clock.monotonic()
    if (pauseMs > 0) {
      this.#schedule(pauseMs)
      return
    }
    // While one is in flight the next begins when it has ended.
    if (this.#pending !== undefined || this.#paused) {
      this.#schedule(this.#settings.intervalMs)
      return
    }
    this.#trigger({ kind: 'checkpoint' }, undefined)
    this.#schedule(this.#settings.intervalMs)
  }

  #trigger(request: SnapshotRequest, waiting: Waiting | undefined): void {
    const checkpointId = this.#nextId++
    const triggeredMs = this.#clock.now()
    const timer = this.#clock.setTimeout(() => {
      const pending = this.#pending
      if (pending?.checkpointId !== checkpointId || pending.storing) return
      const missing = [...this.#subtasks].filter((subtask) => !pending.acks.has(subtask))
      this.#fail(pending, `no answer within ${this.#settings.timeoutMs} ms from ${missing.slice(0, 5).join(', ')}`)
    }, this.#settings.timeoutMs)
    this.#pending = { checkpointId, request, triggeredMs, acks: new Map(), waiting, timer, storing: false }
    if (request.stop !== undefined) this.#ending = true
    this.history.triggered(checkpointId, request.kind, triggeredMs, this.#subtasks.size)
    this.#ports.trigger(checkpointId, request.kind === 'savepoint', request.stop)
  }
}

function failed(kind: SnapshotKind, checkpoint: number, reason: string, cause?: unknown): Error {
  const context = {
    kind: kind === 'final' ? 'the last checkpoint' : kind,
    checkpoint: checkpoint === 0 ? '' : checkpoint,
  }
  return errors.create('CHECKPOINT_FAILED', { ...context, reason }, { cause })
}
