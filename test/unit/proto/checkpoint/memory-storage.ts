/** Storage without blocking reads, in memory: stands for storage behind a network. */
import type { BlobBytes, BlobStorage } from '../../../../core/storage/storage.ts'

export function memoryStorage(objects: Map<string, Buffer> = new Map()): BlobStorage & { reads: [number, number][] } {
  const whole = (bytes: BlobBytes): Buffer => Buffer.concat(bytes instanceof Uint8Array ? [bytes] : bytes)
  const at = (path: string): Buffer => {
    const found = objects.get(path)
    if (found === undefined) throw new Error(`no ${path}`)
    return found
  }
  const reads: [number, number][] = []
  return {
    url: 'memory:',
    reads,
    put: async (path, bytes) => void objects.set(path, whole(bytes)),
    putIfAbsent: async (path, bytes) => !objects.has(path) && objects.set(path, whole(bytes)) !== undefined,
    openWriter: async (path) => {
      const pieces: Buffer[] = []
      return {
        write: async (bytes) => void pieces.push(Buffer.from(bytes)),
        finish: async () => void objects.set(path, Buffer.concat(pieces)),
        abort: async () => undefined,
      }
    },
    get: async (path) => at(path),
    getRange: async (path, offset, length) => {
      reads.push([offset, length])
      return Uint8Array.from(at(path).subarray(offset, offset + length))
    },
    size: async (path) => at(path).length,
    list: async (prefix) =>
      [...objects]
        .filter(([path]) => path.startsWith(prefix))
        .map(([path, data]) => ({ path, bytes: data.length, modifiedMs: 0 })),
    delete: async (path) => void objects.delete(path),
    exists: async (path) => objects.has(path),
    compareAndSet: async (path, expected, bytes) => {
      const now = objects.get(path)
      if (expected === null ? now !== undefined : now === undefined || !now.equals(expected)) return false
      objects.set(path, Buffer.from(bytes))
      return true
    },
  }
}
