/**
 * A client that speaks Kafka's protocol request by request, with the codecs of proto/kafka: for tests of what a broker answers to
 * exactly these bytes. One request at a time, or raw frames.
 */
import { type AddressInfo, type Socket, systemNetwork } from '../../core/platform/net.ts'
import {
  type ApiName,
  apis,
  type RequestOf,
  type ResponseOf,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../proto/kafka/apis.ts'
import { writeRequest } from '../../proto/kafka/frame.ts'
import { KafkaReader, zeroUuid } from '../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'

export type { AddressInfo }

export class WireClient {
  readonly socket: Socket
  closed = false
  #bytes: Buffer = Buffer.alloc(0)
  #changed: (() => void) | undefined
  #correlationId = 0
  readonly #writer = new KafkaWriter()

  /** `from`: an address of this machine that the broker is to see. */
  constructor(address: string, from?: string) {
    const colon = address.lastIndexOf(':')
    const to = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
    this.socket = systemNetwork.connect(from === undefined ? to : { ...to, localAddress: from })
    this.socket.setNoDelay(true)
    this.socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#changed?.()
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.closed = true
      this.#changed?.()
    })
  }

  /** Sends a request and gives its response. Rejects when the connection closes instead. */
  async call<Name extends ApiName>(name: Name, version: number, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    const correlationId = this.send(name, version, request)
    return this.receive(name, version, correlationId)
  }

  send<Name extends ApiName>(name: Name, version: number, request: RequestOf<Name>): number {
    const correlationId = this.#correlationId++
    this.socket.write(Buffer.concat(writeRequest(this.#writer, name, version, correlationId, 'wire', request)))
    return correlationId
  }

  async receive<Name extends ApiName>(name: Name, version: number, correlationId: number): Promise<ResponseOf<Name>> {
    const frame = await this.frame()
    const reader = new KafkaReader(frame)
    const got = reader.int32()
    if (got !== correlationId) throw new Error(`a response to ${got} instead of ${correlationId}`)
    if (responseHeaderVersion(apis[name], version) === 1) reader.skipTags()
    const response = apis[name].readResponse(reader, version) as ResponseOf<Name>
    if (reader.remaining !== 0) throw new Error(`${reader.remaining} bytes behind the response`)
    return response
  }

  /** The bytes of a request, its size in front. */
  bytesOf<Name extends ApiName>(name: Name, version: number, request: RequestOf<Name>): Buffer {
    return Buffer.concat(writeRequest(this.#writer, name, version, this.#correlationId++, 'wire', request))
  }

  /** The next frame without its size. */
  async frame(): Promise<Buffer> {
    await this.#until(() => this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readInt32BE(0))
    const size = this.#bytes.readInt32BE(0)
    const frame = this.#bytes.subarray(4, 4 + size)
    this.#bytes = this.#bytes.subarray(4 + size)
    return frame
  }

  /** Resolves when the broker has closed the connection. */
  async ended(): Promise<void> {
    while (!this.closed) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  close(): void {
    this.socket.destroy()
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error('the connection has closed')
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }
}

export { requestHeaderVersion }

type Partial1<T> = { readonly [K in keyof T]?: T[K] }

/** A Produce request for one partition. */
export function produceOf(
  topic: string,
  index: number,
  records: Buffer | null,
  more: Partial1<RequestOf<'Produce'>> = {},
): RequestOf<'Produce'> {
  const topicData = [{ name: topic, topicId: zeroUuid, partitionData: [{ index, records }] }]
  return { transactionalId: null, acks: -1, timeoutMs: 5000, topicData, ...more }
}

export interface Wanted {
  readonly topic?: string
  readonly topicId?: string
  readonly partition?: number
  readonly offset?: number
  readonly maxBytes?: number
  readonly leaderEpoch?: number
}

/** A Fetch request without a session. */
export function fetchOf(wanted: readonly Wanted[], more: Partial1<RequestOf<'Fetch'>> = {}): RequestOf<'Fetch'> {
  return {
    clusterId: null,
    replicaId: -1,
    replicaState: null,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 0x7fff_ffff,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: wanted.map((each) => ({
      topic: each.topic ?? '',
      topicId: each.topicId ?? zeroUuid,
      partitions: [
        {
          partition: each.partition ?? 0,
          currentLeaderEpoch: each.leaderEpoch ?? -1,
          fetchOffset: each.offset ?? 0,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: each.maxBytes ?? 1024 * 1024,
          replicaDirectoryId: zeroUuid,
        },
      ],
    })),
    forgottenTopicsData: [],
    rackId: '',
    ...more,
  }
}
