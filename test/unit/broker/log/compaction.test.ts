import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OffsetMap } from '../../../../broker/log/cleaning/offset-map.ts'
import type { LogDirectory } from '../../../../broker/log/directory/log-directory.ts'
import type { PartitionLog } from '../../../../broker/log/partition-log.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { ManualDisk } from '../../../../core/platform/manual-disk.ts'
import { seededRandom } from '../../../../core/platform/random.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import {
  append,
  batch,
  config,
  openDirectory,
  openLog,
  readAll,
  settle,
  startMs,
  topicId,
} from '../../../support/broker-log.ts'

const compacted = { 'cleanup.policy': 'compact', 'segment.bytes': '300', 'min.cleanable.dirty.ratio': '0' }

/** Runs asynchronous work to its end on a clock that stands. */
async function drive<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let done = false
  const finished = work.finally(() => {
    done = true
  })
  finished.catch(() => undefined)
  for (let turn = 0; turn < 60 && !done; turn++) await settle(clock)
  return finished
}

async function compact(directory: LogDirectory, clock: ManualClock): Promise<number> {
  await drive(clock, directory.checkpoint())
  return drive(clock, directory.cleaner.round())
}

async function latest(log: PartitionLog): Promise<Map<string, string>> {
  const state = new Map<string, string>()
  for (const { key, value, control } of await readAll(log, log.logStartOffset, 'read-committed')) {
    if (control || key === null) continue
    if (value === null) state.delete(key)
    else state.set(key, value)
  }
  return state
}

describe('compaction', () => {
  test('keeps the last value of each key at its offset and frees the rest', async () => {
    const { log, clock, directory } = await openLog(compacted)
    for (let i = 0; i < 40; i++) append(log, { keys: [`k${i % 4}`], values: [`v${i}`] })
    await settle(clock)
    const before = await latest(log)
    const bytes = log.sizeBytes
    expect(await compact(directory, clock)).toBe(1)
    expect(log.sizeBytes).toBeLessThan(bytes / 2)
    expect(await latest(log)).toEqual(before)
    const last = (await readAll(log)).pop()
    expect(last).toMatchObject({ offset: 39, value: 'v39' })
    expect(await compact(directory, clock)).toBe(0)
  })

  test('keeps tombstones for a time that begins at the first compaction that sees them', async () => {
    const { log, clock, directory } = await openLog({ ...compacted, 'delete.retention.ms': '1000' })
    const fill = (): void => {
      for (let i = 0; i < 8; i++) append(log, { keys: ['filler'], values: [`f${i}`], timestamp: clock.now() })
    }
    append(log, { keys: ['gone'], values: ['x'] })
    append(log, { keys: ['gone'], values: [null] })
    fill()
    await settle(clock)
    await compact(directory, clock)
    const tombstones = async (): Promise<number> => (await readAll(log)).filter((each) => each.key === 'gone').length
    expect(await tombstones()).toBe(1)
    clock.advance(500)
    fill()
    await settle(clock)
    await compact(directory, clock)
    expect(await tombstones()).toBe(1)
    clock.advance(600)
    fill()
    await settle(clock)
    await compact(directory, clock)
    expect(await tombstones()).toBe(0)
  })

  test('drops aborted data, and never goes beyond an open transaction', async () => {
    const { log, clock, directory } = await openLog(compacted)
    const transactional = { producerId: 1, transactional: true }
    append(log, { keys: ['a'], values: ['good'] })
    append(log, { keys: ['a'], values: ['aborted'], ...transactional, sequence: 0 })
    log.writeMarker(1, 0, 0, 'abort')
    append(log, { keys: ['b'], values: ['open'], ...transactional, sequence: 1 })
    const open = log.logEndOffset - 1
    for (let i = 0; i < 10; i++) append(log, { keys: ['c'], values: [`${i}`] })
    await settle(clock)
    await compact(directory, clock)
    expect(await latest(log)).toEqual(new Map([['a', 'good']]))
    expect((await readAll(log)).filter((each) => each.offset > open).length).toBe(10)
    log.writeMarker(1, 0, 0, 'commit')
    for (let i = 0; i < 10; i++) append(log, { keys: ['c'], values: [`${i}`] })
    await settle(clock)
    await compact(directory, clock)
    expect(await latest(log)).toEqual(
      new Map([
        ['a', 'good'],
        ['b', 'open'],
        ['c', '9'],
      ]),
    )
    expect((await readAll(log)).some((each) => each.value === 'aborted')).toBe(false)
  })

  test('a producer goes on with its sequence although its batches are gone', async () => {
    const { log, clock, directory, disk } = await openLog(compacted)
    append(log, { keys: ['a'], values: ['old'], producerId: 7, sequence: 0 })
    for (let i = 0; i < 20; i++) append(log, { keys: ['a'], values: [`${i}`] })
    await settle(clock)
    await compact(directory, clock)
    const again = await openLog(compacted, { disk: disk.crash('power'), clock: new ManualClock(startMs) })
    const repeated = batch({ keys: ['a'], values: ['old'], producerId: 7, sequence: 0 })
    expect(again.log.append(repeated, { origin: 'client' })).toMatchObject({ kind: 'duplicate', baseOffset: 0 })
    expect(append(again.log, { keys: ['a'], values: ['new'], producerId: 7, sequence: 1 }).kind).toBe('appended')
  })

  test('a record without a key is refused', async () => {
    const { log } = await openLog(compacted)
    expect(append(log, { values: ['a'] })).toMatchObject({ error: kafkaError.INVALID_RECORD })
    expect(append(log, { values: ['a'], keys: ['k'], codec: 'gzip' }).kind).toBe('appended')
  })

  test('more keys than the memory holds take several rounds', async () => {
    const { log, clock, directory } = await openLog(compacted, { options: { cleanerBufferBytes: 16 * 24 } })
    for (let i = 0; i < 60; i++) append(log, { keys: [`k${i % 30}`], values: [`v${i}`] })
    await settle(clock)
    const before = await latest(log)
    expect(await compact(directory, clock)).toBeGreaterThan(1)
    expect(await latest(log)).toEqual(before)
  })

  test('survives a kill or the loss of power at any point', async () => {
    const input = fc.record({
      seed: fc.integer(),
      power: fc.boolean(),
      after: fc.integer({ min: 1, max: 60 }),
      writes: fc.array(
        fc.record({
          key: fc.integer({ min: 0, max: 4 }),
          tombstone: fc.boolean(),
          producer: fc.integer({ min: -1, max: 1 }),
          end: fc.constantFrom('none', 'none', 'commit', 'abort'),
        }),
        { minLength: 20, maxLength: 60 },
      ),
    })
    await fc.assert(
      fc.asyncProperty(input, async ({ seed, power, after, writes }) => {
        const random = seededRandom(seed)
        const clock = new ManualClock(startMs)
        const disk = new ManualDisk({ random: () => random.next() })
        const { log, directory } = await openLog(compacted, { disk, clock, options: { tailBytes: 500 } })
        const sequences = [0, 0]
        for (const [i, { key, tombstone, producer, end }] of writes.entries()) {
          const value = tombstone ? null : `v${i}`
          const who = producer < 0 ? {} : { producerId: producer, transactional: true, sequence: sequences[producer]++ }
          expect(append(log, { keys: [`k${key}`], values: [value], ...who }).kind).toBe('appended')
          if (producer >= 0 && end !== 'none') log.writeMarker(producer, 0, 0, end)
        }
        for (const producer of [0, 1]) log.writeMarker(producer, 0, 0, 'abort')
        for (let i = 0; i < 8; i++) append(log, { keys: ['last'], values: [`${i}`] })
        await settle(clock)
        const expected = await latest(log)
        disk.crashAt = disk.operations + after
        await compact(directory, clock).catch((error: unknown) => {
          if (!disk.crashed) throw error
        })
        if (!disk.crashed) expect(await latest(log)).toEqual(expected)
        const left = disk.crash(power ? 'power' : 'process')
        const later = new ManualClock(startMs)
        const again = await openDirectory(left, later)
        const reopened = again.create('events', topicId, 0, config(compacted))
        expect(reopened.state.kind).toBe('ok')
        expect(await latest(reopened)).toEqual(expected)
        expect(reopened.lastStableOffset).toBe(reopened.logEndOffset)
        await compact(again, later)
        expect(await latest(reopened)).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the map of offsets', () => {
  test('has the last offset of every key, and none of others', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 40 }), (keys) => {
        const map = new OffsetMap(64 * 24)
        const model = new Map<string, number>()
        keys.forEach((key, offset) => {
          const bytes = Buffer.concat([Buffer.from('__'), key])
          map.put(bytes, 2, key.length, offset)
          model.set(bytes.toString('hex'), offset)
        })
        expect(map.size).toBe(model.size)
        for (const [hex, offset] of model) {
          const bytes = Buffer.from(hex, 'hex')
          expect(map.get(bytes, 2, bytes.length - 2)).toBe(offset)
        }
        expect(map.get(Buffer.from('never a key of that length'), 0, 26)).toBe(-1)
      }),
    )
  })
})
