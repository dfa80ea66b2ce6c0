import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import {
  CommittedFilter,
  codeOf,
  commitOffsets,
  deleteGroup,
  deleteOffsets,
  describeGroup,
  endTransaction,
  fetchOffsets,
  KafkaAdmin,
  KafkaCluster,
  KafkaFetcher,
  KafkaProducer,
  listGroups,
} from '../../connectors/kafka/client/index.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import {
  codecNames,
  type RecordView,
  readBatchHeader,
  readControlRecord,
  readRecords,
} from '../../proto/kafka/records/index.ts'
import { freePort } from '../support/ports.ts'

let broker: RunningBroker
let directory: string
let cluster: KafkaCluster
let admin: KafkaAdmin

const start = (listener: string): Promise<RunningBroker> =>
  startBroker({
    'broker.listeners': listener,
    'broker.data-dir': directory,
    'broker.group.initial.rebalance.delay': '0ms',
  })

beforeAll(async () => {
  directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-client-')
  broker = await start(`127.0.0.1:${await freePort()}`)
  cluster = new KafkaCluster({ brokers: [broker.address] })
  admin = new KafkaAdmin(cluster)
})

afterAll(async () => {
  await cluster.close()
  await broker.close()
  systemDisk.remove(directory)
})

const text = (record: RecordView): string | undefined => record.value?.toString()

/** What a reader sees of all partitions up to their ends. */
async function readAll(topic: string, readCommitted: boolean): Promise<RecordView[]> {
  const { leaders } = await admin.describeTopic(topic)
  const asked = leaders.map((_, partition) => ({ topic, partition, at: 'latest' as const }))
  const ends = await admin.listOffsets(asked, readCommitted)
  const left = new Map(ends.filter(({ offset }) => offset > 0).map(({ partition, offset }) => [partition, offset]))
  const fetcher = new KafkaFetcher(cluster, { readCommitted, maxWaitMs: 50 })
  const filters = leaders.map(() => new CommittedFilter())
  for (const partition of left.keys()) fetcher.assign(topic, partition, 0)
  const records: RecordView[] = []
  while (left.size > 0) {
    await fetcher.available()
    const fetched = fetcher.take()
    if (fetched === undefined) continue
    if (fetched.kind === 'failed') throw fetched.error
    const filter = filters[fetched.partition]
    filter.begin(fetched.aborted)
    for (let at = 0; at < fetched.records.length; ) {
      const header = readBatchHeader(fetched.records, at)
      const batch = fetched.records.subarray(at, at + header.sizeBytes)
      at += header.sizeBytes
      const isAbort = header.isControl && readControlRecord(batch, header)?.kind === 'abort'
      if (filter.accepts(header, isAbort)) records.push(...readRecords(batch, header))
    }
    if (fetched.nextOffset >= (left.get(fetched.partition) as number)) left.delete(fetched.partition)
  }
  fetcher.close()
  return records
}

/** Markers are written after the answer to a commit: resolves when no transaction is open any more. */
async function decided(topic: string): Promise<void> {
  const asked = (await admin.describeTopic(topic)).leaders.map((_, partition) => ({
    topic,
    partition,
    at: 'latest' as const,
  }))
  const ends = async (readCommitted: boolean): Promise<string> =>
    (await admin.listOffsets(asked, readCommitted)).map(({ partition, offset }) => `${partition}:${offset}`).join()
  while ((await ends(true)) !== (await ends(false))) await cluster.pause(1)
}

async function producer(topic: string, transactionalId?: string): Promise<KafkaProducer> {
  const made = new KafkaProducer(cluster, transactionalId === undefined ? {} : { transactionalId })
  await made.start()
  await made.prepare(topic)
  return made
}

describe('the Kafka client', () => {
  it('makes, describes, changes and deletes topics', async () => {
    await admin.createTopics([{ name: 'admin', partitions: 2, configs: { 'retention.ms': '60000' } }])
    await expect(admin.createTopics([{ name: 'admin' }])).rejects.toMatchObject({ code: 'KAFKA_REFUSED' })
    await admin.createTopics([{ name: 'admin' }], { ifMissing: true })
    await admin.alterConfigs('topic', 'admin', [{ name: 'cleanup.policy', operation: 'set', value: 'compact' }])
    const configs = (await admin.describeConfigs('topic', 'admin')).filter((each) => !each.isDefault)
    expect(configs.map(({ name, value }) => `${name}=${value}`).sort()).toEqual([
      'cleanup.policy=compact',
      'retention.ms=60000',
    ])
    await admin.createPartitions('admin', 4)
    expect((await admin.describeTopic('admin')).leaders).toHaveLength(4)
    await admin.deleteTopics(['admin'])
    expect((await admin.listTopics()).map(({ name }) => name)).not.toContain('admin')
    await expect(admin.describeTopic('admin')).rejects.toSatisfy(
      (error) => codeOf(error) === kafkaError.UNKNOWN_TOPIC_OR_PARTITION,
    )
  })

  it.each(codecNames)('produces and fetches every record once, with codec %s', async (codec) => {
    const topic = `plain-${codec}`
    await admin.createTopics([{ name: topic, partitions: 3 }])
    const made = new KafkaProducer(cluster, { codec, batchBytes: 10_000 })
    await made.start()
    await made.prepare(topic)
    for (let index = 0; index < 2000; index++) {
      const key = Buffer.from(`key-${index % 50}`)
      const headers = index % 7 === 0 ? [{ key: 'h', value: Buffer.from('x') }] : []
      made.append(
        topic,
        made.partitionFor(topic, key),
        1_700_000_000_000 + index,
        key,
        Buffer.from(`${index}`),
        headers,
      )
    }
    await made.flush()
    const records = await readAll(topic, true)
    expect(records.map((record) => Number(text(record))).sort((a, b) => a - b)).toEqual([...Array(2000).keys()])
    const ofOneKey = records
      .filter((record) => record.key?.toString() === 'key-7')
      .map((record) => Number(text(record)))
    expect(ofOneKey).toEqual(Array.from({ length: 40 }, (_, index) => 7 + index * 50))
    expect(records.find((record) => text(record) === '7')?.headers).toEqual([{ key: 'h', value: Buffer.from('x') }])
  })

  it('finds offsets by time, and deletes records', async () => {
    await admin.createTopics([{ name: 'times', partitions: 1 }])
    const made = await producer('times')
    for (let index = 0; index < 10; index++) made.append('times', 0, 1000 + index * 10, null, Buffer.from('v'))
    await made.flush()
    const at = (when: 'earliest' | 'latest' | 'max-timestamp' | number) => ({ topic: 'times', partition: 0, at: when })
    const asked = ['earliest', 'latest', 'max-timestamp', 1045, 9999] as const
    const found = await admin.listOffsets(asked.map(at))
    expect(found.map(({ offset }) => offset)).toEqual([0, 10, 9, 5, -1])
    expect(await admin.deleteRecords([{ topic: 'times', partition: 0, offset: 4 }])).toMatchObject([{ offset: 4 }])
    const fetcher = new KafkaFetcher(cluster)
    fetcher.assign('times', 0, 0)
    await fetcher.available()
    expect(fetcher.take()).toMatchObject({ kind: 'failed', code: kafkaError.OFFSET_OUT_OF_RANGE })
    fetcher.assign('times', 0, 4)
    await fetcher.available()
    expect(fetcher.take()).toMatchObject({ kind: 'batches', fetchOffset: 4, nextOffset: 10 })
    fetcher.close()
  })

  it('shows committed transactions only, with their offsets', async () => {
    await admin.createTopics([{ name: 'tx', partitions: 3 }])
    const made = await producer('tx', 'pay')
    for (let round = 0; round < 6; round++) {
      made.begin()
      for (let index = 0; index < 9; index++)
        made.append('tx', index % 3, round, null, Buffer.from(`${round}/${index}`))
      await made.commitOffsets('readers', [{ topic: 'tx', partition: 0, offset: round }])
      await made.flush()
      if (round % 2 === 1) await made.abort()
      else await made.commit()
    }
    made.begin()
    made.append('tx', 0, 9, null, Buffer.from('never sent'))
    await made.abort()
    made.begin()
    made.append('tx', 0, 9, null, Buffer.from('last'))
    await made.commit()
    await decided('tx')
    const committed = (await readAll('tx', true)).map(text)
    expect(committed).toHaveLength(28)
    expect(new Set(committed.map((value) => value?.split('/')[0]))).toEqual(new Set(['0', '2', '4', 'last']))
    expect((await readAll('tx', false)).length).toBe(55)
    expect(await fetchOffsets(cluster, 'readers', null, true)).toMatchObject([{ partition: 0, offset: 4 }])
  })

  it('ends a transaction with the identity of another producer, any number of times', async () => {
    await admin.createTopics([{ name: 'tx-elsewhere', partitions: 1 }])
    const made = await producer('tx-elsewhere', 'sink-1')
    made.begin()
    made.append('tx-elsewhere', 0, 1, null, Buffer.from('x'))
    await made.flush()
    const { identity } = made
    if (identity === undefined) throw new Error('no identity')
    expect(await readAll('tx-elsewhere', true)).toEqual([])
    await endTransaction(cluster, identity, 'commit')
    await endTransaction(cluster, identity, 'commit')
    await decided('tx-elsewhere')
    expect((await readAll('tx-elsewhere', true)).map(text)).toEqual(['x'])
  })

  it('fences the producer that had the transactional id before', async () => {
    await admin.createTopics([{ name: 'fence', partitions: 1 }])
    const old = await producer('fence', 'only-one')
    old.begin()
    old.append('fence', 0, 1, null, Buffer.from('old'))
    await old.flush()
    const fresh = await producer('fence', 'only-one')
    old.append('fence', 0, 1, null, Buffer.from('zombie'))
    await expect(old.commit()).rejects.toMatchObject({ code: 'KAFKA_FENCED' })
    fresh.begin()
    fresh.append('fence', 0, 1, null, Buffer.from('new'))
    await fresh.commit()
    await decided('fence')
    expect((await readAll('fence', true)).map(text)).toEqual(['new'])
  })

  it('commits, lists and forgets offsets of groups', async () => {
    await admin.createTopics([{ name: 'groups', partitions: 2 }])
    await commitOffsets(cluster, 'g', [{ topic: 'groups', partition: 1, offset: 77, metadata: 'm' }])
    const both = [0, 1].map((partition) => ({ topic: 'groups', partition }))
    expect(await fetchOffsets(cluster, 'g', both)).toMatchObject([{ partition: 1, offset: 77, metadata: 'm' }])
    expect((await listGroups(cluster)).map(({ groupId }) => groupId)).toContain('g')
    expect(await describeGroup(cluster, 'g')).toMatchObject({ state: 'Empty', members: [] })
    await deleteOffsets(cluster, 'g', both)
    expect(await fetchOffsets(cluster, 'g', both)).toEqual([])
    await commitOffsets(cluster, 'g', [{ topic: 'groups', partition: 0, offset: 1 }])
    await deleteGroup(cluster, 'g')
    expect(await describeGroup(cluster, 'g')).toMatchObject({ state: 'Dead' })
  })

  it('says which record the broker does not take', async () => {
    await admin.createTopics([{ name: 'small', partitions: 1, configs: { 'max.message.bytes': '1000' } }])
    const made = await producer('small')
    made.append('small', 0, 1, null, Buffer.alloc(5000))
    await expect(made.flush()).rejects.toSatisfy((error) => codeOf(error) === kafkaError.MESSAGE_TOO_LARGE)
    expect(() => made.append('small', 0, 1, null, null)).toThrow('MESSAGE_TOO_LARGE')
  })

  it('says that nobody answers', async () => {
    const nobody = new KafkaCluster({ brokers: ['127.0.0.1:1'], retryTimeoutMs: 0 })
    await expect(nobody.listTopics()).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE', retry: 'backoff' })
    await nobody.close()
  })

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)('logs in with %s', async (mechanism) => {
    const data = systemDisk.makeTemporaryDirectory('/tmp/millrace-sasl-')
    systemDisk.write(`${data}/users`, 'anna=gehe,im\n')
    const guarded = await startBroker({
      'broker.listeners': 'SASL_PLAINTEXT://127.0.0.1:0',
      'broker.data-dir': `${data}/log`,
      'broker.sasl.users-file': `${data}/users`,
      'broker.sasl.failure-delay': '0ms',
    })
    const as = (password: string): KafkaCluster =>
      new KafkaCluster({ brokers: [guarded.address], sasl: { mechanism, username: 'anna', password } })
    const [right, wrong] = [as('gehe,im'), as('falsch')]
    expect(await right.listTopics()).toBeInstanceOf(Array)
    await expect(wrong.listTopics()).rejects.toMatchObject({ code: 'KAFKA_AUTHENTICATION', retry: 'never' })
    await Promise.all([right.close(), wrong.close()])
    await guarded.close()
    systemDisk.remove(data)
  })

  it('waits for a broker that is restarted, loses nothing, writes nothing twice', async () => {
    await admin.createTopics([{ name: 'restart', partitions: 2 }])
    const made = await producer('restart')
    const fetcher = new KafkaFetcher(cluster, { maxWaitMs: 50 })
    for (const partition of [0, 1]) fetcher.assign('restart', partition, 0)
    const send = async (from: number): Promise<void> => {
      for (let index = from; index < from + 500; index++)
        made.append('restart', index % 2, index, null, Buffer.from(`${index}`))
      await made.flush()
    }
    await send(0)
    const { address } = broker
    const stopped = broker.close()
    const sending = send(500)
    await stopped
    broker = await start(address)
    await sending
    await send(1000)
    const got: number[] = []
    while (got.length < 1500) {
      await fetcher.available()
      const fetched = fetcher.take()
      if (fetched?.kind !== 'batches') continue
      for (let at = 0; at < fetched.records.length; ) {
        const header = readBatchHeader(fetched.records, at)
        got.push(
          ...readRecords(fetched.records.subarray(at, at + header.sizeBytes), header).map((each) => Number(text(each))),
        )
        at += header.sizeBytes
      }
    }
    fetcher.close()
    expect(got.sort((a, b) => a - b)).toEqual([...Array(1500).keys()])
  })
})
