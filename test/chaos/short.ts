/** A chaos run as tests have them: a small cluster, much to read, and the faults close together. */
import type { Configuration } from './environment.ts'
import { type ChaosOptions, type ChaosResult, runChaos } from './run.ts'
import { describeFaults, type Mix, planFaults } from './schedule.ts'

export interface ShortRun {
  readonly seed: number
  readonly faults: number
  readonly mix: Mix
}

export const small: Partial<Configuration> = { taskManagers: 2, slots: 2 }
const base: Omit<ChaosOptions, 'faults'> = { rate: 8000, configuration: small, parallelism: 2, keepFailed: false }

/** Rejects with all that happened, should the run itself go wrong. */
export async function runShort(short: ShortRun, more: Partial<ChaosOptions> = {}): Promise<ChaosResult> {
  const faults = planFaults({ afterMinMs: 50, afterMaxMs: 300, holdMinMs: 50, holdMaxMs: 400, ...short })
  const lines = [`seed ${short.seed}: ${describeFaults(faults)}`]
  try {
    return await runChaos({ ...base, ...more, faults, progress: (line) => lines.push(line) })
  } catch (error) {
    throw new Error(lines.join('\n'), { cause: error })
  }
}
