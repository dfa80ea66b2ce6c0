/**
 * Whether a job that was just submitted really runs: all its tasks have started, and a first checkpoint is complete. Until then
 * no sink has committed anything, so the job can be given up as if it had never been there.
 */
import { isMillraceError } from '../../core/errors.ts'
import type { ClusterClient, Failure } from '../../proto/client.ts'
import type { Terminal } from '../terminal.ts'
import { failureOf } from './run.ts'

export type Proof =
  | { readonly kind: 'runs' }
  /** It had a checkpoint, and failed after it: there is no way back to what was before. */
  | { readonly kind: 'runs'; readonly trouble: Error }
  | { readonly kind: 'fails'; readonly error: Error }

/** Whose fault it is not: the job is restarted and may well run then. */
const passing = ['JOBMANAGER_TASKMANAGER_LOST', 'TASKMANAGER_SLOT_LOST', 'NETWORK_CONNECTION_LOST']
const lookMs = 100
/** A job without checkpoints is believed after so long. */
const settleMs = 3000

export interface ProveOptions {
  readonly client: ClusterClient
  readonly clock: Terminal['clock']
  readonly jobId: string
  readonly timeoutMs: number
  /** The caller has lost interest. */
  readonly abandoned: () => boolean
  progress(state: string): void
}

export async function proveJob({ client, clock, jobId, timeoutMs, abandoned, progress }: ProveOptions): Promise<Proof> {
  const startMs = clock.monotonic()
  let runningSinceMs = Number.NaN
  let attempt = 0
  let shown = ''
  for (;;) {
    const { status, failures, checkpointCounts } = await client.info(jobId)
    const line = `${status.name}  ${status.state.toUpperCase()}${status.detail === '' ? '' : `  ${status.detail}`}`
    if (line !== shown) progress(line)
    shown = line
    const failure = failures.find(({ code }) => !passing.includes(code))
    const proven = (checkpointCounts?.completed ?? 0) > 0
    if (proven) return failure === undefined ? { kind: 'runs' } : { kind: 'runs', trouble: errorOf(status, failure) }
    if (status.state === 'finished') return { kind: 'runs' }
    if (status.terminal || failure !== undefined) return { kind: 'fails', error: errorOf(status, failure) }
    const nowMs = clock.monotonic()
    if (status.state !== 'running' || status.attempt !== attempt) runningSinceMs = Number.NaN
    attempt = status.attempt
    if (status.state === 'running') {
      if (Number.isNaN(runningSinceMs)) runningSinceMs = nowMs
      if (!(await checkpointed(client, jobId)) && nowMs - runningSinceMs >= settleMs) return { kind: 'runs' }
    }
    if (abandoned()) return { kind: 'runs' }
    if (nowMs - startMs > timeoutMs) {
      const detail = status.detail === '' ? '' : `: ${status.detail}`
      return {
        kind: 'fails',
        error: new Error(`it is ${status.state} after ${Math.round(timeoutMs / 1000)} s${detail}`),
      }
    }
    await new Promise<void>((resolve) => clock.setTimeout(resolve, lookMs))
  }
}

/** False: the job takes no checkpoints. One that fails is tried again, or the job's failure says why. */
async function checkpointed(client: ClusterClient, jobId: string): Promise<boolean> {
  try {
    await client.checkpoint(jobId)
    return true
  } catch (error) {
    if (isMillraceError(error, 'JOBMANAGER_NO_CHECKPOINTING')) return false
    if (!isMillraceError(error) || error.code.startsWith('RPC_')) throw error
    return true
  }
}

function errorOf(status: Parameters<typeof failureOf>[0], failure: Failure | undefined): Error {
  return failureOf(failure === undefined ? status : { ...status, failure })
}
