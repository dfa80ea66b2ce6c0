/**
 * Where the time of a restart goes, from the failure to the moment at which all subtasks run. The phases follow each other
 * and add up. Of a job that a restarted JobManager takes over, the first phase is missing.
 *
 * Concurrency: belongs to one job.
 */
import type { JobState } from './state.ts'

export type RecoveryPhase =
  /** The pause of the restart strategy, and until every slot of the failed attempt was free or gone. */
  | 'cancelMs'
  /** Until there were enough slots. */
  | 'slotsMs'
  /** Until the snapshot was found and the deployment sent. */
  | 'prepareMs'
  /** Until every subtask was in place: bundle, threads, state. */
  | 'restoreMs'
  /** Until every subtask ran: connections. */
  | 'startMs'

export class RecoveryTimes {
  readonly #now: () => number
  #phases: Partial<Record<RecoveryPhase, number>> = {}
  #sinceMs: number

  constructor(now: () => number) {
    this.#now = now
    this.#sinceMs = now()
  }

  /** Milliseconds by phase, of the newest restart. */
  get phases(): Readonly<Partial<Record<RecoveryPhase, number>>> {
    return this.#phases
  }

  entered({ kind }: JobState): void {
    switch (kind) {
      case 'restarting':
        this.#phases = {}
        this.#sinceMs = this.#now()
        break
      case 'waiting-for-resources':
        this.#end('cancelMs')
        break
      case 'deploying':
        this.#end('slotsMs')
        break
      case 'running':
        this.#end('startMs')
        break
      default:
        break
    }
  }

  /** A phase inside of a state has ended. */
  mark(phase: 'prepare' | 'restore'): void {
    this.#end(`${phase}Ms`)
  }

  describe(): string {
    const parts = Object.entries(this.#phases).map(([name, ms]) => `${name.slice(0, -2)} ${ms} ms`)
    const total = Object.values(this.#phases).reduce((sum, ms) => sum + ms, 0)
    return `${total} ms after the failure: ${parts.join(', ')}`
  }

  #end(phase: RecoveryPhase): void {
    const nowMs = this.#now()
    this.#phases[phase] = Math.round(nowMs - this.#sinceMs)
    this.#sinceMs = nowMs
  }
}
