/** A broker whose process finds no descriptor for a while: what comes then is refused so that clients try again, and it goes on by itself. */
import { execFileSync } from 'node:child_process'
import { afterAll, expect, it } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../proto/kafka/reader.ts'
import { batchOf } from '../support/broker-harness.ts'
import {
  type BrokerInProcess,
  createTopic,
  produce,
  startBroker,
  startBrokerWithin,
  works,
} from '../support/command-line-broker.ts'
import { fetchOf, WireClient } from '../support/wire-client.ts'

const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-no-room-')
afterAll(() => systemDisk.remove(directory))

/** Files that the process may have open from now on; those that are open stay. */
function limitFiles({ running }: BrokerInProcess, count: number): void {
  execFileSync('prlimit', ['--pid', String(running.child.pid), `--nofile=${count}:`])
}

it('no descriptor for the next segment: waits, refuses with an error that clients try again, goes on', async () => {
  const data = `${directory}/data`
  const broker = await startBrokerWithin(512, directory, data)
  const [client, other] = [new WireClient(broker.address), new WireClient(broker.address)]
  for (const name of ['good', 'rolls']) await createTopic(client, name, { 'segment.bytes': '1048576' })
  await works(broker)
  const large = (value: string): Buffer => batchOf([value.repeat(700_000)])
  expect(await produce(client, 'rolls', large('a'))).toMatchObject({ errorCode: 0, baseOffset: 0 })

  limitFiles(broker, 3)
  const waiting = produce(client, 'rolls', large('b'))
  await broker.logs(/logs take nothing until the system has room.*EMFILE|EMFILE.*logs take nothing until/)
  expect(await produce(other, 'rolls', batchOf(['c']))).toMatchObject({
    errorCode: kafkaError.KAFKA_STORAGE_ERROR,
    errorMessage: expect.stringContaining('takes nothing until the system has room'),
  })
  // Reads, and logs whose files are open, go on.
  expect(await produce(other, 'good', batchOf(['meanwhile']))).toMatchObject({ errorCode: 0 })
  const { responses } = await other.call('Fetch', 11, fetchOf([{ topic: 'rolls', offset: 0 }]))
  expect(responses[0]?.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 1 })

  limitFiles(broker, 512)
  expect(await waiting).toMatchObject({ errorCode: 0, baseOffset: 1 })
  expect(await produce(other, 'rolls', batchOf(['c']))).toMatchObject({ errorCode: 0, baseOffset: 2 })
  await broker.logs(/all logs go on/)
  for (const each of [client, other]) each.close()
  broker.running.child.kill('SIGTERM')
  expect((await broker.running.ended).code).toBe(0)
})

it('groups and transactions wait as well, and what they were told is there after a restart', async () => {
  const data = `${directory}/coordinators`
  const broker = await startBrokerWithin(512, directory, data)
  const [offsets, producers, other] = Array.from({ length: 3 }, () => new WireClient(broker.address)) as [
    WireClient,
    WireClient,
    WireClient,
  ]
  await createTopic(other, 'good')
  await works(broker)
  const commit = async (client: WireClient, committedOffset: number): Promise<number | undefined> => {
    const partition = { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, commitTimestamp: -1 }
    const answer = await client.call('OffsetCommit', 7, {
      groupId: 'group',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [{ name: 'good', topicId: zeroUuid, partitions: [{ ...partition, committedMetadata: '' }] }],
    })
    return answer.topics[0]?.partitions[0]?.errorCode
  }
  const begin = async (client: WireClient): Promise<number> => {
    const ids = { producerId: -1, producerEpoch: -1, enable2Pc: false, keepPreparedTxn: false }
    const request = { transactionalId: 'transaction', transactionTimeoutMs: 60_000, ...ids }
    return (await client.call('InitProducerId', 4, request)).errorCode
  }
  // Makes the topics of the coordinators, but no file of their partitions.
  for (const [keyType, key] of ['group', 'transaction'].entries())
    await expect
      .poll(async () => (await other.call('FindCoordinator', 2, { key, keyType, coordinatorKeys: [] })).errorCode)
      .toBe(0)

  limitFiles(broker, 3)
  const committed = commit(offsets, 5)
  await broker.logs(/logs take nothing until the system has room/)
  expect(await commit(other, 6)).toBe(kafkaError.NOT_COORDINATOR)
  const begun = begin(producers)
  limitFiles(broker, 512)
  expect(await Promise.all([committed, begun])).toEqual([0, 0])
  await broker.logs(/all logs go on/)
  expect(await commit(other, 7)).toBe(0)
  expect(await begin(other)).toBe(0)
  broker.running.child.kill('SIGKILL')
  await broker.running.ended

  const again = await startBroker(directory, data)
  const client = new WireClient(again.address)
  const topics = [{ name: 'good', partitionIndexes: [0] }]
  const fetched = await client.call('OffsetFetch', 5, { groupId: 'group', topics, groups: [], requireStable: false })
  expect(fetched.topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, committedOffset: 7 })
  for (const each of [offsets, producers, other, client]) each.close()
  again.running.child.kill('SIGTERM')
  expect((await again.running.ended).code).toBe(0)
})
