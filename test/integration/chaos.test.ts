/** Exactly once through faults of every kind. */
import { describe, expect, test } from 'vitest'
import type { Configuration } from '../chaos/environment.ts'
import { type FaultKind, faultKinds } from '../chaos/faults/index.ts'
import type { ChaosOptions } from '../chaos/run.ts'
import { runShort, small } from '../chaos/short.ts'
import { installRedisServer } from '../support/redis-server.ts'
import { installS3Server } from '../support/s3-server.ts'

installRedisServer()
installS3Server()

const blameless = { lost: 0, duplicated: 0, corrupted: 0, outOfOrder: 0, wrongWindows: 0, examples: [] }

/** One of each kind, in the order of the seed; what is committed is exactly right. */
async function survives(seed: number, kinds: readonly FaultKind[], more: Partial<ChaosOptions>): Promise<void> {
  const mix = Object.fromEntries(kinds.map((kind) => [kind, 1]))
  const result = await runShort({ seed, faults: kinds.length, mix }, { rate: 3000, ...more })
  expect(result.verdict).toEqual(blameless)
  expect(result.outcome).toBe('finished')
  expect(result.faults.map(({ kind }) => kind).sort()).toEqual([...kinds].sort())
}

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
  })

  test('connections, storage and clocks fail', async () => {
    const configuration: Partial<Configuration> = { ...small, state: 'rocksdb', barriers: 'unaligned' }
    await survives(2, around, { configuration })
  })

  test('several JobManagers, S3, and topics on both sides', async () => {
    const configuration: Partial<Configuration> = { ...small, jobManagers: 2, storage: 's3', io: 'kafka' }
    // What the topics hold in the end is read record by record.
    await survives(3, beside, { configuration, rate: 1000 })
  })
})
