/** What a transaction marker does to the state of a log: the same when it is written and when it is read again. */

import type { Segment, SegmentHost } from '../segment.ts'
import type { ProducerStates } from './producer-state.ts'

export function noteMarker(
  host: SegmentHost,
  states: ProducerStates,
  segment: Segment,
  marker: {
    readonly kind: 'commit' | 'abort'
    readonly producerId: number
    readonly producerEpoch: number
    readonly coordinatorEpoch: number
    readonly offset: number
    readonly timestamp: number
  },
): void {
  const { kind, producerId, producerEpoch, coordinatorEpoch, offset, timestamp } = marker
  const firstOffset = states.marked(producerId, producerEpoch, coordinatorEpoch, offset, timestamp)
  if (firstOffset < 0 || kind === 'commit') return
  const open = states.firstOpen()
  // Transactions that end later began at or after this offset: a search may stop here.
  const lastStableOffset = open < 0 ? offset + 1 : open
  segment.abortedForWriting(host).append({ producerId, firstOffset, lastOffset: offset, lastStableOffset })
}
