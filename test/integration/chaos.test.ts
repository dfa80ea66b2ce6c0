/**
 * Exactly once through faults of every kind, and that the judge of it is awake: seeded bugs of the engine show.
 */
import { describe, expect, test } from 'vitest'
import type { FaultName } from '../../core/faults.ts'
import type { Configuration } from '../chaos/environment.ts'
import { type FaultKind, faultKinds } from '../chaos/faults/index.ts'
import { type Verdict, violations } from '../chaos/oracle.ts'
import { type ChaosOptions, type ChaosResult, runChaos } from '../chaos/run.ts'
import { describeFaults, type Mix, planFaults } from '../chaos/schedule.ts'
import { installRedisServer } from '../support/redis-server.ts'
import { installS3Server } from '../support/s3-server.ts'

installRedisServer()
installS3Server()

interface Short {
  readonly seed: number
  readonly faults: number
  readonly mix: Mix
}

const small: Partial<Configuration> = { taskManagers: 2, slots: 2 }
const base: Omit<ChaosOptions, 'faults'> = { rate: 8000, configuration: small, parallelism: 2, keepFailed: false }

async function run(short: Short, more: Partial<ChaosOptions> = {}): Promise<ChaosResult> {
  const lines: string[] = []
  const faults = planFaults({ afterMinMs: 50, afterMaxMs: 300, holdMinMs: 50, holdMaxMs: 400, ...short })
  lines.push(`seed ${short.seed}: ${describeFaults(faults)}`)
  try {
    return await runChaos({ ...base, ...more, faults, progress: (line) => lines.push(line) })
  } catch (error) {
    throw new Error(lines.join('\n'), { cause: error })
  }
}

const blameless = { lost: 0, duplicated: 0, corrupted: 0, outOfOrder: 0, wrongWindows: 0, examples: [] }

/** One of each kind, in the order of the seed; what is committed is exactly right. */
async function survives(seed: number, kinds: readonly FaultKind[], more: Partial<ChaosOptions>): Promise<void> {
  const mix = Object.fromEntries(kinds.map((kind) => [kind, 1]))
  const result = await run({ seed, faults: kinds.length, mix }, { rate: 3000, ...more })
  expect(result.verdict).toEqual(blameless)
  expect(result.outcome).toBe('finished')
  expect(result.faults.map(({ kind }) => kind).sort()).toEqual([...kinds].sort())
}

function withFault(fault: FaultName, options: Readonly<Record<string, string>> = {}): Partial<ChaosOptions> {
  return { options: { ...options, 'test.faults': fault } }
}

/** Seeds that are tried one after the other: a run that meets the bug ends the search. */
const tries = [1, 2, 3, 4, 5, 6, 7, 8]
const triesMs = 180_000

/** The first run whose verdict shows the bug, or else the last: whether a fault meets it is a matter of milliseconds. */
async function verdictOf(
  short: Omit<Short, 'seed'>,
  more: Partial<ChaosOptions>,
  shows: (verdict: Verdict) => boolean,
): Promise<Verdict> {
  for (const seed of tries) {
    const { verdict } = await run({ ...short, seed }, more)
    if (shows(verdict) || seed === tries.at(-1)) return verdict
  }
  throw new Error('no seeds')
}

const violationsOf = async (short: Omit<Short, 'seed'>, more: Partial<ChaosOptions>): Promise<number> =>
  violations(await verdictOf(short, more, (verdict) => violations(verdict) > 0))

const killed = ['taskmanager', 'slot', 'leader', 'zombie'] as const
const inside = ['at-snapshot', 'at-prepare', 'at-commit', 'at-restore', 'at-close', 'at-rescale', 'rescale'] as const
const around = ['cut', 'stall', 'slow', 'storage-fails', 'storage-slow', 'clock', 'freeze-taskmanager'] as const
const beside = ['standby', 'freeze-leader', 'broker', 'redis', 's3', 'half-open'] as const

describe('what is committed is exactly right, whatever happens', () => {
  test('every kind of fault has its place here', () => {
    expect([...killed, ...inside, ...around, ...beside].sort()).toEqual([...faultKinds].sort())
  })

  test('processes and slots are killed, failures strike inside of the engine', async () => {
    await survives(1, [...killed, ...inside], { configuration: { ...small, io: 'ledger' } })
  }, 120_000)

  test('connections, storage and clocks fail', async () => {
    const configuration: Partial<Configuration> = { ...small, state: 'rocksdb', barriers: 'unaligned' }
    await survives(2, around, { configuration })
  }, 120_000)

  test('several JobManagers, S3, and topics on both sides', async () => {
    const configuration: Partial<Configuration> = { ...small, jobManagers: 2, storage: 's3', io: 'kafka' }
    // What the topics hold in the end is read record by record.
    await survives(3, beside, { configuration, rate: 1000 })
  }, 180_000)
})

test(
  'a barrier that is not waited for shows',
  async () => {
    // Many records between the barriers of two channels.
    const more = { ...withFault('skip-barrier'), rate: 40_000, records: 120_000 }
    expect(await violationsOf({ faults: 4, mix: { slot: 1 } }, more)).toBeGreaterThan(0)
  },
  triesMs,
)

test(
  'a delta that a restore leaves out shows',
  async () => {
    expect(await violationsOf({ faults: 3, mix: { slot: 1 } }, withFault('drop-delta'))).toBeGreaterThan(0)
  },
  triesMs,
)

test(
  'a sink that commits before the checkpoint is complete shows',
  async () => {
    // The first commit of a checkpoint fails before the checkpoint completes; others have committed for it then.
    const more = withFault('commit-early')
    expect(await violationsOf({ faults: 2, mix: { 'at-commit': 1 } }, more)).toBeGreaterThan(0)
  },
  triesMs,
)

const zombie = { faults: 1, mix: { zombie: 1 } }
// A sink of files would end the older attempt by itself: its open file is taken away by the newer one.
const outlived = {
  options: { 'heartbeat.timeout': '500ms' },
  parallelism: 1,
  configuration: { ...small, io: 'ledger' },
} as const

test('an attempt that outlives its successor on a TaskManager that was frozen harms nothing', async () => {
  const result = await run({ ...zombie, seed: 6 }, outlived)
  expect(result).toMatchObject({ outcome: 'finished', violations: 0 })
}, 60_000)

test(
  'an attempt that outlives its successor shows when attempts keep their number',
  async () => {
    // On a busy machine the one that was frozen may be given up once more, and forget its old attempt.
    const more = { ...outlived, patienceMs: 15_000, ...withFault('reuse-epoch', outlived.options) }
    expect((await verdictOf(zombie, more, ({ duplicated }) => duplicated > 0)).duplicated).toBeGreaterThan(0)
  },
  triesMs,
)

test('one batch that is lost between two subtasks shows', async () => {
  const result = await run({ seed: 5, faults: 0, mix: {} }, { ...withFault('drop-batch'), records: 10_000 })
  expect(result.violations).toBeGreaterThan(0)
}, 60_000)
