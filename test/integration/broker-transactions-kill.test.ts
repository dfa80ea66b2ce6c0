import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { type CliProcess, startCli } from '../support/cli-process.ts'
import { freePort } from '../support/ports.ts'

const recordCount = 200
const perTransaction = 10
/** Where in a transaction the broker is killed, one after the other. */
const moments = ['after send', 'after offsets', 'in commit', 'after commit', 'in send', 'in commit'] as const
type Moment = (typeof moments)[number]

let running: CliProcess | undefined
let directory = ''

afterEach(async () => {
  running?.child.kill('SIGKILL')
  await running?.ended
  systemDisk.remove(directory)
})

async function start(port: number): Promise<void> {
  const data = `${directory}/data`
  running = startCli(directory, 'start', '--role', 'broker', '--json', '--listen', `127.0.0.1:${port}`, '--data', data)
  await running.shows(/"role":"broker"/)
}

async function kill(): Promise<void> {
  running?.child.kill('SIGKILL')
  await running?.ended
}

/** Copies `in` to `out`, from where the group was; each transaction has its records and their offset. */
class Copier {
  readonly #kafka: Kafka
  readonly #admin: Admin
  #producer: Producer | undefined
  /** Told before each step; returns whether the broker was killed. */
  #at: (moment: Moment) => Promise<void> | undefined

  constructor(kafka: Kafka, admin: Admin, at: (moment: Moment) => Promise<void> | undefined) {
    this.#kafka = kafka
    this.#admin = admin
    this.#at = at
  }

  /** One transaction; false when nothing is left. Throws when the broker went away. */
  async step(): Promise<boolean> {
    this.#producer ??= await this.#connect()
    const offsets = await this.#admin.fetchOffsets({ groupId: 'copier', topics: ['in'] })
    const from = Math.max(0, Number(offsets[0]?.partitions[0]?.offset))
    if (from >= recordCount) return false
    const transaction = await this.#producer.transaction()
    const numbers = Array.from({ length: perTransaction }, (_, index) => from + index)
    for (const partition of [0, 1]) {
      const messages = numbers.filter((n) => n % 2 === partition).map((n) => ({ partition, value: `${n}` }))
      const sent = transaction.send({ topic: 'out', messages })
      const killed = partition === 1 ? this.#at('in send') : undefined
      await Promise.all([sent, killed])
    }
    await this.#at('after send')
    const partitions = [{ partition: 0, offset: String(from + perTransaction) }]
    await transaction.sendOffsets({ consumerGroupId: 'copier', topics: [{ topic: 'in', partitions }] })
    await this.#at('after offsets')
    await Promise.all([transaction.commit(), this.#at('in commit')])
    await this.#at('after commit')
    return true
  }

  /** Whoever comes next has the same name, and fences this one. */
  async forget(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.disconnect().catch(() => undefined)
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      transactionalId: 'copier',
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 10_000,
    })
    await producer.connect()
    return producer
  }
}

describe('a job that copies in transactions', () => {
  it('copies each record once although the broker is killed again and again', async () => {
    directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-transactions-kill-')
    const port = await freePort()
    await start(port)
    const kafka = new Kafka({
      brokers: [`127.0.0.1:${port}`],
      logLevel: logLevel.NOTHING,
      retry: { retries: 3, initialRetryTime: 50, maxRetryTime: 200 },
    })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({
      topics: [
        { topic: 'in', numPartitions: 1 },
        { topic: 'out', numPartitions: 2 },
      ],
    })
    const input = kafka.producer()
    await input.connect()
    await input.send({ topic: 'in', messages: Array.from({ length: recordCount }, (_, n) => ({ value: `${n}` })) })
    await input.disconnect()

    let kills = 0
    let transactions = 0
    const copier = new Copier(kafka, admin, (moment) => {
      // Every second transaction is left in peace.
      if (transactions % 2 === 0 || moments[kills] !== moment) return undefined
      kills++
      return kill()
    })
    for (let tries = 0; ; tries++) {
      expect(tries).toBeLessThan(100)
      transactions++
      try {
        if (!(await copier.step())) break
        if (running?.child.signalCode == null) continue
      } catch (error) {
        if (running?.child.signalCode == null && tries > 90) throw error
      }
      await copier.forget()
      if (running?.child.signalCode != null) await start(port)
    }
    await copier.forget()
    expect(kills).toBe(moments.length)

    const reader = kafka.consumer({ groupId: 'checker', readUncommitted: false, maxWaitTimeInMs: 50 })
    await reader.connect()
    await reader.subscribe({ topic: 'out', fromBeginning: true })
    const got: number[][] = [[], []]
    await new Promise<void>((resolve, reject) => {
      reader
        .run({
          eachMessage: async ({ partition, message }) => {
            got[partition]?.push(Number(message.value))
            if (got.flat().length === recordCount) resolve()
          },
        })
        .catch(reject)
    })
    await reader.disconnect()
    await admin.disconnect()
    const expected = (parity: number) => Array.from({ length: recordCount / 2 }, (_, index) => 2 * index + parity)
    expect(got).toEqual([expected(0), expected(1)])
  })
})
