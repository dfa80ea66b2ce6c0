/**
 * Ending the tasks of a running job with a checkpoint so that they begin again at once: with another parallelism, or in other
 * slots because a TaskManager is about to end. Nothing is processed twice, so also sinks that cannot commit repeat nothing.
 *
 * Promises: one at a time; a job that cannot get what was asked for goes on as it was; a new parallelism is in the record
 * before the first task has it, and from then on every attempt has it.
 *
 * Concurrency: belongs to one job.
 */
import { passPoint } from '../../core/fault-orders.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { JobStatus } from '../../proto/client.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { fittedPlan, type ParallelismChange, rescaledPlan } from '../../proto/jobgraph/rescale-plan.ts'
import type { CheckpointCoordinator } from '../checkpoint/coordinator.ts'
import { slotsNeeded } from '../cluster/assign.ts'
import type { SlotTable } from '../cluster/slots.ts'
import { errors } from '../errors.ts'
import type { Feed } from './journal.ts'
import { changeOf, type RescaleRequest } from './parallelism.ts'
import { detailOf, isTerminal, type JobEvent, type JobState } from './state.ts'

/** What of a job is needed here. */
export interface RedeployedJob {
  readonly id: string
  readonly coordinator: CheckpointCoordinator
  readonly changes: Feed<JobStatus>
  readonly checkpointing: boolean
  /** As it was submitted, and as the next attempt will run it. */
  readonly submitted: JobPlan
  readonly nextPlan: JobPlan
  /** Of the current attempt. */
  readonly plan: JobPlan
  readonly state: JobState
  status(): JobStatus
  dispatch(event: JobEvent): void
  /** The next attempt has that parallelism, or the one before when there are too few slots for it. Stores it. */
  setParallelism(change: ParallelismChange): Promise<void>
}

export interface RedeploySettings {
  readonly clock: Clock
  readonly slots: SlotTable
  /** The parallelism follows the slots, up to this number. */
  readonly reactiveMax: number | undefined
  /** For so long the slots must be the same before a job follows them. */
  readonly stabilizationMs: number
  slotsChanged(): void
  log(text: string, error: unknown): void
}

export interface Rescaled {
  readonly status: JobStatus
  readonly vertices: readonly { readonly name: string; readonly before: number; readonly after: number }[]
  readonly durationMs: number
  readonly interruptedMs: number
}

export class Redeployments {
  readonly #job: RedeployedJob
  readonly #settings: RedeploySettings
  #turn: Promise<unknown> = Promise.resolve()
  #timer: TimerHandle | undefined
  /** Slots that the timer waits for. */
  #seen = 0

  constructor(job: RedeployedJob, settings: RedeploySettings) {
    this.#job = job
    this.#settings = settings
  }

  /**
   * Resolves when the job runs with the new parallelism, or waits for slots to do so, or has ended. Throws JOBMANAGER_…: a bad
   * request, TOO_FEW_SLOTS, NO_CHECKPOINTING, RESCALE_FAILED.
   */
  rescale(request: RescaleRequest): Promise<Rescaled> {
    const { submitted } = this.#job
    // What is wrong in itself need not wait.
    changeOf(submitted, request)
    if (this.#settings.reactiveMax !== undefined) throw errors.create('RESCALE_REACTIVE', { job: submitted.name })
    return this.#inTurn(() => this.#rescale(request))
  }

  /**
   * Leaves the slots that the job has; resolves when a checkpoint is complete after which the tasks end. A job that does not run
   * is left alone, and one that takes no checkpoints begins anew.
   */
  leave(detail: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!(await this.#settled())) return
      if (this.#job.checkpointing) await this.#suspend(detail)
      else this.#job.dispatch({ kind: 'failure', cause: { code: 'UNKNOWN', message: detail }, fatal: false })
    })
  }

  /** There are other slots than before: a job that follows them does so when they stay. */
  slotsChanged(): void {
    const { clock, reactiveMax, slots, stabilizationMs } = this.#settings
    if (reactiveMax === undefined) return
    const available = slots.within(this.#job.id)
    const wanted = this.#wanted(available) !== undefined
    if (wanted && this.#timer !== undefined && available === this.#seen) return
    this.close()
    this.#seen = available
    if (!wanted) return
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined
      const plan = this.#wanted(slots.within(this.#job.id))
      if (plan === undefined) return
      const detail = `follows the slots: ${slotsNeeded(this.#job.plan)} -> ${slotsNeeded(plan)}`
      this.leave(detail).catch((error: unknown) => this.#settings.log('the job could not follow the slots', error))
    }, stabilizationMs)
  }

  close(): void {
    this.#settings.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** A larger plan for the slots that there are, if the job can have one now. */
  #wanted(available: number): JobPlan | undefined {
    const { submitted, plan, state, checkpointing } = this.#job
    const { reactiveMax } = this.#settings
    if (reactiveMax === undefined || state.kind !== 'running' || repairs(state) || !checkpointing) return undefined
    const fitted = fittedPlan(submitted, available, reactiveMax)
    return slotsNeeded(fitted) > slotsNeeded(plan) ? fitted : undefined
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #rescale(request: RescaleRequest): Promise<Rescaled> {
    const { clock, slots } = this.#settings
    const job = this.#job
    const beganMs = clock.monotonic()
    const before = job.nextPlan
    const running = await this.#settled()
    const { kind: state } = job.state
    if (isTerminal(state)) throw errors.create('JOB_ENDED', { job: before.name, state })
    if (state !== 'waiting-for-resources' && !running) throw errors.create('NOT_RUNNING', { job: before.name, state })
    const change = changeOf(before, request)
    const after = rescaledPlan(job.submitted, change)
    const vertices = before.vertices.map(({ id, name, parallelism }) => ({
      name,
      before: parallelism,
      after: change[id] as number,
    }))
    const answer = (status: JobStatus, sinceMs: number): Rescaled => {
      const nowMs = clock.monotonic()
      return { status, vertices, durationMs: nowMs - beganMs, interruptedMs: nowMs - sinceMs }
    }
    if (vertices.every((each) => each.before === each.after)) return answer(job.status(), clock.monotonic())
    if (!running) {
      await job.setParallelism(change)
      const outcome = this.#outcome()
      this.#settings.slotsChanged()
      return answer(await outcome, clock.monotonic())
    }
    if (!job.checkpointing) throw errors.create('NO_CHECKPOINTING', { job: before.name })
    const needed = slotsNeeded(after)
    const available = slots.within(job.id)
    if (needed > available) {
      const free = slots.free().length
      const counts = { needed, available, free, own: available - free, missing: needed - available }
      throw errors.create('TOO_FEW_SLOTS', { job: before.name, ...counts })
    }
    // The long part while the job goes on; one that fails does it no harm, and what changes until the next one is little.
    await this.#snapshot(job.coordinator.request({ kind: 'checkpoint' }))
    this.#expect('running')
    const suspendedMs = clock.monotonic()
    await this.#suspend(`is rescaled from ${slotsNeeded(before)} to ${needed} slots`)
    // An attempt that failed over it may have begun anew with the old parallelism.
    this.#expect('redeploying')
    passPoint('rescale')
    const outcome = this.#outcome()
    await job.setParallelism(change)
    return answer(await outcome, suspendedMs)
  }

  #expect(kind: JobState['kind']): void {
    const { plan, state } = this.#job
    if (state.kind !== kind) throw failed(plan.name, `it is ${state.kind}`)
    if (repairs(state)) throw failed(plan.name, detailOf(state))
  }

  /** A checkpoint that counts and after which the tasks end by themselves. */
  async #suspend(detail: string): Promise<void> {
    const job = this.#job
    if (job.coordinator.ending) throw failed(job.plan.name, 'it is about to end')
    const request = job.coordinator.request({ kind: 'checkpoint', stop: 'suspend' })
    job.dispatch({ kind: 'redeploy', detail })
    await this.#snapshot(request)
  }

  async #snapshot(request: Promise<unknown>): Promise<void> {
    try {
      await request
    } catch (error) {
      throw errors.create(
        'RESCALE_FAILED',
        { job: this.#job.plan.name, reason: error instanceof Error ? error.message : String(error) },
        { cause: error },
      )
    }
  }

  /** True when the job runs; a job on its way there is waited for. */
  async #settled(): Promise<boolean> {
    const { changes, state } = this.#job
    const onItsWay = state.kind === 'created' || state.kind === 'deploying' || state.kind === 'restarting'
    const steady = (status: JobStatus): boolean => status.state === 'running' && status.detail === ''
    if (onItsWay || repairs(state)) await changes.first((status) => steady(status) || missesSlots(status))
    return this.#job.state.kind === 'running' && !repairs(this.#job.state)
  }

  /** The next status that says how it went. */
  async #outcome(): Promise<JobStatus> {
    const { changes } = this.#job
    const last = await changes.first(
      (status) => status.state === 'running' || missesSlots(status) || isTerminal(status.state),
    )
    return last ?? this.#job.status()
  }
}

/** A region of it begins again. */
const repairs = (state: JobState): boolean => state.kind === 'running' && state.repair !== undefined

/** It has looked, and there are too few. */
const missesSlots = ({ detail }: JobStatus): boolean => detail.startsWith('needs ')

function failed(job: string, reason: string): Error {
  return errors.create('RESCALE_FAILED', { job, reason })
}
