/**
 * Storage that is away for many checkpoints, in every way in which they can fail, while keys come and go: memory and disk stay what
 * they were, and when it answers again a restore has what the model has.
 */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import { systemDisk } from '../../../../core/platform/disk.ts'
import { fileStorage } from '../../../../core/storage/file-storage.ts'
import { registerStorage } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage, BlobWriter } from '../../../../core/storage/storage.ts'
import { openChain } from '../../../../proto/checkpoint/runs/run.ts'
import type { Snapshotting, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { createSessionStore } from '../../../../taskmanager/state/sessions/session-store.ts'
import { threadMemory } from '../../../../taskmanager/state/snapshot/run-entries.ts'
import { createWindowStore } from '../../../../taskmanager/state/windows/window-store.ts'
import { checkpointDirectory, everyAggregate, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

/** What storage does with a write. */
let answer: 'takes' | 'takes one' | 'refuses' | 'is silent' = 'takes'

registerStorage('weather', (location) => weatherStorage(fileStorage(location.slice('weather:'.length))))

function weatherStorage(inner: BlobStorage): BlobStorage {
  const open = async (): Promise<void> => {
    if (answer === 'refuses') throw new Error('the storage is away')
    if (answer === 'takes one') answer = 'refuses'
    if (answer === 'is silent') return new Promise(() => undefined)
  }
  return {
    ...inner,
    url: `weather:${inner.url}`,
    sync: undefined,
    get: (path) => inner.get(path),
    getRange: (path, offset, length) => inner.getRange(path, offset, length),
    size: (path) => inner.size(path),
    delete: (path) => inner.delete(path),
    put: (path, bytes) => open().then(() => inner.put(path, bytes)),
    openWriter: async (path): Promise<BlobWriter> => {
      const writer = await inner.openWriter(path)
      return { ...writer, write: (bytes) => open().then(() => writer.write(bytes)), finish: () => writer.finish() }
    },
  }
}

/** A kind of state: how a round changes it, and what is to be seen of it. Rounds after `liveRounds` leave nothing of one. */
interface Subject<S extends Snapshotting> {
  open(options: StateBackendOptions): S
  change(store: S, round: number): void
  contents(store: S): unknown
}

const liveRounds = 3
const keysOf = (round: number): number[] => Array.from({ length: 60 }, (_, i) => round * 1000 + i)
const hashes = (keys: readonly number[]): Int32Array => Int32Array.from(keys, testHash)

const open = (options: StateBackendOptions) => {
  const backend = createKeyedStateBackend(options)
  return Object.assign(backend, {
    flat: backend.value('flat', { kind: 'float64' }),
    object: backend.value('object'),
    list: backend.list('list'),
    map: backend.map('map'),
    running: backend.accumulators('running', everyAggregate),
    timer: backend.timers('timer'),
  })
}
type Backend = ReturnType<typeof open>

/** Every round changes some keys that stay, has new ones, and clears those of an earlier round. */
const keyed: Subject<Backend> = {
  open,
  change(store, round) {
    const set = (keys: readonly number[]): void => {
      const ids = Int32Array.from(store.resolveRows({ keys, hashes: hashes(keys) }, keys.length))
      store.running.updateRows(
        ids,
        ids.length,
        keys.map((key) => ({ v: key, big: BigInt(round) })),
      )
      for (const id of ids) {
        store.flat.set(id, round)
        store.object.set(id, { round })
        store.list.set(
          id,
          Array.from({ length: 70 }, (_, i) => i + round),
        )
        store.map.set(id, round % 4, 'x'.repeat(50))
        store.timer.register('event', id, round * 10)
      }
    }
    set(keysOf(0).slice(0, 20))
    if (round > 0) set(keysOf(round))
    if (round <= liveRounds) return
    const gone = keysOf(round - liveRounds)
    const ids = Int32Array.from(store.resolveRows({ keys: gone, hashes: hashes(gone) }, gone.length))
    for (const id of ids) {
      for (const state of [store.flat, store.object, store.list, store.map, store.running]) state.clear(id)
      store.timer.cancel('event', id, (round - liveRounds) * 10)
    }
    store.releaseUnused(ids, ids.length)
    while (store.timer.advance('event', (round - liveRounds) * 10, 100, () => undefined));
  },
  contents(store) {
    const all: unknown[] = []
    for (let round = 0; round < 150; round++) {
      const keys = keysOf(round)
      const ids = Int32Array.from(store.resolveRows({ keys, hashes: hashes(keys) }, keys.length))
      for (const id of ids) {
        const map = store.map.entries(id).sort(([a], [b]) => Number(a) - Number(b))
        const running = store.running.has(id) ? everyAggregate.map((_, a) => store.running.get(id, a)) : undefined
        const found = [store.flat.get(id), store.object.get(id), store.list.get(id), map, running]
        if (found.flat().some((value) => value !== undefined)) all.push([store.keyOf(id), ...found])
      }
      store.releaseUnused(ids, ids.length)
    }
    const timers: unknown[] = []
    store.timer.advance('event', 1e9, 1e9, (id, at) => timers.push(`${store.keyOf(id)} at ${at}`))
    return [all, timers.sort()]
  },
}

type Rows = Parameters<ReturnType<typeof createWindowStore>['addRows']>[0]
const rowsAt = (keys: readonly number[], time: number): Rows => ({
  keys,
  hashes: hashes(keys),
  rows: keys.map((v) => ({ v, big: BigInt(v) })),
  timestamps: new Float64Array(keys.length).fill(time),
})

const windows: Subject<ReturnType<typeof createWindowStore>> = {
  open: (options) =>
    createWindowStore({
      ...options,
      name: 'w',
      aggregate: { kind: 'declared', aggregates: everyAggregate },
      paneMs: 10,
      offsetMs: 0,
    }),
  change(store, round) {
    // One that stays outweighs what changes: no run is merged, so that what runs say is there to be seen.
    const many = Array.from({ length: 3000 }, (_, i) => i)
    const add = (keys: readonly number[], at: number): void => {
      store.addRows(rowsAt(keys, at), keys.length, Number.NEGATIVE_INFINITY, new Int32Array(keys.length))
    }
    if (round === 0) add(many, 1e6)
    add(keysOf(round % 5), round * 10 + 5)
    store.dropBefore((round - liveRounds) * 10)
  },
  contents(store) {
    const all: string[] = []
    for (const start of store.panes()) {
      store.fire(start, start + 10, (slice) => {
        for (let i = 0; i < slice.count; i++) all.push(`${start} ${slice.key(i)} ${slice.values[1].numbers[i]}`)
        return true
      })
    }
    return all.sort()
  },
}

const sessions: Subject<ReturnType<typeof createSessionStore>> = {
  open: (options) =>
    createSessionStore({
      ...options,
      name: 's',
      aggregate: { kind: 'declared', aggregates: everyAggregate },
      gapMs: 25,
    }),
  change(store, round) {
    const keys = [...keysOf(0).slice(0, 20), ...keysOf(round)]
    store.addRows(rowsAt(keys, round * 10), keys.length, Number.NEGATIVE_INFINITY, new Int32Array(keys.length))
    store.fire((round - liveRounds) * 10, () => true)
  },
  contents(store) {
    const all: string[] = []
    store.fire(1e9, ({ count, starts, ends, key, values }) => {
      for (let i = 0; i < count; i++) all.push(`${key(i)} ${starts[i]}-${ends[i]} ${values[1].numbers[i]}`)
      return true
    })
    return all.sort()
  },
}

const failures = ['abort', 'late-abort', 'refused', 'silent'] as const

/** A checkpoint that fails, with changes while it is being written. */
async function fail<S extends Snapshotting>(
  subtasks: Subtasks<S>,
  how: (typeof failures)[number],
  meanwhile: () => void,
): Promise<void> {
  answer = how === 'refused' ? 'refuses' : how === 'silent' ? 'is silent' : 'takes'
  const snapshot = subtasks.begin()
  meanwhile()
  if (how === 'refused') await expect(snapshot.end('late-abort')).rejects.toThrow('the storage is away')
  else if (how === 'silent') {
    await new Promise((resolve) => setImmediate(resolve))
    // Ends although the storage never answers.
    await snapshot.end('abort')
  } else await snapshot.end(how)
  answer = 'takes'
}

let opened = 0

describe.each(['memory', 'rocksdb'] as const)('storage that is away, with state in %s', (place) => {
  const subjects: [string, Subject<Snapshotting>][] = [
    ['keyed state', keyed as unknown as Subject<Snapshotting>],
    ['windows', windows as unknown as Subject<Snapshotting>],
    ['sessions', sessions as unknown as Subject<Snapshotting>],
  ]
  test.each(subjects)('costs neither memory nor disk, and no %s', async (name, subject) => {
    const number = opened++
    const database = (restored: boolean): string => join(directory.path, `rocksdb-${number}-${restored}`)
    const logBytesMin = 32 * 1024
    const subtasks = new Subtasks<Snapshotting>(
      `weather:${join(directory.path, String(number))}`,
      'number',
      (options) => {
        const rocksdb = { directory: database(options.restored !== undefined), memoryBytes: 100 * 1024, logBytesMin }
        return subject.open(place === 'memory' ? options : { ...options, rocksdb })
      },
    )
    await subtasks.start(1, false, 'one')
    const [store] = subtasks.stores
    let round = 0
    const change = (): void => subject.change(store, round++)
    for (let i = 0; i < 4; i++) {
      change()
      await subtasks.begin().end('complete')
    }
    const sizes: { state: number; snapshots: number; log: number }[] = []
    for (let i = 0; i < 60; i++) {
      change()
      await fail(subtasks, failures[Math.floor(i / 3) % 4], change)
      const log = `${database(false)}/changes`
      const files = systemDisk.exists(log) ? systemDisk.list(log) : []
      sizes.push({
        state: place === 'memory' ? store.usedBytes : 0,
        snapshots: threadMemory().usedBytes,
        log: files.reduce((sum, file) => sum + (systemDisk.stat(`${log}/${file}`)?.sizeBytes ?? 0), 0),
      })
    }
    const most = (from: number, what: keyof (typeof sizes)[0]): number =>
      Math.max(...sizes.slice(from, from + 20).map((each) => each[what]))
    for (const what of ['state', 'snapshots'] as const) expect([what, most(40, what)]).toEqual([what, most(20, what)])
    // A frame may be written before anybody looks.
    expect(most(0, 'log')).toBeLessThan(logBytesMin + 20_000)
    expect(most(40, 'log')).toBeLessThan(logBytesMin + 20_000)
    // It comes back: the first that counts, and one that only says what has changed since.
    change()
    await subtasks.begin().end('complete')
    const drops = (await openChain(fileStorage(subtasks.root.slice('weather:'.length)), subtasks.complete ?? [])).map(
      ({ reader }) => reader.drops.length,
    )
    expect(Math.max(...drops)).toBeLessThanOrEqual(name === 'windows' ? 3 * liveRounds : 0)
    change()
    await subtasks.begin().end('complete')
    // The model: the same changes where nothing has ever failed, and nothing was restored.
    const model = subject.open(modelOptions)
    await model.open()
    for (let each = 0; each < round; each++) subject.change(model, each)
    await subtasks.start(1)
    const [restored] = subtasks.stores
    expect(subject.contents(restored)).toEqual(subject.contents(model))
    for (const each of [restored, model]) each.close()
  })
})

const modelOptions: StateBackendOptions = {
  key: { type: 'number', fields: ['key'], single: true },
  range: { from: 0, to: 65_536 },
  states: [],
  target: undefined,
  restored: undefined,
  clock: systemClock,
}

test('a snapshot that fails between two of its runs leaves none of them in the storage', async () => {
  const root = join(directory.path, 'runs')
  const subtasks = new Subtasks(`weather:${root}`, 'number', (options) =>
    open({ ...options, ...(options.target && { target: { ...options.target, runBytesMax: 30_000 } }) }),
  )
  await subtasks.start(1, false, 'one')
  const [store] = subtasks.stores
  for (let round = 0; round < 4; round++) keyed.change(store, round)
  answer = 'takes one'
  const snapshot = subtasks.begin()
  await expect(snapshot.end('complete')).rejects.toThrow('the storage is away')
  answer = 'takes'
  const files = fileStorage(root)
  await expect.poll(async () => (await files.list('')).map((file) => file.path)).toEqual([])
  await subtasks.begin().end('complete')
  expect(subtasks.complete?.length).toBeGreaterThan(1)
  const stored = (subtasks.complete ?? []).flatMap(({ path }) => (path === '' ? [] : [path]))
  expect((await files.list('')).map((file) => file.path).sort()).toEqual(stored.sort())
  store.close()
})
