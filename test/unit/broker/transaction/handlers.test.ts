import { describe, expect, it } from 'vitest'
import { createGroupHandlers } from '../../../../broker/api/group/group-handlers.ts'
import { aclOperation, type HandlerEntry, type HandlerTable, resourceType } from '../../../../broker/api/handler.ts'
import { createProducerHandlers } from '../../../../broker/api/transaction/producer-handlers.ts'
import { createTransactionAdminHandlers } from '../../../../broker/api/transaction/transaction-admin-handlers.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { GroupHarness } from '../group/harness.ts'
import { TransactionHarness } from './harness.ts'

type Denied = (operation: number, resource: number, name: string) => boolean

async function start(denied: Denied = () => false) {
  const groups = await GroupHarness.start()
  const transactions = await TransactionHarness.start({}, undefined, undefined, groups.clock)
  const hasPartition = (topic: string, partition: number) => topic === 'flights' && partition < 4
  const table: HandlerTable = {
    ...createGroupHandlers({
      groups: groups.coordinator,
      offsets: groups.offsets,
      admin: groups.admin,
      names: { nameOf: () => undefined, idOf: () => undefined },
      brokerId: 3,
      hasPartition,
      endpoint: () => ({ host: 'here', port: 9092 }),
      prepare: async () => undefined,
      unavailable: () => 0,
    }),
    ...createProducerHandlers({
      transactions: transactions.coordinator,
      groups: groups.coordinator,
      offsets: groups.offsets,
      hasPartition,
    }),
    ...createTransactionAdminHandlers({
      transactions: transactions.coordinator,
      markers: transactions.partitions,
      clock: groups.clock,
    }),
  }
  const call = async (api: string, version: number, request: object): Promise<Record<string, unknown>> => {
    const entry = table[api] as unknown as HandlerEntry<object, Record<string, unknown>>
    const authorize = (operation: number, resource: number, name: string) => !denied(operation, resource, name)
    const context = {
      version,
      clientId: 'client',
      connection: { host: '127.0.0.1', listenerName: 'PLAINTEXT' },
      authorize,
      authorizeSome: (operation: number, resource: number) => !denied(operation, resource, ''),
    }
    return (await entry.handle(request, context as never)) as Record<string, unknown>
  }
  return { groups, transactions, call, table }
}

const add = (producerId: number, producerEpoch: number, topics: { name: string; partitions: number[] }[]) => ({
  transactions: [],
  v3AndBelowTransactionalId: 'job',
  v3AndBelowProducerId: producerId,
  v3AndBelowProducerEpoch: producerEpoch,
  v3AndBelowTopics: topics,
})

describe('transactions over the wire', () => {
  it('tell old clients of a fenced producer by the code that they know', async () => {
    const { call } = await start()
    const init = { transactionalId: 'job', transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }
    const { producerId } = await call('InitProducerId', 4, init)
    await call('InitProducerId', 4, init)
    const flights = [{ name: 'flights', partitions: [0] }]
    const zombie = { transactionalId: 'job', producerId, producerEpoch: 0 }
    const answers: unknown[] = []
    for (const version of [1, 2]) {
      const added = await call('AddPartitionsToTxn', version, add(producerId as number, 0, flights))
      answers.push(added.resultsByTopicV3AndBelow)
      answers.push((await call('AddOffsetsToTxn', version, { ...zombie, groupId: 'g' })).errorCode)
      answers.push((await call('EndTxn', version, { ...zombie, committed: true })).errorCode)
    }
    for (const version of [3, 4])
      answers.push((await call('InitProducerId', version, { ...init, producerId, producerEpoch: 7 })).errorCode)
    const of = (partitionErrorCode: number) => [
      { name: 'flights', resultsByPartition: [{ partitionIndex: 0, partitionErrorCode }] },
    ]
    expect(answers).toEqual([of(47), 47, 47, of(90), 90, 90, 47, 90])
  })

  it('add all partitions or none, and say which was wrong', async () => {
    const { call, transactions } = await start()
    const { producerId } = await transactions.init()
    const response = await call('AddPartitionsToTxn', 3, add(producerId, 0, [{ name: 'flights', partitions: [0, 9] }]))
    expect(response.resultsByTopicV3AndBelow).toEqual([
      {
        name: 'flights',
        resultsByPartition: [
          { partitionIndex: 0, partitionErrorCode: kafkaError.OPERATION_NOT_ATTEMPTED },
          { partitionIndex: 9, partitionErrorCode: kafkaError.UNKNOWN_TOPIC_OR_PARTITION },
        ],
      },
    ])
    expect(transactions.state?.partitions.size).toBe(0)
  })

  it('commit offsets only within the transaction that the group was added to', async () => {
    const { call, transactions, groups } = await start()
    const { producerId } = await transactions.init()
    const producer = { transactionalId: 'job', producerId, producerEpoch: 0, groupId: 'g' }
    const partitions = [{ partitionIndex: 1, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: 'm' }]
    const commit = async (more: object = {}) => {
      const member = {
        generationId: -1,
        memberId: '',
        groupInstanceId: null,
        topics: [{ name: 'flights', partitions }],
      }
      const response = await call('TxnOffsetCommit', 3, { ...producer, ...member, ...more })
      return (response.topics as { partitions: { errorCode: number }[] }[])[0]?.partitions[0]?.errorCode
    }
    expect(await commit()).toBe(kafkaError.INVALID_TXN_STATE)
    expect((await call('AddOffsetsToTxn', 3, producer)).errorCode).toBe(0)
    expect(await commit({ producerEpoch: 1 })).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
    expect(await commit({ topics: [{ name: 'nowhere', partitions }] })).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    expect(await commit()).toBe(0)
    const asked = { name: 'flights', partitionIndexes: [1] }
    const fetch = { groupId: 'g', topics: [asked], groups: [], requireStable: true }
    const first = async (response: Promise<Record<string, unknown>>) =>
      ((await response).topics as { partitions: object[] }[])[0]?.partitions[0]
    expect(await first(call('OffsetFetch', 7, fetch))).toMatchObject({ errorCode: kafkaError.UNSTABLE_OFFSET_COMMIT })
    expect((await call('EndTxn', 3, { ...producer, committed: true })).errorCode).toBe(0)
    await transactions.settle()
    expect(transactions.partitions.of('__consumer_offsets-0')).toEqual([`commit ${producerId}/0`])
    await groups.coordinator.onMarker(0, producerId, 0, 0, 'commit')
    expect(await first(call('OffsetFetch', 7, fetch))).toMatchObject({
      errorCode: 0,
      committedOffset: 5,
      metadata: 'm',
    })
    const batched = await call('OffsetFetch', 8, {
      groups: [
        { groupId: 'g', topics: null },
        { groupId: '', topics: [] },
      ],
      requireStable: true,
    })
    expect(batched.groups).toMatchObject([
      { groupId: 'g', errorCode: 0, topics: [{ name: 'flights', partitions: [{ committedOffset: 5 }] }] },
      { groupId: '', errorCode: kafkaError.INVALID_GROUP_ID },
    ])
  })

  it('take what a producer without transactions calls itself for nothing', async () => {
    const { call } = await start()
    const request = { transactionalId: null, transactionTimeoutMs: 0, producerId: 0, producerEpoch: 0 }
    const one = await call('InitProducerId', 5, request)
    const other = await call('InitProducerId', 5, request)
    expect([one.errorCode, other.errorCode, one.producerEpoch]).toEqual([0, 0, 0])
    expect(one.producerId).not.toBe(other.producerId)
    const half = { transactionalId: 'job', transactionTimeoutMs: 1000, producerId: 4, producerEpoch: -1 }
    expect((await call('InitProducerId', 5, half)).errorCode).toBe(kafkaError.INVALID_REQUEST)
  })

  it('end a hanging transaction by hand', async () => {
    const { call, transactions } = await start()
    const marker = { producerId: 7, producerEpoch: 1, transactionResult: false, coordinatorEpoch: 0 }
    const topics = [{ name: 'flights', partitionIndexes: [2] }]
    const response = await call('WriteTxnMarkers', 1, { markers: [{ ...marker, topics }] })
    const partitions = [{ partitionIndex: 2, errorCode: 0 }]
    expect(response.markers).toEqual([{ producerId: 7, topics: [{ name: 'flights', partitions }] }])
    expect(transactions.partitions.of('flights-2')).toEqual(['abort 7/1'])
  })
})

describe('access control', () => {
  it('refuses in the slot of what is refused', async () => {
    const { call } = await start(
      (_operation, resource) => resource === resourceType.GROUP || resource === resourceType.TRANSACTIONAL_ID,
    )
    const join = { groupId: 'g', memberId: '', protocols: [], sessionTimeoutMs: 6000, rebalanceTimeoutMs: 1 }
    expect((await call('JoinGroup', 9, join)).errorCode).toBe(kafkaError.GROUP_AUTHORIZATION_FAILED)
    expect((await call('Heartbeat', 4, { groupId: 'g' })).errorCode).toBe(kafkaError.GROUP_AUTHORIZATION_FAILED)
    expect((await call('LeaveGroup', 5, { groupId: 'g', members: [] })).errorCode).toBe(
      kafkaError.GROUP_AUTHORIZATION_FAILED,
    )
    expect((await call('ListGroups', 5, { statesFilter: [], typesFilter: [] })).errorCode).toBe(0)
    expect((await call('DeleteGroups', 2, { groupsNames: ['g'] })).results).toEqual([
      { groupId: 'g', errorCode: kafkaError.GROUP_AUTHORIZATION_FAILED },
    ])
    const end = { transactionalId: 'job', producerId: 1, producerEpoch: 0, committed: true }
    expect((await call('EndTxn', 4, end)).errorCode).toBe(kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    const find = await call('FindCoordinator', 4, { key: '', keyType: 1, coordinatorKeys: ['job'] })
    expect(find.coordinators).toMatchObject([
      { key: 'job', errorCode: kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED },
    ])
  })

  it('hides topics that a client may not read from its commits', async () => {
    const { call } = await start(
      (operation, resource, name) =>
        operation === aclOperation.READ && resource === resourceType.TOPIC && name === 'secret',
    )
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: 0, committedMetadata: null }]
    const topics = ['flights', 'secret'].map((name) => ({ name, partitions }))
    const commit = {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics,
    }
    expect((await call('OffsetCommit', 8, commit)).topics).toMatchObject([
      { name: 'flights', partitions: [{ partitionIndex: 0, errorCode: 0 }] },
      { name: 'secret', partitions: [{ partitionIndex: 0, errorCode: kafkaError.TOPIC_AUTHORIZATION_FAILED }] },
    ])
  })
})

describe('coordinators', () => {
  it('are found one by one and in batches', async () => {
    const { call } = await start()
    const here = { nodeId: 3, host: 'here', port: 9092, errorCode: 0 }
    expect(await call('FindCoordinator', 1, { key: 'g', keyType: 0, coordinatorKeys: [] })).toMatchObject(here)
    const many = await call('FindCoordinator', 4, { key: '', keyType: 1, coordinatorKeys: ['a', 'b'] })
    expect(many.coordinators).toMatchObject([
      { key: 'a', ...here },
      { key: 'b', ...here },
    ])
    expect(await call('FindCoordinator', 1, { key: 'g', keyType: 2, coordinatorKeys: [] })).toMatchObject({
      errorCode: 42,
    })
  })

  it('cap what clients would take too literally', async () => {
    const { table } = await start()
    expect(table.AddPartitionsToTxn).toMatchObject({ minVersion: 0, maxVersion: 3 })
    expect(table.JoinGroup).toMatchObject({ minVersion: 0, maxVersion: 9 })
  })
})
