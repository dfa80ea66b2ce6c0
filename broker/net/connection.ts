/**
 * A connection: frames in, responses out, in order.
 *
 * Requests are started one after the other. A request that the dispatch calls pipelined (Produce) may start while
 * earlier pipelined ones wait for their answers, so that several batches of one producer share one fsync; anything else
 * starts when all before it are answered. Responses leave in the order of the requests, those of one turn of the event loop
 * in one write.
 *
 * Bounds: a client that does not read its responses gets no further request started and is not read from, until what it
 * was sent has left; if nothing leaves for `writeTimeoutMs`, it is closed, and much sooner when others wait for the memory
 * that it holds. So is one that says nothing for `idleTimeoutMs`, one that does not finish a frame that it began (`requestTimeoutMs`, and
 * more for large ones), and one that does not log in within `authenticationTimeoutMs`. Frames take from the byte budget of all connections. One thread; no promise per request.
 */
import { receive, type Socket } from '../../core/platform/net.ts'
import type { KafkaWriter } from '../../proto/kafka/writer.ts'
import { anonymous, type ConnectionInfo, type Principal, type RawFrameHandler } from '../api/handler.ts'
import type { ClientQuota } from '../quota/client-quotas.ts'
import { FrameReader } from './frame-reader.ts'
import { Output, type OutputOwner, shortBytes } from './output.ts'

/** What decodes and handles frames; see api/dispatch.ts. */
export interface FrameHandler {
  /** Whether the request in `frame` may start while earlier pipelined ones wait. */
  isPipelined(frame: Buffer): boolean
  /** Whether nothing keeps a part of `frame` when `handle` has returned. */
  isBorrowed(frame: Buffer): boolean
  /** Starts the request. The answer goes to `slot`, in this call or later. */
  handle(connection: Connection, frame: Buffer, slot: ResponseSlot): void
}

export interface ConnectionLimits {
  readonly frameBytesMax: number
  /** Responses that may wait in a connection before no further request of it is started. */
  readonly unsentBytesMax: number
  readonly pipelinedMax: number
  readonly idleTimeoutMs: number
  readonly writeTimeoutMs: number
  /** For a frame that has begun; a second more for each 64 KB of it. */
  readonly requestTimeoutMs: number
  /** Where clients log in. */
  readonly authenticationTimeoutMs: number
}

export interface ConnectionOwner extends OutputOwner {
  readonly handler: FrameHandler
  /** Where all connections read to. */
  readonly readBuffer: Buffer
  readonly limits: ConnectionLimits
  closed(connection: Connection, reason: string): void
  /** The peer sent what nobody can answer; called once, before the connection closes. */
  offended(connection: Connection, reason: string): void
}

/** The place of one response in the order of a connection. Answered exactly once; later answers are dropped. */
export class ResponseSlot {
  readonly connection: Connection
  readonly frameBytes: number
  readonly pipelined: boolean
  done = false
  pieces: readonly Buffer[] | undefined
  /** Of the client, while any is set. */
  quota: ClientQuota | undefined = undefined
  /** Called when the connection closes before the answer. */
  onClosed: (() => void) | undefined = undefined

  constructor(connection: Connection, frameBytes: number, pipelined: boolean) {
    this.connection = connection
    this.frameBytes = frameBytes
    this.pipelined = pipelined
  }

  /** The whole frame of the response in pieces; undefined when the protocol wants none. */
  answer(pieces: readonly Buffer[] | undefined): void {
    if (this.done) return
    this.done = true
    this.pieces = pieces
    this.connection.answered()
  }

  /** As `answer`, with the frame that stands in `writer`, which may begin the next one. */
  write(writer: KafkaWriter): void {
    if (this.done) return
    this.done = true
    if (writer.length > shortBytes) this.pieces = writer.finish()
    else this.connection.copy(this, writer)
    this.connection.answered()
  }
}

/** How long a peer may take nothing of its responses while others wait for memory. */
const pressedTimeoutMs = 5000

/** The slowest that a large frame may come, bytes per second. */
const slowestBytesPerSecond = 64 * 1024

/** Largest frame of a client that has not authenticated. */
const frameBytesBeforeAuthentication = 512 * 1024

export class Connection implements ConnectionInfo {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly listenerName: string
  readonly tls: boolean
  readonly saslMechanisms: readonly string[]
  principal: Principal = anonymous
  reauthenticateAtMs: number | undefined
  rawFrames: RawFrameHandler | undefined
  saslState: unknown
  clientSoftware: string | undefined

  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader: FrameReader
  /** Slots in the order of their requests; the first `#head` have left. */
  #slots: ResponseSlot[] = []
  #head = 0
  /** A frame that has been read and may not start yet. */
  #held: Buffer | undefined
  #onlyPipelined = true
  /** No further request is started, since the client has used too much. */
  #muted = false
  #authenticated: boolean
  #paused = false
  #pumping = false
  /** Chunks are valid only while they are received. */
  readonly #sharedChunks: boolean
  #closed = false
  #closing: string | undefined
  readonly #output: Output
  #activeMs: number
  readonly #openedMs: number
  /** Since when the frame is on its way that stood behind so many whole ones. */
  #frameMs: number | undefined
  #framesBefore = 0
  readonly #roomAgain = (): void => this.#pump()

  constructor(
    socket: Socket,
    owner: ConnectionOwner,
    init: {
      readonly id: number
      readonly host: string
      readonly port: number
      readonly listenerName: string
      readonly tls: boolean
      readonly saslMechanisms: readonly string[]
    },
  ) {
    this.id = init.id
    this.host = init.host
    this.port = init.port
    this.listenerName = init.listenerName
    this.tls = init.tls
    this.saslMechanisms = init.saslMechanisms
    this.#authenticated = init.saslMechanisms.length === 0
    this.#socket = socket
    this.#owner = owner
    const { frameBytesMax } = owner.limits
    this.#reader = new FrameReader(
      this.#authenticated ? frameBytesMax : Math.min(frameBytesMax, frameBytesBeforeAuthentication),
      owner.budget,
      owner.memory,
      (frame) => this.rawFrames === undefined && owner.handler.isBorrowed(frame),
    )
    this.#output = new Output(socket, owner, () => this.#left())
    this.#openedMs = owner.nowMs()
    this.#activeMs = this.#openedMs
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    const received = (chunk: Buffer): void => this.#received(chunk)
    // With TLS the bytes are copied on their way anyway.
    if (init.tls) socket.on('data', received)
    this.#sharedChunks = !init.tls && receive(socket, owner.readBuffer, received)
    socket.on('end', () => this.#end('the peer ended'))
    socket.on('error', (error) => this.#end(error.message))
    socket.on('close', () => this.#end('closed'))
  }

  get authenticated(): boolean {
    return this.#authenticated
  }

  set authenticated(value: boolean) {
    this.#authenticated = value
    if (value) this.#reader.limit(this.#owner.limits.frameBytesMax)
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Requests that have been started and not answered. */
  get inFlight(): number {
    return this.#slots.length - this.#head
  }

  holdBack(): void {
    this.#onlyPipelined = false
  }

  get isMuted(): boolean {
    return this.#muted
  }

  /** No request is started until `unmute`. */
  mute(): void {
    this.#muted = true
  }

  unmute(): void {
    this.#muted = false
    this.#pump()
  }

  close(reason: string): void {
    this.#closing ??= reason
    if (this.inFlight === 0) this.#finish()
  }

  /** Stops reading and closes when what was started has been answered. */
  drain(): void {
    if (!this.#paused) this.#pause()
    this.close('the broker stops')
  }

  /** Closes at once; what was not answered stays unanswered. */
  destroy(reason: string): void {
    if (this.#closed) return
    this.#end(reason)
    this.#socket.destroy()
  }

  /** The peer sent what nobody can answer. */
  offend(reason: string): void {
    if (this.#closed || this.#closing !== undefined) return
    this.#owner.offended(this, reason)
    this.#pause()
    this.close(reason)
  }

  /** Closes what has been silent, slow or deaf for too long. Called every second or so. */
  check(nowMs: number): void {
    const { idleTimeoutMs, writeTimeoutMs, authenticationTimeoutMs } = this.#owner.limits
    if (!this.#authenticated && nowMs - this.#openedMs > authenticationTimeoutMs) {
      this.#giveUp(`it has not logged in within ${authenticationTimeoutMs} ms`)
      return
    }
    if (this.#isSlow(nowMs)) {
      this.#giveUp('the rest of a request did not come')
      return
    }
    if (this.#output.unsentBytes > 0) {
      const limitMs = this.#owner.budget.isShort ? Math.min(pressedTimeoutMs, writeTimeoutMs) : writeTimeoutMs
      if (this.#output.stalledMs(nowMs) > limitMs) this.destroy('the peer does not read its responses')
      return
    }
    if (this.inFlight === 0 && !this.#muted && nowMs - this.#activeMs > idleTimeoutMs) this.destroy('idle')
  }

  /** Whether the frame that has begun should be here by now. What we do not read is not late. */
  #isSlow(nowMs: number): boolean {
    const reader = this.#reader
    if (!reader.midFrame || this.#paused) {
      this.#frameMs = undefined
      return false
    }
    if (this.#frameMs === undefined || reader.frames !== this.#framesBefore) {
      this.#frameMs = nowMs
      this.#framesBefore = reader.frames
      return false
    }
    const limitMs = this.#owner.limits.requestTimeoutMs + (reader.frameBytes / slowestBytesPerSecond) * 1000
    return nowMs - this.#frameMs > limitMs
  }

  /** Gives a peer up that did something it should not, for all to read. */
  #giveUp(reason: string): void {
    if (this.#closed) return
    this.#owner.offended(this, reason)
    this.destroy(reason)
  }

  /** A slot has been answered: sends what is complete from the front, then goes on with what waits. */
  answered(): void {
    if (this.#closed) return
    const slots = this.#slots
    while (this.#head < slots.length) {
      const slot = slots[this.#head] as ResponseSlot
      if (!slot.done) break
      this.#head++
      this.#owner.budget.give(slot.frameBytes)
      if (slot.pieces !== undefined) this.#output.send(slot.pieces)
    }
    if (this.#head === slots.length) {
      if (this.#head > 0) {
        this.#slots = []
        this.#head = 0
      }
      this.#onlyPipelined = true
      if (this.#closing !== undefined) {
        this.#finish()
        return
      }
    }
    if (this.#held !== undefined || this.#paused || this.#reader.hasBytes) this.#pump()
  }

  /** Takes the short response of a slot that has been answered out of `writer`. */
  copy(slot: ResponseSlot, writer: KafkaWriter): void {
    if (this.#closed) return
    if (this.#slots[this.#head] !== slot) {
      const own = Buffer.allocUnsafe(writer.length)
      writer.copyTo(own, 0)
      slot.pieces = [own]
      return
    }
    this.#output.copy(writer)
  }

  #received(chunk: Buffer): void {
    if (this.#closed || this.#closing !== undefined) return
    this.#owner.counted(chunk.length, 0)
    this.#activeMs = this.#owner.nowMs()
    this.#reader.push(chunk)
    this.#pump()
    if (this.#sharedChunks && this.#reader.hasBytes) this.#reader.keepRest()
  }

  /** Starts requests while it may, and keeps the socket paused while it may not. */
  #pump(): void {
    if (this.#pumping || this.#closed) return
    this.#pumping = true
    try {
      while (this.#closing === undefined && this.#startNext());
    } finally {
      this.#pumping = false
    }
    if (this.#closed || this.#closing !== undefined) return
    const stuck = this.#held !== undefined || this.#reader.hasBytes
    if (stuck && !this.#paused) this.#pause()
    else if (!stuck && this.#paused) {
      this.#paused = false
      this.#socket.resume()
    }
  }

  #startNext(): boolean {
    const frame = this.#held ?? this.#reader.next()
    if (frame === undefined) {
      if (this.#reader.problem !== undefined) {
        const { sizeBytes, limitBytes } = this.#reader.problem
        this.offend(`a frame of ${sizeBytes} bytes (limit ${limitBytes})`)
      } else if (this.#reader.starved) this.#owner.budget.wait(this.#roomAgain)
      return false
    }
    const pipelined = this.rawFrames === undefined && this.#owner.handler.isPipelined(frame)
    const waiting = this.inFlight
    const { unsentBytesMax, pipelinedMax } = this.#owner.limits
    if (
      this.#muted ||
      this.#output.unsentBytes > unsentBytesMax ||
      (waiting > 0 && !(pipelined && this.#onlyPipelined && waiting < pipelinedMax))
    ) {
      this.#held ??= this.#reader.keep(frame)
      return false
    }
    this.#held = undefined
    const slot = new ResponseSlot(this, frame.length, pipelined)
    this.#slots.push(slot)
    this.#onlyPipelined &&= pipelined
    this.#owner.handler.handle(this, frame, slot)
    this.#reader.release()
    return true
  }

  /** Something has left. */
  #left(): void {
    this.#activeMs = this.#owner.nowMs()
    if (this.#closing !== undefined && this.#output.unsentBytes === 0 && this.inFlight === 0) this.#end(this.#closing)
    else if (this.#held !== undefined) this.#pump()
  }

  #pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  /** Everything has been answered: says goodbye after the last byte. */
  #finish(): void {
    if (this.#closed) return
    // With bytes on their way the end follows the last of them; check() watches over a peer that takes none.
    if (this.#output.unsentBytes === 0) this.#end(this.#closing ?? 'closed')
  }

  #end(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    const { budget } = this.#owner
    budget.forget(this.#roomAgain)
    this.#reader.abandon()
    if (this.#held !== undefined) budget.give(this.#held.length)
    for (let index = this.#head; index < this.#slots.length; index++) {
      budget.give((this.#slots[index] as ResponseSlot).frameBytes)
    }
    this.#output.close()
    const unanswered = this.#slots.slice(this.#head)
    this.#held = undefined
    this.#slots = []
    this.#head = 0
    for (const { done, onClosed } of unanswered) if (!done) onClosed?.()
    this.#socket.destroySoon()
    this.#owner.closed(this, this.#closing ?? reason)
  }
}
