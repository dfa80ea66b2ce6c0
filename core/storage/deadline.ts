/**
 * Storage that may be silent, for those who cannot wait for ever: a call that is not answered in time is an error that says so.
 * The call itself may still take effect, as after any lost answer. Blocking calls stay as they are.
 *
 * Concurrency: as the storage itself.
 */
import type { Clock } from '../platform/clock.ts'
import { errors } from './errors.ts'
import type { BlobStorage, BlobWriter } from './storage.ts'

/** `leftMs` is asked at each call: for how long it may take. Throws STORAGE_NO_ANSWER. */
export function withDeadline(storage: BlobStorage, clock: Clock, leftMs: () => number): BlobStorage {
  const { url } = storage
  return boundedBy(storage, (action, path, answer) => {
    const timeoutMs = leftMs()
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        reject(errors.create('NO_ANSWER', { action, path: `${url}/${path}`, timeoutMs: Math.round(timeoutMs) }))
      }, timeoutMs)
      answer.then(resolve, reject).finally(() => clock.clearTimeout(timer))
    })
  })
}

/** No call is waited for any longer once `ended` is rejected: it fails with that. */
export function until(storage: BlobStorage, ended: Promise<never>): BlobStorage {
  return boundedBy(storage, (_, __, answer) => Promise.race([answer, ended]))
}

type Bound = <T>(action: string, path: string, answer: Promise<T>) => Promise<T>

function boundedBy(storage: BlobStorage, bounded: Bound): BlobStorage {
  return {
    url: storage.url,
    sync: storage.sync,
    put: (path, bytes) => bounded('write', path, storage.put(path, bytes)),
    putIfAbsent: (path, bytes) => bounded('write', path, storage.putIfAbsent(path, bytes)),
    openWriter: async (path) => {
      const opening = storage.openWriter(path)
      const writer = await bounded('write', path, opening).catch((error: unknown) => {
        // Whoever answers later leaves nothing behind.
        opening.then((late) => late.abort()).catch(() => undefined)
        throw error
      })
      return {
        write: (bytes) => bounded('write', path, writer.write(bytes)),
        finish: () => bounded('write', path, writer.finish()),
        abort: () => bounded('write', path, writer.abort()),
      } satisfies BlobWriter
    },
    get: (path) => bounded('read', path, storage.get(path)),
    getRange: (path, offset, length) => bounded('read', path, storage.getRange(path, offset, length)),
    size: (path) => bounded('read', path, storage.size(path)),
    list: (prefix) => bounded('list', prefix, storage.list(prefix)),
    delete: (path) => bounded('delete', path, storage.delete(path)),
    exists: (path) => bounded('read', path, storage.exists(path)),
    compareAndSet: (path, expected, bytes) => bounded('write', path, storage.compareAndSet(path, expected, bytes)),
  }
}
