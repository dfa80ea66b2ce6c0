import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NamePattern } from '../../../../broker/transaction/name-pattern.ts'

const matches = (text: string, name: string): boolean | undefined => NamePattern.parse(text)?.matches(name)

/** A pattern, and where its matches in a name may end that begin at one of `starts`. */
interface Model {
  readonly text: string
  ends(name: string, starts: ReadonlySet<number>): ReadonlySet<number>
}

const one = (text: string): Model => ({
  text,
  ends: (name, starts) =>
    new Set([...starts].filter((at) => new RegExp(text, 'u').test(name[at] ?? '')).map((at) => at + 1)),
})
const place = (text: string, holds: (name: string, at: number) => boolean): Model => ({
  text,
  ends: (name, starts) => new Set([...starts].filter((at) => holds(name, at))),
})
const repeated = (of: Model, text: string, least: number, most: number): Model => ({
  text: `(${of.text})${text}`,
  ends(name, starts) {
    let now = starts
    const all = new Set<number>()
    for (let count = 0; count <= Math.min(most, least + name.length + 1); count++) {
      if (count >= least) for (const at of now) all.add(at)
      now = of.ends(name, now)
    }
    return all
  },
})
const joined = (parts: readonly Model[]): Model => ({
  text: parts.map(({ text }) => text).join(''),
  ends: (name, starts) => parts.reduce((now, part) => part.ends(name, now), starts),
})
const either = (parts: readonly Model[]): Model => ({
  text: `(?:${parts.map(({ text }) => text).join('|')})`,
  ends: (name, starts) => new Set(parts.flatMap((part) => [...part.ends(name, starts)])),
})

const times = [
  ['*', 0, Number.POSITIVE_INFINITY],
  ['+', 1, Number.POSITIVE_INFINITY],
  ['?', 0, 1],
  ['*?', 0, Number.POSITIVE_INFINITY],
  ['{2}', 2, 2],
  ['{1,}', 1, Number.POSITIVE_INFINITY],
  ['{0,2}', 0, 2],
  ['{2,3}?', 2, 3],
] as const
const characters = ['a', 'b', '1', '-', '.', '\\d', '\\w', '\\W', '\\.', '[ab]', '[^a-z]', '[a\\d-]', '[^b1]', '\\x61']
const places = [place('^', (_, at) => at === 0), place('$', (name, at) => at === name.length)]

const { model } = fc.letrec<{ model: Model }>((tie) => ({
  model: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...characters.map(one), ...places),
    fc
      .tuple(tie('model'), fc.constantFrom(...times))
      .map(([of, [text, least, most]]) => repeated(of, text, least, most)),
    fc.array(tie('model'), { maxLength: 4 }).map(joined),
    fc.array(tie('model'), { minLength: 1, maxLength: 3 }).map(either),
  ),
}))

describe('a pattern of names', () => {
  it('matches what a slow reading of it matches', () => {
    const name = fc.array(fc.constantFrom('a', 'b', '1', '-', 'ü'), { maxLength: 7 }).map((letters) => letters.join(''))
    fc.assert(
      fc.property(model, fc.array(name, { minLength: 1, maxLength: 8 }), (expected, names) => {
        const parsed = NamePattern.parse(expected.text)
        // Repetitions of repetitions may be too large.
        if (parsed === undefined) expect(expected.text.length).toBeGreaterThan(20)
        else
          for (const each of names)
            expect([each, parsed.matches(each)]).toEqual([each, expected.ends(each, new Set([0])).has(each.length)])
      }),
      { numRuns: 1000 },
    )
  })

  it('is a pattern as administrators write it', () => {
    expect(matches('sink-.*-\\d+', 'sink-orders-12')).toBe(true)
    expect(matches('sink-.*-\\d+', 'my sink-orders-12')).toBe(false)
    expect(matches('\\Ajob\\z|[^]x-]{2}|{a}', 'job')).toBe(true)
    expect([matches('[]a]+', ']a]'), matches('a{,2}', 'a{,2}'), matches('(?P<n>é|日)', '日')]).toEqual([
      true,
      true,
      true,
    ])
    expect([matches('', ''), matches('', 'a'), matches('a||b', '')]).toEqual([true, false, true])
  })

  it('is none where it is wrong, or could take long', () => {
    const wrong = [
      '(',
      ')',
      'a)',
      '[',
      '[a',
      '[b-a]',
      '*',
      'a**',
      '+a',
      '\\',
      'a\\',
      'a{3,2}',
      'a{1001}',
      'x{0,1000}{2}',
      '(?<n',
      '(?i)a',
    ]
    const unknown = [
      '(?=a)b',
      '(a)\\1',
      '\\bx',
      '\\pL',
      '[[:alpha:]]',
      '((a{100}){100}){100}',
      '(((){1000}){1000}){1000}',
      'a{1000}',
      'a'.repeat(513),
      '(?!x)',
    ]
    for (const text of [...wrong, ...unknown]) expect([text, NamePattern.parse(text)]).toEqual([text, undefined])
  })

  it('takes as many steps as name and pattern are long, whatever it is', () => {
    for (const text of ['(a+)+$', '(a|a)*b', '(x+x+)+y', '((a*)*)*b', '(.*a){12}b']) {
      const parsed = NamePattern.parse(text)
      expect(parsed?.matches(`${'a'.repeat(2000)}!`)).toBe(false)
      expect(parsed?.steps).toBeLessThan(2001 * 100)
    }
  })

  it('is read or refused whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.string(), (text, name) => {
        NamePattern.parse(text)?.matches(name)
      }),
      { numRuns: 2000 },
    )
  })
})
