/**
 * One connection to one broker. Requests leave in the order of the calls and may be many at a time; answers come in the
 * same order. A request that is not answered in time, or a broken answer, ends the connection and every request on it:
 * nobody can know where the next answer begins. A broker that says that it will not look at requests for a while, since the client
 * is beyond its quota, is given that time. Opened with ApiVersions and, where asked for, SASL. One thread.
 */
import { type Deferred, deferred } from '../../../core/async/index.ts'
import type { TimerHandle } from '../../../core/platform/clock.ts'
import type { Socket } from '../../../core/platform/net.ts'
import { connectTls } from '../../../core/platform/tls.ts'
import {
  type ApiName,
  apis,
  type RequestOf,
  type ResponseOf,
  responseHeaderVersion,
} from '../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import { readResponseHeader, writeRequest } from '../../../proto/kafka/frame.ts'
import { KafkaReader } from '../../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../../proto/kafka/writer.ts'
import { expectNone, kafkaErrors } from './errors.ts'
import { FrameCutter } from './frames.ts'
import { type Address, type ClientSettings, showAddress } from './options.ts'
import { authenticate } from './sasl.ts'

/** A larger answer is no answer. */
const frameBytesMax = 256 * 1024 * 1024
const readBufferBytes = 65_536
const timeoutCheckMs = 500

/** Newest versions that this client uses unless it asks for others, where the codecs know newer ones: topics by name, one group. */
const newest: { readonly [Name in ApiName]?: number } = {
  Produce: 11,
  Fetch: 12,
  OffsetFetch: 7,
  OffsetCommit: 8,
  FindCoordinator: 3,
  AddPartitionsToTxn: 3,
  EndTxn: 4,
  TxnOffsetCommit: 4,
}

interface Pending {
  readonly api: ApiName
  readonly version: number
  readonly correlationId: number
  deadlineMs: number
  readonly timeoutMs: number
  readonly answer: Deferred<unknown>
}

// One frame at a time is written, from start to end.
const writer = new KafkaWriter()

export class KafkaConnection {
  readonly address: string
  readonly #settings: ClientSettings
  readonly #versions = new Map<number, { min: number; max: number }>()
  #transactionVersion = 0
  readonly #pending: Pending[] = []
  readonly #frames = new FrameCutter(frameBytesMax)
  readonly #reader = new KafkaReader()
  #socket: Socket | undefined
  #ended: Error | undefined
  #nextId = 1
  /** When the broker looks at requests again. */
  #throttledUntilMs = 0
  #timer: TimerHandle | undefined

  private constructor(address: Address, settings: ClientSettings) {
    this.address = showAddress(address)
    this.#settings = settings
  }

  /** Connects, learns what the broker serves, logs in. Rejects with KAFKA_CONNECTION_LOST, KAFKA_AUTHENTICATION, ... */
  static async open(address: Address, settings: ClientSettings): Promise<KafkaConnection> {
    const connection = new KafkaConnection(address, settings)
    await connection.#connect(address)
    try {
      await connection.#negotiate()
      if (settings.sasl !== undefined) await authenticate(connection, settings.sasl, settings.random)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  get isClosed(): boolean {
    return this.#ended !== undefined
  }

  /** The form of transactions that the cluster wants to be used, 0 when it does not say. */
  get transactionVersion(): number {
    return this.#transactionVersion
  }

  /** The version that a request of this API is sent in, not beyond `upTo`; throws KAFKA_UNSUPPORTED when there is none in common. */
  versionOf(name: ApiName, upTo = newest[name] ?? apis[name].highest): number {
    const api = apis[name]
    const theirs = this.#versions.get(api.key)
    const highest = Math.min(upTo, theirs?.max ?? -1)
    if (theirs === undefined || highest < Math.max(api.lowest, theirs.min)) {
      throw kafkaErrors.create('UNSUPPORTED', {
        address: this.address,
        api: name,
        theirs: theirs === undefined ? 'none' : `${theirs.min} to ${theirs.max}`,
        ours: `${api.lowest} to ${upTo}`,
      })
    }
    return highest
  }

  /** Whether the broker serves the API in `version` or newer. */
  serves(name: ApiName, version = 0): boolean {
    return (this.#versions.get(apis[name].key)?.max ?? -1) >= version
  }

  /** Sends a request in the newest version that both know, and gives the answer. Its error codes are the caller's. */
  async request<Name extends ApiName>(
    name: Name,
    message: RequestOf<Name>,
    timeoutMs: number = this.#settings.requestTimeoutMs,
    upTo?: number,
  ): Promise<ResponseOf<Name>> {
    return this.#send(name, this.versionOf(name, upTo), message, timeoutMs) as Promise<ResponseOf<Name>>
  }

  /** Sends a request that is never answered: Produce with acks 0. */
  sendUnanswered<Name extends ApiName>(name: Name, message: RequestOf<Name>): void {
    if (this.#ended !== undefined) throw this.#ended
    this.#write(writeRequest(writer, name, this.versionOf(name), this.#takeId(), this.#settings.clientId, message))
  }

  /** Takes the memory of an answer back: nothing of it may be looked at any more. */
  recycle(memory: ArrayBufferLike): void {
    this.#frames.recycle(memory)
  }

  /** Ends the connection; requests that wait are rejected. */
  close(): void {
    this.#end(kafkaErrors.create('CLOSED'))
  }

  #connect(address: Address): Promise<void> {
    const { network, tls, clock, connectTimeoutMs } = this.#settings
    return new Promise((resolve, reject) => {
      const lost = (reason: string, cause?: Error): void => {
        clock.clearTimeout(timer)
        const error = kafkaErrors.create('CONNECTION_LOST', { address: this.address, reason }, { cause })
        this.#end(error)
        reject(error)
      }
      const timer = clock.setTimeout(() => lost(`it was not there within ${connectTimeoutMs} ms`), connectTimeoutMs)
      const connected = (): void => {
        clock.clearTimeout(timer)
        resolve()
      }
      let socket: Socket
      if (tls === undefined) {
        // One buffer for everything that arrives: frames are copied out of it.
        const buffer = Buffer.allocUnsafeSlow(readBufferBytes)
        const callback = (bytes: number): boolean => {
          this.#take(buffer.subarray(0, bytes))
          return true
        }
        socket = network.connect({ ...address, noDelay: true, onread: { buffer, callback } })
        socket.once('connect', connected)
      } else {
        const secure = connectTls({ ...(isIp(address.host) ? {} : { servername: address.host }), ...tls, ...address })
        secure.once('secureConnect', connected)
        secure.on('data', (chunk: Buffer) => this.#take(chunk))
        socket = secure
      }
      this.#socket = socket
      socket.on('error', (error: Error) => lost(error.message, error))
      socket.on('close', () => lost('the broker closed it'))
    })
  }

  async #negotiate(): Promise<void> {
    const request = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0' }
    const ask = (version: number): Promise<ResponseOf<'ApiVersions'>> =>
      this.#send('ApiVersions', version, request, this.#settings.requestTimeoutMs) as Promise<ResponseOf<'ApiVersions'>>
    let answer = await ask(3)
    if (answer.errorCode === kafkaError.UNSUPPORTED_VERSION) answer = await ask(0)
    expectNone(answer.errorCode, `${this.address} does not tell its versions`)
    for (const { apiKey, minVersion, maxVersion } of answer.apiKeys) {
      this.#versions.set(apiKey, { min: minVersion, max: maxVersion })
    }
    const transactions = answer.finalizedFeatures.find(({ name }) => name === 'transaction.version')
    this.#transactionVersion = transactions?.maxVersionLevel ?? 0
  }

  #send(api: ApiName, version: number, message: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const correlationId = this.#takeId()
    const parts = writeRequest(writer, api, version, correlationId, this.#settings.clientId, message as never)
    const { clock } = this.#settings
    const answer = deferred<unknown>()
    const deadlineMs = Math.max(clock.monotonic(), this.#throttledUntilMs) + timeoutMs
    this.#pending.push({ api, version, correlationId, deadlineMs, timeoutMs, answer })
    this.#timer ??= clock.setInterval(() => this.#checkTimeouts(), timeoutCheckMs)
    this.#write(parts)
    return answer.promise
  }

  /** Numbers of requests are int32, and begin again. */
  #takeId(): number {
    const id = this.#nextId
    this.#nextId = (id + 1) | 0
    return id
  }

  #write(parts: readonly Buffer[]): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (parts.length === 1) socket.write(parts[0])
    else {
      socket.cork()
      for (const part of parts) socket.write(part)
      socket.uncork()
    }
  }

  #take(chunk: Buffer): void {
    try {
      this.#frames.push(chunk, (frame) => this.#answered(frame))
    } catch (cause) {
      this.#broken(this.#pending[0]?.api ?? 'nothing', cause as Error)
    }
  }

  #answered(frame: Buffer): void {
    const pending = this.#pending[0]
    if (pending === undefined) throw new Error('an answer came that nobody asked for')
    const { api: name, version } = pending
    const api = apis[name]
    const reader = this.#reader.reset(frame)
    const headerVersion = responseHeaderVersion(api, version)
    const correlationId = readResponseHeader(reader, headerVersion)
    if (correlationId !== pending.correlationId) throw new Error('answers came in another order than the requests')
    let answer: unknown
    if (name === 'ApiVersions' && frame.readInt16BE(4) === kafkaError.UNSUPPORTED_VERSION) {
      // A broker that does not know the version answers in the oldest one.
      answer = apis.ApiVersions.readResponse(reader, 0)
    } else answer = api.readResponse(reader, version)
    reader.reset(noBytes)
    this.#pending.shift()
    if (this.#pending.length === 0) this.#stopTimer()
    const { throttleTimeMs = 0 } = answer as { readonly throttleTimeMs?: number }
    if (throttleTimeMs > 0) this.#throttled(throttleTimeMs)
    pending.answer.resolve(answer)
  }

  #throttled(forMs: number): void {
    this.#throttledUntilMs = Math.max(this.#throttledUntilMs, this.#settings.clock.monotonic() + forMs)
    for (const each of this.#pending)
      each.deadlineMs = Math.max(each.deadlineMs, this.#throttledUntilMs + each.timeoutMs)
  }

  #checkTimeouts(): void {
    const [oldest] = this.#pending
    const now = this.#settings.clock.monotonic()
    if (oldest === undefined || this.#pending.every((each) => each.deadlineMs > now)) return
    const late = this.#pending.find((each) => each.deadlineMs <= now) ?? oldest
    this.#end(kafkaErrors.create('TIMEOUT', { api: late.api, address: this.address, timeoutMs: late.timeoutMs }))
  }

  #broken(api: string, cause: Error): void {
    this.#end(kafkaErrors.create('BAD_RESPONSE', { address: this.address, api, reason: cause.message }, { cause }))
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#stopTimer()
    this.#socket?.destroy()
    for (const { answer } of this.#pending.splice(0)) answer.reject(error)
  }

  #stopTimer(): void {
    this.#settings.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

const noBytes = Buffer.alloc(0)

/** A name is checked against the certificate; addresses are in it or not. */
const isIp = (host: string): boolean => host.includes(':') || /^[\d.]+$/.test(host)
