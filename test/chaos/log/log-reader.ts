/** Reads partitions as the protocol says a consumer does, without a library in between: for what must be seen exactly. */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import {
  batchSizeAt,
  readBatchHeader,
  readControlRecord,
  readRecords,
  verifyBatch,
} from '../../../proto/kafka/records/index.ts'
import { fetchOf, WireClient } from '../../support/wire-client.ts'
import type { FinalLog, Seen } from './history.ts'
import { type Load, partitionNumber, topicOf, within } from './load.ts'

export interface Fetched {
  readonly records: readonly Seen[]
  /** Where to go on. */
  readonly nextOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
}

const fetchVersion = 11

/** One Fetch. Rejects when the broker goes away or refuses. */
export async function fetch(
  client: WireClient,
  partition: string,
  offset: number,
  committedOnly: boolean,
  maxWaitMs = 100,
): Promise<Fetched> {
  const wanted = [{ topic: topicOf(partition), partition: partitionNumber(partition), offset, maxBytes: 256 * 1024 }]
  const request = fetchOf(wanted, { isolationLevel: committedOnly ? 1 : 0, maxWaitMs })
  const response = await within(5000 + maxWaitMs, client.call('Fetch', fetchVersion, request))
  const data = response.responses[0]?.partitions[0]
  if (data === undefined) throw new Error(`no answer about ${partition}`)
  if (data.errorCode !== kafkaError.NONE) throw new Error(`${partition}@${offset}: error ${data.errorCode}`)
  const bytes = data.records === null ? Buffer.alloc(0) : Buffer.concat([data.records].flat())
  const aborted = (data.abortedTransactions ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset)
  const { records, nextOffset } = recordsOf(bytes, offset, committedOnly ? aborted : [])
  return { records, nextOffset, highWatermark: data.highWatermark, lastStableOffset: data.lastStableOffset }
}

function recordsOf(
  bytes: Buffer,
  from: number,
  aborted: readonly { readonly producerId: number; readonly firstOffset: number }[],
): { records: Seen[]; nextOffset: number } {
  const records: Seen[] = []
  const hidden = new Set<number>()
  let nextOffset = from
  let known = 0
  for (let at = 0; at + 12 <= bytes.length; ) {
    const size = batchSizeAt(bytes, at)
    if (at + size > bytes.length) break
    const batch = bytes.subarray(at, at + size)
    const problem = verifyBatch(batch)
    if (problem !== undefined) throw new Error(`a damaged batch was given: ${JSON.stringify(problem)}`)
    const header = readBatchHeader(batch)
    for (; known < aborted.length; known++) {
      const next = aborted[known]
      if (next === undefined || next.firstOffset > header.lastOffset) break
      hidden.add(next.producerId)
    }
    if (header.isControl) {
      if (readControlRecord(batch, header)?.kind === 'abort') hidden.delete(header.producerId)
    } else if (!header.isTransactional || !hidden.has(header.producerId)) {
      for (const { offset, value } of readRecords(batch, header)) {
        if (offset >= from) records.push({ offset, value: Number(value) })
      }
    }
    nextOffset = Math.max(nextOffset, header.lastOffset + 1)
    at += size
  }
  return { records, nextOffset }
}

/** Follows a partition from its begin to the end of the run, over all kills, and never begins anew. */
export async function follow(load: Load, consumer: string, partition: string, committedOnly: boolean): Promise<void> {
  let offset = 0
  while (!load.readersStop) {
    const client = new WireClient(load.address)
    try {
      while (!load.readersStop) {
        const { records, nextOffset } = await fetch(client, partition, offset, committedOnly, 250)
        if (records.length > 0) load.history.polls.push({ consumer, epoch: 0, partition, committedOnly, records })
        offset = nextOffset
      }
    } catch (error) {
      load.failed('follower', error)
      await load.pause(100)
    }
    client.close()
  }
}

/** Waits until no transaction is open in any of the partitions. Rejects after a while. */
export async function settled(address: string, partitions: readonly string[], withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  const client = new WireClient(address)
  try {
    for (const partition of partitions) {
      for (;;) {
        const { highWatermark, lastStableOffset } = await fetch(client, partition, 0, false, 0)
        if (highWatermark === lastStableOffset) break
        if (performance.now() > deadline) {
          throw new Error(
            `${partition} has an open transaction at ${lastStableOffset} for ever, its end is ${highWatermark}`,
          )
        }
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  } finally {
    client.close()
  }
}

export async function readWhole(address: string, partition: string, compacted: boolean): Promise<FinalLog> {
  const client = new WireClient(address)
  const read = async (committedOnly: boolean): Promise<Seen[]> => {
    const found: Seen[] = []
    for (let offset = 0; ; ) {
      const { records, nextOffset, highWatermark } = await fetch(client, partition, offset, committedOnly, 0)
      found.push(...records)
      if (nextOffset >= highWatermark) return found
      if (nextOffset === offset) throw new Error(`${partition} cannot be read at ${offset} (end ${highWatermark})`)
      offset = nextOffset
    }
  }
  try {
    return { partition, compacted, committed: await read(true), all: await read(false) }
  } finally {
    client.close()
  }
}
