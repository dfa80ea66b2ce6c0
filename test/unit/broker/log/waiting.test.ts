/** A log whose disk is full, or whose process has no descriptor free, for a while. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PartitionLog } from '../../../../broker/log/partition-log.ts'
import { pauseMs } from '../../../../broker/log/passing-failure.ts'
import type { ManualClock } from '../../../../core/platform/manual-clock.ts'
import type { DiskOperation, ManualDisk } from '../../../../core/platform/manual-disk.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { append, openLog, settle, values } from '../../../support/broker-log.ts'

const storageError = { kind: 'refused', error: kafkaError.KAFKA_STORAGE_ERROR }

function failing(disk: ManualDisk, code: string, operations: readonly DiskOperation[], ending = ''): void {
  disk.fail = (operation, path) => (operations.includes(operation) && path.endsWith(ending) ? code : undefined)
}

async function passed(clock: ManualClock, ms = pauseMs): Promise<void> {
  clock.advance(ms)
  await settle(clock)
}

function toldOf(log: PartitionLog, offset: number, patienceMs?: number): number[] {
  const told: number[] = []
  log.onCommitted(offset, (error) => told.push(error), patienceMs)
  return told
}

const fromProducer = (value: string, sequence: number) => ({ values: [value], producerId: 7, sequence })

describe.each([
  ['a full disk', 'ENOSPC', ['write']],
  ['a full quota', 'EDQUOT', ['write', 'create', 'make-directory']],
  ['no descriptor for the next segment', 'EMFILE', ['create', 'open', 'sync-directory']],
] as const)('%s', (_, code, operations) => {
  test('keeps what has its offset, refuses what comes, and goes on by itself', async () => {
    const { log, clock, disk, directory } = await openLog({ 'segment.bytes': '100' })
    append(log, fromProducer('a', 0))
    await settle(clock)
    failing(disk, code, operations)
    expect(append(log, fromProducer('b', 1))).toMatchObject({ kind: 'appended', baseOffset: 1 })
    const told = toldOf(log, 1)
    await settle(clock)
    expect(log.state).toMatchObject({ kind: 'waiting', message: expect.stringContaining(code) })
    expect(directory.waitingCount).toBe(1)
    expect(append(log, fromProducer('c', 2))).toMatchObject(storageError)
    expect(log.writeMarker(9, 0, 0, 'commit')).toMatchObject(storageError)
    expect(await values(log)).toEqual(['a'])
    await passed(clock)
    expect(told).toEqual([])
    disk.fail = undefined
    await passed(clock)
    expect(told).toEqual([0])
    expect(log.state.kind).toBe('ok')
    expect([directory.waitingCount, directory.failures.size]).toEqual([0, 0])
    expect(append(log, fromProducer('b', 1))).toMatchObject({ kind: 'duplicate', baseOffset: 1 })
    expect(append(log, fromProducer('c', 2))).toMatchObject({ kind: 'appended', baseOffset: 2 })
    await settle(clock)
    const again = await openLog({}, { disk: disk.crash('power'), clock })
    expect(await values(again.log)).toEqual(['a', 'b', 'c'])
  })

  test('the first records of a topic wait as well', async () => {
    const { log, clock, disk } = await openLog()
    failing(disk, code, operations)
    append(log, { values: ['first'] })
    await passed(clock, 10 * pauseMs)
    disk.fail = undefined
    await passed(clock)
    const again = await openLog({}, { disk: disk.crash('power'), clock })
    expect(await values(again.log)).toEqual(['first'])
    expect(again.log.topicId).toBe(log.topicId)
  })
})

test('what was written by half is written over, as often as it takes', async () => {
  const { log, clock, disk } = await openLog()
  let halves = 0
  disk.fail = (operation, path) => {
    if (operation !== 'write' || !path.endsWith('.log') || halves === 3) return undefined
    halves++
    const { fail } = disk
    disk.fail = undefined
    disk.appendFile(path, 'half')
    disk.fail = fail
    return 'ENOSPC'
  }
  append(log, { values: ['a', 'b'.repeat(100)] })
  await settle(clock)
  expect(halves).toBe(1)
  for (let i = 0; i < 3; i++) await passed(clock)
  const again = await openLog({}, { disk: disk.crash('power'), clock })
  expect(await values(again.log)).toEqual(['a', 'b'.repeat(100)])
  expect(again.directory.report?.cutBytes).toBe(0)
})

test('who would not wait for so long is told that time is over, who would goes on waiting', async () => {
  const { log, clock, disk } = await openLog()
  failing(disk, 'ENOSPC', ['write'])
  append(log, { values: ['a', 'b', 'c'] })
  const [impatient, patient, other] = [toldOf(log, 0, 4 * pauseMs), toldOf(log, 1), toldOf(log, 2, 10 * pauseMs)]
  await settle(clock)
  for (let i = 0; i < 3; i++) await passed(clock)
  expect(impatient).toEqual([])
  await passed(clock)
  expect([impatient, patient, other]).toEqual([[kafkaError.REQUEST_TIMED_OUT], [], []])
  disk.fail = undefined
  await passed(clock)
  expect([impatient, patient, other]).toEqual([[kafkaError.REQUEST_TIMED_OUT], [0], [0]])
})

test.each(['group', 'always'])('with durability %s, a sync that finds no descriptor waits', async (durability) => {
  const { log, clock, disk } = await openLog({ 'millrace.durability': durability })
  failing(disk, 'EMFILE', ['open', 'sync-directory'])
  append(log, { values: ['a'] })
  await settle(clock)
  append(log, { values: ['b'] })
  await passed(clock, 3 * pauseMs)
  expect(log.state.kind).toBe('ok')
  expect(log.highWatermark).toBe(0)
  disk.fail = undefined
  await passed(clock)
  expect(log.highWatermark).toBe(2)
  const again = await openLog({}, { disk: disk.crash('power'), clock })
  expect(await values(again.log)).toEqual(['a', 'b'])
})

test('a sync that has no space has failed for good', async () => {
  const { log, clock, disk } = await openLog()
  failing(disk, 'ENOSPC', ['sync'])
  append(log, { values: ['a'] })
  await settle(clock)
  disk.fail = undefined
  await passed(clock)
  expect(log.state.kind).toBe('failed')
  expect(append(log, { values: ['b'] })).toMatchObject(storageError)
})

test('a log that is closed while it waits is recovered, without what nobody was told of', async () => {
  const { log, clock, disk, directory } = await openLog()
  append(log, { values: ['a'] })
  await settle(clock)
  failing(disk, 'ENOSPC', ['write'], '.log')
  append(log, { values: ['b'] })
  const told = toldOf(log, 1)
  await settle(clock)
  await directory.close()
  expect(told).toEqual([kafkaError.KAFKA_STORAGE_ERROR])
  disk.fail = undefined
  const again = await openLog({}, { disk: disk.crash('power'), clock })
  expect(again.directory.report?.clean).toBe(false)
  expect(await values(again.log)).toEqual(['a'])
})

test('a log that is closed when there is room again has everything, and its end is clean', async () => {
  const { log, clock, disk, directory } = await openLog()
  failing(disk, 'ENOSPC', ['write'], '.log')
  append(log, { values: ['a'] })
  await settle(clock)
  disk.fail = undefined
  const closing = directory.close()
  await settle(clock)
  await closing
  const again = await openLog({}, { disk: disk.crash('power'), clock })
  expect(again.directory.report?.clean).toBe(true)
  expect(await values(again.log)).toEqual(['a'])
})

test('a checkpoint that finds no room leaves the log as it is; the next one makes it', async () => {
  const { log, clock, disk, directory } = await openLog({ 'index.interval.bytes': '10' })
  for (const value of ['a', 'b', 'c']) append(log, { values: [value] })
  await settle(clock)
  for (const ending of ['index', 'checkpoint', 'snapshot', 'tmp']) {
    disk.fail = (operation, path) => (operation === 'write' && path.includes(ending) ? 'ENOSPC' : undefined)
    await directory.checkpoint().catch(() => undefined)
    expect(log.state.kind).toBe('ok')
  }
  disk.fail = undefined
  await directory.checkpoint()
  const again = await openLog({}, { disk: disk.crash('power'), clock })
  expect(again.directory.report?.cutBytes).toBe(0)
  expect(await values(again.log)).toEqual(['a', 'b', 'c'])
})

test('retention makes room while the log waits for it', async () => {
  const { log, clock, disk, directory } = await openLog({ 'segment.bytes': '100', 'retention.bytes': '150' })
  for (const value of ['a', 'b', 'c', 'd']) append(log, { values: [value] })
  await settle(clock)
  const segments = (): number => disk.list('/data/events-0').filter((name) => name.endsWith('.log')).length
  const before = segments()
  failing(disk, 'ENOSPC', ['write'])
  append(log, { values: ['e'] })
  await settle(clock)
  await expect(directory.applyRetention()).rejects.toThrow('ENOSPC')
  expect(log.state.kind).toBe('waiting')
  expect(segments()).toBeLessThan(before)
})

test('records are deleted although their end cannot be written down; the answer says so until it can', async () => {
  const { log, clock, disk } = await openLog({ 'segment.bytes': '150' })
  for (const value of ['a', 'b', 'c']) append(log, { values: [value] })
  await settle(clock)
  failing(disk, 'ENOSPC', ['write'])
  expect(await log.deleteRecordsBefore(2)).toMatchObject(storageError)
  expect(await log.deleteRecordsBefore(2)).toMatchObject(storageError)
  expect(disk.list('/data/events-0').filter((name) => name.endsWith('.log'))).toHaveLength(1)
  disk.fail = undefined
  expect(await log.deleteRecordsBefore(2)).toEqual({ kind: 'deleted', logStartOffset: 2 })
  const again = await openLog({}, { disk: disk.crash('power'), clock })
  expect(await values(again.log)).toEqual(['c'])
})

test('compaction that finds no room is tried again in the next round', async () => {
  const settings = { 'cleanup.policy': 'compact', 'segment.bytes': '200', 'min.cleanable.dirty.ratio': '0.01' }
  const { log, clock, disk, directory } = await openLog(settings)
  for (let i = 0; i < 8; i++) append(log, { values: [`v${i}`], keys: ['k'] })
  await settle(clock)
  await directory.checkpoint()
  for (const [code, operations] of [
    ['ENOSPC', ['write']],
    ['EMFILE', ['create', 'open']],
  ] as const) {
    failing(disk, code, operations)
    expect(await directory.cleaner.round()).toBe(0)
    expect(log.state.kind).toBe('ok')
  }
  disk.fail = undefined
  expect(await directory.cleaner.round()).toBeGreaterThan(0)
  expect((await values(log)).length).toBeLessThan(8)
})

type Step = 'append' | 'append many' | 'no space' | 'no descriptor' | 'heal' | 'pause' | 'checkpoint' | 'turn'

test('whatever lacks and comes back, in whatever order: nothing that was told is lost, nothing twice, nothing out of order', async () => {
  const steps = fc.array(
    fc.constantFrom<Step>(
      'append',
      'append',
      'append many',
      'no space',
      'no descriptor',
      'heal',
      'pause',
      'checkpoint',
      'turn',
    ),
    { maxLength: 60 },
  )
  const durabilities = fc.constantFrom('group', 'os', 'always')
  await fc.assert(
    fc.asyncProperty(steps, durabilities, fc.boolean(), async (chosen, durability, ends) => {
      const { log, clock, disk } = await openLog({
        'segment.bytes': '400',
        'millrace.durability': durability,
        'index.interval.bytes': '100',
      })
      const accepted: string[] = []
      const told = new Set<string>()
      const errors: number[] = []
      const appendOne = (): void => {
        const value = `v${accepted.length}`
        const sent = { values: [value], producerId: 7, sequence: accepted.length }
        const result = append(log, sent)
        if (result.kind !== 'appended') return expect(result).toMatchObject(storageError)
        expect(result.baseOffset).toBe(accepted.length)
        accepted.push(value)
        log.onCommitted(result.baseOffset, (error) => {
          if (error === 0) told.add(value)
          else if (!disk.crashed) errors.push(error)
        })
      }
      const checkpoints: Promise<unknown>[] = []
      const run: Record<Step, () => unknown> = {
        append: appendOne,
        'append many': () => [1, 2, 3, 4, 5].map(appendOne),
        'no space': () => failing(disk, 'ENOSPC', ['write', 'create', 'make-directory']),
        'no descriptor': () => failing(disk, 'EMFILE', ['create', 'open', 'sync-directory']),
        heal: () => (disk.fail = undefined),
        pause: () => passed(clock),
        checkpoint: () => checkpoints.push((log as unknown as { syncAll(): Promise<void> }).syncAll()),
        turn: () => clock.advance(0),
      }
      for (const step of chosen) await run[step]()
      expect(log.state.kind).toMatch(/^(ok|waiting)$/)
      if (ends) {
        disk.fail = undefined
        await passed(clock)
        await passed(clock)
        await Promise.all(checkpoints)
        expect(told.size).toBe(accepted.length)
        expect(await values(log)).toEqual(accepted)
      }
      expect(errors).toEqual([])
      disk.fail = undefined
      const left = await openLog({}, { disk: disk.crash(durability === 'os' ? 'process' : 'power'), clock })
      const found = await values(left.log)
      expect(found).toEqual(accepted.slice(0, found.length))
      expect(found.length).toBeGreaterThanOrEqual(told.size)
    }),
    { numRuns: 150 },
  )
})
