import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestOf } from '../../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../../../proto/kafka/reader.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import type { WireClient } from '../../../support/wire-client.ts'

const nobody = 'AAAAAAAAAAAAAAAAAAAAbQ'
let harness: BrokerHarness
let client: WireClient
let id: string

beforeAll(async () => {
  harness = await startBrokerHarness()
  client = harness.connect()
  id = await harness.topic('named', 1)
  await coordinators(client)
})
afterAll(() => harness.close())

/** Makes the topics of coordinators. */
async function coordinators(of: WireClient): Promise<void> {
  for (const keyType of [0, 1]) {
    const { errorCode } = await of.call('FindCoordinator', 3, { key: 'mine', keyType, coordinatorKeys: [] })
    expect(errorCode).toBe(0)
  }
}

const produced = (topicId: string): RequestOf<'Produce'> => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 1000,
  topicData: [{ name: '', topicId, partitionData: [{ index: 0, records: batchOf(['a', 'b']) }] }],
})

const init = (more: Partial<RequestOf<'InitProducerId'>>): RequestOf<'InitProducerId'> => ({
  transactionalId: 'mine',
  transactionTimeoutMs: 1000,
  producerId: -1,
  producerEpoch: -1,
  enable2Pc: false,
  keepPreparedTxn: false,
  ...more,
})

describe('topics by their ids', () => {
  it('take batches, each answered under its id', async () => {
    const request = produced(id)
    request.topicData.push(...produced(nobody).topicData)
    const { responses } = await client.call('Produce', 13, request)
    expect(responses).toMatchObject([
      { topicId: id, partitionResponses: [{ errorCode: 0, baseOffset: 0 }] },
      { topicId: nobody, partitionResponses: [{ errorCode: kafkaError.UNKNOWN_TOPIC_ID }] },
    ])
    const twelve = produced(zeroUuid)
    const named = { ...twelve, topicData: [{ ...twelve.topicData[0], name: 'named' }] } as RequestOf<'Produce'>
    expect((await client.call('Produce', 12, named)).responses[0]?.partitionResponses[0]).toMatchObject({
      baseOffset: 2,
    })
  })

  it('have their offsets committed and told', async () => {
    const partition = { partitionIndex: 0, committedLeaderEpoch: -1, commitTimestamp: -1, committedMetadata: 'm' }
    const commit = await client.call('OffsetCommit', 10, {
      groupId: 'by-id',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [id, nobody].map((topicId) => ({
        name: '',
        topicId,
        partitions: [{ ...partition, committedOffset: 2 }],
      })),
    })
    expect(commit.topics).toMatchObject([
      { topicId: id, partitions: [{ errorCode: 0 }] },
      { topicId: nobody, partitions: [{ errorCode: kafkaError.UNKNOWN_TOPIC_ID }] },
    ])
    const asked = [id, nobody].map((topicId) => ({ name: '', topicId, partitionIndexes: [0] }))
    const fetch = (topics: typeof asked | null, version = 10) =>
      client.call('OffsetFetch', version, {
        groupId: '',
        topics: [],
        groups: [{ groupId: 'by-id', memberId: null, memberEpoch: -1, topics }],
        requireStable: false,
      })
    expect((await fetch(asked)).groups[0]?.topics).toMatchObject([
      { topicId: id, partitions: [{ errorCode: 0, committedOffset: 2, metadata: 'm' }] },
      { topicId: nobody, partitions: [{ errorCode: kafkaError.UNKNOWN_TOPIC_ID, committedOffset: -1 }] },
    ])
    expect((await fetch(null)).groups[0]?.topics).toMatchObject([{ topicId: id, partitions: [{ committedOffset: 2 }] }])
    expect((await fetch(null, 9)).groups[0]?.topics).toMatchObject([{ name: 'named' }])
  })
})

describe('transactions in two phases', () => {
  it('are given to a producer that asks for them', async () => {
    const answer = await client.call('InitProducerId', 6, init({ enable2Pc: true }))
    expect(answer).toMatchObject({
      errorCode: 0,
      producerEpoch: 0,
      ongoingTxnProducerId: -1,
      ongoingTxnProducerEpoch: -1,
    })
    const { transactionStates } = await client.call('DescribeTransactions', 0, { transactionalIds: ['mine'] })
    expect(transactionStates[0]).toMatchObject({ transactionTimeoutMs: 0x7fff_ffff })
    const kept = await client.call('InitProducerId', 6, init({ enable2Pc: true, keepPreparedTxn: true }))
    expect(kept.errorCode).toBe(kafkaError.UNSUPPORTED_VERSION)
  })

  it('are refused where the broker does not allow them', async () => {
    const other = await startBrokerHarness({ 'broker.transaction.two.phase.commit.enable': 'false' })
    await coordinators(other.connect())
    const { errorCode } = await other.connect().call('InitProducerId', 6, init({ enable2Pc: true }))
    expect(errorCode).toBe(kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    expect((await other.connect().call('InitProducerId', 6, init({}))).errorCode).toBe(0)
    await other.close()
  })
})

describe('transactions in two phases, with ACLs', () => {
  it('take a permission of their own, beside that to write', async () => {
    const options = { 'broker.authorizer': 'acl', 'broker.super-users': 'User:ANONYMOUS' }
    const guarded = await startBrokerHarness(options)
    await coordinators(guarded.connect())
    const allowed = { resourcePatternType: 3, principal: 'User:ANONYMOUS', host: '*', permissionType: 3 }
    const creations = [
      { resourceType: 5, resourceName: 'mine', operation: 4, ...allowed },
      { resourceType: 5, resourceName: 'waits', operation: 4, ...allowed },
      { resourceType: 5, resourceName: 'waits', operation: 15, ...allowed },
    ]
    await guarded.connect().call('CreateAcls', 3, { creations })
    options['broker.super-users'] = 'User:root'
    await guarded.restart()
    const asked = guarded.connect()
    const answer = async (more: Partial<RequestOf<'InitProducerId'>>): Promise<number> =>
      (await asked.call('InitProducerId', 6, init(more))).errorCode
    expect(await answer({})).toBe(0)
    expect(await answer({ enable2Pc: true })).toBe(kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    expect(await answer({ transactionalId: 'waits', enable2Pc: true })).toBe(0)
    await guarded.close()
  })
})

describe('a time-out for ever', () => {
  it('is refused to a producer that does not ask for two phases, as by Kafka', async () => {
    const { errorCode } = await client.call('InitProducerId', 6, init({ transactionTimeoutMs: 0x7fff_ffff }))
    expect(errorCode).toBe(kafkaError.INVALID_TRANSACTION_TIMEOUT)
  })
})

describe('answers of the newest versions', () => {
  it('say what older ones cannot', async () => {
    const dirs = await client.call('DescribeLogDirs', 5, { topics: null })
    const [here] = dirs.results
    expect(here?.isCordoned).toBe(false)
    expect(here?.totalBytes).toBeGreaterThan(here?.usableBytes ?? 0)
    expect(here?.usableBytes).toBeGreaterThan(0)
    const cluster = await client.call('DescribeCluster', 2, {
      includeClusterAuthorizedOperations: false,
      endpointType: 1,
      includeFencedBrokers: true,
    })
    expect(cluster.brokers).toMatchObject([{ isFenced: false }])
    const group = await client.call('DescribeGroups', 6, { groups: ['nobody'], includeAuthorizedOperations: false })
    expect(group.groups[0]).toMatchObject({ groupState: 'Dead', errorMessage: null })
    const offset = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -6, maxNumOffsets: 1 }
    const offsets = await client.call('ListOffsets', 11, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'named', partitions: [offset] }],
      timeoutMs: 1000,
    })
    expect(offsets.topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, offset: -1 })
  })
})
