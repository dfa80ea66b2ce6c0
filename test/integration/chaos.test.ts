/**
 * Exactly once through kill -9, and that the judge of it is awake: seeded bugs of the engine show.
 */
import { expect, test } from 'vitest'
import type { FaultName } from '../../core/faults.ts'
import { type ChaosOptions, type ChaosResult, runChaos } from '../chaos/run.ts'
import { describeKills, planKills, type VictimKind } from '../chaos/schedule.ts'

interface Short {
  readonly seed: number
  readonly kills: number
  readonly mix: Partial<Record<VictimKind, number>>
  readonly afterMaxMs?: number
}

const base: Omit<ChaosOptions, 'kills'> = {
  records: 40_000,
  rate: 8000,
  taskManagers: 2,
  slots: 2,
  parallelism: 2,
  keepFailed: false,
}

async function run(short: Short, more: Partial<ChaosOptions> = {}): Promise<ChaosResult> {
  const lines: string[] = []
  const kills = planKills({ taskManagers: 2, afterMinMs: 50, afterMaxMs: 300, ...short })
  lines.push(`seed ${short.seed}: ${describeKills(kills)}`)
  try {
    return await runChaos({ ...base, ...more, kills, progress: (line) => lines.push(line) })
  } catch (error) {
    throw new Error(lines.join('\n'), { cause: error })
  }
}

function withFault(fault: FaultName, options: Readonly<Record<string, string>> = {}): Partial<ChaosOptions> {
  return { options: { ...options, 'test.faults': fault } }
}

/** Seeds that are tried one after the other: a run that meets the bug ends the search. */
const tries = [1, 2, 3, 4, 5, 6, 7, 8]
const triesMs = 180_000

/** Violations of the first run that has some: whether a kill meets the bug is a matter of milliseconds. */
async function violationsOf(short: Omit<Short, 'seed'>, more: Partial<ChaosOptions>) {
  for (const seed of tries) {
    const { violations } = await run({ ...short, seed }, more)
    if (violations > 0) return violations
  }
  return 0
}

test('TaskManagers, slots and the JobManager are killed, and what is committed is exactly right', async () => {
  const mix = { taskmanager: 1, slot: 1, jobmanager: 1 }
  const result = await run({ seed: 1, kills: 4, mix })
  expect(new Set(result.kills.map(({ kind }) => kind)).size).toBe(3)
  expect(result.verdict).toEqual({
    lost: 0,
    duplicated: 0,
    corrupted: 0,
    outOfOrder: 0,
    wrongWindows: 0,
    examples: [],
  })
  expect(result).toMatchObject({ outcome: 'finished', violations: 0 })
  expect(result.kills).toHaveLength(4)
}, 60_000)

test(
  'a barrier that is not waited for shows',
  async () => {
    // Many records between the barriers of two channels.
    const more = { ...withFault('skip-barrier'), rate: 40_000, records: 120_000 }
    expect(await violationsOf({ kills: 4, mix: { slot: 1 } }, more)).toBeGreaterThan(0)
  },
  triesMs,
)

test(
  'a delta that a restore leaves out shows',
  async () => {
    expect(await violationsOf({ kills: 3, mix: { slot: 1 } }, withFault('drop-delta'))).toBeGreaterThan(0)
  },
  triesMs,
)

test(
  'a sink that commits before the checkpoint is complete shows',
  async () => {
    // Some checkpoint is always under way, and without a JobManager it does not complete.
    const more = { ...withFault('commit-early'), checkpointInterval: '20ms' }
    expect(await violationsOf({ kills: 3, mix: { jobmanager: 1 } }, more)).toBeGreaterThan(0)
  },
  triesMs,
)

test('a frozen TaskManager that comes back is turned away', async () => {
  const more = { options: { 'heartbeat.timeout': '500ms' }, parallelism: 1 }
  const result = await run({ seed: 4, kills: 1, mix: { freeze: 1 } }, more)
  expect(result).toMatchObject({ outcome: 'finished', violations: 0 })
}, 60_000)

const zombie = { kills: 1, mix: { zombie: 1 } }
// A sink of files would end the older attempt by itself: its open file is taken away by the newer one.
const outlived = { options: { 'heartbeat.timeout': '500ms' }, parallelism: 1, sink: 'ledger' } as const

test('an attempt that outlives its successor on a TaskManager that was frozen harms nothing', async () => {
  const result = await run({ ...zombie, seed: 6 }, outlived)
  expect(result).toMatchObject({ outcome: 'finished', violations: 0 })
}, 60_000)

test('an attempt that outlives its successor shows when attempts keep their number', async () => {
  const result = await run(
    { ...zombie, seed: 6 },
    { ...outlived, patienceMs: 15_000, ...withFault('reuse-epoch', outlived.options) },
  )
  expect(result.verdict.duplicated).toBeGreaterThan(0)
}, 60_000)

test('one batch that is lost between two subtasks shows', async () => {
  const result = await run({ seed: 5, kills: 0, mix: { slot: 1 } }, { ...withFault('drop-batch'), records: 10_000 })
  expect(result.violations).toBeGreaterThan(0)
}, 60_000)
