/**
 * The client of a cluster: one connection to a JobManager. Every failure is a coded error: RPC_NO_JOBMANAGER,
 * RPC_CONNECTION_LOST, JOBMANAGER_NO_SUCH_JOB and so on. Calls may run at the same time.
 */
import { systemClock } from '../core/platform/clock.ts'
import { systemRandom } from '../core/platform/random.ts'
import { clientMethods as methods } from './generated/services.ts'
import type {
  CheckpointCounts,
  CheckpointInfo,
  ClusterInfo,
  CodeHeader,
  CodePiece,
  Failure,
  JobInfo as JobInfoWire,
  JobStatus as JobStatusWire,
  LogLine,
  RescaleReply,
  RestoredFrom,
  ResultPosition,
  ResultsReply,
  SnapshotReply,
  SubmitRequest,
  VertexInfo,
} from './generated/shapes.ts'
import type { JobPlan } from './jobgraph/plan.ts'
import { defaultMessageBytesMax } from './rpc/channel.ts'
import { isAway, rpcErrors } from './rpc/errors.ts'
import { LeaderChannel, parseAddresses } from './rpc/leader-channel.ts'
import type { ChannelTls } from './rpc/tls.ts'

export type {
  CheckpointCounts,
  CheckpointInfo,
  ClusterInfo,
  Failure,
  LogLine,
  RestoredFrom,
  SubtaskInfo,
  TaskManagerInfo,
  VertexInfo,
} from './generated/shapes.ts'

export const jobStates = [
  'created',
  'waiting-for-resources',
  'deploying',
  'running',
  'redeploying',
  'restarting',
  'stopping',
  'canceling',
  'failing',
  'finished',
  'canceled',
  'failed',
] as const
export type JobStateName = (typeof jobStates)[number]

export interface JobStatus extends Omit<JobStatusWire, 'state'> {
  readonly state: JobStateName
}

export interface JobInfo extends Omit<JobInfoWire, 'planJson' | 'status'> {
  readonly status: JobStatus
  readonly vertices: readonly VertexInfo[]
  readonly checkpoints: readonly CheckpointInfo[]
  readonly checkpointCounts?: CheckpointCounts | undefined
  readonly failures: readonly Failure[]
  /** Snapshot that the newest attempt started from; absent: it started without one. */
  readonly restored?: RestoredFrom | undefined
  readonly plan: JobPlan
}

export interface Submission {
  readonly plan: JobPlan
  readonly bundle: Uint8Array
  /** By key; they win over the plan's. */
  readonly options?: Readonly<Record<string, string>> | undefined
  /** Snapshot to start from. */
  readonly savepointPath?: string | undefined
  readonly allowNonRestoredState?: boolean | undefined
}

/** What a job was submitted with. */
export type JobCode = Required<Pick<Submission, 'plan' | 'bundle' | 'options'>>

export interface Submitted {
  readonly jobId: string
  /** What becomes of each state of the snapshot, for people; empty for a fresh start. */
  readonly restoreLines: readonly string[]
}

/** A completed checkpoint or savepoint. `path` may be given to `submit`. */
export type Snapshot = SnapshotReply

/** `undefined` and operators that are not named keep what they have. */
export interface Rescale {
  /** Of all operators that the job gives no parallelism of their own. */
  readonly parallelism?: number | undefined
  /** By uid. */
  readonly operators?: Readonly<Record<string, number>> | undefined
}

export interface Rescaled extends Omit<RescaleReply, 'status'> {
  readonly status: JobStatus
}

/** Records of one collecting sink; the records of one subtask come in order and once. */
export interface ResultBatch {
  readonly uid: string
  readonly subtask: number
  /** Number of the first record among all that this subtask delivers. */
  readonly sequence: number
  readonly records: readonly unknown[]
}

export interface ClusterClientOptions {
  /** host:port; of several JobManagers, separated by commas: the leader is found among them. */
  readonly address: string
  readonly messageBytesMax?: number | undefined
  /** Absent: the connection is plain. */
  readonly tls?: ChannelTls | undefined
}

/** `job` is an id, a unique prefix of an id, or a name (of which the newest job that has not ended counts). */
export interface ClusterClient {
  readonly address: string
  submit(submission: Submission): Promise<Submitted>
  /** The newest first. */
  list(): Promise<readonly JobStatus[]>
  info(job: string): Promise<JobInfo>
  /** Answers when the request is accepted; watch the job to wait for its end. */
  cancel(job: string): Promise<JobStatus>
  /** Answers when the savepoint is complete and the job has ended. */
  stop(
    job: string,
    options?: { readonly savepointPath?: string | undefined; readonly drain?: boolean | undefined },
  ): Promise<Snapshot>
  savepoint(job: string, path?: string): Promise<Snapshot>
  checkpoint(job: string): Promise<Snapshot>
  /**
   * Takes a checkpoint and goes on from it with another parallelism. Answers when the job runs again, or waits for slots, or has
   * ended. Throws JOBMANAGER_TOO_FEW_SLOTS and others, after which the job goes on as it was.
   */
  rescale(job: string, to: Rescale): Promise<Rescaled>
  disposeSavepoint(path: string): Promise<void>
  /** What the job was submitted with: it may be submitted again, from a snapshot. */
  code(job: string): Promise<JobCode>
  /** With `follow`, ends with the job. */
  logs(job: string, options?: { readonly follow?: boolean | undefined }): AsyncIterable<LogLine>
  /**
   * Waits for records; ends with the job. Goes on without a gap when the JobManager is restarted meanwhile. What one reader
   * has taken no later one gets. Throws JOBMANAGER_RESULTS_LOST when records are missing.
   */
  results(job: string): AsyncIterable<ResultBatch>
  /** The status now and after each change; the last one is terminal. */
  watch(job: string): AsyncIterable<JobStatus>
  cluster(): Promise<ClusterInfo>
  close(): void
}

const chunkBytes = 256 * 1024

/** Does not connect yet: the first call does. */
export function createClusterClient({
  address,
  messageBytesMax = defaultMessageBytesMax,
  tls,
}: ClusterClientOptions): ClusterClient {
  const leader = new LeaderChannel(parseAddresses(address), messageBytesMax, tls)
  // A leader that hangs is given up for another.
  const seconds = { timeoutMs: leader.several ? 5000 : 15_000 }
  let closed = false
  return {
    address,
    submit: (submission) => {
      // The same id again is the same job.
      const jobId = systemRandom.hex(8)
      return leader.call((channel) => channel.clientStream(methods.submit, submitRequests(submission, jobId)), true)
    },
    async list() {
      const { jobs } = await leader.call((channel) => channel.unary(methods.list, {}, seconds), true)
      return jobs as readonly JobStatus[]
    },
    async info(job) {
      const { planJson, ...rest } = await leader.call((channel) => channel.unary(methods.info, { job }, seconds), true)
      return {
        ...rest,
        status: rest.status as JobStatus,
        plan: JSON.parse(Buffer.from(planJson).toString()) as JobPlan,
      }
    },
    async cancel(job) {
      return (await leader.call((channel) => channel.unary(methods.cancel, { job }, seconds), false)) as JobStatus
    },
    stop: (job, { savepointPath = '', drain = false } = {}) =>
      leader.call((channel) => channel.unary(methods.stop, { job, savepointPath, drain }), false),
    savepoint: (job, path = '') => leader.call((channel) => channel.unary(methods.savepoint, { job, path }), false),
    checkpoint: (job) => leader.call((channel) => channel.unary(methods.checkpoint, { job }), false),
    async rescale(job, { parallelism = 0, operators = {} }) {
      const named = Object.entries(operators).map(([operator, to]) => ({ operator, parallelism: to }))
      return (await leader.call(
        (channel) => channel.unary(methods.rescale, { job, parallelism, operators: named }),
        false,
      )) as Rescaled
    },
    async disposeSavepoint(path) {
      await leader.call((channel) => channel.unary(methods.disposeSavepoint, { path }), true)
    },
    code: (job) =>
      readCode(
        leader.stream((channel) => channel.serverStream(methods.code, { job })),
        job,
      ),
    logs: (job, { follow = false } = {}) =>
      leader.stream((channel) => channel.serverStream(methods.logs, { job, follow })),
    results: (job) => readResults(leader, job, () => closed),
    watch: (job) =>
      leader.stream(
        (channel) => channel.serverStream(methods.watch, { job }) as AsyncIterable<JobStatus>,
        (last) => last?.terminal === true,
      ),
    cluster: () => leader.call((channel) => channel.unary(methods.cluster, {}, seconds), true),
    close: () => {
      closed = true
      leader.close()
    },
  }
}

/** A JobManager may be away for so long while its results are read. */
const resultsPatienceMs = 30_000
const resultsRetryMs = 200

async function* readResults(
  leader: LeaderChannel,
  job: string,
  closed: () => boolean,
): AsyncGenerator<ResultBatch, void, void> {
  const positions = new Map<string, ResultPosition>()
  let awaySinceMs = Number.NaN
  for (;;) {
    let reply: ResultsReply
    try {
      const request = { job, positions: [...positions.values()] }
      reply = await leader.call((channel) => channel.unary(methods.results, request, { timeoutMs: 30_000 }), true)
      awaySinceMs = Number.NaN
    } catch (error) {
      const away = isAway(error)
      const nowMs = systemClock.monotonic()
      if (Number.isNaN(awaySinceMs)) awaySinceMs = nowMs
      if (!away || closed() || nowMs - awaySinceMs > resultsPatienceMs) throw error
      await new Promise<void>((resolve) => systemClock.setTimeout(resolve, resultsRetryMs))
      continue
    }
    for (const { uid, subtask, sequence, recordsJson } of reply.batches) {
      const records = JSON.parse(Buffer.from(recordsJson).toString()) as unknown[]
      yield { uid, subtask, sequence, records }
      // Taken: the next request says so.
      positions.set(`${subtask}/${uid}`, { uid, subtask, next: sequence + records.length })
    }
    if (reply.ended) return
  }
}

async function readCode(messages: AsyncIterable<CodePiece>, job: string): Promise<JobCode> {
  let header: CodeHeader | undefined
  let bytes = 0
  const pieces: Uint8Array[] = []
  for await (const message of messages) {
    if (message.kind === 'header') {
      // A new leader begins anew.
      header = message
      pieces.length = 0
      bytes = 0
    } else {
      pieces.push(message.value)
      bytes += message.value.byteLength
    }
  }
  if (header === undefined || bytes !== header.bundleBytes) throw rpcErrors.create('CODE_CUT', { job })
  return {
    plan: JSON.parse(Buffer.from(header.planJson).toString()) as JobPlan,
    options: header.options,
    bundle: Buffer.concat(pieces),
  }
}

function* submitRequests(submission: Submission, jobId: string): Generator<SubmitRequest> {
  const { plan, bundle, options = {}, savepointPath = '', allowNonRestoredState = false } = submission
  const planJson = Buffer.from(JSON.stringify(plan))
  const bundleBytes = bundle.byteLength
  yield { kind: 'header', planJson, options, savepointPath, allowNonRestoredState, bundleBytes, jobId }
  for (let at = 0; at < bundle.byteLength; at += chunkBytes) {
    yield { kind: 'bundle', value: bundle.subarray(at, at + chunkBytes) }
  }
}
