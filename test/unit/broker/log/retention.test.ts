import { describe, expect, test } from 'vitest'
import { checkLogConfig, parseLogConfig } from '../../../../broker/log/config.ts'
import { readBatchHeader } from '../../../../proto/kafka/records/index.ts'
import { append, batch, openLog, readAll, settle, startMs, values } from '../../../support/broker-log.ts'

const hour = 3_600_000

describe('retention', () => {
  test('drops whole segments that are too old, the last one too when nobody writes any more', async () => {
    const { log, clock, directory, disk } = await openLog({ 'segment.bytes': '300', 'retention.ms': `${hour}` })
    for (let i = 0; i < 8; i++) append(log, { values: [`old${i}`] })
    await settle(clock)
    clock.advance(hour / 2)
    for (let i = 0; i < 8; i++) append(log, { values: [`new${i}`], timestamp: clock.now() })
    await settle(clock)
    clock.advance(hour / 2 + 1)
    await directory.applyRetention()
    expect((await values(log))[0]?.startsWith('old')).toBe(false)
    expect(await values(log)).toContain('new7')
    clock.advance(hour)
    await directory.applyRetention()
    await settle(clock)
    expect(await values(log)).toEqual([])
    expect(log.logStartOffset).toBe(16)
    append(log, { values: ['again'], timestamp: clock.now() })
    await settle(clock)
    expect(await values(log)).toEqual(['again'])
    expect(disk.list('/data/events-0').some((name) => name.endsWith('.deleted'))).toBe(false)
  })

  test('drops the oldest segments of a log that is too large, and a read on its way finishes', async () => {
    const { log, clock, directory } = await openLog(
      { 'segment.bytes': '300', 'retention.bytes': '600' },
      { options: { tailBytes: 1 } },
    )
    for (let i = 0; i < 30; i++) append(log, { values: [`v${i}`] })
    await settle(clock)
    const reading = log.read(0, 100, { isolation: 'read-uncommitted', atLeastOne: true })
    await directory.applyRetention()
    expect(await reading).toMatchObject({ kind: 'data', nextOffset: 1 })
    expect(log.sizeBytes).toBeLessThan(900)
    expect((await values(log)).pop()).toBe('v29')
    expect(await log.read(0, 100, { isolation: 'read-uncommitted', atLeastOne: true })).toEqual({
      kind: 'out-of-range',
    })
  })
})

describe('the settings of a topic', () => {
  test('are checked by name and range', () => {
    expect(() => checkLogConfig('retention.sm', '1')).toThrow('no setting called retention.sm')
    expect(() => checkLogConfig('segment.bytes', '1')).toThrow('segment.bytes')
    expect(() => checkLogConfig('cleanup.policy', 'shred')).toThrow('delete, compact')
    expect(() => checkLogConfig('min.cleanable.dirty.ratio', '1.5')).toThrow('0 to 1')
    expect(parseLogConfig({ 'cleanup.policy': 'compact,delete' }).cleanup).toEqual({ compact: true, delete: true })
    expect(parseLogConfig({}, { 'segment.bytes': '500' }).segmentBytes).toBe(500)
    expect(parseLogConfig({ 'flush.messages': '9223372036854775807' }).flushMessages).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('may stamp records with the time of the append', async () => {
    const { log, clock } = await openLog({ 'message.timestamp.type': 'LogAppendTime' })
    expect(append(log, { values: ['a'], timestamp: 5 })).toMatchObject({ logAppendTimeMs: startMs })
    await settle(clock)
    expect(await log.offsetForTimestamp(startMs)).toMatchObject({ offset: 0, timestamp: startMs })
  })

  test('may ask for another compression', async () => {
    const { log, clock } = await openLog({ 'compression.type': 'gzip' })
    log.append(batch({ values: ['a', 'b'], producerId: 1, sequence: 0 }), { origin: 'client' })
    await settle(clock)
    const read = await log.read(0, 1000, { isolation: 'read-uncommitted', atLeastOne: true })
    if (read.kind !== 'data') throw new Error(read.kind)
    expect(readBatchHeader(read.buffers[0])).toMatchObject({
      codec: 'gzip',
      producerId: 1,
      baseSequence: 0,
      lastOffset: 1,
    })
    expect((await readAll(log)).map((each) => each.value)).toEqual(['a', 'b'])
  })
})
