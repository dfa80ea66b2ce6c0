/**
 * `millrace run job.ts`: submits a job. Attached (the default), it shows what the job prints and collects until the job
 * ends; Ctrl-C leaves the job running.
 */

import { errorFromWire } from '../../core/errors.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import type { ClusterClient, JobCode, JobStatus } from '../../proto/client.ts'
import { type ClusterFlags, jobDefinitions, withCluster } from '../cluster.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { withBrokers } from '../kafka/job-brokers.ts'
import { loadJob } from '../load-job.ts'
import type { Terminal } from '../terminal.ts'

export interface RunFlags extends ClusterFlags {
  readonly fromSavepoint?: string
  readonly allowNonRestoredState?: boolean
  readonly parallelism?: number
  readonly detached?: boolean
  readonly define?: readonly string[]
}

export async function run(terminal: Terminal, file: string, flags: RunFlags): Promise<ExitCode> {
  const loaded = isFile(file)
    ? await loadJob(file, withBrokers(jobDefinitions(flags.define)), flags.parallelism)
    : undefined
  return withCluster(flags, async (client) => {
    const job =
      loaded === undefined
        ? await again(client, file, flags)
        : { plan: loaded.plan, bundle: Buffer.from(loaded.bundle.code), options: loaded.options }
    const { jobId, restoreLines } = await client.submit({
      ...job,
      savepointPath: flags.fromSavepoint === undefined ? undefined : localPath(flags.fromSavepoint),
      allowNonRestoredState: flags.allowNonRestoredState,
    })
    for (const line of restoreLines) terminal.note(line)
    if (flags.detached === true) {
      terminal.out(terminal.json ? JSON.stringify({ jobId, name: job.plan.name }) : submitted(jobId))
      return exitCodes.ok
    }
    terminal.note(submitted(jobId))
    return attach(terminal, client, jobId, job.plan.name)
  })
}

/** What is there is meant, whatever it is called. */
const isFile = (name: string): boolean => /\.[cm]?[jt]s$/.test(name) || systemDisk.exists(name)

/** The code of a job that the cluster knows, as it was submitted. */
async function again(client: ClusterClient, job: string, flags: RunFlags): Promise<JobCode> {
  if (Object.keys(jobDefinitions(flags.define)).length > 0 || flags.parallelism !== undefined) {
    const problem = `${job} is no file: a job of the cluster runs again with the options that it had (rescale it afterwards)`
    throw cliErrors.create('BAD_ARGUMENT', { problem })
  }
  const { status } = await client.info(job)
  if (!status.terminal) throw cliErrors.create('STILL_RUNS', { job: status.name, state: status.state })
  return client.code(status.jobId)
}

const submitted = (jobId: string): string => `Job has been submitted with JobID ${jobId}`

/** A path on this machine is absolute for the JobManager, which stands in another folder. */
export function localPath(path: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//.test(path) || !systemDisk.exists(path) ? path : systemDisk.absolute(path)
}

/** Shows a job until it ends; the exit code says how. */
export async function attach(
  terminal: Terminal,
  client: ClusterClient,
  jobId: string,
  name: string,
): Promise<ExitCode> {
  let interrupted = () => {}
  const stopped = new Promise<'interrupted'>((resolve) => {
    interrupted = () => resolve('interrupted')
  })
  const stopListening = terminal.onInterrupt(interrupted)
  try {
    const ended = Promise.all([
      followStatus(terminal, client, jobId),
      followLines(terminal, client, jobId),
      followResults(terminal, client, jobId),
    ])
    const outcome = await Promise.race([ended, stopped])
    if (outcome === 'interrupted') {
      // What is still open fails when the client closes; nobody waits for it any more.
      ended.catch(() => undefined)
      terminal.note(`${name} goes on. Follow it with: millrace logs -f ${name}   Stop it with: millrace stop ${name}`)
      return exitCodes.stillRunning
    }
    return endOf(terminal, outcome[0])
  } finally {
    stopListening()
  }
}

async function followStatus(terminal: Terminal, client: ClusterClient, jobId: string): Promise<JobStatus> {
  let last: JobStatus | undefined
  let shown = ''
  for await (const status of client.watch(jobId)) {
    last = status
    const line = `${status.name}  ${status.state.toUpperCase()}${status.detail === '' ? '' : `  ${status.detail}`}`
    if (line !== shown && !terminal.json) terminal.note(terminal.style('dim', line))
    shown = line
  }
  return last ?? (await client.info(jobId)).status
}

async function followLines(terminal: Terminal, client: ClusterClient, jobId: string): Promise<void> {
  for await (const { source, text } of client.logs(jobId, { follow: true })) {
    // The JobManager's own lines are shown as states already.
    if (source === 'jobmanager') continue
    terminal.out(terminal.json ? JSON.stringify({ uid: source, line: text }) : text)
  }
}

async function followResults(terminal: Terminal, client: ClusterClient, jobId: string): Promise<void> {
  for await (const { uid, records } of client.results(jobId)) {
    for (const record of records) terminal.out(JSON.stringify(terminal.json ? { uid, record } : record))
  }
}

/** The last word on a job that has ended. Throws CLI_JOB_FAILED or CLI_JOB_CANCELED. */
export function endOf(terminal: Terminal, status: JobStatus): ExitCode {
  const job = status.name
  if (status.state === 'canceled') throw cliErrors.create('JOB_CANCELED', { job })
  if (status.state === 'failed') throw failureOf(status)
  if (terminal.json) terminal.out(JSON.stringify({ jobId: status.jobId, name: job, state: status.state }))
  return exitCodes.ok
}

/** Why a job failed, as an error for people: the operator, the reason, the user's frames. */
export function failureOf(status: JobStatus): Error {
  const { failure, name } = status
  if (failure === undefined) return cliErrors.create('JOB_FAILED', { job: name })
  const uid = failure.uid === undefined || failure.uid === failure.operator ? '' : ` (uid ${failure.uid})`
  const operator = failure.operator === undefined ? '' : ` in ${failure.operator}${uid}`
  const cause = new Error(failure.message)
  // The frames of the engine are told by paths that are still whole.
  cause.stack = failure.stack ?? cause.message
  return errorFromWire({
    code: failure.code,
    message: `the job ${name} failed${operator}: ${failure.message}`,
    blame: 'user',
    retry: 'never',
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    cause: { code: failure.code, message: failure.message, blame: 'user', retry: 'never', stack: cause.stack },
  })
}
