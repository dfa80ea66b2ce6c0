/**
 * `millrace build job.ts`: does what a submission does before it is sent. With `--check SAVEPOINT` it says what would become of each
 * state of a savepoint, without a cluster and before anything is stopped.
 */
import { formatSize } from '../../core/config/index.ts'
import { formatRestore } from '../../proto/checkpoint/inspect.ts'
import { probeSnapshot } from '../../proto/checkpoint/probe.ts'
import { checkRestore, type RestoreCheck } from '../../proto/checkpoint/restore-check.ts'
import { readSnapshot } from '../../proto/checkpoint/savepoint.ts'
import { parseDefinitions } from '../cluster.ts'
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts'
import { withAnyBrokers } from '../kafka/job-brokers.ts'
import { loadJob } from '../load-job.ts'
import { planLines } from '../plan-lines.ts'
import { snapshotLocation } from '../snapshot-location.ts'
import { errorJson, showError, type Terminal } from '../terminal.ts'

export interface BuildFlags {
  readonly check?: string
  readonly allowNonRestoredState?: boolean
  readonly parallelism?: number
  readonly define?: readonly string[]
}

export async function build(terminal: Terminal, file: string, flags: BuildFlags): Promise<ExitCode> {
  const { plan, bundle } = await loadJob(file, withAnyBrokers(parseDefinitions(flags.define)), flags.parallelism)
  const { check, allowNonRestoredState } = flags
  if (check === undefined) {
    if (terminal.json) terminal.out(JSON.stringify({ bundle: bundle.id, bytes: bundle.code.length, plan }))
    else {
      for (const line of planLines(plan)) terminal.out(line)
      terminal.note(`It builds: a bundle of ${formatSize(bundle.code.length)}.`)
    }
    return exitCodes.ok
  }
  const snapshot = await readSnapshot(snapshotLocation(check))
  await probeSnapshot(snapshot)
  const result = checkRestore(snapshot.manifest, plan, { allowNonRestoredState })
  if (terminal.json)
    terminal.out(JSON.stringify({ savepoint: snapshot.location, job: plan.name, ...checkJson(result) }))
  else {
    for (const line of formatRestore(result.lines)) terminal.out(line)
    if (result.refused === undefined) terminal.note(`${plan.name} can start from it: millrace run -s ${check} ${file}`)
    else showError(terminal, result.refused)
  }
  return result.refused === undefined ? exitCodes.ok : exitCodeOf(result.refused)
}

/** A check as part of a JSON result. */
export function checkJson({ lines, refused }: RestoreCheck): Record<string, unknown> {
  return {
    restorable: refused === undefined,
    states: lines,
    ...(refused === undefined ? {} : { error: errorJson(refused) }),
  }
}
