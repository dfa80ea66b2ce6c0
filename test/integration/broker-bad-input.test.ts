/**
 * Clients that send what nobody should, against a broker in a process of its own: each gets Kafka's error code in its slot or a closed
 * connection and a sentence in the broker's log, and the broker goes on.
 */
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { systemNetwork } from '../../core/platform/net.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../proto/kafka/reader.ts'
import { batchOf } from '../support/broker-harness.ts'
import {
  type BrokerInProcess,
  createTopic,
  produce,
  residentMb,
  startBroker,
  works,
} from '../support/command-line-broker.ts'
import { gzipBatch, resealed } from '../support/odd-batches.ts'
import { fetchOf, WireClient } from '../support/wire-client.ts'

const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-broker-bad-input-')
const clients: WireClient[] = []
let broker: BrokerInProcess

beforeAll(async () => {
  const options = {
    'broker.group.initial.rebalance.delay': '0ms',
    'broker.request.max-size': '8mb',
    'broker.request.queued-max-size': '64mb',
    'broker.topics.auto-create': 'false',
  }
  broker = await startBroker(
    directory,
    `${directory}/data`,
    ...Object.entries(options).flatMap(([key, value]) => ['-D', `${key}=${value}`]),
  )
  const client = connect()
  await createTopic(client, 'good')
  await createTopic(client, 'compacted', { 'cleanup.policy': 'compact' })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  // After whatever was tried: it takes a record and gives it back.
  await works(broker)
})

afterAll(async () => {
  broker.running.child.kill('SIGTERM')
  const { code } = await broker.running.ended
  systemDisk.remove(directory)
  expect(code).toBe(0)
})

function connect(to: BrokerInProcess = broker, from?: string): WireClient {
  const client = new WireClient(to.address, from)
  clients.push(client)
  return client
}

describe('frames', () => {
  it('of an API that nobody serves, or a version that there is not, end their connection, and the log says which', async () => {
    for (const [index, [key, version, sentence]] of (
      [
        [4242, 0, /nobody serves API 4242/],
        [1, 99, /Fetch has no version 99/],
        [-1, 0, /nobody serves API -1/],
      ] as const
    ).entries()) {
      const client = connect(broker, `127.0.1.${index + 1}`)
      const frame = Buffer.alloc(14)
      frame.writeInt32BE(10, 0)
      frame.writeInt16BE(key, 4)
      frame.writeInt16BE(version, 6)
      frame.writeInt16BE(-1, 12)
      client.socket.write(frame)
      await client.ended()
      await broker.logs(sentence)
    }
  })

  it('that are cut off, too large, negative or garbage end their connection alone', async () => {
    const sizes = [0x7fff_ffff, 8 * 1024 * 1024 + 1, -1, 0]
    for (const size of sizes) {
      const client = connect()
      const frame = Buffer.alloc(64)
      frame.writeInt32BE(size, 0)
      client.socket.write(frame)
      await client.ended()
    }
    for (const text of [
      'GET / HTTP/1.1\r\nHost: kafka\r\n\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001',
      'x'.repeat(1000),
    ]) {
      const client = connect()
      client.socket.write(text, 'latin1')
      client.socket.end()
      await client.ended()
    }
    const bystander = connect()
    const cut = bystander.bytesOf('Metadata', 9, {
      topics: null,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    })
    const client = connect()
    client.socket.write(cut.subarray(0, cut.length - 3))
    client.socket.end()
    await client.ended()
    // Whole by its size, and the request in it is not.
    const lying = connect(broker, '127.0.2.1')
    const short = Buffer.from(cut.subarray(0, cut.length - 3))
    short.writeInt32BE(short.length - 4, 0)
    lying.socket.write(short)
    await lying.ended()
    await broker.logs(/Metadata version 9 cannot be read/)
    expect(residentMb(broker)).toBeLessThan(500)
  })

  it('that say how many things follow, and they do not, cost no memory', async () => {
    const before = residentMb(broker)
    for (let i = 0; i < 20; i++) {
      const client = connect()
      const frame = Buffer.alloc(4 + 10 + 4)
      frame.writeInt32BE(frame.length - 4, 0)
      frame.writeInt16BE(3, 4)
      frame.writeInt16BE(1, 6)
      frame.writeInt16BE(-1, 12)
      frame.writeInt32BE(0x7fff_fff0, 14)
      client.socket.write(frame)
      await client.ended()
    }
    expect(residentMb(broker) - before).toBeLessThan(100)
  })
})

describe('records', () => {
  it('with a wrong checksum, of formats 0 and 1, cut off or of no length are refused in their own slot', async () => {
    const client = connect()
    const wrong = batchOf(['a'])
    wrong[wrong.length - 1] ^= 1
    const magic = (value: number): Buffer => {
      const batch = batchOf(['a'])
      batch[16] = value
      return resealed(batch)
    }
    // A message set as it was before batches: offset, size, checksum, format 0 or 1.
    const old = (value: number): Buffer => {
      const message = Buffer.alloc(12 + 14 + (value === 1 ? 8 : 0) + 1)
      message.writeInt32BE(message.length - 12, 8)
      message[16] = value
      return message
    }
    const { CORRUPT_MESSAGE, INVALID_RECORD } = kafkaError
    const cases: readonly (readonly [Buffer, readonly number[]])[] = [
      [wrong, [CORRUPT_MESSAGE]],
      [magic(0), [INVALID_RECORD]],
      [magic(1), [INVALID_RECORD]],
      [magic(3), [INVALID_RECORD]],
      [old(0), [INVALID_RECORD, CORRUPT_MESSAGE]],
      [old(1), [INVALID_RECORD, CORRUPT_MESSAGE]],
      [batchOf(['a']).subarray(0, 65), [CORRUPT_MESSAGE]],
      [Buffer.alloc(0), [CORRUPT_MESSAGE, INVALID_RECORD]],
      [Buffer.alloc(61), [CORRUPT_MESSAGE, INVALID_RECORD]],
    ]
    for (const [records, allowed] of cases) {
      const topicData = [
        { name: 'good', topicId: zeroUuid, partitionData: [{ index: 0, records: batchOf(['before']) }] },
        { name: 'good', topicId: zeroUuid, partitionData: [{ index: 0, records }] },
        { name: 'nowhere', topicId: zeroUuid, partitionData: [{ index: 0, records: batchOf(['x']) }] },
        { name: 'good', topicId: zeroUuid, partitionData: [{ index: 7, records: batchOf(['x']) }] },
        { name: 'good', topicId: zeroUuid, partitionData: [{ index: 0, records: batchOf(['after']) }] },
      ]
      const answer = await client.call('Produce', 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
      const codes = answer.responses.map(({ partitionResponses }) => partitionResponses[0]?.errorCode)
      const { NONE, UNKNOWN_TOPIC_OR_PARTITION } = kafkaError
      expect(allowed).toContain(codes[1])
      expect([codes[0], codes[2], codes[3], codes[4]]).toEqual([
        NONE,
        UNKNOWN_TOPIC_OR_PARTITION,
        UNKNOWN_TOPIC_OR_PARTITION,
        NONE,
      ])
    }
  })

  it('that claim to be compressed and are not, or that open to a gigabyte, are refused where they have to be opened', async () => {
    const client = connect()
    const { INVALID_RECORD, CORRUPT_MESSAGE } = kafkaError
    const garbage = await produce(client, 'compacted', gzipBatch(Buffer.from('this is no gzip')))
    expect([INVALID_RECORD, CORRUPT_MESSAGE]).toContain(garbage?.errorCode)
    const before = residentMb(broker)
    const bomb = gzipSync(Buffer.alloc(900 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(1_048_000)
    const started = performance.now()
    const answer = await produce(client, 'compacted', gzipBatch(bomb))
    expect([INVALID_RECORD, CORRUPT_MESSAGE]).toContain(answer?.errorCode)
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(residentMb(broker) - before).toBeLessThan(700)
  })

  it('that are larger than the topic takes are refused', async () => {
    const answer = await produce(connect(), 'good', batchOf(['x'.repeat(2 * 1024 * 1024)]))
    expect(answer?.errorCode).toBe(kafkaError.MESSAGE_TOO_LARGE)
  })
})

describe('names, settings and offsets', () => {
  it('that cannot be get their codes', async () => {
    const client = connect()
    for (const name of ['', '.', '..', 'a b', 'ü', '../../etc/passwd', 'a/b', 'x'.repeat(250), 'nul\u0000']) {
      expect((await createTopic(client, name))?.errorCode).toBe(kafkaError.INVALID_TOPIC_EXCEPTION)
    }
    for (const configs of [
      { 'no.such.setting': '1' },
      { 'segment.bytes': 'many' },
      { 'segment.bytes': '-5' },
      { 'cleanup.policy': 'burn' },
      { 'millrace.durability': 'perhaps' },
    ]) {
      const made = await createTopic(client, 'refused', configs)
      expect(made?.errorCode).toBe(kafkaError.INVALID_CONFIG)
      expect(made?.errorMessage).toMatch(Object.keys(configs)[0] as string)
    }
    expect((await createTopic(client, 'good'))?.errorCode).toBe(kafkaError.TOPIC_ALREADY_EXISTS)
  })

  it('that are not there get their codes', async () => {
    const client = connect()
    const code = async (topic: string, offset: number, leaderEpoch = -1): Promise<number | undefined> => {
      const { responses } = await client.call('Fetch', 11, fetchOf([{ topic, offset, leaderEpoch }], { maxWaitMs: 0 }))
      return responses[0]?.partitions[0]?.errorCode
    }
    expect(await code('good', 1_000_000)).toBe(kafkaError.OFFSET_OUT_OF_RANGE)
    expect(await code('good', -7)).toBe(kafkaError.OFFSET_OUT_OF_RANGE)
    expect(await code('nowhere', 0)).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    expect(await code('good', 0, 99)).toBe(kafkaError.UNKNOWN_LEADER_EPOCH)
  })
})

describe('members of groups', () => {
  it('of a generation that is over, or that nobody knows, commit nothing', async () => {
    const client = connect()
    const join = async () => {
      const joined = await client.call('JoinGroup', 3, {
        groupId: 'stale',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 10_000,
        memberId,
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(6) }],
        reason: null,
      })
      memberId = joined.memberId
      await client.call('SyncGroup', 3, {
        groupId: 'stale',
        generationId: joined.generationId,
        memberId,
        groupInstanceId: null,
        protocolType: null,
        protocolName: null,
        assignments: [{ memberId, assignment: Buffer.alloc(6) }],
      })
      return joined.generationId
    }
    const commit = async (generationId: number, member: string): Promise<number | undefined> => {
      const { topics } = await client.call('OffsetCommit', 7, {
        groupId: 'stale',
        generationIdOrMemberEpoch: generationId,
        memberId: member,
        groupInstanceId: null,
        retentionTimeMs: -1,
        topics: [
          {
            name: 'good',
            topicId: zeroUuid,
            partitions: [
              {
                partitionIndex: 0,
                committedOffset: 1,
                committedLeaderEpoch: -1,
                commitTimestamp: -1,
                committedMetadata: '',
              },
            ],
          },
        ],
      })
      return topics[0]?.partitions[0]?.errorCode
    }
    let memberId = ''
    await client.call('FindCoordinator', 2, { key: 'stale', keyType: 0, coordinatorKeys: [] })
    const first = await join()
    expect(await commit(first, memberId)).toBe(kafkaError.NONE)
    const second = await join()
    expect(second).toBeGreaterThan(first)
    expect(await commit(first, memberId)).toBe(kafkaError.ILLEGAL_GENERATION)
    expect(await commit(second + 1, memberId)).toBe(kafkaError.ILLEGAL_GENERATION)
    expect(await commit(second, 'somebody else')).toBe(kafkaError.UNKNOWN_MEMBER_ID)
    expect(await commit(second, memberId)).toBe(kafkaError.NONE)
  })
})

describe('connections', () => {
  it('of clients that ask and never read hold no more than their share', async () => {
    const writer = connect()
    for (let i = 0; i < 8; i++)
      expect((await produce(writer, 'good', batchOf(['x'.repeat(900_000)])))?.errorCode).toBe(0)
    const before = residentMb(broker)
    for (let i = 0; i < 10; i++) {
      const client = connect()
      client.socket.pause()
      for (let request = 0; request < 100; request++) {
        client.send('Fetch', 11, fetchOf([{ topic: 'good', maxBytes: 8 * 1024 * 1024 }]))
      }
    }
    for (let i = 0; i < 20; i++) await works(broker)
    // A thousand answers of 7 MB were asked for.
    expect(residentMb(broker) - before).toBeLessThan(400)
  })

  it('that are half open stay in nobody’s way', async () => {
    const sockets = Array.from({ length: 300 }, (_, index) => {
      const client = connect()
      // Nothing, a part of a size, a part of a frame that would be large.
      const parts = [Buffer.alloc(0), Buffer.from([0, 0]), Buffer.from([0, 0x7a, 0x12, 0x00, 0, 1, 0, 11])]
      client.socket.write(parts[index % 3] as Buffer)
      return client
    })
    for (let i = 0; i < 20; i++) await works(broker)
    for (const client of sockets.slice(0, 150)) client.socket.end()
    for (const client of sockets.slice(150)) client.socket.resetAndDestroy()
    expect(residentMb(broker)).toBeLessThan(900)
  })

  it('ten thousand of them are held at a time, and the next client is served', async () => {
    const limit = Number(/Max open files\s+(\d+)/.exec(systemDisk.read('/proc/self/limits').toString())?.[1])
    const count = Math.min(10_000, limit >>> 1)
    const colon = broker.address.lastIndexOf(':')
    const port = Number(broker.address.slice(colon + 1))
    const open: ReturnType<typeof systemNetwork.connect>[] = []
    for (let i = 0; i < count; ) {
      const wave = Array.from({ length: Math.min(500, count - i) }, () => {
        const socket = systemNetwork.connect({ host: '127.0.0.1', port })
        open.push(socket)
        return new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve)
          socket.once('error', reject)
        })
      })
      await Promise.all(wave)
      i += wave.length
    }
    await works(broker)
    expect(open.filter((socket) => socket.destroyed)).toEqual([])
    for (const socket of open) socket.destroy()
  })
})
