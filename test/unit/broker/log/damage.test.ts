import { describe, expect, test } from 'vitest'
import { dumpSegment } from '../../../../broker/log/inspection/inspect.ts'
import { verifyDirectory } from '../../../../broker/log/inspection/verify.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import type { ManualDisk } from '../../../../core/platform/manual-disk.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { append, openDirectory, openLog, settle, startMs, values } from '../../../support/broker-log.ts'

const first = '/data/events-0/00000000000000000000'

/** Twenty batches of one record, closed properly. */
async function closedLog(settings: Readonly<Record<string, string>> = {}): Promise<ManualDisk> {
  const { log, clock, directory, disk } = await openLog({ 'index.interval.bytes': '200', ...settings })
  for (let i = 0; i < 20; i++) append(log, { values: [`v${i}`], producerId: 3, sequence: i })
  await settle(clock)
  const closing = directory.close()
  await settle(clock)
  await closing
  return disk.crash('power')
}

describe('a damaged log', () => {
  test('in the middle, is reported and never cut: reads before the damage go on, the damage is said', async () => {
    const disk = await closedLog()
    const size = disk.stat(`${first}.log`)?.sizeBytes
    disk.flipByte(`${first}.log`, 70 * 5 + 62)
    const { log } = await openLog({}, { disk, clock: new ManualClock(startMs) })
    const read = await log.read(0, 300, { isolation: 'read-uncommitted', atLeastOne: true })
    expect(read).toMatchObject({ kind: 'data' })
    await expect(values(log)).rejects.toThrow('damaged')
    expect(await log.read(5, 300, { isolation: 'read-uncommitted', atLeastOne: true })).toMatchObject({
      kind: 'failed',
      error: kafkaError.CORRUPT_MESSAGE,
    })
    expect(disk.stat(`${first}.log`)?.sizeBytes).toBe(size)
    expect(verifyDirectory(disk, '/data').findings).toMatchObject([{ kind: 'damaged', problem: 'checksum' }])
  })

  test('below the recovery point after an unclean end, opens for reading only', async () => {
    const disk = await closedLog()
    disk.remove('/data/.kafka_cleanshutdown')
    // The newest snapshot is gone too, so that the log is walked from its start.
    for (const name of disk.list('/data/events-0'))
      if (name.endsWith('.snapshot')) disk.remove(`/data/events-0/${name}`)
    disk.remove(`${first}.index`)
    disk.flipByte(`${first}.log`, 70 * 5 + 10)
    const { log, directory } = await openLog({}, { disk, clock: new ManualClock(startMs) })
    expect(log.state).toMatchObject({ kind: 'failed' })
    expect(directory.failures.size).toBe(1)
    expect(append(log, { values: ['x'] })).toMatchObject({ error: kafkaError.KAFKA_STORAGE_ERROR })
    expect(log.logEndOffset).toBe(20)
  })

  test('whose list of aborted transactions has a torn end, still knows those before it', async () => {
    const { log, clock, directory, disk } = await openLog()
    for (const producerId of [1, 2]) {
      append(log, { values: ['no'], producerId, sequence: 0, transactional: true })
      log.writeMarker(producerId, 0, 0, 'abort')
    }
    await settle(clock)
    const checkpoint = directory.checkpoint()
    await settle(clock)
    await checkpoint
    append(log, { values: ['no'], producerId: 3, sequence: 0, transactional: true })
    log.writeMarker(3, 0, 0, 'abort')
    await settle(clock)
    const after = disk.crash('power')
    // A part of the third entry had reached the disk.
    after.appendFile(`${first}.txnindex`, Buffer.alloc(13))
    const again = await openLog({}, { disk: after, clock: new ManualClock(startMs) })
    const committed = { isolation: 'read-committed', atLeastOne: true } as const
    const read = await again.log.read(0, 10_000, committed)
    expect(read).toMatchObject({ aborted: [{ producerId: 1 }, { producerId: 2 }, { producerId: 3 }] })
  })

  test.each(['index', 'timeindex'])('without its .%s, makes it again', async (ending) => {
    const disk = await closedLog({ 'segment.bytes': '500' })
    disk.remove(`${first}.${ending}`)
    const { log } = await openLog({}, { disk, clock: new ManualClock(startMs) })
    expect(await values(log)).toHaveLength(20)
    expect(await values(log, 3)).toHaveLength(17)
    expect(await log.offsetForTimestamp(startMs)).toMatchObject({ offset: 0 })
  })

  test('with an index that points anywhere, is read all the same', async () => {
    const disk = await closedLog({ 'segment.bytes': '800' })
    disk.flipByte(`${first}.index`, 7)
    expect(verifyDirectory(disk, '/data').findings).toMatchObject([{ path: `${first}.index`, kind: 'damaged' }])
    const { log } = await openLog({}, { disk, clock: new ManualClock(startMs) })
    for (let from = 0; from < 20; from++) expect(await values(log, from)).toHaveLength(20 - from)
  })

  test('with a damaged snapshot after a clean end, finds its producers by reading', async () => {
    const disk = await closedLog()
    const snapshot = disk.list('/data/events-0').find((name) => name.endsWith('.snapshot')) as string
    disk.flipByte(`/data/events-0/${snapshot}`, 20)
    const { log } = await openLog({}, { disk, clock: new ManualClock(startMs) })
    expect(append(log, { values: ['v19'], producerId: 3, sequence: 19 })).toMatchObject({
      kind: 'duplicate',
      baseOffset: 19,
    })
    expect(append(log, { values: ['next'], producerId: 3, sequence: 20 }).kind).toBe('appended')
  })
})

describe('a data directory', () => {
  test('of another cluster, of another node, in a newer format or in use is refused with the reason', async () => {
    const { disk, directory } = await openLog()
    const open = (input: object): Promise<unknown> =>
      import('../../../../broker/log/directory/log-directory.ts').then(({ LogDirectory }) =>
        LogDirectory.open('/data', {
          disk,
          clock: new ManualClock(startMs),
          log: undefined as never,
          process: { id: 2, isAlive: () => false },
          newClusterId: () => 'other',
          ...input,
        }),
      )
    await expect(open({ process: { id: 2, isAlive: () => true } })).rejects.toMatchObject({
      code: 'BROKER_LOG_DIRECTORY_LOCKED',
    })
    await directory.close()
    await expect(open({ clusterId: 'mine' })).rejects.toMatchObject({ code: 'BROKER_LOG_WRONG_CLUSTER' })
    await expect(open({ nodeId: 9 })).rejects.toMatchObject({ code: 'BROKER_LOG_DIRECTORY_UNUSABLE' })
    disk.write('/data/meta.properties', 'version=1\ncluster.id=test-cluster\nnode.id=1\nmillrace.format=99\n')
    await expect(open({})).rejects.toMatchObject({ code: 'BROKER_LOG_NEWER_FORMAT' })
  })

  test('keeps its leader epoch over a clean end and raises it after any other', async () => {
    const { disk, directory, log, clock } = await openLog()
    append(log, { values: ['a'] })
    await settle(clock)
    expect(log.leaderEpoch).toBe(0)
    const closing = directory.close()
    await settle(clock)
    await closing
    const clean = await openLog({}, { disk: disk.crash('power') })
    expect(clean.log.leaderEpoch).toBe(0)
    const killed = await openLog({}, { disk: clean.disk.crash('process') })
    expect(killed.log.leaderEpoch).toBe(1)
    append(killed.log, { values: ['b'] })
    await settle(killed.clock)
    expect(killed.log.endOffsetForEpoch(0)).toEqual({ epoch: 0, endOffset: 1 })
    expect(killed.log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 2 })
    expect(killed.log.endOffsetForEpoch(2)).toEqual({ epoch: -1, endOffset: -1 })
  })

  test('that was closed is opened without reading its logs', async () => {
    const disk = await closedLog({ 'segment.bytes': '500' })
    const read: string[] = []
    disk.fail = (operation, path) => {
      if (operation === 'read' && path.endsWith('.log')) read.push(path)
      return undefined
    }
    const directory = await openDirectory(disk, new ManualClock(startMs))
    expect(directory.report).toMatchObject({ clean: true, logs: 1 })
    // The last batches, to be sure of the end.
    expect(read.length).toBeLessThanOrEqual(1)
    expect(directory.report?.scannedBytes).toBeLessThan(500)
  })

  test('that was killed while nothing was written syncs none of its logs at the start', async () => {
    const disk = await closedLog()
    const idle = await openLog({}, { disk, clock: new ManualClock(startMs) })
    const killed = idle.disk.crash('process')
    const synced: string[] = []
    killed.fail = (operation, path) => {
      if (operation.startsWith('sync') && path.includes('events-0')) synced.push(path)
      return undefined
    }
    const directory = await openDirectory(killed, new ManualClock(startMs))
    expect(directory.report).toMatchObject({ clean: false, logs: 1, cutBytes: 0 })
    expect(synced).toEqual([])
  })

  test('holds no more files open than it may', async () => {
    const { log, clock, disk } = await openLog(
      { 'segment.bytes': '100' },
      { options: { openFilesMax: 16, tailBytes: 1 } },
    )
    for (let i = 0; i < 60; i++) {
      append(log, { values: [`v${i}`] })
      await settle(clock)
    }
    expect(await values(log)).toHaveLength(60)
    expect(disk.openFiles).toBeLessThanOrEqual(17)
  })

  test('shows its batches and records', async () => {
    const disk = await closedLog()
    const batches = [...dumpSegment(disk, `${first}.log`)]
    expect(batches).toHaveLength(20)
    expect(batches[4].header).toMatchObject({ baseOffset: 4, producerId: 3, baseSequence: 4 })
    expect(batches[4].records()[0].value?.toString()).toBe('v4')
    expect(verifyDirectory(disk, '/data')).toMatchObject({
      logs: 1,
      segments: 1,
      batches: 20,
      records: 20,
      findings: [],
    })
  })
})
