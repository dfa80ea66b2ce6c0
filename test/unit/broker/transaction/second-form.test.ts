import { describe, expect, it } from 'vitest'
import { type ProducerIdAndEpoch, transactionForm, transactionStatus } from '../../../../broker/transaction/state.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { MemoryLog } from '../../../support/memory-log.ts'
import { at, Blocks, Partitions, TransactionHarness } from './harness.ts'

const { CompleteAbort, CompleteCommit, Ongoing, PrepareCommit } = transactionStatus
const { second } = transactionForm

async function start() {
  const broker = await TransactionHarness.start()
  const { producerId, producerEpoch } = await broker.init()
  return { broker, producer: { producerId, producerEpoch } }
}

const add = (broker: TransactionHarness, producer: ProducerIdAndEpoch, ...names: string[]): Promise<number> =>
  broker.eventually(broker.coordinator.addPartitions('job', producer, at(...names), second))

const end = (broker: TransactionHarness, producer: ProducerIdAndEpoch, commit: boolean) =>
  broker.eventually(broker.coordinator.endAndRaise('job', producer, commit))

/** The producer of a new transactional id, in the last epoch that clients get. */
async function startInLastEpoch() {
  const { broker, producer } = await start()
  broker.coordinator.shards[0]?.apply({ ...(broker.state as NonNullable<typeof broker.state>), producerEpoch: 32_766 })
  return { broker, last: { ...producer, producerEpoch: 32_766 } }
}

describe('an end in the second form', () => {
  it('gives the producer the next epoch, which its markers carry', async () => {
    const { broker, producer } = await start()
    let today: ProducerIdAndEpoch = producer
    for (const commit of [true, false, true]) {
      expect(await add(broker, today, 'flights-0')).toBe(0)
      const { error, ...next } = await end(broker, today, commit)
      expect([error, next]).toEqual([0, { ...today, producerEpoch: today.producerEpoch + 1 }])
      expect(broker.state?.status).toBe(commit ? CompleteCommit : CompleteAbort)
      today = next
    }
    const { producerId } = producer
    expect(broker.partitions.of('flights-0')).toEqual([
      `commit ${producerId}/1 raised`,
      `abort ${producerId}/2 raised`,
      `commit ${producerId}/3 raised`,
    ])
  })

  it('asked for again gets the same answer, also after a restart, and not with the other result', async () => {
    const { broker, producer } = await start()
    await add(broker, producer, 'flights-0')
    const first = await end(broker, producer, true)
    for (const restarts of [false, true]) {
      const each = restarts ? await broker.restart() : broker
      expect(await end(each, producer, true)).toEqual(first)
      expect((await end(each, producer, false)).error).toBe(kafkaError.INVALID_TXN_STATE)
      expect(each.partitions.of('flights-0')).toHaveLength(1)
    }
  })

  it('that comes late does not end the next transaction', async () => {
    const { broker, producer } = await start()
    await add(broker, producer, 'flights-0')
    const { error, ...next } = await end(broker, producer, true)
    expect([error, await add(broker, next, 'flights-1')]).toEqual([0, 0])
    for (const commit of [true, false]) {
      expect((await end(broker, producer, commit)).error).toBe(kafkaError.PRODUCER_FENCED)
    }
    expect(broker.state).toMatchObject({ status: Ongoing, producerEpoch: 1 })
  })

  it('refuses partitions to whoever still has the epoch before', async () => {
    const { broker, producer } = await start()
    await add(broker, producer, 'flights-0')
    await end(broker, producer, true)
    expect(await add(broker, producer, 'flights-1')).toBe(kafkaError.PRODUCER_FENCED)
    expect(broker.coordinator.isOngoing(producer.producerId, 0, 'flights', 0)).toBe(false)
  })

  it('aborts where nothing is open, and commits nothing there', async () => {
    const { broker, producer } = await start()
    expect((await end(broker, producer, true)).error).toBe(kafkaError.INVALID_TXN_STATE)
    const aborted = await end(broker, producer, false)
    expect(aborted).toEqual({ error: 0, ...producer, producerEpoch: 1 })
    expect(await end(broker, producer, false)).toEqual(aborted)
    const next = { ...producer, producerEpoch: 1 }
    expect(await end(broker, next, false)).toEqual({ error: 0, ...producer, producerEpoch: 2 })
    expect(broker.partitions.markers.size).toBe(0)
  })

  it('waits for the markers of the one before, and says "try again" when they take long', async () => {
    const { broker, producer } = await start()
    await add(broker, producer, 'flights-0')
    broker.partitions.errors.set('flights-0', kafkaError.NOT_LEADER_OR_FOLLOWER)
    // Answered when decided: the producer goes on at once.
    expect((await broker.coordinator.endAndRaise('job', producer, true)).error).toBe(0)
    expect(broker.state?.status).toBe(PrepareCommit)
    const next = { ...producer, producerEpoch: 1 }
    for (const request of [end(broker, producer, true), end(broker, next, false)]) {
      expect((await request).error).toBe(kafkaError.CONCURRENT_TRANSACTIONS)
    }
    expect(await add(broker, next, 'flights-0')).toBe(kafkaError.CONCURRENT_TRANSACTIONS)
    broker.partitions.errors.clear()
    await broker.clock.advanceAsync(40_000)
    expect(await add(broker, next, 'flights-0')).toBe(0)
  })

  it('is known to the producer that takes up its own id again', async () => {
    const { broker, producer } = await start()
    await add(broker, producer, 'flights-0')
    await end(broker, producer, true)
    const again = await (await broker.restart()).init({ expected: producer })
    expect(again).toMatchObject({ error: 0, ...producer, producerEpoch: 1 })
  })

  it('is refused to a producer that was replaced or timed out', async () => {
    const { broker, producer } = await start()
    await add(broker, producer, 'flights-0')
    await broker.clock.advanceAsync(80_000)
    expect(broker.state).toMatchObject({ status: CompleteAbort, producerEpoch: 1 })
    expect(broker.partitions.of('flights-0')).toEqual([`abort ${producer.producerId}/1`])
    for (const commit of [true, false]) {
      expect((await end(broker, producer, commit)).error).toBe(kafkaError.PRODUCER_FENCED)
    }
    const next = await broker.restart()
    expect((await end(next, producer, false)).error).toBe(kafkaError.PRODUCER_FENCED)
    expect((await end(next, { producerId: 7, producerEpoch: 0 }, true)).error).toBe(
      kafkaError.INVALID_PRODUCER_ID_MAPPING,
    )
  })
})

describe('the end that uses up the last epoch', () => {
  it('gives the next producer id, over a restart before its markers too', async () => {
    for (const restarts of [false, true]) {
      const { broker, last } = await startInLastEpoch()
      await add(broker, last, 'flights-0')
      broker.partitions.errors.set('flights-0', kafkaError.NOT_LEADER_OR_FOLLOWER)
      const { error, ...fresh } = await broker.coordinator.endAndRaise('job', last, true)
      expect([error, fresh.producerEpoch]).toEqual([0, 0])
      expect(fresh.producerId).not.toBe(last.producerId)
      // It is known by its new name at once, and waits.
      expect(await add(broker, fresh, 'flights-1')).toBe(kafkaError.CONCURRENT_TRANSACTIONS)
      broker.partitions.errors.clear()
      const next = restarts ? await broker.restart() : broker
      await next.clock.advanceAsync(40_000)
      expect(next.partitions.of('flights-0')).toEqual([`commit ${last.producerId}/32767 raised`])
      expect(await end(next, last, true)).toEqual({ error: 0, ...fresh })
      expect((await end(next, last, false)).error).toBe(kafkaError.INVALID_TXN_STATE)
      expect(await add(next, fresh, 'flights-1')).toBe(0)
      expect(next.coordinator.isOngoing(fresh.producerId, 0, 'flights', 1)).toBe(true)
      expect((await end(next, last, true)).error).not.toBe(0)
      expect(await end(next, fresh, true)).toEqual({ error: 0, ...fresh, producerEpoch: 1 })
    }
  })

  it('may be a fence, whose epoch nobody gets', async () => {
    const { broker, last } = await startInLastEpoch()
    await add(broker, last, 'flights-0')
    await broker.clock.advanceAsync(80_000)
    expect(broker.partitions.of('flights-0')).toEqual([`abort ${last.producerId}/32767`])
    const beyond = { ...last, producerEpoch: 32_767 }
    for (const producer of [last, beyond]) {
      expect((await end(broker, producer, false)).error).toBe(kafkaError.PRODUCER_FENCED)
      expect(await add(broker, producer, 'flights-0')).toBe(kafkaError.PRODUCER_FENCED)
    }
    expect(await broker.eventually(broker.init())).toMatchObject({ error: 0, producerEpoch: 0 })
  })
})

describe('both forms', () => {
  it('follow each other under one transactional id', async () => {
    const { broker, producer } = await start()
    const { coordinator } = broker
    await coordinator.addPartitions('job', producer, at('flights-0'))
    expect(await broker.eventually(coordinator.endTransaction('job', producer, true))).toBe(0)
    await add(broker, producer, 'flights-0')
    const { error, ...next } = await end(broker, producer, false)
    expect(error).toBe(0)
    expect(await broker.eventually(coordinator.endTransaction('job', producer, false))).toBe(kafkaError.PRODUCER_FENCED)
    await coordinator.addPartitions('job', next, at('flights-0'))
    expect(await broker.eventually(coordinator.endTransaction('job', next, true))).toBe(0)
    expect(broker.partitions.of('flights-0')).toEqual([
      `commit ${producer.producerId}/0`,
      `abort ${producer.producerId}/1 raised`,
      `commit ${producer.producerId}/1`,
    ])
  })
})

describe('a kill at any moment of transactions in the second form', () => {
  it('leaves each committed everywhere or aborted everywhere, and the retry of its end gets the answer', async () => {
    const log = new MemoryLog()
    const partitions = new Partitions()
    const moments: { log: MemoryLog; markers: Map<string, string[]>; asked: ProducerIdAndEpoch; decided: boolean }[] =
      []
    let asked: ProducerIdAndEpoch = { producerId: -1, producerEpoch: -1 }
    let decided = false
    const remember = () =>
      moments.push({ log: log.prefix(log.batches.length), markers: new Map(partitions.markers), asked, decided })
    log.beforeAppend = remember
    partitions.before = () => {
      decided = true
      remember()
    }
    const broker = await TransactionHarness.start({}, log, partitions)
    let producer: ProducerIdAndEpoch = await broker.eventually(broker.init())
    for (const commit of [true, false, true]) {
      asked = { producerId: producer.producerId, producerEpoch: producer.producerEpoch }
      decided = false
      await add(broker, producer, 'flights-0', 'flights-1')
      await add(broker, producer, '__consumer_offsets-3')
      producer = await end(broker, producer, commit)
      remember()
    }
    expect(moments.length).toBeGreaterThan(20)
    const outcome = (epoch: number) => (epoch % 2 === 0 ? 'commit' : 'abort')
    for (const each of moments.filter(({ asked: { producerId } }) => producerId >= 0)) {
      const left = new Partitions()
      for (const [name, written] of each.markers) left.markers.set(name, [...written])
      const blocks = new Blocks()
      blocks.next = 5000
      const next = await TransactionHarness.start({}, each.log, left, undefined, blocks)
      await next.settle()
      const { producerEpoch } = each.asked
      if (each.decided) {
        const commit = outcome(producerEpoch) === 'commit'
        expect(await end(next, each.asked, commit)).toMatchObject({ error: 0, producerEpoch: producerEpoch + 1 })
        const own = `${outcome(producerEpoch)} ${each.asked.producerId}/${producerEpoch + 1} raised`
        for (const name of ['flights-0', 'flights-1', '__consumer_offsets-3']) {
          const mine = left.of(name).filter((marker) => marker.includes(`/${producerEpoch + 1}`))
          expect(new Set(mine)).toEqual(new Set([own]))
        }
      } else {
        // Whatever it was, it can be aborted: nobody was told that it has committed.
        expect(await end(next, each.asked, false)).toMatchObject({ error: 0, producerEpoch: producerEpoch + 1 })
      }
      next.coordinator.close()
    }
  })
})
