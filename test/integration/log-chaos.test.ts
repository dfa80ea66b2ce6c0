/**
 * What clients were promised of the logs of a broker holds through kill -9 and loss of power; and the judge of it is awake: seeded bugs
 * of the broker show.
 */
import { expect, test } from 'vitest'
import type { FaultName } from '../../core/faults.ts'
import type { ViolationKind } from '../chaos/log/checker.ts'
import { type LogChaosResult, runLogChaos } from '../chaos/log/run.ts'
import {
  describeLogKills,
  killPoints,
  type PlannedKill,
  planLogKills,
  type ScheduleOptions,
} from '../chaos/log/schedule.ts'

async function run(kills: readonly PlannedKill[], seed: number, fault?: FaultName): Promise<LogChaosResult> {
  const lines = [`seed ${seed}: ${describeLogKills(kills)}`]
  try {
    return await runLogChaos({
      seed,
      kills,
      keepFailed: false,
      lateMs: 2000,
      progress: (line) => lines.push(line),
      ...(fault === undefined ? {} : { options: { 'test.faults': fault } }),
    })
  } catch (error) {
    throw new Error(lines.join('\n'), { cause: error })
  }
}

/** Kinds of violations of the first run that has one of these: whether a kill meets the bug is a matter of milliseconds. */
async function kindsWith(
  fault: FaultName,
  expected: readonly ViolationKind[],
  schedule: Omit<ScheduleOptions, 'seed'>,
): Promise<Set<ViolationKind>> {
  let kinds = new Set<ViolationKind>()
  for (let seed = 1; seed <= 3; seed++) {
    const { violations } = await run(planLogKills({ ...schedule, seed }), seed, fault)
    kinds = new Set(violations.map(({ kind }) => kind))
    if (expected.some((kind) => kinds.has(kind))) return kinds
  }
  return kinds
}

test('a broker that is killed at every named point and at random keeps what it promised', async () => {
  const seed = 20_264
  // Few passes of each point: on a slow machine it is come to all the same.
  const everywhere = killPoints.map((at, index) => ({ at, after: index % 3, power: index % 2 === 0 }))
  const kills = [...everywhere, ...planLogKills({ seed, kills: 3, at: ['random'], powerPercent: 50 })]
  const result = await run(kills, seed)
  expect(result.violations).toEqual([])
  expect(result.kills).toBe(kills.length)
  // Most came where they were meant to; compaction may have nothing to do at that moment.
  expect(kills.length - (result.killsAt.late ?? 0)).toBeGreaterThan(kills.length / 2)
  expect(result.acknowledged).toBeGreaterThan(200)
  expect(result.transactions.committed).toBeGreaterThan(5)
}, 240_000)

test('a broker that does not look at sequences shows', async () => {
  const expected = ['duplicate'] as const
  const kinds = await kindsWith('skip-sequence', expected, { kills: 4, at: ['synced'], powerPercent: 0 })
  expect(kinds).toContain('duplicate')
}, 240_000)

test('a broker that acknowledges before it has synced shows when the power goes', async () => {
  const expected = ['lost-write', 'inconsistent-offset'] as const
  const kinds = await kindsWith('early-ack', expected, { kills: 5, at: ['appended', 'random'], powerPercent: 100 })
  expect([...kinds].some((kind) => (expected as readonly string[]).includes(kind))).toBe(true)
}, 240_000)

test('a broker that does not say which transactions were aborted shows', async () => {
  const kinds = await kindsWith('lose-abort', ['aborted-read'], { kills: 1, at: ['random'], powerPercent: 0 })
  expect(kinds).toContain('aborted-read')
}, 240_000)

test('a broker that forgets to raise the epoch of a producer shows', async () => {
  const expected = ['lost-write', 'torn-transaction', 'aborted-read'] as const
  const kinds = await kindsWith('forget-epoch', expected, { kills: 1, at: ['random'], powerPercent: 0 })
  expect([...kinds].some((kind) => (expected as readonly string[]).includes(kind))).toBe(true)
}, 240_000)
