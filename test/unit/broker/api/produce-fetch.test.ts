import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../../../proto/kafka/reader.ts'
import { readBatchHeader, readRecords } from '../../../../proto/kafka/records/index.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import { fetchOf, produceOf, type WireClient } from '../../../support/wire-client.ts'

let harness: BrokerHarness
let client: WireClient
const ids = new Map<string, string>()

beforeAll(async () => {
  harness = await startBrokerHarness({ 'broker.fetch.max-sessions': '2' })
  client = harness.connect()
})

afterAll(() => harness.close())

async function topic(name: string, configs?: Readonly<Record<string, string>>, partitions = 1): Promise<void> {
  ids.set(name, await harness.topic(name, partitions, configs))
}

async function produce(name: string, records: Buffer | null, version = 9, index = 0) {
  const response = await client.call('Produce', version, produceOf(name, index, records))
  return response.responses[0]?.partitionResponses[0]
}

const bytes = (records: unknown): Buffer => (Buffer.isBuffer(records) ? records : Buffer.alloc(0))

function values(records: unknown): string[] {
  const buffer = bytes(records)
  const found: string[] = []
  for (let at = 0; at < buffer.length; ) {
    const header = readBatchHeader(buffer, at)
    for (const record of readRecords(buffer.subarray(at, at + header.sizeBytes), header)) {
      found.push(`${record.offset}=${String(record.value)}`)
    }
    at += header.sizeBytes
  }
  return found
}

async function fetch(name: string, offset: number, more: Parameters<typeof fetchOf>[1] = {}, maxBytes = 1e6) {
  const response = await client.call('Fetch', 12, fetchOf([{ topic: name, offset, maxBytes }], more))
  return response.responses[0]?.partitions[0]
}

describe('Produce', () => {
  it.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('appends and answers in version %i', async (version) => {
    await topic(`v${version}`)
    await produce(`v${version}`, batchOf(['a', 'b']), version)
    expect(await produce(`v${version}`, batchOf(['c']), version)).toMatchObject({ errorCode: 0, baseOffset: 2 })
    expect(values((await fetch(`v${version}`, 0))?.records)).toEqual(['0=a', '1=b', '2=c'])
  })

  it('answers each partition for itself', async () => {
    await topic('mixed', { 'max.message.bytes': '200' }, 2)
    const wrong = batchOf(['damaged'])
    wrong[30] = (wrong[30] as number) ^ 1
    const response = await client.call('Produce', 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 1000,
      topicData: [
        {
          name: 'mixed',
          topicId: zeroUuid,
          partitionData: [
            { index: 0, records: batchOf(['good']) },
            { index: 1, records: wrong },
            { index: 1, records: batchOf(['x'.repeat(500)]) },
            { index: 9, records: batchOf(['a']) },
            { index: 0, records: null },
          ],
        },
        { name: 'nowhere', topicId: zeroUuid, partitionData: [{ index: 0, records: batchOf(['a']) }] },
      ],
    })
    const codes = response.responses.map((each) => each.partitionResponses.map((partition) => partition.errorCode))
    expect(codes).toEqual([
      [
        0,
        kafkaError.CORRUPT_MESSAGE,
        kafkaError.MESSAGE_TOO_LARGE,
        kafkaError.UNKNOWN_TOPIC_OR_PARTITION,
        kafkaError.INVALID_RECORD,
      ],
      [kafkaError.UNKNOWN_TOPIC_OR_PARTITION],
    ])
  })

  it('refuses acks that do not exist, keyless records of compacted topics, zstd of old versions', async () => {
    await topic('compacted', { 'cleanup.policy': 'compact' })
    expect((await produce('compacted', batchOf(['no key'])))?.errorCode).toBe(kafkaError.INVALID_RECORD)
    await topic('acks')
    const odd = await client.call('Produce', 9, produceOf('acks', 0, batchOf(['a']), { acks: 2 }))
    expect(odd.responses[0]?.partitionResponses[0]?.errorCode).toBe(kafkaError.INVALID_REQUIRED_ACKS)
    const zstd = batchOf(['a'.repeat(100)], { codec: 'zstd' })
    expect((await produce('acks', zstd, 6))?.errorCode).toBe(kafkaError.UNSUPPORTED_COMPRESSION_TYPE)
    expect((await produce('acks', zstd, 7))?.errorCode).toBe(0)
    const old = await client.call('Fetch', 9, fetchOf([{ topic: 'acks' }]))
    expect(old.responses[0]?.partitions[0]?.errorCode).toBe(kafkaError.UNSUPPORTED_COMPRESSION_TYPE)
  })

  it('answers a repeated batch of an idempotent producer with its first offset', async () => {
    await topic('twice')
    const batch = () => batchOf(['a', 'b'], { producerId: 77, producerEpoch: 0, baseSequence: 0 })
    expect(await produce('twice', batch())).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await produce('twice', batch())).toMatchObject({ errorCode: 0, baseOffset: 0 })
    const gap = batchOf(['c'], { producerId: 77, producerEpoch: 0, baseSequence: 9 })
    expect((await produce('twice', gap))?.errorCode).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(values((await fetch('twice', 0))?.records)).toEqual(['0=a', '1=b'])
  })

  it('with acks=0 answers nothing, and closes the connection on an error', async () => {
    await topic('silent')
    const silent = harness.connect()
    silent.send('Produce', 9, produceOf('silent', 0, batchOf(['a']), { acks: 0 }))
    const response = await silent.call('Fetch', 12, fetchOf([{ topic: 'silent' }], { maxWaitMs: 5000 }))
    expect(values(response.responses[0]?.partitions[0]?.records)).toEqual(['0=a'])
    silent.send('Produce', 9, produceOf('nowhere', 0, batchOf(['a']), { acks: 0 }))
    await silent.ended()
  })

  it('refuses internal topics', async () => {
    await harness.broker.topics.ensureInternal('__consumer_offsets', 3, {})
    expect((await produce('__consumer_offsets', batchOf(['a'])))?.errorCode).toBe(kafkaError.INVALID_TOPIC_EXCEPTION)
  })
})

describe('Fetch', () => {
  it.each([4, 5, 7, 9, 11, 12, 13, 15, 16])('gives whole batches byte for byte in version %i', async (version) => {
    const name = `f${version}`
    await topic(name)
    const sent = batchOf(['a', 'b'], { codec: 'gzip' })
    await produce(name, Buffer.from(sent))
    const wanted = version >= 13 ? { topicId: ids.get(name) as string, offset: 1 } : { topic: name, offset: 1 }
    const response = await client.call('Fetch', version, fetchOf([wanted]))
    const partition = response.responses[0]?.partitions[0]
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: 2, lastStableOffset: 2 })
    // An offset inside of the batch gives all of it.
    expect(bytes(partition?.records).subarray(21)).toEqual(sent.subarray(21))
  })

  it('gives at least one batch, however small the limits, and no second one', async () => {
    await topic('large')
    for (let index = 0; index < 3; index++) await produce('large', batchOf(['x'.repeat(5000)]))
    expect(values((await fetch('large', 0, {}, 10))?.records)).toHaveLength(1)
    expect(values((await fetch('large', 0, { maxBytes: 10 }))?.records)).toHaveLength(1)
    expect(values((await fetch('large', 0, { maxBytes: 11_000 }))?.records)).toHaveLength(2)
  })

  it('tells what is wrong with a partition at once, also when it may wait', async () => {
    await topic('wrong')
    const wait = { maxWaitMs: 60_000 }
    expect((await fetch('wrong', 5, wait))?.errorCode).toBe(kafkaError.OFFSET_OUT_OF_RANGE)
    expect((await fetch('nowhere', 0, wait))?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    const byId = await client.call('Fetch', 13, fetchOf([{ topicId: 'AAAAAAAAAAAAAAAAAAAAAg' }], wait))
    expect(byId.responses[0]?.partitions[0]?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_ID)
    const epochs = await Promise.all(
      [5, 0].map((leaderEpoch) => harness.connect().call('Fetch', 12, fetchOf([{ topic: 'wrong', leaderEpoch }]))),
    )
    expect(epochs.map((each) => each.responses[0]?.partitions[0]?.errorCode)).toEqual([
      kafkaError.UNKNOWN_LEADER_EPOCH,
      0,
    ])
  })

  it('waits at the end of the log until something comes', async () => {
    await topic('waits')
    const other = harness.connect()
    const waiting = other.call('Fetch', 12, fetchOf([{ topic: 'waits' }], { maxWaitMs: 60_000 }))
    await produce('waits', batchOf(['came']))
    const response = await waiting
    expect(values(response.responses[0]?.partitions[0]?.records)).toEqual(['0=came'])
  })

  it('waits for as many bytes as asked, over all partitions, and no longer than asked', async () => {
    await topic('minimum', {}, 2)
    const both = [
      { topic: 'minimum', partition: 0 },
      { topic: 'minimum', partition: 1 },
    ]
    const other = harness.connect()
    const waiting = other.call('Fetch', 12, fetchOf(both, { maxWaitMs: 60_000, minBytes: 250 }))
    let answered = false
    waiting.then(
      () => {
        answered = true
      },
      () => undefined,
    )
    await produce('minimum', batchOf(['x'.repeat(60)]))
    expect(answered).toBe(false)
    await produce('minimum', batchOf(['y'.repeat(60)]), 9, 1)
    const response = await waiting
    expect(response.responses.flatMap((each) => each.partitions.flatMap((one) => values(one.records)))).toHaveLength(2)
    const empty = await other.call('Fetch', 12, fetchOf(both, { maxWaitMs: 20, minBytes: 1e6 }))
    expect(empty.responses.flatMap((each) => each.partitions)).toHaveLength(2)
  })

  it('wakes when its topic is deleted', async () => {
    await topic('deleted')
    const other = harness.connect()
    const waiting = other.call('Fetch', 12, fetchOf([{ topic: 'deleted' }], { maxWaitMs: 60_000 }))
    await client.call('ApiVersions', 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    await harness.broker.topics.delete({ name: 'deleted' })
    const response = await waiting
    expect(response.responses[0]?.partitions[0]?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    expect((await fetch('deleted', 0))?.errorCode).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
  })

  it('with read_committed ends at the open transaction, and names the aborted ones', async () => {
    await topic('isolated')
    const log = harness.broker.topics.logOf(harness.broker.topics.get('isolated') as never, 0)
    if (log === undefined) throw new Error('no log')
    await produce('isolated', batchOf(['before']))
    const open = { producerId: 500, producerEpoch: 0, transactional: true }
    log.append(batchOf(['aborted'], { ...open, baseSequence: 0 }), { origin: 'client' })
    log.writeMarker(500, 0, 0, 'abort')
    const last = log.append(batchOf(['open'], { ...open, baseSequence: 1 }), { origin: 'client' })
    if (last.kind === 'refused') throw new Error(last.message)
    await new Promise((resolve) => log.onCommitted(last.lastOffset, resolve))
    const committed = await fetch('isolated', 0, { isolationLevel: 1 })
    expect(committed).toMatchObject({
      highWatermark: 4,
      lastStableOffset: 3,
      abortedTransactions: [{ producerId: 500, firstOffset: 1 }],
    })
    expect(readBatchHeader(bytes(committed?.records), 0).lastOffset).toBe(0)
    const everything = await fetch('isolated', 0)
    expect(bytes(committed?.records).length).toBeLessThan(bytes(everything?.records).length)
  })
})

describe('a fetch session', () => {
  const session = (sessionId: number, sessionEpoch: number) => ({ sessionId, sessionEpoch, maxWaitMs: 0 })

  it('answers only what is new', async () => {
    await topic('s', {}, 3)
    const all = [0, 1, 2].map((partition) => ({ topic: 's', partition }))
    const first = await client.call('Fetch', 12, fetchOf(all, session(0, 0)))
    expect(first.sessionId).toBeGreaterThan(0)
    expect(first.responses.flatMap((each) => each.partitions)).toHaveLength(3)
    const id = first.sessionId
    const second = await client.call('Fetch', 12, fetchOf([], session(id, 1)))
    expect(second.responses).toEqual([])
    await produce('s', batchOf(['new']), 9, 1)
    const third = await client.call('Fetch', 12, fetchOf([], session(id, 2)))
    expect(third.responses.map((each) => each.partitions.map((one) => one.partitionIndex))).toEqual([[1]])
    // The client says how far it has read; the others stay as they are.
    const moved = fetchOf([{ topic: 's', partition: 1, offset: 1 }], session(id, 3))
    expect((await client.call('Fetch', 12, moved)).responses).toEqual([])
    const forgotten = fetchOf([], session(id, 4))
    forgotten.forgottenTopicsData = [{ topic: 's', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [0, 1] }]
    await client.call('Fetch', 12, forgotten)
    await produce('s', batchOf(['unseen']), 9, 0)
    expect((await client.call('Fetch', 12, fetchOf([], session(id, 5)))).responses).toEqual([])
    await client.call('Fetch', 12, fetchOf([], session(id, -1)))
    const gone = await client.call('Fetch', 12, fetchOf([], session(id, 6)))
    expect(gone.errorCode).toBe(kafkaError.FETCH_SESSION_ID_NOT_FOUND)
  })

  it('is refused with a wrong epoch, and not given when there are too many', async () => {
    await topic('many')
    const open = () => client.call('Fetch', 12, fetchOf([{ topic: 'many' }], session(0, 0)))
    const sessions = [await open(), await open(), await open()].map((each) => each.sessionId)
    expect(sessions[0]).toBeGreaterThan(0)
    expect(sessions[2]).toBe(0)
    const wrong = await client.call('Fetch', 12, fetchOf([], session(sessions[0] as number, 9)))
    expect(wrong.errorCode).toBe(kafkaError.INVALID_FETCH_SESSION_EPOCH)
  })
})
