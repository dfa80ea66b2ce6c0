/**
 * Key tables: the kernels equal their twins byte for byte, and growth never waits for a whole table.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Aggregates } from '../../../../taskmanager/state/aggregates/aggregates.ts'
import { entryHeaderBytes, KeyTable } from '../../../../taskmanager/state/key-table.ts'
import { StateMemory } from '../../../../taskmanager/state/memory.ts'
import { testHash } from './support.ts'

const rows = 64
const aggregates = [
  { as: 'n', fn: 'count' },
  { as: 's', fn: 'sum', field: 'v' },
  { as: 'lo', fn: 'min', field: 'v' },
  { as: 'hi', fn: 'max', field: 'v' },
  { as: 'whole', fn: 'sum', field: 'w', int64: true },
  { as: 'least', fn: 'min', field: 'w', int64: true },
  { as: 'most', fn: 'max', field: 'w', int64: true },
] as const
const wholeAt = entryHeaderBytes + 32

type Step =
  | {
      kind: 'rows'
      keys: readonly number[]
      values: readonly number[]
      wholes: readonly bigint[]
      insert: boolean
      valid: readonly boolean[]
    }
  | { kind: 'release'; picks: readonly number[] }
  | { kind: 'freeze' | 'freeze-all' | 'thaw' | 'merge' }
  | { kind: 'panes'; times: readonly number[] }

/** Runs the same steps on either kind of kernels; gives all memory. */
function run(twin: boolean, bytesKeys: boolean, steps: readonly Step[]): { memory: Uint8Array; log: unknown[] } {
  const memory = new StateMemory(twin)
  const layout = new Aggregates(aggregates, entryHeaderBytes)
  const make = (): KeyTable => {
    const made = new KeyTable(memory, { payloadBytes: layout.bytes, bytesKeys, tracked: true })
    layout.init(memory, made.template)
    return made
  }
  const table = make()
  const [keys, values, wholes, out] = [0, 0, 0, 0].map(() => memory.allocateZeroed(rows * 8))
  const [hashes, ids, addresses, others, offsets, valid] = [0, 0, 0, 0, 0, 0].map(() =>
    memory.allocateZeroed(rows * 4 + 4),
  )
  const none = memory.allocateZeroed(rows)
  const data = memory.allocateZeroed(65536)
  const log: unknown[] = []
  let frozen = false
  for (const step of steps) {
    if (step.kind === 'rows') {
      const n = step.keys.length
      let end = 0
      step.keys.forEach((key, i) => {
        memory.f64[(keys >>> 3) + i] = key
        memory.i32[(hashes >>> 2) + i] = testHash(Object.is(key, -0) ? 0 : key) & (key > 20 ? 7 : -1)
        memory.f64[(values >>> 3) + i] = step.values[i]
        memory.i64[(wholes >>> 3) + i] = step.wholes[i]
        memory.i32[(offsets >>> 2) + i] = end
        end += memory.buffer.write(
          String(key === 0 ? 0 : key).repeat(key > 5 ? Math.min(40, key) : 1),
          data + end,
          'latin1',
        )
        if (step.valid[i]) memory.u8[valid + (i >>> 3)] |= 1 << (i & 7)
        else memory.u8[valid + (i >>> 3)] &= ~(1 << (i & 7))
      })
      memory.i32[(offsets >>> 2) + n] = end
      if (bytesKeys) table.findBytes(offsets, data, hashes, n, step.insert, ids)
      else table.findNumbers(keys, hashes, n, step.insert, ids)
      log.push([...memory.i32.subarray(ids >>> 2, (ids >>> 2) + n)])
      if (!step.insert) continue
      table.touch(ids, n, 1, addresses)
      const { kernels } = memory
      kernels.stateCount(addresses, entryHeaderBytes, n, 0, out)
      kernels.stateCount(addresses, entryHeaderBytes, n, valid, 0)
      kernels.stateSum(addresses, entryHeaderBytes + 8, values, n, valid, out)
      kernels.stateExtreme(addresses, entryHeaderBytes + 16, values, n, valid, 0, out)
      kernels.stateExtreme(addresses, entryHeaderBytes + 24, values, n, valid, 1, out)
      log.push(kernels.stateSumI64(addresses, wholeAt, wholes, n, valid, out))
      log.push([...memory.i64.subarray(out >>> 3, (out >>> 3) + n)])
      log.push(kernels.stateSumI64(addresses, wholeAt, wholes, n, 0, 0))
      kernels.stateExtremeI64(addresses, wholeAt + 16, wholes, n, valid, 0, out, none)
      kernels.stateExtremeI64(addresses, wholeAt + 32, wholes, n, valid, 1, out, none)
    } else if (step.kind === 'release') {
      const live = Array.from({ length: table.idLimit }, (_, id) => id).filter((id) => table.inUse(id))
      const chosen = step.picks.flatMap((pick) => (live.length === 0 ? [] : [live[pick % live.length]]))
      chosen.forEach((id, i) => {
        memory.u32[(table.entry(id) >>> 2) + 3] = 0
        memory.i32[(ids >>> 2) + i] = id
      })
      log.push(table.release(ids, chosen.length))
    } else if ((step.kind === 'freeze' || step.kind === 'freeze-all') && !frozen) {
      table.freeze(step.kind === 'freeze-all')
      frozen = true
    } else if (step.kind === 'thaw' && frozen) {
      for (let page = 0; page * 64 < table.idLimit; page++) log.push(table.frozenPage(page))
      table.thaw()
      frozen = false
    } else if (step.kind === 'merge') {
      const merged = make()
      for (let from = 0; from < table.idLimit; from += rows) {
        const n = Math.min(rows, table.idLimit - from)
        const found = memory.kernels.stateEntries(table.address, from, n, others, keys, hashes)
        merged.findEntries(others, keys, hashes, found, ids)
        merged.touch(ids, found, 1, addresses)
        layout.merge(memory, addresses, others, found)
        memory.kernels.stateRead(addresses, entryHeaderBytes + 16, found, out)
        log.push(memory.kernels.stateReadSumI64(addresses, wholeAt, found, out))
        memory.kernels.stateReadExtremeI64(addresses, wholeAt + 32, found, out, none)
      }
      log.push(merged.size)
      merged.drop()
    } else if (step.kind === 'panes') {
      step.times.forEach((time, i) => {
        memory.f64[(values >>> 3) + i] = time
      })
      for (let at = 0; at < step.times.length; ) {
        at = memory.kernels.statePane(values, at, step.times.length, 7, 3, out)
        log.push(at, memory.f64[out >>> 3])
      }
    }
  }
  return { memory: memory.u8.slice(), log }
}

const number = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, 0.5))
const value = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(-0, Number.POSITIVE_INFINITY, 0.25))
const whole = fc.oneof(fc.bigInt(-9n, 9n), fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n))
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(fc.tuple(number, value, fc.boolean(), whole), { maxLength: rows }).chain((all) =>
      fc.boolean().map(
        (insert): Step => ({
          kind: 'rows',
          keys: all.map(([key]) => key),
          values: all.map(([, v]) => v),
          valid: all.map(([, , ok]) => ok),
          wholes: all.map(([, , , w]) => w),
          insert,
        }),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('release' as const), picks: fc.array(fc.nat(1000), { maxLength: rows }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('freeze' as const, 'freeze-all' as const, 'thaw' as const, 'merge' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('panes' as const),
      times: fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: rows }),
    }),
  },
)

describe('key tables', () => {
  test.each([false, true])('hold the same bytes by kernels and by their twins (keys as bytes: %s)', (bytesKeys) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const native = run(false, bytesKeys, steps)
        const twin = run(true, bytesKeys, steps)
        expect(twin.log).toEqual(native.log)
        expect(Buffer.compare(twin.memory, native.memory)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  test('move a small part of their slots at a time when they grow', () => {
    const memory = new StateMemory()
    const table = new KeyTable(memory, { payloadBytes: 8, bytesKeys: false, tracked: false })
    const n = 2048
    const keys = memory.allocate(n * 8)
    const hashes = memory.allocate(n * 4)
    const ids = memory.allocate(n * 4)
    let key = 0
    for (let batch = 0; batch < 700; batch++) {
      for (let i = 0; i < n; i++, key++) {
        memory.f64[(keys >>> 3) + i] = key
        memory.i32[(hashes >>> 2) + i] = Math.imul(key ^ (key >>> 15), 0x9e3779b1) ^ (key << 7)
      }
      table.findNumbers(keys, hashes, n, true, ids)
    }
    expect(table.size).toBe(700 * n)
    expect(table.slots).toBeGreaterThan(2_000_000)
    expect(table.movedSlotsMax).toBeLessThanOrEqual(1 << 17)
  })

  test.each([10, 5000, 300_000])('do not grow on the way to %i keys that were expected', (expected) => {
    const memory = new StateMemory()
    const table = new KeyTable(memory, { payloadBytes: 8, bytesKeys: false, tracked: false })
    table.expect(expected)
    const slots = table.slots
    const n = 1000
    const [keys, hashes, ids] = [8, 4, 4].map((bytes) => memory.allocate(n * bytes))
    for (let key = 0; key < expected; ) {
      const rows = Math.min(n, expected - key)
      for (let i = 0; i < rows; i++, key++) {
        memory.f64[(keys >>> 3) + i] = key
        memory.i32[(hashes >>> 2) + i] = testHash(key)
      }
      table.findNumbers(keys, hashes, rows, true, ids)
    }
    expect([table.size, table.slots, table.movedSlots]).toEqual([expected, slots, 0])
    expect(slots).toBeLessThanOrEqual(Math.max(64, expected * 4.2))
  })

  test('give ids out again once they are released', () => {
    const memory = new StateMemory()
    const table = new KeyTable(memory, { payloadBytes: 0, bytesKeys: false, tracked: false })
    const [keys, hashes, ids] = [512, 256, 256].map((bytes) => memory.allocate(bytes))
    for (let round = 0; round < 1000; round++) {
      for (let i = 0; i < 64; i++) {
        memory.f64[(keys >>> 3) + i] = round * 64 + i
        memory.i32[(hashes >>> 2) + i] = testHash(round * 64 + i)
      }
      table.findNumbers(keys, hashes, 64, true, ids)
      expect(table.release(ids, 64)).toBe(64)
    }
    expect(table.idLimit).toBe(64)
    expect(table.size).toBe(0)
  })
})
