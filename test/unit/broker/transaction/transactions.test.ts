import { describe, expect, it } from 'vitest'
import { neverExpires, transactionStatus } from '../../../../broker/transaction/state.ts'
import { describeTransaction, listTransactions } from '../../../../broker/transaction/transaction-admin.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { at, TransactionHarness } from './harness.ts'

const { CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareCommit } = transactionStatus

/** A producer with an open transaction over two partitions. */
async function open(config = {}, more = {}) {
  const broker = await TransactionHarness.start(config)
  const { producerId, producerEpoch } = await broker.init(more)
  const producer = { producerId, producerEpoch }
  expect(await broker.coordinator.addPartitions('job', producer, at('flights-0', 'flights-1'))).toBe(0)
  return { broker, producer, end: (commit: boolean) => broker.coordinator.endTransaction('job', producer, commit) }
}

describe('a producer', () => {
  it('without transactions gets an id that nobody has, over restarts', async () => {
    const broker = await TransactionHarness.start()
    const ids = new Set<number>()
    for (let count = 0; count < 25; count++) ids.add((await broker.coordinator.newProducer()).producerId)
    const next = await broker.restart()
    for (let count = 0; count < 25; count++) ids.add((await next.coordinator.newProducer()).producerId)
    expect(ids.size).toBe(50)
  })

  it('keeps its id and gets the next epoch each time, over restarts', async () => {
    const broker = await TransactionHarness.start()
    const first = await broker.init()
    expect(first).toMatchObject({ error: 0, producerEpoch: 0 })
    expect(await broker.init()).toEqual({ ...first, producerEpoch: 1 })
    expect(await (await broker.restart()).init()).toEqual({ ...first, producerEpoch: 2 })
  })

  it('that asks again because the answer was lost gets the same answer', async () => {
    const broker = await TransactionHarness.start()
    const { producerId } = await broker.init()
    const expected = { producerId, producerEpoch: 0 }
    expect(await broker.init({ expected })).toMatchObject({ error: 0, producerEpoch: 1 })
    expect(await broker.init({ expected })).toMatchObject({ error: 0, producerEpoch: 1 })
    expect(await broker.init({ expected: { producerId, producerEpoch: 1 } })).toMatchObject({
      error: 0,
      producerEpoch: 2,
    })
    expect((await broker.init({ expected })).error).toBe(kafkaError.PRODUCER_FENCED)
    expect((await broker.init({ expected: { producerId: 5, producerEpoch: 2 } })).error).toBe(
      kafkaError.PRODUCER_FENCED,
    )
  })

  it('gets a new id when its epochs ran out', async () => {
    const broker = await TransactionHarness.start()
    const { producerId } = await broker.init()
    const shard = broker.coordinator.shards[0] as (typeof broker.coordinator.shards)[number]
    const state = broker.state as NonNullable<typeof broker.state>
    shard.apply({ ...state, producerEpoch: 32_765 })
    const last = { producerId, producerEpoch: 32_766 }
    expect(await broker.init()).toMatchObject({ error: 0, ...last })
    const fresh = await broker.init({ expected: last })
    expect(fresh).toMatchObject({ error: 0, producerEpoch: 0 })
    expect(fresh.producerId).not.toBe(producerId)
    // The answer was lost: the old name still counts, and nothing is used up.
    expect(await broker.init({ expected: last })).toEqual(fresh)
    expect(broker.coordinator.isOngoing(producerId, 32_766, 'flights', 0)).toBe(false)
  })

  it('is refused without a name, and with time-outs that are too long', async () => {
    const broker = await TransactionHarness.start({ twoPhaseCommit: false })
    expect((await broker.init({ transactionalId: '' })).error).toBe(kafkaError.INVALID_REQUEST)
    for (const timeoutMs of [0, -1, 900_001, neverExpires]) {
      expect((await broker.init({ timeoutMs })).error).toBe(kafkaError.INVALID_TRANSACTION_TIMEOUT)
    }
  })

  it('is refused when there are too many names', async () => {
    const broker = await TransactionHarness.start({ maxIds: 1 })
    expect((await broker.init()).error).toBe(0)
    expect((await broker.init({ transactionalId: 'other' })).error).toBe(kafkaError.POLICY_VIOLATION)
    expect((await broker.init()).error).toBe(0)
  })
})

describe('a transaction', () => {
  it('that commits marks all its partitions, and is then complete', async () => {
    const { broker, producer, end } = await open()
    expect(await end(true)).toBe(0)
    await broker.settle()
    const marker = `commit ${producer.producerId}/0`
    expect([broker.partitions.of('flights-0'), broker.partitions.of('flights-1')]).toEqual([[marker], [marker]])
    expect(broker.state?.status).toBe(CompleteCommit)
  })

  it('that aborts says so in all its partitions', async () => {
    const { broker, producer, end } = await open()
    expect(await end(false)).toBe(0)
    await broker.settle()
    expect(broker.partitions.of('flights-1')).toEqual([`abort ${producer.producerId}/0`])
    expect(broker.state?.status).toBe(CompleteAbort)
  })

  it('may be ended again with the same result, and not with the other', async () => {
    const { broker, end } = await open()
    await end(true)
    await broker.settle()
    expect(await end(true)).toBe(0)
    expect(await end(false)).toBe(kafkaError.INVALID_TXN_STATE)
    expect(broker.partitions.of('flights-0').length).toBe(1)
  })

  it('decides durably before any marker', async () => {
    const { broker, end } = await open()
    broker.log.commitsAtOnce = false
    let answer: number | undefined
    const ended = end(true).then((error) => {
      answer = error
    })
    await broker.settle()
    expect([answer, broker.partitions.markers.size]).toEqual([undefined, 0])
    broker.log.commit()
    await ended
    await broker.settle()
    expect([answer, broker.partitions.markers.size]).toEqual([0, 2])
  })

  it('that does not exist cannot end', async () => {
    const broker = await TransactionHarness.start()
    const producer = await broker.init()
    expect(await broker.coordinator.endTransaction('job', producer, true)).toBe(kafkaError.INVALID_TXN_STATE)
    expect(await broker.coordinator.endTransaction('nobody', producer, true)).toBe(
      kafkaError.INVALID_PRODUCER_ID_MAPPING,
    )
    expect(await broker.coordinator.endTransaction('', producer, true)).toBe(kafkaError.INVALID_REQUEST)
  })

  it('is refused to producers of another id or epoch', async () => {
    const { broker, producer } = await open()
    const { producerId } = producer
    const add = (id: number, producerEpoch: number) =>
      broker.coordinator.addPartitions('job', { producerId: id, producerEpoch }, at('flights-2'))
    expect(await add(producerId + 1, 0)).toBe(kafkaError.INVALID_PRODUCER_ID_MAPPING)
    expect(await add(producerId, 1)).toBe(kafkaError.PRODUCER_FENCED)
    const late = { producerId, producerEpoch: -1 }
    expect(await broker.coordinator.endTransaction('job', late, true)).toBe(kafkaError.PRODUCER_FENCED)
  })

  it('answers partitions that it has without writing', async () => {
    const { broker, producer } = await open()
    const batches = broker.log.batches.length
    expect(await broker.coordinator.addPartitions('job', producer, at('flights-1'))).toBe(0)
    expect(broker.log.batches.length).toBe(batches)
  })

  it('waits for the one before to end, instead of sending the client away', async () => {
    const { broker, producer, end } = await open()
    let letGo: () => void = () => undefined
    broker.partitions.gate = new Promise((resolve) => {
      letGo = resolve
    })
    expect(await end(true)).toBe(0)
    expect(broker.state?.status).toBe(PrepareCommit)
    const added = broker.coordinator.addPartitions('job', producer, at('flights-5'))
    await broker.settle()
    expect(broker.state?.status).toBe(PrepareCommit)
    letGo()
    expect(await broker.eventually(added)).toBe(0)
    expect(broker.state).toMatchObject({ status: Ongoing, partitions: at('flights-5') })
  })

  it('says "try again" when the one before takes long', async () => {
    const { broker, producer, end } = await open()
    broker.partitions.errors.set('flights-0', kafkaError.KAFKA_STORAGE_ERROR)
    await end(true)
    const asked = [
      broker.coordinator.addPartitions('job', producer, at('flights-5')),
      broker.coordinator.endTransaction('job', producer, true),
    ]
    expect(await broker.eventually(Promise.all(asked))).toEqual([51, 51])
    expect(await broker.coordinator.endTransaction('job', producer, false)).toBe(kafkaError.INVALID_TXN_STATE)
    broker.partitions.errors.clear()
    await broker.clock.advanceAsync(60_000)
    expect(broker.state?.status).toBe(CompleteCommit)
    expect(broker.partitions.of('flights-1')).toHaveLength(1)
  })

  it('ends although the record of its end was refused at first', async () => {
    const { broker, end } = await open()
    let letGo: () => void = () => undefined
    broker.partitions.gate = new Promise((resolve) => {
      letGo = resolve
    })
    await end(true)
    broker.log.refusal = kafkaError.NOT_ENOUGH_REPLICAS
    letGo()
    await broker.settle()
    expect(broker.state?.status).toBe(PrepareCommit)
    broker.log.refusal = undefined
    await broker.clock.advanceAsync(10_000)
    expect(broker.state?.status).toBe(CompleteCommit)
  })

  it('ends although one of its topics was deleted', async () => {
    const { broker, end } = await open()
    broker.partitions.errors.set('flights-0', kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    await end(true)
    await broker.settle()
    expect(broker.state?.status).toBe(CompleteCommit)
  })
})

describe('fencing', () => {
  it('aborts the open transaction of the producer before, with an epoch that fences it', async () => {
    const { broker, producer } = await open()
    const { producerId } = producer
    const next = await broker.eventually(broker.init())
    expect(next).toMatchObject({ error: 0, producerId, producerEpoch: 2 })
    expect(broker.partitions.of('flights-0')).toEqual([`abort ${producerId}/1`])
    expect(await broker.coordinator.addPartitions('job', producer, at('flights-0'))).toBe(kafkaError.PRODUCER_FENCED)
    expect(await broker.coordinator.endTransaction('job', producer, true)).toBe(kafkaError.PRODUCER_FENCED)
    expect(broker.coordinator.isOngoing(producerId, 0, 'flights', 0)).toBe(false)
  })

  it('aborts transactions past their time-out and fences their producers', async () => {
    const { broker, producer, end } = await open()
    await broker.clock.advanceAsync(60_000)
    expect(broker.state?.status).toBe(Ongoing)
    await broker.clock.advanceAsync(10_000)
    expect(broker.state).toMatchObject({ status: CompleteAbort, producerEpoch: 1 })
    expect(broker.partitions.of('flights-1')).toEqual([`abort ${producer.producerId}/1`])
    expect(await end(true)).toBe(kafkaError.PRODUCER_FENCED)
    expect(await broker.init()).toMatchObject({ error: 0, producerEpoch: 2 })
  })

  it('works for the last epoch too, and gives a new id after it', async () => {
    const broker = await TransactionHarness.start()
    const { producerId } = await broker.init()
    const shard = broker.coordinator.shards[0] as (typeof broker.coordinator.shards)[number]
    shard.apply({ ...(broker.state as NonNullable<typeof broker.state>), producerEpoch: 32_765 })
    const producer = await broker.init()
    await broker.coordinator.addPartitions('job', producer, at('flights-0'))
    const next = await broker.eventually(broker.init())
    // The request that fenced the last epoch has no new id in its hands: the client asks again.
    const final = next.error === 0 ? next : await broker.init()
    expect(broker.partitions.of('flights-0')).toEqual([`abort ${producerId}/32767`])
    expect(final).toMatchObject({ error: 0, producerEpoch: 0 })
    expect(final.producerId).not.toBe(producerId)
  })
})

describe('whether an append belongs to a transaction', () => {
  it('is true for its partitions, its producer and epoch, until its end is being decided', async () => {
    const { broker, producer, end } = await open()
    const { producerId } = producer
    const ask = (topic: string, partition: number, id = producerId, epoch = 0) =>
      broker.coordinator.isOngoing(id, epoch, topic, partition)
    expect([ask('flights', 0), ask('flights', 1)]).toEqual([true, true])
    expect([ask('flights', 2), ask('other', 0), ask('flights', 0, producerId, 1), ask('flights', 0, 7)]).toEqual([
      false,
      false,
      false,
      false,
    ])
    broker.log.commitsAtOnce = false
    const added = broker.coordinator.addPartitions('job', producer, at('flights-2'))
    expect([ask('flights', 0), ask('flights', 2)]).toEqual([true, false])
    broker.log.commit()
    await added
    expect(ask('flights', 2)).toBe(true)
    const ended = end(true)
    expect(ask('flights', 0)).toBe(false)
    broker.log.commit()
    await ended
    expect(ask('flights', 0)).toBe(false)
  })

  it('tells why not', async () => {
    const { broker, producer } = await open()
    const verify = (more: object, partition = 0) =>
      broker.coordinator.verify('job', { ...producer, ...more }, 'flights', partition)
    expect(verify({})).toBe(0)
    expect(verify({}, 9)).toBe(kafkaError.INVALID_TXN_STATE)
    expect(verify({ producerEpoch: 4 })).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
    expect(verify({ producerId: 4 })).toBe(kafkaError.INVALID_PRODUCER_ID_MAPPING)
  })
})

describe('a prepared transaction', () => {
  const config = { twoPhaseCommit: true }
  const more = { timeoutMs: neverExpires }

  it('never expires', async () => {
    const { broker, end } = await open(config, more)
    for (let day = 0; day < 30; day++) await broker.clock.advanceAsync(24 * 60 * 60_000)
    expect(broker.state?.status).toBe(Ongoing)
    expect(await end(true)).toBe(0)
  })

  it('is spoken of once an hour when it is open for longer than others may be', async () => {
    const { broker, end } = await open(config, more)
    const said = (): number => broker.warnings.filter((line) => line.includes('readers wait')).length
    await broker.clock.advanceAsync(14 * 60_000)
    expect(said()).toBe(0)
    await broker.clock.advanceAsync(2 * 60_000)
    expect(said()).toBe(1)
    await broker.clock.advanceAsync(2 * 60 * 60_000)
    expect(said()).toBe(3)
    await end(true)
    await broker.clock.advanceAsync(2 * 60 * 60_000)
    expect(said()).toBe(3)
  })

  it('is ended after restarts by whoever kept id and epoch', async () => {
    const { broker, producer } = await open(config, more)
    const next = await broker.restart(config)
    await next.clock.advanceAsync(60 * 60_000)
    expect(await next.coordinator.endTransaction('job', producer, true)).toBe(0)
    await next.settle()
    expect(next.partitions.of('flights-0')).toEqual([`commit ${producer.producerId}/0`])
  })
})

describe('transactional ids', () => {
  it('are forgotten a week after their last transaction, and not while one is open', async () => {
    const { broker, end } = await open({ twoPhaseCommit: true }, { timeoutMs: neverExpires })
    await broker.clock.advanceAsync(9 * 24 * 60 * 60_000)
    expect(broker.state).toBeDefined()
    await end(true)
    await broker.clock.advanceAsync(6 * 24 * 60 * 60_000)
    expect(broker.state?.status).toBe(CompleteCommit)
    await broker.clock.advanceAsync(2 * 24 * 60 * 60_000)
    expect(broker.state).toBeUndefined()
    expect((await broker.restart()).state).toBeUndefined()
  })

  it('are listed and described', async () => {
    const { broker, producer } = await open()
    await broker.init({ transactionalId: 'idle' })
    broker.clock.advance(5000)
    const list = (more: object) =>
      listTransactions(
        broker.coordinator,
        { states: [], producerIds: [], olderThanMs: -1, ...more },
        broker.clock.now(),
      )
    const ids = (more: object) => list(more).transactions.map((each) => each.transactionalId)
    expect(ids({})).toEqual(['job', 'idle'])
    expect(ids({ states: ['Ongoing', 'Nonsense'] })).toEqual(['job'])
    expect(list({ states: ['Nonsense'] })).toMatchObject({ unknownStates: ['Nonsense'], transactions: [] })
    expect(ids({ producerIds: [producer.producerId] })).toEqual(['job'])
    expect([ids({ olderThanMs: 4999 }), ids({ olderThanMs: 5000 })]).toEqual([['job'], []])
    expect(describeTransaction(broker.coordinator, 'job')).toMatchObject({
      errorCode: 0,
      transactionState: 'Ongoing',
      transactionStartTimeMs: 1_000_000,
      topics: [{ topic: 'flights', partitions: [0, 1] }],
    })
    expect(describeTransaction(broker.coordinator, 'idle')).toMatchObject({
      transactionState: 'Empty',
      transactionStartTimeMs: -1,
    })
    expect(describeTransaction(broker.coordinator, 'nobody').errorCode).toBe(kafkaError.TRANSACTIONAL_ID_NOT_FOUND)
    expect(broker.coordinator.stateOf('idle')?.status).toBe(Empty)
  })
})
