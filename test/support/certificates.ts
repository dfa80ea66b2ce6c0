/**
 * Authorities and certificates for tests, made on the spot: a test has as many strangers, and as many that expired, as it wants.
 * X.509 v3 with keys on the curve P-256.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import type { ChannelTls } from '../../proto/rpc/tls.ts'

const der = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(content)
  const { length } = body
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), body])
}
const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content)
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes))
const yes = der(0x01, Buffer.from([0xff]))
const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
const nameOf = (text: string): Buffer =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(text)))))
const time = (date: Date): Buffer => der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`))
const extension = (id: number, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(0x55, 0x1d, id), ...(critical ? [yes] : []), der(0x04, value))
const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`

export interface CertificateOptions {
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[]
  readonly from?: Date
  readonly to?: Date
}

export interface Issued {
  readonly key: string
  readonly cert: string
}

const dayMs = 86_400_000
const keyId = (spki: Buffer): Buffer => createHash('sha1').update(spki).digest()

export class Authority {
  readonly name: string
  readonly cert: string
  readonly #key: KeyObject
  readonly #publicKey: Buffer

  constructor(name: string) {
    this.name = name
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#key = privateKey
    this.#publicKey = publicKey.export({ type: 'spki', format: 'der' })
    this.cert = this.#sign(name, publicKey, {}, [extension(0x13, true, sequence(yes))])
  }

  issue(name: string, options: CertificateOptions = {}): Issued {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const hosts = (options.hosts ?? ['localhost', '127.0.0.1']).map((host) =>
      isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
    )
    const cert = this.#sign(name, publicKey, options, [extension(0x11, false, sequence(...hosts))])
    return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, cert }
  }

  #sign(name: string, key: KeyObject, { from, to }: CertificateOptions, extensions: readonly Buffer[]): string {
    const now = Date.now()
    const subjectKey = key.export({ type: 'spki', format: 'der' })
    // Which of several authorities of one name it was: else the first of them is taken.
    const ids = [
      extension(0x0e, false, der(0x04, keyId(subjectKey))),
      extension(0x23, false, sequence(der(0x80, keyId(this.#publicKey)))),
    ]
    const body = sequence(
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      algorithm,
      nameOf(this.name),
      sequence(time(from ?? new Date(now - dayMs)), time(to ?? new Date(now + dayMs))),
      nameOf(name),
      subjectKey,
      der(0xa3, sequence(...extensions, ...ids)),
    )
    const signature = sign('sha256', body, this.#key)
    return pem(sequence(body, algorithm, der(0x03, Buffer.from([0]), signature)))
  }
}

/** Writes `NAME.key`, `NAME.pem` and `NAME.ca.pem` into the directory, and returns them as options of a process of the cluster. */
export function internalFiles(
  directory: string,
  name: string,
  by: Authority,
  issued = by.issue(name, { hosts: ['localhost'] }),
) {
  const [key, cert, ca] = ['key', 'pem', 'ca.pem'].map((end) => join(directory, `${name}.${end}`)) as [
    string,
    string,
    string,
  ]
  writeFileSync(key, issued.key, { mode: 0o600 })
  writeFileSync(cert, issued.cert)
  writeFileSync(ca, by.cert)
  return {
    'security.ssl.internal.enabled': 'true',
    'security.ssl.internal.key': key,
    'security.ssl.internal.cert': cert,
    'security.ssl.internal.ca': ca,
  }
}

/** Of a client that trusts `trusted`; `issued` undefined: it shows no certificate. */
export function channelTls(trusted: Authority, issued?: Issued, verifyHost = true): ChannelTls {
  const key = issued && Buffer.from(issued.key)
  const cert = issued && Buffer.from(issued.cert)
  const current = { key, cert, ca: Buffer.from(trusted.cert), guests: undefined }
  return { source: { current, listen: () => undefined }, verifyHost }
}
