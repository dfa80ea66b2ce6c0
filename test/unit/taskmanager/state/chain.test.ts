/**
 * Chains of runs over many checkpoints: bounded, deltas small, and nothing lost when storage fails.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

const declare = (options: StateBackendOptions) => {
  const backend = createKeyedStateBackend(options)
  return Object.assign(backend, {
    flat: backend.value('flat', { kind: 'float64' }),
    map: backend.map('map'),
    timer: backend.timers('timer'),
  })
}
const idOf = (backend: ReturnType<typeof declare>, key: number): number =>
  backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]

describe('a chain of runs', () => {
  test('stays short: small deltas are merged with each other, without the base, and hold what changed only', async () => {
    const subtasks = new Subtasks(directory.path, 'number', declare)
    await subtasks.start(1, false, 'one')
    const [backend] = subtasks.stores
    for (let key = 0; key < 5000; key++) backend.flat.set(idOf(backend, key), key)
    await subtasks.begin().end('complete')
    const base = subtasks.complete?.[0]
    expect(base?.kind).toBe('base')
    expect(base?.entries).toBe(5000)
    const lengths: number[] = []
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 10; i++) {
        const key = (round * 37 + i) % 5000
        backend.flat.set(idOf(backend, key), -round)
        backend.map.set(idOf(backend, 1), i, round)
      }
      backend.timer.register('event', idOf(backend, round), round)
      await subtasks.begin().end('complete')
      const chain = subtasks.complete ?? []
      const merged = chain.length <= (lengths.at(-1) ?? 1)
      lengths.push(chain.length)
      expect(chain[0]).toEqual(base)
      expect(chain.slice(1).every((run) => run.kind === 'delta')).toBe(true)
      if (merged) expect(chain.at(-1)?.entries).toBeLessThan(9 * 21)
      else expect(chain.at(-1)?.entries).toBe(21)
    }
    expect(Math.max(...lengths)).toBe(8)
    expect(lengths.filter((length, i) => length < lengths[i - 1]).length).toBeGreaterThan(2)
    await subtasks.start(3)
    expect(subtasks.stores.reduce((sum, store) => sum + store.size, 0)).toBe(5000)
    for (const [subtask, store] of subtasks.stores.entries()) {
      for (const id of store.ids()) {
        const key = store.keyOf(id) as number
        expect(subtasks.subtaskOf(testHash(key))).toBe(subtask)
        let value = key
        for (let round = 0; round < 30; round++) if ((key - round * 37 + 5000 * 40) % 5000 < 10) value = -round
        expect(store.flat.get(id)).toBe(value)
      }
    }
  })

  test('leaves keys without state nothing, in memory or in the chain', async () => {
    const subtasks = new Subtasks(directory.path, 'number', declare)
    await subtasks.start(1)
    const [backend] = subtasks.stores
    for (let round = 0; round < 20; round++) {
      for (let key = round * 100; key < round * 100 + 100; key++) backend.flat.set(idOf(backend, key), key)
      await subtasks.begin().end('complete')
      for (let key = round * 100; key < round * 100 + 100; key++) {
        const id = idOf(backend, key)
        backend.flat.clear(id)
        backend.releaseUnused(Int32Array.of(id), 1)
      }
    }
    await subtasks.begin().end('complete')
    expect(backend.size).toBe(0)
    await subtasks.start(2)
    expect(subtasks.stores.map((store) => store.size)).toEqual([0, 0])
  })

  test('loses nothing when a run cannot be written', async () => {
    const root = join(directory.path, 'broken')
    // A file where the directory should be.
    writeFileSync(root, '')
    const subtasks = new Subtasks(root, 'number', declare)
    await subtasks.start(1)
    const [backend] = subtasks.stores
    for (let key = 0; key < 3000; key++) backend.flat.set(idOf(backend, key), key)
    await expect(subtasks.begin().end('complete')).rejects.toMatchObject({ code: expect.stringMatching(/^STORAGE_/) })
    rmSync(root)
    mkdirSync(root)
    backend.flat.set(idOf(backend, 7), 70)
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    expect(subtasks.stores[0].size).toBe(3000)
    expect(subtasks.stores[0].flat.get(idOf(subtasks.stores[0], 7))).toBe(70)
  })
})
