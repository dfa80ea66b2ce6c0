/** Plans from outside: what was written once is read for ever, what is broken is refused. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../../../core/errors.ts'
import { canonicalJson } from '../../../../proto/jobgraph/canonical.ts'
import type { JobPlan } from '../../../../proto/jobgraph/plan.ts'
import { checkPlan, planHash, readPlan } from '../../../../proto/jobgraph/read-plan.ts'

const golden = readFileSync(new URL('../../../golden/plan/job.v1.json', import.meta.url), 'utf8')
// biome-ignore lint/suspicious/noExplicitAny: the tests break it on purpose
const parsed = (): any => JSON.parse(golden)
const rehashed = (plan: JobPlan): JobPlan => ({ ...plan, hash: planHash(plan) })

describe('a plan', () => {
  it('of version 1 is read, and its hash is the one that was written', () => {
    const plan = readPlan(golden)
    expect(plan.vertices).toHaveLength(3)
    expect(planHash(plan)).toBe(plan.hash)
  })

  it('of a newer version is refused with a sentence', () => {
    expect(() => checkPlan({ ...parsed(), version: 2 })).toThrow(
      'the plan has version 2, and this program reads version 1',
    )
  })

  it('that was altered is refused', () => {
    const plan = parsed()
    plan.vertices[0].name = 'another'
    expect(() => checkPlan(plan)).toThrow(/hash is not that of its content/)
  })

  // biome-ignore lint/suspicious/noExplicitAny: the tests break it on purpose
  const broken: [string, (plan: any) => unknown, RegExp][] = [
    ['a cycle', (plan) => (plan.edges[0].from.vertex = 1), /leads from vertex 1 to vertex 1/],
    [
      'a uid twice',
      (plan) => (plan.vertices[1].operators[0].uid = plan.vertices[0].operators[0].uid),
      /uid .* stands twice/,
    ],
    ['no vertices', (plan) => (plan.vertices = []), /no vertices/],
    ['a parallelism of 0', (plan) => (plan.vertices[0].parallelism = 0), /parallelism of vertex 0 is 0/],
    ['an operator that is not there', (plan) => (plan.edges[0].from.operator = 9), /operator before edge 0 is 9/],
    ['an unknown partitioner', (plan) => (plan.edges[0].partitioner = 'sideways'), /no partitioner/],
    ['options that are no texts', (plan) => (plan.options.a = 1), /option "a" is no text/],
    [
      'an operator that reads a later one',
      (plan) => (plan.vertices[1].operators[1].input.operator = 1),
      /not a whole number from 0 to 0/,
    ],
  ]
  it.each(broken)('with %s is refused', (_, change, message) => {
    const plan = parsed()
    change(plan)
    expect(() => checkPlan(rehashed(plan))).toThrow(message)
  })

  it('of any other content is refused with a code', () => {
    const refused = (text: string): boolean => {
      try {
        readPlan(text)
        return text === golden
      } catch (error) {
        return isMillraceError(error)
      }
    }
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), refused))
    fc.assert(
      fc.property(fc.nat(golden.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const text = golden.slice(0, at) + character + golden.slice(at + 1)
        // White space between tokens may change without harm.
        return refused(text) || canonicalJson(JSON.parse(text)) === canonicalJson(JSON.parse(golden))
      }),
    )
  })
})

describe('canonical JSON', () => {
  it('does not depend on the order of properties', () => {
    expect(canonicalJson({ b: 1, a: [{ d: undefined, c: null }] })).toBe('{"a":[{"c":null}],"b":1}')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        return canonicalJson(value) === canonicalJson(reversed)
      }),
    )
  })

  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})
