/**
 * TLS for gRPC, both ends. A channel takes the files as they are when it is made; a server takes new ones for the connections that come
 * after. Both ends are ours, so it is TLS 1.3.
 */
import { type ChannelCredentials, type ChannelOptions, credentials, ServerCredentials } from '@grpc/grpc-js'
import { certificateOf, checkHost, parseCertificates, secureContext } from '../../core/platform/tls.ts'
import { isIssuedBy, type TlsMaterial, type TlsSource } from '../../core/tls/files.ts'

export interface ChannelTls {
  readonly source: TlsSource
  /** Whether the certificate must be for the host that is called; else one of the authority will do. */
  readonly verifyHost: boolean
}

const minVersion = 'TLSv1.3'

/** Credentials and options of a channel to `address`, host:port. */
export function tlsOfChannel(tls: ChannelTls, address: string): [ChannelCredentials, ChannelOptions] {
  const { key, cert, ca } = tls.source.current
  const context = secureContext({ key, cert, ca, minVersion })
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  const verify = credentials.createFromSecureContext(context, {
    checkServerIdentity: (_name, certificate) => (tls.verifyHost ? checkHost(host, certificate) : undefined),
  })
  // An address must not be sent as the name of a server; which name is expected stands above.
  return [verify, { 'grpc.ssl_target_name_override': isName(host) ? host : 'jobmanager' }]
}

const isName = (host: string): boolean => !host.includes(':') && !/^[\d.]+$/.test(host)

/** Of a server whose callers show a certificate, if `required`, and else may. */
export class ServerTls extends ServerCredentials {
  readonly #source: TlsSource

  constructor(source: TlsSource, required: boolean) {
    super({ requestCert: true, rejectUnauthorized: required, minVersion }, contextOf(source.current))
    this.#source = source
    source.listen((material) => this.updateSecureContextOptions(contextOf(material)))
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other
  }

  /** Whether the certificate (DER, of a caller whose chain was checked) is one of the cluster's own. */
  isInternal(raw: Uint8Array): boolean {
    const { ca, guests } = this.#source.current
    if (guests === undefined || ca === undefined) return true
    const certificate = certificateOf(raw)
    return parseCertificates(ca).some((each) => isIssuedBy(certificate, each))
  }
}

const contextOf = ({ key, cert, ca, guests }: TlsMaterial) => ({
  key,
  cert,
  ca: [ca, guests].filter((each) => each !== undefined),
  minVersion: minVersion as 'TLSv1.3',
})
