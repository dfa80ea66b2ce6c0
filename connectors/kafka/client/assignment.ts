/** What members of a consumer group ask for, and what they get. */

/** A member and the topics that it wants. */
export interface Subscription {
  readonly memberId: string
  readonly topics: readonly string[]
  /** What it has while it joins; those that give everything back before have nothing. */
  readonly owned?: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

/** Partitions by topic, by member. */
export type Assignment = Map<string, Map<string, number[]>>
