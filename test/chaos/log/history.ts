/**
 * What clients did to a log and saw of it: the whole of what the checker judges. Every record that was ever tried to be written has a
 * value of its own, a whole number; a partition is named `topic/number`.
 *
 * Plain data; whoever collects it appends.
 */

export interface Send {
  readonly value: number
  readonly partition: string
  readonly producer: string
  /** Place in what this producer sent to this partition, one after the other; of two with an answer the lower stands before. */
  readonly order: number
  readonly key?: string
  readonly transaction?: string
  /** The value in the input that this one is the copy of. */
  readonly source?: number
  /** `failed`: surely not written. */
  readonly outcome: 'ok' | 'failed' | 'unknown'
  /** As the answer said. */
  readonly offset?: number
}

export interface Transaction {
  readonly id: string
  readonly outcome: 'committed' | 'aborted' | 'unknown'
  /** Values that it read. */
  readonly reads: readonly number[]
}

export interface Seen {
  readonly offset: number
  readonly value: number
}

/** Records that a consumer was given, in order. */
export interface Poll {
  readonly consumer: string
  /** Changes whenever the consumer may begin somewhere else: another assignment, a reset, a new life. */
  readonly epoch: number
  readonly group?: string
  readonly partition: string
  readonly committedOnly: boolean
  readonly records: readonly Seen[]
}

/** A commit of a group's offset that was acknowledged; `at` places it before or after others. */
export interface OffsetCommit {
  readonly group: string
  readonly partition: string
  readonly offset: number
  /** When the answer was there. */
  readonly at: number
}

export interface OffsetRead {
  readonly group: string
  readonly partition: string
  /** -1 when the group has none. */
  readonly offset: number
  /** When the question was asked. */
  readonly at: number
}

/** What stands in a partition when everything has come to rest. */
export interface FinalLog {
  readonly partition: string
  readonly compacted: boolean
  /** What readers of committed records are given. */
  readonly committed: readonly Seen[]
  /** Everything, aborted records too. */
  readonly all: readonly Seen[]
}

/** Where a job that copies a partition has come to: everything below has been copied, once. */
export interface CopyProgress {
  readonly partition: string
  readonly offset: number
}

export interface History {
  readonly sends: readonly Send[]
  readonly transactions: readonly Transaction[]
  readonly polls: readonly Poll[]
  readonly offsetCommits: readonly OffsetCommit[]
  readonly offsetReads: readonly OffsetRead[]
  readonly final: readonly FinalLog[]
  readonly copies: readonly CopyProgress[]
  /** Groups that have read everything, at least once. */
  readonly caughtUp: readonly { readonly group: string; readonly partitions: readonly string[] }[]
}

export function emptyHistory(): {
  -readonly [K in keyof History]: History[K] extends readonly (infer T)[] ? T[] : never
} {
  return {
    sends: [],
    transactions: [],
    polls: [],
    offsetCommits: [],
    offsetReads: [],
    final: [],
    copies: [],
    caughtUp: [],
  }
}
