/** State whose time is over leaves the storage of checkpoints when runs are merged, and nothing older takes its place. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import { rangeCount } from '../../../../proto/checkpoint/ranges.ts'
import {
  compactChain,
  entryKind,
  mergeRuns,
  openChain,
  RunWriter,
  saveRun,
} from '../../../../proto/checkpoint/runs/run.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { keyOfBytes } from '../../../../taskmanager/state/keys.ts'
import { checkpointDirectory, HandClock, inPlace, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

describe.each(['memory', 'rocksdb'] as const)('what has expired (%s)', (place) => {
  test('is in no run any more when they have been merged', async () => {
    const clock = new HandClock(1000)
    const placed = inPlace(directory.path, place)
    const subtasks = new Subtasks(
      directory.path,
      'number',
      (options) => {
        const backend = createKeyedStateBackend(placed(options))
        const value = backend.value('value', undefined, 100)
        const list = backend.list('list', undefined, 100)
        const map = backend.map('map', undefined, undefined, 100)
        const kept = backend.value('kept')
        return Object.assign(backend, {
          write(key: number): void {
            const [id] = backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)
            value.set(id, 'x'.repeat(20))
            list.add(id, key)
            map.set(id, 'k', key)
            kept.set(id, key)
          },
        })
      },
      clock,
    )
    await subtasks.start(1, false, 'one')
    const [backend] = subtasks.stores
    const keys = Array.from({ length: 40 }, (_, key) => key)
    for (const key of keys) backend.write(key)
    await subtasks.begin().end('complete')
    clock.advance(200)
    for (let round = 1; round < 16; round++) {
      for (let i = 0; i < 10; i++) backend.write(round * 1000 + i)
      await subtasks.begin().end('complete')
    }
    const found = new Map<number, number>()
    for (const entry of mergeRuns(await openChain(openStorage(subtasks.root), subtasks.complete ?? []))) {
      const key = keyOfBytes(entry.key) as number
      if (key < 1000) found.set(key, (found.get(key) ?? 0) + 1)
    }
    // What does not expire.
    expect([...found].sort(([a], [b]) => a - b)).toEqual(keys.map((key) => [key, 1]))
    backend.close()
  })
})

test('a merged chain has what the chain had, but for what has expired, which hides what is older', async () => {
  const storage = openStorage(`file://${directory.path}/merged`)
  const change = fc.record({ key: fc.integer({ min: 0, max: 5 }), value: fc.integer({ min: -1, max: 9 }) })
  let made = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { maxLength: 6 }), { minLength: 2, maxLength: 5 }),
      fc.nat(4),
      fc.integer({ min: 0, max: 10 }),
      async (runs, from, over) => {
        const first = Math.min(from, runs.length - 1)
        const chain: RunHandle[] = []
        // -1: gone.
        const model = new Map<number, number>()
        for (const [i, changes] of runs.entries()) {
          const own = new Map(changes.map(({ key, value }) => [key, value]))
          const writer = new RunWriter({ from: 0, to: rangeCount, kind: i === 0 ? 'base' : 'delta' })
          for (const [key, value] of [...own].sort(([a], [b]) => a - b)) {
            if (value < 0) {
              model.delete(key)
              if (i > 0) writer.append(key, 0, entryKind.tombstone, Buffer.of(key), Buffer.alloc(0))
              continue
            }
            model.set(key, value)
            writer.append(key, 0, entryKind.put, Buffer.of(key), Buffer.alloc(0), Buffer.of(value))
            // Below the merged runs nobody looks.
            if (i >= first && value >= over) model.set(key, -1)
          }
          chain.push(await saveRun(storage, `run-${made++}`, writer))
        }
        const expired = ({ value }: { readonly value: Uint8Array }): boolean => (value[0] ?? 0) >= over
        const options = { from: 0, to: rangeCount, path: `run-${made++}`, expired }
        const merged = await compactChain(storage, chain, options, first)
        const left = mergeRuns(await openChain(storage, merged))
        const found = Array.from(left, ({ key, value }) => [key[0], value[0]])
        const expected = [...model].filter(([, value]) => value >= 0).sort(([a], [b]) => a - b)
        expect(found).toEqual(expected)
      },
    ),
    { numRuns: 150 },
  )
})
