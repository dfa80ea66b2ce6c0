/** Where the splits of a Kafka source begin and end: what users ask for, as offsets that the brokers have. No state. */
import { zeroUuid } from '../../proto/kafka/reader.ts'
import type { SplitState } from '../../sdk/source.ts'
import { badOption } from '../errors.ts'
import { KafkaAdmin, type OffsetAsked } from './client/admin.ts'
import type { KafkaCluster } from './client/cluster.ts'
import { fetchOffsets } from './client/groups.ts'
import { kafkaConnectorErrors } from './errors.ts'

/** Offsets by partition, `topic/0`; a partition that is not named begins at its first record, and ends at its last. */
export type KafkaOffsets = Readonly<Record<string, number>>

export type KafkaStart =
  | 'earliest'
  | 'latest'
  /** What `group` has committed; the first record where it has committed nothing. */
  | 'committed'
  /** The first record that is not before this time, in epoch ms. */
  | { readonly timestamp: number | Date }
  | { readonly offsets: KafkaOffsets }

/** Where a bounded source ends: never with a record that comes later than its start. */
export type KafkaEnd = 'latest' | { readonly timestamp: number | Date } | { readonly offsets: KafkaOffsets }

/** JSON. Before a split is read its `next` is not known. */
export interface KafkaOffset {
  readonly next?: number
  /** First offset that is not read; absent: none. */
  readonly end?: number
  /** Of the topic that `next` is an offset of; absent: not known. */
  readonly topicId?: string
}

export interface KafkaSplit {
  readonly splitId: string
  readonly topic: string
  readonly partition: number
  next: number
  readonly end: number
  /** Empty: brokers do not tell. */
  readonly topicId: string
  finished: boolean
}

export const splitIdOf = (topic: string, partition: number): string => `${topic}/${partition}`

export function partsOf(splitId: string): { readonly topic: string; readonly partition: number } {
  const slash = splitId.lastIndexOf('/')
  return { topic: splitId.slice(0, slash), partition: Number(splitId.slice(slash + 1)) }
}

/** Spreads the partitions of each topic evenly over subtasks. */
export function ownerOf(splitId: string, parallelism: number): number {
  const { topic, partition } = partsOf(splitId)
  let first = 0
  for (let i = 0; i < topic.length; i++) first = (Math.imul(first, 31) + topic.charCodeAt(i)) >>> 0
  return ((first % parallelism) + partition) % parallelism
}

const timeOf = (time: number | Date): number => (typeof time === 'number' ? time : time.getTime())

export function checkStart(factory: string, start: KafkaStart, group: string | undefined): void {
  if (start === 'earliest' || start === 'latest') return
  if (start === 'committed') {
    if (group === undefined) throw badOption(factory, 'group', undefined, 'the group whose offsets are meant')
    return
  }
  checkPlace(factory, 'start', start, 'earliest, latest, committed, { timestamp } or { offsets }')
}

export function checkEnd(factory: string, end: KafkaEnd | undefined): void {
  if (end === undefined || end === 'latest') return
  checkPlace(factory, 'end', end, 'latest, { timestamp } or { offsets }')
}

function checkPlace(factory: string, option: string, place: object, expected: string): void {
  const { timestamp, offsets } = place as { timestamp?: number | Date; offsets?: KafkaOffsets }
  if (timestamp !== undefined && Number.isFinite(timeOf(timestamp))) return
  const isMap = typeof offsets === 'object' && offsets !== null
  if (isMap && Object.values(offsets).every((each) => Number.isSafeInteger(each) && each >= 0)) return
  throw badOption(factory, option, JSON.stringify(place), expected)
}

/** The id that brokers gave the topic when it was made; empty where they tell none, or do not know it now. */
export function idOf(cluster: KafkaCluster, topic: string): string {
  const id = cluster.topic(topic)?.topicId ?? zeroUuid
  return id === zeroUuid ? '' : id
}

export interface Placing {
  readonly start: KafkaStart
  readonly end: KafkaEnd | undefined
  readonly group: string | undefined
  readonly readCommitted: boolean
}

/** Splits with the offsets at which they begin and end. Those that have offsets already keep them. */
export async function placeSplits(
  cluster: KafkaCluster,
  splits: readonly SplitState[],
  { start, end, group, readCommitted }: Placing,
): Promise<KafkaSplit[]> {
  const admin = new KafkaAdmin(cluster)
  const ask = async (parts: readonly SplitState[], at: OffsetAsked): Promise<Map<string, number>> => {
    if (parts.length === 0) return new Map()
    const asked = parts.map(({ splitId }) => ({ ...partsOf(splitId), at }))
    const found = await admin.listOffsets(asked, readCommitted)
    return new Map(found.map(({ topic, partition, offset }) => [splitIdOf(topic, partition), offset]))
  }
  const placed = async (
    parts: readonly SplitState[],
    place: KafkaStart | KafkaEnd,
    otherwise: 'earliest' | 'latest',
  ): Promise<Map<string, number>> => {
    if (place === 'earliest' || place === 'latest') return ask(parts, place)
    let known: Map<string, number>
    if (place === 'committed') {
      const committed =
        parts.length === 0
          ? []
          : await fetchOffsets(
              cluster,
              group ?? '',
              parts.map(({ splitId }) => partsOf(splitId)),
              true,
            )
      known = new Map(committed.map((each) => [splitIdOf(each.topic, each.partition), each.offset]))
    } else if ('offsets' in place) known = new Map(Object.entries(place.offsets))
    else known = await ask(parts, timeOf(place.timestamp))
    const missing = parts.filter(({ splitId }) => (known.get(splitId) ?? -1) < 0)
    // No record is that late: the next one that comes is the first.
    const instead = typeof place === 'object' && 'timestamp' in place ? 'latest' : otherwise
    for (const [splitId, offset] of await ask(missing, instead)) known.set(splitId, offset)
    return known
  }
  const fresh = splits.filter(({ offset }) => (offset as KafkaOffset).next === undefined)
  const starts = await placed(fresh, start, 'earliest')
  const ends = end === undefined ? undefined : await placed(fresh, end, 'latest')
  await cluster.refresh([...new Set(splits.map(({ splitId }) => partsOf(splitId).topic))])
  return splits.map(({ splitId, offset, finished }) => {
    const known = offset as KafkaOffset
    const { topic, partition } = partsOf(splitId)
    const topicId = idOf(cluster, topic)
    if (known.topicId !== undefined && topicId !== '' && known.topicId !== topicId && finished !== true)
      throw kafkaConnectorErrors.create('OTHER_TOPIC', { where: `topic ${topic}, partition ${partition}` })
    const next = known.next ?? starts.get(splitId) ?? 0
    const last =
      known.next === undefined
        ? (ends?.get(splitId) ?? Number.POSITIVE_INFINITY)
        : (known.end ?? Number.POSITIVE_INFINITY)
    return { splitId, topic, partition, next, end: last, topicId, finished: finished === true || next >= last }
  })
}
