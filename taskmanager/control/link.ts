/**
 * The connection of a TaskManager to its JobManager: one stream, made again with growing pauses whenever it ends. What is
 * said while there is no connection is dropped: registration tells everything that still counts.
 *
 * Concurrency: control thread only.
 */
import { isMillraceError } from '../../core/errors.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import type { FromTaskManager, Register, ToTaskManager } from '../../proto/generated/shapes.ts'
import { LeaderSearch } from '../../proto/rpc/leader-channel.ts'
import type { ChannelTls } from '../../proto/rpc/tls.ts'
import { type ControlConnection, connectByGrpc } from './connection.ts'
import { errors } from './errors.ts'

type Registered = Extract<ToTaskManager, { kind: 'registered' }>

export interface LinkOptions {
  /** Of all JobManagers: one of them leads. */
  readonly addresses: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly delayMinMs: number
  readonly delayMaxMs: number
  readonly messageBytesMax: number
  readonly tls?: ChannelTls | undefined
  /** How; default gRPC. */
  readonly connect?: (address: string, several: boolean) => ControlConnection
  hello(): Register
  registered(message: Registered): void
  message(message: ToTaskManager): void
  /** `refused`: trying again is useless. */
  lost(error: Error, refused: boolean): void
}

/** Lines for people are dropped first when the JobManager does not keep up. */
const printsWaitingMax = 2000

export class JobManagerLink {
  readonly #options: LinkOptions
  readonly #search: LeaderSearch
  #connection: ControlConnection | undefined
  #connected = false
  #timer: TimerHandle | undefined
  #delayMs: number
  #closed = false
  #epoch = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.#search = new LeaderSearch(options.addresses)
    this.#delayMs = options.delayMinMs
    this.#connect()
  }

  /** Where it is, or is looked for now. */
  get address(): string {
    return this.#search.current
  }

  get connected(): boolean {
    return this.#connected
  }

  send(message: FromTaskManager): void {
    const connection = this.#connection
    if (connection === undefined) return
    // What becomes of a slot after it was named in the registration must follow, or it would count as taken for ever.
    const ofSlot = message.kind === 'slotReleased' || message.kind === 'slotReady'
    if (!this.#connected && !ofSlot) return
    if (message.kind === 'print' && connection.waiting > printsWaitingMax) return
    connection.send(message)
  }

  /** The whole bundle. Throws coded errors. */
  async fetchBundle(bundleId: string): Promise<Uint8Array> {
    return (await this.#connection?.fetchBundle(bundleId)) ?? new Uint8Array(0)
  }

  close(): void {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#timer)
    this.#connection?.end()
    this.#connected = false
  }

  #connect(): void {
    const { connect, messageBytesMax, tls } = this.#options
    const address = this.#search.current
    const { several } = this.#search
    const connection = connect?.(address, several) ?? connectByGrpc(address, several, messageBytesMax, tls)
    this.#connection = connection
    connection.listen(
      (message) => this.#receive(connection, message),
      (error) => this.#ended(connection, error),
    )
    connection.send({ kind: 'register', ...this.#options.hello() })
  }

  #receive(connection: ControlConnection, message: ToTaskManager): void {
    if (connection !== this.#connection) return
    if (message.kind !== 'registered') {
      this.#options.message(message)
      return
    }
    const { epoch } = message
    if (epoch < this.#epoch) {
      const error = errors.create('OLD_EPOCH', { address: this.#search.current, epoch, known: this.#epoch })
      this.#ended(connection, error)
      return
    }
    this.#epoch = epoch
    this.#connected = true
    this.#search.found()
    this.#delayMs = this.#options.delayMinMs
    this.#options.registered(message)
  }

  #ended(connection: ControlConnection, error: Error): void {
    if (connection !== this.#connection) return
    this.#connection = undefined
    this.#connected = false
    connection.drop()
    if (this.#closed) return
    // What went wrong inside of the JobManager is no refusal.
    const inside = isMillraceError(error) && (error.code === 'RPC_FAILED' || error.blame === 'internal')
    const refused = isMillraceError(error) && error.retry === 'never' && !inside
    this.#options.lost(error, refused)
    if (refused) {
      this.#closed = true
      return
    }
    const { clock, random, delayMaxMs } = this.#options
    if (this.#search.failed(error)) {
      clock.setImmediate(() => {
        if (!this.#closed) this.#connect()
      })
      return
    }
    this.#timer = clock.setTimeout(() => this.#connect(), this.#delayMs * (0.75 + random.next() / 2))
    this.#delayMs = Math.min(delayMaxMs, this.#delayMs * 2)
  }
}
