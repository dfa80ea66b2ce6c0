/**
 * The listeners of a broker and their connections: accepts within the limits (all, per address), watches for the silent and the
 * deaf, and counts. One warning per peer and minute for what nobody can answer.
 */
import type { Logger } from '../../core/log.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { AddressInfo, Network, Socket, Server as SocketServer } from '../../core/platform/net.ts'
import { createTlsServer, type TLSSocket, type TlsServerOptions } from '../../core/platform/tls.ts'
import type { Principal } from '../api/handler.ts'
import { brokerErrors } from '../errors.ts'
import { ByteBudget } from './byte-budget.ts'
import { Connection, type ConnectionLimits, type ConnectionOwner, type FrameHandler } from './connection.ts'
import { FrameMemory } from './frame-memory.ts'
import type { ListenerSpec } from './listener-spec.ts'

export interface ServerLimits extends ConnectionLimits {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  /** Bytes of requests and responses of all connections. */
  readonly heldBytesMax: number
}

export interface ServerOptions {
  readonly clock: Clock
  readonly network: Network
  readonly log: Logger
  readonly handler: FrameHandler
  readonly limits: ServerLimits
  readonly saslMechanisms: readonly string[]
  readonly tls?: TlsServerOptions | undefined
  /** Who a client is by its certificate. */
  principalOfCertificate?(subject: string): Principal
  /** Whether this address may open a connection now. */
  admits?(address: string): boolean
  /** Told which pieces of responses have left. */
  sent?(pieces: readonly Buffer[]): void
}

export interface BoundListener {
  readonly spec: ListenerSpec
  readonly host: string
  readonly port: number
}

/** Plain numbers; the metrics read them when they are asked. */
export class ServerCounts {
  bytesIn = 0
  bytesOut = 0
  accepted = 0
  refused = 0
  offences = 0
  failedHandshakes = 0
}

const checkIntervalMs = 1000
const warningIntervalMs = 60_000
const rememberedWarnings = 1000
/** Two batches of the usual size: frames that lie in it whole are not copied. */
const readBufferBytes = 256 * 1024
const idleFrameBytesMax = 8 * 1024 * 1024

export class BrokerServer implements ConnectionOwner {
  readonly handler: FrameHandler
  readonly budget: ByteBudget
  readonly memory = new FrameMemory(idleFrameBytesMax)
  readonly readBuffer = Buffer.allocUnsafeSlow(readBufferBytes)
  readonly limits: ServerLimits
  readonly counts = new ServerCounts()
  readonly #options: ServerOptions
  readonly #servers: SocketServer[] = []
  /** With what gives the place of each back. */
  readonly #connections = new Map<Connection, () => void>()
  /** Connections, and those that are still in the handshake of TLS. */
  #places = 0
  readonly #perAddress = new Map<string, number>()
  readonly #warnedMs = new Map<string, number>()
  #nextId = 1
  #nowMs: number
  #timer: TimerHandle | undefined
  #emptied: (() => void) | undefined
  #closing = false

  constructor(options: ServerOptions) {
    this.#options = options
    this.handler = options.handler
    this.limits = options.limits
    this.budget = new ByteBudget(options.limits.heldBytesMax)
    this.#nowMs = options.clock.monotonic()
    this.#timer = options.clock.setInterval(() => this.#check(), checkIntervalMs)
    this.#timer.unref()
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Time of the last check: no more than a second old, and free to read. */
  nowMs(): number {
    return this.#nowMs
  }

  /** Throws BROKER_PORT_IN_USE, BROKER_CANNOT_LISTEN, BROKER_TLS_FILE. */
  async listen(spec: ListenerSpec): Promise<BoundListener> {
    const server = this.#create(spec)
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        const address = `${spec.host}:${spec.port}`
        reject(
          error.code === 'EADDRINUSE'
            ? brokerErrors.create('PORT_IN_USE', { address }, { cause: error })
            : brokerErrors.create('CANNOT_LISTEN', { address, reason: error.message }, { cause: error }),
        )
      }
      server.once('error', failed)
      server.listen({ host: spec.host, port: spec.port, backlog: 1024 }, () => {
        server.off('error', failed)
        resolve()
      })
    })
    server.on('error', (error) => this.#options.log.error({ listener: spec.name, error }, 'listener failed'))
    this.#servers.push(server)
    const { port } = server.address() as AddressInfo
    return { spec, host: spec.host, port }
  }

  counted(bytesIn: number, bytesOut: number): void {
    this.counts.bytesIn += bytesIn
    this.counts.bytesOut += bytesOut
  }

  sent(pieces: readonly Buffer[]): void {
    this.#options.sent?.(pieces)
  }

  closed(connection: Connection, reason: string): void {
    const leave = this.#connections.get(connection)
    if (leave === undefined) return
    this.#connections.delete(connection)
    leave()
    this.#options.log.debug({ peer: `${connection.host}:${connection.port}`, reason }, 'connection closed')
    if (this.#connections.size === 0) this.#emptied?.()
  }

  offended(connection: Connection, reason: string): void {
    this.counts.offences++
    this.#warn(connection.host, { peer: `${connection.host}:${connection.port}`, reason }, 'connection closed')
  }

  /** No new connections; what has been started is answered, for at most `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    for (const server of this.#servers) server.close()
    for (const connection of [...this.#connections.keys()]) connection.drain()
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.setTimeout(resolve, patienceMs)
        this.#emptied = () => {
          this.#options.clock.clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const connection of [...this.#connections.keys()]) connection.destroy('the broker stops')
    this.#options.clock.clearTimeout(this.#timer)
  }

  #create(spec: ListenerSpec): SocketServer {
    const { tls, network } = this.#options
    if (spec.protocol !== 'SSL' && spec.protocol !== 'SASL_SSL') {
      return network.createServer({ noDelay: true }, (socket) => {
        const leave = this.#enter(socket)
        if (leave !== undefined) return this.#accept(socket, spec, false, leave)
        socket.on('error', () => socket.destroy())
        socket.destroy()
      })
    }
    if (tls === undefined) {
      throw brokerErrors.create('BAD_LISTENER', {
        listener: spec.name,
        reason: 'it wants TLS, and broker.tls.key and broker.tls.cert are not set',
      })
    }
    try {
      return createTlsServer(
        tls,
        // Its place is given back when the socket below closes, which it may do before the handshake ends.
        (socket) => {
          if (this.#closing) socket.destroy()
          else this.#accept(socket, spec, true, () => undefined)
        },
        (error, peer) => {
          this.counts.failedHandshakes++
          const reason = (error as NodeJS.ErrnoException).code ?? error.message
          this.#warn(peer, { peer, listener: spec.name, reason }, 'TLS handshake failed')
        },
        (socket) => {
          const leave = this.#enter(socket)
          if (leave !== undefined) socket.once('close', leave)
          return leave !== undefined
        },
      )
    } catch (cause) {
      const reason = (cause as Error).message
      throw brokerErrors.create('TLS_FILE', { path: 'broker.tls.key, broker.tls.cert', reason }, { cause })
    }
  }

  /** Takes a place among the connections; undefined: there is none for this one. The result gives it back. */
  #enter(socket: Socket): (() => void) | undefined {
    const { limits } = this
    const host = hostOf(socket)
    const sameAddress = this.#perAddress.get(host) ?? 0
    const reason = this.#closing
      ? 'the broker stops'
      : this.#places >= limits.connectionsMax
        ? `${limits.connectionsMax} connections are open`
        : sameAddress >= limits.connectionsPerAddressMax
          ? `${limits.connectionsPerAddressMax} connections of this address are open`
          : this.#options.admits?.(host) === false
            ? 'this address opens more connections per second than its quota allows'
            : undefined
    if (reason !== undefined) {
      this.counts.refused++
      this.#warn(host, { peer: host, reason }, 'connection refused')
      return undefined
    }
    this.#places++
    this.#perAddress.set(host, sameAddress + 1)
    return () => {
      this.#places--
      const count = (this.#perAddress.get(host) ?? 1) - 1
      if (count === 0) this.#perAddress.delete(host)
      else this.#perAddress.set(host, count)
    }
  }

  #accept(socket: Socket, spec: ListenerSpec, tls: boolean, leave: () => void): void {
    this.counts.accepted++
    const host = hostOf(socket)
    const connection = new Connection(socket, this, {
      id: this.#nextId++,
      host,
      port: socket.remotePort ?? 0,
      listenerName: spec.name,
      tls,
      saslMechanisms: spec.protocol.startsWith('SASL') ? this.#options.saslMechanisms : [],
    })
    if (tls && spec.protocol === 'SSL') this.#identify(connection, socket as TLSSocket)
    this.#connections.set(connection, leave)
  }

  #identify(connection: Connection, socket: TLSSocket): void {
    if (!socket.authorized) return
    const subject = distinguishedName(socket.getPeerCertificate()?.subject)
    if (subject === undefined) return
    connection.principal = this.#options.principalOfCertificate?.(subject) ?? { type: 'User', name: subject }
  }

  #check(): void {
    this.#nowMs = this.#options.clock.monotonic()
    for (const connection of this.#connections.keys()) connection.check(this.#nowMs)
  }

  #warn(peer: string, fields: Readonly<Record<string, unknown>>, text: string): void {
    const last = this.#warnedMs.get(peer)
    if (last !== undefined && this.#nowMs - last < warningIntervalMs) {
      this.#options.log.debug(fields, text)
      return
    }
    if (this.#warnedMs.size >= rememberedWarnings) this.#warnedMs.clear()
    this.#warnedMs.set(peer, this.#nowMs)
    this.#options.log.warn(fields, text)
  }
}

const hostOf = (socket: Socket): string => (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')

/** `CN=alice,OU=x`, in the order in which Kafka writes names of certificates: the last part first. */
export function distinguishedName(subject: object | undefined): string | undefined {
  if (subject === undefined || subject === null) return undefined
  const parts = Object.entries(subject).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${key}=${String(each)}`),
  )
  return parts.length === 0 ? undefined : parts.reverse().join(',')
}
