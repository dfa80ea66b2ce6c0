/**
 * Lists of any length in either backend, against a plain model: through adds, replacements, clears, snapshots, aborts and restores
 * from one backend to the other, with and without a lifetime of the elements; and what adding to a long list does not do.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import type { KeyedStateBackend, ListStore, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { GoldenClock, restoredFrom } from '../../../golden/state/contents.ts'
import { type GoldenLists, idsOf, listsOf, longList, makeGoldenLists, shortList } from '../../../golden/state/lists.ts'
import { cases } from '../../../support/nightly.ts'
import { checkpointDirectory, HandClock, Subtasks, shapeOf, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

let opened = 0
/** Every third time nothing is noted, unless `noted`: a snapshot takes what RocksDB has. */
const inRocksDb = (options: StateBackendOptions, memoryBytes: number, noted = opened % 3 !== 2): KeyedStateBackend =>
  createKeyedStateBackend({
    ...options,
    rocksdb: { directory: join(directory.path, `db-${opened++}`), memoryBytes, logBytesMin: noted ? 1e9 : 0 },
  })

const idOf = (backend: KeyedStateBackend, key: number): number =>
  backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]

const lifetimeMs = 1000
const length = fc.constantFrom(0, 1, 2, 63, 64, 65, 200)
const element = fc.constantFrom<unknown>(1, null, undefined, 'text', 'x'.repeat(900), 'x'.repeat(3000), {
  deep: [1, 2],
})
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'add' as const, 'set' as const), length, element }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('get' as const, 'clear' as const, 'others' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 400, 1000) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('checkpoint' as const, 'abort' as const, 'late-abort' as const, 'restart' as const),
      rewrite: fc.boolean(),
    }),
  },
)
interface Timed {
  readonly value: unknown
  readonly atMs: number
}

describe.each([undefined, lifetimeMs])('a list of any length, with a lifetime of %s ms', (ttlMs) => {
  test('equals a plain model through writes, snapshots, aborts and restores in either backend', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 30 }), async (commands) => {
        const clock = new HandClock(1_000_000)
        let starts = 0
        const lists: ListStore[] = []
        const make = (options: StateBackendOptions): KeyedStateBackend => {
          const heap = starts++ % 3 === 1
          const backend = heap ? createKeyedStateBackend(options) : inRocksDb(options, 16 * 1024)
          lists[0] = backend.list('l', undefined, ttlMs)
          return backend
        }
        const subtasks = new Subtasks<KeyedStateBackend>(directory.path, 'number', make, clock)
        await subtasks.start(1)
        let model: Timed[] = []
        let saved: Timed[] = []
        let others = 10
        let version = 0
        const living = (): unknown[] =>
          model.filter(({ atMs }) => ttlMs === undefined || clock.now() - atMs < ttlMs).map(({ value }) => value)
        const check = (): void => expect(lists[0].get(idOf(subtasks.stores[0], 1))).toEqual(living())
        const timed = (value: unknown): Timed => ({ value, atMs: clock.now() })
        for (const step of commands) {
          const [backend] = subtasks.stores
          if (step.kind === 'add' || step.kind === 'set') {
            const values = Array.from({ length: step.length }, () => [++version, step.element])
            if (step.kind === 'set') {
              lists[0].set(idOf(backend, 1), values)
              model = values.map(timed)
            } else {
              const id = idOf(backend, 1)
              for (const value of values) lists[0].add(id, value)
              model = [...model, ...values.map(timed)]
            }
          } else if (step.kind === 'get') check()
          else if (step.kind === 'wait') clock.advance(step.ms)
          else if (step.kind === 'clear') {
            lists[0].clear(idOf(backend, 1))
            model = []
          } else if (step.kind === 'others') {
            // The list leaves the cache.
            for (let i = 0; i < 4; i++) lists[0].add(idOf(backend, others++), 'x'.repeat(8000))
          } else if (step.kind === 'restart') {
            if (subtasks.complete === undefined) continue
            await subtasks.start(1, step.rewrite)
            model = saved
          } else {
            const begun = subtasks.begin()
            const before = model
            // What changes while the snapshot is written is not in it.
            const id = idOf(backend, 1)
            for (let i = 0; i < 70; i++) lists[0].add(id, ++version)
            model = [...model, ...Array.from({ length: 70 }, (_, i) => timed(version - 69 + i))]
            if (version % 3 === 0) {
              lists[0].clear(id)
              model = []
            }
            await begun.end(step.kind === 'checkpoint' ? 'complete' : step.kind)
            if (step.kind === 'checkpoint') saved = before
          }
        }
        check()
        for (const store of subtasks.stores) store.close()
      }),
      { numRuns: cases(25) },
    )
  })
})

const optionsOf = (clock = systemClock): StateBackendOptions => ({
  key: shapeOf('number'),
  range: { from: 0, to: 65_536 },
  states: [],
  target: undefined,
  restored: undefined,
  clock,
})

describe('adding to a long list', () => {
  test('takes as long as adding to a short one', async () => {
    const backend = inRocksDb(optionsOf(), 64 * 1024)
    const list = backend.list('l')
    await backend.open()
    const elements = 80_000
    const quarters = [0, 0, 0, 0]
    for (let i = 0; i < elements; i += 100) {
      const before = process.threadCpuUsage()
      const id = idOf(backend, 1)
      for (let j = i; j < i + 100; j++) list.add(id, `element ${j}`)
      // The key leaves the cache.
      for (let key = 2; key < 5; key++) list.set(idOf(backend, key), ['x'.repeat(10_000)])
      const { user, system } = process.threadCpuUsage(before)
      quarters[Math.floor((4 * i) / elements)] += user + system
    }
    // Seven times as long, if the list were read and written each time.
    expect(quarters[3]).toBeLessThan(3 * quarters[0])
    const all = list.get(idOf(backend, 1))
    expect(all.length).toBe(elements)
    expect(all.every((value, i) => value === `element ${i}`)).toBe(true)
    backend.close()
  })

  test.each(['heap', 'rocksdb'])('writes little into the next snapshot (%s)', async (place) => {
    const lists: ListStore[] = []
    const subtasks = new Subtasks<KeyedStateBackend>(directory.path, 'number', (options) => {
      const backend = place === 'heap' ? createKeyedStateBackend(options) : inRocksDb(options, 64 * 1024, true)
      lists[0] = backend.list('l')
      return backend
    })
    await subtasks.start(1, false, 'one')
    const id = idOf(subtasks.stores[0], 1)
    for (let i = 0; i < 10_000; i++) lists[0].add(id, i)
    await subtasks.begin().end('complete')
    lists[0].add(idOf(subtasks.stores[0], 1), 'one more')
    await subtasks.begin().end('complete')
    const [base, delta] = subtasks.complete ?? []
    expect(base.entries).toBe(Math.ceil(10_000 / 64))
    expect(delta.entries).toBe(1)
    for (const store of subtasks.stores) store.close()
  })
})

describe('elements that expire', () => {
  test.each(['heap', 'rocksdb'])('leave memory, disk and snapshots while others come (%s)', async (place) => {
    const clock = new HandClock(1_000_000)
    const lists: ListStore[] = []
    const make = (options: StateBackendOptions): KeyedStateBackend => {
      const backend = place === 'heap' ? createKeyedStateBackend(options) : inRocksDb(options, 16 * 1024)
      lists[0] = backend.list('l', undefined, lifetimeMs)
      return backend
    }
    const subtasks = new Subtasks<KeyedStateBackend>(directory.path, 'number', make, clock)
    await subtasks.start(1, false, 'one')
    for (let i = 0; i < 3000; i++) {
      lists[0].add(idOf(subtasks.stores[0], 1), i)
      clock.advance(10)
      if (i % 1000 === 500) await subtasks.begin().end('complete')
    }
    // Each chunk stands for 640 ms.
    expect(lists[0].get(idOf(subtasks.stores[0], 1))).toEqual(Array.from({ length: 99 }, (_, i) => 2901 + i))
    await subtasks.begin().end('complete')
    await subtasks.start(1, true, 'one')
    expect(lists[0].get(idOf(subtasks.stores[0], 1)).length).toBe(99)
    await subtasks.begin().end('complete')
    expect(subtasks.complete?.reduce((sum, run) => sum + run.entries, 0)).toBeLessThan(6)
    for (const store of subtasks.stores) store.close()
  })
})

describe('lists of version 3', () => {
  const golden: GoldenLists = JSON.parse(
    readFileSync(new URL('../../../golden/state/lists.v3.json', import.meta.url), 'utf8'),
  )

  test('are written byte by byte as they always were', async () => {
    expect((await makeGoldenLists()).entries).toEqual(golden.entries)
  })

  test('are read as ever, and expire as they would have', async () => {
    const clock = new GoldenClock()
    const backend = listsOf(restoredFrom(golden.runs), clock)
    await backend.open()
    const [long, short] = idsOf(backend)
    const read = (): unknown[] => [long, short].flatMap((id) => [backend.list.get(id), backend.timed.get(id)])
    expect(read()).toEqual([longList, longList, shortList, shortList])
    clock.advance(1050)
    expect(read()).toEqual([longList, longList.slice(100), shortList, shortList])
    clock.advance(50)
    expect(read()).toEqual([longList, [], shortList, []])
    backend.close()
  })
})
