/**
 * Looking at the files beside a segment from outside: its indexes, its list of aborted transactions, what was known of producers. Reads
 * only; synchronous, for a command line.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { OffsetIndex } from '../indexes/offset-index.ts'
import { TimeIndex } from '../indexes/time-index.ts'
import { TransactionIndex, transactionEntryBytes } from '../indexes/transaction-index.ts'
import { decodeProducerSnapshot } from '../producers/producer-snapshot.ts'

/** An entry: numbers by name, times in epoch ms under `timestamp`. */
export type IndexEntry = Readonly<Record<string, number>>

export interface DumpedIndex {
  readonly entries: readonly IndexEntry[]
  /** What is wrong with the file; `entries` are those that can be read all the same. */
  readonly problem: string | undefined
}

const outOfOrder = 'its entries do not ascend, lie beyond the segment, or are not whole'

/** The entries of a file named `<offset>.index`, `.timeindex`, `.txnindex` or `.snapshot`; undefined for any other. Throws the system's error. */
export function dumpIndex(disk: Disk, path: string): DumpedIndex | undefined {
  const [, start, kind] = /(?:^|\/)(\d{20})\.(index|timeindex|txnindex|snapshot)$/.exec(path) ?? []
  if (start === undefined) return undefined
  const bytes = Buffer.from(disk.read(path))
  switch (kind) {
    case 'index':
      return offsets(
        bytes,
        Number(start),
        disk.stat(path.replace(/index$/, 'log'))?.sizeBytes ?? Number.POSITIVE_INFINITY,
      )
    case 'timeindex':
      return times(bytes, Number(start))
    case 'txnindex':
      return aborted(bytes)
    default:
      return producers(bytes)
  }
}

function offsets(bytes: Buffer, base: number, logBytes: number): DumpedIndex {
  const index = OffsetIndex.decode(bytes, logBytes)
  return listed(index, (found, i) => ({ offset: base + found.relativeOffsetAt(i), position: found.positionAt(i) }))
}

function times(bytes: Buffer, base: number): DumpedIndex {
  const index = TimeIndex.decode(bytes)
  return listed(index, (found, i) => ({ timestamp: found.timestampAt(i), offset: base + found.relativeOffsetAt(i) }))
}

function listed<I extends { readonly length: number }>(
  index: I | undefined,
  entry: (index: I, at: number) => IndexEntry,
): DumpedIndex {
  if (index === undefined) return { entries: [], problem: outOfOrder }
  return { entries: Array.from({ length: index.length }, (_, at) => entry(index, at)), problem: undefined }
}

function aborted(bytes: Buffer): DumpedIndex {
  const { entries, length } = TransactionIndex.decodeWhole(bytes)
  const isWhole = length * transactionEntryBytes === bytes.length
  return { entries: entries.map((each) => ({ ...each })), problem: isWhole ? undefined : outOfOrder }
}

function producers(bytes: Buffer): DumpedIndex {
  const states = decodeProducerSnapshot(bytes)
  if (states === undefined) return { entries: [], problem: 'its checksum does not match its bytes' }
  const entries = [...states.values()].map((each) => ({
    producerId: each.producerId,
    epoch: each.epoch,
    lastSequence: each.window.at(-1)?.lastSequence ?? -1,
    lastOffset: each.window.at(-1)?.lastOffset ?? -1,
    timestamp: each.lastTimestamp,
    coordinatorEpoch: each.coordinatorEpoch,
    transactionStart: each.transactionStart,
    batches: each.window.length,
  }))
  return { entries, problem: undefined }
}
