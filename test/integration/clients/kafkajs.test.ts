import { readFileSync } from 'node:fs'
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ConfigResourceTypes,
  type Consumer,
  type Kafka,
  type KafkaMessage,
  type Producer,
  type ProducerConfig,
  ResourcePatternTypes,
} from 'kafkajs'
import type { BrokerProcess } from '../../support/kafka-clients/broker.ts'
import { CaseTable } from '../../support/kafka-clients/case-table.ts'
import { canLogin, codeOf, kafkaOf, loginOf } from '../../support/kafka-clients/kafkajs.ts'
import { testClient } from '../../support/kafka-clients/suite.ts'
import { until } from '../../support/until.ts'

testClient('kafkajs', async (broker) => {
  const cases = new KafkaJsCases(broker)
  await cases.connect()
  return cases
})

type Row = KafkaMessage & { readonly partition: number }

class KafkaJsCases extends CaseTable {
  readonly #broker: BrokerProcess
  readonly #kafka: Kafka
  readonly #admin: Admin

  constructor(broker: BrokerProcess) {
    super()
    this.#broker = broker
    this.#kafka = kafkaOf({ brokers: [broker.address] })
    this.#admin = this.#kafka.admin()
    this.define({
      codecs: () => this.#codecs(),
      records: () => this.#records(),
      large: () => this.#large(),
      'too-large': () => this.#tooLarge(),
      groups: () => this.#groups(),
      idempotence: () => this.#idempotence(),
      transactions: () => this.#transactions(),
      'transaction-offsets': () => this.#transactionOffsets(),
      fencing: () => this.#fencing(),
      'admin-topics': () => this.#adminTopics(),
      'admin-configs': () => this.#adminConfigs(),
      'admin-groups': () => this.#adminGroups(),
      'admin-offsets': () => this.#adminOffsets(),
      'group-offsets': () => this.#groupOffsets(),
      'delete-records': () => this.#deleteRecords(),
      acls: () => this.#acls(),
      sasl: () => this.#sasl(),
      tls: () => this.#tls(),
      restart: (event) => this.#restart(event),
    })
  }

  async connect(): Promise<void> {
    await this.#admin.connect()
    this.opened(() => this.#admin.disconnect())
  }

  async #create(topic: string, numPartitions = 1): Promise<string> {
    await this.#admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false })
    return topic
  }

  async #producer(config: ProducerConfig = {}, kafka = this.#kafka): Promise<Producer> {
    const producer = kafka.producer({ allowAutoTopicCreation: false, ...config })
    await producer.connect()
    this.opened(() => producer.disconnect())
    return producer
  }

  /** What there is up to the offsets of now, of each partition. */
  async #read(topic: string, readUncommitted = false): Promise<Row[]> {
    const ends = await this.#admin.fetchTopicOffsets(topic)
    const waiting = new Map(
      ends.filter((each) => Number(each.high) > Number(each.low)).map((each) => [each.partition, each.high]),
    )
    const consumer = this.#kafka.consumer({
      groupId: `reader-of-${topic}-${readUncommitted}`,
      readUncommitted,
      maxWaitTimeInMs: 20,
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const rows: Row[] = []
    await new Promise<void>((resolve, reject) => {
      const run = consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch }) => {
          for (const message of batch.messages) rows.push({ ...message, partition: batch.partition })
        },
      })
      run.catch(reject)
      // Markers of transactions are at the end and are shown to nobody: the end of a fetch tells, not the records.
      consumer.on('consumer.end_batch_process', ({ payload }) => {
        const end = waiting.get(payload.partition)
        if (end !== undefined && Number(payload.lastOffset) + 1 >= Number(end)) waiting.delete(payload.partition)
        if (waiting.size === 0) resolve()
      })
    })
    await consumer.disconnect()
    return rows
  }

  async #values(topic: string, readUncommitted = false): Promise<string[]> {
    return (await this.#read(topic, readUncommitted)).map((each) => String(each.value))
  }

  async #codecs() {
    const found: Record<string, number> = {}
    const types = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }
    const producer = await this.#producer()
    for (const [codec, compression] of Object.entries(types)) {
      const topic = await this.#create(`codec-${codec}`)
      const values = Array.from({ length: 200 }, (_, index) => `${codec}-${index}-${'x'.repeat(100)}`)
      await producer.send({ topic, compression, messages: values.map((value) => ({ value })) })
      const got = await this.#values(topic)
      found[codec] = got.filter((value, index) => value === values[index]).length
    }
    return found
  }

  async #records() {
    const topic = await this.#create('records')
    const producer = await this.#producer()
    await producer.send({
      topic,
      messages: [
        { key: 'a', value: 'plain', headers: { h: 'x', empty: '' } },
        { value: 'without key' },
        { key: 'c', value: null },
        { key: '', value: '' },
      ],
    })
    const rows = await this.#read(topic)
    const text = (value: unknown) => (value === null ? null : String(value))
    return {
      records: rows.map((each) => ({
        key: text(each.key),
        value: text(each.value),
        headers: Object.entries(each.headers ?? {}).map(([name, value]) => [name, text(value)]),
      })),
    }
  }

  async #large() {
    const topic = await this.#create('large')
    const value = Buffer.alloc(999_936, 'abcdefg')
    await (await this.#producer()).send({ topic, messages: [{ value }] })
    const [got] = await this.#read(topic)
    return { bytes: got?.value?.length, same: got?.value?.equals(value) }
  }

  async #tooLarge() {
    const topic = await this.#create('too-large')
    const producer = await this.#producer()
    const refused = await codeOf(() => producer.send({ topic, messages: [{ value: 'z'.repeat(1_200_000) }] }))
    await producer.send({ topic, messages: [{ value: 'small' }] })
    return { code: refused, after: await this.#values(topic) }
  }

  async #fill(topic: string, name: string): Promise<void> {
    const messages = Array.from({ length: 40 }, (_, index) => ({ partition: index % 4, value: `${name}${index}` }))
    await (await this.#producer()).send({ topic, messages })
  }

  async #groups() {
    const topic = await this.#create('groups', 4)
    await this.#fill(topic, 'a')
    const first = await this.#member(topic, 'groups')
    await until(() => first.values.length === 40)
    const alone = first.assigned.length
    const second = await this.#member(topic, 'groups')
    await until(() => first.assigned.length === 2 && second.assigned.length === 2)
    await this.#fill(topic, 'b')
    await until(() => first.values.length + second.values.length >= 80)
    await second.consumer.disconnect()
    await until(() => first.assigned.length === 4)
    await this.#fill(topic, 'c')
    const distinct = () => new Set([...first.values, ...second.values]).size
    await until(() => distinct() === 120)
    await first.consumer.disconnect()
    return { alone, both: 2, after: 4, distinct: distinct() }
  }

  async #member(topic: string, groupId: string) {
    const consumer: Consumer = this.#kafka.consumer({ groupId, heartbeatInterval: 50, maxWaitTimeInMs: 20 })
    const member = { consumer, values: [] as string[], assigned: [] as number[] }
    consumer.on('consumer.group_join', ({ payload }) => {
      member.assigned = payload.memberAssignment[topic] ?? []
    })
    await consumer.connect()
    this.opened(() => consumer.disconnect())
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        member.values.push(String(message.value))
      },
    })
    return member
  }

  async #idempotence() {
    const topic = await this.#create('idempotent')
    const producer = await this.#producer({ idempotent: true, maxInFlightRequests: 1 })
    const values = Array.from({ length: 200 }, (_, index) => String(index))
    for (let at = 0; at < values.length; at += 10) {
      await producer.send({ topic, messages: values.slice(at, at + 10).map((value) => ({ value })) })
    }
    return { ordered: (await this.#values(topic)).join() === values.join() }
  }

  #transactional(transactionalId: string): Promise<Producer> {
    return this.#producer({ transactionalId, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 20_000 })
  }

  async #transactions() {
    const topic = await this.#create('transactions', 2)
    const producer = await this.#transactional('rounds')
    for (let round = 0; round < 6; round++) {
      const transaction = await producer.transaction()
      const kind = round % 2 === 0 ? 'committed' : 'aborted'
      const messages = Array.from({ length: 10 }, (_, each) => ({
        partition: each % 2,
        value: `${kind}-${round}-${each}`,
      }))
      await transaction.send({ topic, messages })
      await (kind === 'committed' ? transaction.commit() : transaction.abort())
    }
    const committed = await this.#values(topic)
    const aborted = committed.filter((each) => each.startsWith('aborted')).length
    return { committed: committed.length, aborted, all: (await this.#values(topic, true)).length }
  }

  async #transactionOffsets() {
    const topic = await this.#create('consumed')
    const producer = await this.#transactional('offsets')
    const offsets: number[] = []
    for (const offset of [3, 7]) {
      const transaction = await producer.transaction()
      const partitions = [{ partition: 0, offset: String(offset) }]
      await transaction.sendOffsets({ consumerGroupId: 'in-transaction', topics: [{ topic, partitions }] })
      await (offset === 3 ? transaction.commit() : transaction.abort())
      offsets.push(await this.#committed('in-transaction', topic))
    }
    return { offsets }
  }

  async #committed(groupId: string, topic: string): Promise<number> {
    const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    return Number(found?.partitions[0]?.offset)
  }

  async #fencing() {
    const topic = await this.#create('fenced')
    const zombie = await (await this.#transactional('fenced')).transaction()
    await zombie.send({ topic, messages: [{ value: 'zombie' }] })
    const successor = await (await this.#transactional('fenced')).transaction()
    await successor.send({ topic, messages: [{ value: 'successor' }] })
    await successor.commit()
    // Versions of EndTxn before 2 call it an invalid epoch.
    const refused = await codeOf(() => zombie.commit())
    return { code: refused === 47 ? 90 : refused, values: await this.#values(topic) }
  }

  async #adminTopics() {
    const admin = this.#admin
    await this.#create('made', 3)
    // This client tells a topic that exists by false, not by the error.
    const again = (await admin.createTopics({ topics: [{ topic: 'made' }] })) ? 0 : 36
    const count = async () => (await admin.fetchTopicMetadata({ topics: ['made'] })).topics[0]?.partitions.length
    const partitions = [await count()]
    await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 5 }] })
    partitions.push(await count())
    await admin.deleteTopics({ topics: ['made'] })
    const unknown = await codeOf(() => admin.deleteTopics({ topics: ['made'] }))
    const invalid = await codeOf(() => admin.createTopics({ topics: [{ topic: 'no/slash' }] }))
    return { again, partitions, listed: (await admin.listTopics()).includes('made'), unknown, invalid }
  }

  async #adminConfigs() {
    const admin = this.#admin
    const resource = { type: ConfigResourceTypes.TOPIC, name: 'configured' }
    await admin.createTopics({
      topics: [{ topic: 'configured', configEntries: [{ name: 'retention.ms', value: '1000' }] }],
    })
    const value = async (name: string) => {
      const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false })
      return resources[0]?.configEntries.find((each) => each.configName === name)?.configValue
    }
    const change = (name: string, text: string) =>
      admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: [{ name, value: text }] }] })
    const before = await value('retention.ms')
    await change('cleanup.policy', 'delete,compact')
    const after = [await value('cleanup.policy'), await value('retention.ms')]
    return { before, after, bad: await codeOf(() => change('retention.ms', 'soon')) }
  }

  async #adminGroups() {
    const admin = this.#admin
    const topic = await this.#create('of-group', 4)
    await this.#fill(topic, 'a')
    const member = await this.#member(topic, 'listed')
    await until(() => member.values.length === 40)
    const lists = async () => (await admin.listGroups()).groups.some((each) => each.groupId === 'listed')
    const listed = await lists()
    const described = (await admin.describeGroups(['listed'])).groups[0]
    const refused = await codeOf(() => admin.deleteGroups(['listed']))
    await member.consumer.disconnect()
    await admin.deleteGroups(['listed'])
    const state = described?.state.toLowerCase()
    return { listed, state, members: described?.members.length, refused, gone: !(await lists()) }
  }

  async #adminOffsets() {
    const topic = await this.#create('offsets')
    const at = (index: number) => 1_700_000_000_000 + 1000 * index
    const messages = Array.from({ length: 10 }, (_, index) => ({ value: `${index}`, timestamp: String(at(index)) }))
    await (await this.#producer()).send({ topic, messages })
    const [ends] = await this.#admin.fetchTopicOffsets(topic)
    const [byTime] = await this.#admin.fetchTopicOffsetsByTimestamp(topic, at(3) + 500)
    return { found: [Number(ends?.low), Number(ends?.high), Number(byTime?.offset)] }
  }

  async #groupOffsets() {
    const topic = await this.#create('committed', 4)
    await this.#fill(topic, 'a')
    await this.#admin.setOffsets({ groupId: 'altered', topic, partitions: [{ partition: 0, offset: '5' }] })
    return { group: await this.#committed('altered', topic) }
  }

  async #deleteRecords() {
    const topic = await this.#create('shortened')
    const messages = Array.from({ length: 10 }, (_, index) => ({ value: `${index}` }))
    await (await this.#producer()).send({ topic, messages })
    const cut = (offset: string) => this.#admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] })
    // The client looks for leaders among the topics that it has met.
    await this.#admin.fetchTopicOffsets(topic)
    await cut('4')
    const low = Number((await this.#admin.fetchTopicOffsets(topic))[0]?.low)
    const outside = await codeOf(() => cut('99'))
    return { low, first: (await this.#values(topic))[0], outside }
  }

  async #acls() {
    const topic = await this.#create('guarded')
    const alice = kafkaOf({ brokers: [this.#broker.saslAddress], sasl: loginOf('plain') })
    const producer = await this.#producer({}, alice)
    const denied = await codeOf(() => producer.send({ topic, messages: [{ value: 'denied' }] }))
    const entry = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:alice',
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
    }
    const operations = [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE]
    await this.#admin.createAcls({ acl: operations.map((operation) => ({ ...entry, operation })) })
    await producer.send({ topic, messages: [{ value: 'allowed' }] })
    const filter = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      operation: AclOperationTypes.ANY,
      permissionType: AclPermissionTypes.ANY,
    }
    const { resources } = await this.#admin.describeAcls(filter)
    const { filterResponses } = await this.#admin.deleteAcls({ filters: [filter] })
    const listed = resources.reduce((sum, each) => sum + each.acls.length, 0)
    return { denied, values: await this.#values(topic), listed, deleted: filterResponses[0]?.matchingAcls.length }
  }

  async #sasl() {
    const brokers = [this.#broker.saslAddress]
    const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
    const right = mechanisms.map((each) => canLogin({ brokers, sasl: loginOf(each) }))
    const wrong = mechanisms.map((each) => canLogin({ brokers, sasl: loginOf(each, 'wrong') }))
    return { right: await Promise.all(right), wrong: await Promise.all(wrong) }
  }

  async #tls() {
    const secure = { brokers: [this.#broker.secureAddress], sasl: loginOf('scram-sha-512') }
    const ca = readFileSync(this.#broker.caFile, 'utf8')
    return { trusted: await canLogin({ ...secure, ssl: { ca } }), untrusted: await canLogin({ ...secure, ssl: true }) }
  }

  async #restart(event: () => Promise<void>) {
    const topic = await this.#create('kept', 2)
    const kafka = kafkaOf({
      brokers: [this.#broker.address],
      retry: { retries: 30, initialRetryTime: 50, maxRetryTime: 200 },
    })
    const producer = await this.#producer({ idempotent: true, maxInFlightRequests: 1 }, kafka)
    const acknowledged: string[] = []
    let restarted: Promise<void> | undefined
    let enough = Number.POSITIVE_INFINITY
    for (let number = 0; acknowledged.length < enough; number += 3) {
      const values = [0, 1, 2].map((each) => String(number + each))
      // Named partitions: this client draws new ones for a retry, and the broker could not know it for one.
      await producer.send({ topic, messages: values.map((value, each) => ({ value, partition: each % 2 })) })
      acknowledged.push(...values)
      if (acknowledged.length < 300) continue
      restarted ??= event().then(() => {
        enough = acknowledged.length + 300
      })
    }
    await restarted
    const values = await this.#values(topic)
    const distinct = new Set(values)
    const missing = acknowledged.filter((each) => !distinct.has(each)).length
    return { enough: acknowledged.length >= enough, missing, duplicates: values.length - distinct.size }
  }
}
