/**
 * Entries that nobody has read yet: read in any order they are what a merge of the runs gives; keys are held as long as they have
 * some; what is hardly needed any more is read to the end; and in a backend they count, expire, and survive like any others.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  elsewhere,
  restoreRowBytes,
  restoreState,
  restoreStateBytes,
} from '../../../../core/kernels/restore-signature.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import {
  type EntryKind,
  entryKind,
  mergeRuns,
  type RunEntry,
  RunReader,
  RunWriter,
} from '../../../../proto/checkpoint/runs/run.ts'
import type { StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { canonicalKey, keyOfBytes } from '../../../../taskmanager/state/keys.ts'
import { StateMemory } from '../../../../taskmanager/state/memory.ts'
import { Unread, type UnreadKind } from '../../../../taskmanager/state/snapshot/unread.ts'
import { cases } from '../../../support/nightly.ts'
import { restoredRuns } from '../../../support/restored.ts'
import { checkpointDirectory, Subtasks, shapeOf, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

const state = 3
const keyCount = 6

interface Entry {
  readonly key: number
  readonly namespace: string
  readonly kind: EntryKind
  readonly value: string
}

/** In the order of runs, of each thing one. */
function runOf(entries: readonly Entry[], kind: 'base' | 'delta', blockBytes: number): RunReader {
  const all = new Map<string, Entry>()
  for (const entry of entries) {
    if (kind === 'base' && entry.kind !== entryKind.put) continue
    const what = entry.kind === entryKind.drop ? 'drop' : 'entry'
    all.set(`${entry.key}/${entry.namespace}/${what}`, entry)
  }
  const writer = new RunWriter({ from: 0, to: 65536, kind, compression: 'none', blockBytes })
  const sorted = [...all.values()].sort(
    (a, b) =>
      (testHash(a.key) >>> 0) - (testHash(b.key) >>> 0) ||
      Buffer.compare(Buffer.from(a.namespace), Buffer.from(b.namespace)) ||
      b.kind - a.kind,
  )
  for (const { key, namespace, kind: how, value } of sorted)
    writer.append(testHash(key), state, how, canonicalKey(key), Buffer.from(namespace), Buffer.from(value))
  writer.finish()
  return RunReader.fromBytes(Buffer.concat(writer.take()), 'run')
}

/** Entries by key as they were read. */
class Restored {
  readonly read = new Map<number, string[]>()
  readonly held = new Set<number>()
  readonly unread: Unread
  /** Keys that `take` said may have nothing left, or that were given up at the end. */
  readonly released = new Set<number>()
  readonly #memory = new StateMemory()
  readonly #block: number
  readonly #rows: number
  readonly #ids: number
  readonly #states: number

  constructor(kind: UnreadKind) {
    const memory = this.#memory
    this.#block = memory.allocate(1 << 20)
    this.#rows = memory.allocate(4096 * restoreRowBytes)
    this.#ids = memory.allocate(4096 * 4)
    this.#states = memory.allocateZeroed(8 * restoreStateBytes)
    memory.u32[((this.#states + state * restoreStateBytes) >>> 2) + restoreState.presence] = elsewhere
    const reader = {
      state,
      take: (entry: RunEntry, _rewrite: boolean, id: number) => {
        expect(keyOfBytes(entry.key)).toBe(id)
        const said = `${Buffer.from(entry.namespace).toString()}=${Buffer.from(entry.value).toString()}`
        this.read.set(id, [...(this.read.get(id) ?? []), said])
      },
    }
    const keys = {
      tracked: true,
      hashOf: (id: number) => testHash(id),
      canonicalOf: (id: number) => canonicalKey(id),
      restoreId: (entry: RunEntry) => keyOfBytes(entry.key) as number,
      hold: (id: number) => {
        expect(this.held.has(id)).toBe(false)
        this.held.add(id)
      },
      drop: (id: number) => expect(this.held.delete(id)).toBe(true),
    }
    this.unread = new Unread(reader, keys, kind)
  }

  /** Runs oldest first. */
  take(runs: readonly RunReader[], rewrite = false): void {
    const memory = this.#memory
    for (const run of runs) {
      for (let number = 0; number < run.blocks.length; number++) {
        const bytes = run.openBlock(number, run.readBlocks(number, number + 1))
        memory.u8.set(bytes, this.#block)
        const hashes = memory.allocate(4096 * 4)
        const count = memory.kernels.restoreDecode(
          this.#block,
          bytes.length,
          run.blocks[number].entries,
          0,
          65536,
          this.#states,
          8,
          hashes,
          this.#rows,
        )
        expect(count).toBe(run.blocks[number].entries)
        for (let i = 0; i < count; i++) {
          const row = (this.#rows + i * restoreRowBytes) >>> 2
          const [from, to] = [memory.u32[row + 2], memory.u32[row + 3]]
          memory.u32[(this.#ids >>> 2) + i] = keyOfBytes(memory.u8.slice(from, to)) as number
        }
        this.unread.take({ memory, bytes, address: this.#block, rows: this.#rows, ids: this.#ids, count }, state)
        // Nothing is kept of what was lent.
        bytes.fill(0xff)
      }
    }
    for (const _ of this.unread.ended(rewrite, (id) => this.released.add(id)));
  }
}

function merged(runs: readonly RunReader[]): Map<number, string[]> {
  const found = new Map<number, string[]>()
  const chain = runs.toReversed().map((reader) => ({ reader, from: 0, to: 65536 }))
  for (const entry of mergeRuns(chain)) {
    const key = keyOfBytes(entry.key) as number
    const said = `${Buffer.from(entry.namespace).toString()}=${Buffer.from(entry.value).toString()}`
    found.set(key, [...(found.get(key) ?? []), said])
  }
  return found
}

const entry = (namespaces: fc.Arbitrary<string>): fc.Arbitrary<Entry> =>
  fc
    .record({
      key: fc.nat(keyCount - 1),
      namespace: namespaces,
      kind: fc.constantFrom(entryKind.put, entryKind.put, entryKind.put, entryKind.tombstone, entryKind.drop),
      value: fc.string({ maxLength: 20 }),
    })
    .map((each) => ({ ...each, value: each.kind === entryKind.put ? each.value : '' }))

describe.each([
  ['one', fc.constant('')],
  ['many', fc.constantFrom('', 'a', 'ab', 'b')],
  ['at once', fc.constantFrom('a', 'b', 'c')],
] as const)('restored entries of %s for a key', (kind, namespaces) => {
  test('are those of a merge, whenever and in whichever order their keys are read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(entry(namespaces), { maxLength: 25 }), { minLength: 1, maxLength: 4 }),
        fc.shuffledSubarray(
          Array.from({ length: keyCount }, (_, key) => key),
          { minLength: keyCount },
        ),
        fc.boolean(),
        fc.constantFrom(40, 200, 1 << 16),
        (entries, order, rewrite, blockBytes) => {
          const make = (): RunReader[] => entries.map((each, i) => runOf(each, i === 0 ? 'base' : 'delta', blockBytes))
          const expected = merged(make())
          const restored = new Restored(kind)
          restored.take(make(), rewrite)
          if (kind === 'at once' || rewrite) expect(restored.read).toEqual(expected)
          for (const key of order) restored.unread.reading(key)
          expect(restored.read).toEqual(expected)
          expect(restored.held.size).toBe(0)
          for (const key of order) restored.unread.reading(key)
          expect(restored.read).toEqual(expected)
        },
      ),
      { numRuns: cases(150) },
    )
  })

  test('hold their keys, and no others, once the restore has ended', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(entry(namespaces), { maxLength: 25 }), { minLength: 1, maxLength: 4 }),
        (entries) => {
          const make = (): RunReader[] => entries.map((each, i) => runOf(each, i === 0 ? 'base' : 'delta', 100))
          const restored = new Restored(kind)
          restored.take(make())
          const known = new Set([...restored.held, ...restored.read.keys()])
          expect(known).toEqual(new Set(merged(make()).keys()))
          for (const key of known) expect(restored.held.has(key)).toBe(!restored.read.has(key))
        },
      ),
      { numRuns: cases(100) },
    )
  })
})

test('when less than half of a block is needed, the rest of it is read with the next key', () => {
  const restored = new Restored('one')
  const entries = Array.from({ length: 100 }, (_, key) => ({
    key,
    namespace: '',
    kind: entryKind.put,
    value: 'x'.repeat(100),
  }))
  restored.take([runOf(entries, 'base', 1 << 16)])
  expect(restored.read.size).toBe(0)
  for (let key = 0; key < 50; key++) restored.unread.reading(key)
  expect(restored.read.size).toBe(50)
  restored.unread.reading(50)
  restored.unread.reading(51)
  expect(restored.read.size).toBe(100)
  expect([...restored.read.values()].every((values) => values.length === 1)).toBe(true)
})

interface Declared {
  value: ReturnType<ReturnType<typeof createKeyedStateBackend>['value']>
  list: ReturnType<ReturnType<typeof createKeyedStateBackend>['list']>
  map: ReturnType<ReturnType<typeof createKeyedStateBackend>['map']>
}

const declare = (options: StateBackendOptions, ttlMs?: number) => {
  const backend = createKeyedStateBackend(options)
  return Object.assign(backend, {
    value: backend.value('value', undefined, ttlMs),
    list: backend.list('list', undefined, ttlMs),
    map: backend.map('map', undefined, undefined, ttlMs),
  } satisfies Declared)
}
type Store = ReturnType<typeof declare>

const idOf = (store: Store, key: number): number =>
  store.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]

describe('a backend with entries that nobody has read', () => {
  test('keeps them through checkpoints, changes of others, and restores at other parallelisms', async () => {
    const subtasks = new Subtasks(directory.path, 'number', (options) => declare(options))
    const each = (write: (store: Store, id: number, key: number) => void, keys: readonly number[]): void => {
      for (const key of keys) {
        const store = subtasks.stores[subtasks.subtaskOf(testHash(key))]
        write(store, idOf(store, key), key)
      }
    }
    const all = Array.from({ length: 4000 }, (_, key) => key)
    await subtasks.start(2)
    each((store, id, key) => {
      store.value.set(id, { key, text: 'ü'.repeat(key % 40) })
      for (let i = 0; i < key % 4; i++) store.list.add(id, `${key}/${i}`)
      for (let i = 0; i < key % 3; i++) store.map.set(id, `field ${i}`, [key, i])
    }, all)
    await subtasks.begin().end('complete')
    for (let round = 0; round < 4; round++) {
      await subtasks.start(1 + (round % 3), round === 2)
      const some = all.filter((key) => key % 5 === round)
      each((store, id, key) => {
        const held = store.value.get(id) as { key: number; text: string }
        expect(held.key).toBe(key)
        held.text += '!'
        store.value.set(id, held)
        store.list.add(id, 'more')
        store.map.delete(id, 'field 0')
      }, some)
      each((store, id) => store.map.clear(id), [4001 + round])
      await subtasks.begin().end('complete')
    }
    await subtasks.start(2)
    expect(subtasks.stores.reduce((sum, store) => sum + store.size, 0)).toBe(all.length)
    each((store, id, key) => {
      const changed = key % 5 < 4
      const list = Array.from({ length: key % 4 }, (_, i) => `${key}/${i}`)
      const map = Array.from({ length: key % 3 }, (_, i) => [`field ${i}`, [key, i]])
      expect(store.value.get(id)).toEqual({ key, text: 'ü'.repeat(key % 40) + (changed ? '!' : '') })
      expect(store.list.get(id)).toEqual(changed ? [...list, 'more'] : list)
      expect(store.map.entries(id)).toEqual(changed ? map.slice(1) : map)
    }, all)
  })

  test('has no keys of which everything has expired, and what has not lives as long as if it had been read at once', async () => {
    const clock = new ManualClock(1000)
    const root = join(directory.path, 'expiring')
    const options = (epoch: number, runs?: readonly RunHandle[]): StateBackendOptions => ({
      key: shapeOf('number'),
      range: { from: 0, to: 65536 },
      states: [],
      target: { root, jobId: 'job', epoch, node: 1, subtask: 0 },
      restored: runs === undefined ? undefined : restoredRuns(root, runs),
      clock,
    })
    const turns = async <T>(result: Promise<T>): Promise<T> => {
      let done = false
      const ended = (): void => {
        done = true
      }
      result.then(ended, ended)
      // The manual clock says when there is another turn.
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve))
        clock.advance(0)
      }
      return result
    }
    const first = declare(options(1), 100)
    await first.open()
    const write = (key: number): void => {
      const id = idOf(first, key)
      first.value.set(id, { key })
      first.list.add(id, key)
      first.map.set(id, 'a', key)
    }
    for (let key = 0; key < 20; key++) write(key)
    clock.advance(60)
    for (let key = 0; key < 10; key++) write(key)
    const runs = await turns(first.snapshot(1).result)
    clock.advance(60)
    const again = declare(options(2, runs), 100)
    await turns(again.open())
    expect(Array.from(again.ids(), (id) => again.keyOf(id)).sort()).toEqual(Array.from({ length: 10 }, (_, key) => key))
    for (let key = 0; key < 5; key++) {
      expect(again.value.get(idOf(again, key))).toEqual({ key })
      expect(again.list.get(idOf(again, key))).toEqual([key])
      expect(again.map.entries(idOf(again, key))).toEqual([['a', key]])
    }
    clock.advance(40)
    for (let key = 0; key < 10; key++) {
      expect(again.value.get(idOf(again, key))).toBe(undefined)
      expect(again.list.get(idOf(again, key))).toEqual([])
      expect(again.map.size(idOf(again, key))).toBe(0)
    }
    const ids = Int32Array.from(again.ids())
    again.releaseUnused(ids, ids.length)
    const rest = await turns(again.snapshot(2).result)
    again.notifyCheckpointComplete(2)
    expect(rest.length).toBeGreaterThanOrEqual(runs.length)
    again.releaseUnused(ids, ids.length)
    expect(again.size).toBe(0)
  })
})
