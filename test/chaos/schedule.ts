/** What a chaos run does to its cluster and when: drawn from a seed, so that a run can be repeated. Pure. */
import { seededRandom } from '../../core/platform/random.ts'

/** `taskmanager`, `freeze` and `zombie` count among the TaskManagers that run something of the job when their time comes. */
export type Victim =
  | { readonly kind: 'taskmanager'; readonly index: number }
  | { readonly kind: 'slot' }
  | { readonly kind: 'jobmanager' }
  /** Stopped until the JobManager has given it up, then let go on. */
  | { readonly kind: 'freeze'; readonly index: number }
  /**
   * Frozen; let go on when the job runs elsewhere; then all that run the job are killed, so that it comes to the slots
   * beside those in which its old attempt was never told to end.
   */
  | { readonly kind: 'zombie'; readonly index: number }
export type VictimKind = Victim['kind']

export interface PlannedKill {
  /** Time for which the job runs before, at least. */
  readonly afterMs: number
  readonly victim: Victim
}

export interface ScheduleOptions {
  readonly seed: number
  readonly kills: number
  readonly taskManagers: number
  /** How often each kind comes, relative to the others. */
  readonly mix?: Partial<Readonly<Record<VictimKind, number>>>
  readonly afterMinMs?: number
  readonly afterMaxMs?: number
}

const usualMix: Partial<Readonly<Record<VictimKind, number>>> = { taskmanager: 5, slot: 3, jobmanager: 2 }

export function planKills(options: ScheduleOptions): readonly PlannedKill[] {
  const { seed, kills, taskManagers, mix = usualMix, afterMinMs = 150, afterMaxMs = 650 } = options
  const random = seededRandom(seed)
  const kinds = (['taskmanager', 'slot', 'jobmanager', 'freeze', 'zombie'] as const).flatMap((kind) =>
    Array.from({ length: mix[kind] ?? 0 }, () => kind),
  )
  return Array.from({ length: kills }, () => {
    const afterMs = afterMinMs + random.integer(afterMaxMs - afterMinMs + 1)
    const kind = kinds[random.integer(kinds.length)] as VictimKind
    const index = random.integer(taskManagers)
    return { afterMs, victim: kind === 'slot' || kind === 'jobmanager' ? { kind } : { kind, index } }
  })
}

/** `350:tm1 210:slot 420:jm` */
export function describeKills(kills: readonly PlannedKill[]): string {
  const short: Record<VictimKind, string> = {
    taskmanager: 'tm',
    slot: 'slot',
    jobmanager: 'jm',
    freeze: 'freeze',
    zombie: 'zombie',
  }
  return kills
    .map(({ afterMs, victim }) => `${afterMs}:${short[victim.kind]}${'index' in victim ? victim.index + 1 : ''}`)
    .join(' ')
}
