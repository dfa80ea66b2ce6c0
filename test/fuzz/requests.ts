/**
 * Fuzzing of a whole broker, from the bytes of a connection to the bytes of its answers: every API in every version that it serves,
 * filled at random or about things that exist, then damaged. Nothing that a client sends may be a mistake of the broker (a line of level
 * error), take long, or be answered with bytes that nobody can read.
 */
import fc from 'fast-check'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { createLogger } from '../../core/log.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { type Random, seededRandom } from '../../core/platform/random.ts'
import { apis } from '../../proto/kafka/apis.ts'
import { KafkaReader } from '../../proto/kafka/reader.ts'
import { buildBatch, codecNames } from '../../proto/kafka/records/index.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'
import { allCodecs, messageOf } from '../support/kafka-messages.ts'
import { MemoryNetwork, type MemorySocket } from '../support/memory-network.ts'
import { workMs } from './harness.ts'

type ApiName = keyof typeof apis

interface Seed {
  readonly name: ApiName
  readonly version: number
  /** With its size in front. */
  readonly frame: Buffer
}

export interface RequestFuzzResult {
  readonly inputs: number
  readonly answered: number
  readonly closed: number
  /** Neither answered nor closed when the client went: requests that wait. */
  readonly left: number
  readonly slowestMs: number
  readonly slowest: string
}

/** Longest time that a request may keep the thread. */
const inputMsMax = 100
/** Connections that are open at a time, each with a request that may wait. */
const openMax = 64
const samples = 4

export class RequestFuzz {
  readonly mistakes: string[]
  readonly #broker: RunningBroker
  readonly #network: MemoryNetwork
  readonly #directory: string
  readonly #seeds: Seed[] = []
  #topicId = ''

  private constructor(broker: RunningBroker, network: MemoryNetwork, directory: string, mistakes: string[]) {
    this.#broker = broker
    this.#network = network
    this.#directory = directory
    this.mistakes = mistakes
  }

  /** A broker whose limits are low, so that what clients may leave in it is bounded. */
  static async start(): Promise<RequestFuzz> {
    const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-fuzz-')
    const network = new MemoryNetwork()
    const mistakes: string[] = []
    const log = createLogger('broker', { level: 'error', write: (line) => mistakes.push(line) })
    const broker = await startBroker(
      {
        'broker.listeners': '127.0.0.1:0',
        'broker.data-dir': directory,
        'broker.topics.max': '60',
        'broker.partitions.max': '200',
        'broker.topic.durability': 'os',
        'broker.topic.segment.bytes': '1048576',
        'broker.topic.retention.bytes': '4194304',
        'broker.log.tail-size': '4mb',
        'broker.log.retention.check-interval': '2s',
        'broker.log.checkpoint.interval': '5s',
        'broker.group.max.count': '200',
        'broker.transactional.id.max.count': '200',
        'broker.offsets.topic.num.partitions': '4',
        'broker.transaction.state.num.partitions': '4',
        'broker.sasl.failure-delay': '0ms',
      },
      { log, network },
    )
    const fuzz = new RequestFuzz(broker, network, directory, mistakes)
    await fuzz.#ensureKnown()
    await fuzz.#makeSeeds()
    return fuzz
  }

  async close(): Promise<void> {
    await this.#broker.close()
    systemDisk.remove(this.#directory)
  }

  /** Throws for the first input that is handled wrongly. */
  async run(seed: number, inputs: number): Promise<RequestFuzzResult> {
    const random = seededRandom(seed)
    const open: { socket: MemorySocket; seed: Seed }[] = []
    let answered = 0
    let closed = 0
    let left = 0
    let slowestMs = 0
    let slowest = ''
    const settle = ({ socket, seed: from }: { socket: MemorySocket; seed: Seed }): void => {
      if (socket.written.length > 0) {
        answered++
        this.#readable(socket, from)
      } else if (socket.destroyed) closed++
      else left++
      socket.destroy()
    }
    for (let input = 0; input < inputs; input++) {
      const from = this.#seeds[random.integer(this.#seeds.length)] as Seed
      // Some as they are: what they leave behind is what the damaged ones meet.
      const frame = random.integer(12) === 0 ? from.frame : damaged(from.frame, this.#seeds, random)
      const what = `${from.name} version ${from.version}, input ${input} of seed ${seed}`
      let tookMs = this.#send(frame, from, open)
      // The machine may have been busy with something else: what is slow is slow again, and by its own work.
      for (let again = 0; again < 3 && tookMs > inputMsMax; again++)
        tookMs = Math.min(
          tookMs,
          workMs(() => this.#send(frame, from, open)),
        )
      if (tookMs > inputMsMax) throw new Error(`${what} kept the thread for ${tookMs} ms: ${frame.toString('base64')}`)
      if (tookMs > slowestMs) {
        slowestMs = tookMs
        slowest = what
      }
      if (this.mistakes.length > 0) {
        throw new Error(`at or before ${what}: ${this.mistakes[0]}\n${frame.toString('base64')}`)
      }
      if (open.length < openMax) continue
      await new Promise((resolve) => setImmediate(resolve))
      for (const each of open.splice(0, openMax / 2)) settle(each)
      if (input % 4096 < openMax) await this.#ensureKnown()
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (const each of open) settle(each)
    if (this.mistakes.length > 0) throw new Error(`after seed ${seed}: ${this.mistakes[0]}`)
    return { inputs, answered, closed, left, slowestMs, slowest }
  }

  #send(frame: Buffer, seed: Seed, open: { socket: MemorySocket; seed: Seed }[]): number {
    const socket = this.#network.accepted()
    open.push({ socket, seed })
    const started = performance.now()
    socket.emit('data', Buffer.from(frame))
    return performance.now() - started
  }

  /** Each answer is a frame as it says. */
  #readable(socket: MemorySocket, { name, version }: Seed): void {
    const bytes = Buffer.concat(socket.written)
    const size = bytes.length < 4 ? -1 : bytes.readInt32BE(0)
    if (size < 4 || bytes.length < 4 + size) {
      throw new Error(`${name} version ${version}: an answer of ${bytes.length} bytes says that it has ${size}`)
    }
  }

  async #ensureKnown(): Promise<void> {
    if (this.#broker.topics.get('known') !== undefined) return
    const topic = { name: 'known', partitions: 2, replicationFactor: 1, configs: {} }
    const [made] = await this.#broker.topics.create([topic], false)
    this.#topicId = made?.topic?.topicId ?? this.#topicId
  }

  async #makeSeeds(): Promise<void> {
    const codecs = new Map((await allCodecs()).map((codec) => [codec.schema.name, codec]))
    const { apiKeys } = await this.#served()
    const writer = new KafkaWriter()
    const batches = codecNames.map((codec) =>
      buildBatch({ codec, records: [{ key: Buffer.from('k'), value: Buffer.from('v'), timestamp: Date.now() }] }),
    )
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      const api = Object.values(apis).find((each) => each.key === apiKey)
      const codec = codecs.get(`${api?.name}Request`)
      if (api === undefined || codec === undefined) throw new Error(`no codec of ${apiKey}`)
      for (let version = minVersion; version <= maxVersion; version++) {
        const messages = fc.sample(messageOf(codec.schema, version), { numRuns: samples, seed: version })
        for (const [index, message] of messages.entries()) {
          writer.begin()
          writer.int16(api.key)
          writer.int16(version)
          writer.int32(index)
          writer.nullableString('fuzz', false)
          if (version >= api.flexibleFrom) writer.unsignedVarint(0)
          codec.write(
            writer,
            index === 0 ? message : this.#aboutKnown(message, batches[index % batches.length]),
            version,
          )
          this.#seeds.push({ name: api.name, version, frame: writer.finishOne() })
        }
      }
    }
  }

  async #served(): Promise<{ apiKeys: readonly { apiKey: number; minVersion: number; maxVersion: number }[] }> {
    const socket = this.#network.accepted()
    // ApiVersions, version 0, without a client id.
    socket.emit('data', Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 0, 255, 255]))
    // Answers of one turn leave together.
    await new Promise((resolve) => setImmediate(resolve))
    const bytes = Buffer.concat(socket.written)
    socket.destroy()
    return apis.ApiVersions.readResponse(new KafkaReader(bytes, 8), 0)
  }

  /** The same message about things that exist, so that handlers get further than to their absence. */
  #aboutKnown(value: unknown, batch: Buffer | undefined, key = ''): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#aboutKnown(each, batch, key))
    if (Buffer.isBuffer(value) || value === null) return key === 'records' ? batch : value
    if (typeof value === 'object') {
      const fields = Object.entries(value).map(([name, field]) => [name, this.#aboutKnown(field, batch, name)])
      return Object.fromEntries(fields)
    }
    if (/^(topic|name|topicNames|resourceName)$/.test(key)) return 'known'
    if (/^(groupId|groups|groupsNames|transactionalId|key)$/.test(key) && typeof value === 'string') return 'mine'
    if (key === 'topicId') return this.#topicId
    if (/^(partition|index|partitions|partitionIndex|partitionIndexes)$/.test(key)) return 0
    if (key === 'resourceType') return 2
    if (/(producerId|producerEpoch|Offset)$/i.test(key) && typeof value === 'number') return value % 8
    if (/Ms$/.test(key) && typeof value === 'number') return value % 50
    return value
  }
}

const numbers = [-1, -2, 0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, -0x8000_0000, 0x00ff_ffff]

function damaged(frame: Buffer, seeds: readonly Seed[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(frame)
  for (let times = 1 + random.integer(3); times > 0; times--) bytes = damagedOnce(bytes, seeds, random)
  // Mostly the size is right again, so that the damage gets past the frame.
  if (bytes.length >= 4 && random.integer(16) !== 0) bytes.writeInt32BE(bytes.length - 4, 0)
  return bytes
}

function damagedOnce(bytes: Buffer, seeds: readonly Seed[], random: Random): Buffer {
  if (bytes.length < 16) return Buffer.concat([bytes, random.bytes(16)])
  // Mostly behind the header.
  const from = random.integer(10) === 0 ? 0 : Math.min(14, bytes.length - 8)
  const at = from + random.integer(bytes.length - from)
  switch (random.integer(8)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << random.integer(8))
      return bytes
    case 1:
      bytes[at] = random.integer(256)
      return bytes
    case 2:
      bytes.writeInt32BE(numbers[random.integer(numbers.length)] as number, Math.min(at, bytes.length - 4))
      return bytes
    case 3:
      bytes.writeUInt16BE((numbers[random.integer(numbers.length)] as number) & 0xffff, Math.min(at, bytes.length - 2))
      return bytes
    case 4: {
      // A length as flexible versions have it, up to the largest.
      const varint = [0xff, 0xff, 0xff, 0xff, random.integer(16)]
      for (let i = 0; i < varint.length && at + i < bytes.length; i++) bytes[at + i] = varint[i] as number
      return bytes
    }
    case 5:
      return Buffer.from(bytes.subarray(0, at))
    case 6:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.integer(24)), bytes.subarray(at)])
    default: {
      const other = (seeds[random.integer(seeds.length)] as Seed).frame
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.integer(other.length))])
    }
  }
}
