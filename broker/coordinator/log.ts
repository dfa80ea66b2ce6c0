/**
 * What a coordinator needs of the partition that keeps its state, and where it finds that partition. `PartitionLog`
 * of broker/log is one; tests have one in memory. A partition that nobody wrote to has no files: the first append makes
 * them, so that fifty empty partitions cost nothing.
 */
import type { PartitionLog } from '../log/partition-log.ts'

/** The part of a partition that a coordinator uses. */
export type CoordinatorLog = Pick<
  PartitionLog,
  | 'leaderEpoch'
  | 'logStartOffset'
  | 'highWatermark'
  | 'logEndOffset'
  | 'append'
  | 'onCommitted'
  | 'read'
  | 'writeMarker'
>

/** Finds one partition of an internal topic. */
export interface CoordinatorLogSource {
  /** The partition if it was ever written to. */
  existing(): CoordinatorLog | undefined
  /** The partition, made when it is not there. Undefined when it cannot be made (no space, no permission). */
  create(): CoordinatorLog | undefined
}

/** A record of a coordinator: its state is what a replay of them gives. Null as value takes the key back. */
export interface CoordinatorRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** A record as replay sees it. */
export interface ReplayedRecord extends CoordinatorRecord {
  /** Epoch ms. */
  readonly timestampMs: number
  readonly offset: number
  /** -1 when no producer wrote it. */
  readonly producerId: number
  readonly producerEpoch: number
  /** Counts only once a commit marker of this producer follows. */
  readonly isTransactional: boolean
}

/** The end of a transaction in a partition. */
export type MarkerKind = 'commit' | 'abort'

/** Deterministic state over one partition: the same records give the same state. Neither reads a clock nor writes. */
export interface CoordinatorMachine {
  replay(record: ReplayedRecord): void
  replayMarker(producerId: number, producerEpoch: number, kind: MarkerKind): void
}

/** Partition of `key` among `partitionCount`, as Kafka has it: Java's hash of the string, made positive. */
export function coordinatorPartition(key: string, partitionCount: number): number {
  let hash = 0
  for (let index = 0; index < key.length; index++) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) | 0
  return (hash & 0x7fff_ffff) % partitionCount
}
