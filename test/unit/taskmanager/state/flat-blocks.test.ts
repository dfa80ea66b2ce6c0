/**
 * Restoring flat state from whole blocks of runs: the same as a plain model says, whatever the keys, runs, rescales and what is gone;
 * and blocks that are none are refused.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { restoreRow, restoreRowBytes, restoreStateBytes } from '../../../../core/kernels/restore-signature.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { RunReader, RunWriter } from '../../../../proto/checkpoint/runs/run.ts'
import type { KeyShape, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { KeyTable } from '../../../../taskmanager/state/key-table.ts'
import { canonicalKey } from '../../../../taskmanager/state/keys.ts'
import { StateMemory } from '../../../../taskmanager/state/memory.ts'
import { StateRows } from '../../../../taskmanager/state/rows.ts'
import { cases } from '../../../support/nightly.ts'
import { restoredRuns } from '../../../support/restored.ts'
import { checkpointDirectory, Subtasks, shapeOf, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

const keys: Record<KeyShape['type'], fc.Arbitrary<unknown>> = {
  number: fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31, -(2 ** 31), 0.5, Number.NaN, Infinity), fc.nat(12)),
  string: fc.oneof(
    fc.constantFrom(
      '',
      'a',
      'ab',
      'grün',
      'ÿÿÿÿÿÿÿÿÿ',
      '€',
      '\ud800',
      'x'.repeat(127),
      'y'.repeat(128),
      'ü'.repeat(300),
    ),
    fc.string({ maxLength: 2 }),
  ),
  any: fc.oneof(fc.nat(5), fc.constantFrom('a', 'grün', true), fc.record({ a: fc.nat(3), b: fc.constant('z') })),
}

interface Model {
  one?: number
  two?: bigint
  sums?: readonly [number, number]
}

const row = (type: KeyShape['type']) =>
  fc.record({
    key: keys[type],
    kind: fc.constantFrom('one', 'two', 'sums', 'sums', 'clear-one', 'clear-two', 'clear-sums', 'clear-all'),
    value: fc.integer({ min: -100, max: 100 }),
  })

const step = (type: KeyShape['type']) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.array(row(type), { maxLength: 12 }) },
    { weight: 3, arbitrary: fc.constant('checkpoint' as const) },
    { weight: 1, arbitrary: fc.record({ parallelism: fc.integer({ min: 1, max: 4 }), rewrite: fc.boolean() }) },
  )

function declare(options: StateBackendOptions, twin: boolean) {
  const backend = createKeyedStateBackend(options, twin)
  return Object.assign(backend, {
    one: backend.value('one', { kind: 'float64' }),
    sums: backend.accumulators('sums', [
      { as: 'n', fn: 'count' },
      { as: 's', fn: 'sum', field: 'v' },
    ]),
    two: backend.value('two', { kind: 'int64' }),
  })
}
type Store = ReturnType<typeof declare>

const nameOf = (key: unknown): string => Buffer.from(canonicalKey(key)).toString('latin1')
const idOf = (store: Store, key: unknown): number =>
  store.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]

function apply(store: Store, id: number, model: Model, kind: string, value: number): void {
  const all = kind === 'clear-all'
  if (kind === 'one') {
    store.one.set(id, value)
    model.one = value
  } else if (kind === 'two') {
    store.two.set(id, BigInt(value))
    model.two = BigInt(value)
  } else if (kind === 'sums') {
    store.sums.updateRows(Int32Array.of(id), 1, [{ v: value }])
    model.sums = [(model.sums?.[0] ?? 0) + 1, (model.sums?.[1] ?? 0) + value]
  }
  if (kind === 'clear-one' || all) {
    store.one.clear(id)
    delete model.one
  }
  if (kind === 'clear-two' || all) {
    store.two.clear(id)
    delete model.two
  }
  if (kind === 'clear-sums' || all) {
    store.sums.clear(id)
    delete model.sums
  }
}

function contentOf(stores: readonly Store[]): Map<string, Model> {
  const content = new Map<string, Model>()
  for (const store of stores) {
    for (const id of store.ids()) {
      const one = store.one.get(id) as number | undefined
      const two = store.two.get(id) as bigint | undefined
      content.set(nameOf(store.keyOf(id)), {
        ...(one !== undefined && { one }),
        ...(two !== undefined && { two }),
        ...(store.sums.has(id) && { sums: [store.sums.get(id, 0), store.sums.get(id, 1)] as const }),
      } as Model)
    }
  }
  return content
}

describe.each(['number', 'string', 'any'] as const)('flat state by %s keys', (type) => {
  test.each([false, true])('comes back as a plain model says, and nothing else does (twin: %s)', async (twin) => {
    const copy = (of: Map<string, Model>): Map<string, Model> => structuredClone(of)
    await fc.assert(
      fc.asyncProperty(fc.array(step(type), { maxLength: 30 }), async (steps) => {
        const subtasks = new Subtasks(directory.path, type, (options) => declare(options, twin))
        await subtasks.start(1)
        let models = new Map<string, Model>()
        let saved = copy(models)
        for (const each of [...steps, 'checkpoint' as const, { parallelism: 2, rewrite: false }]) {
          if (each === 'checkpoint') {
            await subtasks.begin().end('complete')
            saved = copy(models)
          } else if ('parallelism' in each) {
            await subtasks.start(each.parallelism, each.rewrite)
            models = copy(saved)
            expect(contentOf(subtasks.stores)).toEqual(models)
          } else {
            for (const { key, kind, value } of each) {
              const store = subtasks.stores[subtasks.subtaskOf(testHash(key))]
              const id = idOf(store, key)
              const model = models.get(nameOf(key)) ?? {}
              apply(store, id, model, kind, value)
              if (Object.keys(model).length > 0) models.set(nameOf(key), model)
              else models.delete(nameOf(key))
              store.releaseUnused(Int32Array.of(id), 1)
            }
          }
        }
      }),
      { numRuns: cases(twin ? 10 : 30) },
    )
  })
})

describe('flat state of more keys than a block holds', () => {
  test('comes back from several runs at another parallelism', async () => {
    const subtasks = new Subtasks(directory.path, 'number', (options) => declare(options, false))
    await subtasks.start(2, false, 'one')
    const count = 60_000
    const write = (from: number, to: number, stepBy: number): void => {
      for (let key = from; key < to; key += stepBy) {
        const store = subtasks.stores[subtasks.subtaskOf(testHash(key))]
        store.sums.updateRows(Int32Array.of(idOf(store, key)), 1, [{ v: key }])
      }
    }
    write(0, count, 1)
    await subtasks.begin().end('complete')
    write(0, count, 7)
    await subtasks.begin().end('complete')
    await subtasks.start(3)
    expect(subtasks.stores.reduce((sum, store) => sum + store.size, 0)).toBe(count)
    for (const [subtask, store] of subtasks.stores.entries()) {
      for (const id of store.ids()) {
        const key = store.keyOf(id) as number
        expect(subtasks.subtaskOf(testHash(key))).toBe(subtask)
        const times = key % 7 === 0 ? 2 : 1
        if (store.sums.get(id, 0) !== times || store.sums.get(id, 1) !== key * times) expect(key).toBe('as written')
      }
    }
  })

  test('comes back without what has expired meanwhile, and what has leaves no key behind', async () => {
    const clock = new ManualClock(1000)
    const make = (options: StateBackendOptions) => {
      const backend = createKeyedStateBackend(options)
      return Object.assign(backend, { limited: backend.value('limited', { kind: 'float64' }, 100) })
    }
    const options = (restored?: StateBackendOptions['restored'], epoch = 1): StateBackendOptions => ({
      key: shapeOf('number'),
      range: { from: 0, to: 65536 },
      states: [],
      target: { root: join(directory.path, 'expiring'), jobId: 'job', epoch, node: 1, subtask: 0 },
      restored,
      clock,
    })
    const backend = make(options())
    await backend.open()
    const set = (key: number, value: number): void => {
      const id = backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]
      backend.limited.set(id, value)
    }
    for (let key = 0; key < 10; key++) set(key, key)
    clock.advance(60)
    for (let key = 0; key < 5; key++) set(key, key * 2)
    const result = backend.snapshot(1).result
    // The manual clock says when there is another turn.
    let chain: Awaited<typeof result> | undefined
    const written = result.then((runs) => {
      chain = runs
    })
    while (chain === undefined) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(0)
    }
    await written
    clock.advance(60)
    const again = make(options(restoredRuns(join(directory.path, 'expiring'), chain), 2))
    await again.open()
    const found = Array.from(again.ids(), (id) => [again.keyOf(id), again.limited.get(id)])
    expect(found.sort()).toEqual([0, 1, 2, 3, 4].map((key) => [key, key * 2]))
    expect(again.size).toBe(5)
  })
})

/** One block with these entries, as it stands in a run. */
function blockOf(count: number, keyOf: (i: number) => unknown): { bytes: Uint8Array; entries: number } {
  const writer = new RunWriter({ from: 0, to: 65536, kind: 'delta', compression: 'none', blockBytes: 1 << 20 })
  for (let i = 0; i < count; i++) {
    const value = Buffer.alloc(i % 200, i)
    writer.append(i * 1_000_003, i % 3, i % 5 === 4 ? 1 : 0, canonicalKey(keyOf(i)), Buffer.alloc(i % 2), value)
  }
  writer.finish()
  const reader = RunReader.fromBytes(Buffer.concat(writer.take()), 'run')
  return { bytes: reader.openBlock(0, reader.readBlocks(0, 1)), entries: count }
}

/** What a cursor finds in the bytes, without checking their sum; undefined: they are no entries. */
function byCursor(bytes: Uint8Array, entries: number): unknown[] | undefined {
  const writer = new RunWriter({ from: 0, to: 65536, kind: 'delta', compression: 'none', blockBytes: 1 << 20 })
  writer.append(0, 0, 0, canonicalKey(0), new Uint8Array(0), Buffer.alloc(8))
  writer.finish()
  const reader = RunReader.fromBytes(Buffer.concat(writer.take()), 'run')
  Object.assign(reader.blocks[0], { entries, raw: bytes.length })
  reader.openBlock = () => bytes
  const found: unknown[] = []
  try {
    for (const { hash, state, kind, keyStart, keyEnd, namespaceEnd, valueEnd } of reader.ranges())
      found.push([hash, state, kind, keyStart, keyEnd, namespaceEnd, valueEnd])
  } catch {
    // That is what is asked here.
    return undefined
  }
  return found
}

/** Decodes all states of all ranges, again and again in one memory. */
class Kernel {
  readonly #memory: StateMemory
  readonly #block: number
  readonly #hashes: number
  readonly #rows: number
  readonly #states: number

  constructor(twin: boolean) {
    const memory = new StateMemory(twin)
    this.#memory = memory
    this.#block = memory.allocate(65536)
    this.#hashes = memory.allocate(4096)
    this.#rows = memory.allocate(1024 * restoreRowBytes)
    this.#states = memory.allocateZeroed(65536 * restoreStateBytes)
    for (let state = 0; state < 65536; state++) memory.u32[(this.#states + state * restoreStateBytes) >>> 2] = 1
  }

  decode(bytes: Uint8Array, entries: number): unknown[] | undefined {
    const block = this.#block
    const { kernels, u8, u32 } = this.#memory
    u8.set(bytes, block)
    const n = kernels.restoreDecode(
      block,
      bytes.length,
      entries,
      0,
      65536,
      this.#states,
      65536,
      this.#hashes,
      this.#rows,
    )
    if (n < 0) return undefined
    return Array.from({ length: n }, (_, i) => {
      const at = (this.#rows + i * restoreRowBytes) >>> 2
      const { state, kind, keyStart, keyEnd, valueStart, valueEnd } = restoreRow
      return [
        u32[(this.#hashes >>> 2) + i],
        u32[at + state],
        u32[at + kind],
        ...[keyStart, keyEnd, valueStart, valueEnd].map((word) => u32[at + word] - block),
      ]
    })
  }
}

describe('the kernel that decodes blocks', () => {
  test('finds what a cursor finds, and refuses what a cursor refuses', () => {
    const kernels = [new Kernel(false), new Kernel(true)]
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { maxLength: 3 }),
        fc.option(fc.nat(6000)),
        fc.integer({ min: -1, max: 1 }),
        (count, changes, cut, more) => {
          const { bytes, entries } = blockOf(count + 1, (i) => (i % 2 === 0 ? i : `key ${i}`))
          const altered = bytes.slice(0, cut ?? bytes.length)
          for (const [at, value] of changes) if (at < altered.length) altered[at] = value
          const expected = byCursor(altered, entries + more)
          for (const kernel of kernels) expect(kernel.decode(altered, entries + more)).toEqual(expected)
        },
      ),
      { numRuns: cases(200) },
    )
  })

  test('leaves out ranges and states that nobody wants', () => {
    const { bytes, entries } = blockOf(100, (i) => i)
    for (const twin of [false, true]) {
      const memory = new StateMemory(twin)
      const [block, hashes, rows] = [bytes.length, 400, 100 * restoreRowBytes].map((size) => memory.allocate(size))
      const states = memory.allocateZeroed(2 * restoreStateBytes)
      memory.u32[(states + restoreStateBytes) >>> 2] = 1
      memory.u8.set(bytes, block)
      const n = memory.kernels.restoreDecode(block, bytes.length, entries, 400, 900, states, 2, hashes, rows)
      const wanted = Array.from({ length: 100 }, (_, i) => ({ range: (i * 1_000_003) >>> 16, state: i % 3 })).filter(
        ({ range, state }) => range >= 400 && range < 900 && state === 1,
      )
      expect(n).toBe(wanted.length)
    }
  })

  test('is followed by one for the keys, which takes those of the right kind only', () => {
    for (const type of ['number', 'string', 'any'] as const) {
      const memory = new StateMemory()
      const rows = new StateRows(memory, shapeOf(type))
      const table = new KeyTable(memory, { payloadBytes: 8, bytesKeys: type !== 'number', tracked: false })
      const block = memory.allocate(64)
      const entries = memory.allocate(restoreRowBytes)
      // A key of another kind than all of them.
      const bytes = Uint8Array.from([0x21, 1, 2, 3])
      memory.u8.set(bytes, block)
      memory.u32.set([0, 0, block, block + 4, block + 4, block + 4], entries >>> 2)
      const load = (): void => {
        rows.loadRestored(entries, 1, block, bytes)
        rows.find(table, 0, 1, true)
      }
      if (type === 'any') expect(load).not.toThrow()
      else expect(load).toThrow()
    }
  })
})
