/**
 * Blob storage in a bucket of S3 or of a service that speaks like it. Objects are immutable and appear whole; conditions
 * on writes (`If-None-Match`, `If-Match`) give `putIfAbsent` and registers.
 *
 * A request whose answer was lost may have taken effect. Each write carries a name of its own, and a refused condition
 * after more than one try is settled by reading whose write stands there. What cannot be settled is an error that says so.
 * A service that ignores conditions would lose updates silently: the first conditional write of a thread proves that it
 * does not. Concurrency: any number of threads and processes; nothing of an object is cached.
 */
import { backoffMs, sleep } from '../../async/index.ts'
import { type Clock, systemClock } from '../../platform/clock.ts'
import { type Random, systemRandom } from '../../platform/random.ts'
import { errors } from '../errors.ts'
import type { BlobBytes, BlobEntry, BlobStorage, BlobWriter } from '../storage.ts'
import { type OpenS3, openS3 } from './client.ts'
import { isBeyondEnd, isConflict, isMissing, isRefused, s3Failure, wasFirstTry } from './failure.ts'
import { type S3Location, s3Url } from './location.ts'
import { type Condition, Multipart } from './multipart.ts'
import type { S3Settings } from './options.ts'

export interface S3StorageOptions {
  readonly clock?: Clock
  readonly random?: Random
}

/** An object above this goes in parts. */
export const partBytes = 8 << 20
/** Name of the writer, kept with each object. */
const writerKey = 'millrace-writer'
/** Bodies that break off, and conditional writes that met, are tried again so often. */
const ownAttempts = 5
const pauses = { initialMs: 50, maxMs: 5000, factor: 2, jitter: 0.5 } as const

/** Buckets of this thread whose service was seen to keep conditions. */
const proven = new Map<string, Promise<void>>()

export class S3Storage implements BlobStorage {
  readonly url: string
  readonly #location: S3Location
  readonly #settings: S3Settings
  readonly #clock: Clock
  readonly #random: Random

  constructor(location: S3Location, settings: S3Settings, options: S3StorageOptions = {}) {
    this.#location = location
    this.#settings = settings
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
    this.url = s3Url(location)
  }

  async put(path: string, bytes: BlobBytes): Promise<void> {
    await this.#doing('write', path, (s3) => this.#write(s3, path, bytes, {}, this.#writerName()))
  }

  async putIfAbsent(path: string, bytes: BlobBytes): Promise<boolean> {
    await this.#proveConditions()
    return this.#doing('write', path, (s3) => this.#writeIf(s3, path, bytes, { IfNoneMatch: '*' }))
  }

  async openWriter(path: string): Promise<BlobWriter> {
    const s3 = await openS3(this.#settings)
    const multipart = this.#multipart(s3, path, this.#writerName())
    let held: Buffer[] = []
    let heldBytes = 0
    const guarded = (work: () => Promise<void>): Promise<void> => this.#doing('write', path, work)
    return {
      write: (bytes) =>
        guarded(async () => {
          // The caller gets its bytes back: a part is sent later.
          held.push(Buffer.from(bytes))
          heldBytes += bytes.length
          if (heldBytes < partBytes) return
          const part = held
          held = []
          heldBytes = 0
          await multipart.add(part)
        }),
      finish: () =>
        guarded(async () => {
          if (!multipart.begun) await this.#write(s3, path, held, {}, this.#writerName())
          else {
            if (heldBytes > 0) await multipart.add(held)
            await multipart.complete({})
          }
        }),
      abort: () => guarded(() => multipart.abort()),
    }
  }

  async get(path: string): Promise<Uint8Array> {
    return (await this.#getWithTag(path)).bytes
  }

  async getRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0)
    const tooShort = (): Error => errors.create('SHORT_READ', { path: this.#name(path), end: offset + length })
    try {
      const { bytes } = await this.#read(path, `bytes=${offset}-${offset + length - 1}`)
      if (bytes.length < length) throw tooShort()
      return bytes
    } catch (error) {
      if (isBeyondEnd(error)) throw tooShort()
      throw this.#translated('read', path, error)
    }
  }

  async size(path: string): Promise<number> {
    return (await this.#head(path)).bytes ?? this.#missing(path)
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#head(path)).bytes !== undefined
  }

  async list(prefix: string): Promise<BlobEntry[]> {
    const start = prefix === '' ? this.#key('') : this.#key(prefix)
    const own = this.#key('').length
    return this.#doing('list', prefix, async ({ sdk, client }) => {
      const found = new Map<string, BlobEntry>()
      let token: string | undefined
      do {
        const page = await client.send(
          new sdk.ListObjectsV2Command({ Bucket: this.#location.bucket, Prefix: start, ContinuationToken: token }),
        )
        for (const { Key, Size, LastModified } of page.Contents ?? []) {
          if (Key === undefined || Key.endsWith('/')) continue
          const path = Key.slice(own)
          found.set(path, { path, bytes: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 })
        }
        token = page.IsTruncated === true ? page.NextContinuationToken : undefined
      } while (token !== undefined)
      // Not every service sorts as it should.
      return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    })
  }

  async delete(path: string): Promise<void> {
    await this.#doing('delete', path, async ({ sdk, client }) => {
      await client.send(new sdk.DeleteObjectCommand(this.#object(path)))
    })
  }

  async compareAndSet(path: string, expected: Uint8Array | null, bytes: Uint8Array): Promise<boolean> {
    if (expected === null) return this.putIfAbsent(path, bytes)
    await this.#proveConditions()
    const now = await this.#getWithTag(path).catch((error: unknown) => {
      if (errors.is(error, 'NOT_FOUND')) return undefined
      throw error
    })
    if (now === undefined || Buffer.compare(now.bytes, expected) !== 0) return false
    return this.#doing('write', path, (s3) => this.#writeIf(s3, path, bytes, { IfMatch: now.tag }))
  }

  /** A conditional write, tried again where two met, settled by reading where an answer was lost. */
  async #writeIf(s3: OpenS3, path: string, bytes: BlobBytes, condition: Condition): Promise<boolean> {
    const writer = this.#writerName()
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write(s3, path, bytes, condition, writer)
        return true
      } catch (error) {
        if (isConflict(error) && attempt < ownAttempts) {
          await sleep(this.#clock, backoffMs(pauses, attempt, this.#random))
          continue
        }
        // With `If-Match` a register that was deleted is missing, not refused.
        if (!isRefused(error) && !isMissing(error)) throw error
        if (attempt === 1 && wasFirstTry(error)) return false
        const stands = await this.#head(path)
        if (stands.writer === writer) return true
        // Where nothing may replace an object, another's means that ours never was.
        if (condition.IfNoneMatch !== undefined && stands.bytes !== undefined) return false
        throw errors.create('UNKNOWN_OUTCOME', { path: this.#name(path) }, { cause: error })
      }
    }
  }

  async #write(s3: OpenS3, path: string, bytes: BlobBytes, condition: Condition, writer: string): Promise<void> {
    const pieces = bytes instanceof Uint8Array ? [bytes] : bytes
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (total <= partBytes) {
      const Body = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
      const Metadata = { [writerKey]: writer }
      await s3.client.send(
        new s3.sdk.PutObjectCommand({ ...this.#object(path), Body, ContentLength: total, Metadata, ...condition }),
      )
      return
    }
    const multipart = this.#multipart(s3, path, writer)
    try {
      for (const part of inParts(pieces)) await multipart.add(part)
      await multipart.complete(condition)
    } catch (error) {
      await multipart.abort()
      throw error
    }
  }

  #multipart(s3: OpenS3, path: string, writer: string): Multipart {
    return new Multipart(s3, this.#object(path), { [writerKey]: writer }, this.#settings.parallelParts)
  }

  async #getWithTag(path: string): Promise<{ readonly bytes: Uint8Array; readonly tag: string }> {
    try {
      return await this.#read(path, undefined)
    } catch (error) {
      throw this.#translated('read', path, error)
    }
  }

  /** The SDK tries requests again, but not bodies that break off. */
  async #read(path: string, range: string | undefined): Promise<{ bytes: Uint8Array; tag: string }> {
    const { sdk, client } = await openS3(this.#settings)
    for (let attempt = 1; ; attempt++) {
      const answer = await client.send(new sdk.GetObjectCommand({ ...this.#object(path), Range: range }))
      try {
        const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0)
        if (answer.ContentLength === undefined || bytes.length === answer.ContentLength)
          return { bytes, tag: answer.ETag ?? '' }
        if (attempt === ownAttempts)
          throw errors.create('SHORT_READ', { path: this.#name(path), end: answer.ContentLength })
      } catch (error) {
        if (attempt === ownAttempts) throw error
      }
      await sleep(this.#clock, backoffMs(pauses, attempt, this.#random))
    }
  }

  async #head(path: string): Promise<{ readonly bytes: number | undefined; readonly writer: string | undefined }> {
    const { sdk, client } = await openS3(this.#settings)
    try {
      const head = await client.send(new sdk.HeadObjectCommand(this.#object(path)))
      return { bytes: head.ContentLength ?? 0, writer: head.Metadata?.[writerKey] }
    } catch (error) {
      if (isMissing(error)) return { bytes: undefined, writer: undefined }
      throw this.#translated('read', path, error)
    }
  }

  /** Writes the same name twice under `If-None-Match`: the second has to be refused. Once per bucket and thread. */
  #proveConditions(): Promise<void> {
    const key = `${this.#settings.endpoint ?? ''} ${this.#location.bucket}`
    let proof = proven.get(key)
    if (proof === undefined) {
      proof = this.#prove()
      proven.set(key, proof)
      // A failure proves nothing: the next write asks again.
      proof.catch(() => proven.delete(key))
    }
    return proof
  }

  async #prove(): Promise<void> {
    const path = `.conditions-${this.#random.hex(8)}`
    const once = { IfNoneMatch: '*' } as const
    const kept = await this.#doing('write', path, async (s3) => {
      await this.#writeIf(s3, path, Buffer.from('first'), once)
      return !(await this.#writeIf(s3, path, Buffer.from('second'), once))
    })
    await this.delete(path)
    if (!kept) throw errors.create('NO_CONDITIONS', { bucket: this.#location.bucket, endpoint: this.#endpoint })
  }

  async #doing<T>(
    action: 'read' | 'write' | 'list' | 'delete',
    path: string,
    work: (s3: OpenS3) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(await openS3(this.#settings))
    } catch (error) {
      throw this.#translated(action, path, error)
    }
  }

  #translated(action: 'read' | 'write' | 'list' | 'delete', path: string, error: unknown): unknown {
    if (action === 'read' && isMissing(error)) return errors.create('NOT_FOUND', { path, storage: this.url })
    return s3Failure(error, { action, path: this.#key(path), bucket: this.#location.bucket, endpoint: this.#endpoint })
  }

  get #endpoint(): string {
    return this.#settings.endpoint ?? `S3 in ${this.#settings.region ?? 'the default region'}`
  }

  #missing(path: string): never {
    throw errors.create('NOT_FOUND', { path, storage: this.url })
  }

  #writerName(): string {
    return this.#random.hex(16)
  }

  #name(path: string): string {
    return `${this.url}/${path}`
  }

  #object(path: string): { readonly Bucket: string; readonly Key: string } {
    const parts = path.split('/')
    const bad = parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))
    if (bad) throw errors.create('BAD_PATH', { path })
    return { Bucket: this.#location.bucket, Key: this.#key(path) }
  }

  #key(path: string): string {
    return this.#location.prefix === '' ? path : `${this.#location.prefix}/${path}`
  }
}

/** Cuts pieces into parts of `partBytes`, without copying. */
function* inParts(pieces: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let part: Uint8Array[] = []
  let bytes = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const take = Math.min(partBytes - bytes, piece.length - at)
      part.push(piece.subarray(at, at + take))
      at += take
      bytes += take
      if (bytes < partBytes) continue
      yield part
      part = []
      bytes = 0
    }
  }
  if (bytes > 0) yield part
}
