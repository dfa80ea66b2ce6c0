/** When and how a broker is killed in a run: drawn from a seed, so that a run can be repeated. Pure. */
import { seededRandom } from '../../../core/platform/random.ts'

/** Where the broker may die by itself. */
export const killPoints = [
  /** Records are in the file and not synced. */
  'appended',
  /** Records are synced and not acknowledged. */
  'synced',
  /** The end of a transaction is decided, and no marker is written. */
  'prepared',
  /** Some marker of a transaction is written, and not synced. */
  'marker',
  /** Compaction gives its new files their names and takes the old ones away. */
  'compaction',
  /** A new segment has a file and nothing in it. */
  'roll',
  /** A checkpoint (recovery point, log start) is about to be replaced. */
  'checkpoint',
  /** Any step of a start after a kill. */
  'recovery',
] as const
export type KillPoint = (typeof killPoints)[number]

export interface PlannedKill {
  /** `random`: from outside, at whatever it does. */
  readonly at: KillPoint | 'random'
  /** How often the point is passed before; for `random` the milliseconds of running. */
  readonly after: number
  /** The machine goes with it: what was not synced is lost, or a part of it. */
  readonly power: boolean
}

export interface ScheduleOptions {
  readonly seed: number
  readonly kills: number
  /** Default: half of the kills at random, half at points. */
  readonly at?: readonly PlannedKill['at'][]
  /** How many of a hundred kills take the power away. */
  readonly powerPercent?: number
}

/** How often each point is passed at most before it kills: some come often, some hardly. */
const passes: Record<KillPoint, number> = {
  appended: 60,
  synced: 60,
  prepared: 12,
  marker: 20,
  compaction: 30,
  roll: 12,
  checkpoint: 12,
  recovery: 120,
}

const usual: readonly PlannedKill['at'][] = [...killPoints, ...killPoints.map(() => 'random' as const)]

export function planLogKills({ seed, kills, at = usual, powerPercent = 40 }: ScheduleOptions): readonly PlannedKill[] {
  const random = seededRandom(seed)
  return Array.from({ length: kills }, () => {
    const where = at[random.integer(at.length)] as PlannedKill['at']
    const after = where === 'random' ? 150 + random.integer(900) : random.integer(passes[where])
    return { at: where, after, power: random.integer(100) < powerPercent }
  })
}

/** `random:350 synced:12! roll:3`; with `!` the power goes. */
export function describeLogKills(kills: readonly PlannedKill[]): string {
  return kills.map(({ at, after, power }) => `${at}:${after}${power ? '!' : ''}`).join(' ')
}
