/** `millrace savepoint`: create, list, inspect, dispose. */
import { formatSize } from '../../core/config/index.ts'
import { describeSnapshot, formatSnapshot } from '../../proto/checkpoint/inspect.ts'
import { disposeSavepoint, listSnapshots, readSnapshot } from '../../proto/checkpoint/savepoint.ts'
import { type ClusterFlags, withCluster } from '../cluster.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { snapshotLocation } from '../snapshot-location.ts'
import { formatAge, formatTime, type Terminal, table, waitFor } from '../terminal.ts'
import { absolute, goesOn } from './jobs.ts'

export async function createSavepoint(
  terminal: Terminal,
  job: string,
  directory: string | undefined,
  flags: ClusterFlags,
): Promise<ExitCode> {
  return withCluster(flags, async (client) => {
    const work = client.savepoint(job, directory === undefined ? undefined : absolute(directory))
    const outcome = await waitFor(terminal, `savepoint of ${job}`, work)
    if (outcome.kind === 'interrupted') return goesOn(terminal, 'The savepoint goes on', job, work)
    const { path, bytes, durationMs } = outcome.value
    if (terminal.json) terminal.out(JSON.stringify({ job, ...outcome.value }))
    else {
      terminal.out(`Savepoint completed. Path: ${path}`)
      terminal.note(`${formatSize(bytes)} in ${formatAge(durationMs)}. Start from it with: millrace run -s ${path} …`)
    }
    return exitCodes.ok
  })
}

export async function listSavepoints(terminal: Terminal, directory: string): Promise<ExitCode> {
  const entries = await listSnapshots(snapshotLocation(directory))
  if (terminal.json) {
    const shapes = entries.map((entry) =>
      'snapshot' in entry
        ? { path: entry.location, ...describeSnapshot(entry.snapshot.manifest) }
        : { path: entry.location, error: messageOf(entry.error) },
    )
    terminal.out(JSON.stringify(shapes))
    return exitCodes.ok
  }
  if (entries.length === 0) terminal.note(`No savepoints below ${directory}.`)
  else {
    const rows = entries.map((entry) => {
      if (!('snapshot' in entry)) return ['', '', '', entry.location, messageOf(entry.error)]
      const { jobName, time, bytes } = describeSnapshot(entry.snapshot.manifest)
      return [formatTime(Date.parse(time)), jobName, formatSize(bytes), entry.location]
    })
    for (const line of table(['TIME', 'JOB', 'SIZE', 'PATH', ''], rows)) terminal.out(line)
  }
  return exitCodes.ok
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export async function inspectSavepoint(terminal: Terminal, path: string): Promise<ExitCode> {
  const { manifest } = await readSnapshot(snapshotLocation(path))
  const description = describeSnapshot(manifest)
  if (terminal.json) terminal.out(JSON.stringify(description))
  else for (const line of formatSnapshot(description)) terminal.out(line)
  return exitCodes.ok
}

/** Deletes it here when it lies on this machine, so that no cluster is needed; else the JobManager does. */
export async function disposeSavepointAt(terminal: Terminal, path: string, flags: ClusterFlags): Promise<ExitCode> {
  const location = snapshotLocation(path)
  if (flags.jobmanager === undefined) await disposeSavepoint(location)
  else await withCluster(flags, (client) => client.disposeSavepoint(location))
  terminal.out(terminal.json ? JSON.stringify({ path: location, disposed: true }) : `Savepoint disposed: ${location}`)
  return exitCodes.ok
}
