/**
 * One job under development: submits it, shows what it prints, and replaces it by its next version with the state of the
 * last. Replacements run one after the other. At any time at most one job of the session is meant to run.
 */

import { deferred, Mutex } from '../../core/async/index.ts'
import { formatSize } from '../../core/config/index.ts'
import { isMillraceError } from '../../core/errors.ts'
import { checkRestore, snapshotOfPlan } from '../../proto/checkpoint/restore-check.ts'
import type { ClusterClient, JobStatus } from '../../proto/client.ts'
import { cancelUnlessEnded } from '../cluster.ts'
import { failureOf } from '../commands/run.ts'
import type { LoadedJob } from '../load-job.ts'
import { formatAge, showError, type Terminal } from '../terminal.ts'
import type { DevCluster } from './dev-cluster.ts'

/** What a job under development has unless it says otherwise: snapshots must be possible, and survive a cancel. */
const devOptions: Readonly<Record<string, string>> = {
  'execution.checkpointing.interval': '10s',
  'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
  'execution.checkpointing.savepoint-dir': '.millrace/savepoints',
}

interface Running {
  readonly job: LoadedJob
  readonly jobId: string
  status: JobStatus | undefined
  /** Settles when the job has ended and all that it printed has been shown. */
  ended: Promise<JobStatus | undefined>
}

export class DevSession {
  readonly #terminal: Terminal
  readonly #cluster: DevCluster
  readonly #client: ClusterClient
  readonly #turns = new Mutex()
  readonly #end = deferred<JobStatus>()
  #running: Running | undefined
  /** Lines and results shown since the job started. */
  #shown = 0

  constructor(terminal: Terminal, cluster: DevCluster, client: ClusterClient) {
    this.#terminal = terminal
    this.#cluster = cluster
    this.#client = client
  }

  /** Lines and results of the job that runs now. */
  get shown(): number {
    return this.#shown
  }

  /** Submits the first version. Resolves when it runs or has ended. */
  start(job: LoadedJob, savepointPath: string | undefined): Promise<void> {
    return this.#turns.run(async () => {
      await this.#submit(job, savepointPath)
    })
  }

  /** Resolves when a job ends by itself: not when it is replaced or closed. */
  get end(): Promise<JobStatus> {
    return this.#end.promise
  }

  /** `name`, state and shape, for the banner. */
  describe(): string {
    const running = this.#running
    if (running === undefined) return ''
    const { plan } = running.job
    const operators = plan.vertices.reduce((sum, vertex) => sum + vertex.operators.length, 0)
    const parallelism = Math.max(...plan.vertices.map((vertex) => vertex.parallelism))
    const state = (running.status?.state ?? 'created').toUpperCase()
    return `${plan.name}  ${state}  ${operators} operators, parallelism ${parallelism}`
  }

  /** Replaces the job by `next` with the state of the one that runs. `why` begins the line that is shown. */
  replace(next: LoadedJob, why: string): Promise<void> {
    return this.#turns.run(async () => {
      const started = this.#terminal.clock.monotonic()
      const old = this.#running
      const refused =
        old?.status?.state === 'running' ? checkRestore(snapshotOfPlan(old.job.plan), next.plan).refused : undefined
      if (old !== undefined && refused !== undefined) {
        // Before anything stops.
        showError(this.#terminal, refused)
        this.#terminal.note(`  ${old.job.plan.name} goes on as it was`)
        return
      }
      const snapshot = await this.#takeDown()
      const from = snapshot === undefined ? 'started fresh' : snapshot.text
      try {
        const lines = await this.#submit(next, snapshot?.path)
        const state = (this.#running?.status?.state ?? '').toUpperCase()
        const took = formatAge(this.#terminal.clock.monotonic() - started)
        this.#terminal.note(`  ${why} → ${from} → ${state} in ${took}`)
        for (const line of lines) this.#terminal.note(this.#terminal.style('dim', `    ${line}`))
      } catch (error) {
        if (!isMillraceError(error) || old === undefined) throw error
        showError(this.#terminal, error)
        await this.#submit(old.job, snapshot?.path)
        this.#terminal.note(`  ${old.job.plan.name} goes on as it was`)
      }
    })
  }

  /** Takes a savepoint and shows where it is. */
  savepoint(): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#running === undefined) return
      const { path, bytes, durationMs } = await this.#client.savepoint(
        this.#running.jobId,
        absoluteHere('.millrace/savepoints'),
      )
      this.#terminal.note(`  savepoint ${path}  ${formatSize(bytes)} in ${formatAge(durationMs)}`)
    })
  }

  /** Ends the job, without a savepoint. */
  close(): Promise<void> {
    return this.#turns.run(async () => {
      const running = this.#running
      this.#running = undefined
      if (running === undefined || running.status?.terminal === true) return
      await cancelUnlessEnded(this.#client, running.jobId)
      await running.ended
    })
  }

  /** Ends the job that runs; what it leaves is a savepoint, its newest checkpoint, or nothing. */
  async #takeDown(): Promise<{ readonly path: string; readonly text: string } | undefined> {
    const running = this.#running
    if (running === undefined || running.status?.state === 'finished' || running.status?.state === 'canceled')
      return undefined
    this.#running = undefined
    if (running.status?.state === 'running') {
      try {
        const { path, bytes } = await this.#client.stop(running.jobId, {
          savepointPath: absoluteHere('.millrace/savepoints'),
        })
        await running.ended
        return { path, text: `savepoint (${formatSize(bytes)})` }
      } catch (error) {
        if (!isMillraceError(error)) throw error
        showError(this.#terminal, error)
      }
    }
    const { checkpoints, status } = await this.#client.info(running.jobId)
    const newest = checkpoints.find((each) => each.state === 'completed' && each.path !== undefined && each.path !== '')
    if (!status.terminal) {
      await cancelUnlessEnded(this.#client, running.jobId)
      await running.ended
    }
    return newest?.path === undefined ? undefined : { path: newest.path, text: `checkpoint ${newest.checkpointId}` }
  }

  async #submit(job: LoadedJob, savepointPath: string | undefined): Promise<readonly string[]> {
    await this.#cluster.ensureSlots(Math.max(...job.plan.vertices.map((vertex) => vertex.parallelism)))
    const defaults = Object.fromEntries(Object.entries(devOptions).filter(([key]) => !(key in job.plan.options)))
    if ('execution.checkpointing.savepoint-dir' in defaults) {
      defaults['execution.checkpointing.savepoint-dir'] = absoluteHere('.millrace/savepoints')
    }
    const { jobId, restoreLines } = await this.#client.submit({
      plan: job.plan,
      bundle: Buffer.from(job.bundle.code),
      options: { ...defaults, ...job.options },
      savepointPath,
    })
    const running: Running = { job, jobId, status: undefined, ended: Promise.resolve(undefined) }
    this.#running = running
    this.#shown = 0
    await new Promise<void>((resolve, reject) => {
      running.ended = this.#follow(running, resolve).catch((error: unknown) => {
        reject(error)
        // After a close the streams end in the middle; before it, the reader of `start` has the error.
        return undefined
      })
    })
    return restoreLines
  }

  async #follow(running: Running, settled: () => void): Promise<JobStatus | undefined> {
    const { jobId } = running
    await Promise.all([this.#followStatus(running, settled), this.#followLines(jobId), this.#followResults(jobId)])
    const { status } = running
    if (status?.terminal === true && this.#running === running) this.#end.resolve(status)
    return status
  }

  async #followStatus(running: Running, settled: () => void): Promise<void> {
    let shownFailure = 0
    for await (const status of this.#client.watch(running.jobId)) {
      running.status = status
      if (status.failure !== undefined && status.failure.timeMs !== shownFailure) {
        shownFailure = status.failure.timeMs
        showError(this.#terminal, failureOf(status))
        if (!status.terminal)
          this.#terminal.note(`  ${status.name} ${status.detail === '' ? 'restarts' : status.detail}`)
      }
      if (status.state === 'running' || status.terminal) settled()
    }
    settled()
  }

  async #followLines(jobId: string): Promise<void> {
    for await (const { source, text } of this.#client.logs(jobId, { follow: true })) {
      if (source === 'jobmanager') continue
      this.#shown++
      this.#terminal.out(this.#terminal.json ? JSON.stringify({ uid: source, line: text }) : text)
    }
  }

  async #followResults(jobId: string): Promise<void> {
    for await (const { uid, records } of this.#client.results(jobId)) {
      this.#shown += records.length
      for (const record of records) this.#terminal.out(JSON.stringify(this.#terminal.json ? { uid, record } : record))
    }
  }
}

const absoluteHere = (path: string): string => `${process.cwd()}/${path}`
