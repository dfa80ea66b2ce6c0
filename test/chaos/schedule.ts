/** What a chaos run does to its cluster and when: drawn from a seed, so that a run can be repeated. Data, and pure. */
import { seededRandom } from '../../core/platform/random.ts'
import type { Configuration } from './environment.ts'
import { type FaultKind, faultKinds, faults } from './faults/index.ts'

export interface PlannedFault {
  /** Time for which the job is well before, at least. */
  readonly afterMs: number
  readonly kind: FaultKind
  /** Chooses among the victims that there are when the time comes. */
  readonly draw: number
  /** Time until it heals. */
  readonly holdMs: number
}

export interface ScheduleOptions {
  readonly seed: number
  readonly faults: number
  /** How often each kind comes, relative to the others. */
  readonly mix: Mix
  readonly afterMinMs?: number
  readonly afterMaxMs?: number
  readonly holdMinMs?: number
  readonly holdMaxMs?: number
}

export type Mix = Partial<Readonly<Record<FaultKind, number>>>

/** Processes and slots that are killed, as they die most often. */
export const killMix: Mix = { taskmanager: 5, slot: 3, leader: 2 }

/** Everything that can be hurt in a configuration, evenly. */
export const allPossible = (configuration: Configuration): Mix =>
  Object.fromEntries(faultKinds.filter((kind) => faults[kind].possible(configuration)).map((kind) => [kind, 1]))

/** Every kind of the mix comes before any comes again more often than its share. */
export function planFaults(options: ScheduleOptions): readonly PlannedFault[] {
  const { seed, mix, afterMinMs = 150, afterMaxMs = 650, holdMinMs = 200, holdMaxMs = 1200 } = options
  const random = seededRandom(seed)
  const bag = faultKinds.flatMap((kind) => Array.from({ length: mix[kind] ?? 0 }, () => kind))
  if (bag.length === 0 && options.faults > 0) throw new Error('no kind of fault is possible')
  const kinds: FaultKind[] = []
  while (kinds.length < options.faults) {
    const round = [...bag]
    for (let i = round.length - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      const kind = round[i] as FaultKind
      round[i] = round[j] as FaultKind
      round[j] = kind
    }
    kinds.push(...round)
  }
  return kinds.slice(0, options.faults).map((kind) => ({
    afterMs: afterMinMs + random.integer(afterMaxMs - afterMinMs + 1),
    kind,
    draw: random.integer(1 << 16),
    holdMs: holdMinMs + random.integer(holdMaxMs - holdMinMs + 1),
  }))
}

/** `350:taskmanager/7/400`: milliseconds before, kind, draw, milliseconds until it heals. */
export const describeFaults = (planned: readonly PlannedFault[]): string =>
  planned.map(({ afterMs, kind, draw, holdMs }) => `${afterMs}:${kind}/${draw}/${holdMs}`).join(' ')
