/** `millrace rescale JOB -p N --operator uid=N`: a checkpoint, and on from there with another parallelism. */
import { type ClusterFlags, withCluster } from '../cluster.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { formatAge, type Terminal, waitFor } from '../terminal.ts'
import { goesOn } from './jobs.ts'

export interface RescaleFlags extends ClusterFlags {
  readonly parallelism?: number
  /** uid=N, as often as given. */
  readonly operator?: readonly string[]
}

export async function rescale(terminal: Terminal, job: string, flags: RescaleFlags): Promise<ExitCode> {
  const { parallelism } = flags
  const operators = parseOperators(flags.operator ?? [])
  if (parallelism === undefined && Object.keys(operators).length === 0) {
    throw cliErrors.create('BAD_ARGUMENT', { problem: 'rescale needs -p N, or --operator uid=N' })
  }
  return withCluster(flags, async (client) => {
    const work = client.rescale(job, { parallelism, operators })
    const outcome = await waitFor(terminal, `rescaling ${job}`, work)
    if (outcome.kind === 'interrupted') return goesOn(terminal, `${job} goes on being rescaled`, job, work)
    const { status, vertices, durationMs, interruptedMs } = outcome.value
    if (terminal.json) {
      terminal.out(JSON.stringify({ jobId: status.jobId, state: status.state, vertices, durationMs, interruptedMs }))
      return exitCodes.ok
    }
    const changed = vertices.filter(({ before, after }) => before !== after)
    if (changed.length === 0) terminal.out(`${status.name} has that parallelism already`)
    for (const { name, before, after } of changed) terminal.out(`${name}  ${before} -> ${after}`)
    if (status.state !== 'running') terminal.note(`${status.name} is ${status.state.toUpperCase()}  ${status.detail}`)
    else if (changed.length > 0) {
      terminal.note(`in ${formatAge(durationMs)}; nothing was processed for ${formatAge(interruptedMs)}`)
    }
    return exitCodes.ok
  })
}

/** By uid. Throws CLI_BAD_ARGUMENT. */
export function parseOperators(given: readonly string[]): Record<string, number> {
  const operators: Record<string, number> = {}
  for (const each of given) {
    const at = each.lastIndexOf('=')
    const uid = each.slice(0, at).trim()
    const text = each.slice(at + 1).trim()
    if (at < 1 || uid === '' || !/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 32_768) {
      throw cliErrors.create('BAD_ARGUMENT', {
        problem: `--operator ${each}: expected uid=N with N from 1 to 32768`,
      })
    }
    if (uid in operators && operators[uid] !== Number(text)) {
      throw cliErrors.create('BAD_ARGUMENT', { problem: `--operator ${uid} is given twice, with different numbers` })
    }
    operators[uid] = Number(text)
  }
  return operators
}
