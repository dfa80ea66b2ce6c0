/**
 * What a handler of an API is: a function from a decoded request and its context to a response, now or later. Rooms give
 * their handlers as tables (`HandlerTable`); `version-table.ts` merges them, and both ApiVersions and the dispatch read
 * only the merged table.
 *
 * Promises to handlers: requests of one connection are handled one after the other; responses leave in the order of the
 * requests. Only entries marked `pipelined` may be called while earlier pipelined requests of the connection wait for
 * their answers. A handler puts errors of items into their own slots of the response. What it throws is logged as our
 * mistake and answered with `failed`, or by closing the connection where there is none.
 */
import type { AclOperation, ResourceType } from '../security/acl.ts'

export { type AclOperation, aclOperation, clusterResource, type ResourceType, resourceType } from '../security/acl.ts'

/** Who speaks. Kafka writes it `User:alice`. */
export interface Principal {
  readonly type: 'User'
  readonly name: string
}

/** Whoever has not authenticated, on a listener that does not ask for it. */
export const anonymous: Principal = { type: 'User', name: 'ANONYMOUS' }

/** Decides who may do what. `allowAll` until an authoriser is configured. */
export interface Authorizer {
  /** True when decisions depend on ACLs at all: responses then tell the operations that a client may do. */
  readonly enabled: boolean
  authorize(
    principal: Principal,
    host: string,
    operation: AclOperation,
    resource: ResourceType,
    resourceName: string,
  ): boolean
  /** Whether there is any resource of this type that the principal may do this to. */
  authorizeSome(principal: Principal, host: string, operation: AclOperation, resource: ResourceType): boolean
}

export const allowAll: Authorizer = { enabled: false, authorize: () => true, authorizeSome: () => true }

/** Answers one frame that carries no Kafka header: the raw tokens of SASL after SaslHandshake v0. */
export type RawFrameHandler = (frame: Buffer) => Buffer | Promise<Buffer>

/**
 * A connection, as handlers see it. It lives as long as the socket. `principal`, `authenticated`, `reauthenticateAtMs`
 * and `rawFrames` belong to the SASL handlers, nobody else writes them.
 */
export interface ConnectionInfo {
  readonly id: number
  /** Address of the peer without its port. */
  readonly host: string
  readonly port: number
  readonly listenerName: string
  readonly tls: boolean
  /** Mechanisms that this listener accepts; empty when it does not ask for SASL. */
  readonly saslMechanisms: readonly string[]
  principal: Principal
  /** False on a SASL listener until the exchange has succeeded: nothing but ApiVersions and SASL is served before. */
  authenticated: boolean
  /** Monotonic time after which everything but SASL closes the connection; undefined: never. */
  reauthenticateAtMs: number | undefined
  /** Takes the next frames whole, instead of the dispatch. */
  rawFrames: RawFrameHandler | undefined
  /** State of a SASL exchange that is going on. */
  saslState: unknown
  /** Set from ApiVersions. */
  clientSoftware: string | undefined
  /** No further request is started before all those that were are answered, though they may be pipelined. */
  holdBack(): void
  /** Closes after the responses that were given so far. */
  close(reason: string): void
}

/** One request. Valid until its answer, also across `await`. */
export interface RequestContext {
  readonly apiKey: number
  readonly version: number
  readonly clientId: string | null
  readonly correlationId: number
  readonly principal: Principal
  readonly connection: ConnectionInfo
  /** What its quota gives it in a second: no fetch should take more at a time. */
  readonly fetchBytesMax: number
  /** Called when the connection closes before the answer; whoever waits gives up then. */
  onClosed: (() => void) | undefined
  authorize(operation: AclOperation, resource: ResourceType, name: string): boolean
  /** Whether there is any resource of this type that the client may do this to. */
  authorizeSome(operation: AclOperation, resource: ResourceType): boolean
  /** The answer of a handler that returned `answersLater`. Once. */
  answer(answer: Answer<unknown> | Promise<Answer<unknown>>): void
}

/** The handler's answer when the protocol wants none (acks=0). */
export const noResponse: unique symbol = Symbol('no response')
/** The handler's answer when the connection has to be closed instead. */
export const closeConnection: unique symbol = Symbol('close')
/** What a handler returns that tells its context the answer: a promise for each of many requests costs. */
export const answersLater: unique symbol = Symbol('later')

export type Answer<R> = R | typeof noResponse | typeof closeConnection

export type Handled<R> = Answer<R> | typeof answersLater | Promise<Answer<R> | typeof answersLater>

export type ApiHandler<Q, R> = (request: Q, context: RequestContext) => Handled<R>

export interface HandlerEntry<Q = never, R = unknown> {
  readonly handle: ApiHandler<Q, R>
  /** Versions that are served. */
  readonly minVersion: number
  readonly maxVersion: number
  /** Lower than `minVersion` where old clients look for one exact version before they use newer ones. */
  readonly advertisedMinVersion?: number
  /** May run while earlier pipelined requests of the connection wait for their answers. */
  readonly pipelined?: boolean
  /** Keeps no Buffer of the request when `handle` has returned: the frame lies in memory that is used again then. */
  readonly borrows?: boolean
  /** A whole response that says `error`, for a request whose handler threw. Without it the connection is closed. */
  failed?(request: Q, error: number, version: number): Answer<R>
}

/** Handlers by the API's name in Kafka without `Request`: `Metadata`, `JoinGroup`, … */
export type HandlerTable = Readonly<Record<string, HandlerEntry<never, unknown>>>

/** An entry of a table, with its types checked. */
export function handlerEntry<Q, R>(entry: HandlerEntry<Q, R>): HandlerEntry<never, unknown> {
  return entry as unknown as HandlerEntry<never, unknown>
}
