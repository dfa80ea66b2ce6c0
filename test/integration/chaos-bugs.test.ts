/** That the judge of chaos runs is awake: bugs that are put into the engine show. */
import { expect, test } from 'vitest'
import type { FaultName } from '../../core/faults.ts'
import { type Verdict, violations } from '../chaos/oracle.ts'
import type { ChaosOptions } from '../chaos/run.ts'
import { runShort, type ShortRun, small } from '../chaos/short.ts'

function withFault(fault: FaultName, options: Readonly<Record<string, string>> = {}): Partial<ChaosOptions> {
  return { options: { ...options, 'test.faults': fault } }
}

/** For so long one seed is tried after the other: a run that meets the bug ends the search. */
const searchMs = 150_000

/** The first run whose verdict shows the bug, or else the last: whether a fault meets it is a matter of milliseconds. */
async function verdictOf(
  short: Omit<ShortRun, 'seed'>,
  more: Partial<ChaosOptions>,
  shows: (verdict: Verdict) => boolean,
): Promise<Verdict> {
  const deadline = performance.now() + searchMs
  for (let seed = 1; ; seed++) {
    const { verdict } = await runShort({ ...short, seed }, more)
    if (shows(verdict) || performance.now() > deadline) return verdict
  }
}

const violationsOf = async (short: Omit<ShortRun, 'seed'>, more: Partial<ChaosOptions>): Promise<number> =>
  violations(await verdictOf(short, more, (verdict) => violations(verdict) > 0))

test('a barrier that is not waited for shows', async () => {
  // Many records between the barriers of two channels.
  const more = { ...withFault('skip-barrier'), rate: 40_000, records: 120_000 }
  expect(await violationsOf({ faults: 4, mix: { slot: 1 } }, more)).toBeGreaterThan(0)
})

test('a delta that a restore leaves out shows', async () => {
  expect(await violationsOf({ faults: 3, mix: { slot: 1 } }, withFault('drop-delta'))).toBeGreaterThan(0)
})

test('a sink that commits before the checkpoint is complete shows', async () => {
  // The first commit of a checkpoint fails before the checkpoint completes; others have committed for it then.
  const more = withFault('commit-early')
  expect(await violationsOf({ faults: 2, mix: { 'at-commit': 1 } }, more)).toBeGreaterThan(0)
})

const zombie = { faults: 1, mix: { zombie: 1 } }
// A sink of files would end the older attempt by itself: its open file is taken away by the newer one.
const outlived = {
  options: { 'heartbeat.timeout': '500ms' },
  parallelism: 1,
  configuration: { ...small, io: 'ledger' },
} as const

test('an attempt that outlives its successor on a TaskManager that was frozen harms nothing', async () => {
  const result = await runShort({ ...zombie, seed: 6 }, outlived)
  expect(result).toMatchObject({ outcome: 'finished', violations: 0 })
})

test('an attempt that outlives its successor shows when attempts keep their number', async () => {
  // On a busy machine the one that was frozen may be given up once more, and forget its old attempt.
  const more = { ...outlived, patienceMs: 15_000, ...withFault('reuse-epoch', outlived.options) }
  expect((await verdictOf(zombie, more, ({ duplicated }) => duplicated > 0)).duplicated).toBeGreaterThan(0)
})

test('one batch that is lost between two subtasks shows', async () => {
  const result = await runShort({ seed: 5, faults: 0, mix: {} }, { ...withFault('drop-batch'), records: 10_000 })
  expect(result.violations).toBeGreaterThan(0)
})
