/** Where a consumer begins in each partition, and where it ends. */
import { CommittedFilter, fetchOffsets } from '../../connectors/kafka/client/index.ts'
import type { Kafka } from './connect.ts'
import type { Place } from './when.ts'

export interface Progress {
  /** What is written next. */
  next: number
  /** Where to end; infinite with `--follow`. */
  readonly end: number
  readonly filter: CommittedFilter
}

/**
 * Without a place: where the group is, or at the first record. For a member of a group a place says where to begin where the group has
 * not committed yet.
 */
export async function places(
  { cluster, admin }: Kafka,
  topic: string,
  partitions: readonly number[],
  place: Place | undefined,
  committed: boolean,
  flags: { readonly follow?: boolean; readonly group?: string; readonly member: boolean },
): Promise<ReadonlyMap<number, Progress>> {
  const all = partitions.map((partition) => ({ topic, partition }))
  const at = async (where: 'earliest' | 'latest' | number): Promise<Map<number, number>> => {
    const found = await admin.listOffsets(
      all.map((each) => ({ ...each, at: where })),
      committed,
    )
    return new Map(found.map(({ partition, offset }) => [partition, offset]))
  }
  const [starts, ends] = await Promise.all([at('earliest'), at('latest')])
  const times = place?.kind === 'time' ? await at(place.ms) : undefined
  const kept = new Map<number, number>()
  if (flags.group !== undefined && (place === undefined || flags.member)) {
    for (const { partition, offset } of await fetchOffsets(cluster, flags.group, all)) kept.set(partition, offset)
  }
  return new Map(
    partitions.map((partition) => {
      const start = starts.get(partition) ?? 0
      const end = ends.get(partition) ?? 0
      const time = times?.get(partition) ?? -1
      const wanted =
        place === undefined || kept.has(partition)
          ? (kept.get(partition) ?? start)
          : place.kind === 'earliest'
            ? start
            : place.kind === 'latest'
              ? end
              : place.kind === 'offset'
                ? place.offset
                : place.kind === 'last'
                  ? end - place.count
                  : time < 0
                    ? end
                    : time
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
