/** Storage that does not answer. */
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { withDeadline } from '../../../../core/storage/deadline.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import { memoryStorage } from '../../proto/checkpoint/memory-storage.ts'

const silence = (): Promise<never> => new Promise(() => undefined)

describe('storage with a deadline', () => {
  const bytes = Buffer.from('x')
  const calls: readonly (readonly [string, (storage: BlobStorage) => Promise<unknown>])[] = [
    ['write', (storage) => storage.put('a/b', bytes)],
    ['write', (storage) => storage.putIfAbsent('a/b', bytes)],
    ['write', (storage) => storage.compareAndSet('a/b', null, bytes)],
    ['write', (storage) => storage.openWriter('a/b')],
    ['read', (storage) => storage.get('a/b')],
    ['read', (storage) => storage.getRange('a/b', 0, 1)],
    ['read', (storage) => storage.size('a/b')],
    ['read', (storage) => storage.exists('a/b')],
    ['list', (storage) => storage.list('a/b')],
    ['delete', (storage) => storage.delete('a/b')],
  ]

  it('gives up every call that is not answered, and says which', async () => {
    const clock = new ManualClock()
    const silent = new Proxy(memoryStorage(), { get: (target, name) => (name === 'url' ? target.url : silence) })
    const storage = withDeadline(silent, clock, () => 250)
    for (const [action, call] of calls) {
      const outcome = call(storage)
      outcome.catch(() => undefined)
      clock.advance(250)
      await expect(outcome, String(call)).rejects.toMatchObject({
        code: 'STORAGE_NO_ANSWER',
        message: `storage did not answer within 250 ms when it was to ${action} memory:/a/b`,
        retry: 'backoff',
      })
    }
  })

  it('gives up a writer in each of its steps', async () => {
    const clock = new ManualClock()
    const writer = { write: silence, finish: silence, abort: silence }
    const storage = withDeadline({ ...memoryStorage(), openWriter: async () => writer }, clock, () => 250)
    const open = await storage.openWriter('a')
    for (const step of [() => open.write(bytes), () => open.finish(), () => open.abort()]) {
      const outcome = step()
      outcome.catch(() => undefined)
      clock.advance(250)
      await expect(outcome).rejects.toMatchObject({ code: 'STORAGE_NO_ANSWER' })
    }
  })

  it('changes nothing about answers that come, and leaves no timer behind', async () => {
    const clock = new ManualClock()
    const storage = withDeadline(memoryStorage(), clock, () => 250)
    await storage.put('a', bytes)
    expect(Buffer.from(await storage.get('a')).toString()).toBe('x')
    await expect(storage.get('b')).rejects.toThrow('no b')
    expect(clock.pending).toBe(0)
  })
})
