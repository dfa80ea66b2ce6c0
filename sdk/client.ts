/**
 * Programs that run jobs on a cluster: `new Cluster('localhost:6123')`. Every failure is a coded error (`isClusterError`). What
 * only reads or waits goes on when the JobManager was away for a while. Imported as 'millrace/client', apart from what jobs
 * import: a slot has no use for it.
 */
import { isMillraceError, type MillraceError } from '../core/errors.ts'
import { systemClock } from '../core/platform/clock.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { tlsErrors } from '../core/tls/errors.ts'
import { readMaterial } from '../core/tls/files.ts'
import {
  type ClusterClient,
  type ClusterInfo,
  createClusterClient,
  type JobInfo,
  type JobStateName,
  type JobStatus,
  type LogLine,
  type Rescale,
  type Rescaled,
  type ResultBatch,
  type Snapshot,
} from '../proto/client.ts'
import type { ChannelTls } from '../proto/rpc/tls.ts'
import { clientErrors } from './errors.ts'
import { compilePlan } from './graph/compile.ts'
import { buildGraph } from './graph/load.ts'
import type { Job } from './job.ts'
import { ask, follow, type Patience } from './reconnect.ts'

export type { ClusterInfo, JobInfo, JobStateName, JobStatus, LogLine, Rescale, Rescaled, ResultBatch, Snapshot }

/** Codes that programs may want to tell apart; `millrace explain CODE` says more about each, and there are others. */
export type ClusterErrorCode =
  | 'RPC_NO_JOBMANAGER'
  | 'RPC_CONNECTION_LOST'
  | 'JOBMANAGER_NO_SUCH_JOB'
  | 'JOBMANAGER_AMBIGUOUS_JOB'
  | 'JOBMANAGER_JOB_ENDED'
  | 'JOBMANAGER_NOT_RUNNING'
  | 'JOBMANAGER_NO_CHECKPOINTING'
  | 'JOBMANAGER_CHECKPOINT_FAILED'
  | 'JOBMANAGER_STOP_FAILED'
  | 'JOBMANAGER_TOO_FEW_SLOTS'
  | 'JOBMANAGER_BAD_PARALLELISM'
  | 'JOBMANAGER_NO_SUCH_OPERATOR'
  | 'JOBMANAGER_RESCALE_FAILED'
  | 'JOBMANAGER_RESCALE_REACTIVE'
  | 'JOBMANAGER_BUNDLE_TOO_LARGE'
  | 'JOBMANAGER_RESULTS_LOST'
  | 'CLIENT_JOB_FAILED'
  | 'CLIENT_JOB_CANCELED'
  | 'CLIENT_JOB_FINISHED'

/** A failure of this cluster or client; with a code, that one. Its `retry` says whether trying again can help. */
export function isClusterError(error: unknown, code?: ClusterErrorCode): error is MillraceError {
  return isMillraceError(error, code)
}

export interface SubmitOptions {
  /** The job's module as one file: ESM whose default export is the job, with 'millrace' left as an import. */
  readonly bundle: Uint8Array
  readonly parallelism?: number
  /** Go before what the job sets. */
  readonly options?: Readonly<Record<string, string>>
  /** Snapshot to start from. */
  readonly savepointPath?: string
  /** Start although some state of the snapshot finds no operator. */
  readonly allowNonRestoredState?: boolean
}

export interface StopOptions {
  readonly savepointPath?: string
  /** Let event time run to its end first, so that every window and timer fires. */
  readonly drain?: boolean
}

/** A job on a cluster. What reads or waits outlives a JobManager that is away; what changes something is sent once. */
export class RunningJob {
  readonly id: string
  /** What became of each state of the snapshot that the job started from, for people. */
  readonly restoreLines: readonly string[]
  readonly #client: ClusterClient
  readonly #patience: Patience

  /** Made by `Cluster`. */
  constructor(client: ClusterClient, patience: Patience, id: string, restoreLines: readonly string[] = []) {
    this.#client = client
    this.#patience = patience
    this.id = id
    this.restoreLines = restoreLines
  }

  async status(): Promise<JobStatus> {
    return (await this.info()).status
  }

  info(): Promise<JobInfo> {
    return ask(this.#patience, () => this.#client.info(this.id))
  }

  /** Answers when the request is accepted. */
  cancel(): Promise<JobStatus> {
    return this.#client.cancel(this.id)
  }

  /** Ends the job with a savepoint; answers when both are done. */
  stop(options: StopOptions = {}): Promise<Snapshot> {
    return this.#client.stop(this.id, options)
  }

  savepoint(path?: string): Promise<Snapshot> {
    return path === undefined ? this.#client.savepoint(this.id) : this.#client.savepoint(this.id, path)
  }

  /**
   * Goes on from a checkpoint with another parallelism: a number for the whole job, or numbers by uid. Answers when the job runs
   * again, or waits for slots. Rejects with JOBMANAGER_TOO_FEW_SLOTS and others; the job then goes on as it was.
   */
  rescale(to: number | Rescale): Promise<Rescaled> {
    return this.#client.rescale(this.id, typeof to === 'number' ? { parallelism: to } : to)
  }

  checkpoint(): Promise<Snapshot> {
    return this.#client.checkpoint(this.id)
  }

  /** Records of the job's `sink.collect`, as they come; ends with the job. */
  results(): AsyncIterable<ResultBatch> {
    return this.#client.results(this.id)
  }

  logs(options: { readonly follow?: boolean } = {}): AsyncIterable<LogLine> {
    return this.#client.logs(this.id, options)
  }

  /** The status now and after each change; the last one is terminal. */
  watch(): AsyncIterable<JobStatus> {
    return follow(
      this.#patience,
      () => this.#client.watch(this.id),
      ({ terminal }) => terminal,
    )
  }

  /** Waits until the job is in that state. Rejects with CLIENT_JOB_… when it ends in another one. */
  async until(state: JobStateName): Promise<JobStatus> {
    let last: JobStatus | undefined
    for await (const status of this.watch()) {
      if (status.state === state) return status
      last = status
    }
    throw endedAs(last ?? (await this.status()))
  }

  /** Waits for the end of the job, however it ends. */
  async ended(): Promise<JobStatus> {
    let last: JobStatus | undefined
    for await (const status of this.watch()) last = status
    return last ?? (await this.status())
  }

  /** Waits until the job has finished. Rejects with CLIENT_JOB_FAILED or CLIENT_JOB_CANCELED when it ends otherwise. */
  async finished(): Promise<JobStatus> {
    const status = await this.ended()
    if (status.state === 'finished') return status
    throw endedAs(status)
  }
}

function endedAs({ name, state, failure }: JobStatus): MillraceError {
  if (state === 'canceled') return clientErrors.create('JOB_CANCELED', { job: name })
  if (state === 'finished') return clientErrors.create('JOB_FINISHED', { job: name })
  return clientErrors.create('JOB_FAILED', { job: name, reason: failure?.message ?? 'no reason is known' })
}

export interface ClusterOptions {
  /** host:port of the JobManager. */
  readonly address?: string
  /** For so long, in ms, the JobManager may be away while something is asked or waited for; 30 s unless given. */
  readonly awayMs?: number
  /** Absent: the connection is plain. */
  readonly tls?: ClusterTls
}

/** Files, PEM. */
export interface ClusterTls {
  /** Who signs the certificate of the JobManager; absent: the well-known authorities. */
  readonly ca?: string
  /** The certificate of this program, with its key. */
  readonly cert?: string
  readonly key?: string
  /** Whether the certificate of the JobManager must be for the host of `address`; true unless given. */
  readonly verifyHostname?: boolean
}

function tlsOf({ ca, cert, key, verifyHostname = true }: ClusterTls): ChannelTls {
  const file = (option: string, path: string | undefined) => (path === undefined ? undefined : { option, path })
  if ((cert === undefined) !== (key === undefined)) {
    const [option, other] = cert === undefined ? ['cert', 'key'] : ['key', 'cert']
    throw tlsErrors.create('NOT_SET', { option: `tls.${option}`, because: `tls.${other} is` })
  }
  const paths = { ca: file('tls.ca', ca), cert: file('tls.cert', cert), key: file('tls.key', key) }
  const current = readMaterial(paths, systemDisk, systemClock.now())
  return { source: { current, listen: () => undefined }, verifyHost: verifyHostname }
}

/** A connection to a JobManager. Does not connect before the first call. */
export class Cluster {
  readonly #client: ClusterClient
  readonly #patience: Patience
  #closed = false

  /** Throws TLS_… for files that cannot be used. */
  constructor(options: string | ClusterOptions = {}) {
    const given: ClusterOptions = typeof options === 'string' ? { address: options } : options
    const { address = 'localhost:6123', awayMs = 30_000, tls } = given
    this.#client = createClusterClient({ address, tls: tls && tlsOf(tls) })
    this.#patience = { awayMs, closed: () => this.#closed }
  }

  /** Builds the job's plan here and submits it with its bundle. Throws what building throws. */
  async submit(job: Job, options: SubmitOptions): Promise<RunningJob> {
    const { bundle, parallelism, options: given, savepointPath, allowNonRestoredState } = options
    const plan = compilePlan(buildGraph(job, { parallelism, options: given }))
    const { jobId, restoreLines } = await this.#client.submit({ plan, bundle, savepointPath, allowNonRestoredState })
    return new RunningJob(this.#client, this.#patience, jobId, restoreLines)
  }

  /** A job that runs already, by id, by a unique prefix of it, or by name. */
  async job(idOrName: string): Promise<RunningJob> {
    const { status } = await ask(this.#patience, () => this.#client.info(idOrName))
    return new RunningJob(this.#client, this.#patience, status.jobId)
  }

  /** The newest first. */
  jobs(): Promise<readonly JobStatus[]> {
    return ask(this.#patience, () => this.#client.list())
  }

  info(): Promise<ClusterInfo> {
    return ask(this.#patience, () => this.#client.cluster())
  }

  /** Deletes a savepoint. */
  disposeSavepoint(path: string): Promise<void> {
    return this.#client.disposeSavepoint(path)
  }

  /** What is still waited for rejects. Jobs go on. */
  close(): void {
    this.#closed = true
    this.#client.close()
  }
}
