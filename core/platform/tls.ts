/**
 * Sockets under TLS, for both sides. A server's connection is handed over after its handshake. Keys and certificates are read by the
 * caller, so that a test needs no files. Node's part is loaded at the first use: it takes 7 MB.
 */
import type { ConnectionOptions, Server, TLSSocket } from 'node:tls'

export type { ConnectionOptions, TLSSocket } from 'node:tls'

const tls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls')

export interface TlsServerOptions {
  /** PEM. */
  readonly key: Buffer
  /** PEM, the chain. */
  readonly cert: Buffer
  /** PEM of those who sign certificates of clients; undefined: the well-known ones. */
  readonly ca?: Buffer | undefined
  /** Whether clients are asked for a certificate, and turned away without one. */
  readonly clients: 'none' | 'requested' | 'required'
  readonly handshakeTimeoutMs: number
}

/** A server that has not begun to listen. Throws when the key and the certificate cannot be used. */
export function createTlsServer(
  options: TlsServerOptions,
  onConnection: (socket: TLSSocket) => void,
  onFailure: (error: Error, peer: string) => void,
): Server {
  const server = tls().createServer(
    {
      key: options.key,
      cert: options.cert,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      requestCert: options.clients !== 'none',
      rejectUnauthorized: options.clients === 'required',
      handshakeTimeout: options.handshakeTimeoutMs,
      minVersion: 'TLSv1.2',
      noDelay: true,
    },
    onConnection,
  )
  server.on('tlsClientError', (error, socket) => onFailure(error, socket.remoteAddress ?? 'unknown'))
  return server
}

/** A socket that connects; `secureConnect` tells when the other side has shown its certificate. */
export function connectTls(options: ConnectionOptions): TLSSocket {
  return tls().connect(options)
}
