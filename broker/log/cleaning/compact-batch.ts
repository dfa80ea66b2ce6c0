/**
 * What compaction leaves of one batch. Kept: of each key the last record, tombstones until their time has come, markers until the data
 * of their transaction is gone and their time has come, and the last batch of a live producer, if only as a header. Data of aborted
 * transactions goes. Offsets never change.
 *
 * The time of a tombstone or marker begins at the compaction that first sees it; it stands in the batch itself.
 */
import { BatchEncoder, codecNames, RecordTable, readBatchHeader } from '../../../proto/kafka/records/index.ts'
import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  batchBytesOf,
  controlBit,
  deleteHorizonBit,
  lastOffsetOf,
  producerIdOf,
  transactionalBit,
} from '../batch-fields.ts'
import type { AbortedEntry } from '../indexes/transaction-index.ts'
import { copyRecord } from '../open-batch.ts'
import type { OffsetMap } from './offset-map.ts'

const openedBytesMax = 256 * 1024 * 1024

/** Which transactions were aborted, and which have data left: followed from the start of the log on. */
export class CompactedTransactions {
  readonly #aborted = new Map<number, AbortedEntry[]>()
  /** Producers whose transaction, up to here, has records that stay. */
  readonly #withData = new Set<number>()

  constructor(aborted: readonly AbortedEntry[]) {
    for (const entry of aborted) {
      const list = this.#aborted.get(entry.producerId)
      if (list === undefined) this.#aborted.set(entry.producerId, [entry])
      else list.push(entry)
    }
  }

  isAborted(producerId: number, offset: number): boolean {
    const list = this.#aborted.get(producerId)
    return list?.some((entry) => entry.firstOffset <= offset && offset < entry.lastOffset) ?? false
  }

  dataStays(producerId: number): void {
    this.#withData.add(producerId)
  }

  /** At a marker: does its transaction have data left? */
  end(producerId: number): boolean {
    return this.#withData.delete(producerId)
  }
}

export interface CompactionRules {
  readonly nowMs: number
  readonly deleteRetentionMs: number
  /** Whether a batch with this last offset must stay as a header at least. */
  readonly mustStay: (producerId: number, lastOffset: number) => boolean
}

const table = new RecordTable()
const encoder = new BatchEncoder()

/** The batch that takes the place of the one at `at`: the same bytes, a smaller one, or undefined. */
export function compactBatch(
  buffer: Buffer,
  at: number,
  map: OffsetMap,
  transactions: CompactedTransactions,
  rules: CompactionRules,
): Buffer | undefined {
  const batch = buffer.subarray(at, at + batchBytesOf(buffer, at))
  const attributes = attributesOf(batch, 0)
  const producerId = producerIdOf(batch, 0)
  const horizon = (attributes & deleteHorizonBit) === 0 ? -1 : baseTimestampOf(batch, 0)
  if ((attributes & controlBit) !== 0) {
    if (transactions.end(producerId)) return batch
    if (horizon < 0) return rewritten(batch, all, rules.nowMs + rules.deleteRetentionMs)
    return horizon > rules.nowMs ? batch : kept(batch, producerId, rules)
  }
  const transactional = (attributes & transactionalBit) !== 0
  if (transactional && transactions.isAborted(producerId, baseOffsetOf(batch, 0))) return kept(batch, producerId, rules)
  table.read(batch, readBatchHeader(batch), 0, openedBytesMax)
  let count = 0
  let tombstones = 0
  const stays = new Uint8Array(table.count)
  for (let i = 0; i < table.count; i++) {
    if (table.keyLength[i] < 0) continue
    const last = map.get(table.bytes, table.keyAt[i], table.keyLength[i])
    if (table.baseOffset + table.offsetDelta[i] < last) continue
    if (table.valueLength[i] < 0) {
      if (horizon >= 0 && horizon <= rules.nowMs) continue
      tombstones++
    }
    stays[i] = 1
    count++
  }
  if (count === 0) return kept(batch, producerId, rules)
  if (transactional) transactions.dataStays(producerId)
  const newHorizon = tombstones > 0 && horizon < 0 ? rules.nowMs + rules.deleteRetentionMs : -1
  if (count === table.count && newHorizon < 0) return batch
  return rewritten(batch, (i) => stays[i] === 1, newHorizon)
}

const all = (): boolean => true
const none = (): boolean => false

/** Nothing of the batch, or its header when somebody needs it. */
function kept(batch: Buffer, producerId: number, rules: CompactionRules): Buffer | undefined {
  return rules.mustStay(producerId, lastOffsetOf(batch, 0)) ? rewritten(batch, none, -1) : undefined
}

/** `horizon` -1: as it was. */
function rewritten(batch: Buffer, stays: (index: number) => boolean, horizon: number): Buffer {
  const header = readBatchHeader(batch)
  table.read(batch, header, 0, openedBytesMax)
  encoder.begin(horizon >= 0 ? horizon : header.baseTimestamp)
  for (let i = 0; i < table.count; i++) if (stays(i)) copyRecord(encoder, table, i)
  return encoder.finish({
    // An empty batch has nothing to compress.
    codec: encoder.count === 0 ? 'none' : (header.codec ?? codecNames[0]),
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    baseOffset: header.baseOffset,
    leaderEpoch: header.leaderEpoch,
    lastOffsetDelta: header.lastOffsetDelta,
    transactional: header.isTransactional,
    control: header.isControl,
    deleteHorizon: horizon >= 0 || header.hasDeleteHorizon,
    ...(header.timestampType === 'append' ? { appendTimeMs: header.maxTimestamp } : {}),
  })
}
