import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestOf } from '../../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import { produceOf, type WireClient } from '../../../support/wire-client.ts'

let harness: BrokerHarness
let client: WireClient

beforeAll(async () => {
  harness = await startBrokerHarness({ 'broker.partitions.max': '200', 'broker.topic.retention.ms': '3600000' })
  client = harness.connect()
})

afterAll(() => harness.close())

const noId = 'AAAAAAAAAAAAAAAAAAAAAA'

function created(name: string, more: Partial<RequestOf<'CreateTopics'>['topics'][number]> = {}) {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...more }
}

async function create(...topics: RequestOf<'CreateTopics'>['topics']) {
  const response = await client.call('CreateTopics', 7, { topics, timeoutMs: 1000, validateOnly: false })
  return response.topics
}

function metadata(version: number, names: (string | null)[] | null, auto = false) {
  const topics = names?.map((name) => ({ topicId: noId, name })) ?? null
  return client.call('Metadata', version, {
    topics,
    allowAutoTopicCreation: auto,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: true,
  })
}

describe('CreateTopics', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('makes a topic that takes appends at once, in version %i', async (version) => {
    const name = `made-${version}`
    const topics = [created(name, { numPartitions: -1, replicationFactor: -1 })]
    const response = await client.call('CreateTopics', version, { topics, timeoutMs: 1000, validateOnly: false })
    expect(response.topics[0]?.errorCode).toBe(0)
    const produced = await client.call('Produce', 9, produceOf(name, 0, batchOf(['a'])))
    expect(produced.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0 })
  })

  it('answers each topic for itself', async () => {
    const answers = await create(
      created('good', { configs: [{ name: 'retention.ms', value: '1000' }] }),
      created('made-0'),
      created('bad name'),
      created('..'),
      created('__consumer_offsets'),
      created('x'.repeat(250)),
      created('copies', { replicationFactor: 3 }),
      created('none', { numPartitions: 0 }),
      created('config', { configs: [{ name: 'retention.ms', value: 'soon' }] }),
      created('unknown', { configs: [{ name: 'no.such.setting', value: '1' }] }),
      created('twice'),
      created('twice'),
      created('huge', { numPartitions: 1000 }),
      created('elsewhere', {
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [{ partitionIndex: 0, brokerIds: [9] }],
      }),
      created('here', {
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [0, 1].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] })),
      }),
    )
    expect(answers.map((each) => [each.name.slice(0, 9), each.errorCode])).toEqual([
      ['good', 0],
      ['made-0', kafkaError.TOPIC_ALREADY_EXISTS],
      ['bad name', kafkaError.INVALID_TOPIC_EXCEPTION],
      ['..', kafkaError.INVALID_TOPIC_EXCEPTION],
      ['__consume', kafkaError.INVALID_TOPIC_EXCEPTION],
      ['xxxxxxxxx', kafkaError.INVALID_TOPIC_EXCEPTION],
      ['copies', kafkaError.INVALID_REPLICATION_FACTOR],
      ['none', kafkaError.INVALID_PARTITIONS],
      ['config', kafkaError.INVALID_CONFIG],
      ['unknown', kafkaError.INVALID_CONFIG],
      ['twice', kafkaError.INVALID_REQUEST],
      ['twice', kafkaError.INVALID_REQUEST],
      ['huge', kafkaError.POLICY_VIOLATION],
      ['elsewhere', kafkaError.INVALID_REPLICA_ASSIGNMENT],
      ['here', 0],
    ])
    const retention = answers[0]?.configs?.find((each) => each.name === 'retention.ms')
    expect(retention).toMatchObject({ value: '1000', configSource: 1 })
    expect(answers.at(-1)).toMatchObject({ numPartitions: 2, replicationFactor: 1 })
  })

  it('refuses names that would share their metrics, and only validates when asked', async () => {
    await create(created('a.b'))
    expect((await create(created('a_b')))[0]?.errorCode).toBe(kafkaError.INVALID_TOPIC_EXCEPTION)
    const topics = [created('thought-of')]
    const response = await client.call('CreateTopics', 5, { topics, timeoutMs: 1000, validateOnly: true })
    expect(response.topics[0]?.errorCode).toBe(0)
    expect((await metadata(12, ['thought-of'])).topics[0]?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
  })
})

describe('Metadata', () => {
  it('names all topics or none, as its version says it', async () => {
    await create(created('seen'))
    const names = async (version: number, asked: string[] | null) =>
      (await metadata(version, asked)).topics.map((each) => each.name)
    expect(await names(0, [])).toContain('seen')
    expect(await names(1, [])).toEqual([])
    expect(await names(1, null)).toContain('seen')
    expect(await names(12, null)).toContain('seen')
  })

  it('makes topics that are asked for by name, when the client allows it', async () => {
    expect((await metadata(9, ['auto'])).topics[0]?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    const made = await metadata(9, ['auto', 'bad name', '__transaction_state'], true)
    expect(made.topics.map((each) => each.errorCode)).toEqual([
      0,
      kafkaError.INVALID_TOPIC_EXCEPTION,
      kafkaError.UNKNOWN_TOPIC_OR_PARTITION,
    ])
    expect(made.topics[0]?.partitions[0]).toMatchObject({ leaderId: 1, errorCode: 0, isrNodes: [1] })
  })

  it('answers about an id that nobody has also in versions that cannot leave the name out', async () => {
    for (const version of [10, 11, 12]) {
      const { topics } = await client.call('Metadata', version, {
        topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', name: null }],
        allowAutoTopicCreation: false,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      })
      expect(topics[0]).toMatchObject({
        errorCode: kafkaError.UNKNOWN_TOPIC_ID,
        name: version < 12 ? '' : null,
        topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      })
    }
  })

  it('finds topics by id, and gives a topic that was made again another one', async () => {
    const first = (await create(created('again')))[0]?.topicId as string
    const byId = await client.call('Metadata', 12, {
      topics: [
        { topicId: first, name: null },
        { topicId: 'AAAAAAAAAAAAAAAAAAAAAg', name: null },
      ],
      allowAutoTopicCreation: true,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    })
    expect(byId.topics.map((each) => [each.name, each.errorCode])).toEqual([
      ['again', 0],
      [null, kafkaError.UNKNOWN_TOPIC_ID],
    ])
    const deleted = await client.call('DeleteTopics', 6, {
      topics: [{ name: null, topicId: first }],
      topicNames: [],
      timeoutMs: 1000,
    })
    expect(deleted.responses[0]).toMatchObject({ name: 'again', errorCode: 0 })
    expect((await create(created('again')))[0]?.topicId).not.toBe(first)
  })

  it('is told again after a restart: ids, settings, epochs that do not fall', async () => {
    await create(created('stays', { configs: [{ name: 'cleanup.policy', value: 'compact' }] }))
    const before = (await metadata(12, ['stays'])).topics[0]
    const clusterId = (await metadata(12, [])).clusterId
    await harness.restart()
    client = harness.connect()
    const after = (await metadata(12, ['stays'])).topics[0]
    expect(after?.topicId).toBe(before?.topicId)
    expect((await metadata(12, [])).clusterId).toBe(clusterId)
    expect(after?.partitions[0]?.leaderEpoch).toBeGreaterThanOrEqual(before?.partitions[0]?.leaderEpoch as number)
    expect(harness.broker.topics.get('stays')?.image.configs).toEqual({ 'cleanup.policy': 'compact' })
  })
})

describe('DeleteTopics and CreatePartitions', () => {
  it('answer each topic for itself', async () => {
    await create(created('growing', { numPartitions: 2 }))
    const grown = await client.call('CreatePartitions', 3, {
      topics: [
        { name: 'growing', count: 4, assignments: null },
        { name: 'nowhere', count: 4, assignments: null },
      ],
      timeoutMs: 1000,
      validateOnly: false,
    })
    expect(grown.results.map((each) => each.errorCode)).toEqual([0, kafkaError.UNKNOWN_TOPIC_OR_PARTITION])
    const shrunk = await client.call('CreatePartitions', 0, {
      topics: [{ name: 'growing', count: 3, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    expect(shrunk.results[0]?.errorCode).toBe(kafkaError.INVALID_PARTITIONS)
    const produced = await client.call('Produce', 9, produceOf('growing', 3, batchOf(['a'])))
    expect(produced.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
    const request = { topics: [], topicNames: ['growing', 'nowhere'], timeoutMs: 1000 }
    const deleted = await client.call('DeleteTopics', 4, request)
    expect(deleted.responses.map((each) => each.errorCode)).toEqual([0, kafkaError.UNKNOWN_TOPIC_OR_PARTITION])
  })
})

describe('settings', () => {
  const topicResource = (name: string) => ({ resourceType: 2, resourceName: name })

  async function describeTopic(name: string, keys: string[] | null = null) {
    const response = await client.call('DescribeConfigs', 4, {
      resources: [{ ...topicResource(name), configurationKeys: keys }],
      includeSynonyms: true,
      includeDocumentation: true,
    })
    return response.results[0]
  }

  async function alter(
    resource: { resourceType: number; resourceName: string },
    configs: { name: string; configOperation: number; value: string | null }[],
    validateOnly = false,
  ) {
    const request = { resources: [{ ...resource, configs }], validateOnly }
    return (await client.call('IncrementalAlterConfigs', 1, request)).responses[0]
  }

  it('say where their values come from', async () => {
    await create(created('described', { configs: [{ name: 'segment.ms', value: '5000' }] }))
    const all = await describeTopic('described')
    const of = (name: string) => all?.configs.find((each) => each.name === name)
    expect(of('segment.ms')).toMatchObject({ value: '5000', configSource: 1, isSensitive: false, readOnly: false })
    expect(of('segment.ms')?.synonyms.map((each) => [each.name, each.source])).toEqual([
      ['segment.ms', 1],
      ['log.roll.ms', 5],
    ])
    expect(of('retention.ms')).toMatchObject({ value: '3600000', configSource: 4 })
    expect(of('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5, configType: 7 })
    expect(of('cleanup.policy')?.documentation).toContain('compact')
    expect((await describeTopic('described', ['segment.ms']))?.configs).toHaveLength(1)
    expect((await describeTopic('nowhere'))?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
  })

  it('are set, taken back, appended to and subtracted from', async () => {
    await create(created('altered'))
    const resource = topicResource('altered')
    const value = async (name: string) => (await describeTopic('altered', [name]))?.configs[0]?.value
    await alter(resource, [{ name: 'retention.ms', configOperation: 0, value: '77' }])
    expect(await value('retention.ms')).toBe('77')
    const log = harness.broker.topics.get('altered')?.logs[0]
    expect(log?.config.retentionMs).toBe(77)
    await alter(resource, [{ name: 'cleanup.policy', configOperation: 2, value: 'compact' }])
    expect(await value('cleanup.policy')).toBe('delete,compact')
    await alter(resource, [{ name: 'cleanup.policy', configOperation: 3, value: 'delete' }])
    expect(await value('cleanup.policy')).toBe('compact')
    await alter(resource, [{ name: 'retention.ms', configOperation: 1, value: null }])
    expect(await value('retention.ms')).toBe('3600000')
    await alter(resource, [{ name: 'retention.ms', configOperation: 0, value: '88' }], true)
    expect(await value('retention.ms')).toBe('3600000')
  })

  it('refuse what makes no sense, and change nothing then', async () => {
    await create(created('refusing'))
    const resource = topicResource('refusing')
    const code = async (name: string, configOperation: number, value: string | null) =>
      (await alter(resource, [{ name, configOperation, value }]))?.errorCode
    expect(await code('retention.ms', 0, 'x')).toBe(kafkaError.INVALID_CONFIG)
    expect(await code('retention.ms', 2, '5')).toBe(kafkaError.INVALID_CONFIG)
    expect(await code('no.such', 0, '5')).toBe(kafkaError.INVALID_CONFIG)
    expect(await code('retention.ms', 9, '5')).toBe(kafkaError.INVALID_REQUEST)
    expect(await code('retention.ms', 0, null)).toBe(kafkaError.INVALID_CONFIG)
    expect(await code('min.insync.replicas', 0, '2')).toBe(kafkaError.INVALID_CONFIG)
    expect((await alter({ resourceType: 4, resourceName: '9' }, []))?.errorCode).toBe(kafkaError.INVALID_REQUEST)
    expect(harness.broker.topics.get('refusing')?.image.configs).toEqual({})
  })

  it('of the broker change the topics that have none of their own', async () => {
    await create(created('follows'))
    const broker = { resourceType: 4, resourceName: '1' }
    const answer = await alter(broker, [{ name: 'log.segment.bytes', configOperation: 0, value: '1000000' }])
    expect(answer?.errorCode).toBe(0)
    expect(harness.broker.topics.get('follows')?.logs[0]?.config.segmentBytes).toBe(1_000_000)
    expect((await describeTopic('follows', ['segment.bytes']))?.configs[0]).toMatchObject({ configSource: 2 })
    const fixed = await alter(broker, [{ name: 'num.partitions', configOperation: 0, value: '5' }])
    expect(fixed?.errorCode).toBe(kafkaError.INVALID_REQUEST)
    const described = await client.call('DescribeConfigs', 1, {
      resources: [{ ...broker, configurationKeys: null }],
      includeSynonyms: false,
      includeDocumentation: false,
    })
    const names = described.results[0]?.configs.map((each) => each.name)
    expect(names).toEqual(expect.arrayContaining(['num.partitions', 'log.segment.bytes', 'listeners']))
    await alter(broker, [{ name: 'log.segment.bytes', configOperation: 1, value: null }])
    expect(harness.broker.topics.get('follows')?.logs[0]?.config.segmentBytes).toBe(1_073_741_824)
  })
})

describe('places in a log', () => {
  it('are listed: first, last, by time, by the largest time', async () => {
    await create(created('places'))
    await client.call('Produce', 9, produceOf('places', 0, batchOf(['a', 'b', 'c'])))
    const at = async (timestamp: number, partitionIndex = 0, version = 7) => {
      const partitions = [{ partitionIndex, currentLeaderEpoch: -1, timestamp, maxNumOffsets: 1 }]
      const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: 'places', partitions }], timeoutMs: 0 }
      return (await client.call('ListOffsets', version, request)).topics[0]?.partitions[0]
    }
    expect(await at(-2)).toMatchObject({ offset: 0, errorCode: 0 })
    expect(await at(-1)).toMatchObject({ offset: 3 })
    expect(await at(-3)).toMatchObject({ offset: 2, timestamp: 1_700_000_000_002 })
    expect(await at(1_700_000_000_001)).toMatchObject({ offset: 1, timestamp: 1_700_000_000_001 })
    expect(await at(1_900_000_000_000)).toMatchObject({ offset: -1, timestamp: -1, errorCode: 0 })
    expect((await at(-1, 5))?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    for (const version of [1, 2, 3, 4, 5, 6, 8, 9, 10]) expect((await at(-1, 0, version))?.offset).toBe(3)
  })

  it('are moved by DeleteRecords, and named by OffsetForLeaderEpoch', async () => {
    await create(created('cut'))
    await client.call('Produce', 9, produceOf('cut', 0, batchOf(['a', 'b', 'c'])))
    const remove = async (offset: number) => {
      const topics = [{ name: 'cut', partitions: [{ partitionIndex: 0, offset }] }]
      return (await client.call('DeleteRecords', 2, { topics, timeoutMs: 1000 })).topics[0]?.partitions[0]
    }
    expect(await remove(2)).toMatchObject({ lowWatermark: 2, errorCode: 0 })
    expect((await remove(9))?.errorCode).toBe(kafkaError.OFFSET_OUT_OF_RANGE)
    const epoch = harness.broker.topics.get('cut')?.logs[0]?.leaderEpoch as number
    const asked = await client.call('OffsetForLeaderEpoch', 4, {
      replicaId: -1,
      topics: [{ topic: 'cut', partitions: [{ partition: 0, currentLeaderEpoch: epoch, leaderEpoch: epoch }] }],
    })
    expect(asked.topics[0]?.partitions[0]).toEqual({ errorCode: 0, partition: 0, leaderEpoch: epoch, endOffset: 3 })
  })
})

describe('the broker', () => {
  it('describes itself, its directory and producers', async () => {
    const cluster = await client.call('DescribeCluster', 1, {
      includeClusterAuthorizedOperations: true,
      endpointType: 1,
      includeFencedBrokers: false,
    })
    expect(cluster).toMatchObject({ errorCode: 0, clusterId: harness.broker.clusterId, controllerId: 1 })
    expect(cluster.brokers).toHaveLength(1)
    expect(cluster.clusterAuthorizedOperations).toBeGreaterThan(0)
    await create(created('sized'))
    const batch = batchOf(['a'], { producerId: 5, producerEpoch: 1, baseSequence: 0 })
    await client.call('Produce', 9, produceOf('sized', 0, batch))
    const topics = [{ topic: 'sized', partitions: [0] }]
    const dirs = await client.call('DescribeLogDirs', 4, { topics })
    expect(dirs.results[0]?.topics[0]?.partitions[0]?.partitionSize).toBe(batch.length)
    const producers = await client.call('DescribeProducers', 0, { topics: [{ name: 'sized', partitionIndexes: [0] }] })
    expect(producers.topics[0]?.partitions[0]?.activeProducers[0]).toMatchObject({ producerId: 5, producerEpoch: 1 })
  })

  it('counts what it does', async () => {
    const text = await harness.broker.metrics.text()
    for (const kind of ['waiting', 'failed']) expect(text).toContain(`millrace_broker_partitions_${kind} 0`)
    expect(text).toMatch(/millrace_broker_requests_total\{api="Produce"\} [1-9]/)
    const [all, slow] = ['+Inf', '5000'].map(
      (le) =>
        new RegExp(
          `millrace_broker_request_time_ms_bucket\\{api="Produce",le="${le.replace('+', '\\+')}"\\} (\\d+)`,
        ).exec(text)?.[1],
    )
    expect(Number(all)).toBeGreaterThan(0)
    expect(slow).toBe(all)
    expect(text).toContain('millrace_broker_connections 1')
  })
})
