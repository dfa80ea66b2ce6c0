/**
 * Maps that are larger than the cache, in RocksDB, against a plain model: what is read past the cache is under what the cache
 * has, what is cleared is gone from snapshots too, and reading all of a map does not bring it into memory.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import type { KeyedStateBackend, MapStore, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { createRocksDbBackend } from '../../../../taskmanager/state/rocksdb/backend.ts'
import { cases } from '../../../support/nightly.ts'
import { checkpointDirectory, Subtasks, shapeOf, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

let opened = 0
const inRocksDb = (options: StateBackendOptions, memoryBytes: number): KeyedStateBackend =>
  // Every third time nothing is noted: a snapshot takes what RocksDB has.
  createRocksDbBackend(options, {
    directory: join(directory.path, `db-${opened++}`),
    memoryBytes,
    logBytesMin: opened % 3 === 0 ? 0 : 1e9,
  })

const idOf = (backend: KeyedStateBackend, key: number): number =>
  backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]

const from = fc.integer({ min: 0, max: 1500 })
const length = fc.constantFrom(1, 2, 100, 700)
const command = fc.oneof(
  fc.record({ kind: fc.constantFrom('set' as const, 'delete' as const), from, length }),
  fc.record({ kind: fc.constantFrom('entries' as const, 'size' as const, 'size' as const, 'clear' as const) }),
  fc.record({
    kind: fc.constantFrom('checkpoint' as const, 'abort' as const, 'late-abort' as const, 'restart' as const),
  }),
  // Other keys come: this one leaves the cache.
  fc.record({ kind: fc.constant('others' as const) }),
)

describe('a map larger than the cache', () => {
  test('equals a plain model through writes, clears, snapshots, aborts and restores in either backend', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 25 }), async (commands) => {
        let starts = 0
        const maps: MapStore[] = []
        const subtasks = new Subtasks<KeyedStateBackend>(directory.path, 'number', (options) => {
          const heap = starts++ % 3 === 2
          const backend = heap ? createKeyedStateBackend(options) : inRocksDb(options, 16 * 1024)
          maps[0] = backend.map('m')
          return backend
        })
        subtasks.complete = undefined
        await subtasks.start(1)
        let model = new Map<string, number>()
        let saved = new Map<string, number>()
        let others = 10
        let version = 0
        const check = (id: number): void => expect(new Map(maps[0].entries(id) as [string, number][])).toEqual(model)
        for (const step of commands) {
          const backend = subtasks.stores[0]
          if (step.kind === 'set' || step.kind === 'delete') {
            const id = idOf(backend, 1)
            for (let i = step.from; i < step.from + step.length; i++) {
              if (step.kind === 'delete') expect(maps[0].delete(id, `k${i}`)).toBe(model.delete(`k${i}`))
              else {
                model.set(`k${i}`, ++version)
                maps[0].set(id, `k${i}`, version)
              }
            }
          } else if (step.kind === 'entries') check(idOf(backend, 1))
          else if (step.kind === 'size') expect(maps[0].size(idOf(backend, 1))).toBe(model.size)
          else if (step.kind === 'clear') {
            maps[0].clear(idOf(backend, 1))
            model.clear()
          } else if (step.kind === 'others') {
            for (let i = 0; i < 4; i++) maps[0].set(idOf(backend, others), 'text', `${others++}${'x'.repeat(8000)}`)
          } else if (step.kind === 'restart') {
            if (subtasks.complete === undefined) continue
            await subtasks.start(1)
            model = new Map(saved)
          } else {
            const begun = subtasks.begin()
            const before = new Map(model)
            // What changes while the snapshot is written is not in it.
            const id = idOf(backend, 1)
            maps[0].set(id, 'k3', ++version)
            model.set('k3', version)
            if (version % 3 === 0) {
              maps[0].clear(id)
              model.clear()
            }
            await begun.end(step.kind === 'checkpoint' ? 'complete' : step.kind)
            if (step.kind === 'checkpoint') saved = before
          }
        }
        check(idOf(subtasks.stores[0], 1))
        expect(maps[0].size(idOf(subtasks.stores[0], 1))).toBe(model.size)
        for (const store of subtasks.stores) store.close()
      }),
      { numRuns: cases(10) },
    )
  })

  test.each(['memory', 'rocksdb'])('that was cleared past the cache is gone after a restore in %s', async (place) => {
    const maps: MapStore[] = []
    let starts = 0
    const subtasks = new Subtasks<KeyedStateBackend>(directory.path, 'number', (options) => {
      const heap = starts++ > 0 && place === 'memory'
      const backend = heap ? createKeyedStateBackend(options) : inRocksDb(options, 16 * 1024)
      maps[0] = backend.map('m')
      return backend
    })
    await subtasks.start(1)
    for (let i = 0; i < 2000; i++) maps[0].set(idOf(subtasks.stores[0], 1), `k${i}`, i)
    await subtasks.begin().end('complete')
    maps[0].set(idOf(subtasks.stores[0], 2), 'large', 'x'.repeat(20_000))
    const id = idOf(subtasks.stores[0], 1)
    maps[0].set(id, 'k1', 'before')
    maps[0].clear(id)
    maps[0].set(id, 'k2', 'after')
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    expect(maps[0].entries(idOf(subtasks.stores[0], 1))).toEqual([['k2', 'after']])
    subtasks.stores[0].close()
  })

  test('is counted, read and cleared without being in the cache', async () => {
    const backend = inRocksDb(
      {
        key: shapeOf('number'),
        range: { from: 0, to: 65_536 },
        states: [],
        target: undefined,
        restored: undefined,
        clock: systemClock,
      },
      256 * 1024,
    )
    const map = backend.map('m')
    await backend.open()
    const entries = 20_000
    for (let i = 0; i < entries; i++) map.set(idOf(backend, 1), `k${i}`, `${i}${'x'.repeat(100)}`)
    for (let i = 0; i < 500; i++) map.set(idOf(backend, 2 + i), 'other', 'x'.repeat(1000))
    const id = idOf(backend, 1)
    const before = backend.usedBytes
    expect(map.size(id)).toBe(entries)
    // Two megabytes that are not kept; RocksDB has its blocks.
    expect(backend.usedBytes - before).toBeLessThan(1_200_000)
    map.set(id, 'k5', 'again')
    map.set(id, 'new', 1)
    expect(map.delete(id, 'k6')).toBe(true)
    expect(map.size(id)).toBe(entries)
    expect(map.entries(id).length).toBe(entries)
    map.clear(id)
    expect(map.size(id)).toBe(0)
    expect(map.get(id, 'k7')).toBeUndefined()
    idOf(backend, 3)
    expect(map.entries(idOf(backend, 1))).toEqual([])
    backend.close()
  })
})
