/**
 * The RocksDB backend against the plain model of the heap backend, with a cache so small that every key leaves it again and
 * again; from one backend to the other and back; and what is its own: timers beyond memory, lifetimes, damaged files.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import type { KeyedStateBackend, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { createRocksDbBackend } from '../../../../taskmanager/state/rocksdb/backend.ts'
import { openKeyValues } from '../../../../taskmanager/state/rocksdb/binding.ts'
import { processDirectory, removeLeftovers } from '../../../../taskmanager/state/rocksdb/directories.ts'
import { Spill } from '../../../../taskmanager/state/rocksdb/spill.ts'
import { Sweep } from '../../../../taskmanager/state/rocksdb/sweep.ts'
import { encodeStateValue, expiredValue, Lifetime } from '../../../../taskmanager/state/values.ts'
import { cases } from '../../../support/nightly.ts'
import { until } from '../../../support/until.ts'
import { command, keys, runBesideModel } from './model.ts'
import { checkpointDirectory, Subtasks, shapeOf, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

let opened = 0
/** For next to nothing, every other time; now and then the log is given up with the first entry. */
const small = (options: StateBackendOptions, memoryBytes = opened % 2 === 0 ? 4096 : 40): KeyedStateBackend =>
  createRocksDbBackend(options, {
    directory: join(directory.path, `db-${opened++}`),
    memoryBytes,
    ...(opened % 3 === 0 ? { logBytesMin: 0 } : {}),
  })

describe.each(['number', 'string', 'any'] as const)('keyed state in RocksDB by %s keys', (type) => {
  test('equals a plain model through writes, snapshots, aborts and restores', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command(keys[type]), { maxLength: 40 }), (commands) =>
        runBesideModel(directory.path, type, (options) => small(options), false, commands),
      ),
      { numRuns: cases(12) },
    )
  })

  test('goes from one backend to the other and back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command(keys[type]), { maxLength: 40 }), (commands) =>
        runBesideModel(
          directory.path,
          type,
          (options, start) => (start % 2 === 0 ? createKeyedStateBackend(options) : small(options)),
          false,
          commands,
        ),
      ),
      { numRuns: cases(8) },
    )
  })
})

const optionsOf = (clock: ManualClock | typeof systemClock = systemClock): StateBackendOptions => ({
  key: shapeOf('number'),
  range: { from: 0, to: 65_536 },
  states: [],
  target: undefined,
  restored: undefined,
  clock,
})
const idOf = (backend: KeyedStateBackend, key: number): number =>
  backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]

describe('the first snapshot', () => {
  test('knows nothing of what came and went before it, in the cache or out of it', async () => {
    const subtasks = new Subtasks(directory.path, 'number', (options) => {
      const backend = small(options)
      return Object.assign(backend, { value: backend.value('v') })
    })
    await subtasks.start(1)
    const [backend] = subtasks.stores
    for (let key = 0; key < 40; key++) backend.value.set(idOf(backend, key), key)
    for (let key = 0; key < 40; key += 2) backend.value.clear(idOf(backend, key))
    // The last of the cleared ones are in the cache, the others are not.
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    const [restored] = subtasks.stores
    for (let key = 0; key < 40; key++)
      expect(restored.value.get(idOf(restored, key))).toBe(key % 2 === 0 ? undefined : key)
  })
})

describe('a snapshot that does not count', () => {
  test.each(['abort', 'late-abort'] as const)('leaves its changes to the next (%s)', async (how) => {
    const subtasks = new Subtasks(directory.path, 'number', (options) => {
      const backend = small(options)
      return Object.assign(backend, { value: backend.value('v'), timer: backend.timers('t') })
    })
    await subtasks.start(1)
    for (let key = 0; key < 20; key++) {
      const id = idOf(subtasks.stores[0], key)
      subtasks.stores[0].value.set(id, key)
      subtasks.stores[0].timer.register('event', id, key)
    }
    await subtasks.begin().end(how)
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    const [backend] = subtasks.stores
    for (let key = 0; key < 20; key++) expect(backend.value.get(idOf(backend, key))).toBe(key)
    const fired: unknown[] = []
    backend.timer.advance('event', 100, 100, (id, at) => fired.push([backend.keyOf(id), at]))
    expect(fired).toEqual(Array.from({ length: 20 }, (_, key) => [key, key]))
  })
})

describe('what waits for a snapshot', () => {
  test('is the last version of what left the cache several times', async () => {
    const subtasks = new Subtasks(directory.path, 'number', (options) => {
      const backend = small(options, 40)
      return Object.assign(backend, { value: backend.value('v') })
    })
    await subtasks.start(1)
    const [backend] = subtasks.stores
    const set = (key: number, value: string): void => backend.value.set(idOf(backend, key), value)
    for (let key = 0; key < 40; key++) set(key, 'first'.padEnd(60))
    const first = subtasks.begin()
    // Each key leaves the cache when the next but one comes.
    for (const key of [1, 100, 101, 102]) set(key, 'second'.padEnd(60))
    await first.end('complete')
    for (const key of [1, 100, 101, 102]) set(key, 'third')
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    const [restored] = subtasks.stores
    expect([0, 1, 100].map((key) => restored.value.get(idOf(restored, key)))).toEqual([
      'first'.padEnd(60),
      'third',
      'third',
    ])
    restored.close()
  })
})

describe('more state than the cache holds', () => {
  test('is all there, and the cache stays within its limit', async () => {
    const memoryBytes = 64 * 1024
    const backend = small(optionsOf(), memoryBytes)
    const value = backend.value('v')
    const map = backend.map('m')
    const count = backend.accumulators('c', [{ as: 'n', fn: 'count' }])
    await backend.open()
    const batch = 64
    for (let from = 0; from < 4096; from += batch) {
      const keys = Array.from({ length: batch }, (_, i) => (from + i) % 2048)
      const ids = backend.resolveRows({ keys, hashes: Int32Array.from(keys, testHash) }, batch)
      count.updateRows(ids, batch, new Array(batch).fill({}))
      for (let i = 0; i < batch; i++) {
        value.set(ids[i], { key: keys[i], text: 'x'.repeat(100) })
        map.set(ids[i], from < 2048 ? 'first' : 'second', keys[i])
      }
      expect(backend.size).toBeLessThan(512)
    }
    for (let key = 0; key < 2048; key++) {
      const id = idOf(backend, key)
      expect([value.get(id), count.get(id, 0), map.size(id), map.get(id, 'second')]).toEqual([
        { key, text: 'x'.repeat(100) },
        2,
        2,
        key,
      ])
    }
    backend.close()
  })

  test('may be a map of one key', async () => {
    const backend = small(optionsOf(), 64 * 1024)
    const map = backend.map('m')
    await backend.open()
    for (let i = 0; i < 5000; i++) map.set(idOf(backend, 1), `k${i}`, i)
    for (let i = 0; i < 5000; i += 7) map.delete(idOf(backend, 1), `k${i}`)
    const id = idOf(backend, 1)
    expect(map.get(id, 'k1')).toBe(1)
    expect(map.get(id, 'k7')).toBeUndefined()
    expect(map.entries(id).length).toBe(5000 - Math.ceil(5000 / 7))
    map.clear(idOf(backend, 1))
    idOf(backend, 2)
    expect(map.size(idOf(backend, 1))).toBe(0)
    backend.close()
  })
})

describe('timers in RocksDB', () => {
  test('fire in order and once, however many more there are than memory holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: -50, max: 300 }), fc.integer({ min: 0, max: 9 }), fc.boolean()), {
          minLength: 100,
          maxLength: 600,
        }),
        fc.array(fc.integer({ min: -50, max: 300 }), { maxLength: 5 }),
        async (writes, stops) => {
          const backend = small(optionsOf())
          const timers = backend.timers('t')
          await backend.open()
          const expected = new Set<string>()
          const fireTo = (toMs: number): void => {
            const fired: string[] = []
            let last = Number.NEGATIVE_INFINITY
            const fire = (id: number, at: number): void => {
              expect(at).toBeGreaterThanOrEqual(last)
              last = at
              fired.push(`${backend.keyOf(id)}@${at}`)
            }
            while (timers.advance('event', toMs, 50, fire));
            const due = [...expected].filter((each) => Number(each.split('@')[1]) <= toMs)
            for (const each of due) expected.delete(each)
            expect(fired.sort()).toEqual(due.sort())
          }
          const share = Math.ceil(writes.length / (stops.length + 1))
          writes.forEach(([at, key, cancel], i) => {
            const id = idOf(backend, key)
            if (cancel) timers.cancel('event', id, at)
            else timers.register('event', id, at)
            if (cancel) expected.delete(`${key}@${at}`)
            else expected.add(`${key}@${at}`)
            if (i % share === share - 1 && stops[(i / share) | 0] !== undefined) fireTo(stops[(i / share) | 0])
          })
          const times = [...expected].map((each) => Number(each.split('@')[1]))
          expect(timers.next('event')).toBe(Math.min(Number.POSITIVE_INFINITY, ...times))
          fireTo(1000)
          expect(timers.next('event')).toBe(Number.POSITIVE_INFINITY)
          backend.close()
        },
      ),
      { numRuns: cases(8) },
    )
  })
})

describe('lifetimes', () => {
  test('end on read, are left out of snapshots, and give their place on the disk back', async () => {
    const clock = new ManualClock(1000)
    const store = await openKeyValues(join(directory.path, `sweep-${opened++}`), 8 << 20)
    const spill = new Spill([], false)
    spill.attach(store)
    const lifetime = new Lifetime(100, clock)
    const expiring = {
      state: 0,
      encode: () => [][Symbol.iterator](),
      restore: () => undefined,
      expired: (value: Buffer) => expiredValue(value, lifetime),
    }
    const keyed = (i: number): Buffer => Buffer.of(i >> 8, i)
    const write = (i: number): void => spill.write(i, 0, keyed(i), Buffer.alloc(0), 0, encodeStateValue(i, clock.now()))
    for (let i = 0; i < 1000; i++) write(i)
    clock.advance(60)
    for (let i = 0; i < 300; i++) write(i)
    clock.advance(60)
    const sweep = new Sweep(spill, [expiring])
    for (let look = 0; look < 5; look++) sweep.look(store)
    expect(sweep.deleted).toBe(700)
    const scan = store.scan(Buffer.of(0), Buffer.of(255))
    expect(scan.next(2000).length / 2).toBe(300)
    scan.close()
    await store.close()
  })

  test('are counted from the last write, in the cache and out of it', async () => {
    const clock = new ManualClock(1000)
    const backend = small(optionsOf(clock))
    const value = backend.value('v', undefined, 100)
    const map = backend.map('m', undefined, undefined, 100)
    await backend.open()
    for (let key = 0; key < 40; key++) {
      const id = idOf(backend, key)
      value.set(id, key)
      map.set(id, 'k', key)
    }
    clock.advance(60)
    for (let key = 0; key < 20; key++) value.set(idOf(backend, key), -key)
    clock.advance(60)
    for (let key = 0; key < 40; key++) {
      const id = idOf(backend, key)
      expect(value.get(id)).toEqual(key < 20 ? -key : undefined)
      expect([map.get(id, 'k'), map.size(id)]).toEqual([undefined, 0])
    }
    backend.close()
  })
})

/** One that a compaction has just replaced counts nothing. */
const sizeOfTables = (path: string): number =>
  readdirSync(path)
    .filter((name) => name.endsWith('.sst'))
    .reduce((sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0), 0)
const hashedKey = (i: number): readonly [number, Buffer] => [Math.imul(i, 0x9e3779b1), Buffer.of(i >>> 16, i >>> 8, i)]

describe('files', () => {
  test('become smaller when what has expired is swept and writes go on', async () => {
    const clock = new ManualClock(1000)
    const path = join(directory.path, `ttl-${opened++}`)
    const store = await openKeyValues(path, 8 << 20)
    const spill = new Spill([], false)
    spill.attach(store)
    const lifetime = new Lifetime(100, clock)
    const expired = (value: Buffer): boolean => expiredValue(value, lifetime)
    const sweep = new Sweep(spill, [
      { state: 0, encode: () => [][Symbol.iterator](), restore: () => undefined, expired },
    ])
    const write = (i: number): void => {
      const [hash, key] = hashedKey(i)
      spill.write(hash, 0, key, Buffer.alloc(0), 0, encodeStateValue('x'.repeat(1000), clock.now()))
    }
    for (let i = 0; i < 20_000; i++) write(i)
    store.flush()
    const before = sizeOfTables(path)
    expect(before).toBeGreaterThan(15_000_000)
    clock.advance(200)
    while (sweep.deleted < 20_000) sweep.look(store)
    let next = 0
    await until(() => {
      for (let more = 0; more < 500; more++) write(next++ % 3000)
      store.flush()
      return sizeOfTables(path) < before / 2
    }, 50)
    await store.close()
  })

  test('that are damaged while they are in use are an error that names the directory', async () => {
    const path = join(directory.path, `damaged-${opened++}`)
    const backend = createRocksDbBackend(optionsOf(), { directory: path, memoryBytes: 1 << 20 })
    const value = backend.value('v')
    await backend.open()
    for (let key = 0; key < 20_000; key++) value.set(idOf(backend, key), 'x'.repeat(500))
    await until(() => sizeOfTables(path) > 1_000_000)
    const failure = await until(() => {
      damageTables(path)
      try {
        for (let key = 0; key < 20_000; key++) value.get(idOf(backend, key))
        // All that there was has been merged into other files since.
        return undefined
      } catch (error) {
        return error
      }
    })
    expect(failure).toMatchObject({ code: 'STATE_ROCKSDB_FAILED', context: { directory: path } })
    backend.close()
  })
})

/** In place, as a bad disk does it: RocksDB has the files open. Those that are merged away meanwhile are left out. */
function damageTables(path: string): void {
  for (const name of readdirSync(path).filter((each) => each.endsWith('.sst'))) {
    try {
      writeFileSync(join(path, name), readFileSync(join(path, name)).fill(0x5a), { flag: 'r+' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

describe('the directory', () => {
  test('may hold anything at the start, and is gone after the end', async () => {
    const path = join(directory.path, 'damaged')
    mkdirSync(path)
    for (const name of ['CURRENT', 'MANIFEST-000001', '000009.sst']) writeFileSync(join(path, name), 'not RocksDB')
    const backend = createRocksDbBackend(optionsOf(), { directory: path, memoryBytes: 8 << 20 })
    const value = backend.value('v')
    await backend.open()
    value.set(idOf(backend, 1), 'here')
    expect(value.get(idOf(backend, 1))).toBe('here')
    backend.close()
    await until(() => !existsSync(path))
  })

  test('that cannot be written is refused, with its name', async () => {
    const path = join(directory.path, 'file')
    writeFileSync(path, '')
    await expect(openKeyValues(join(path, 'below'), 8 << 20)).rejects.toMatchObject({ code: 'STATE_ROCKSDB_FAILED' })
  })

  test('of a process that is gone is removed by the next one, others are left', () => {
    const root = join(directory.path, 'root')
    const other = `${process.ppid}-other`
    const names = ['999999999-dead', other, 'not ours', `${process.pid}-before`]
    for (const name of names) mkdirSync(join(root, name), { recursive: true })
    removeLeftovers(root, 'now')
    mkdirSync(processDirectory(root, 'now'))
    removeLeftovers(root, 'now')
    expect(readdirSync(root).sort()).toEqual([other, `${process.pid}-now`, 'not ours'].sort())
  })
})
