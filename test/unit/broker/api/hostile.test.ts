import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../../../broker/broker.ts'
import { createLogger } from '../../../../core/log.ts'
import { systemDisk } from '../../../../core/platform/disk.ts'
import { apis } from '../../../../proto/kafka/apis.ts'
import { KafkaWriter } from '../../../../proto/kafka/writer.ts'
import { allCodecs, type MessageCodec, messageOf } from '../../../support/kafka-messages.ts'
import { WireClient } from '../../../support/wire-client.ts'

let broker: RunningBroker
let directory: string
let topicId: string
let codecs: Map<string, MessageCodec>
const mistakes: string[] = []

beforeAll(async () => {
  directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-hostile-')
  const log = createLogger('broker', {
    level: 'error',
    write: (line) => mistakes.push(line),
  })
  broker = await startBroker(
    {
      'broker.listeners': '127.0.0.1:0',
      'broker.data-dir': directory,
      'broker.partitions.max': '500',
      'broker.sasl.failure-delay': '0ms',
    },
    { log },
  )
  codecs = new Map((await allCodecs()).map((codec) => [codec.schema.name, codec]))
})

afterAll(async () => {
  await broker.close()
  systemDisk.remove(directory)
})

async function served(): Promise<{ name: keyof typeof apis; version: number }[]> {
  const client = new WireClient(broker.address)
  const { apiKeys } = await client.call('ApiVersions', 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
  client.close()
  return apiKeys.flatMap(({ apiKey, minVersion, maxVersion }) => {
    const api = Object.values(apis).find((each) => each.key === apiKey)
    if (api === undefined) throw new Error(`no codec of ${apiKey}`)
    return Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => ({
      name: api.name,
      version: minVersion + index,
    }))
  })
}

/** The topic that some requests are about; some of them delete it. */
async function ensureKnown(): Promise<void> {
  const known = broker.topics.get('known')
  if (known !== undefined) return
  const [made] = await broker.topics.create(
    [{ name: 'known', partitions: 2, replicationFactor: 1, configs: {} }],
    false,
  )
  topicId = made?.topic?.topicId ?? ''
}

/** A frame with its size in front. */
function frameOf(name: keyof typeof apis, version: number, message: unknown): Buffer {
  const writer = new KafkaWriter()
  const api = apis[name]
  writer.begin()
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(1)
  writer.nullableString('hostile', false)
  if (version >= api.flexibleFrom) writer.unsignedVarint(0)
  const codec = codecs.get(`${name}Request`)
  if (codec === undefined) throw new Error(name)
  codec.write(writer, message, version)
  return writer.finishOne()
}

/** The same message about things that exist, so that handlers get further than to their absence. */
function aboutKnown(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => aboutKnown(each, key))
  if (Buffer.isBuffer(value) || value === null) return value
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, aboutKnown(field, name)]))
  }
  if (/^(topic|name|topicNames|resourceName)$/.test(key)) return 'known'
  if (/^(groupId|groups|groupsNames|transactionalId|key)$/.test(key) && typeof value === 'string') return 'mine'
  if (/^topicId$/.test(key)) return topicId
  if (/^(partition|index|partitions|partitionIndex|partitionIndexes)$/.test(key)) return 0
  if (key === 'resourceType') return 2
  if (/Ms$/.test(key) && typeof value === 'number') return value % 50
  return value
}

/** Sends bytes, then goes: whatever is answered, or nothing. */
async function send(bytes: Buffer): Promise<void> {
  const client = new WireClient(broker.address)
  await new Promise<void>((resolve) => client.socket.write(bytes, () => resolve()))
  await Promise.race([client.frame().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 20))])
  client.close()
}

describe('a broker among hostile clients', () => {
  it('makes no mistake over any request of any version, however it is filled or damaged', async () => {
    for (const { name, version } of await served()) {
      const codec = codecs.get(`${name}Request`)
      if (codec === undefined) throw new Error(name)
      const samples = fc.sample(messageOf(codec.schema, version), { numRuns: 6, seed: version })
      for (const [index, sample] of samples.entries()) {
        await ensureKnown()
        const frame = frameOf(name, version, index % 2 === 0 ? sample : aboutKnown(sample))
        await send(frame)
        const damaged = Buffer.from(frame)
        for (let at = 14 + index; at < damaged.length; at += 7) damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
        await send(damaged)
      }
    }
    expect(mistakes).toEqual([])
    const counted = await broker.metrics.text()
    for (const name of new Set((await served()).map((each) => each.name))) {
      expect(counted).toMatch(new RegExp(`requests_total\\{api="${name}"\\} [1-9]`))
    }
    const client = new WireClient(broker.address)
    await client.call('ApiVersions', 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    client.close()
  })
})
