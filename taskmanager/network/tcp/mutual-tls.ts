/**
 * Data connections under TLS: both slots show a certificate of the cluster's authority, and neither looks at names, since slots are
 * called by the addresses of the day. New files are used for the connections that come after. Concurrency: the slot's thread.
 */
import type { NetConnectOpts, Network, Server, ServerOpts, Socket } from '../../../core/platform/net.ts'
import { connectTls, createTlsServer, secureContext } from '../../../core/platform/tls.ts'
import type { TlsMaterial, TlsSource } from '../../../core/tls/files.ts'

const minVersion = 'TLSv1.3'
const handshakeTimeoutMs = 5000

/** Keys and certificates are those of `source`, which must have all three. */
export function mutualTlsNetwork(source: TlsSource): Network {
  const contextOf = ({ key, cert, ca }: TlsMaterial) => ({ key, cert, ca, minVersion }) as const
  let context = secureContext(contextOf(source.current))
  source.listen((material) => {
    context = secureContext(contextOf(material))
  })
  return {
    connectedEvent: 'secureConnect',
    createServer(_options: ServerOpts, onConnection: (socket: Socket) => void): Server {
      const { key, cert, ca } = source.current
      if (key === undefined || cert === undefined || ca === undefined) throw new Error('a key, a certificate and a CA')
      const options = { key, cert, ca, clients: 'required', handshakeTimeoutMs, minVersion } as const
      // Whoever is turned away is heard of by 'tlsClientError'.
      const server = createTlsServer(options, onConnection, () => undefined)
      source.listen((material) => server.setSecureContext(contextOf(material)))
      return server
    },
    connect(options: NetConnectOpts): Socket {
      const socket = connectTls({ ...options, secureContext: context, checkServerIdentity: () => undefined })
      socket.setNoDelay(true)
      return socket
    },
  }
}

/** A sentence for what OpenSSL says with a number and a line of its source. `refusal`: of the certificate, as a code. */
export function handshakeReason(error: Error, refusal?: string): string {
  const code = refusal ?? (error as NodeJS.ErrnoException).code ?? ''
  return reasons[code] ?? refusal ?? /SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1] ?? error.message
}

const reasons: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS',
  ERR_SSL_HTTP_REQUEST: 'the other side does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other side does not speak TLS',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the other side shows no certificate',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the other side wants a certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the other side does not know who signed the certificate of this one',
  CERT_SIGNATURE_FAILURE: 'the certificate of the other side is not signed by security.ssl.internal.ca',
  CERT_NOT_YET_VALID: 'the certificate of the other side is not valid yet',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the other side is not signed by security.ssl.internal.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the other side is not signed by security.ssl.internal.ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the other side is not signed by security.ssl.internal.ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the other side is not signed by security.ssl.internal.ca',
  CERT_HAS_EXPIRED: 'the certificate of the other side has expired',
}
