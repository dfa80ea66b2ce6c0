/**
 * What a chaos run runs on: a cluster of processes, the outside systems that its configuration names, and the network
 * between them. It knows no faults: those are in faults/.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { FaultyS3 } from '../support/faulty-s3.ts'
import { type BrokerProcess, startBrokerProcess } from '../support/kafka-clients/broker.ts'
import { installRedisServer, RedisServer } from '../support/redis-server.ts'
import { installS3Server, type S3Server, startS3Server } from '../support/s3-server.ts'
import { type Link, Switchboard } from '../support/switchboard.ts'
import { ChaosCluster } from './cluster.ts'

export interface Configuration {
  readonly state: 'hashmap' | 'rocksdb'
  readonly barriers: 'aligned' | 'unaligned'
  /** `s3` is a real server; `faulty-s3` one of ours that fails as it is told. */
  readonly storage: 'file' | 's3' | 'faulty-s3'
  /** Where records come from and go to: made inside and into files (or a sink as a user writes one), or topics. */
  readonly io: 'files' | 'ledger' | 'kafka'
  /** Two need Redis to know which of them leads. */
  readonly jobManagers: 1 | 2
  readonly taskManagers: number
  readonly slots: number
}

export const usualConfiguration: Configuration = {
  state: 'hashmap',
  barriers: 'aligned',
  storage: 'file',
  io: 'files',
  jobManagers: 1,
  taskManagers: 3,
  slots: 2,
}

/** Partitions of the topic `in`, and splits of the source. */
export const splitsDefault = 8

export const describeConfiguration = (each: Configuration): string =>
  [
    each.state,
    each.barriers,
    each.storage,
    each.io,
    `${each.jobManagers} JobManager${each.jobManagers > 1 ? 's' : ''}`,
    `${each.taskManagers} TaskManagers of ${each.slots} slots`,
  ].join(', ')

const usual: Readonly<Record<string, string>> = {
  'heartbeat.interval': '100ms',
  'heartbeat.timeout': '3s',
  'cluster.registration.max-timeout': '200ms',
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': '1000000',
  'restart-strategy.fixed-delay.delay': '20ms',
  's3.timeout': '2s',
  'taskmanager.network.silence-timeout': '5s',
}

export class Environment {
  readonly configuration: Configuration
  readonly directory: string
  /** Where failures at named points are ordered. */
  readonly orders: string
  readonly network: Switchboard
  readonly cluster: ChaosCluster
  readonly redis: RedisServer | undefined
  readonly s3: S3Server | undefined
  readonly faultyS3: FaultyS3 | undefined
  readonly broker: BrokerProcess | undefined

  private constructor(
    configuration: Configuration,
    parts: Pick<Environment, 'directory' | 'orders' | 'network' | 'cluster' | 'redis' | 's3' | 'faultyS3' | 'broker'>,
  ) {
    this.configuration = configuration
    this.directory = parts.directory
    this.orders = parts.orders
    this.network = parts.network
    this.cluster = parts.cluster
    this.redis = parts.redis
    this.s3 = parts.s3
    this.faultyS3 = parts.faultyS3
    this.broker = parts.broker
  }

  /** `options`: of all processes, beside those that the configuration asks for. Resolves when all slots are there. */
  static async start(
    configuration: Configuration,
    options: Readonly<Record<string, string>> = {},
  ): Promise<Environment> {
    const { state, barriers, storage, io, jobManagers, taskManagers, slots } = configuration
    if (jobManagers > 1) installRedisServer()
    if (storage === 's3') installS3Server()
    const directory = mkdtempSync(join(tmpdir(), 'millrace-chaos-'))
    const orders = join(directory, 'orders')
    mkdirSync(orders)
    const begun: (() => Promise<unknown>)[] = [async () => rmSync(directory, { recursive: true, force: true })]
    const started = async <T extends { close(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
      const part = await starting
      begun.unshift(() => part.close())
      return part
    }
    try {
      const network = await started(Switchboard.start())
      const redis = jobManagers > 1 ? await started(RedisServer.start()) : undefined
      const s3 = storage === 's3' ? await started(startS3Server()) : undefined
      const faultyS3 = storage === 'faulty-s3' ? await started(FaultyS3.start()) : undefined
      const broker = io === 'kafka' ? await started(startBrokerProcess()) : undefined
      if (redis !== undefined) network.name('redis', { port: redis.port })
      if (s3 !== undefined) network.name('s3', { port: s3.port })
      if (faultyS3 !== undefined)
        network.name('s3', { port: Number(faultyS3.settings['s3.endpoint']?.split(':').at(-1)) })
      if (broker !== undefined) {
        network.name('broker', { port: Number(broker.address.split(':')[1]) })
        await createTopics(broker.address)
      }
      s3?.bucket('chaos')
      const root = storage === 'file' ? `file://${directory}` : 's3://chaos'
      const cluster = await ChaosCluster.start({
        taskManagers,
        slots,
        jobManagers,
        switchboard: network,
        directory,
        options: {
          ...usual,
          ...s3?.options,
          ...faultyS3?.settings,
          ...(redis !== undefined && {
            'high-availability.type': 'redis',
            'high-availability.redis.url': redis.url,
            'high-availability.storage-dir': `${root}/ha`,
          }),
          'execution.checkpointing.dir': `${root}/checkpoints`,
          'state.backend.type': state,
          'execution.checkpointing.unaligned': String(barriers === 'unaligned'),
          'test.fault-orders': orders,
          ...options,
        },
      })
      return new Environment(configuration, { directory, orders, network, cluster, redis, s3, faultyS3, broker })
    } catch (error) {
      for (const end of begun) await end()
      throw error
    }
  }

  /** Pairs that talk to each other in this configuration. */
  get links(): readonly Link[] {
    const { jobManagers, taskManagers } = this.cluster
    const stores = this.configuration.storage === 'file' ? [] : ['s3']
    return [
      ...taskManagers.flatMap((one, i) => taskManagers.slice(i + 1).map(({ name }): Link => [one.name, name])),
      ...taskManagers.flatMap(({ name }) =>
        [...jobManagers.map((each) => each.name), ...stores, ...(this.broker === undefined ? [] : ['broker'])].map(
          (other): Link => [name, other],
        ),
      ),
      ...jobManagers.flatMap(({ name }) =>
        [...stores, ...(this.redis === undefined ? [] : ['redis'])].map((other): Link => [name, other]),
      ),
    ]
  }

  /** Ends everything that was started. `keep`: the directory with data and logs stays. */
  async close(keep = false): Promise<void> {
    await this.cluster.close(keep)
    if (keep && this.broker !== undefined)
      cpSync(this.broker.dataDirectory, join(this.directory, 'broker'), { recursive: true })
    await Promise.all([this.redis?.close(), this.s3?.close(), this.faultyS3?.close(), this.broker?.close()])
    await this.network.close()
  }
}

async function createTopics(address: string): Promise<void> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  // Event time is long ago: by time nothing may go.
  const configEntries = [{ name: 'retention.ms', value: '-1' }]
  await admin.createTopics({
    topics: [
      { topic: 'in', numPartitions: splitsDefault, configEntries },
      { topic: 'checked', numPartitions: 3, configEntries },
      { topic: 'windows', numPartitions: 3, configEntries },
    ],
  })
  await admin.disconnect()
}
