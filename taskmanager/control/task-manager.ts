/**
 * The control thread of a TaskManager: takes orders of the JobManager to the slots and brings back what they say. Never
 * runs user code and never touches a record, so it answers whatever the slots do.
 *
 * Promises: a slot that dies is reported with the reason at once; one that hangs is ended and replaced; a message for an
 * attempt that is over goes nowhere.
 */
import { formatDuration, formatSize } from '../../core/config/index.ts'
import { errorToWire } from '../../core/errors.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { RestoreAssignment } from '../../proto/checkpoint/restore-plan.ts'
import type {
  Cancel,
  Deploy,
  FailureCause,
  FromTaskManager,
  SlotStatus,
  SubtaskStatus,
  ToTaskManager,
} from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { Deployment, FromSlot, SubtaskMetrics, ToSlot } from '../slot/messages.ts'
import { pulsePhase } from '../slot/pulse.ts'
import type { BundleCache } from './bundles.ts'
import { errors } from './errors.ts'
import { fromSlot } from './forward.ts'
import { hangingFrames } from './hang.ts'
import { noteProgress, progressOf } from './progress.ts'
import { makeRings } from './rings.ts'
import type { ControlledSlots, SlotEnd } from './slots.ts'
import { Watchdog } from './watchdog.ts'

/** What a slot holds. */
interface Holding {
  readonly jobId: string
  readonly attempt: number
  readonly plan: JobPlan
  readonly subtasks: readonly { readonly vertex: number; readonly subtask: number }[]
  /** The slot was told; before that, nobody there can answer. */
  posted: boolean
  cancelled: boolean
  /** Ends the slot when it does not give up in time. */
  timer: TimerHandle | undefined
  /** Why the control thread is about to end the slot. */
  verdict: FailureCause | undefined
  /** The highest checkpoint that was triggered. */
  checkpointId: number
  /** By 'vertex/subtask': for a JobManager that did not hear it. */
  readonly progress: Map<string, SubtaskStatus>
  /** Why another JobManager cannot go on with it as it is. */
  bound: string | undefined
  /** What the slot said last. */
  metrics: readonly SubtaskMetrics[]
}

/** What a slot works on, for metrics. */
export interface SlotWork {
  readonly jobId: string
  readonly plan: JobPlan
  readonly subtasks: readonly SubtaskMetrics[]
}

export interface TaskManagerOptions {
  readonly id: string
  readonly clock: Clock
  readonly slots: ControlledSlots
  readonly bundles: BundleCache
  readonly heapBytes: number
  readonly cancellationTimeoutMs: number
  readonly watchdogTimeoutMs: number
  readonly openTimeoutMs: number
  send(message: FromTaskManager): void
  fetchBundle(id: string): Promise<Uint8Array>
  log(level: 'info' | 'warn' | 'error', text: string, fields: Readonly<Record<string, unknown>>): void
}

const warmAfterMs = 1000

export class TaskManager {
  readonly #options: TaskManagerOptions
  readonly #holdings: (Holding | undefined)[]
  readonly #watchdog: Watchdog
  #warm: TimerHandle | undefined
  #idle: (() => void) | undefined

  constructor(options: TaskManagerOptions) {
    this.#options = options
    this.#holdings = Array.from({ length: options.slots.count }, () => undefined)
    this.#watchdog = new Watchdog({
      clock: options.clock,
      doorbells: options.slots.doorbells,
      slots: options.slots.count,
      timeoutMs: options.watchdogTimeoutMs,
      openTimeoutMs: options.openTimeoutMs,
      watched: (slot) => this.#holdings[slot]?.posted === true,
      stuck: (slot, node, afterMs) => this.#stuck(slot, node, formatDuration(afterMs)),
    })
  }

  get slotCount(): number {
    return this.#holdings.length
  }

  working(): SlotWork[] {
    return this.#holdings.flatMap((holding) =>
      holding === undefined ? [] : [{ jobId: holding.jobId, plan: holding.plan, subtasks: holding.metrics }],
    )
  }

  /** Resolves when no slot holds anything, and with false when some still do after that time. One caller at a time. */
  whenIdle(timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => {
        this.#idle = undefined
        resolve(false)
      }, timeoutMs)
      this.#idle = () => {
        clock.clearTimeout(timer)
        this.#idle = undefined
        resolve(true)
      }
      this.#checkIdle()
    })
  }

  /** For registration. */
  status(): SlotStatus[] {
    return this.#holdings.map((holding, slot) => ({
      slot,
      port: this.#options.slots.port(slot),
      jobId: holding?.jobId ?? '',
      attempt: holding?.attempt ?? 0,
      checkpointId: holding?.checkpointId ?? 0,
      subtasks: holding === undefined ? [] : shown(holding),
    }))
  }

  /** An order that cannot be carried out fails its attempt here, and nothing else. */
  receive(message: ToTaskManager): void {
    try {
      this.#receive(message)
    } catch (error) {
      this.#options.log('error', `an order of the JobManager (${message.kind}) could not be carried out`, { error })
      if (message.kind === 'deploy') this.#giveUp(message, error)
    }
  }

  #receive(message: ToTaskManager): void {
    switch (message.kind) {
      case 'registered':
        break
      case 'deploy':
        this.#deploy(message)
        break
      case 'start':
        this.#toSlots(message, { kind: 'start', attempt: message.attempt })
        break
      case 'cancel':
        this.#cancel(message)
        break
      case 'cancelSlots':
        this.#cancel(message, message.slots)
        break
      case 'triggerCheckpoint': {
        const { attempt, checkpointId, savepoint, stop } = message
        this.#noteCheckpoint(message)
        const mode = stop === 'drain' || stop === 'suspend' ? { stop } : {}
        this.#toSlots(message, { kind: 'trigger-checkpoint', attempt, checkpointId, savepoint, ...mode } as ToSlot)
        break
      }
      case 'resultsRead': {
        const { attempt, uid, subtask, next } = message
        this.#toSlots(message, { kind: 'results-read', attempt, uid, subtask, next })
        break
      }
      case 'alignSources':
        this.#toSlots(message, { kind: 'align-sources', attempt: message.attempt, groups: message.groups })
        break
      case 'abortCheckpoint': {
        const { attempt, checkpointId } = message
        this.#toSlots(message, { kind: 'abort-checkpoint', attempt, checkpointId })
        break
      }
      case 'checkpointComplete': {
        const { attempt, checkpointId } = message
        this.#toSlots(message, { kind: 'checkpoint-complete', attempt, checkpointId })
        break
      }
    }
  }

  fromSlot(slot: number, message: FromSlot): void {
    const { send, slots } = this.#options
    if (message.kind === 'ready') {
      send({ kind: 'slotReady', slot, port: message.port })
      return
    }
    if (message.kind === 'warning') {
      this.#options.log('warn', message.text, { slot, ...message.fields })
      return
    }
    const holding = this.#holdings[slot]
    if (holding === undefined || holding.attempt !== message.attempt) return
    if (message.kind === 'metrics') holding.metrics = message.subtasks
    else noteProgress(holding.progress, message)
    // Records that only this JobManager has, and that nobody may have taken.
    if (message.kind === 'results') holding.bound = 'delivering'
    if (message.kind !== 'released') {
      send(fromSlot(holding.jobId, message))
      return
    }
    send({ kind: 'slotReleased', slot, jobId: holding.jobId, attempt: holding.attempt })
    this.#free(slot)
    if (this.#holdings.every((each) => each === undefined)) slots.retire()
  }

  /** A slot's thread is gone. */
  slotEnded(slot: number, { reason, outOfMemory, replaced }: SlotEnd): void {
    const { id, heapBytes, log, send } = this.#options
    const holding = this.#holdings[slot]
    const error = outOfMemory
      ? errors.create('SLOT_OUT_OF_MEMORY', { slot, id, limit: formatSize(heapBytes) })
      : errors.create('SLOT_DIED', { slot, id, reason })
    log('error', error.message, { slot, jobId: holding?.jobId, stack: this.#options.slots.thread(slot).stack })
    this.#free(slot)
    if (!replaced) send({ kind: 'slotReady', slot, port: 0 })
    if (holding === undefined) return
    // The slot itself comes back with `slotReady`, and until then is nobody's.
    // One that ended by itself may be the reason why the job was cancelled: others lost their connections to it.
    if (!holding.cancelled || !this.#options.slots.thread(slot).killed)
      this.#failed(holding, holding.verdict ?? causeOf(error))
  }

  close(): void {
    this.#watchdog.close()
    this.#options.clock.clearTimeout(this.#warm)
    for (const holding of this.#holdings) this.#options.clock.clearTimeout(holding?.timer)
  }

  #deploy(message: Deploy): void {
    const { id, slots, bundles, fetchBundle } = this.#options
    const plan = JSON.parse(Buffer.from(message.planJson).toString()) as JobPlan
    const { jobId, attempt } = message
    const taken: Holding[] = []
    for (const { slot, subtasks } of message.slots) {
      const fresh = {
        jobId,
        attempt,
        plan,
        subtasks,
        posted: false,
        cancelled: false,
        timer: undefined,
        verdict: undefined,
        checkpointId: 0,
        progress: progressOf(subtasks),
        bound: undefined,
        metrics: [],
      }
      if (this.#holdings[slot] !== undefined || slots.port(slot) === 0) {
        this.#failed(fresh, causeOf(errors.create('SLOT_BUSY', { slot, id })))
        this.#options.send({ kind: 'slotReleased', slot, jobId, attempt })
        continue
      }
      this.#holdings[slot] = fresh
      taken.push(fresh)
    }
    bundles
      .path(message.bundleId, () => fetchBundle(message.bundleId))
      .then((bundlePath) => this.#post(message, plan, bundlePath))
      .catch((error: unknown) => {
        for (const holding of taken) if (!holding.cancelled && !holding.posted) this.#failed(holding, causeOf(error))
      })
  }

  /** A deployment that failed half-way: what was not told yet never will be. */
  #giveUp({ jobId, attempt, slots }: Deploy, error: unknown): void {
    for (const { slot, subtasks } of slots) {
      const holding = this.#holdings[slot]
      if (holding?.jobId === jobId && holding.attempt === attempt && !holding.posted) this.#free(slot)
      const failed = { jobId, attempt, subtasks }
      this.#failed(failed, causeOf(error))
      this.#options.send({ kind: 'slotReleased', slot, jobId, attempt })
    }
  }

  #post(message: Deploy, plan: JobPlan, bundlePath: string): void {
    const { slots } = this.#options
    const { jobId, jobName, attempt, epoch, locations, options, checkpointRoot } = message
    const rings = makeRings(plan, message.slots)
    const restored =
      message.restoreJson.byteLength === 0
        ? undefined
        : (JSON.parse(Buffer.from(message.restoreJson).toString()) as Readonly<Record<string, RestoreAssignment>>)
    for (const { slot, subtasks } of message.slots) {
      const holding = this.#holdings[slot]
      if (holding?.jobId !== jobId || holding.attempt !== attempt || holding.cancelled) continue
      const deployment: Deployment = {
        jobId,
        jobName,
        attempt,
        epoch,
        plan,
        bundlePath,
        subtasks,
        locations,
        rings: rings.get(slot) ?? [],
        owners: Array.from({ length: slots.count }, (_, each) => slots.thread(each).owner),
        doorbells: slots.doorbells,
        options,
        ...(checkpointRoot === '' ? {} : { checkpointRoot }),
        ...(restored === undefined
          ? {}
          : { restore: { checkpointId: message.restoreCheckpointId, subtasks: pick(restored, subtasks) } }),
      }
      holding.posted = true
      slots.thread(slot).post({ kind: 'deploy', deployment })
    }
    // If something here or elsewhere ends, the free slots are wanted at once. Not now: the job comes first.
    this.#options.clock.clearTimeout(this.#warm)
    this.#warm = this.#options.clock.setTimeout(() => slots.warm(), warmAfterMs)
  }

  /** `only`: of these slots; absent: of all. */
  #cancel({ jobId, attempt, end }: Cancel, only?: readonly number[]): void {
    const { clock, slots, send, cancellationTimeoutMs } = this.#options
    this.#holdings.forEach((holding, slot) => {
      if (holding?.jobId !== jobId || holding.attempt !== attempt || holding.cancelled) return
      if (only !== undefined && !only.includes(slot)) return
      holding.cancelled = true
      if (!holding.posted) {
        send({ kind: 'slotReleased', slot, jobId, attempt })
        this.#free(slot)
        return
      }
      slots.thread(slot).post({ kind: 'cancel', attempt, ...(end ? { newest: end.checkpointId } : {}) })
      holding.timer = clock.setTimeout(() => {
        const { id, log } = this.#options
        const timeout = formatDuration(cancellationTimeoutMs)
        log('warn', errors.create('CANCELLATION_TIMEOUT', { slot, id, timeout }).message, { jobId, attempt })
        slots.thread(slot).kill()
      }, cancellationTimeoutMs)
    })
  }

  #stuck(slot: number, node: number, timeout: string): void {
    const holding = this.#holdings[slot]
    if (holding === undefined) return
    const verdict = stuckCause(holding.plan, node, timeout)
    holding.verdict = verdict
    const thread = this.#options.slots.thread(slot)
    hangingFrames(thread.threadId, (url) => this.#options.bundles.holds(url))
      .then((frames) => {
        if (frames.length > 0) holding.verdict = { ...verdict, stack: [verdict.message, ...frames].join('\n') }
      })
      .finally(() => thread.kill())
      .catch((reason: unknown) => this.#options.log('warn', 'no stack of a slot that hangs', { slot, reason }))
  }

  #failed({ jobId, attempt, subtasks }: Pick<Holding, 'jobId' | 'attempt' | 'subtasks'>, cause: FailureCause): void {
    for (const { vertex, subtask } of subtasks) {
      this.#options.send({ kind: 'taskState', jobId, attempt, vertex, subtask, state: 'failed', cause })
    }
  }

  #free(slot: number): void {
    this.#options.clock.clearTimeout(this.#holdings[slot]?.timer)
    this.#holdings[slot] = undefined
    this.#checkIdle()
  }

  #checkIdle(): void {
    if (this.#idle !== undefined && this.#holdings.every((each) => each === undefined)) this.#idle()
  }

  #noteCheckpoint({ jobId, attempt, checkpointId, stop }: Extract<ToTaskManager, { kind: 'triggerCheckpoint' }>): void {
    for (const holding of this.#holdings) {
      if (holding?.jobId !== jobId || holding.attempt !== attempt) continue
      holding.checkpointId = checkpointId
      // Sources may have emitted their end: only a restart leads back.
      if (stop !== '') holding.bound = 'ending'
    }
  }

  #toSlots({ jobId, attempt }: { readonly jobId: string; readonly attempt: number }, message: ToSlot): void {
    this.#holdings.forEach((holding, slot) => {
      if (holding?.jobId !== jobId || holding.attempt !== attempt || !holding.posted) return
      this.#options.slots.thread(slot).post(message)
    })
  }
}

function shown({ progress, bound, cancelled }: Holding): SubtaskStatus[] {
  const state = cancelled ? 'canceling' : bound
  return [...progress.values()].map((each) => (state === undefined ? each : { ...each, state }))
}

function pick(
  all: Readonly<Record<string, RestoreAssignment>>,
  subtasks: readonly { readonly vertex: number; readonly subtask: number }[],
): Record<string, RestoreAssignment> {
  const own: Record<string, RestoreAssignment> = {}
  for (const { vertex, subtask } of subtasks) {
    const found = all[`${vertex}/${subtask}`]
    if (found !== undefined) own[`${vertex}/${subtask}`] = found
  }
  return own
}

/** What user code that does not come back was doing. */
function stuckCause(plan: JobPlan, node: number, timeout: string): FailureCause {
  if (node === pulsePhase.importing) return causeOf(errors.create('STUCK_IMPORTING', { timeout }))
  if (node === pulsePhase.opening) return causeOf(errors.create('STUCK_OPENING', { timeout }))
  const vertex = plan.vertices.find(({ operators }) => operators.some((each) => each.node === node))
  const operator = vertex?.operators.find((each) => each.node === node)
  // Of a chain, only the head is known: which of its operators hangs, the user's line says.
  const chain = vertex !== undefined && vertex.operators.length > 1
  const name = chain ? vertex.name : (operator?.name ?? `node ${node}`)
  const error = errors.create('STUCK', { what: chain ? 'one of the operators' : 'operator', operator: name, timeout })
  const where = operator === undefined ? {} : chain ? { operator: name } : { operator: name, uid: operator.uid }
  return { ...causeOf(error), ...where }
}

function causeOf(error: unknown): FailureCause {
  const { code, message, hint } = errorToWire(error)
  return { code, message, ...(hint === undefined ? {} : { hint }) }
}
