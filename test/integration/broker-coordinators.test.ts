import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { freePort } from '../support/ports.ts'

let broker: RunningBroker
let directory: string
let kafka: Kafka
const disconnects: (() => Promise<void>)[] = []

const start = (listeners: string): Promise<RunningBroker> =>
  startBroker({
    'broker.listeners': listeners,
    'broker.data-dir': directory,
    'broker.group.initial.rebalance.delay': '0ms',
  })

beforeAll(async () => {
  directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-coordinators-')
  broker = await start(`127.0.0.1:${await freePort()}`)
  kafka = new Kafka({
    brokers: [broker.address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 30, maxRetryTime: 300 },
  })
})

afterAll(async () => {
  await Promise.all(disconnects.map((disconnect) => disconnect()))
  await broker.close()
  systemDisk.remove(directory)
})

/** After stop and start, at the same address. */
async function restart(): Promise<void> {
  const { address } = broker
  await broker.close()
  broker = await start(address)
}

async function admin() {
  const made = kafka.admin()
  await made.connect()
  disconnects.push(() => made.disconnect())
  return made
}

async function transactional(transactionalId: string): Promise<Producer> {
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  disconnects.push(() => producer.disconnect())
  return producer
}

/** A member of a group; tells each assignment that it gets and keeps what it reads. */
class Member {
  readonly consumer: Consumer
  readonly values: string[] = []
  assignment: number[] = []
  #waiting: { ready: () => boolean; resolve: () => void }[] = []

  constructor(groupId: string) {
    this.consumer = kafka.consumer({ groupId, heartbeatInterval: 50, maxWaitTimeInMs: 50, readUncommitted: false })
  }

  async run(topic: string): Promise<this> {
    this.consumer.on('consumer.group_join', ({ payload }) => {
      this.assignment = [...(payload.memberAssignment[topic] ?? [])].sort()
      this.#look()
    })
    await this.consumer.connect()
    await this.consumer.subscribe({ topic, fromBeginning: true })
    await this.consumer.run({
      autoCommitInterval: 20,
      eachMessage: async ({ message }) => {
        this.values.push(String(message.value))
        this.#look()
      },
    })
    return this
  }

  /** Resolves once `ready` holds; looked at after each message and each assignment. */
  when(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }))
  }

  #look(): void {
    for (const each of [...this.#waiting]) {
      if (!each.ready()) continue
      this.#waiting.splice(this.#waiting.indexOf(each), 1)
      each.resolve()
    }
  }
}

describe('groups of kafkajs consumers', () => {
  it('share partitions, take over from members that leave, and go on where the group was', async () => {
    const admins = await admin()
    await admins.createTopics({ topics: [{ topic: 'shared', numPartitions: 4 }] })
    const producer = kafka.producer()
    await producer.connect()
    disconnects.push(() => producer.disconnect())
    const send = (round: string) =>
      producer.send({
        topic: 'shared',
        messages: Array.from({ length: 40 }, (_, index) => ({ partition: index % 4, value: `${round}-${index}` })),
      })
    await send('a')
    const first = await new Member('pair').run('shared')
    await first.when(() => first.values.length === 40)
    expect(first.assignment).toEqual([0, 1, 2, 3])
    const second = await new Member('pair').run('shared')
    await Promise.all([first, second].map((each) => each.when(() => each.assignment.length === 2)))
    expect([...first.assignment, ...second.assignment].sort()).toEqual([0, 1, 2, 3])
    const { groups } = await admins.describeGroups(['pair'])
    expect(groups[0]).toMatchObject({ errorCode: 0, state: 'Stable', protocolType: 'consumer' })
    expect(groups[0]?.members.length).toBe(2)
    expect(await admins.deleteGroups(['pair']).catch((error: Error) => error.name)).toBe('KafkaJSDeleteGroupsError')
    await send('b')
    await Promise.all([first.when(() => first.values.length === 60), second.when(() => second.values.length === 20)])
    await first.consumer.disconnect()
    await second.when(() => second.assignment.length === 4)
    await send('c')
    await second.when(() => second.values.length === 60)
    await second.consumer.disconnect()
    const all = [...first.values, ...second.values]
    expect([all.length, new Set(all).size]).toEqual([120, 120])
    await restart()
    const offsets = await admins.fetchOffsets({ groupId: 'pair', topics: ['shared'] })
    expect(offsets[0]?.partitions.map((each) => each.offset)).toEqual(['30', '30', '30', '30'])
    expect(await admins.deleteGroups(['pair'])).toEqual([{ groupId: 'pair', errorCode: 0 }])
    expect((await admins.listGroups()).groups.map((each) => each.groupId)).not.toContain('pair')
  })
})

describe('transactions of kafkajs producers', () => {
  it('show what was committed and nothing of what was aborted, offsets included', async () => {
    const admins = await admin()
    await admins.createTopics({ topics: [{ topic: 'results', numPartitions: 2 }] })
    const producer = await transactional('job-1')
    for (let round = 0; round < 10; round++) {
      const transaction = await producer.transaction()
      const kind = round % 2 === 0 ? 'committed' : 'aborted'
      await transaction.send({
        topic: 'results',
        messages: [0, 1].map((partition) => ({ partition, value: `${kind}-${round}` })),
      })
      const partitions = [{ partition: 0, offset: String(round) }]
      await transaction.sendOffsets({ consumerGroupId: 'job', topics: [{ topic: 'results', partitions }] })
      if (kind === 'committed') await transaction.commit()
      else await transaction.abort()
    }
    const reader = await new Member('checker').run('results')
    await reader.when(() => reader.values.length >= 10)
    await reader.consumer.disconnect()
    const expected = [0, 2, 4, 6, 8].flatMap((round) => [`committed-${round}`, `committed-${round}`])
    expect(reader.values.sort()).toEqual(expected)
    const offset = async () =>
      (await admins.fetchOffsets({ groupId: 'job', topics: ['results'] }))[0]?.partitions.find(
        (each) => each.partition === 0,
      )?.offset
    expect(await offset()).toBe('8')
    await restart()
    expect(await offset()).toBe('8')
  })

  it('of a producer that was replaced end aborted', async () => {
    const admins = await admin()
    await admins.createTopics({ topics: [{ topic: 'fenced', numPartitions: 1 }] })
    const zombie = await transactional('job-2')
    const open = await zombie.transaction()
    await open.send({ topic: 'fenced', messages: [{ value: 'of the zombie' }] })
    const successor = await transactional('job-2')
    const next = await successor.transaction()
    await next.send({ topic: 'fenced', messages: [{ value: 'of the successor' }] })
    await expect(open.commit()).rejects.toThrow(/old epoch/)
    await next.commit()
    const reader = await new Member('fence-checker').run('fenced')
    await reader.when(() => reader.values.length >= 1)
    await reader.consumer.disconnect()
    expect(reader.values).toEqual(['of the successor'])
  })

  it('go on after the broker was stopped and started between sends and commit', async () => {
    const admins = await admin()
    await admins.createTopics({ topics: [{ topic: 'over', numPartitions: 1 }] })
    const producer = await transactional('job-3')
    const transaction = await producer.transaction()
    await transaction.send({ topic: 'over', messages: [{ value: 'before' }] })
    await restart()
    await transaction.send({ topic: 'over', messages: [{ value: 'after' }] })
    await transaction.commit()
    const reader = await new Member('over-checker').run('over')
    await reader.when(() => reader.values.length >= 2)
    await reader.consumer.disconnect()
    expect(reader.values).toEqual(['before', 'after'])
  })
})
