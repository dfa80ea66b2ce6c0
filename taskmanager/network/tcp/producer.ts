/**
 * The producer's side of a data connection: frames out, straight from the arena, credits in. A segment is released by the
 * completion of its write. Concurrency: the slot's thread.
 */
import type { Arena } from '../../../core/arena/arena.ts'
import { formatDuration } from '../../../core/config/index.ts'
import type { Clock } from '../../../core/platform/clock.ts'
import type { Socket } from '../../../core/platform/net.ts'
import type { OutputChannel } from '../channel.ts'
import { networkErrors } from '../errors.ts'
import { type FrameKind, frameKind } from '../frame.ts'
import { Chunks } from './chunks.ts'
import { Liveness } from './liveness.ts'
import { creditBytes, decodeCredit, encodeFrameHead, pingFrame } from './wire.ts'

/** Where a batch's header says how many of its segment's bytes count. */
export const usedBytesAt = 8
/** Bytes that the system has not taken; watermarks wait behind more, so that they coalesce. */
const queuedBytesMax = 1024 * 1024
const creditMax = 1024
/** For what is queued when the job ends. */
const lingerMs = 5000

/** One channel; bound to a connection when its consumer comes. */
export class TcpOutput implements OutputChannel {
  readonly #arena: Arena
  #connection: ProducerConnection | undefined
  #index = 0
  #credit = 0
  #sequence = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  get bound(): boolean {
    return this.#connection !== undefined
  }

  bind(connection: ProducerConnection, index: number, credit: number): void {
    this.#connection = connection
    this.#index = index
    this.#credit = credit
  }

  grant(batches: number): void {
    this.#credit += batches
  }

  room(): number {
    return this.#credit
  }

  sendBatch(segment: number): void {
    const address = this.#arena.address(segment)
    const bytes = this.#arena.u32[(address + usedBytesAt) >>> 2]
    this.#credit--
    const head = encodeFrameHead({
      bodyBytes: bytes,
      kind: frameKind.batch,
      channel: this.#index,
      sequence: this.#sequence++,
      detail: 0,
      value: 0,
    })
    this.#connection?.write(head, this.#arena.u8.subarray(address, address + bytes), () => this.#arena.release(segment))
  }

  sendControl(kind: FrameKind, detail: number, value: number): boolean {
    const connection = this.#connection
    if (connection === undefined || (kind === frameKind.watermark && connection.queuedBytes > queuedBytesMax))
      return false
    connection.write(
      encodeFrameHead({ bodyBytes: 0, kind, channel: this.#index, sequence: this.#sequence++, detail, value }),
    )
    if (kind === frameKind.end) connection.channelEnded(this.#index)
    return true
  }
}

export interface ConnectionEvents {
  wake(): void
  failed(error: unknown): void
}

export const silent = (ms: number): string => `nothing came for ${formatDuration(ms)}`

export class ProducerConnection {
  readonly #socket: Socket
  readonly #outputs: readonly TcpOutput[]
  readonly #events: ConnectionEvents
  readonly #chunks = new Chunks()
  readonly #ended = new Set<number>()
  readonly #peer: string
  readonly #liveness = new Liveness()
  #closed = false
  #corked = false

  constructor(socket: Socket, outputs: readonly TcpOutput[], peer: string, events: ConnectionEvents) {
    this.#socket = socket
    this.#outputs = outputs
    this.#peer = peer
    this.#events = events
    socket.on('data', (chunk: Buffer) => this.#credits(chunk))
    socket.on('drain', () => events.wake())
    socket.on('error', (error) => this.#lost(error.message))
    socket.on('close', () => this.#lost('it was closed'))
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  /** `done` is called when the bytes of `body` are not needed any more, whether they arrived or not. */
  write(head: Buffer, body?: Uint8Array, done?: () => void): void {
    const socket = this.#socket
    if (this.#closed || socket.destroyed) {
      done?.()
      return
    }
    this.#liveness.said = true
    if (!this.#corked) {
      // All frames of one turn leave with one call to the system.
      this.#corked = true
      socket.cork()
      queueMicrotask(() => {
        this.#corked = false
        socket.uncork()
      })
    }
    socket.write(head)
    if (body !== undefined) socket.write(body, () => done?.())
  }

  /** A quarter of `silenceMs` has passed. */
  tick(silenceMs: number): void {
    if (this.#closed) return
    const due = this.#liveness.tick()
    if (due === 'ping') this.write(pingFrame)
    else if (due === 'give-up') this.#lost(silent(silenceMs))
  }

  channelEnded(index: number): void {
    this.#ended.add(index)
  }

  /** `orderly`: what is queued still goes out. */
  close(orderly: boolean, clock: Clock): void {
    this.#closed = true
    if (!orderly || this.#socket.destroyed) {
      this.#socket.destroy()
      return
    }
    this.#socket.end()
    // A peer that takes nothing must not hold segments for ever.
    const timer = clock.setTimeout(() => this.#socket.destroy(), lingerMs)
    this.#socket.once('close', () => clock.clearTimeout(timer))
  }

  #credits(chunk: Buffer): void {
    this.#liveness.heard = true
    this.#chunks.push(chunk)
    try {
      for (let bytes = this.#chunks.peek(creditBytes); bytes !== undefined; bytes = this.#chunks.peek(creditBytes)) {
        const { channel, batches } = decodeCredit(bytes, this.#outputs.length, creditMax)
        this.#chunks.skip(creditBytes)
        this.#outputs[channel].grant(batches)
      }
    } catch (error) {
      this.#closed = true
      this.#socket.destroy()
      this.#events.failed(error)
      return
    }
    this.#events.wake()
  }

  #lost(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
    // A consumer that has everything may go.
    if (this.#ended.size === this.#outputs.length) return
    this.#events.failed(networkErrors.create('CONNECTION_LOST', { taskManager: this.#peer, reason }))
  }
}
