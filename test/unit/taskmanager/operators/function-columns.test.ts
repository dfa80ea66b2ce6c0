/** Functions that are read as columns give what the same functions give when they are called. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { GraphNode } from '../../../../sdk/graph/nodes.ts'
import { t } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

interface Row {
  a: number
  b: number
  at: number
  s: string
  n: number | null
  o?: number
}
const fields = { a: t.float64(), b: t.int32(), at: t.timestamp(), s: t.string(), n: t.nullable(t.float64()) }
const Plain = t.object(fields)
const Gappy = t.object({ ...fields, o: t.optional(t.float64()) })

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})

const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double(), fc.constantFrom(-0, Number.NaN, 1e300))
const row: fc.Arbitrary<Row> = fc.record({
  a: number,
  b: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  at: fc.integer({ min: 0, max: 1e12 }),
  s: fc.constantFrom('', 'x', 'ü'),
  n: fc.oneof(fc.constant(null), number),
})

const code: fc.Arbitrary<string> = fc.letrec<{ code: string }>((tie) => ({
  code: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('x.a', 'x.b', 'x.at', '2', '-1.5', '1000'),
    fc.tuple(tie('code'), fc.constantFrom('+', '-', '*', '/', '%'), tie('code')).map((parts) => `(${parts.join(' ')})`),
  ),
})).code
const condition: fc.Arbitrary<string> = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(code, fc.constantFrom('<', '<=', '>', '>=', '===', '!=='), code).map((parts) => parts.join(' ')),
    fc.constantFrom(`x.s === 'x'`, `x.s !== 'ü'`, 'x.n > 0', 'x.n <= 0', 'x.n !== 1'),
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie('condition').map((inner) => `!(${inner})`),
  ),
})).condition

const made = <T>(source: string): ((x: Row) => T) => new Function(`return (x) => ${source}`)() as (x: Row) => T

async function compare(
  build: (stream: Stream<Row>) => Stream<unknown>,
  rows: Row[],
  expected: unknown[],
): Promise<void> {
  const h = await OperatorHarness.of<Row>(build, { type: Plain }).start()
  try {
    h.push('columns', rows)
    expect(h.output.records).toEqual(expected)
    expect(h.output.records.map((each) => Object.keys(each as object))).toEqual(
      expected.map((each) => Object.keys(each as object)),
    )
  } finally {
    await h.close()
  }
}

describe('over columns', () => {
  it('a filter keeps what its function keeps', async () => {
    await fc.assert(
      fc.asyncProperty(condition, fc.array(row, { minLength: 1, maxLength: 20 }), async (source, rows) => {
        const fn = made<boolean>(source)
        await compare((s) => s.filter(fn), rows, rows.filter(fn))
      }),
      { numRuns: 150 },
    )
  })

  it('a map gives what its function gives', async () => {
    const column = fc.tuple(fc.constantFrom('a', 'b', 's', 'z', 'y'), fc.oneof(code, fc.constantFrom('x.s', 'x.n')))
    const property = fc.oneof(
      fc.constant('...x'),
      column.map(([name, value]) => `${name}: ${value}`),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(property, { minLength: 1, maxLength: 4 }),
        fc.array(row, { minLength: 1, maxLength: 20 }),
        async (properties, rows) => {
          const fn = made<object>(`({ ${properties.join(', ')} })`)
          await compare((s) => s.map(fn), rows, rows.map(fn))
        },
      ),
      { numRuns: 150 },
    )
  })

  const rows: Row[] = [
    { a: 1, b: 2, at: 3, s: 'x', n: null },
    { a: -1, b: 0, at: 4, s: '', n: -2 },
  ]

  /** A node whose function must not be called. */
  const uncalled = (node: GraphNode): GraphNode => {
    const fn = (): never => {
      throw new Error('the function was called')
    }
    return { ...node, fn } as GraphNode
  }

  it('no function is called and no object made where columns say it all', async () => {
    const options = { type: Plain, alter: uncalled }
    harness = await OperatorHarness.of<Row>((s) => s.map((x) => ({ ...x, a: x.a * 2 })), options).start()
    harness.push('columns', rows)
    expect(harness.output.emissions.every(({ columns }) => columns)).toBe(true)
    expect(harness.output.records).toEqual(rows.map((x) => ({ ...x, a: x.a * 2 })))
    await harness.close()
    harness = await OperatorHarness.of<Row>((s) => s.filter((x) => x.a > 0 && x.s === 'x'), options).start()
    harness.push('columns', rows)
    expect(harness.output.records).toEqual([rows[0]])
    expect(() => harness?.rows(rows)).toThrow('the function was called')
  })

  it('null counts as JavaScript has it: the function is called', async () => {
    await compare((s) => s.filter((x) => (x.n as number) > -1), rows, [rows[0]])
  })

  it('a field that is absent is undefined in the new record, as the function gives it', async () => {
    harness = await OperatorHarness.of<Row>((s) => s.map((x) => ({ a: x.a, o: x.o })), { type: Gappy as never }).start()
    harness.push('columns', rows)
    expect(harness.output.records).toStrictEqual(rows.map((x) => ({ a: x.a, o: undefined })))
  })

  it('a property that is given twice stands where JavaScript puts it', async () => {
    for (const source of [
      '{ ...x, z: x.s, y: x.a, z: x.a }',
      '{ z: x.s, y: x.a, z: x.a }',
      '{ z: x.s, ...x, z: x.a }',
    ]) {
      const fn = made<object>(`(${source})`)
      await compare((s) => s.map(fn), rows, rows.map(fn))
    }
  })

  it('what is declared of results is checked all the same', async () => {
    const narrow = t.object({ a: t.int32() })
    const build = (s: Stream<Row>): Stream<unknown> =>
      s.map((x) => ({ a: x.a / 2 }), { returns: narrow, onError: 'skip' })
    harness = await OperatorHarness.of<Row>(build, { type: Plain }).start()
    harness.push('columns', rows)
    expect(harness.poisoned).toHaveLength(2)
  })
})
