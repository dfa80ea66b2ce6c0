/** A broker that is killed between the decision of a transaction of the second form and its markers. */
import { afterEach, expect, it } from 'vitest'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { buildBatch } from '../../proto/kafka/records/index.ts'
import { BrokerProcess } from '../chaos/log/broker-process.ts'
import { readWhole, settled } from '../chaos/log/log-reader.ts'
import { conditionLimitMs } from '../support/until.ts'
import { produceOf, WireClient } from '../support/wire-client.ts'

const broker = { running: undefined as BrokerProcess | undefined }
afterEach(() => broker.running?.remove())

interface Producer {
  readonly producerId: number
  readonly producerEpoch: number
}

const transactionalId = 'killed'

async function begin(client: WireClient): Promise<Producer> {
  for (let errorCode = -1; errorCode !== 0; )
    errorCode = (await client.call('FindCoordinator', 3, { key: 'killed', keyType: 1, coordinatorKeys: [] })).errorCode
  const none = { producerId: -1, producerEpoch: -1, enable2Pc: false, keepPreparedTxn: false }
  const request = { transactionalId, transactionTimeoutMs: 60_000, ...none }
  const { producerId, producerEpoch } = await client.call('InitProducerId', 5, request)
  return { producerId, producerEpoch }
}

async function produce(client: WireClient, producer: Producer, partition: number, value: number, baseSequence = 0) {
  const records = [{ key: null, value: Buffer.from(`${value}`), timestamp: Date.now() }]
  const batch = buildBatch({ records, ...producer, baseSequence, transactional: true })
  const { responses } = await client.call('Produce', 12, produceOf('t', partition, batch, { transactionalId }))
  return responses[0]?.partitionResponses[0]?.errorCode
}

it.each([
  ['prepared', true],
  ['prepared', false],
  ['marker', true],
  ['marker', false],
] as const)(
  'killed at "%s", committed: %s, does in all partitions what was decided, and answers the same end again',
  async (at, committed) => {
    const running = new BrokerProcess(
      { 'broker.topic.durability': 'group', 'broker.transaction.state.num.partitions': '1' },
      1,
    )
    broker.running = running
    await running.start({ at, after: 0, power: false })
    const client = new WireClient(running.address)
    const configs = { replicationFactor: 1, assignments: [], configs: [] }
    await client.call('CreateTopics', 5, {
      topics: [{ name: 't', numPartitions: 2, ...configs }],
      timeoutMs: 5000,
      validateOnly: false,
    })
    const producer = await begin(client)
    for (const partition of [0, 1]) expect(await produce(client, producer, partition, partition)).toBe(0)
    const ending = client.call('EndTxn', 5, { transactionalId, ...producer, committed }).catch(() => undefined)
    expect(await running.diesWithin(conditionLimitMs)).toBe(true)
    await ending
    await running.start()
    const next = new WireClient(running.address)
    const answer = await next.call('EndTxn', 5, { transactionalId, ...producer, committed })
    expect(answer).toMatchObject({ errorCode: 0, producerId: producer.producerId, producerEpoch: 1 })
    await settled(running.address, ['t/0', 't/1'], conditionLimitMs)
    for (const partition of [0, 1]) {
      expect(await produce(next, producer, partition, 9, 1)).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
      const { committed: seen } = await readWhole(running.address, `t/${partition}`, false)
      expect(seen.map(({ value }) => value)).toEqual(committed ? [partition] : [])
    }
    const today = { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
    expect(await produce(next, today, 0, 5)).toBe(0)
    expect((await next.call('EndTxn', 5, { transactionalId, ...producer, committed })).errorCode).toBe(
      kafkaError.PRODUCER_FENCED,
    )
    client.close()
    next.close()
  },
)
