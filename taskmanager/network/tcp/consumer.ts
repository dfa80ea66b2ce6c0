/**
 * The consumer's side of a data connection: frames in, each batch into a segment of its own, credits out as batches are
 * taken. Never stops reading: what finds no free segment waits outside of the arena (parked.ts), at most the credit of its
 * channel. Concurrency: the slot's thread.
 */
import type { Arena } from '../../../core/arena/arena.ts'
import { noAccount, spareOnly } from '../../../core/arena/reserves.ts'
import { openBatch } from '../../../core/columns/open.ts'
import type { Schema } from '../../../core/columns/schema.ts'
import type { Clock } from '../../../core/platform/clock.ts'
import type { Socket } from '../../../core/platform/net.ts'
import type { InputChannel, InputFrame } from '../channel.ts'
import { emptyFrame } from '../channel.ts'
import { wireSchema } from '../computed-key.ts'
import { networkErrors } from '../errors.ts'
import { type FrameKind, frameKind } from '../frame.ts'
import { Chunks } from './chunks.ts'
import { Liveness } from './liveness.ts'
import { handshakeReason } from './mutual-tls.ts'
import type { ParkingLot, WaitingFrame } from './parked.ts'
import { type ConnectionEvents, silent, usedBytesAt } from './producer.ts'
import {
  answerHeadBytes,
  answerLength,
  decodeAnswer,
  decodeFrameHead,
  encodeCredit,
  type FrameHead,
  frameHeadBytes,
  pingCredit,
  pingKind,
} from './wire.ts'

export const inputCredit = 8
/** Bytes that one read may bring. */
export const readBytes = 128 * 1024
/** Credits go back in pairs of batches at least, a frame for each would be too many. */
const creditBatch = inputCredit / 2
const memoryRetryMs = 2

export class TcpInput implements InputChannel {
  readonly #arena: Arena
  readonly #schema: Schema | undefined
  readonly #parking: ParkingLot
  readonly #account: number
  readonly #queue: WaitingFrame[] = []
  #batches = 0
  readonly #frame: InputFrame = emptyFrame()
  #connection: ConsumerConnection | undefined
  #index = 0
  #taken = 0
  sequence = 0
  ended = false

  /** `account`: for whom a batch takes its segment when it is wanted; until then it takes what nobody else needs. */
  constructor(arena: Arena, schema: Schema | undefined, parking: ParkingLot, account: number = noAccount) {
    this.#arena = arena
    this.#account = account
    this.#parking = parking
    parking.add(this)
    this.#schema = schema && wireSchema(schema)
  }

  bind(connection: ConsumerConnection, index: number): void {
    this.#connection = connection
    this.#index = index
  }

  /** The body of a batch is in `segment` or `parked`. Throws NETWORK_BAD_FRAME for a batch beyond the credit. */
  put(head: FrameHead, segment: number, parked: Uint8Array | undefined): void {
    this.#queue.push({ head, segment, parked })
    if (head.kind === frameKind.end) this.ended = true
    if (head.kind === frameKind.batch && ++this.#batches > inputCredit)
      throw networkErrors.create('BAD_FRAME', { reason: `channel ${head.channel} had no credit for another batch` })
  }

  /** Frames that wait, in order. */
  get waiting(): readonly WaitingFrame[] {
    return this.#queue
  }

  ready(): boolean {
    return this.#queue.length > 0
  }

  take(): InputFrame | undefined {
    const next = this.#queue[0]
    if (next === undefined || !this.#unpark(next)) return undefined
    this.#queue.shift()
    const { head } = next
    const frame = this.#frame
    frame.kind = head.kind as FrameKind
    frame.detail = head.detail
    frame.value = head.value
    frame.batch = undefined
    if (head.kind === frameKind.batch) {
      this.#taken++
      this.#batches--
      if (this.#taken >= creditBatch || this.#queue.length === 0) {
        this.#connection?.grant(this.#index, this.#taken)
        this.#taken = 0
      }
      frame.batch = this.#open(next.segment)
    }
    return frame
  }

  close(): void {
    for (const { segment } of this.#queue.splice(0)) if (segment >= 0) this.#arena.release(segment)
    this.#batches = 0
  }

  /** False: there is no segment for it now; the loop is woken to ask again. */
  #unpark(frame: WaitingFrame): boolean {
    const { parked } = frame
    if (parked === undefined) return true
    const segment = this.#parking.allocate(parked.length, this.#account)
    if (segment < 0) {
      this.#connection?.wakeSoon()
      return false
    }
    this.#arena.u8.set(parked, this.#arena.address(segment))
    frame.segment = segment
    frame.parked = undefined
    return true
  }

  /** The bytes came from outside: a batch that is none gives its segment back before the error. */
  #open(segment: number): ReturnType<typeof openBatch> {
    try {
      return openBatch(this.#arena, segment, this.#schema)
    } catch (error) {
      this.#arena.release(segment)
      throw error
    }
  }
}

export class ConsumerConnection {
  readonly #socket: Socket
  readonly #arena: Arena
  readonly #inputs: readonly TcpInput[]
  readonly #peer: string
  readonly #events: ConnectionEvents
  readonly #clock: Clock
  readonly #chunks = new Chunks()
  /** What no segment can ever hold is no frame: waiting for memory would have no end. */
  readonly #bodyMax: number
  readonly #liveness = new Liveness()
  #accepted = false
  #closed = false
  #head: FrameHead | undefined
  #segment = -1
  /** Takes the body when there is no segment for it. */
  #parked: Buffer | undefined
  #filled = 0
  #retry: ReturnType<Clock['setTimeout']> | undefined
  readonly #answered: { resolve(): void; reject(error: unknown): void }

  constructor(options: {
    socket: Socket
    arena: Arena
    inputs: readonly TcpInput[]
    peer: string
    clock: Clock
    events: ConnectionEvents
    answered: { resolve(): void; reject(error: unknown): void }
  }) {
    this.#socket = options.socket
    this.#arena = options.arena
    const { handle, segmentBytes, largeSegmentBytes } = options.arena
    this.#bodyMax = handle.largeSegments > 0 ? largeSegmentBytes : segmentBytes
    this.#inputs = options.inputs
    this.#peer = options.peer
    this.#clock = options.clock
    this.#events = options.events
    this.#answered = options.answered
    for (const [index, input] of options.inputs.entries()) input.bind(this, index)
    this.#socket.on('error', (error) => this.#lost(handshakeReason(error)))
    this.#socket.on('close', () => this.#lost('it was closed'))
  }

  /** Bytes that came; lent for the call. */
  received(bytes: Buffer): void {
    this.#liveness.heard = true
    this.#chunks.push(bytes)
    this.#read()
    this.#chunks.detach()
  }

  grant(channel: number, batches: number): void {
    if (this.#closed || this.#socket.destroyed) return
    this.#liveness.said = true
    this.#socket.write(encodeCredit(channel, batches))
  }

  /** A quarter of `silenceMs` has passed. */
  tick(silenceMs: number): void {
    // How long the answer may take is the business of whoever connects.
    if (this.#closed || !this.#accepted) return
    const due = this.#liveness.tick()
    if (due === 'ping') this.#socket.write(pingCredit)
    else if (due === 'give-up') this.#lost(silent(silenceMs))
  }

  close(): void {
    this.#closed = true
    this.#clock.clearTimeout(this.#retry)
    if (this.#segment >= 0) this.#arena.release(this.#segment)
    this.#segment = -1
    this.#socket.destroy()
  }

  #read(): void {
    if (this.#closed) return
    try {
      if (!this.#accepted && !this.#answer()) return
      let came = false
      while (this.#frame()) came = true
      if (came) this.#events.wake()
    } catch (error) {
      this.close()
      this.#answered.reject(error)
      this.#events.failed(error)
    }
  }

  #answer(): boolean {
    const head = this.#chunks.peek(answerHeadBytes)
    if (head === undefined) return false
    const whole = this.#chunks.peek(answerLength(head))
    if (whole === undefined) return false
    const refusal = decodeAnswer(whole)
    this.#chunks.skip(whole.length)
    if (refusal !== undefined) throw networkErrors.create('REFUSED', { taskManager: this.#peer, reason: refusal })
    this.#accepted = true
    this.#answered.resolve()
    return true
  }

  /** Takes one frame out of what has arrived. False: it is not all there, or there is no memory for it. */
  #frame(): boolean {
    if (this.#head === undefined) {
      const bytes = this.#chunks.peek(frameHeadBytes)
      if (bytes === undefined) return false
      const head = decodeFrameHead(bytes, this.#inputs.length, this.#bodyMax)
      if (head.kind === pingKind) {
        this.#chunks.skip(frameHeadBytes)
        return true
      }
      this.#check(head)
      this.#chunks.skip(frameHeadBytes)
      this.#head = head
      this.#filled = 0
    }
    const head = this.#head
    if (head.kind === frameKind.batch) {
      if (this.#segment < 0 && this.#parked === undefined) {
        this.#segment = this.#arena.allocate(this.#arena.owner, head.bodyBytes, spareOnly)
        if (this.#segment < 0) this.#parked = Buffer.allocUnsafeSlow(head.bodyBytes)
      }
      const left = head.bodyBytes - this.#filled
      const [into, at] = this.#body()
      this.#filled += this.#chunks.moveTo(into, at + this.#filled, left)
      if (this.#filled < head.bodyBytes) return false
      this.#checkLength(head.bodyBytes)
    }
    const segment = this.#segment
    const parked = this.#parked
    this.#segment = -1
    this.#parked = undefined
    this.#head = undefined
    this.#inputs[head.channel].put(head, segment, parked)
    return true
  }

  /** Where the body of the frame goes. */
  #body(): [bytes: Uint8Array, at: number] {
    return this.#parked === undefined ? [this.#arena.u8, this.#arena.address(this.#segment)] : [this.#parked, 0]
  }

  #check(head: FrameHead): void {
    const input = this.#inputs[head.channel]
    if (head.sequence !== input.sequence >>> 0) {
      throw networkErrors.create('BAD_FRAME', {
        reason: `frame ${head.sequence} of channel ${head.channel} where ${input.sequence} was due`,
      })
    }
    if (input.ended && head.kind === frameKind.batch)
      throw networkErrors.create('BAD_FRAME', { reason: `a batch behind the end of channel ${head.channel}` })
    input.sequence++
  }

  /** What a segment held before must not be taken for part of the batch. */
  #checkLength(bodyBytes: number): void {
    const [bytes, at] = this.#body()
    // The first bytes of a body are there even of one that is too short to be a batch.
    const used =
      bodyBytes < usedBytesAt + 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(usedBytesAt, true)
    if (used !== bodyBytes) {
      throw networkErrors.create('BAD_FRAME', { reason: `a batch of ${used} bytes came as ${bodyBytes}` })
    }
  }

  /** No segment was free for a batch that is wanted: others give some back, and nobody rings. */
  wakeSoon(): void {
    if (this.#closed) return
    this.#retry ??= this.#clock.setTimeout(() => {
      this.#retry = undefined
      this.#events.wake()
    }, memoryRetryMs)
  }

  #lost(reason: string): void {
    if (this.#closed) return
    this.close()
    const error = networkErrors.create('CONNECTION_LOST', { taskManager: this.#peer, reason })
    this.#answered.reject(error)
    if (!this.#inputs.every((input) => input.ended)) this.#events.failed(error)
  }
}
