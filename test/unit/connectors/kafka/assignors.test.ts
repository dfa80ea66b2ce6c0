import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Assignment, assignors } from '../../../../connectors/kafka/client/assignors.ts'

const topics = ['a', 'b', 'c']
const members = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 })
  .chain((ids) =>
    fc.tuple(...ids.map((memberId) => fc.subarray(topics).map((wanted) => ({ memberId, topics: wanted })))),
  )
const counts = fc.record({ a: fc.nat(9), b: fc.nat(9), c: fc.nat(9) }).map((each) => new Map(Object.entries(each)))

const flat = (assignment: Assignment): string[] =>
  [...assignment].flatMap(([memberId, own]) =>
    [...own].flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}/${partition} ${memberId}`)),
  )

describe.each(['range', 'roundrobin'] as const)('the strategy %s', (name) => {
  test('gives each partition that somebody wants to one who wants it, whatever the order of the members', () => {
    fc.assert(
      fc.property(members, counts, (subscriptions, partitions) => {
        const assignment = assignors[name](subscriptions, partitions)
        const given = flat(assignment)
        const wanted = [...partitions].flatMap(([topic, count]) =>
          subscriptions.some((each) => each.topics.includes(topic))
            ? Array.from({ length: count }, (_, partition) => `${topic}/${partition}`)
            : [],
        )
        expect(given.map((each) => each.slice(0, each.indexOf(' '))).toSorted()).toEqual(wanted.toSorted())
        for (const [memberId, own] of assignment) {
          const subscription = subscriptions.find((each) => each.memberId === memberId)
          for (const topic of own.keys()) expect(subscription?.topics).toContain(topic)
        }
        expect(flat(assignors[name](subscriptions.toReversed(), partitions)).toSorted()).toEqual(given.toSorted())
      }),
    )
  })

  test('gives those who want the same about the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(50), (count, partitions) => {
        const same = Array.from({ length: count }, (_, n) => ({ memberId: `m${n}`, topics: ['a'] }))
        const sizes = [...assignors[name](same, new Map([['a', partitions]])).values()].map(
          (own) => own.get('a')?.length ?? 0,
        )
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
    )
  })
})
