/**
 * The connection of a TaskManager to its JobManager: one stream, made again with growing pauses whenever it ends. What is
 * said while there is no connection is dropped: registration tells everything that still counts.
 *
 * Concurrency: control thread only.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { isMillraceError } from '../../core/errors.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import { controlMethods } from '../../proto/generated/services.ts'
import type { FromTaskManager, Register, ToTaskManager } from '../../proto/generated/shapes.ts'
import { Channel } from '../../proto/rpc/channel.ts'
import { fromServiceError } from '../../proto/rpc/errors.ts'
import { LeaderSearch } from '../../proto/rpc/leader-channel.ts'
import { errors } from './errors.ts'

type Stream = ClientDuplexStream<FromTaskManager, ToTaskManager>
type Registered = Extract<ToTaskManager, { kind: 'registered' }>

export interface LinkOptions {
  /** Of all JobManagers: one of them leads. */
  readonly addresses: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly delayMinMs: number
  readonly delayMaxMs: number
  readonly messageBytesMax: number
  hello(): Register
  registered(message: Registered): void
  message(message: ToTaskManager): void
  /** `refused`: trying again is useless. */
  lost(error: Error, refused: boolean): void
}

/** Lines for people are dropped first when the JobManager does not keep up. */
const printsWaitingMax = 2000
/** Where another JobManager may have taken over, one that hangs must be found out. A busy machine is no reason to leave. */
const pingMs = 4000

export class JobManagerLink {
  readonly #options: LinkOptions
  readonly #search: LeaderSearch
  #channel: Channel | undefined
  #stream: Stream | undefined
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
    const stream = this.#stream
    if (stream === undefined) return
    // What becomes of a slot after it was named in the registration must follow, or it would count as taken for ever.
    const ofSlot = message.kind === 'slotReleased' || message.kind === 'slotReady'
    if (!this.#connected && !ofSlot) return
    if (message.kind === 'print' && stream.writableLength > printsWaitingMax) return
    stream.write(message)
  }

  /** The whole bundle. Throws coded errors. */
  async fetchBundle(bundleId: string): Promise<Uint8Array> {
    const channel = this.#channel
    if (channel === undefined) return new Uint8Array(0)
    const pieces: Uint8Array[] = []
    for await (const { data } of channel.serverStream(controlMethods.fetchBundle, { bundleId })) pieces.push(data)
    return Buffer.concat(pieces)
  }

  close(): void {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#timer)
    this.#stream?.end()
    this.#channel?.close()
    this.#connected = false
  }

  #connect(): void {
    const { messageBytesMax } = this.#options
    const address = this.#search.current
    // A new channel each time: it tries at once instead of sitting out a pause of its own.
    const channel = new Channel(address, messageBytesMax, this.#search.several ? pingMs : undefined)
    const stream: Stream = channel.duplex(controlMethods.connect)
    this.#channel = channel
    this.#stream = stream
    stream.on('data', (message: ToTaskManager) => this.#receive(stream, message))
    stream.on('error', (error) => this.#ended(stream, channel, fromServiceError(error, address)))
    stream.on('end', () => this.#ended(stream, channel, new Error('the JobManager ended the connection')))
    stream.write({ kind: 'register', ...this.#options.hello() })
  }

  #receive(stream: Stream, message: ToTaskManager): void {
    if (stream !== this.#stream) return
    if (message.kind !== 'registered') {
      this.#options.message(message)
      return
    }
    const { epoch } = message
    if (epoch < this.#epoch) {
      const error = errors.create('OLD_EPOCH', { address: this.#search.current, epoch, known: this.#epoch })
      this.#ended(stream, this.#channel, error)
      return
    }
    this.#epoch = epoch
    this.#connected = true
    this.#search.found()
    this.#delayMs = this.#options.delayMinMs
    this.#options.registered(message)
  }

  #ended(stream: Stream, channel: Channel | undefined, error: Error): void {
    if (stream !== this.#stream) return
    this.#stream = undefined
    this.#connected = false
    stream.cancel()
    channel?.close()
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
