/** `millrace checkpoint clean`: removes files of checkpoints that nothing refers to and nobody will delete. */
import { formatDuration, formatSize, parseDuration } from '../../core/config/index.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { openStorage } from '../../core/storage/open-storage.ts'
import { findOrphans, removeOrphans } from '../../proto/checkpoint/orphans.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { snapshotLocation } from '../snapshot-location.ts'
import type { Terminal } from '../terminal.ts'

/** A checkpoint that is under way must never look old. */
const olderThanMin = 3_600_000

export interface CleanFlags {
  readonly olderThan?: string
  readonly dryRun?: boolean
}

export async function cleanCheckpoints(terminal: Terminal, path: string, flags: CleanFlags): Promise<ExitCode> {
  const olderThanMs = age(flags.olderThan ?? '1d')
  const storage = openStorage(snapshotLocation(path))
  const nowMs = systemClock.now()
  const dry = flags.dryRun === true
  const found = dry
    ? { ...(await findOrphans(storage, nowMs, olderThanMs)), removed: [] }
    : await removeOrphans(storage, nowMs, olderThanMs)
  const { jobs, orphans, problems, removed } = found
  const listed = dry ? orphans : removed
  const bytes = listed.reduce((sum, each) => sum + each.bytes, 0)
  const code = problems.length === 0 ? exitCodes.ok : exitCodes.failed
  if (terminal.json) {
    terminal.out(JSON.stringify({ path: storage.url, dryRun: dry, jobs, bytes, files: listed, problems }))
    return code
  }
  for (const { path: file, bytes: size, reason } of listed) terminal.out(`${file}  ${formatSize(size)}  ${reason}`)
  const what = `${listed.length} files, ${formatSize(bytes)}, older than ${formatDuration(olderThanMs)}`
  if (jobs === 0) terminal.note(`there are no files of checkpoints at ${storage.url}`)
  if (dry) terminal.out(`${what}, would be removed; ${jobs} jobs have files there`)
  else terminal.out(`${what}, removed; ${jobs} jobs have files there`)
  for (const { jobId, message } of problems) terminal.note(`all files of job ${jobId} were left: ${message}`)
  return code
}

function age(text: string): number {
  const bad = (reason: string, cause?: unknown): Error =>
    cliErrors.create('BAD_ARGUMENT', { problem: `--older-than ${text}: ${reason}` }, { cause })
  let ms: number
  try {
    ms = parseDuration(text)
  } catch (cause) {
    throw bad((cause as Error).message, cause)
  }
  if (ms < olderThanMin) throw bad('give at least 1h; what is younger may belong to a checkpoint under way')
  return ms
}
