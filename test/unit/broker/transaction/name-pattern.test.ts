/** Patterns of names: as RE2 has them, and never slow. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NamePattern } from '../../../../broker/transaction/name-pattern.ts'

const matches = (text: string, name: string): boolean | undefined => NamePattern.parse(text)?.matches(name)

describe('a pattern of names', () => {
  it('is a pattern as administrators write it, of the whole name', () => {
    expect(matches('sink-.*-\\d+', 'sink-orders-12')).toBe(true)
    expect(matches('sink-.*-\\d+', 'my sink-orders-12')).toBe(false)
    expect(matches('sink|sink-2', 'sink-2')).toBe(true)
    expect([matches('(?P<n>é|日)', '日'), matches('(?i)SINK', 'sink'), matches('', 'a')]).toEqual([true, true, false])
  })

  it.each([
    '(',
    ')',
    '[b-a]',
    '*',
    'a{3,2}',
    '\\',
    '(?=a)b',
    '(a)\\1',
    '(?!x)',
    '((a{100}){100}){100}',
    'a'.repeat(513),
  ])('is none where it is wrong, or could take long: %s', (text) => {
    expect(NamePattern.parse(text)).toBeUndefined()
  })

  it('takes as many steps as name and pattern are long, whatever it is', () => {
    for (const text of ['(a+)+$', '(a|a)*b', '(x+x+)+y', '((a*)*)*b', '(.*a){12}b']) {
      const parsed = NamePattern.parse(text)
      expect(parsed?.matches(`${'a'.repeat(20_000)}!`)).toBe(false)
      expect(parsed?.steps).toBeLessThan(20_002 * 200)
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
