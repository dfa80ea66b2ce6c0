/** The gRPC side of clients: turns requests into calls on jobs and their answers into messages. */
import {
  Metadata,
  type ServerReadableStream,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { systemRandom } from '../../core/platform/random.ts'
import { formatRestore } from '../../proto/checkpoint/inspect.ts'
import type * as shapes from '../../proto/generated/shapes.ts'
import { checkpointMode } from '../../proto/jobgraph/options.ts'
import { type JobPlan, planVersion } from '../../proto/jobgraph/plan.ts'
import { toServiceError } from '../../proto/rpc/errors.ts'
import { packageVersion } from '../../proto/rpc/version.ts'
import type { CompletedSnapshot } from '../checkpoint/coordinator.ts'
import { checkSnapshot, disposeSavepoint } from '../checkpoint/snapshots.ts'
import type { Cluster, NewJob } from '../cluster/cluster.ts'
import { errors } from '../errors.ts'
import { sinksOf } from '../job/guarantees.ts'
import type { Job } from '../job/job.ts'
import { fromNowOn } from '../job/journal.ts'
import { answer, writeAll } from './writing.ts'

export interface SubmitOptions {
  readonly bundleBytesMax: number
  /** Makes it a job. Resolves when it outlives this process. */
  accept(job: NewJob): Promise<void>
}

export interface ClientServiceOptions extends SubmitOptions {
  readonly cluster: Cluster
  readonly epoch: number
  address(): string
}

const followersQueueMax = 10_000
/** A reader of results is answered after so long, also when there is nothing: it shows that it still waits. */
const resultsWaitMs = 5000

export function clientService(options: ClientServiceOptions): UntypedServiceImplementation {
  const { cluster } = options
  return {
    submit: submitMethod(options),
    list: answer((): shapes.ListReply => ({ jobs: cluster.jobs.map((job) => job.status()) })),
    info: answer(({ job }: shapes.JobRequest) => infoOf(cluster.find(job))),
    cancel: answer(({ job }: shapes.JobRequest) => {
      const found = cluster.find(job)
      found.cancel()
      return found.status()
    }),
    stop: answer(async ({ job, savepointPath, drain }: shapes.StopRequest) =>
      reply(await cluster.find(job).stop(given(savepointPath), drain)),
    ),
    savepoint: answer(async ({ job, path }: shapes.SavepointRequest) =>
      reply(await cluster.find(job).snapshot('savepoint', given(path))),
    ),
    checkpoint: answer(async ({ job }: shapes.JobRequest) =>
      reply(await cluster.find(job).snapshot('checkpoint', undefined)),
    ),
    rescale: answer(
      ({ job, parallelism, operators }: shapes.RescaleRequest): Promise<shapes.RescaleReply> =>
        cluster
          .find(job)
          .redeployments.rescale({ parallelism: parallelism === 0 ? undefined : parallelism, operators }),
    ),
    disposeSavepoint: answer(async ({ path }: shapes.DisposeRequest): Promise<shapes.DisposeReply> => {
      await disposeSavepoint(path)
      return {}
    }),
    code: (call: ServerWritableStream<shapes.JobRequest, shapes.CodePiece>) =>
      writeAll(call, () => codeOf(cluster, cluster.find(call.request.job))),
    logs: (call: ServerWritableStream<shapes.LogsRequest, shapes.LogLine>) =>
      writeAll(call, (cancelled) => logs(cluster.find(call.request.job), call.request.follow, cancelled)),
    results: answer(({ job, positions }: shapes.ResultsRequest) =>
      cluster.find(job).results.fetch(positions, resultsWaitMs),
    ),
    watch: (call: ServerWritableStream<shapes.JobRequest, shapes.JobStatus>) =>
      writeAll(call, (cancelled) => {
        const job = cluster.find(call.request.job)
        return fromNowOn(() => [job.status()], job.changes.follow(cancelled, followersQueueMax))
      }),
    cluster: answer((): shapes.ClusterInfo => clusterInfo(options)),
  }
}

type SubmitMethod = (
  call: ServerReadableStream<shapes.SubmitRequest, shapes.SubmitReply>,
  done: sendUnaryData<shapes.SubmitReply>,
) => void

/** Also of a JobManager that stands by. */
export function submitMethod({ bundleBytesMax, accept }: SubmitOptions): SubmitMethod {
  return (call, done) => submit({ bundleBytesMax, accept }, call, done)
}

function submit({ bundleBytesMax, accept }: SubmitOptions, ...[call, done]: Parameters<SubmitMethod>): void {
  const receive = async (): Promise<shapes.SubmitReply> => {
    let header: shapes.SubmitHeader | undefined
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const message of call as AsyncIterable<shapes.SubmitRequest>) {
      if (message.kind === 'header') header = message
      else {
        pieces.push(message.value)
        bytes += message.value.byteLength
      }
      const announced = Math.max(bytes, header?.bundleBytes ?? 0)
      if (announced > bundleBytesMax) {
        throw errors.create('BUNDLE_TOO_LARGE', { bytes: announced, limit: bundleBytesMax })
      }
    }
    if (header === undefined) throw errors.create('BAD_PLAN', { reason: 'there is none' })
    if (bytes !== header.bundleBytes) throw errors.create('BUNDLE_CUT', { bytes, expected: header.bundleBytes })
    const plan = parsePlan(header.planJson)
    const savepointPath = given(header.savepointPath)
    const { allowNonRestoredState, options } = header
    const lines = savepointPath === undefined ? [] : await checkSnapshot(savepointPath, plan, allowNonRestoredState)
    const bundle = Buffer.concat(pieces)
    // Clients that may have to send it again give it an id.
    const jobId = header.jobId === '' ? systemRandom.hex(8) : header.jobId
    if (!/^[0-9a-f]{16}$/.test(jobId)) throw errors.create('BAD_PLAN', { reason: `its job id is "${jobId}"` })
    await accept({ jobId, plan, bundle, options, savepointPath, allowNonRestoredState })
    return { jobId, restoreLines: formatRestore(lines) }
  }
  receive().then(
    (response) => done(null, response),
    (error: unknown) => done(toServiceError(error, new Metadata())),
  )
}

/** Only what the JobManager itself relies on; a slot compares the plan with its bundle. */
function parsePlan(json: Uint8Array): JobPlan {
  let plan: JobPlan
  try {
    plan = JSON.parse(Buffer.from(json).toString()) as JobPlan
  } catch (cause) {
    throw errors.create('BAD_PLAN', { reason: (cause as Error).message }, { cause })
  }
  const bad = (reason: string): Error => errors.create('BAD_PLAN', { reason })
  if (plan?.version !== planVersion) throw bad(`version ${plan?.version} is not ${planVersion}`)
  if (typeof plan.name !== 'string' || plan.name === '') throw bad('it has no name')
  if (!Array.isArray(plan.vertices) || plan.vertices.length === 0) throw bad('it has no vertices')
  if (!Array.isArray(plan.edges)) throw bad('it has no edges')
  plan.vertices.forEach(({ id, parallelism, operators }, index) => {
    if (id !== index) throw bad(`vertex ${index} has the id ${id}`)
    if (!Number.isInteger(parallelism) || parallelism < 1 || parallelism > 65536) {
      throw bad(`vertex ${index} has parallelism ${parallelism}`)
    }
    if (!Array.isArray(operators) || operators.length === 0) throw bad(`vertex ${index} has no operators`)
  })
  for (const { from, to } of plan.edges) {
    if (plan.vertices[from?.vertex] === undefined || plan.vertices[to?.vertex] === undefined) {
      throw bad('an edge leads nowhere')
    }
  }
  return plan
}

function infoOf(job: Job): shapes.JobInfo {
  return {
    status: job.status(),
    vertices: job.metrics.vertices(job.plan, job.placement),
    checkpoints: job.coordinator.history.entries,
    checkpointCounts: job.coordinator.history.counts,
    failures: job.failures.all,
    planJson: Buffer.from(JSON.stringify(job.plan)),
    options: job.options,
    sinks: sinksOf(job.plan, {
      checkpointing: job.checkpointing,
      mode: job.options[checkpointMode.key] ?? checkpointMode.default,
    }),
    ...(job.record.restored === undefined ? {} : { restored: job.record.restored }),
  }
}

const pieceBytes = 256 * 1024

async function* codeOf(cluster: Cluster, job: Job): AsyncGenerator<shapes.CodePiece> {
  const bundle = await cluster.bundleOf(job)
  const planJson = Buffer.from(JSON.stringify(job.submitted))
  yield { kind: 'header', planJson, options: job.record.options, bundleBytes: bundle.byteLength }
  for (let at = 0; at < bundle.byteLength; at += pieceBytes)
    yield { kind: 'bundle', value: bundle.subarray(at, at + pieceBytes) }
}

function logs(
  { journal }: Job,
  follow: boolean,
  cancelled: AbortSignal,
): AsyncIterable<shapes.LogLine> | Iterable<shapes.LogLine> {
  const lines = (): shapes.LogLine[] => [...journal.lines]
  return follow ? fromNowOn(lines, journal.feed.follow(cancelled, followersQueueMax, missed)) : lines()
}

function missed(count: number): shapes.LogLine {
  return { timeMs: 0, source: 'jobmanager', text: `... ${count} lines missed: this reader is too slow` }
}

function clusterInfo({ cluster, epoch, address }: ClientServiceOptions): shapes.ClusterInfo {
  return {
    version: packageVersion,
    epoch,
    startedMs: cluster.startedMs,
    address: address(),
    taskManagers: cluster.taskManagers,
    slotsTotal: cluster.slots.total(),
    slotsFree: cluster.slots.free().length,
    jobsRunning: cluster.jobs.filter((job) => !job.terminal).length,
  }
}

function reply({ checkpointId, path, bytes, durationMs }: CompletedSnapshot): shapes.SnapshotReply {
  return { checkpointId, path, bytes, durationMs }
}

const given = (value: string): string | undefined => (value === '' ? undefined : value)
