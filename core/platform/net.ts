/**
 * Sockets. Whoever talks TCP takes a `Network`, so that a test can cut, delay and reorder connections.
 * A listener on port 0 gets a free port; read it from `address()`.
 */
import {
  connect,
  createServer,
  isIP,
  type NetConnectOpts,
  type Server,
  type ServerOpts,
  type Socket,
  SocketAddress,
} from 'node:net'

export type { AddressInfo, NetConnectOpts, OnReadOpts, Server, ServerOpts, Socket } from 'node:net'

export interface Network {
  createServer(options: ServerOpts, onConnection: (socket: Socket) => void): Server
  connect(options: NetConnectOpts): Socket
  /** What a socket of `connect` emits when the other side is known and may be spoken to; default 'connect'. */
  readonly connectedEvent?: 'connect' | 'secureConnect'
}

export const systemNetwork: Network = {
  createServer: (options, onConnection) => createServer(options, onConnection),
  connect: (options) => connect(options),
}

/** The one way to write an address; of IPv4 within IPv6 the IPv4. Undefined for what is not an address. */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text)
  if (version === 0) return undefined
  const { address } = new SocketAddress({ address: text, family: version === 4 ? 'ipv4' : 'ipv6' })
  return address.replace(/^::ffff:(?=[\d.]+$)/, '')
}

/** What net.Socket keeps of its `onread` option, which sockets of a server cannot be given. */
interface SocketInternals {
  readonly _handle?: { useUserBuffer?(buffer: Uint8Array): void; readonly writeQueueSize?: number } | null
  [state: symbol]: unknown
}

/**
 * Calls `received` with what arrives at `socket`. Where the runtime can, bytes are read into `shared`, which may serve any number of
 * sockets of this thread: a fresh buffer for each read is most of the work of the collector. So a chunk is valid only during the
 * call; true says that chunks are such. `pause` and `resume` of the socket work as ever.
 */
export function receive(socket: Socket, shared: Buffer, received: (chunk: Buffer) => void): boolean {
  const internals = socket as unknown as SocketInternals
  const symbols = Object.getOwnPropertySymbols(socket)
  const buffer = symbols.find((each) => each.description === 'kBuffer')
  const callback = symbols.find((each) => each.description === 'kBufferCb')
  const handle = internals._handle
  if (buffer === undefined || callback === undefined || typeof handle?.useUserBuffer !== 'function') {
    socket.on('data', received)
    return false
  }
  internals[buffer] = shared
  internals[callback] = (bytes: number): boolean => {
    received(bytes === shared.length ? shared : shared.subarray(0, bytes))
    return true
  }
  handle.useUserBuffer(shared)
  return true
}

/**
 * Bytes on their way to `socket` that the system has not taken from us, as far as the runtime says: it shrinks while the peer reads, also
 * in the middle of a large write. Undefined when it does not say.
 */
export function unwrittenBytes(socket: Socket): number | undefined {
  return (socket as unknown as SocketInternals)._handle?.writeQueueSize
}
