import { afterEach, describe, expect, it } from 'vitest'
import { parseLogConfig } from '../../../../broker/log/config.ts'
import { LogDirectory } from '../../../../broker/log/directory/log-directory.ts'
import type { PartitionLog } from '../../../../broker/log/partition-log.ts'
import { MetadataLog, metadataTopic, metadataTopicId } from '../../../../broker/metadata/metadata-log.ts'
import { encodeRecord, type MetadataRecord } from '../../../../broker/metadata/records.ts'
import { createLogger } from '../../../../core/log.ts'
import { systemClock } from '../../../../core/platform/clock.ts'
import { systemDisk } from '../../../../core/platform/disk.ts'
import { buildBatch } from '../../../../proto/kafka/records/index.ts'
import { startBrokerHarness } from '../../../support/broker-harness.ts'

const open: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function temporary(): string {
  const path = systemDisk.makeTemporaryDirectory('/tmp/millrace-metadata-')
  open.push(() => systemDisk.remove(path))
  return path
}

async function openLog(path: string): Promise<{ log: PartitionLog; close(): Promise<void> }> {
  const directory = await LogDirectory.open(path, {
    clock: systemClock,
    disk: systemDisk,
    log: createLogger('test', { level: 'silent' }),
    process: { id: process.pid, isAlive: () => false },
    newClusterId: () => 'cluster',
  })
  const log = directory.create(metadataTopic, metadataTopicId, 0, parseLogConfig({ 'segment.bytes': '4096' }))
  return { log, close: () => directory.close() }
}

const topic = (index: number): MetadataRecord => ({
  kind: 'topic',
  name: `t${index}`,
  topicId: Buffer.alloc(16, index + 2).toString('base64url'),
  partitions: 2,
  internal: false,
  configs: {},
})

const openMetadata = (log: PartitionLog, slackRecords = 10_000) =>
  MetadataLog.open(log, { clock: systemClock, slackRecords })

describe('the metadata log', () => {
  it('is replayed at the next start', async () => {
    const path = temporary()
    const first = await openLog(path)
    const metadata = await openMetadata(first.log)
    await metadata.write([topic(0), topic(1)])
    await metadata.write([{ kind: 'topic-deleted', topicId: (topic(0) as { topicId: string }).topicId }])
    expect([...metadata.image.topics.keys()]).toEqual(['t1'])
    await first.close()
    const second = await openLog(path)
    open.push(second.close)
    expect([...(await openMetadata(second.log)).image.topics.keys()]).toEqual(['t1'])
  })

  it('decides on changes one after the other, each on what those before have left', async () => {
    const { log, close } = await openLog(temporary())
    open.push(close)
    const metadata = await openMetadata(log)
    const taken = await Promise.all(
      Array.from({ length: 20 }, () =>
        metadata.change((image) => {
          const first = image.nextProducerId
          return { records: [{ kind: 'producer-ids' as const, next: first + 10 }], result: first }
        }),
      ),
    )
    expect(taken).toEqual(Array.from({ length: 20 }, (_, index) => index * 10))
  })

  it('tells listeners, and changes nothing when a decision throws', async () => {
    const { log, close } = await openLog(temporary())
    open.push(close)
    const metadata = await openMetadata(log)
    const told: string[] = []
    metadata.subscribe((records) => told.push(...records.map((each) => each.kind)))
    const failing = metadata.change(() => {
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await metadata.write([topic(0)])
    expect(told).toEqual(['topic'])
    expect(log.logEndOffset).toBe(1)
  })

  it('keeps itself short, and is the same after that', async () => {
    const path = temporary()
    const first = await openLog(path)
    const metadata = await openMetadata(first.log, 50)
    await metadata.write([topic(0), topic(1)])
    for (let index = 1; index <= 200; index++) await metadata.write([{ kind: 'producer-ids', next: index }])
    await metadata.settled()
    expect(first.log.logStartOffset).toBeGreaterThan(100)
    expect(first.log.logEndOffset - first.log.logStartOffset).toBeLessThan(80)
    const before = metadata.image.toRecords()
    await first.close()
    const second = await openLog(path)
    open.push(second.close)
    const again = await openMetadata(second.log, 50)
    expect(again.image.toRecords()).toEqual(before)
    expect(again.image.nextProducerId).toBe(200)
  })

  it('takes a snapshot that a crash cut off for nothing, also when records follow it', async () => {
    const path = temporary()
    const first = await openLog(path)
    await (await openMetadata(first.log)).write([topic(0)])
    const cut: MetadataRecord[] = [{ kind: 'snapshot-begin' }, topic(5)]
    const records = cut.map((record) => ({ key: null, value: encodeRecord(record), timestamp: 0 }))
    const result = first.log.append(buildBatch({ records }), { origin: 'coordinator', requireKeys: false })
    if (result.kind === 'refused') throw new Error(result.message)
    await new Promise((resolve) => first.log.onCommitted(result.lastOffset, resolve))
    await first.close()
    const second = await openLog(path)
    const metadata = await openMetadata(second.log)
    expect([...metadata.image.topics.keys()]).toEqual(['t0'])
    await metadata.write([topic(1)])
    await second.close()
    const third = await openLog(path)
    open.push(third.close)
    expect([...(await openMetadata(third.log)).image.topics.keys()]).toEqual(['t0', 't1'])
  })

  it('refuses what a newer version wrote', async () => {
    const { log, close } = await openLog(temporary())
    open.push(close)
    const value = encodeRecord(topic(0))
    value.writeInt16BE(9)
    const batch = buildBatch({ records: [{ key: null, value, timestamp: 0 }] })
    const result = log.append(batch, { origin: 'coordinator', requireKeys: false })
    if (result.kind === 'refused') throw new Error(result.message)
    await new Promise((resolve) => log.onCommitted(result.lastOffset, resolve))
    await expect(openMetadata(log)).rejects.toMatchObject({ code: 'BROKER_METADATA_NEWER' })
  })
})

describe('a start of the broker', () => {
  it('removes partitions of topics that were deleted, and nothing when the metadata is missing', async () => {
    const harness = await startBrokerHarness()
    open.push(harness.close)
    await harness.topic('kept')
    const log = harness.broker.topics.get('kept')?.logs[0] as PartitionLog
    const records = [{ key: null, value: Buffer.from('a'), timestamp: 0 }]
    const result = log.append(buildBatch({ records }), { origin: 'client' })
    if (result.kind === 'refused') throw new Error(result.message)
    await new Promise((resolve) => log.onCommitted(result.lastOffset, resolve))
    await harness.broker.close()
    const { directory } = harness
    // As a crash between the metadata and the files leaves it.
    systemDisk.makeDirectory(`${directory}/gone-0`)
    systemDisk.write(`${directory}/gone-0/partition.metadata`, 'version: 0\ntopic_id: AgICAgICAgICAgICAgICAg\n')
    await harness.restart()
    expect(systemDisk.exists(`${directory}/gone-0`)).toBe(false)
    expect(systemDisk.exists(`${directory}/kept-0`)).toBe(true)
    expect(harness.broker.topics.get('kept')?.logs[0]?.highWatermark).toBe(1)
    await harness.broker.close()
    systemDisk.rename(`${directory}/__cluster_metadata-0`, `${directory}.moved`)
    open.push(() => systemDisk.remove(`${directory}.moved`))
    await expect(harness.restart()).rejects.toMatchObject({ code: 'BROKER_METADATA_MISSING' })
    expect(systemDisk.exists(`${directory}/kept-0`)).toBe(true)
    systemDisk.rename(`${directory}.moved`, `${directory}/__cluster_metadata-0`)
    await harness.restart()
  })
})
