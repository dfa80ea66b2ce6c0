/**
 * From a frame to a handler and back. A frame whose API or version nobody serves, or that cannot be decoded, ends its
 * connection with one line in the log, as Kafka does; only ApiVersions answers a version that it does not know.
 *
 * A handler that answers at once, or tells its context, costs no promise. What a handler throws is our mistake: it is logged, and answered with
 * the API's own response of failure where it has one. One thread.
 */
import type { Logger } from '../../core/log.ts'
import type { Clock } from '../../core/platform/clock.ts'
import { apis } from '../../proto/kafka/apis.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { KafkaReader } from '../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'
import type { Connection, FrameHandler, ResponseSlot } from '../net/connection.ts'
import type { ClientQuotas } from '../quota/client-quotas.ts'
import { apiVersionsKey, unsupportedApiVersions } from './api-versions.ts'
import {
  type AclOperation,
  type Answer,
  type Authorizer,
  answersLater,
  type ConnectionInfo,
  closeConnection,
  type Handled,
  noResponse,
  type Principal,
  type RequestContext,
  type ResourceType,
} from './handler.ts'
import type { ServedApi, VersionTable } from './version-table.ts'

const saslHandshakeKey = 17
const saslAuthenticateKey = 36

class Context implements RequestContext {
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly principal: Principal
  readonly connection: ConnectionInfo
  readonly api: ServedApi
  readonly request: unknown
  readonly slot: ResponseSlot
  readonly startedMs: number
  readonly #dispatcher: Dispatcher

  constructor(
    dispatcher: Dispatcher,
    api: ServedApi,
    version: number,
    correlationId: number,
    clientId: string | null,
    request: unknown,
    slot: ResponseSlot,
    startedMs: number,
  ) {
    this.#dispatcher = dispatcher
    this.api = api
    this.version = version
    this.correlationId = correlationId
    this.clientId = clientId
    this.request = request
    this.slot = slot
    this.startedMs = startedMs
    this.connection = slot.connection
    this.principal = slot.connection.principal
  }

  get apiKey(): number {
    return this.api.key
  }

  get fetchBytesMax(): number {
    return this.slot.quota?.buckets.consumer_byte_rate?.perSecond ?? Number.POSITIVE_INFINITY
  }

  get onClosed(): (() => void) | undefined {
    return this.slot.onClosed
  }

  set onClosed(closed: (() => void) | undefined) {
    this.slot.onClosed = closed
  }

  authorize(operation: AclOperation, resource: ResourceType, name: string): boolean {
    const { authorizer } = this.#dispatcher
    return !authorizer.enabled || authorizer.authorize(this.principal, this.connection.host, operation, resource, name)
  }

  authorizeSome(operation: AclOperation, resource: ResourceType): boolean {
    const { authorizer } = this.#dispatcher
    return !authorizer.enabled || authorizer.authorizeSome(this.principal, this.connection.host, operation, resource)
  }

  answer(answer: Answer<unknown> | Promise<Answer<unknown>>): void {
    this.#dispatcher.handled(this, answer)
  }
}

export interface DispatcherOptions {
  readonly table: VersionTable
  readonly authorizer: Authorizer
  readonly quotas: ClientQuotas
  readonly clock: Clock
  readonly log: Logger
}

export class Dispatcher implements FrameHandler {
  readonly authorizer: Authorizer
  readonly #table: VersionTable
  readonly #quotas: ClientQuotas
  readonly #clock: Clock
  readonly #log: Logger
  readonly #reader = new KafkaReader()
  readonly #writer = new KafkaWriter()

  constructor(options: DispatcherOptions) {
    this.#table = options.table
    this.authorizer = options.authorizer
    this.#quotas = options.quotas
    this.#clock = options.clock
    this.#log = options.log
    this.#reader.saturates = true
  }

  isPipelined(frame: Buffer): boolean {
    return this.#table.get(((frame[0] as number) << 8) | (frame[1] as number))?.pipelined === true
  }

  isBorrowed(frame: Buffer): boolean {
    return this.#table.get(((frame[0] as number) << 8) | (frame[1] as number))?.borrows === true
  }

  handle(connection: Connection, frame: Buffer, slot: ResponseSlot): void {
    if (connection.rawFrames !== undefined) {
      this.#handleRaw(connection, frame, slot)
      return
    }
    const reader = this.#reader.reset(frame)
    const key = reader.int16()
    const version = reader.int16()
    const correlationId = reader.int32()
    const api = this.#table.get(key)
    if (api === undefined) {
      offend(slot, `nobody serves API ${key} (version ${version})`)
      return
    }
    if (!this.#admitted(connection, api, slot)) return
    if (version < api.minVersion || version > api.maxVersion) {
      if (key === apiVersionsKey) slot.answer(unsupportedApiVersions(this.#writer, correlationId, api))
      else if (version >= api.advertisedMinVersion && version < api.minVersion && api.failed !== undefined) {
        this.#tooOld(api, version, correlationId, slot)
      } else offend(slot, `${api.name} has no version ${version}`)
      return
    }
    let request: unknown
    let clientId: string | null
    try {
      // The client id stays a plain string, also where the rest of the header is flexible.
      clientId = reader.nullableString(false)
      if (version >= api.flexibleFrom) reader.skipTags()
      request = api.readRequest(reader, version)
    } catch (error) {
      offend(slot, `${api.name} version ${version} cannot be read: ${(error as Error).message}`)
      return
    }
    const startedMs = this.#clock.monotonic()
    api.counts.requests++
    const quota = this.#quotas.of(connection.principal.name, clientId)
    slot.quota = quota
    if (quota !== undefined && key === apis.Produce.key) this.#quotas.use(quota, 'producer_byte_rate', frame.length)
    const context = new Context(this, api, version, correlationId, clientId, request, slot, startedMs)
    let answer: Handled<unknown>
    try {
      answer = api.handle(request, context)
    } catch (error) {
      this.#failed(context, error)
      return
    }
    if (quota !== undefined) this.#quotas.use(quota, 'request_percentage', this.#clock.monotonic() - startedMs)
    this.handled(context, answer)
  }

  /** What a handler returned, or told its context. */
  handled(context: Context, answer: Handled<unknown>): void {
    if (answer === answersLater) return
    if (answer instanceof Promise) {
      answer.then(
        (value) => this.handled(context, value),
        (error: unknown) => this.#failed(context, error),
      )
      return
    }
    const { api, version, correlationId, slot } = context
    api.counts.times.add(this.#clock.monotonic() - context.startedMs)
    this.#answer(api, version, correlationId, slot, answer)
  }

  #admitted(connection: Connection, api: ServedApi, slot: ResponseSlot): boolean {
    const { key } = api
    if (key === apiVersionsKey || key === saslHandshakeKey || key === saslAuthenticateKey) return true
    if (!connection.authenticated) {
      offend(slot, `${api.name} before it has authenticated`)
      return false
    }
    const until = connection.reauthenticateAtMs
    if (until !== undefined && this.#clock.monotonic() > until) {
      offend(slot, 'its authentication has expired')
      return false
    }
    return true
  }

  /** Versions that are advertised for the sake of old clients, and not served. */
  #tooOld(api: ServedApi, version: number, correlationId: number, slot: ResponseSlot): void {
    const reader = this.#reader
    try {
      reader.nullableString(false)
      const request = api.readRequest(reader, version)
      this.#answer(
        api,
        version,
        correlationId,
        slot,
        api.failed?.(request, kafkaError.UNSUPPORTED_VERSION, version) ?? closeConnection,
      )
    } catch (error) {
      offend(slot, `${api.name} version ${version} cannot be read: ${(error as Error).message}`)
    }
  }

  #answer(api: ServedApi, version: number, correlationId: number, slot: ResponseSlot, answer: Answer<unknown>): void {
    if (slot.connection.isClosed) return
    const { quota } = slot
    if (answer === noResponse) {
      if (quota !== undefined) this.#quotas.throttle(quota, slot.connection)
      slot.answer(undefined)
      return
    }
    if (answer === closeConnection) {
      slot.connection.close(`${api.name} failed, and wants no answer`)
      slot.answer(undefined)
      return
    }
    const writer = this.#writer
    try {
      this.#write(api, version, correlationId, answer)
      if (quota !== undefined) {
        if (api.key === apis.Fetch.key) this.#quotas.use(quota, 'consumer_byte_rate', writer.length)
        const throttleTimeMs = this.#quotas.throttle(quota, slot.connection)
        if (throttleTimeMs > 0) this.#write(api, version, correlationId, { ...(answer as object), throttleTimeMs })
      }
    } catch (error) {
      this.#log.error({ api: api.name, version, error }, 'a response cannot be written')
      api.counts.failures++
      slot.connection.destroy('a response cannot be written')
      return
    }
    slot.write(writer)
  }

  #write(api: ServedApi, version: number, correlationId: number, answer: unknown): void {
    const writer = this.#writer
    writer.begin()
    writer.int32(correlationId)
    // ApiVersions keeps the old header for ever: its client does not know yet what we speak.
    if (version >= api.flexibleFrom && api.key !== apiVersionsKey) writer.unsignedVarint(0)
    api.writeResponse(writer, answer, version)
  }

  #failed(context: Context, error: unknown): void {
    const { api, version, correlationId, request, slot } = context
    api.counts.failures++
    this.#log.error({ api: api.name, version, error }, 'a handler failed')
    if (api.failed === undefined) {
      slot.connection.destroy(`${api.name} failed`)
      return
    }
    let response: Answer<unknown>
    try {
      response = api.failed(request, kafkaError.UNKNOWN_SERVER_ERROR, version)
    } catch (second) {
      this.#log.error({ api: api.name, version, error: second }, 'the response of a failure failed')
      slot.connection.destroy(`${api.name} failed`)
      return
    }
    this.#answer(api, version, correlationId, slot, response)
  }

  #handleRaw(connection: Connection, frame: Buffer, slot: ResponseSlot): void {
    const failed = (error: unknown): void => {
      offend(slot, `its SASL token was refused: ${(error as Error).message}`)
    }
    const answered = (token: Buffer): void => {
      const size = Buffer.alloc(4)
      size.writeInt32BE(token.length)
      slot.answer([size, token])
    }
    try {
      const token = connection.rawFrames?.(frame)
      if (token instanceof Promise) token.then(answered, failed)
      else if (token !== undefined) answered(token)
    } catch (error) {
      failed(error)
    }
  }
}

/** Closes the connection once everything before this request has been answered. */
function offend(slot: ResponseSlot, reason: string): void {
  slot.connection.offend(reason)
  slot.answer(undefined)
}
