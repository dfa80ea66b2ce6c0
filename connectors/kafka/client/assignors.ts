/**
 * Who of a consumer group reads which partition: the strategies that nearly every client knows, told by name in the protocol, and
 * made by the member that the coordinator calls the leader. Pure; the same for the same members in whatever order.
 */
import type { Assignment, Subscription } from './assignment.ts'
import { cooperativeSticky } from './sticky.ts'

/** By name, those that are liked better first. */
export const assignors = {
  /** For each topic the members in order get neighbouring partitions, the first ones one more. */
  range(members: readonly Subscription[], partitions: ReadonlyMap<string, number>): Assignment {
    const assignment = empty(members)
    for (const [topic, count] of partitions) {
      const readers = sorted(members).filter(({ topics }) => topics.includes(topic))
      const each = Math.floor(count / Math.max(1, readers.length))
      const more = count % Math.max(1, readers.length)
      let next = 0
      for (const [place, { memberId }] of readers.entries()) {
        for (const end = next + each + (place < more ? 1 : 0); next < end; next++)
          give(assignment, memberId, topic, next)
      }
    }
    return assignment
  },
  /** All partitions of all topics are dealt out one by one. */
  roundrobin(members: readonly Subscription[], partitions: ReadonlyMap<string, number>): Assignment {
    const assignment = empty(members)
    const order = sorted(members)
    let turn = 0
    for (const topic of [...partitions.keys()].sort()) {
      if (!order.some(({ topics }) => topics.includes(topic))) continue
      for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
        while (!order[turn % order.length].topics.includes(topic)) turn++
        give(assignment, order[turn++ % order.length].memberId, topic, partition)
      }
    }
    return assignment
  },
  /** For groups whose other members know nothing else. */
  'cooperative-sticky': cooperativeSticky,
} as const

export type AssignorName = keyof typeof assignors

export const isAssignor = (name: string): name is AssignorName => Object.hasOwn(assignors, name)

const sorted = (members: readonly Subscription[]): readonly Subscription[] =>
  members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))

const empty = (members: readonly Subscription[]): Assignment =>
  new Map(members.map(({ memberId }) => [memberId, new Map()]))

function give(assignment: Assignment, memberId: string, topic: string, partition: number): void {
  const topics = assignment.get(memberId) as Map<string, number[]>
  const partitions = topics.get(topic)
  if (partitions === undefined) topics.set(topic, [partition])
  else partitions.push(partition)
}
