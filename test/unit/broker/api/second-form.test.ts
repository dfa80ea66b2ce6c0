/** Transactions in their second form (KIP-890), request by request. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestOf } from '../../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { readBatchHeader, readControlRecord, readRecords } from '../../../../proto/kafka/records/index.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import { fetchOf, produceOf, type WireClient } from '../../../support/wire-client.ts'

interface Producer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

let harness: BrokerHarness
let client: WireClient

beforeAll(async () => {
  harness = await startBrokerHarness()
  client = harness.connect()
  for (const keyType of [0, 1]) {
    await client.call('FindCoordinator', 3, { key: 'any', keyType, coordinatorKeys: [] })
  }
})
afterAll(() => harness.close())

async function init(transactionalId: string): Promise<Producer> {
  const none = { producerId: -1, producerEpoch: -1, enable2Pc: false, keepPreparedTxn: false }
  const request = { transactionalId, transactionTimeoutMs: 60_000, ...none }
  const { errorCode, producerId, producerEpoch } = await client.call('InitProducerId', 5, request)
  expect(errorCode).toBe(0)
  return { transactionalId, producerId, producerEpoch }
}

function produce(
  { transactionalId, ...producer }: Producer,
  topic: string,
  partition: number,
  baseSequence: number,
  values: readonly string[],
): RequestOf<'Produce'> {
  const records = batchOf(values, { ...producer, baseSequence, transactional: true })
  return produceOf(topic, partition, records, { transactionalId })
}

/** The error of the only partition. */
async function send(request: RequestOf<'Produce'>, version = 12, by = client): Promise<number | undefined> {
  return (await by.call('Produce', version, request)).responses[0]?.partitionResponses[0]?.errorCode
}

async function end(producer: Producer, committed: boolean): Promise<Producer & { readonly errorCode: number }> {
  const { errorCode, producerId, producerEpoch } = await client.call('EndTxn', 5, { ...producer, committed })
  return { transactionalId: producer.transactionalId, errorCode, producerId, producerEpoch }
}

const stateOf = async ({ transactionalId }: Producer) =>
  (await client.call('DescribeTransactions', 0, { transactionalIds: [transactionalId] })).transactionStates[0]

/** Values of committed records; all that is there is decided. */
async function committed(topic: string, partition = 0): Promise<string[]> {
  const log = harness.broker.topics.logOf(harness.broker.topics.get(topic) as never, partition)
  while (log !== undefined && log.lastStableOffset < log.logEndOffset)
    await new Promise((resolve) => setImmediate(resolve))
  const wanted = fetchOf([{ topic, partition, offset: 0 }], { isolationLevel: 1 })
  const found = (await client.call('Fetch', 12, wanted)).responses[0]?.partitions[0]
  const bytes = Buffer.concat([found?.records ?? []].flat())
  const aborted = new Map(found?.abortedTransactions?.map((each) => [each.producerId, each.firstOffset]))
  const values: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const header = readBatchHeader(bytes, at)
    const batch = bytes.subarray(at, at + header.sizeBytes)
    at += header.sizeBytes
    const isAborted = (aborted.get(header.producerId) ?? Number.POSITIVE_INFINITY) <= header.baseOffset
    if (readControlRecord(batch, header)?.kind === 'abort') aborted.delete(header.producerId)
    else if (!header.isControl && !isAborted)
      values.push(...readRecords(batch, header).map(({ value }) => String(value)))
  }
  return values
}

describe('the feature', () => {
  it('is named to clients that know of features, as it was configured', async () => {
    const asked = { clientSoftwareName: 'test', clientSoftwareVersion: '1' }
    const told = async (by: WireClient, version: number) => {
      const { supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch } = await by.call(
        'ApiVersions',
        version,
        asked,
      )
      return { supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch }
    }
    const of = (level: number) => ({
      supportedFeatures: [{ name: 'transaction.version', minVersion: level, maxVersion: level }],
      finalizedFeatures: [{ name: 'transaction.version', minVersionLevel: level, maxVersionLevel: level }],
      finalizedFeaturesEpoch: level,
    })
    for (const version of [3, 4]) expect(await told(client, version)).toEqual(of(2))
    expect((await client.call('ApiVersions', 2, asked)).finalizedFeatures).toEqual([])
    const other = await startBrokerHarness({ 'broker.transaction.version': '1' })
    expect(await told(other.connect(), 4)).toEqual(of(1))
    await other.close()
    await expect(startBrokerHarness({ 'broker.transaction.version': '3' })).rejects.toThrow(/"3" is not one of 1, 2/)
  })
})

describe('batches of a transaction', () => {
  it('add their partitions by themselves, by name and by id', async () => {
    const topicId = await harness.topic('added', 3)
    const first = await init('added')
    expect(await send(produce(first, 'added', 0, 0, ['a']))).toBe(0)
    const byId = produce(first, '', 2, 0, ['b'])
    byId.topicData[0] = { ...(byId.topicData[0] as RequestOf<'Produce'>['topicData'][number]), topicId }
    expect(await send(byId, 13)).toBe(0)
    expect(await stateOf(first)).toMatchObject({
      transactionState: 'Ongoing',
      topics: [{ topic: 'added', partitions: [0, 2] }],
    })
    const next = await end(first, true)
    expect(next).toEqual({ ...first, errorCode: 0, producerEpoch: 1 })
    expect([await committed('added'), await committed('added', 2)]).toEqual([['a'], ['b']])
    // Sequences begin anew with each epoch.
    expect(await send(produce(next, 'added', 0, 1, ['c']))).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(await send(produce(next, 'added', 0, 0, ['c']))).toBe(0)
    expect((await end(next, false)).producerEpoch).toBe(2)
    expect(await committed('added')).toEqual(['a'])
  })

  it('keep their order though the first of them has to wait, and what is behind it does not wait for ever', async () => {
    await harness.topic('ordered', 2)
    await harness.topic('noise')
    const other = harness.connect()
    let producer = await init('ordered')
    const expected: string[] = []
    for (let round = 0; round < 5; round++) {
      const by = harness.connect()
      await by.call('ApiVersions', 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
      const sent: number[] = []
      for (let count = 0; count < 20; count++) {
        const value = `${round}-${count}-${'x'.repeat(count * 97)}`
        expected.push(value)
        sent.push(by.send('Produce', 12, produce(producer, 'ordered', 0, count, [value])))
        if (count === 9) sent.push(by.send('Produce', 12, produce(producer, 'ordered', 1, 0, ['other'])))
      }
      // What others send meanwhile goes through the same memory.
      const noise = Array.from({ length: 20 }, () =>
        other.send('Produce', 9, produceOf('noise', 0, batchOf(['y'.repeat(3000)]))),
      )
      const codes: (number | undefined)[] = []
      for (const id of sent)
        codes.push((await by.receive('Produce', 12, id)).responses[0]?.partitionResponses[0]?.errorCode)
      expect(new Set(codes)).toEqual(new Set([0]))
      for (const id of noise) await other.receive('Produce', 9, id)
      producer = await end(producer, true)
      by.close()
    }
    expect(await committed('ordered')).toEqual(expected)
  })

  it('of a zombie are refused, where it has written and where it has not, and leave nothing open', async () => {
    await harness.topic('late', 2)
    const zombie = await init('late')
    expect(await send(produce(zombie, 'late', 0, 0, ['in time']))).toBe(0)
    await end(zombie, true)
    // They were on their way while the transaction was ended by a retry, or by whoever took over.
    for (const version of [11, 12]) {
      for (const partition of [0, 1]) {
        const code = await send(produce(zombie, 'late', partition, 1 - partition, ['late']), version)
        expect([kafkaError.INVALID_PRODUCER_EPOCH, kafkaError.TRANSACTION_ABORTABLE]).toContain(code)
      }
    }
    expect(await send(produce(zombie, 'late', 1, 0, ['late']))).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
    expect([await committed('late'), await committed('late', 1)]).toEqual([['in time'], []])
  })

  it('of a producer that was replaced are refused', async () => {
    await harness.topic('replaced')
    const zombie = await init('replaced')
    expect(await send(produce(zombie, 'replaced', 0, 0, ['left open']))).toBe(0)
    const successor = await init('replaced')
    expect(await send(produce(zombie, 'replaced', 0, 1, ['late']))).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
    expect((await end(zombie, true)).errorCode).toBe(kafkaError.PRODUCER_FENCED)
    expect(await send(produce(successor, 'replaced', 0, 0, ['new']))).toBe(0)
    expect((await end(successor, true)).errorCode).toBe(0)
    expect(await committed('replaced')).toEqual(['new'])
  })

  it('add nothing where they may not be written', async () => {
    await harness.topic('allowed')
    const producer = await init('allowed')
    expect(await send(produce(producer, 'nowhere', 0, 0, ['a']))).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    expect(await send(produce(producer, 'allowed', 7, 0, ['a']))).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    const stranger = { ...producer, producerId: producer.producerId + 500 }
    expect(await send(produce(stranger, 'allowed', 0, 0, ['a']))).toBe(kafkaError.INVALID_PRODUCER_ID_MAPPING)
    expect(await stateOf(producer)).toMatchObject({ transactionState: 'Empty', topics: [] })
    const unnamed = { ...produce(producer, 'allowed', 0, 0, ['a']), transactionalId: null }
    expect(await send(unnamed)).toBe(kafkaError.TRANSACTION_ABORTABLE)
    const empty = { ...produce(producer, 'allowed', 0, 0, ['a']), transactionalId: '' }
    expect(await send(empty)).toBe(kafkaError.INVALID_REQUEST)
  })

  it('without their partition are refused in older versions, by the code that these know', async () => {
    await harness.topic('older')
    const producer = await init('older')
    for (const [version, code] of [
      [10, kafkaError.INVALID_TXN_STATE],
      [11, kafkaError.TRANSACTION_ABORTABLE],
    ] as const) {
      expect(await send(produce(producer, 'older', 0, 0, ['a']), version)).toBe(code)
    }
  })
})

describe('offsets of a group', () => {
  it('join the transaction by themselves', async () => {
    await harness.topic('consumed')
    const producer = await init('offsets')
    const commit = async (who: Producer, version: number, committedOffset: number) => {
      const partition = { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: null }
      const member = { groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null }
      const topics = [{ name: 'consumed', partitions: [partition] }]
      const { topics: results } = await client.call('TxnOffsetCommit', version, { ...who, ...member, topics })
      return results[0]?.partitions[0]?.errorCode
    }
    const offset = async () => {
      const topics = [{ name: 'consumed', partitionIndexes: [0] }]
      const request = { groupId: 'g', topics, groups: [], requireStable: true }
      const found = (await client.call('OffsetFetch', 7, request)).topics[0]?.partitions[0]
      return found?.errorCode === kafkaError.UNSTABLE_OFFSET_COMMIT ? 'unstable' : found?.committedOffset
    }
    expect(await commit(producer, 4, 5)).toBe(kafkaError.INVALID_TXN_STATE)
    expect([await commit(producer, 5, 5), await offset()]).toEqual([0, 'unstable'])
    const next = await end(producer, true)
    for (let seen = await offset(); seen !== 5; seen = await offset()) expect(seen).toBe('unstable')
    expect(await commit(producer, 5, 6)).toBe(kafkaError.PRODUCER_FENCED)
    expect(await commit(next, 5, 7)).toBe(0)
    await end(next, false)
    for (let seen = await offset(); seen !== 5; seen = await offset()) expect(seen).toBe('unstable')
  })
})

describe('a marker by hand', () => {
  it('that says it is of the second form ends nothing of its own epoch', async () => {
    await harness.topic('marked')
    const producer = await init('marked')
    expect(await send(produce(producer, 'marked', 0, 0, ['a']))).toBe(0)
    const write = async (transactionVersion: number, producerEpoch: number) => {
      const topics = [{ name: 'marked', partitionIndexes: [0] }]
      const marker = { producerId: producer.producerId, producerEpoch, transactionResult: false, coordinatorEpoch: 0 }
      const { markers } = await client.call('WriteTxnMarkers', 2, {
        markers: [{ ...marker, topics, transactionVersion }],
      })
      return markers[0]?.topics[0]?.partitions[0]?.errorCode
    }
    expect(await write(2, 0)).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
    expect(await write(2, 1)).toBe(0)
    // Once more does no harm.
    expect(await write(2, 1)).toBe(0)
    expect(await committed('marked')).toEqual([])
  })
})

describe('a restart', () => {
  it('within a transaction and behind it changes nothing of what its producer is told', async () => {
    await harness.topic('restarted')
    const producer = await init('restarted')
    expect(await send(produce(producer, 'restarted', 0, 0, ['a']))).toBe(0)
    const again = async () => {
      await harness.restart()
      client = harness.connect()
    }
    await again()
    expect(await send(produce(producer, 'restarted', 0, 1, ['b']))).toBe(0)
    const next = await end(producer, true)
    expect(next).toMatchObject({ errorCode: 0, producerEpoch: 1 })
    await again()
    expect(await end(producer, true)).toEqual(next)
    expect(await send(produce(producer, 'restarted', 0, 2, ['late']))).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
    expect(await committed('restarted')).toEqual(['a', 'b'])
  })
})

describe('the list of transactions', () => {
  it('is picked by a pattern of the whole name', async () => {
    for (const name of ['sink-a-0', 'sink-a-1', 'my sink-a-0']) await init(name)
    const list = async (transactionalIdPattern: string | null, durationFilter = -1) => {
      const request = { stateFilters: [], producerIdFilters: [], durationFilter, transactionalIdPattern }
      const { errorCode, transactionStates } = await client.call('ListTransactions', 2, request)
      return errorCode === 0 ? transactionStates.map(({ transactionalId }) => transactionalId).sort() : errorCode
    }
    expect(await list('sink-.-\\d')).toEqual(['sink-a-0', 'sink-a-1'])
    expect(await list('sink-.-\\d', 60_000)).toEqual([])
    expect(await list('nobody')).toEqual([])
    for (const all of ['', null]) expect(await list(all)).toContain('my sink-a-0')
    for (const wrong of ['(', '(?=x)', 'a'.repeat(600)]) {
      expect(await list(wrong)).toBe(kafkaError.INVALID_REGULAR_EXPRESSION)
    }
  })
})
