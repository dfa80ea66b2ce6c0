import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Assignment } from '../../../../connectors/kafka/client/assignment.ts'
import { assignors } from '../../../../connectors/kafka/client/assignors.ts'

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

describe.each(['range', 'roundrobin', 'cooperative-sticky'] as const)('the strategy %s', (name) => {
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

describe('the strategy cooperative-sticky', () => {
  const assign = assignors['cooperative-sticky']
  type Owned = Map<string, Map<string, number[]>>
  const size = (own: Map<string, number[]> | undefined): number =>
    [...(own?.values() ?? [])].reduce((sum, { length }) => sum + length, 0)
  const ownedOf = (own: Map<string, number[]> | undefined) =>
    [...(own ?? [])].map(([topic, partitions]) => ({ topic, partitions }))

  /** Members keep what they were given until a generation lacks it; as many generations as it takes. */
  function settle(
    wanted: readonly { memberId: string; topics: string[] }[],
    counted: ReadonlyMap<string, number>,
    owned: Owned,
  ) {
    let now = owned
    for (let generation = 1; ; generation++) {
      expect(generation).toBeLessThan(4)
      const subscriptions = wanted.map((each) => ({ ...each, owned: ownedOf(now.get(each.memberId)) }))
      const next = assign(subscriptions, counted)
      for (const { memberId, owned: kept } of subscriptions) {
        for (const { topic, partitions } of kept) {
          for (const [other, given] of next) {
            if (other === memberId) continue
            for (const partition of partitions) expect(given.get(topic) ?? []).not.toContain(partition)
          }
        }
      }
      const isSame = wanted.every(({ memberId }) =>
        ownedOf(now.get(memberId)).every(({ topic, partitions }) =>
          partitions.every((each) => next.get(memberId)?.get(topic)?.includes(each)),
        ),
      )
      now = next
      if (isSame) return now
    }
  }

  test('gives nobody what somebody still has, and comes to rest in three generations with everything given', () => {
    fc.assert(
      fc.property(members, members, counts, (before, after, partitions) => {
        const first = settle(before, partitions, new Map())
        const second = settle(after, partitions, first)
        const wanted = [...partitions].flatMap(([topic, count]) =>
          after.some((each) => each.topics.includes(topic))
            ? Array.from({ length: count }, (_, partition) => `${topic}/${partition}`)
            : [],
        )
        expect(
          flat(second)
            .map((each) => each.slice(0, each.indexOf(' ')))
            .toSorted(),
        ).toEqual(wanted.toSorted())
        expect(flat(settle(after, partitions, second)).toSorted()).toEqual(flat(second).toSorted())
      }),
    )
  })

  test('moves no more than it has to when a member comes or goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(40), (count, partitions) => {
        const counted = new Map([['a', partitions]])
        const team = Array.from({ length: count + 1 }, (_, n) => ({ memberId: `m${n}`, topics: ['a'] }))
        const fewer = settle(team.slice(0, count), counted, new Map())
        const more = settle(team, counted, fewer)
        const stayed = flat(more).filter((each) => flat(fewer).includes(each)).length
        expect(stayed).toBe(partitions - size(more.get(`m${count}`)))
        const back = settle(team.slice(0, count), counted, more)
        expect(flat(more).filter((each) => !each.endsWith(` m${count}`))).toSatisfy((kept: string[]) =>
          kept.every((each) => flat(back).includes(each)),
        )
      }),
    )
  })

  test('gives away what two say to have only when neither says so any more', () => {
    const both = ['m0', 'm1'].map((memberId) => ({ memberId, topics: ['a'], owned: [{ topic: 'a', partitions: [0] }] }))
    expect(flat(assign(both, new Map([['a', 1]])))).toEqual([])
  })
})
