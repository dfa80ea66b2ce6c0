/**
 * A network inside this process: a server's connections are made by a call, and what they write is at hand. For tests that make very
 * many requests; sockets of this kind lose nothing and take everything at once.
 */
import { EventEmitter } from 'node:events'
import type { Network, Server, Socket } from '../../core/platform/net.ts'

/** The server's side of a connection. */
export class MemorySocket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 1
  destroyed = false
  /** What the server has written, in pieces; whoever reads takes it away. */
  written: Buffer[] = []

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  cork(): void {}
  uncork(): void {}

  pause(): this {
    return this
  }

  resume(): this {
    return this
  }

  write(piece: Buffer, left?: () => void): boolean {
    // A piece may be memory that is used again once it has left.
    if (!this.destroyed) this.written.push(Buffer.from(piece))
    if (left !== undefined) queueMicrotask(left)
    return true
  }

  destroySoon(): void {
    this.destroy()
  }

  destroy(): this {
    if (this.destroyed) return this
    this.destroyed = true
    this.emit('close')
    return this
  }
}

export class MemoryNetwork implements Network {
  #accept: ((socket: Socket) => void) | undefined

  createServer(_options: object, onConnection: (socket: Socket) => void): Server {
    this.#accept = onConnection
    const server = new EventEmitter() as EventEmitter & Record<string, unknown>
    server.listen = (_where: unknown, done: () => void) => queueMicrotask(done)
    server.address = () => ({ address: '127.0.0.1', family: 'IPv4', port: 1 })
    server.close = () => undefined
    return server as unknown as Server
  }

  connect(): Socket {
    const socket = new MemorySocket()
    this.#accept?.(socket as unknown as Socket)
    return socket as unknown as Socket
  }

  /** The server's side of a new connection. */
  accepted(): MemorySocket {
    return this.connect() as unknown as MemorySocket
  }
}
