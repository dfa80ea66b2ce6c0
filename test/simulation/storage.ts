/**
 * Storage that all processes reach, like S3: objects appear whole and last; single calls are slow, fail before they take
 * effect, or fail after it. What a process asked for takes effect although it dies meanwhile.
 */
import { errors } from '../../core/storage/errors.ts'
import type { BlobBytes, BlobEntry, BlobStorage, BlobWriter } from '../../core/storage/storage.ts'
import type { World } from './world.ts'

export type StorageEffect =
  | { readonly kind: 'put'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'delete'; readonly path: string }

interface StoredObject {
  readonly bytes: Uint8Array
  readonly modifiedMs: number
}

export class SimulatedStorage {
  readonly objects = new Map<string, StoredObject>()
  /** Chance of a call to fail; half of those take effect. */
  failing = 0
  /** Chance of a call to take many seconds. */
  stalling = 0
  /** Sees every effect after it happened. */
  watch: (effect: StorageEffect) => void = () => undefined
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** For the process that is at work. `prefix`: path that all others count from. */
  open(url: string, prefix: string): BlobStorage {
    const at = (path: string): string => (prefix === '' ? path : `${prefix}/${path}`)
    const get = (path: string): Uint8Array => {
      const found = this.objects.get(at(path))
      if (found === undefined) throw errors.create('NOT_FOUND', { path, storage: url })
      return found.bytes
    }
    const call = <T>(what: string, effect: () => T): Promise<T> => this.#call(`${what} in ${url}`, effect)
    return {
      url,
      put: (path, bytes) => call(`put ${path}`, () => this.#put(at(path), whole(bytes))),
      putIfAbsent: (path, bytes) =>
        call(`create ${path}`, () => {
          if (this.objects.has(at(path))) return false
          this.#put(at(path), whole(bytes))
          return true
        }),
      openWriter: async (path) => this.#writer((bytes) => call(`put ${path}`, () => this.#put(at(path), bytes))),
      get: (path) => call(`get ${path}`, () => get(path)),
      getRange: (path, offset, length) => call(`get ${path}`, () => get(path).slice(offset, offset + length)),
      size: (path) => call(`size of ${path}`, () => get(path).byteLength),
      list: (under) => call(`list ${under}`, () => this.#list(at(under), prefix)),
      delete: (path) => call(`delete ${path}`, () => this.#delete(at(path))),
      exists: (path) => call(`look for ${path}`, () => this.objects.has(at(path))),
      compareAndSet: (path, expected, bytes) =>
        call(`set ${path}`, () => {
          const found = this.objects.get(at(path))?.bytes
          const same = expected === null ? found === undefined : found !== undefined && equal(found, expected)
          if (same) this.#put(at(path), bytes)
          return same
        }),
    }
  }

  #put(path: string, bytes: Uint8Array): void {
    this.objects.set(path, { bytes: bytes.slice(), modifiedMs: this.#world.nowMs })
    this.watch({ kind: 'put', path, bytes })
  }

  #delete(path: string): void {
    if (this.objects.delete(path)) this.watch({ kind: 'delete', path })
  }

  #list(under: string, prefix: string): BlobEntry[] {
    const cut = prefix === '' ? 0 : prefix.length + 1
    return [...this.objects]
      .filter(([path]) => path.startsWith(under))
      .map(([path, { bytes, modifiedMs }]) => ({ path: path.slice(cut), bytes: bytes.byteLength, modifiedMs }))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  #writer(done: (bytes: Uint8Array) => Promise<void>): BlobWriter {
    const pieces: Uint8Array[] = []
    return {
      write: async (bytes) => void pieces.push(bytes.slice()),
      finish: () => done(Buffer.concat(pieces)),
      abort: async () => undefined,
    }
  }

  #call<T>(what: string, effect: () => T): Promise<T> {
    const world = this.#world
    const caller = world.current
    if (caller === undefined) throw new Error(`nobody asks the storage to ${what}`)
    const slow = world.chance(this.stalling) ? world.delay(3000, 40_000) : 0
    return new Promise((resolve, reject) => {
      const answer = (task: () => void): void => void world.at(world.delay(1, 20) + slow / 2, caller, task)
      world.at(world.delay(1, 20) + slow / 2, undefined, () => {
        const failed = world.chance(this.failing)
        const lost = failed && world.chance(0.5)
        const error = errors.create('S3_FAILED', { action: 'serve', path: what, bucket: 'simulated', reason: '503' })
        if (failed && !lost) {
          answer(() => reject(error))
          return
        }
        try {
          const result = effect()
          if (lost) answer(() => reject(error))
          else answer(() => resolve(result))
        } catch (cause) {
          answer(() => reject(cause))
        }
      })
    })
  }
}

const whole = (bytes: BlobBytes): Uint8Array => (bytes instanceof Uint8Array ? bytes : Buffer.concat([...bytes]))
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
