import { describe, expect, test } from 'vitest'
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
  values,
} from '../../../support/broker-log.ts'

describe('a log', () => {
  test('gives offsets in the order of appends and serves the bytes from memory and from disk', async () => {
    const { log, clock, disk, directory } = await openLog()
    expect(append(log, { values: ['a', 'b'] })).toMatchObject({ kind: 'appended', baseOffset: 0, lastOffset: 1 })
    expect(append(log, { values: ['c'] })).toMatchObject({ baseOffset: 2, lastOffset: 2 })
    expect(log.highWatermark).toBe(0)
    expect(await values(log)).toEqual([])
    await settle(clock)
    expect(log.highWatermark).toBe(3)
    expect(await values(log)).toEqual(['a', 'b', 'c'])
    await directory.close()
    const again = await openLog({}, { disk: disk.crash('power'), clock })
    expect(again.directory.report).toMatchObject({ clean: true, cutBytes: 0 })
    expect(await values(again.log)).toEqual(['a', 'b', 'c'])
    expect(append(again.log, { values: ['d'] })).toMatchObject({ baseOffset: 3 })
  })

  test('makes no files before the first append', async () => {
    const { disk, directory } = await openLog()
    expect(disk.exists('/data/events-0')).toBe(false)
    await directory.close()
  })

  test('tells who waits when the offset is synced, not before', async () => {
    const { log, clock, disk } = await openLog()
    let release = (): void => undefined
    disk.gate = (operation) => (operation === 'sync' ? new Promise((resolve) => (release = resolve)) : undefined)
    const heard: number[] = []
    append(log, { values: ['a'] })
    log.onCommitted(0, (error) => heard.push(error))
    await settle(clock)
    expect(heard).toEqual([])
    disk.gate = undefined
    release()
    await settle(clock)
    expect(heard).toEqual([0])
  })

  /** A log whose syncs end, well or not, when the test says so. */
  async function withHeldSyncs() {
    const opened = await openLog()
    const { log, clock, disk } = opened
    append(log, { values: ['first'] })
    await settle(clock)
    const ends: ((isGood: boolean) => void)[] = []
    disk.gate = (operation) =>
      operation === 'sync'
        ? new Promise((resolve, reject) => ends.push((isGood) => (isGood ? resolve() : reject(new Error('EIO')))))
        : undefined
    const heard: [value: number, error: number][] = []
    const add = async (value: number): Promise<void> => {
      append(log, { values: [`${value}`] })
      log.onCommitted(value, (error) => heard.push([value, error]))
      await settle(clock)
    }
    const end = async (sync: number, isGood = true): Promise<void> => {
      ends[sync]?.(isGood)
      await settle(clock)
    }
    return { ...opened, ends, heard, add, end }
  }

  test('two syncs at a time share everything that was appended meanwhile', async () => {
    const { log, directory, ends, add, end } = await withHeldSyncs()
    const before = directory.flusher.syncCount
    for (let value = 1; value <= 10; value++) await add(value)
    expect(ends.length).toBe(2)
    await end(0)
    expect(log.highWatermark).toBe(2)
    expect(ends.length).toBe(3)
    await end(1)
    expect(log.highWatermark).toBe(3)
    await end(2)
    expect(log.highWatermark).toBe(11)
    expect(directory.flusher.syncCount - before).toBe(3)
    expect(ends.length).toBe(3)
  })

  test('a sync that ends before one that began earlier counts with it', async () => {
    const { log, heard, add, end } = await withHeldSyncs()
    await add(1)
    await add(2)
    await end(1)
    expect(heard).toEqual([])
    await add(3)
    await end(2)
    expect(log.highWatermark).toBe(1)
    await end(0)
    expect(heard).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ])
  })

  test('a sync that ends well behind one that fails counts for nothing', async () => {
    const { log, heard, add, end } = await withHeldSyncs()
    await add(1)
    await add(2)
    await end(1)
    await end(0, false)
    const failed = kafkaError.KAFKA_STORAGE_ERROR
    expect(heard).toEqual([
      [1, failed],
      [2, failed],
    ])
    expect(log.highWatermark).toBe(1)
    expect(log.state.kind).toBe('failed')
  })

  test('whoever closes the log waits for the syncs that are on their way', async () => {
    const { log, disk, heard, add, end } = await withHeldSyncs()
    await add(1)
    await add(2)
    let isClosed = false
    const closing = log.close().then(() => {
      isClosed = true
    })
    await end(1)
    expect(isClosed).toBe(false)
    disk.gate = undefined
    await end(0)
    await closing
    expect(heard).toEqual([
      [1, 0],
      [2, 0],
    ])
  })

  test('a batch counts when the name of its file is synced, whichever sync does it', async () => {
    const { log, clock, disk } = await openLog()
    let release = (): void => undefined
    disk.gate = (operation) =>
      operation === 'sync-directory' ? new Promise((resolve) => (release = resolve)) : undefined
    append(log, { values: ['a'] })
    await settle(clock)
    append(log, { values: ['b'] })
    await settle(clock)
    expect(log.highWatermark).toBe(0)
    disk.gate = undefined
    release()
    await settle(clock)
    expect(log.highWatermark).toBe(2)
  })

  test('with durability os, a write is enough', async () => {
    const { log, clock, disk } = await openLog({ 'millrace.durability': 'os' })
    disk.gate = (operation) => (operation === 'sync' ? new Promise(() => undefined) : undefined)
    append(log, { values: ['a'] })
    await settle(clock)
    expect(log.highWatermark).toBe(1)
  })

  test('with durability always, what is written is synced in the same turn', async () => {
    const { log, clock, disk } = await openLog({ 'millrace.durability': 'always' })
    append(log, { values: ['a'] })
    clock.advance(0)
    expect(log.highWatermark).toBe(1)
    const { log: again } = await openLog({}, { disk: disk.crash('power'), clock })
    expect(await values(again)).toEqual(['a'])
  })

  test('a failed sync ends appends for good; what was durable is still read', async () => {
    const { log, clock, disk, directory } = await openLog()
    append(log, { values: ['a'] })
    await settle(clock)
    disk.fail = (operation) => (operation === 'sync' ? 'EIO' : undefined)
    append(log, { values: ['lost'] })
    const heard: number[] = []
    log.onCommitted(1, (error) => heard.push(error))
    await settle(clock)
    disk.fail = undefined
    expect(heard).toEqual([kafkaError.KAFKA_STORAGE_ERROR])
    expect(log.state.kind).toBe('failed')
    expect(directory.failures.size).toBe(1)
    expect(append(log, { values: ['b'] })).toMatchObject({ kind: 'refused', error: kafkaError.KAFKA_STORAGE_ERROR })
    expect(await values(log)).toEqual(['a'])
    await directory.close()
    const again = await openLog({}, { disk: disk.crash('power'), clock })
    expect(again.directory.report?.clean).toBe(false)
    expect((await values(again.log)).slice(0, 1)).toEqual(['a'])
  })

  test('a log that cannot be written keeps none of the memory that the ends of others share', async () => {
    const budgetBytes = 3 << 20
    const { log, clock, disk, directory } = await openLog({}, { options: { tailBytes: budgetBytes } })
    const other = directory.create('other', 'AAAAAAAAAAAAAAAAAAAAAw', 0, config())
    disk.fail = (operation, path) => (operation === 'write' && path.includes('events') ? 'EIO' : undefined)
    append(log, { values: ['never written'] })
    for (let i = 0; i < 40; i++) {
      append(other, { values: ['x'.repeat(300_000)] })
      await settle(clock)
    }
    expect(log.state.kind).toBe('failed')
    expect(directory.tail.usedBytes).toBeLessThanOrEqual(budgetBytes)
    expect(await values(log)).toEqual([])
    expect(await values(other, 39)).toHaveLength(1)
  })

  test('rolls segments and reads across them, from the disk as from memory', async () => {
    const { log, clock, disk } = await openLog(
      { 'segment.bytes': '1000', 'index.interval.bytes': '100' },
      { options: { tailBytes: 1500 } },
    )
    const all = Array.from({ length: 60 }, (_, i) => `value-${i}`)
    for (const value of all) {
      append(log, { values: [value] })
      await settle(clock)
    }
    expect(disk.list('/data/events-0').filter((name) => name.endsWith('.log')).length).toBeGreaterThan(3)
    expect(await values(log)).toEqual(all)
    for (let from = 0; from <= 60; from += 7) expect(await values(log, from)).toEqual(all.slice(from))
    expect((await readAll(log, 0, 'read-uncommitted', 1)).map((each) => each.value)).toEqual(all)
  })

  test('a read within a batch gives the whole batch; outside of the log it says so', async () => {
    const { log, clock } = await openLog()
    append(log, { values: ['a', 'b', 'c'] })
    await settle(clock)
    const read = await log.read(1, 10, { isolation: 'read-uncommitted', atLeastOne: true })
    expect(read).toMatchObject({ kind: 'data', nextOffset: 3 })
    expect(await log.read(1, 10, { isolation: 'read-uncommitted', atLeastOne: false })).toMatchObject({ sizeBytes: 0 })
    expect(await log.read(4, 10, { isolation: 'read-uncommitted', atLeastOne: true })).toEqual({ kind: 'out-of-range' })
    expect(await log.read(3, 10, { isolation: 'read-uncommitted', atLeastOne: true })).toMatchObject({ sizeBytes: 0 })
  })

  test('a small batch does not pin the buffer in which it came', async () => {
    const { log, clock } = await openLog()
    const large = Buffer.alloc(100_000)
    const small = batch({ values: ['a'] })
    small.copy(large, 50)
    log.append(large.subarray(50, 50 + small.length), { origin: 'client' })
    await settle(clock)
    const read = await log.read(0, 1000, { isolation: 'read-uncommitted', atLeastOne: true })
    if (read.kind !== 'data') throw new Error(read.kind)
    expect(read.buffers[0].buffer).not.toBe(large.buffer)
  })

  test('finds the first record at or after a time, and the latest', async () => {
    const { log, clock } = await openLog({ 'segment.bytes': '500', 'index.interval.bytes': '50' })
    for (let i = 0; i < 20; i++) append(log, { values: ['x', 'y'], timestamp: startMs - 10_000 + i * 100 })
    await settle(clock)
    expect(await log.offsetForTimestamp(startMs - 10_000 + 450)).toMatchObject({
      offset: 10,
      timestamp: startMs - 9500,
    })
    expect(await log.offsetForTimestamp(0)).toMatchObject({ offset: 0 })
    expect(await log.offsetForTimestamp(startMs)).toBeUndefined()
    expect(await log.maxTimestamp()).toMatchObject({ offset: 38 })
  })

  test('DeleteRecords moves the start, durably, and drops segments below', async () => {
    const { log, clock, disk } = await openLog({ 'segment.bytes': '300' })
    for (let i = 0; i < 20; i++) append(log, { values: [`v${i}`] })
    await settle(clock)
    expect(await log.deleteRecordsBefore(21)).toMatchObject({ error: kafkaError.OFFSET_OUT_OF_RANGE })
    expect(await log.deleteRecordsBefore(9)).toEqual({ kind: 'deleted', logStartOffset: 9 })
    expect(await log.read(8, 100, { isolation: 'read-uncommitted', atLeastOne: true })).toEqual({
      kind: 'out-of-range',
    })
    const again = await openLog({}, { disk: disk.crash('power'), clock })
    expect(again.log.logStartOffset).toBe(9)
    expect((await values(again.log))[0]).toBe('v9')
    expect(await again.log.deleteRecordsBefore(-1)).toEqual({ kind: 'deleted', logStartOffset: 20 })
  })

  test('a deleted topic is gone, also after a crash, and may come again with another id', async () => {
    const { log, clock, disk, directory } = await openLog()
    append(log, { values: ['old'] })
    await settle(clock)
    await directory.delete('events', 0)
    const again = await openDirectory(disk.crash('power'), clock)
    expect(again.get('events', 0)).toBeUndefined()
    const fresh = again.create('events', topicId.replace('g', 'w'), 0, config())
    expect(fresh.logEndOffset).toBe(0)
  })

  test('a topic may be deleted while it is written and synced', async () => {
    const { log, clock, disk, directory } = await openLog()
    append(log, { values: ['a'] })
    const checkpoint = directory.checkpoint()
    const errors: number[] = []
    log.onCommitted(0, (error) => errors.push(error))
    const deleting = directory.delete('events', 0)
    append(log, { values: ['b'] })
    await settle(clock)
    await Promise.all([checkpoint, deleting])
    await settle(clock)
    expect(errors).toHaveLength(1)
    expect(disk.list('/data').filter((name) => name.startsWith('events'))).toEqual([])
    expect(disk.openFiles).toBe(0)
  })

  test('refuses what is not a batch with the code that Kafka has for it', async () => {
    const { log } = await openLog({ 'max.message.bytes': '200' })
    const refusal = (bytes: Buffer): unknown => log.append(bytes, { origin: 'client' })
    const good = batch({ values: ['a'] })
    const wrongCrc = Buffer.from(good)
    wrongCrc[wrongCrc.length - 1] ^= 1
    const oldMagic = Buffer.from(good)
    oldMagic[16] = 1
    expect(refusal(good.subarray(0, 30))).toMatchObject({ error: kafkaError.CORRUPT_MESSAGE })
    expect(refusal(good.subarray(0, good.length - 1))).toMatchObject({ error: kafkaError.CORRUPT_MESSAGE })
    expect(refusal(wrongCrc)).toMatchObject({ error: kafkaError.CORRUPT_MESSAGE })
    expect(refusal(oldMagic)).toMatchObject({ error: kafkaError.INVALID_RECORD })
    expect(refusal(batch({ values: ['x'.repeat(300)] }))).toMatchObject({ error: kafkaError.MESSAGE_TOO_LARGE })
    expect(refusal(batch({ values: ['a'], timestamp: startMs + 7_200_000 }))).toMatchObject({
      error: kafkaError.INVALID_TIMESTAMP,
    })
    expect(refusal(good)).toMatchObject({ kind: 'appended', baseOffset: 0 })
  })
})
