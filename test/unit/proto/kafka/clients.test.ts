/** The bytes of two clients that others wrote: what they send is read and written again to the same bytes; what we answer they understand. */
import { createRequire } from 'node:module'
import * as platformatic from '@platformatic/kafka'
import { describe, expect, it } from 'vitest'
import { type ApiName, apis, type RequestOf, type ResponseOf } from '../../../../proto/kafka/apis.ts'
import { KafkaReader, zeroUuid } from '../../../../proto/kafka/reader.ts'
import {
  buildBatch,
  codecNames,
  readBatchHeader,
  readRecords,
  verifyBatch,
} from '../../../../proto/kafka/records/index.ts'
import { KafkaWriter } from '../../../../proto/kafka/writer.ts'

const require = createRequire(import.meta.url)
const writer = new KafkaWriter()

interface KafkaJsRequest {
  apiKey: number
  apiVersion: number
  encode(): Promise<{ buffer: Buffer }>
}
interface KafkaJsResponse {
  decode(bytes: Buffer): Promise<Record<string, unknown>>
}
const kafkaJs = (path: string): unknown => require(`../../../../node_modules/kafkajs/src/protocol/requests/${path}`)
const kafkaJsRequest = (path: string, options: unknown): KafkaJsRequest =>
  (kafkaJs(`${path}/request`) as (given: unknown) => KafkaJsRequest)(options)
const kafkaJsResponse = (path: string): KafkaJsResponse => kafkaJs(`${path}/response`) as KafkaJsResponse
const long = (value: number): unknown =>
  (require('kafkajs/src/utils/long') as { fromNumber(given: number): unknown }).fromNumber(value)

interface Sent {
  readonly key: number
  readonly version: number
  readonly bytes: Buffer
  parse(bytes: Buffer): Record<string, unknown>
}

interface PlatformaticApi {
  readonly api: { readonly key: number; readonly version: number }
  createRequest(...options: unknown[]): { buffer: Buffer }
  parseResponse(id: number, key: number, version: number, reader: unknown): Record<string, unknown>
}

/** What @platformatic/kafka would send, and how it reads the answer. */
function sentBy(name: string, ...options: unknown[]): Sent {
  const api = (platformatic as unknown as Record<string, PlatformaticApi>)[name]
  const { key, version } = api.api
  return {
    key,
    version,
    bytes: Buffer.from(api.createRequest(...options).buffer),
    parse: (bytes) => api.parseResponse(1, key, version, platformatic.Reader.from(bytes)),
  }
}

/** Reads a request to its end and writes it again to the same bytes. */
function understand<Name extends ApiName>(name: Name, version: number, bytes: Buffer): RequestOf<Name> {
  const reader = new KafkaReader(bytes)
  const message = apis[name].readRequest(reader, version)
  expect(reader.remaining).toBe(0)
  writer.beginBare()
  const write: (to: KafkaWriter, given: never, version: number) => void = apis[name].writeRequest
  write(writer, message as never, version)
  expect(writer.finishOne().toString('hex')).toBe(bytes.toString('hex'))
  return message as RequestOf<Name>
}

function answer<Name extends ApiName>(name: Name, version: number, message: ResponseOf<Name>): Buffer {
  writer.beginBare()
  const write: (to: KafkaWriter, given: never, version: number) => void = apis[name].writeResponse
  write(writer, message as never, version)
  return writer.finishOne()
}

async function understandKafkaJs<Name extends ApiName>(
  name: Name,
  path: string,
  options: unknown,
): Promise<RequestOf<Name>> {
  const request = kafkaJsRequest(path, options)
  expect(request.apiKey).toBe(apis[name].key)
  const { buffer } = await request.encode()
  return understand(name, request.apiVersion, buffer)
}

function understandSent<Name extends ApiName>(name: Name, sent: Sent): RequestOf<Name> {
  expect(sent.key).toBe(apis[name].key)
  return understand(name, sent.version, sent.bytes)
}

const topicId = 'q1ZWKk5LUsoqVrJSUkrLzy8A'.slice(0, 21).concat('A')
const topicUuid = (): string => {
  const hex = Buffer.from(topicId, 'base64url').toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

describe('kafkajs', () => {
  it('is understood when it produces, with idempotence and headers', async () => {
    const request = await understandKafkaJs('Produce', 'produce/v7', {
      acks: -1,
      timeout: 30_000,
      transactionalId: 'pay',
      producerId: long(4_000_000_000),
      producerEpoch: 3,
      topicData: [
        {
          topic: 'flights',
          partitions: [
            {
              partition: 2,
              firstSequence: 9,
              messages: [
                { key: 'a', value: 'one', timestamp: 1_700_000_000_000, headers: { trace: 'x', twice: ['y', 'z'] } },
                { key: null, value: null, timestamp: 1_700_000_000_005, headers: {} },
              ],
            },
          ],
        },
      ],
    })
    expect(request).toMatchObject({ transactionalId: 'pay', acks: -1, timeoutMs: 30_000 })
    const [{ name, partitionData }] = request.topicData
    const records = partitionData[0].records as Buffer
    expect([name, partitionData[0].index]).toEqual(['flights', 2])
    expect(verifyBatch(records)).toBeUndefined()
    const header = readBatchHeader(records)
    expect(header).toMatchObject({
      producerId: 4_000_000_000,
      producerEpoch: 3,
      baseSequence: 9,
      isTransactional: true,
    })
    expect(readRecords(records, header)).toEqual([
      {
        offset: 0,
        timestamp: 1_700_000_000_000,
        key: Buffer.from('a'),
        value: Buffer.from('one'),
        headers: [
          { key: 'trace', value: Buffer.from('x') },
          { key: 'twice', value: Buffer.from('y') },
          { key: 'twice', value: Buffer.from('z') },
        ],
      },
      { offset: 1, timestamp: 1_700_000_000_005, key: null, value: null, headers: [] },
    ])
  })

  it('is understood when it fetches, joins, and asks for topics, coordinators, versions and a producer id', async () => {
    const fetch = await understandKafkaJs('Fetch', 'fetch/v11', {
      replicaId: -1,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: 1_000_000,
      topics: [{ topic: 't', partitions: [{ partition: 1, fetchOffset: 42, maxBytes: 65_536 }] }],
    })
    expect(fetch).toMatchObject({ isolationLevel: 1, sessionId: 0, sessionEpoch: -1, rackId: '' })
    expect(fetch.topics[0].partitions[0]).toMatchObject({ partition: 1, fetchOffset: 42, currentLeaderEpoch: -1 })
    const join = await understandKafkaJs('JoinGroup', 'joinGroup/v5', {
      groupId: 'g',
      sessionTimeout: 10_000,
      rebalanceTimeout: 20_000,
      memberId: '',
      protocolType: 'consumer',
      groupProtocols: [{ name: 'RoundRobinAssigner', metadata: Buffer.from([1, 2]) }],
    })
    expect(join).toMatchObject({ groupId: 'g', groupInstanceId: null, protocols: [{ name: 'RoundRobinAssigner' }] })
    const metadata = await understandKafkaJs('Metadata', 'metadata/v6', { topics: ['a', 'b'] })
    expect(metadata.topics?.map((topic) => topic.name)).toEqual(['a', 'b'])
    expect(
      await understandKafkaJs('FindCoordinator', 'findCoordinator/v1', { coordinatorKey: 'g', coordinatorType: 1 }),
    ).toMatchObject({ key: 'g', keyType: 1 })
    expect(await understandKafkaJs('ApiVersions', 'apiVersions/v2', {})).toMatchObject({ clientSoftwareName: '' })
    expect(
      await understandKafkaJs('InitProducerId', 'initProducerId/v1', { transactionalId: 'pay', transactionTimeout: 7 }),
    ).toMatchObject({ transactionalId: 'pay', transactionTimeoutMs: 7, producerId: -1 })
  })

  it('reads records, topics and versions as we write them', async () => {
    const records = buildBatch({
      records: [{ key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 5, headers: [{ key: 'h', value: null }] }],
      baseOffset: 70,
      codec: 'gzip',
    })
    const fetched = await kafkaJsResponse('fetch/v11').decode(answer('Fetch', 11, fetchResponse(records)))
    expect(fetched).toMatchObject({
      responses: [
        {
          topicName: 't',
          partitions: [
            {
              partition: 3,
              highWatermark: '71',
              lastStableOffset: '71',
              abortedTransactions: [{ producerId: '8', firstOffset: '9' }],
              messages: [{ offset: '70', key: Buffer.from('k'), value: Buffer.from('v') }],
            },
          ],
        },
      ],
    })
    expect(await kafkaJsResponse('metadata/v6').decode(answer('Metadata', 6, metadataResponse))).toMatchObject({
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9092 }],
      topicMetadata: [{ topic: 't', partitionMetadata: [{ partitionId: 0, leader: 1, isr: [1] }] }],
    })
    expect(await kafkaJsResponse('apiVersions/v2').decode(answer('ApiVersions', 2, versionsResponse))).toMatchObject({
      apiVersions: [{ apiKey: 0, minVersion: 0, maxVersion: 11 }],
    })
  })
})

describe('@platformatic/kafka', () => {
  it('is understood when it produces', () => {
    const sent = sentBy(
      'produceV11',
      -1,
      1500,
      [
        { topic: 't', partition: 4, key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 1_700_000_000_000n },
        {
          topic: 't',
          partition: 4,
          value: Buffer.from('w'),
          timestamp: 1_700_000_000_001n,
          headers: new Map([[Buffer.from('h'), Buffer.from('x')]]),
        },
      ],
      { producerId: 5n, producerEpoch: 1, sequences: { getWithDefault: () => 12 } },
    )
    const request = understandSent('Produce', sent)
    const records = request.topicData[0].partitionData[0].records as Buffer
    expect(verifyBatch(records)).toBeUndefined()
    const header = readBatchHeader(records)
    expect(header).toMatchObject({ producerId: 5, producerEpoch: 1, recordCount: 2 })
    expect(readRecords(records, header).map((each) => [each.value?.toString(), each.headers.length])).toEqual([
      ['v', 0],
      ['w', 1],
    ])
  })

  it('is understood when it fetches, joins, and asks for topics, coordinators, versions and a producer id', () => {
    const partition = {
      partition: 0,
      currentLeaderEpoch: 2,
      fetchOffset: 1_000_000_000_000n,
      lastFetchedEpoch: -1,
      partitionMaxBytes: 99,
    }
    const fetch = understandSent(
      'Fetch',
      sentBy('fetchV17', 100, 1, 1000, 0, 0, -1, [{ topicId: topicUuid(), partitions: [partition] }], [], 'rack'),
    )
    expect(fetch.topics[0].topicId).toBe(topicId)
    expect(fetch.topics[0].partitions[0]).toMatchObject({ currentLeaderEpoch: 2, fetchOffset: 1_000_000_000_000 })
    expect(fetch.rackId).toBe('rack')
    const protocols = [{ name: 'range', version: 1, metadata: Buffer.from('m') }]
    expect(
      understandSent('JoinGroup', sentBy('joinGroupV9', 'g', 1, 2, 'm', null, 'consumer', protocols, 'why')),
    ).toMatchObject({ memberId: 'm', reason: 'why', protocols: [{ name: 'range' }] })
    expect(understandSent('Metadata', sentBy('metadataV12', ['a'], false, true))).toMatchObject({
      topics: [{ topicId: zeroUuid, name: 'a' }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    })
    expect(understandSent('FindCoordinator', sentBy('findCoordinatorV6', 1, ['x', 'y'])).coordinatorKeys).toEqual([
      'x',
      'y',
    ])
    expect(understandSent('ApiVersions', sentBy('apiVersionsV4', 'lib', '1.0')).clientSoftwareName).toBe('lib')
    expect(understandSent('InitProducerId', sentBy('initProducerIdV5', null, 9, 0n, 0))).toMatchObject({
      transactionalId: null,
      producerId: 0,
    })
  })

  it.each(codecNames.slice(0, 2))('reads records of codec %s, topics and versions as we write them', (codec) => {
    const records = buildBatch({
      records: [{ key: null, value: Buffer.from('v'), timestamp: 5 }],
      baseOffset: 70,
      codec,
    })
    const fetched = sentBy('fetchV17', 1, 1, 1, 0, 0, -1, [], [], '').parse(answer('Fetch', 17, fetchResponse(records)))
    expect(fetched).toMatchObject({
      responses: [
        {
          topicId: topicUuid(),
          partitions: [{ partitionIndex: 3, highWatermark: 71n, records: [{ firstOffset: 70n }] }],
        },
      ],
    })
    expect(sentBy('metadataV12', []).parse(answer('Metadata', 12, metadataResponse))).toMatchObject({
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9092 }],
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, leaderId: 1, isrNodes: [1] }] }],
    })
    expect(sentBy('apiVersionsV4', 'a', 'b').parse(answer('ApiVersions', 4, versionsResponse))).toMatchObject({
      apiKeys: [{ apiKey: 0, minVersion: 0, maxVersion: 11 }],
    })
  })
})

const metadataResponse: ResponseOf<'Metadata'> = {
  throttleTimeMs: 0,
  brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9092, rack: null }],
  clusterId: 'cluster',
  controllerId: 1,
  topics: [
    {
      errorCode: 0,
      name: 't',
      topicId,
      isInternal: false,
      partitions: [
        {
          errorCode: 0,
          partitionIndex: 0,
          leaderId: 1,
          leaderEpoch: 0,
          replicaNodes: [1],
          isrNodes: [1],
          offlineReplicas: [],
        },
      ],
      topicAuthorizedOperations: -2147483648,
    },
  ],
  clusterAuthorizedOperations: -2147483648,
  errorCode: 0,
}

const versionsResponse: ResponseOf<'ApiVersions'> = {
  errorCode: 0,
  apiKeys: [{ apiKey: 0, minVersion: 0, maxVersion: 11 }],
  throttleTimeMs: 0,
  supportedFeatures: [],
  finalizedFeaturesEpoch: -1,
  finalizedFeatures: [],
  zkMigrationReady: false,
}

const fetchResponse = (records: Buffer): ResponseOf<'Fetch'> => ({
  throttleTimeMs: 0,
  errorCode: 0,
  sessionId: 0,
  responses: [
    {
      topic: 't',
      topicId,
      partitions: [
        {
          partitionIndex: 3,
          errorCode: 0,
          highWatermark: 71,
          lastStableOffset: 71,
          logStartOffset: 0,
          divergingEpoch: null,
          currentLeader: null,
          snapshotId: null,
          abortedTransactions: [{ producerId: 8, firstOffset: 9 }],
          preferredReadReplica: -1,
          // In two parts, as a log gives them.
          records: [records.subarray(0, 30), records.subarray(30)],
        },
      ],
    },
  ],
  nodeEndpoints: [],
})
