/** What is read from the source of functions of map and filter, and what is left to the functions. */
import { describe, expect, it } from 'vitest'
import { field } from '../../../sdk/field.ts'
import { columnsOf, conditionOf } from '../../../sdk/graph/function-columns.ts'

interface Row {
  a: number
  b: number
  s: string
  n: number | null
  inner: { a: number }
  f(x: number): number
}
const outside = 3

describe('the condition of a function', () => {
  it.each([
    ['a comparison', (x: Row) => x.a > 1, field('a').gt(1)],
    ['a constant first', (x: Row) => 1 <= x.a, undefined],
    ['arithmetic', (x: Row) => (x.a * 2 - x.b) % 3 === 0, field('a').times(2).minus(field('b')).mod(3).eq(0)],
    ['a negative constant', (x: Row) => x.a >= -1.5, field('a').ge(-1.5)],
    ['a string', (x: Row) => x.s !== 'web', field('s').ne('web')],
    ['taken apart', ({ a: first, b }: Row) => first / b < 2, field('a').div(field('b')).lt(2)],
    [
      'and, or, not',
      (x: Row) => (x.a > 1 && !(x.b === 2)) || x.s === 'x',
      field('a').gt(1).and(field('b').eq(2).not()).or(field('s').eq('x')),
    ],
    [
      'a block that returns',
      function named(x: Row) {
        return x.a < x.b
      },
      field('a').lt(field('b')),
    ],
  ])('%s', (_, fn, expected) => {
    const condition = conditionOf(fn)
    expect(condition).toBeDefined()
    if (expected !== undefined) expect(condition).toEqual(expected.condition)
  })

  it.each<[string, (x: Row) => unknown]>([
    ['a truth that is no comparison', (x) => x.a],
    ['a half of it', (x) => x.a > 1 && x.b],
    ['a variable from outside', (x) => x.a > outside],
    ['a call', (x) => x.f(1) > 1],
    ['a function of the language', (x) => Math.abs(x.a) > 1],
    ['a nested field', (x) => x.inner.a > 1],
    ['a computed name', (x) => x['a' as 'a'] > 1 && (x as never)[String(x.s)] > 1],
    ['a maybe', (x) => (x as Row | undefined)?.a === 1],
    ['null', (x) => x.n === null],
    // biome-ignore lint/suspicious/noDoubleEquals: what it is about
    ['loose equality', (x) => (x.a as unknown) == '1'],
    ['bits', (x) => (x.a & 1) === 1],
    ['a power', (x) => x.a ** 2 > 1],
    [
      'two statements',
      (x) => {
        const a = x.a
        return a > 1
      },
    ],
    ['a default', ({ a = 1 }) => a > 0],
    ['the rest', ({ a, ...rest }) => a > 0 && rest.b > 0],
    ['text that is added', (x) => `${x.s}b` === 'ab'],
    ['a promise', async (x) => x.a > 1],
    ['nothing', () => true],
    ['native code', Boolean],
    ['a second parameter', ((x: Row, y: Row) => x.a > y.a) as (x: Row) => boolean],
  ])('is not read where there is %s', (_, fn) => {
    expect(conditionOf(fn)).toBeUndefined()
  })
})

describe('the columns of a function', () => {
  it.each<[string, (x: Row) => unknown, unknown]>([
    [
      'fields and arithmetic',
      (x) => ({ id: x.a, twice: x.b * 2, s: x.s, 'a name': 1 }),
      [
        { name: 'id', expression: { kind: 'field', name: 'a' } },
        { name: 'twice', expression: field('b').times(2).expression },
        { name: 's', expression: { kind: 'field', name: 's' } },
        { name: 'a name', expression: { kind: 'constant', value: 1 } },
      ],
    ],
    [
      'all fields and one more',
      (x) => ({ ...x, a: x.a + 1 }),
      ['all fields', { name: 'a', expression: field('a').plus(1).expression }],
    ],
    [
      'short names',
      ({ a, s }) => ({ a, s }),
      [
        { name: 'a', expression: { kind: 'field', name: 'a' } },
        { name: 's', expression: { kind: 'field', name: 's' } },
      ],
    ],
  ])('%s', (_, fn, expected) => {
    expect(columnsOf(fn)).toEqual(expected)
  })

  it.each<[string, (x: Row) => unknown]>([
    ['the record itself', (x) => x],
    ['a bare number', (x) => x.a * 2],
    ['an array', (x) => [x.a]],
    ['text', (x) => ({ a: x.a, kind: 'new' })],
    ['a condition', (x) => ({ a: x.a > 1 })],
    ['something else spread', (x) => ({ ...x.inner, a: 1 })],
    ['a method', (x) => ({ a: x.a, f() {} })],
    [
      'a getter',
      (x) => ({
        get a() {
          return x.a
        },
      }),
    ],
    ['a computed name', (x) => ({ [x.s]: x.a })],
    ['a number as a name', (x) => ({ s: x.s, 1: x.a })],
    ['__proto__', (x) => ({ __proto__: x.inner, a: x.a })],
    ['a nested object', (x) => ({ a: { b: x.a } })],
  ])('are not read where there is %s', (_, fn) => {
    expect(columnsOf(fn)).toBeUndefined()
  })
})
