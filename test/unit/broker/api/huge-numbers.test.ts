import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crc32c } from '../../../../core/bytes/crc32c.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../../../proto/kafka/reader.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import { fetchOf, produceOf, type WireClient } from '../../../support/wire-client.ts'

/** Numbers that a double holds and no safe whole number does. */
const huge = [2 ** 62, 2 ** 53, -(2 ** 62)]
let harness: BrokerHarness
let client: WireClient

beforeAll(async () => {
  harness = await startBrokerHarness()
  client = harness.connect()
  await harness.topic('log', 1)
  await client.call('Produce', 9, produceOf('log', 0, batchOf(['a', 'b'])))
  for (const keyType of [0, 1]) await client.call('FindCoordinator', 3, { key: 'g', keyType, coordinatorKeys: [] })
})
afterAll(() => harness.close())

describe('numbers of 64 bits beyond what is exact', () => {
  it.each(huge)('%d is answered in its own place, and the connection lives', async (number) => {
    const places = [
      { topic: 'log', offset: number },
      { topic: 'log', offset: 1 },
    ]
    const answers = []
    for (const place of places) {
      const { responses } = await client.call('Fetch', 12, fetchOf([place], { maxWaitMs: 0 }))
      answers.push(responses[0]?.partitions[0]?.errorCode)
    }
    expect(answers).toEqual([kafkaError.OFFSET_OUT_OF_RANGE, kafkaError.NONE])

    const asked = (timestamp: number) => ({ partitionIndex: 0, currentLeaderEpoch: -1, timestamp, maxNumOffsets: 1 })
    const offsets = await client.call('ListOffsets', 8, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'log', partitions: [asked(number), asked(-1)] }],
      timeoutMs: 1000,
    })
    expect(offsets.topics[0]?.partitions).toMatchObject([{ errorCode: 0, offset: number < 0 ? 0 : -1 }, { offset: 2 }])

    const deleted = await client.call('DeleteRecords', 2, {
      topics: [{ name: 'log', partitions: [{ partitionIndex: 0, offset: number }] }],
      timeoutMs: 1000,
    })
    expect(deleted.topics[0]?.partitions[0]?.errorCode).toBe(kafkaError.OFFSET_OUT_OF_RANGE)

    const partition = { partitionIndex: 0, committedLeaderEpoch: -1, commitTimestamp: -1, committedMetadata: null }
    const commit = async (committedOffset: number, version = 8, retentionTimeMs = -1) => {
      const topics = [{ name: 'log', topicId: zeroUuid, partitions: [{ ...partition, committedOffset }] }]
      const who = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
      const { topics: done } = await client.call('OffsetCommit', version, { ...who, retentionTimeMs, topics })
      return done[0]?.partitions[0]?.errorCode
    }
    expect(await commit(number)).toBe(kafkaError.INVALID_COMMIT_OFFSET_SIZE)
    expect(await commit(Number.MAX_SAFE_INTEGER - 1)).toBe(kafkaError.NONE)
    expect(await commit(1, 4, number)).toBe(kafkaError.NONE)

    const end = { transactionalId: 'g', producerId: number, producerEpoch: 0, committed: true }
    expect((await client.call('EndTxn', 3, end)).errorCode).toBe(kafkaError.INVALID_PRODUCER_ID_MAPPING)
  })

  it.each([
    ['the first timestamp', 27],
    ['the largest timestamp', 35],
    ['the producer', 43],
  ])('as %s of a batch refuse that batch', async (_name, at) => {
    const bad = batchOf(['x'])
    bad.writeBigInt64BE(0x7fff_0000_0000_0000n, at)
    bad.writeUInt32BE(crc32c(bad.subarray(21)), 17)
    const request = produceOf('log', 0, bad)
    request.topicData.push({ name: 'log', topicId: zeroUuid, partitionData: [{ index: 0, records: batchOf(['y']) }] })
    const { responses } = await client.call('Produce', 9, request)
    const codes = responses.map(({ partitionResponses }) => partitionResponses[0]?.errorCode)
    expect(codes[0]).toBeGreaterThan(0)
    expect(codes[1]).toBe(kafkaError.NONE)
  })
})
