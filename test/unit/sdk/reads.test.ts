/** Which fields a function is found to read. */
import { describe, expect, it } from 'vitest'
import { fieldReturnedBy, isAsync, readsOf } from '../../../sdk/graph/reads.ts'

interface Row {
  a: number
  b: number
  c: { d: number }
  s: string
  f(): number
  [other: string]: unknown
}

const method = {
  plain(x: Row) {
    return x.a + x.b
  },
  *generator(x: Row) {
    yield x.a
  },
  async later(x: Row) {
    return x.a
  },
  get 'quoted name'() {
    return (x: Row) => x.b
  },
}

describe('fields that a function reads', () => {
  // Formatters like to make arrows of these.
  const expression = new Function('x', 'return x.a') as (x: Row) => number
  const known: [string, (...args: never[]) => unknown, string[]][] = [
    ['an arrow', (x: Row) => x.a, ['a']],
    [
      'a block',
      (x: Row) => {
        if (x.a > 1) return x.b
        return 0
      },
      ['a', 'b'],
    ],
    [
      'a named function',
      function named(x: Row) {
        return x.b
      },
      ['b'],
    ],
    ['a function expression', expression, ['a']],
    ['a method', method.plain, ['a', 'b']],
    ['a generator method', method.generator, ['a']],
    ['an async method', method.later, ['a']],
    ['what a getter gives', method['quoted name'], ['b']],
    ['no parameter', () => 1, []],
    ['an unused parameter', (_x: Row) => 1, []],
    ['a destructured parameter', ({ a, b }: Row) => a + b, ['a', 'b']],
    [
      'a destructured parameter with new names and defaults',
      ({ a: first = 1, c: { d } }: Row) => first + d,
      ['a', 'c'],
    ],
    [
      'a destructured local',
      (x: Row) => {
        const { a, b: other } = x
        return a + other
      },
      ['a', 'b'],
    ],
    ['a nested field', (x: Row) => x.c.d, ['c']],
    ['a method of a field', (x: Row) => x.s.toLowerCase(), ['s']],
    ['optional chaining', (x: Row | undefined) => x?.c?.d, ['c']],
    ['a template', (x: Row) => `${x.a} of ${x.b}`, ['a', 'b']],
    // biome-ignore lint/complexity/useLiteralKeys: the form is what is tested
    ['a literal name in brackets', (x: Row) => x['a'], ['a']],
    ['a closure', (x: Row) => [1, 2].map((n) => n * x.a), ['a']],
    ['a closure whose parameter hides the record', (x: Row) => [x.a].map((x) => x + 1), ['a']],
    ['a property of the same name as the record', (x: Row) => ({ x: x.a }), ['a']],
    ['a field of the same name as the record', (a: Row) => a.a, ['a']],
    ['a default value', (x: Row, n = x.b) => n + x.a, ['b', 'a']],
    ['a spread of a field', (x: Row) => [...(x.s as string)], ['s']],
    ['a condition on a field', (x: Row) => (x.a ?? x.b) || typeof x.s, ['a', 'b', 's']],
    [
      'a loop',
      (x: Row) => {
        for (const n of [x.a]) {
          if (n > 0) break
        }
        return x.a
      },
      ['a'],
    ],
    ['a regular expression', (x: Row) => /x\.b/.test(x.s), ['s']],
  ]
  it.each(known)('are known of %s', (_, fn, fields) => {
    expect(readsOf(fn)).toEqual(fields)
  })

  const unknown: [string, (...args: never[]) => unknown][] = [
    ['the bare record is returned', (x: Row) => x],
    ['it is spread', (x: Row) => ({ ...x, a: 1 })],
    ['it is passed on', (x: Row) => JSON.stringify(x)],
    ['it is a shorthand property', (x: Row) => ({ x })],
    ['a name is computed', (x: Row, key = 'a') => x[key]],
    ['the rest is taken', ({ a, ...rest }: Row) => [a, rest]],
    [
      'the rest is taken in a local',
      (x: Row) => {
        const { a, ...rest } = x
        return [a, rest]
      },
    ],
    [
      'arguments is used',
      function (this: unknown, x: Row) {
        // biome-ignore lint/complexity/noArguments: the form is what is tested
        return [x.a, arguments[0]]
      },
    ],
    [
      'the parameter is given a new value',
      (x: Row) => {
        x = { ...x }
        return x.a
      },
    ],
    [
      'a field is written',
      (x: Row) => {
        x.a = 5
        return x.b
      },
    ],
    ['a field is counted up', (x: Row) => x.a++],
    ['a field is deleted', (x: Partial<Row>) => delete x.b],
    [
      'it has another name',
      (x: Row) => {
        const y = x
        return y.a
      },
    ],
    [
      'its names are listed',
      (x: Row) => {
        for (const name in x) return name
        return x.a
      },
    ],
    ['a method of the record is called', (x: Row) => x.f()],
    ['a method of the record is called if there', (x: Row | undefined) => x?.f()],
    ['it is tested with in', (x: Row) => 'a' in x && x.b],
    ['all parameters are one', (...all: Row[]) => all[0].a],
    ['the parameter has a default', (x: Row = { a: 1 } as Row) => x.a],
    ['it is compared', (x: Row) => x === null || x.a],
    ['the function is bound', ((x: Row) => x.a).bind(null)],
    ['the function is native', Math.max],
    ['it is caught in a closure that returns it', (x: Row) => () => x],
  ]
  it.each(unknown)('are all of them when %s', (_, fn) => {
    expect(readsOf(fn)).toBeUndefined()
  })

  it('are those of the parameter asked for', () => {
    expect(readsOf((sum: number, x: Row) => sum + x.a, 1)).toEqual(['a'])
    expect(readsOf((sum: Row, x: Row) => sum.b + x.a, 1)).toEqual(['a'])
    expect(readsOf((n: number) => n + 1, 1)).toEqual([])
    expect(readsOf((...all: Row[]) => all, 1)).toBeUndefined()
  })
})

describe('a function that is one field', () => {
  it('is recognised in its plain forms', () => {
    expect(fieldReturnedBy((x: Row) => x.a)).toBe('a')
    expect(fieldReturnedBy(({ b }: Row) => b)).toBe('b')
    expect(fieldReturnedBy(({ b: c }: Row) => c)).toBe('b')
    expect(
      // biome-ignore lint/complexity/useArrowFunction: the form is what is tested
      fieldReturnedBy(function (x: Row) {
        return x.a
      }),
    ).toBe('a')
    expect(fieldReturnedBy((x: Row) => x)).toBe('')
  })

  it('is not seen where there is more to it', () => {
    expect(fieldReturnedBy((x: Row) => x.a + 1)).toBeUndefined()
    expect(fieldReturnedBy((x: Row) => x.c.d)).toBeUndefined()
    expect(fieldReturnedBy((x: Row | undefined) => x?.a)).toBeUndefined()
    expect(fieldReturnedBy(({ a = 1 }: Row) => a)).toBeUndefined()
    expect(fieldReturnedBy((_x: Row, y: Row) => y.a)).toBeUndefined()
    expect(fieldReturnedBy(async (x: Row) => x.a)).toBeUndefined()
    expect(fieldReturnedBy(() => 1)).toBeUndefined()
  })
})

describe('a function that gives a promise', () => {
  it('is known by its kind', () => {
    expect(isAsync(async () => 1)).toBe(true)
    expect(isAsync(method.later)).toBe(true)
    expect(isAsync(async function* () {})).toBe(true)
    expect(isAsync(() => 1)).toBe(false)
    expect(isAsync(method.generator)).toBe(false)
  })
})
