/** Which offsets a place means, and where a consumer begins in each partition and ends. */

import { CommittedFilter, fetchOffsets } from '../../connectors/kafka/client/index.ts'
import { unreachable } from '../../core/assert.ts'
import type { Kafka } from './connect.ts'
import type { Place } from './when.ts'

export interface Progress {
  /** What is written next. */
  next: number
  /** Where to end; infinite with `--follow`. */
  readonly end: number
  readonly filter: CommittedFilter
}

/** Offsets of a partition: where it starts and ends, and what a place means there, which may lie outside of both. */
export interface PlaceOffsets {
  readonly start: number
  readonly end: number
  readonly place: number
}

/** By partition. `committed`: transactions that are open are not counted in. */
export async function offsetsOf(
  { admin }: Pick<Kafka, 'admin'>,
  topic: string,
  partitions: readonly number[],
  place: Place,
  committed = false,
): Promise<ReadonlyMap<number, PlaceOffsets>> {
  const at = async (where: 'earliest' | 'latest' | number): Promise<ReadonlyMap<number, number>> => {
    const found = await admin.listOffsets(
      partitions.map((partition) => ({ topic, partition, at: where })),
      committed,
    )
    return new Map(found.map(({ partition, offset }) => [partition, offset]))
  }
  const [starts, ends] = await Promise.all([at('earliest'), at('latest')])
  const times = place.kind === 'time' ? await at(place.ms) : undefined
  return new Map(
    partitions.map((partition) => {
      const start = starts.get(partition) ?? 0
      const end = ends.get(partition) ?? 0
      return [partition, { start, end, place: offsetOf(place, start, end, times?.get(partition) ?? -1) }]
    }),
  )
}

/** `time`: offset of the first record from the time of the place on; -1: there is none. */
function offsetOf(place: Place, start: number, end: number, time: number): number {
  switch (place.kind) {
    case 'earliest':
      return start
    case 'latest':
      return end
    case 'offset':
      return place.offset
    case 'last':
      return end - place.count
    case 'time':
      return time < 0 ? end : time
    default:
      return unreachable(place)
  }
}

/**
 * Without a place: where the group is, or at the first record. For a member of a group a place says where to begin where the group has
 * not committed yet.
 */
export async function places(
  kafka: Kafka,
  topic: string,
  partitions: readonly number[],
  place: Place | undefined,
  committed: boolean,
  flags: { readonly follow?: boolean; readonly group?: string; readonly member: boolean },
): Promise<ReadonlyMap<number, Progress>> {
  const offsets = await offsetsOf(kafka, topic, partitions, place ?? { kind: 'earliest' }, committed)
  const kept = new Map<number, number>()
  if (flags.group !== undefined && (place === undefined || flags.member)) {
    const all = partitions.map((partition) => ({ topic, partition }))
    for (const { partition, offset } of await fetchOffsets(kafka.cluster, flags.group, all)) kept.set(partition, offset)
  }
  return new Map(
    [...offsets].map(([partition, { start, end, place: meant }]) => {
      const wanted = kept.get(partition) ?? meant
      // What was deleted cannot be read, and what is not there yet is waited for only when that was meant.
      const next = Math.max(start, flags.follow === true ? Math.min(wanted, end) : wanted)
      const progress = {
        next,
        end: flags.follow === true ? Number.POSITIVE_INFINITY : end,
        filter: new CommittedFilter(),
      }
      return [partition, progress] as const
    }),
  )
}
