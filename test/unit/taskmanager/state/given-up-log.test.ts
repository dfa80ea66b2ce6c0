/**
 * RocksDB whose log of changes was given up: a snapshot takes what RocksDB has, and over it what only the cache has, wherever an
 * entry stands and whatever earlier snapshots know of it.
 */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

let opened = 0
/** The log is given up with the first entry that leaves the cache, which has room for some. */
const open = (options: StateBackendOptions) => {
  const rocksdb = { directory: join(directory.path, `db-${opened++}`), memoryBytes: 128 * 1024, logBytesMin: 0 }
  const backend = createKeyedStateBackend({ ...options, rocksdb })
  return Object.assign(backend, {
    object: backend.value('object'),
    running: backend.accumulators('running', [{ as: 'n', fn: 'count' }]),
    list: backend.list('list'),
    timer: backend.timers('timer'),
  })
}
type Backend = ReturnType<typeof open>

const idsOf = (backend: Backend, keys: readonly number[]): Int32Array =>
  Int32Array.from(backend.resolveRows({ keys, hashes: Int32Array.from(keys, testHash) }, keys.length))

async function begun(name: string): Promise<{ subtasks: Subtasks<Backend>; others: () => void }> {
  const subtasks = new Subtasks(join(directory.path, name), 'number', open)
  await subtasks.start(1, false, 'one')
  let next = 1000
  return {
    subtasks,
    /** So many other keys that the cache is filled several times, with key 1 in each batch. */
    others: () => {
      const [backend] = subtasks.stores
      for (let i = 0; i < 500; i++) backend.object.set(idsOf(backend, [1, next++])[1], 'x'.repeat(100))
    },
  }
}

/** Restores the last complete checkpoint. */
async function restored(subtasks: Subtasks<Backend>): Promise<Backend> {
  await subtasks.start(1, false, 'one')
  return subtasks.stores[0]
}

describe('a snapshot that does without the log', () => {
  test('has what has never left the cache, and what an earlier snapshot has', async () => {
    const { subtasks, others } = await begun('cached')
    const [backend] = subtasks.stores
    // From now on it is in use whenever keys that are not leave.
    others()
    const [id] = idsOf(backend, [1])
    backend.object.set(id, { old: true })
    backend.running.updateRows(Int32Array.of(id), 1, [{}])
    await subtasks.begin().end('complete')
    others()
    await subtasks.begin().end('complete')
    expect(subtasks.complete?.[0].kind).toBe('base')
    const again = await restored(subtasks)
    const [same] = idsOf(again, [1])
    expect([again.object.get(same), again.running.get(same, 0)]).toEqual([{ old: true }, 1])
    again.close()
  })

  test('has each timer once, be it in memory, in RocksDB, or come back from there', async () => {
    const { subtasks, others } = await begun('timers')
    const [backend] = subtasks.stores
    for (let at = 1; at <= 400; at++) backend.timer.register('event', idsOf(backend, [at % 7])[0], at)
    others()
    // Those that are next have been in RocksDB, and are in memory now.
    while (backend.timer.advance('event', 150, 10, () => undefined));
    backend.timer.cancel('event', idsOf(backend, [200 % 7])[0], 200)
    backend.timer.cancel('event', idsOf(backend, [399 % 7])[0], 399)
    const snapshot = subtasks.begin()
    while (backend.timer.advance('event', 390, 10, () => undefined));
    await snapshot.end('complete')
    const again = await restored(subtasks)
    const fired: string[] = []
    while (again.timer.advance('event', 1e9, 10, (id, at) => fired.push(`${again.keyOf(id)} at ${at}`)));
    const expected = Array.from({ length: 250 }, (_, i) => i + 151).filter((at) => at !== 200 && at !== 399)
    expect(fired).toEqual(expected.map((at) => `${at % 7} at ${at}`))
    again.close()
  })

  test.each(['cleared', 'cleared and begun again'])(
    'has nothing of a long list that was %s in the cache',
    async (how) => {
      const { subtasks, others } = await begun(how)
      const [backend] = subtasks.stores
      const elements = Array.from({ length: 200 }, (_, i) => i)
      backend.list.set(idsOf(backend, [5])[0], elements)
      others()
      const [id] = idsOf(backend, [5])
      expect(backend.list.get(id)).toEqual(elements)
      backend.list.clear(id)
      if (how !== 'cleared') backend.list.add(id, 'new')
      await subtasks.begin().end('complete')
      const again = await restored(subtasks)
      expect(again.list.get(idsOf(again, [5])[0])).toEqual(how === 'cleared' ? [] : ['new'])
      again.close()
    },
  )

  test('is of everything again when it did not count, and of changes when it did', async () => {
    const { subtasks, others } = await begun('again')
    const kinds: unknown[] = []
    others()
    for (const how of ['abort', 'late-abort', 'complete', 'complete'] as const) {
      if (kinds.length === 3) others()
      await subtasks.begin().end(how)
      kinds.push(subtasks.complete?.map(({ kind }) => kind))
    }
    expect(kinds.slice(0, 2)).toEqual([undefined, undefined])
    expect(kinds[2]).toEqual(expect.arrayContaining(['base']))
    const again = await restored(subtasks)
    const keys = Array.from({ length: 1000 }, (_, i) => 1000 + i)
    for (const key of keys) expect(again.object.get(idsOf(again, [key])[0])).toBe('x'.repeat(100))
    again.close()
  })
})
