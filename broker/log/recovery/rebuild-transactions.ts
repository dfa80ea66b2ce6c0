/**
 * The lists of aborted transactions of a log, and what is known of its producers, made anew from its batches: read from the start of the
 * log, since a transaction may have begun in any segment. Stops at a batch that is not whole.
 *
 * Needs the log to itself.
 */
import { crc32c } from '../../../core/bytes/crc32c.ts'
import { batchBytesOf, batchHeaderBytes, checksumOf, checksumStart, lastOffsetOf, magicOf } from '../batch-fields.ts'
import { TransactionIndex } from '../indexes/transaction-index.ts'
import { followProducer } from '../producers/follow-producer.ts'
import { ProducerStates } from '../producers/producer-state.ts'
import { Segment, type SegmentHost } from '../segment.ts'

const pieceBytes = 1024 * 1024

/** Gives the `damaged` ones of `segments` new lists; the next checkpoint writes them. Throws the system's error. */
export async function rebuildTransactions(
  host: SegmentHost,
  directory: string,
  segments: readonly Segment[],
  damaged: ReadonlySet<Segment>,
): Promise<void> {
  const states = new ProducerStates()
  let left = damaged.size
  for (const segment of segments) {
    if (left === 0) return
    const index = await followSegment(host, directory, segment, states, { end: Number.POSITIVE_INFINITY, nowMs: 0 })
    if (!damaged.has(segment)) continue
    segment.replaceTransactions(index)
    left--
  }
}

/** What the batches of a segment below `end` say of aborted transactions, `states` following. Throws the system's error. */
export async function followSegment(
  host: SegmentHost,
  directory: string,
  segment: Segment,
  states: ProducerStates,
  { end, nowMs }: { readonly end: number; readonly nowMs: number },
): Promise<TransactionIndex> {
  const scratch = new Segment(directory, segment.baseOffset, segment.sizeBytes, true, 0)
  const index = new TransactionIndex()
  scratch.adoptTransactions(index, false)
  const file = host.files.pin(segment.file)
  try {
    let piece = Buffer.alloc(0)
    let pieceAt = 0
    for (let at = 0; at + batchHeaderBytes <= segment.sizeBytes; ) {
      let size = at - pieceAt + batchHeaderBytes <= piece.length ? batchBytesOf(piece, at - pieceAt) : 0
      if (at - pieceAt + Math.max(size, batchHeaderBytes) > piece.length) {
        const wanted = Math.min(segment.sizeBytes - at, Math.max(pieceBytes, size))
        piece = Buffer.allocUnsafe(wanted)
        piece = piece.subarray(0, await host.disk.readAtAsync(file, piece, 0, wanted, at))
        pieceAt = at
        if (piece.length < batchHeaderBytes) break
        size = batchBytesOf(piece, 0)
        if (size > piece.length && at + size <= segment.sizeBytes && piece.length === wanted) continue
      }
      const place = at - pieceAt
      if (!isWhole(piece, place, size) || lastOffsetOf(piece, place) >= end) break
      followProducer(host, states, scratch, piece, place, nowMs)
      at += size
    }
  } finally {
    host.files.unpin(segment.file)
  }
  return index
}

function isWhole(bytes: Buffer, at: number, size: number): boolean {
  if (size < batchHeaderBytes || at + size > bytes.length || magicOf(bytes, at) !== 2) return false
  return checksumOf(bytes, at) === crc32c(bytes.subarray(at + checksumStart, at + size))
}
