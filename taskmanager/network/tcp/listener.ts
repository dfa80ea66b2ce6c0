/**
 * The data port of a slot and the exchanges of its deployments with slots of other TaskManagers. A connection that says
 * nothing sensible is closed with a line in the log, and hurts nobody. Concurrency: the slot's thread.
 */
import type { Arena } from '../../../core/arena/arena.ts'
import { faulty } from '../../../core/faults.ts'
import { type Clock, systemClock, type TimerHandle } from '../../../core/platform/clock.ts'
import {
  type AddressInfo,
  type Network,
  type OnReadOpts,
  type Server,
  type Socket,
  systemNetwork,
} from '../../../core/platform/net.ts'
import { peerOf, refusalOf } from '../../../core/platform/tls.ts'
import type { EdgePlan } from '../../../proto/jobgraph/plan.ts'
import { inputAccount } from '../accounts.ts'
import type { InputChannel, OutputChannel } from '../channel.ts'
import { networkErrors } from '../errors.ts'
import { Chunks } from './chunks.ts'
import { ConsumerConnection, inputCredit, readBytes, TcpInput } from './consumer.ts'
import { tickMs } from './liveness.ts'
import { handshakeReason } from './mutual-tls.ts'
import { ParkingLot } from './parked.ts'
import { type ConnectionEvents, ProducerConnection, TcpOutput } from './producer.ts'
import { Strangers, type Warn } from './strangers.ts'
import { decodeHello, encodeAnswer, encodeHello, type Hello, helloHeadBytes, helloLength, wireVersion } from './wire.ts'

/** What tells a deployment from all others. */
export interface DeploymentId {
  readonly jobId: string
  readonly attempt: number
  readonly epoch: number
}

/** Where the slot of a producer listens. */
export interface ProducerPlace {
  readonly taskManagerId: string
  readonly host: string
  readonly port: number
}

export interface DataListenerOptions {
  readonly network?: Network
  readonly clock?: Clock
  /** Hears of connections that are turned away, not of each when there are many. */
  readonly warn?: Warn
  /** A connection on which nothing came for so long is lost; 0: none is. Longer than a slot may be blocked. */
  readonly silenceMs?: number
}

const helloTimeoutMs = 5000
const connectTimeoutMs = 5000

export class DataListener {
  readonly #arena: Arena
  readonly #network: Network
  readonly #clock: Clock
  readonly #server: Server
  readonly #strangers: Strangers
  readonly #silenceMs: number
  readonly #exchanges = new Map<string, TcpExchange>()

  private constructor(arena: Arena, options: Required<DataListenerOptions>) {
    const { network, clock, warn, silenceMs } = options
    this.#strangers = new Strangers(clock, warn)
    this.#arena = arena
    this.#network = network
    this.#clock = clock
    this.#silenceMs = silenceMs
    this.#server = network.createServer({ noDelay: true }, (socket) => this.#greet(socket))
    // Of a network that asks for certificates.
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      this.#strangers.turnedAway(
        peerOf(socket),
        'handshake',
        `the TLS handshake failed: ${handshakeReason(error, refusalOf(socket))}`,
      ),
    )
  }

  /** Listens on a free port of `host`. */
  static async open(arena: Arena, host: string, options: DataListenerOptions = {}): Promise<DataListener> {
    const { network = systemNetwork, clock = systemClock, warn = () => undefined, silenceMs = 0 } = options
    const listener = new DataListener(arena, { network, clock, warn, silenceMs })
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject)
      listener.#server.listen(0, host, resolve)
    })
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  exchange(deployment: DeploymentId, events: ConnectionEvents): TcpExchange {
    const key = exchangeKey(deployment)
    const exchange = new TcpExchange({
      deployment,
      arena: this.#arena,
      network: this.#network,
      clock: this.#clock,
      silenceMs: this.#silenceMs,
      events,
      forget: () => this.#exchanges.delete(key),
    })
    this.#exchanges.set(key, exchange)
    return exchange
  }

  close(): void {
    this.#server.close()
    for (const exchange of this.#exchanges.values()) exchange.close(false)
  }

  #greet(socket: Socket): void {
    const chunks = new Chunks()
    const timer = this.#clock.setTimeout(() => {
      this.#strangers.turnedAway(socket, 'silent', `no whole greeting within ${helloTimeoutMs} ms`)
      socket.destroy()
    }, helloTimeoutMs)
    const done = (): void => {
      this.#clock.clearTimeout(timer)
      socket.removeAllListeners('data')
    }
    socket.on('error', () => socket.destroy())
    socket.on('close', done)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      try {
        const head = chunks.peek(helloHeadBytes)
        const whole = head && chunks.peek(helloLength(head))
        if (whole === undefined) return
        done()
        this.#welcome(socket, decodeHello(whole))
      } catch (error) {
        // Whoever this is, it is none of ours: nothing is owed to it.
        this.#strangers.turnedAway(socket, 'garbage', error instanceof Error ? error.message : String(error))
        done()
        socket.destroy()
      }
    })
  }

  #welcome(socket: Socket, hello: Hello): void {
    const exchange = this.#exchanges.get(exchangeKey(hello))
    const refusal =
      hello.version !== wireVersion
        ? `it speaks version ${hello.version} of the data protocol, here it is ${wireVersion}`
        : exchange === undefined
          ? `attempt ${hello.attempt} of job ${hello.jobId} (epoch ${hello.epoch}) does not run here`
          : exchange.accept(socket, hello)
    if (refusal !== undefined) socket.end(encodeAnswer(refusal))
  }
}

const exchangeKey = (of: DeploymentId): string =>
  faulty('reuse-epoch') ? of.jobId : `${of.jobId}/${of.attempt}/${of.epoch}`

interface Wanted {
  readonly edge: number
  readonly from: number
  readonly to: number
  readonly producer: ProducerPlace
  readonly input: TcpInput
}

interface TcpExchangeOptions {
  readonly deployment: DeploymentId
  readonly arena: Arena
  readonly network: Network
  readonly clock: Clock
  readonly silenceMs: number
  readonly events: ConnectionEvents
  readonly forget: () => void
}

/** The channels of one deployment to and from other TaskManagers. */
export class TcpExchange {
  readonly #deployment: DeploymentId
  readonly #arena: Arena
  readonly #network: Network
  readonly #clock: Clock
  readonly #events: ConnectionEvents
  readonly #forget: () => void
  readonly #outputs = new Map<string, TcpOutput>()
  readonly #wanted: Wanted[] = []
  readonly #producing: ProducerConnection[] = []
  readonly #consuming: ConsumerConnection[] = []
  readonly #parking: ParkingLot
  readonly #ticking: TimerHandle | undefined

  constructor({ deployment, arena, network, clock, silenceMs, events, forget }: TcpExchangeOptions) {
    this.#deployment = deployment
    this.#arena = arena
    this.#parking = new ParkingLot(arena)
    this.#network = network
    this.#clock = clock
    this.#events = events
    this.#forget = forget
    if (silenceMs > 0) this.#ticking = clock.setInterval(() => this.#tick(silenceMs), tickMs(silenceMs))
  }

  output(edge: EdgePlan, from: number, to: number): OutputChannel {
    const output = new TcpOutput(this.#arena)
    this.#outputs.set(`${edge.id}/${from}/${to}`, output)
    return output
  }

  input(edge: EdgePlan, from: number, to: number, producer: ProducerPlace): InputChannel {
    const input = new TcpInput(this.#arena, edge.schema, this.#parking, inputAccount(edge.to.vertex))
    this.#wanted.push({ edge: edge.id, from, to, producer, input })
    return input
  }

  /** Connects to every slot that has inputs for this one. Throws NETWORK_CONNECT_FAILED, NETWORK_REFUSED. */
  async connect(): Promise<void> {
    const slots = new Map<string, Wanted[]>()
    for (const wanted of this.#wanted) {
      const address = `${wanted.producer.host}:${wanted.producer.port}`
      slots.set(address, [...(slots.get(address) ?? []), wanted])
    }
    await Promise.all([...slots].map(([address, wanted]) => this.#connectTo(address, wanted)))
  }

  /** A reason to refuse, or undefined: the connection is bound to its channels. */
  accept(socket: Socket, hello: Hello): string | undefined {
    const outputs: TcpOutput[] = []
    for (const { edge, from, to } of hello.channels) {
      const output = this.#outputs.get(`${edge}/${from}/${to}`)
      if (output === undefined) return `there is no channel ${edge}/${from}/${to} here`
      if (output.bound) return `channel ${edge}/${from}/${to} is connected already`
      outputs.push(output)
    }
    const connection = new ProducerConnection(
      socket,
      outputs,
      `${socket.remoteAddress}:${socket.remotePort}`,
      this.#events,
    )
    this.#producing.push(connection)
    connection.write(encodeAnswer(undefined))
    for (const [index, output] of outputs.entries()) output.bind(connection, index, hello.channels[index].credit)
    this.#events.wake()
    return undefined
  }

  /** `orderly`: what was sent still arrives. */
  close(orderly = true): void {
    this.#forget()
    this.#clock.clearTimeout(this.#ticking)
    for (const connection of this.#producing) connection.close(orderly, this.#clock)
    for (const connection of this.#consuming) connection.close()
  }

  #tick(silenceMs: number): void {
    for (const connection of this.#producing) connection.tick(silenceMs)
    for (const connection of this.#consuming) connection.tick(silenceMs)
  }

  #connectTo(address: string, wanted: readonly Wanted[]): Promise<void> {
    const { host, port, taskManagerId } = wanted[0].producer
    const { jobId, attempt, epoch } = this.#deployment
    return new Promise<void>((resolve, reject) => {
      // One buffer for all reads: a fresh one for each would be most of the work of the collector.
      const onread: OnReadOpts = {
        buffer: Buffer.allocUnsafeSlow(readBytes),
        callback: (bytes, buffer) => {
          connection.received((buffer as Buffer).subarray(0, bytes))
          return true
        },
      }
      const socket = this.#network.connect({ host, port, noDelay: true, onread })
      const timer = this.#clock.setTimeout(
        () => socket.destroy(new Error(`no answer in ${connectTimeoutMs} ms`)),
        connectTimeoutMs,
      )
      const settle = (): void => this.#clock.clearTimeout(timer)
      socket.once('error', (error) => {
        settle()
        const reason = handshakeReason(error)
        reject(networkErrors.create('CONNECT_FAILED', { address, taskManager: taskManagerId, reason }))
      })
      socket.once(this.#network.connectedEvent ?? 'connect', () => {
        const channels = wanted.map(({ edge, from, to }) => ({ edge, from, to, credit: inputCredit }))
        socket.write(encodeHello({ version: wireVersion, jobId, attempt, epoch, channels }))
      })
      const connection = new ConsumerConnection({
        socket,
        arena: this.#arena,
        inputs: wanted.map(({ input }) => input),
        peer: taskManagerId,
        clock: this.#clock,
        events: this.#events,
        answered: {
          resolve: () => {
            settle()
            resolve()
          },
          reject: (error) => {
            settle()
            reject(error)
          },
        },
      })
      this.#consuming.push(connection)
    })
  }
}
