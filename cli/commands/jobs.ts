/** Commands that look at a job or end it: list, info, stop, cancel, checkpoint, logs. */
import { formatSize } from '../../core/config/index.ts'
import type { ClusterClient, JobStatus } from '../../proto/client.ts'
import { type ClusterFlags, jobDefinitions, withCluster } from '../cluster.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { infoLines } from '../info-lines.ts'
import { withAnyBrokers } from '../kafka/job-brokers.ts'
import { loadJob } from '../load-job.ts'
import { planLines } from '../plan-lines.ts'
import { formatAge, formatTime, type Terminal, table, waitFor } from '../terminal.ts'
import { localPath } from './run.ts'

const shortId = (id: string): string => id.slice(0, 8)

export interface ListFlags extends ClusterFlags {
  readonly all?: boolean
  readonly running?: boolean
}

export async function list(terminal: Terminal, flags: ListFlags): Promise<ExitCode> {
  const jobs = await withCluster(flags, (client) => client.list())
  const shown = jobs.filter((job) =>
    flags.running === true ? job.state === 'running' : flags.all === true || !job.terminal,
  )
  if (terminal.json) {
    terminal.out(JSON.stringify(shown))
    return exitCodes.ok
  }
  const now = terminal.clock.now()
  if (shown.length > 0) {
    const rows = shown.map((job) => [
      shortId(job.jobId),
      job.name,
      job.state.toUpperCase(),
      `${job.runningSubtasks}/${job.totalSubtasks}`,
      formatAge((job.endedMs ?? now) - job.submittedMs),
      String(job.restarts),
      job.detail,
    ])
    for (const line of table(['ID', 'NAME', 'STATE', 'SUBTASKS', 'AGE', 'RESTARTS', ''], rows)) terminal.out(line)
  } else terminal.note('No jobs run here.')
  const hidden = jobs.length - shown.length
  if (hidden > 0 && flags.running !== true) terminal.note(`${hidden} that ended: millrace list --all`)
  return exitCodes.ok
}

export interface InfoFlags extends ClusterFlags {
  readonly parallelism?: number
  readonly define?: readonly string[]
}

/** Of a file: the plan, without running it. Else: everything about a job of the cluster. */
export async function info(terminal: Terminal, what: string, flags: InfoFlags): Promise<ExitCode> {
  if (/\.[cm]?[jt]s$/.test(what)) {
    const { plan, bundle } = await loadJob(what, withAnyBrokers(jobDefinitions(flags.define)), flags.parallelism)
    if (terminal.json) terminal.out(JSON.stringify({ bundle: bundle.id, plan }))
    else for (const line of planLines(plan)) terminal.out(line)
    return exitCodes.ok
  }
  const found = await withCluster(flags, (client) => client.info(what))
  if (terminal.json) terminal.out(JSON.stringify(found))
  else for (const line of infoLines(terminal, found)) terminal.out(line)
  return exitCodes.ok
}

export interface StopFlags extends ClusterFlags {
  readonly savepointPath?: string
  readonly drain?: boolean
}

export async function stop(terminal: Terminal, job: string, flags: StopFlags): Promise<ExitCode> {
  return withCluster(flags, async (client) => {
    const savepointPath = flags.savepointPath === undefined ? undefined : absolute(flags.savepointPath)
    const work = client.stop(job, { savepointPath, drain: flags.drain })
    const outcome = await waitFor(terminal, `stopping ${job} with a savepoint`, work)
    if (outcome.kind === 'interrupted') return goesOn(terminal, `${job} goes on stopping`, job, work)
    if (terminal.json) terminal.out(JSON.stringify({ job, ...outcome.value }))
    else {
      terminal.out(`Savepoint completed. Path: ${outcome.value.path}`)
      terminal.note(`${job} has stopped. Go on from there with: millrace run -s ${outcome.value.path} …`)
    }
    return exitCodes.ok
  })
}

/** A directory to write to: relative to here, not to where the JobManager stands. */
export function absolute(path: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//.test(path)
    ? path
    : localPath(path).startsWith('/')
      ? localPath(path)
      : `${process.cwd()}/${path}`
}

/** Ctrl-C while waiting: says what goes on and how to follow. */
export function goesOn(terminal: Terminal, what: string, job: string, work: Promise<unknown>): ExitCode {
  // The call fails when the client closes; nobody waits for it any more.
  work.catch(() => undefined)
  terminal.note(`${what}. Follow it with: millrace info ${job}`)
  return exitCodes.stillRunning
}

export async function cancel(terminal: Terminal, job: string, flags: ClusterFlags): Promise<ExitCode> {
  return withCluster(flags, async (client) => {
    const accepted = await client.cancel(job)
    const outcome = await waitFor(terminal, `canceling ${accepted.name}`, untilEnd(client, accepted))
    if (outcome.kind === 'interrupted') {
      terminal.note(`${accepted.name} goes on being canceled. Follow it with: millrace info ${shortId(accepted.jobId)}`)
      return exitCodes.stillRunning
    }
    if (terminal.json) terminal.out(JSON.stringify(outcome.value))
    else terminal.out(`${accepted.name} ${outcome.value.state.toUpperCase()}  ${accepted.jobId}`)
    return exitCodes.ok
  })
}

async function untilEnd(client: ClusterClient, status: JobStatus): Promise<JobStatus> {
  let last = status
  if (!last.terminal) for await (const next of client.watch(status.jobId)) last = next
  return last
}

export async function checkpoint(terminal: Terminal, job: string, flags: ClusterFlags): Promise<ExitCode> {
  return withCluster(flags, async (client) => {
    const work = client.checkpoint(job)
    const outcome = await waitFor(terminal, `checkpoint of ${job}`, work)
    if (outcome.kind === 'interrupted') return goesOn(terminal, 'The checkpoint goes on', job, work)
    const { checkpointId, bytes, durationMs, path } = outcome.value
    if (terminal.json) terminal.out(JSON.stringify({ job, ...outcome.value }))
    else
      terminal.out(
        `Checkpoint ${checkpointId} completed in ${formatAge(durationMs)}, ${formatSize(bytes)}. Path: ${path}`,
      )
    return exitCodes.ok
  })
}

export interface LogsFlags extends ClusterFlags {
  readonly follow?: boolean
}

export async function logs(terminal: Terminal, job: string, flags: LogsFlags): Promise<ExitCode> {
  return withCluster(flags, async (client) => {
    const show = async () => {
      for await (const { timeMs, source, text } of client.logs(job, { follow: flags.follow })) {
        if (terminal.json) terminal.out(JSON.stringify({ timeMs, source, text }))
        else terminal.out(`${terminal.style('dim', `${formatTime(timeMs)} ${source}`)}  ${text}`)
      }
    }
    let stopped = () => {}
    const interrupted = new Promise<ExitCode>((resolve) => {
      stopped = terminal.onInterrupt(() => resolve(exitCodes.stillRunning))
    })
    const showing = show().then((): ExitCode => exitCodes.ok)
    const code = await Promise.race([showing, interrupted])
    // When interrupted, the stream fails as the client closes.
    showing.catch(() => undefined)
    stopped()
    return code
  })
}
