/**
 * Storage that fails, or is slow, for as long as a test orders it. What fails has done nothing: an error of a write that took
 * effect all the same is the business of storage behind a network. For tests only.
 */
import { slowStorageMs, standingOrder } from '../fault-orders.ts'
import { systemClock } from '../platform/clock.ts'
import { errors } from './errors.ts'
import type { BlobStorage } from './storage.ts'

/** Has no blocking half: whoever uses it waits as for storage behind a network. */
export function failingStorage(inner: BlobStorage): BlobStorage {
  const at = async (action: string, path: string): Promise<void> => {
    const order = standingOrder('storage')
    if (order === undefined) return
    if (order === 'slow') return new Promise((resolve) => systemClock.setTimeout(resolve, slowStorageMs))
    throw errors.create('IO', { action, path, reason: 'a test ordered it' })
  }
  return {
    url: inner.url,
    async put(path, bytes) {
      await at('write', path)
      await inner.put(path, bytes)
    },
    async putIfAbsent(path, bytes) {
      await at('write', path)
      return inner.putIfAbsent(path, bytes)
    },
    async openWriter(path) {
      await at('write', path)
      const writer = await inner.openWriter(path)
      return {
        write: (bytes) => writer.write(bytes),
        async finish() {
          try {
            await at('write', path)
          } catch (error) {
            await writer.abort()
            throw error
          }
          await writer.finish()
        },
        abort: () => writer.abort(),
      }
    },
    async get(path) {
      await at('read', path)
      return inner.get(path)
    },
    async getRange(path, offset, length) {
      await at('read', path)
      return inner.getRange(path, offset, length)
    },
    async size(path) {
      await at('read', path)
      return inner.size(path)
    },
    async list(prefix) {
      await at('list', prefix)
      return inner.list(prefix)
    },
    async delete(path) {
      await at('delete', path)
      await inner.delete(path)
    },
    async exists(path) {
      await at('read', path)
      return inner.exists(path)
    },
    async compareAndSet(path, expected, bytes) {
      await at('write', path)
      return inner.compareAndSet(path, expected, bytes)
    },
  }
}
