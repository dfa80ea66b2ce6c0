/**
 * Windows and sessions of which nearly everything has left the cache when a snapshot begins: it comes from the log, without what was
 * dropped, fired or joined since it was noted. And how much of it is written.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { systemDisk } from '../../../../core/platform/disk.ts'
import type { RunCursor } from '../../../../proto/checkpoint/runs/run.ts'
import type { SessionStore, WindowAggregate, WindowStore } from '../../../../taskmanager/state/api.ts'
import { OwnStore } from '../../../../taskmanager/state/rocksdb/own-store.ts'
import { Spill, type SpillCodec, type SpillEntry } from '../../../../taskmanager/state/rocksdb/spill.ts'
import { createSessionStore } from '../../../../taskmanager/state/sessions/session-store.ts'
import type { SnapshotRun } from '../../../../taskmanager/state/snapshot/snapshot-run.ts'
import { createWindowStore } from '../../../../taskmanager/state/windows/window-store.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

let opened = 0
/** A cache for an entry or two. */
const rocksdb = (log: { readonly logBytesMin?: number } = {}) => ({
  directory: `${directory.path}/rocksdb-${opened++}`,
  memoryBytes: 600,
  ...log,
})
/** What has left comes from the log, or, as that is given up at once, from RocksDB. */
const logs = [{}, { logBytesMin: 0 }]
const count: WindowAggregate = { kind: 'declared', aggregates: [{ as: 'n', fn: 'count' }] }

/** A record for each key, one batch after the other. */
function add(store: WindowStore | SessionStore, keys: readonly number[], time: number): void {
  for (const key of keys) {
    const rows = { keys: [key], hashes: Int32Array.of(testHash(key)), rows: [{}], timestamps: Float64Array.of(time) }
    store.addRows(rows, 1, Number.NEGATIVE_INFINITY, new Int32Array(1))
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe.each(logs)('panes of which nearly nothing is in the cache (%o)', (log) => {
  const begin = async (): Promise<Subtasks<WindowStore>> => {
    const subtasks = new Subtasks(directory.path, 'number', (options) =>
      createWindowStore({ ...options, rocksdb: rocksdb(log), name: 'w', aggregate: count, paneMs: 5, offsetMs: 0 }),
    )
    await subtasks.start(1)
    return subtasks
  }
  const keysIn = (store: WindowStore, start: number): unknown[] => {
    const keys: unknown[] = []
    store.fire(start, start + 5, (slice) => {
      for (let i = 0; i < slice.count; i++) keys.push(slice.key(i))
      return true
    })
    return keys.sort((a, b) => Number(a) - Number(b))
  }

  test('do not come back when they were dropped before the snapshot', async () => {
    const subtasks = await begin()
    add(subtasks.stores[0], range(0, 20), 3)
    add(subtasks.stores[0], range(20, 30), 8)
    subtasks.stores[0].dropBefore(5)
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    const [store] = subtasks.stores
    expect(store.panes()).toEqual([5])
    expect(keysIn(store, 5)).toEqual(range(20, 30))
    store.close()
  })

  test('are whole in a snapshot that began before they were dropped, and in none after it', async () => {
    const subtasks = await begin()
    add(subtasks.stores[0], range(0, 20), 3)
    const aborted = subtasks.begin()
    subtasks.stores[0].dropBefore(5)
    const { end } = aborted
    await end('complete')
    await subtasks.start(1)
    expect(keysIn(subtasks.stores[0], 0)).toEqual(range(0, 20))
    add(subtasks.stores[0], range(10, 30), 3)
    const next = subtasks.begin()
    subtasks.stores[0].dropBefore(5)
    await next.end('abort')
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    expect(subtasks.stores[0].panes()).toEqual([])
    subtasks.stores[0].close()
  })

  test('hold what was added since when they came back', async () => {
    const subtasks = await begin()
    add(subtasks.stores[0], range(0, 20), 3)
    subtasks.stores[0].dropBefore(5)
    add(subtasks.stores[0], range(15, 40), 3)
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    expect(keysIn(subtasks.stores[0], 0)).toEqual(range(15, 40))
    subtasks.stores[0].close()
  })
})

describe.each(logs)('sessions of which nearly nothing is in the cache (%o)', (log) => {
  const begin = async (): Promise<Subtasks<SessionStore>> => {
    const subtasks = new Subtasks(directory.path, 'number', (options) =>
      createSessionStore({ ...options, rocksdb: rocksdb(log), name: 's', aggregate: count, gapMs: 6 }),
    )
    await subtasks.start(1)
    return subtasks
  }
  const fire = (store: SessionStore, toMs: number): string[] => {
    const fired: string[] = []
    store.fire(toMs, ({ count: n, starts, ends, key, values }) => {
      for (let i = 0; i < n; i++) fired.push(`${key(i)}: ${starts[i]}-${ends[i]} ${values[0]?.numbers[i]}`)
      return true
    })
    return fired.sort()
  }
  const restored = async (subtasks: Subtasks<SessionStore>): Promise<string[]> => {
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    const fired = fire(subtasks.stores[0], 1000)
    subtasks.stores[0].close()
    return fired
  }

  test.each([0, 1])('are not there again when they have fired, %i snapshots before', async (before) => {
    const subtasks = await begin()
    const [store] = subtasks.stores
    add(store, range(0, 20), 0)
    for (let i = 0; i < before; i++) await subtasks.begin().end('complete')
    expect(fire(store, 50).length).toBe(20)
    add(store, range(10, 30), 100)
    expect(await restored(subtasks)).toEqual(
      range(10, 30)
        .map((key) => `${key}: 100-106 1`)
        .sort(),
    )
  })

  test.each([0, 1])('are one when a record has joined them, %i snapshots before', async (before) => {
    const subtasks = await begin()
    const [store] = subtasks.stores
    add(store, range(0, 10), 10)
    add(store, range(0, 10), 0)
    for (let i = 0; i < before; i++) await subtasks.begin().end('complete')
    add(store, range(0, 10), 5)
    expect(await restored(subtasks)).toEqual(range(0, 10).map((key) => `${key}: 0-16 3`))
  })

  test('are what they were when a snapshot failed in between', async () => {
    const subtasks = await begin()
    const [store] = subtasks.stores
    add(store, range(0, 10), 10)
    add(store, range(0, 10), 0)
    const failed = subtasks.begin()
    add(store, range(0, 10), 5)
    await failed.end('abort')
    add(store, range(0, 10), 40)
    expect(await restored(subtasks)).toEqual(range(0, 10).flatMap((key) => [`${key}: 0-16 3`, `${key}: 40-46 1`]))
  })
})

test('what the log has is not written again when it is loaded and changed before the snapshot has passed it', async () => {
  const store = new OwnStore(rocksdb(), systemDisk)
  type Keyed = SpillEntry & { readonly key: number }
  const entries = new Map<number, Keyed>()
  const codec: SpillCodec<Keyed> = {
    state: 0,
    hashOf: ({ key }) => key,
    keyOf: ({ key }) => Buffer.of(key >>> 8, key & 255),
    namespace: () => Buffer.alloc(0),
    value: () => Buffer.alloc(20),
  }
  const spill = new Spill(
    [
      {
        state: 0,
        *encode() {
          for (const entry of entries.values()) spill.guard(entry, codec)
          yield
        },
        restore: (_: RunCursor) => undefined,
        expired: () => false,
      },
    ],
    true,
  )
  store.attach(spill, await store.open())
  for (const key of range(0, 1000)) {
    const entry = { key, present: true, epoch: 0, guarded: 0, stored: true }
    spill.change(entry, codec)
    if (key < 900) spill.evict(entry, codec)
    else entries.set(key, entry)
  }
  spill.freeze(1)
  let written = 0
  const run = { putEncoded: (_: Uint8Array, n: number) => (written += n) } as unknown as SnapshotRun
  const steps = spill.encode(run)
  for (const key of range(0, 1000)) {
    const entry = entries.get(key) ?? { key, present: true, epoch: 1, guarded: 0, stored: true }
    spill.change(entry, codec)
    entries.set(key, entry)
  }
  while (steps.next().done !== true);
  expect(written).toBe(1000)
  store.close()
})
