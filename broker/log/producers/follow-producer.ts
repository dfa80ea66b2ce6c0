/** What a batch that is read again does to the state of producers and to the list of aborted transactions of its segment. */
import { readBatchHeader, readControlRecord } from '../../../proto/kafka/records/index.ts'
import {
  attributesOf,
  baseOffsetOf,
  baseSequenceOf,
  batchBytesOf,
  controlBit,
  lastOffsetDeltaOf,
  lastOffsetOf,
  lastSequenceOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
  transactionalBit,
} from '../batch-fields.ts'
import type { Segment, SegmentHost } from '../segment.ts'
import { noteMarker } from './note-marker.ts'
import type { ProducerStates } from './producer-state.ts'

/** The whole batch lies at `at`; `timestamp` is when its producer was last heard of, epoch ms. */
export function followProducer(
  host: SegmentHost,
  states: ProducerStates,
  segment: Segment,
  bytes: Buffer,
  at: number,
  timestamp: number,
): void {
  const producerId = producerIdOf(bytes, at)
  if (producerId < 0) return
  const attributes = attributesOf(bytes, at)
  const producerEpoch = producerEpochOf(bytes, at)
  const base = baseOffsetOf(bytes, at)
  if ((attributes & controlBit) !== 0) {
    const batch = bytes.subarray(at, at + batchBytesOf(bytes, at))
    const control = readControlRecord(batch, readBatchHeader(batch))
    if (control === undefined) return
    const { kind, coordinatorEpoch } = control
    noteMarker(host, states, segment, { kind, producerId, producerEpoch, coordinatorEpoch, offset: base, timestamp })
    return
  }
  const first = baseSequenceOf(bytes, at)
  const lastSequence = lastSequenceOf(first, lastOffsetDeltaOf(bytes, at))
  // Compaction left the header alone: the transaction was decided long ago.
  const transactional = (attributes & transactionalBit) !== 0 && recordCountOf(bytes, at) > 0
  states.appended(
    producerId,
    producerEpoch,
    first,
    lastSequence,
    base,
    lastOffsetOf(bytes, at),
    timestamp,
    transactional,
  )
}
