/**
 * Programs that run jobs on a cluster: `new Cluster('localhost:6123')`. A thin layer over the gRPC client; every failure
 * is a coded error. Imported as 'millrace/client', apart from what jobs import: a slot has no use for it.
 */
import {
  type ClusterClient,
  type ClusterInfo,
  createClusterClient,
  type JobInfo,
  type JobStatus,
  type LogLine,
  type ResultBatch,
  type Snapshot,
} from '../proto/client.ts'
import { compilePlan } from './graph/compile.ts'
import { buildGraph } from './graph/load.ts'
import type { Job } from './job.ts'

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

/** A job on a cluster. */
export class RunningJob {
  readonly id: string
  /** What became of each state of the snapshot that the job started from, for people. */
  readonly restoreLines: readonly string[]
  readonly #client: ClusterClient

  /** Made by `Cluster`. */
  constructor(client: ClusterClient, id: string, restoreLines: readonly string[] = []) {
    this.#client = client
    this.id = id
    this.restoreLines = restoreLines
  }

  async status(): Promise<JobStatus> {
    return (await this.info()).status
  }

  info(): Promise<JobInfo> {
    return this.#client.info(this.id)
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
    return this.#client.watch(this.id)
  }

  /** Waits for the end of the job, however it ends. */
  async finished(): Promise<JobStatus> {
    let last: JobStatus | undefined
    for await (const status of this.watch()) last = status
    return last ?? (await this.status())
  }
}

/** A connection to a JobManager. Does not connect before the first call. */
export class Cluster {
  readonly #client: ClusterClient

  constructor(address = 'localhost:6123') {
    this.#client = createClusterClient({ address })
  }

  /** Builds the job's plan here and submits it with its bundle. Throws what building throws. */
  async submit(job: Job, options: SubmitOptions): Promise<RunningJob> {
    const { bundle, parallelism, options: given, savepointPath, allowNonRestoredState } = options
    const plan = compilePlan(buildGraph(job, { parallelism, options: given }))
    const { jobId, restoreLines } = await this.#client.submit({ plan, bundle, savepointPath, allowNonRestoredState })
    return new RunningJob(this.#client, jobId, restoreLines)
  }

  /** A job that runs already, by id, by a unique prefix of it, or by name. */
  async job(idOrName: string): Promise<RunningJob> {
    const { status } = await this.#client.info(idOrName)
    return new RunningJob(this.#client, status.jobId)
  }

  /** The newest first. */
  jobs(): Promise<readonly JobStatus[]> {
    return this.#client.list()
  }

  info(): Promise<ClusterInfo> {
    return this.#client.cluster()
  }

  close(): void {
    this.#client.close()
  }
}
