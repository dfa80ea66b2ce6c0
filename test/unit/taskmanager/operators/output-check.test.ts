/** Declared types of what functions return: held where the record stays in its chain, exactly as where it becomes columns. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import { t, window } from '../../../../sdk/index.ts'
import { schemaOf } from '../../../../sdk/schema.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import type { TypeDef } from '../../../../sdk/types.ts'
import { outputCheck } from '../../../../taskmanager/operators/output-check.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

const kinds: readonly (readonly [string, TypeDef<unknown>, readonly unknown[], readonly unknown[]])[] = [
  ['float64', t.float64(), [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY], ['1', 1n, null, undefined, true]],
  ['int32', t.int32(), [0, -1, 2147483647, -2147483648], [2.5, -0, 2147483648, Number.NaN, '1', 1n, null]],
  ['int64', t.int64(), [0n, -(2n ** 63n)], [1, 2n ** 63n, null]],
  ['boolean', t.boolean(), [true, false], [0, 'true', null, undefined]],
  ['string', t.string(), ['', 'ü', '\ud800'], [1, null, undefined, {}]],
  ['timestamp', t.timestamp(), [0, 1.5], ['2001-01-01', new Date(0)]],
  ['date', t.date(), [new Date(0), new Date(Number.NaN)], [0, '2001-01-01', null]],
  ['bytes', t.bytes(), [new Uint8Array(2), Buffer.from('x')], ['x', [1], null]],
  ['any', t.any(), [1, 'x', null, undefined, { a: [1] }, new Map()], [() => 1, Symbol('x')]],
  ['a list', t.array(t.int32()), [[], [1, 2]], [[1, 2.5], [null], {}, 'x', null]],
  ['a list with nulls', t.array(t.nullable(t.string())), [[], ['x', null]], [[undefined], [1]]],
  ['an object', t.object({ a: t.int32() }), [{ a: 1 }, { a: 1, more: 2 }], [{}, { a: 1.5 }, { a: null }, [], 1, null]],
  [
    'an object in an object',
    t.object({ a: t.object({ b: t.string() }) }),
    [{ a: { b: '' } }],
    [{ a: {} }, { a: null }],
  ],
  ['an object in a list', t.array(t.object({ b: t.string() })), [[{ b: '' }]], [[{ b: 1 }], [1], [null]]],
  ['nullable', t.nullable(t.int32()), [1, null], [1.5, undefined]],
  ['optional', t.optional(t.int32()), [1, undefined], [1.5, null]],
]

const arena = Arena.create({ bytes: 8 * 1024 * 1024 })

/** The code of the error, 'accepted' when there is none. */
function outcome(act: () => void): string {
  try {
    act()
    return 'accepted'
  } catch (error) {
    return String((error as { code?: unknown }).code)
  }
}

function encoded(type: TypeDef<unknown>, record: unknown): string {
  return outcome(() => encodeRows(arena, arena.owner, schemaOf(type), [record], 0, 1)?.batch.release())
}

describe.each(kinds)('%s', (_, type, good, bad) => {
  const asField = t.object({ before: t.float64(), value: type })

  it('takes its values and refuses others, as a record and as a field', () => {
    for (const value of good) {
      expect(outcome(() => outputCheck(type)?.(value))).toBe('accepted')
      expect(outcome(() => outputCheck(asField)?.({ before: 1, value }))).toBe('accepted')
    }
    for (const value of bad) {
      expect(outcome(() => outputCheck(type)?.(value))).not.toBe('accepted')
      expect(outcome(() => outputCheck(asField)?.({ before: 1, value }))).not.toBe('accepted')
    }
  })
})

describe.each(kinds.filter(([name]) => name !== 'any'))('%s', (_, type, good, bad) => {
  it('agrees with the encoder of columns about anything', () => {
    const any = fc.oneof(
      fc.constantFrom(...good, ...bad),
      fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }),
    )
    const asField = t.object({ before: t.float64(), value: type })
    const check = outputCheck(asField)
    fc.assert(
      fc.property(any, (value) => {
        const record = { before: 1, value }
        expect(outcome(() => check?.(record)) === 'accepted').toBe(encoded(asField, record) === 'accepted')
      }),
      { numRuns: 200 },
    )
  })
})

describe('a type that is not declared', () => {
  it('is not checked', () => {
    expect(outputCheck(undefined)).toBeUndefined()
  })
})

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})
const run = (build: (stream: Stream<{ n: number }>) => Stream<unknown>): Promise<OperatorHarness> => {
  harness = OperatorHarness.of<{ n: number }>(build, {})
  return harness.start()
}

const Out = t.object({ n: t.int32() })
const makers: readonly (readonly [string, (stream: Stream<{ n: number }>) => Stream<unknown>])[] = [
  ['map', (s) => s.map((x) => ({ n: x.n }), { returns: Out, onError: 'skip' })],
  ['flatMap that returns', (s) => s.flatMap((x) => [{ n: x.n }], { returns: Out, onError: 'skip' })],
  ['flatMap that emits', (s) => s.flatMap((x, emit) => emit({ n: x.n }), { returns: Out, onError: 'skip' })],
  ['process', (s) => s.process({ emits: Out, onError: 'skip', onElement: (x, _, emit) => emit({ n: x.n }) })],
  [
    'a side output',
    (s) =>
      s.process({ sides: { out: Out }, onError: 'skip', onElement: (x, context) => context.side('out', { n: x.n }) }),
  ],
]

describe.each(makers)('%s', (_, build) => {
  it.each(['rows', 'columns'] as const)(
    'from %s refuses the record whose result is not of the declared type',
    async (how) => {
      const h = await run(build)
      const side = h.side('out')
      h.push(how, [{ n: 1 }, { n: 2.5 }, { n: 3 }], { timestamps: [10, 20, 30] })
      const output = h.output.records.length > 0 ? h.output : side
      expect(output.records).toEqual([{ n: 1 }, { n: 3 }])
      expect(output.emissions.map(({ timestamp }) => timestamp)).toEqual([10, 30])
      expect(h.poisoned.map(({ error }) => (error as { code?: unknown }).code)).toEqual(['COLUMNS_WRONG_TYPE'])
    },
  )
})

describe('a window', () => {
  it.each(['tumbling', 'session'] as const)(
    'of kind %s refuses a result that is not of the declared type',
    async (kind) => {
      const h = await run((s) =>
        s
          .keyBy('n')
          .window(kind === 'tumbling' ? window.tumbling('1s') : window.session('1s'))
          .aggregate({
            uid: 'sum',
            init: () => 0,
            add: (sum: number, x) => sum + x.n,
            merge: (a, b) => a + b,
            emit: (n) => ({ n }),
            returns: Out,
            onError: 'skip',
          }),
      )
      h.push('rows', [{ n: 1 }, { n: 2.5 }, { n: 3 }], { timestamps: [10, 20, 30] })
      h.watermark(10_000)
      expect(h.output.records.map((record) => (record as { n: number }).n).sort()).toEqual([1, 3])
      expect(h.poisoned.map(({ error }) => (error as { code?: unknown }).code)).toEqual(['COLUMNS_WRONG_TYPE'])
    },
  )
})
