import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResponseOf } from '../../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { KafkaReader } from '../../../../proto/kafka/reader.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import { produceOf } from '../../../support/wire-client.ts'

let harness: BrokerHarness

beforeAll(async () => {
  harness = await startBrokerHarness()
})

afterAll(() => harness.close())

/** A request header and nothing behind it. */
function bare(key: number, version: number, correlationId: number, body: Buffer = Buffer.from([0xff, 0xff])): Buffer {
  const head = Buffer.alloc(12)
  head.writeInt32BE(8 + body.length)
  head.writeInt16BE(key, 4)
  head.writeInt16BE(version, 6)
  head.writeInt32BE(correlationId, 8)
  return Buffer.concat([head, body])
}

const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }

describe('ApiVersions', () => {
  it('tells the same in every version, and advertises low versions for old clients', async () => {
    const client = harness.connect()
    const all: ResponseOf<'ApiVersions'>[] = []
    for (let version = 0; version <= 4; version++) all.push(await client.call('ApiVersions', version, software))
    for (const response of all) expect(response.apiKeys).toEqual(all[0]?.apiKeys)
    const of = (key: number) => all[0]?.apiKeys.find((each) => each.apiKey === key)
    expect(of(0)).toEqual({ apiKey: 0, minVersion: 0, maxVersion: 13 })
    expect(of(1)?.minVersion).toBe(4)
    expect(of(24)?.maxVersion).toBe(3)
    // Telemetry, DescribeTopicPartitions and the new groups are not served.
    expect([68, 71, 75].map(of)).toEqual([undefined, undefined, undefined])
  })

  it('answers a version that it does not know with version 0, error 35 and its own range', async () => {
    const client = harness.connect()
    client.socket.write(bare(18, 99, 7))
    const frame = await client.frame()
    const reader = new KafkaReader(frame)
    expect([reader.int32(), reader.int16(), reader.int32()]).toEqual([7, kafkaError.UNSUPPORTED_VERSION, 1])
    expect([reader.int16(), reader.int16(), reader.int16()]).toEqual([18, 0, 4])
    expect(reader.remaining).toBe(0)
    expect((await client.call('ApiVersions', 4, software)).errorCode).toBe(0)
  })

  it('refuses names of software that nobody has', async () => {
    const client = harness.connect()
    const response = await client.call('ApiVersions', 3, { clientSoftwareName: '-', clientSoftwareVersion: '' })
    expect(response.errorCode).toBe(kafkaError.INVALID_REQUEST)
  })
})

describe('the dispatch', () => {
  it.each([
    ['an API that nobody serves', bare(999, 0, 1)],
    ['a negative key', bare(-1, 0, 1)],
    ['a version that is not served', bare(3, 99, 1)],
    ['a body that ends early', bare(3, 5, 1, Buffer.from([0, 1, 65, 0, 0, 0]))],
    ['an array longer than the frame', bare(3, 5, 1, Buffer.from([0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]))],
    ['no frame at all', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('closes the connection on %s, and goes on with others', async (_, bytes) => {
    const client = harness.connect()
    client.socket.write(bytes)
    await client.ended()
    expect((await harness.connect().call('ApiVersions', 0, software)).errorCode).toBe(0)
  })

  it('answers Produce of an advertised version that is too old in its own slot', async () => {
    await harness.topic('old')
    const client = harness.connect()
    const response = await client.call('Produce', 2, produceOf('old', 0, batchOf(['a'])))
    expect(response.responses[0]?.partitionResponses[0]?.errorCode).toBe(kafkaError.UNSUPPORTED_VERSION)
  })

  it('answers pipelined requests in their order', async () => {
    await harness.topic('order')
    const client = harness.connect()
    const ids = [
      client.send('Produce', 9, produceOf('order', 0, batchOf(['a']))),
      client.send('Produce', 9, produceOf('order', 0, batchOf(['b']))),
    ]
    const last = client.send('ApiVersions', 0, software)
    const offsets: (number | undefined)[] = []
    for (const id of ids) {
      offsets.push((await client.receive('Produce', 9, id)).responses[0]?.partitionResponses[0]?.baseOffset)
    }
    await client.receive('ApiVersions', 0, last)
    expect(offsets).toEqual([0, 1])
  })
})
