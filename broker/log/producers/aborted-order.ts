/**
 * The order in which a read lists aborted transactions: as their first batches come within the range that is returned.
 * The protocol promises none, and clients that sort for themselves get the same out of any. kafkajs takes the list as it comes,
 * one transaction with each record: in the order of first offsets, the first records of a transaction are seen where others
 * before it began below the range, and what a producer commits later is dropped where its abort is taken up behind its marker.
 *
 * Pure; reads headers only, and those only where two aborted transactions or more overlap the range.
 */
import { batchBytesOf, batchHeaderBytes, lastOffsetOf, producerIdOf, recordCountOf } from '../batch-fields.ts'
import type { AbortedTransaction } from '../partition-log.ts'

/** `aborted` by first offset; `buffers` hold whole batches. Those that have no records from `from` on come last. */
export function inOrderOfBatches(
  aborted: readonly AbortedTransaction[],
  buffers: readonly Buffer[],
  from: number,
): readonly AbortedTransaction[] {
  if (aborted.length < 2) return aborted
  const left = new Map<number, AbortedTransaction[]>()
  for (const each of aborted) {
    const same = left.get(each.producerId)
    if (same === undefined) left.set(each.producerId, [each])
    else same.push(each)
  }
  const ordered: AbortedTransaction[] = []
  for (const buffer of buffers) {
    for (let at = 0; at + batchHeaderBytes <= buffer.length; at += batchBytesOf(buffer, at)) {
      const next = left.get(producerIdOf(buffer, at))?.[0]
      // Compaction leaves batches without records. A marker is a record: the list must be there by then.
      if (next === undefined || recordCountOf(buffer, at) === 0) continue
      const lastOffset = lastOffsetOf(buffer, at)
      if (lastOffset < from || lastOffset < next.firstOffset) continue
      ordered.push(next)
      left.get(next.producerId)?.shift()
      if (ordered.length === aborted.length) return ordered
    }
  }
  return [...ordered, ...[...left.values()].flat()]
}
