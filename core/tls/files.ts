/**
 * A key, its certificate and the authorities that are trusted, from files, which may be replaced while the process runs: they
 * are looked at every few seconds, and new connections use what they hold then.
 *
 * Promises: what is given out fits together. Files that do not (one of them was replaced, the other not yet) are passed over
 * with a warning, and what was read before stays in use. Concurrency: one thread.
 */
import { isMillraceError } from '../errors.ts'
import type { Clock, TimerHandle } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { type Certificate, keyFits, parseCertificates } from '../platform/tls.ts'
import { tlsErrors } from './errors.ts'

/** `option`: who named the file, for errors. */
export interface TlsFile {
  readonly option: string
  readonly path: string
}

export interface TlsPaths {
  /** With `cert`, or neither. */
  readonly key?: TlsFile | undefined
  /** The own certificate, and those of intermediate authorities behind it. */
  readonly cert?: TlsFile | undefined
  /** Who signs certificates of the other side; undefined: the well-known authorities. */
  readonly ca?: TlsFile | undefined
  /** Of a server: who else signs certificates of those that may come in. */
  readonly guests?: TlsFile | undefined
  /** Both sides have certificates of `ca`: the own one is refused when it is of somebody else. */
  readonly mutual?: boolean
}

/** PEM; never changed, a new one stands for new files. */
export interface TlsMaterial {
  readonly key: Buffer | undefined
  readonly cert: Buffer | undefined
  readonly ca: Buffer | undefined
  readonly guests: Buffer | undefined
}

/** Where connections take what they need at the moment they are made. */
export interface TlsSource {
  readonly current: TlsMaterial
  /** Calls `changed` with each new one, as long as the source is open. */
  listen(changed: (material: TlsMaterial) => void): void
}

const lookEveryMs = 5000

export class TlsFiles implements TlsSource {
  readonly #paths: TlsPaths
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #warn: (text: string, fields: Readonly<Record<string, unknown>>) => void
  readonly #listeners: ((material: TlsMaterial) => void)[] = []
  readonly #timer: TimerHandle
  #material: TlsMaterial
  #seen: string

  /** Reads and checks them. Throws TLS_…. */
  constructor(
    paths: TlsPaths,
    disk: Disk,
    clock: Clock,
    warn: (text: string, fields: Readonly<Record<string, unknown>>) => void = () => undefined,
  ) {
    this.#paths = paths
    this.#disk = disk
    this.#clock = clock
    this.#warn = warn
    this.#seen = this.#look()
    this.#material = readMaterial(paths, disk, clock.now())
    this.#timer = clock.setInterval(() => this.#check(), lookEveryMs)
    this.#timer.unref()
  }

  get current(): TlsMaterial {
    return this.#material
  }

  listen(changed: (material: TlsMaterial) => void): void {
    this.#listeners.push(changed)
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#listeners.length = 0
  }

  #check(): void {
    const seen = this.#look()
    if (seen === this.#seen) return
    this.#seen = seen
    try {
      this.#material = readMaterial(this.#paths, this.#disk, this.#clock.now())
    } catch (error) {
      if (!isMillraceError(error)) throw error
      this.#warn(`new keys or certificates are not used: ${error.message}`, { code: error.code })
      return
    }
    this.#warn('new keys and certificates are in use', {})
    for (const changed of this.#listeners) changed(this.#material)
  }

  #look(): string {
    const { key, cert, ca, guests } = this.#paths
    return [key, cert, ca, guests]
      .map((file) => {
        if (file === undefined) return ''
        try {
          const stat = this.#disk.stat(file.path)
          return stat === undefined ? 'none' : `${stat.id} ${stat.sizeBytes} ${stat.modifiedMs}`
        } catch (error) {
          return String(error)
        }
      })
      .join('/')
  }
}

/** Reads and checks the files. `nowMs`: the time. Throws TLS_…. */
export function readMaterial(paths: TlsPaths, disk: Disk, nowMs: number): TlsMaterial {
  const { key, cert, ca, guests } = paths
  const material = {
    key: read(key, disk),
    cert: read(cert, disk),
    ca: read(ca, disk),
    guests: read(guests, disk),
  }
  const authorities = certificatesOf(ca, material.ca)
  certificatesOf(guests, material.guests)
  const chain = certificatesOf(cert, material.cert)
  if (cert === undefined || key === undefined || material.cert === undefined || material.key === undefined)
    return material
  const own = chain[0] as Certificate
  const expiresMs = Date.parse(own.validTo)
  const beginsMs = Date.parse(own.validFrom)
  if (expiresMs < nowMs) throw tlsErrors.create('EXPIRED', { ...cert, date: new Date(expiresMs).toISOString() })
  if (beginsMs > nowMs) {
    throw tlsErrors.create('NOT_YET_VALID', { ...cert, date: new Date(beginsMs).toISOString() })
  }
  let fits: boolean
  try {
    fits = keyFits(own, material.key)
  } catch (cause) {
    throw tlsErrors.create('BAD_FILE', { ...key, reason: (cause as Error).message }, { cause })
  }
  if (!fits) throw tlsErrors.create('KEY_MISMATCH', { key: key.path, cert: cert.path })
  if (
    paths.mutual === true &&
    ca !== undefined &&
    !chain.some((each) => authorities.some((by) => isIssuedBy(each, by)))
  )
    throw tlsErrors.create('NOT_SIGNED', { cert: cert.path, ca: ca.path })
  return material
}

/** Whether `by` signed it. */
export function isIssuedBy(certificate: Certificate, by: Certificate): boolean {
  return certificate.checkIssued(by) && certificate.verify(by.publicKey)
}

function read(file: TlsFile | undefined, disk: Disk): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return disk.read(file.path)
  } catch (cause) {
    throw tlsErrors.create('UNREADABLE', { ...file, reason: reasonOf(cause as NodeJS.ErrnoException) }, { cause })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
}

const reasonOf = (error: NodeJS.ErrnoException): string => reasons[error.code ?? ''] ?? error.message

function certificatesOf(file: TlsFile | undefined, pem: Buffer | undefined): readonly Certificate[] {
  if (file === undefined || pem === undefined) return []
  try {
    const found = parseCertificates(pem)
    if (found.length > 0) return found
  } catch (cause) {
    throw tlsErrors.create('BAD_FILE', { ...file, reason: (cause as Error).message }, { cause })
  }
  throw tlsErrors.create('BAD_FILE', { ...file, reason: 'it holds no certificate' })
}
