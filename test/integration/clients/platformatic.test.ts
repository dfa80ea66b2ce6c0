import { readFileSync } from 'node:fs'
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  type BaseOptions,
  ConfigResourceTypes,
  Consumer,
  cooperativeStickyAssigner,
  type GroupOptions,
  IncrementalAlterConfigOperationTypes,
  ListOffsetTimestamps,
  MessagesStreamModes,
  ResourcePatternTypes,
  ResourceTypes,
  stringDeserializers,
} from '@platformatic/kafka'
import { type BrokerProcess, brokerUsers } from '../../support/kafka-clients/broker.ts'
import { codeOf, PlatformaticClient, type TextProducer } from '../../support/kafka-clients/platformatic.ts'
import { testClient } from '../../support/kafka-clients/suite.ts'
import { until } from '../../support/until.ts'

testClient('platformatic', (broker) => new PlatformaticCases(broker))

/** A member of a group, what it was given and what it read. */
interface Member {
  readonly consumer: Consumer<string, string, string, string>
  readonly values: string[]
  readonly partitions: () => number[]
  close(): Promise<void>
}

class PlatformaticCases extends PlatformaticClient {
  constructor(broker: BrokerProcess) {
    super(broker)
    this.define({
      codecs: () => this.#codecs(),
      records: () => this.#records(),
      large: () => this.#large(),
      'too-large': () => this.#tooLarge(),
      groups: () => this.#groups(),
      cooperative: () => this.#cooperative(),
      idempotence: () => this.#idempotence(),
      transactions: () => this.#transactions(),
      'transaction-offsets': () => this.#transactionOffsets(),
      'admin-topics': () => this.#adminTopics(),
      'admin-configs': () => this.#adminConfigs(),
      'admin-groups': () => this.#adminGroups(),
      'admin-offsets': () => this.#adminOffsets(),
      'group-offsets': () => this.#groupOffsets(),
      'max-timestamp': () => this.#maxTimestamp(),
      'delete-records': () => this.#deleteRecords(),
      acls: () => this.#acls(),
      sasl: () => this.#sasl(),
      tls: () => this.#tls(),
      restart: (event) => this.#restart(event),
    })
  }

  async #codecs() {
    const found: Record<string, number> = {}
    const producer = this.producer()
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const topic = await this.create(`codec-${compression}`)
      const values = Array.from({ length: 200 }, (_, index) => `${compression}-${index}-${'x'.repeat(100)}`)
      await producer.send({ compression, messages: values.map((value) => ({ topic, value })) })
      const got = await this.values(topic, 200)
      found[compression] = got.filter((value, index) => value === values[index]).length
    }
    return found
  }

  async #records() {
    const topic = await this.create('records')
    await this.producer().send({
      messages: [
        { topic, key: 'a', value: 'plain', headers: { h: 'x', empty: '' } },
        { topic, value: 'without key' },
        { topic, key: 'c' },
        { topic, key: '', value: '' },
      ],
    })
    const rows = await this.read(topic, 4)
    return {
      records: rows.map((each) => ({ key: each.key ?? null, value: each.value ?? null, headers: [...each.headers] })),
    }
  }

  async #large() {
    const topic = await this.create('large')
    const value = 'abcdefgh'.repeat(124_992)
    await this.producer().send({ messages: [{ topic, value }] })
    const [got] = await this.read(topic, 1)
    return { bytes: got?.value?.length, same: got?.value === value }
  }

  async #tooLarge() {
    const topic = await this.create('too-large')
    const producer = this.producer()
    const refused = await codeOf(() => producer.send({ messages: [{ topic, value: 'z'.repeat(1_200_000) }] }))
    await producer.send({ messages: [{ topic, value: 'small' }] })
    return { code: refused, after: await this.values(topic, 1) }
  }

  async #fill(topic: string, name: string): Promise<void> {
    const messages = Array.from({ length: 40 }, (_, index) => ({
      topic,
      partition: index % 4,
      value: `${name}${index}`,
    }))
    await this.producer().send({ messages })
  }

  async #member(topic: string, groupId: string, options: GroupOptions = {}): Promise<Member> {
    const consumer = new Consumer({
      ...this.common(),
      groupId,
      deserializers: stringDeserializers,
      heartbeatInterval: 50,
      sessionTimeout: 6000,
      ...options,
    })
    const values: string[] = []
    const member: Member = {
      consumer,
      values,
      partitions: () => consumer.assignments?.find((each) => each.topic === topic)?.partitions ?? [],
      async close() {
        await stream.close()
        await consumer.close(true)
      },
    }
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: 'earliest',
      autocommit: true,
      maxWaitTime: 20,
    })
    stream.on('data', (message) => values.push(String(message.value)))
    return member
  }

  async #pair(topic: string, options: GroupOptions = {}) {
    await this.create(topic, 4)
    await this.#fill(topic, 'a')
    const first = await this.#member(topic, topic, options)
    await until(() => first.values.length >= 40)
    const alone = first.partitions()
    const second = await this.#member(topic, topic, options)
    await until(() => first.partitions().length === 2 && second.partitions().length === 2)
    const revoked = alone.filter((each) => !first.partitions().includes(each)).length
    await this.#fill(topic, 'b')
    const distinct = () => new Set([...first.values, ...second.values]).size
    await until(() => distinct() === 80)
    await second.close()
    await until(() => first.partitions().length === 4)
    await this.#fill(topic, 'c')
    await until(() => distinct() === 120)
    await first.close()
    return { alone: alone.length, both: 2, revoked, after: 4, distinct: distinct() }
  }

  #groups() {
    return this.#pair('groups')
  }

  #cooperative() {
    const protocols = [{ name: 'cooperative-sticky', version: 3 }]
    return this.#pair('cooperative', { protocols, partitionAssigner: cooperativeStickyAssigner })
  }

  async #idempotence() {
    const topic = await this.create('idempotent')
    const producer = this.producer({ idempotent: true })
    const values = Array.from({ length: 200 }, (_, index) => String(index))
    for (let at = 0; at < values.length; at += 10) {
      await producer.send({ messages: values.slice(at, at + 10).map((value) => ({ topic, value })) })
    }
    return { ordered: (await this.values(topic, 200)).join() === values.join() }
  }

  #transactional(transactionalId: string): TextProducer {
    return this.producer({ transactionalId, idempotent: true })
  }

  async #transactions() {
    const topic = await this.create('transactions', 2)
    const producer = this.#transactional('rounds')
    const consumer = new Consumer({ ...this.common(), groupId: 'committed', deserializers: stringDeserializers })
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      maxWaitTime: 20,
      isolationLevel: 1,
    })
    const seen: string[] = []
    stream.on('data', (message) => seen.push(String(message.value)))
    for (let round = 0; round < 6; round++) {
      const transaction = await producer.beginTransaction()
      const kind = round % 2 === 0 ? 'committed' : 'aborted'
      const message = (each: number) => ({ topic, partition: each % 2, value: `${kind}-${round}-${each}` })
      await transaction.send({ messages: Array.from({ length: 10 }, (_, each) => message(each)) })
      await (kind === 'committed' ? transaction.commit() : transaction.abort())
      // One aborted transaction at a time: of several in a response this version of the client hides the last only.
      if (kind === 'committed') await until(() => seen.length >= (round / 2 + 1) * 10)
    }
    await stream.close()
    await consumer.close(true)
    const aborted = seen.filter((each) => each.startsWith('aborted')).length
    return { committed: seen.length - aborted, aborted, all: (await this.read(topic, 60, 0)).length }
  }

  async #transactionOffsets() {
    const topic = await this.create('consumed')
    await this.producer().send({ messages: Array.from({ length: 10 }, (_, each) => ({ topic, value: `${each}` })) })
    const consumer = new Consumer({ ...this.common(), groupId: 'in-transaction', deserializers: stringDeserializers })
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
      maxWaitTime: 20,
    })
    const producer = this.#transactional('offsets')
    const offsets: number[] = []
    for await (const message of stream) {
      const kind = message.offset === 2n ? 'committed' : 'aborted'
      if (kind === 'aborted' && message.offset !== 6n) continue
      const transaction = await producer.beginTransaction()
      await transaction.addConsumer(consumer)
      await transaction.addOffset(message)
      await (kind === 'committed' ? transaction.commit() : transaction.abort())
      offsets.push(await this.#committed('in-transaction'))
      if (kind === 'aborted') break
    }
    await stream.close()
    await consumer.close(true)
    return { offsets }
  }

  async #committed(group: string): Promise<number> {
    const [found] = await this.admin.listConsumerGroupOffsets({ groups: [group] })
    return Number(found?.topics[0]?.partitions[0]?.committedOffset)
  }

  async #adminTopics() {
    const admin = this.admin
    await this.create('made', 3)
    const again = await codeOf(() => this.create('made', 3))
    const count = async () =>
      (await admin.metadata({ topics: ['made'], forceUpdate: true })).topics.get('made')?.partitionsCount
    const partitions = [await count()]
    await admin.createPartitions({ topics: [{ name: 'made', count: 5 }] })
    partitions.push(await count())
    await admin.deleteTopics({ topics: ['made'] })
    const unknown = await codeOf(() => admin.deleteTopics({ topics: ['made'] }))
    const invalid = await codeOf(() => this.create('no/slash'))
    return { again, partitions, listed: (await admin.listTopics()).includes('made'), unknown, invalid }
  }

  async #adminConfigs() {
    const { SET, DELETE, APPEND } = IncrementalAlterConfigOperationTypes
    await this.create('configured', 1, [{ name: 'retention.ms', value: '1000' }])
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: 'configured' }
    const value = async (name: string) => {
      const [described] = await this.admin.describeConfigs({ resources: [{ ...resource, configurationKeys: [name] }] })
      return described?.configs[0]?.value
    }
    const before = await value('retention.ms')
    await this.admin.incrementalAlterConfigs({
      resources: [
        {
          ...resource,
          configs: [
            { name: 'cleanup.policy', configOperation: APPEND, value: 'compact' },
            { name: 'retention.ms', configOperation: DELETE },
          ],
        },
      ],
    })
    const after = [await value('cleanup.policy'), await value('retention.ms')]
    const soon = [{ name: 'retention.ms', configOperation: SET, value: 'soon' }]
    const bad = await codeOf(() => this.admin.incrementalAlterConfigs({ resources: [{ ...resource, configs: soon }] }))
    return { before, after, bad }
  }

  async #adminGroups() {
    const admin = this.admin
    const topic = await this.create('of-group', 4)
    await this.#fill(topic, 'a')
    const member = await this.#member(topic, 'listed')
    await until(() => member.values.length === 40)
    const listed = (await admin.listGroups()).has('listed')
    const described = (await admin.describeGroups({ groups: ['listed'] })).get('listed')
    const refused = await codeOf(() => admin.deleteGroups({ groups: ['listed'] }))
    await member.close()
    await admin.deleteGroups({ groups: ['listed'] })
    const state = described?.state.toLowerCase()
    return { listed, state, members: described?.members.size, refused, gone: !(await admin.listGroups()).has('listed') }
  }

  async #timed(topic: string, timeMs: (index: number) => number): Promise<void> {
    const message = (index: number) => ({ topic, value: `${index}`, timestamp: BigInt(timeMs(index)) })
    await this.producer().send({ messages: Array.from({ length: 10 }, (_, index) => message(index)) })
  }

  async #adminOffsets() {
    const topic = await this.create('offsets')
    await this.#timed(topic, (index) => 1_700_000_000_000 + 1000 * index)
    const found = []
    for (const timestamp of [ListOffsetTimestamps.EARLIEST, ListOffsetTimestamps.LATEST, 1_700_000_003_500n]) {
      found.push(...(await this.ends(topic, 0, timestamp)))
    }
    return { found }
  }

  async #groupOffsets() {
    const topic = await this.create('committed', 4)
    await this.#fill(topic, 'a')
    const partitionOffsets = [{ partition: 0, offset: 5n }]
    await this.admin.alterConsumerGroupOffsets({ groupId: 'altered', topics: [{ name: topic, partitionOffsets }] })
    return { group: await this.#committed('altered') }
  }

  async #maxTimestamp() {
    const topic = await this.create('latest')
    await this.#timed(topic, (index) => 1_700_000_000_000 + (index === 4 ? 5000 : index))
    return { found: (await this.ends(topic, 0, ListOffsetTimestamps.MAX))[0] }
  }

  async #deleteRecords() {
    const topic = await this.create('shortened')
    await this.#timed(topic, (index) => 1_700_000_000_000 + index)
    const cut = (offset: bigint) =>
      this.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset }] }] })
    const [deleted] = await cut(4n)
    const outside = await codeOf(() => cut(99n))
    return { low: Number(deleted?.partitions[0]?.lowWatermark), first: (await this.values(topic, 6))[0], outside }
  }

  async #acls() {
    const topic = await this.create('guarded')
    const producer = this.producer({
      bootstrapBrokers: [this.broker.saslAddress],
      sasl: loginOf('PLAIN'),
      retries: 0,
    })
    const denied = await codeOf(() => producer.send({ messages: [{ topic, value: 'denied' }] }))
    const target = {
      resourceType: ResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: ResourcePatternTypes.LITERAL,
    }
    const operations = [AclOperations.WRITE, AclOperations.DESCRIBE]
    const permission = { principal: 'User:alice', host: '*', permissionType: AclPermissionTypes.ALLOW }
    await this.admin.createAcls({
      creations: operations.map((operation) => ({ ...target, ...permission, operation })),
    })
    await producer.send({ messages: [{ topic, value: 'allowed' }] })
    const any = { principal: null, host: null, operation: AclOperations.ANY, permissionType: AclPermissionTypes.ANY }
    const listed = (await this.admin.describeAcls({ filter: { ...target, ...any } })).reduce(
      (sum, each) => sum + each.acls.length,
      0,
    )
    const deleted = (await this.admin.deleteAcls({ filters: [{ ...target, ...any }] })).length
    return { denied, values: await this.values(topic, 1), listed, deleted }
  }

  async #canLogin(options: Partial<BaseOptions>): Promise<boolean> {
    const admin = new Admin(this.common({ retries: 0, ...options }))
    try {
      await admin.listTopics()
      return true
    } catch {
      return false
    } finally {
      await admin.close()
    }
  }

  async #sasl() {
    const bootstrapBrokers = [this.broker.saslAddress]
    const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
    const right = mechanisms.map((each) => this.#canLogin({ bootstrapBrokers, sasl: loginOf(each) }))
    const wrong = mechanisms.map((each) => this.#canLogin({ bootstrapBrokers, sasl: loginOf(each, 'wrong') }))
    return { right: await Promise.all(right), wrong: await Promise.all(wrong) }
  }

  async #tls() {
    const secure = { bootstrapBrokers: [this.broker.secureAddress], sasl: loginOf('SCRAM-SHA-512') }
    const ca = readFileSync(this.broker.caFile, 'utf8')
    return {
      trusted: await this.#canLogin({ ...secure, tls: { ca } }),
      untrusted: await this.#canLogin({ ...secure, tls: {} }),
    }
  }

  async #restart(event: () => Promise<void>) {
    const topic = await this.create('kept', 2)
    const producer = this.producer({ idempotent: true, retries: 100, retryDelay: 50 })
    const acknowledged: string[] = []
    let restarted: Promise<void> | undefined
    let enough = Number.POSITIVE_INFINITY
    for (let number = 0; acknowledged.length < enough; number += 3) {
      const values = [0, 1, 2].map((each) => String(number + each))
      await producer.send({ messages: values.map((value, index) => ({ topic, partition: index % 2, value })) })
      acknowledged.push(...values)
      if (acknowledged.length < 300) continue
      restarted ??= event().then(() => {
        enough = acknowledged.length + 300
      })
    }
    await restarted
    const total = (await this.ends(topic, 0, ListOffsetTimestamps.LATEST, 2)).reduce((sum, each) => sum + each, 0)
    const values = await this.values(topic, total)
    const distinct = new Set(values)
    const missing = acknowledged.filter((each) => !distinct.has(each)).length
    return { enough: acknowledged.length >= enough, missing, duplicates: values.length - distinct.size }
  }
}

function loginOf(mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', password: string = brokerUsers.alice) {
  return { mechanism, username: 'alice', password }
}
