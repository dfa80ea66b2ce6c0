/**
 * Sockets under TLS, for both sides. A server's connection is handed over after its handshake. Keys and certificates are read by the
 * caller, so that a test needs no files. Node's part is loaded at the first use: it takes 7 MB.
 */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { ConnectionOptions, SecureContext, SecureContextOptions, Server, TLSSocket } from 'node:tls'

export type { ConnectionOptions, SecureContext, SecureContextOptions, TLSSocket } from 'node:tls'

const tls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls')
const crypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto')

/** Parsed; `verify`, `checkIssued`, `checkHost` are Node's. */
export type Certificate = X509Certificate

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
  /** Where both sides are ours, nothing old need be spoken. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/**
 * A server that has not begun to listen. `admits` is asked before the handshake; who is not admitted is closed, and fails in nothing.
 * Throws when the key and the certificate cannot be used.
 */
export function createTlsServer(
  options: TlsServerOptions,
  onConnection: (socket: TLSSocket) => void,
  onFailure: (error: Error, peer: string) => void,
  admits: (socket: Socket) => boolean = () => true,
): Server {
  const server = tls().createServer(
    {
      key: options.key,
      cert: options.cert,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      requestCert: options.clients !== 'none',
      rejectUnauthorized: options.clients === 'required',
      handshakeTimeout: options.handshakeTimeoutMs,
      minVersion: options.minVersion ?? 'TLSv1.2',
      noDelay: true,
    },
    onConnection,
  )
  const turnedAway = new WeakSet<Socket>()
  server.on('connection', (socket) => {
    // A socket that is asked once knows it when it is closed, too.
    void socket.remoteAddress
    if (admits(socket)) return
    turnedAway.add(socket)
    socket.destroy()
  })
  server.on('tlsClientError', (error, socket) => {
    const peer = peerOf(socket)
    if (!turnedAway.has(belowOf(socket) ?? socket)) onFailure(error, peer.remoteAddress ?? 'unknown')
  })
  return server
}

/** The addresses of whoever failed in a handshake with one of our servers. */
export function peerOf(socket: Socket): Pick<Socket, 'remoteAddress' | 'remotePort'> {
  const below = belowOf(socket)
  return socket.remoteAddress === undefined && below !== undefined ? below : socket
}

const belowOf = (socket: Socket): Socket | undefined => (socket as unknown as { _parent?: Socket })._parent

/** What was wrong with the certificate that was shown; undefined: there was none, or nothing was wrong with it. */
export function refusalOf(socket: Socket): string | undefined {
  const { authorizationError } = socket as Partial<TLSSocket>
  return authorizationError === undefined || authorizationError === null ? undefined : String(authorizationError)
}

/** A socket that connects; `secureConnect` tells when the other side has shown its certificate. */
export function connectTls(options: ConnectionOptions): TLSSocket {
  return tls().connect(options)
}

export function secureContext(options: SecureContextOptions): SecureContext {
  return tls().createSecureContext(options)
}

/** Why a certificate is not for `host`; undefined: it is. */
export function checkHost(host: string, certificate: import('node:tls').PeerCertificate): Error | undefined {
  return tls().checkServerIdentity(host, certificate)
}

/** All certificates of a PEM file, in order. Throws what the parser says. */
export function parseCertificates(pem: Buffer): Certificate[] {
  const { X509Certificate: Parsed } = crypto()
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new Parsed(block))
}

/** One certificate from its bytes (DER). */
export function certificateOf(raw: Uint8Array): Certificate {
  const { X509Certificate: Parsed } = crypto()
  return new Parsed(raw)
}

/** Whether the private key (PEM) is that of the certificate. Throws when it is no key. */
export function keyFits(certificate: Certificate, key: Buffer): boolean {
  return certificate.checkPrivateKey(crypto().createPrivateKey(key))
}
