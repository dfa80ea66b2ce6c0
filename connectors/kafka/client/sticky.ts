/**
 * The strategy that leaves partitions where they are (`cooperative-sticky`): nobody has two more than another who wants the same, and
 * as few as possible change hands. What somebody still says to have goes to nobody else in this generation: whoever sees that it is
 * missing from its part gives it up and joins again, and the next generation gives it away. Pure.
 */
import type { Assignment, Subscription } from './assignment.ts'

interface Share {
  readonly subscription: Subscription
  /** Topic and partition. */
  readonly own: Set<string>
}

const keyOf = (topic: string, partition: number): string => `${partition} ${topic}`

export function cooperativeSticky(
  members: readonly Subscription[],
  partitions: ReadonlyMap<string, number>,
): Assignment {
  const shares: Share[] = members
    .toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
    .map((subscription) => ({ subscription, own: new Set() }))
  const claims = claimsOf(shares)
  const all = [...partitions.keys()].sort().flatMap((topic) => {
    const readers = shares.filter(({ subscription }) => subscription.topics.includes(topic))
    const numbers = readers.length === 0 ? [] : Array.from({ length: partitions.get(topic) ?? 0 }, (_, each) => each)
    return numbers.map((partition) => ({ topic, partition, key: keyOf(topic, partition), readers }))
  })
  const owners = new Map<string, Share>()
  for (const { key, readers } of all) {
    const [claimant, second] = claims.get(key) ?? []
    if (claimant === undefined || second !== undefined || !readers.includes(claimant)) continue
    owners.set(key, claimant)
    claimant.own.add(key)
  }
  for (const { key, readers } of all) {
    if (owners.has(key)) continue
    const owner = least(readers)
    owners.set(key, owner)
    owner.own.add(key)
  }
  // Each move makes shares more alike, so it ends.
  for (let moved = true; moved; ) {
    moved = false
    for (const { key, readers } of all) {
      const from = owners.get(key) as Share
      const to = least(readers)
      if (to.own.size + 1 >= from.own.size) continue
      from.own.delete(key)
      to.own.add(key)
      owners.set(key, to)
      moved = true
    }
  }
  const assignment: Assignment = new Map(shares.map(({ subscription }) => [subscription.memberId, new Map()]))
  for (const { topic, partition, key } of all) {
    const owner = owners.get(key) as Share
    if (claims.get(key)?.some((claimant) => claimant !== owner)) continue
    const topics = assignment.get(owner.subscription.memberId) as Map<string, number[]>
    topics.set(topic, [...(topics.get(topic) ?? []), partition])
  }
  return assignment
}

/** Who says to have what. */
function claimsOf(shares: readonly Share[]): Map<string, Share[]> {
  const claims = new Map<string, Share[]>()
  for (const share of shares) {
    for (const { topic, partitions } of share.subscription.owned ?? []) {
      for (const partition of new Set(partitions)) {
        const key = keyOf(topic, partition)
        claims.set(key, [...(claims.get(key) ?? []), share])
      }
    }
  }
  return claims
}

const least = (shares: readonly Share[]): Share =>
  shares.reduce((best, each) => (each.own.size < best.own.size ? each : best))
