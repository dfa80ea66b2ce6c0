/**
 * What a topic holds of committed transactions, told by the markers in the log alone: every record is read, and counts when the
 * next marker of its producer is a commit. Neither the broker's list of aborted transactions nor a client's use of it takes
 * part, so that what they do wrong is not put down to the job.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { batchSizeAt, readBatchHeader, readControlRecord, readRecords } from '../../proto/kafka/records/index.ts'
import { fetchOf, WireClient } from '../support/wire-client.ts'

export interface Row {
  readonly offset: number
  readonly value: string
}

/** One partition, in batches from its begin. */
export class CommittedRows {
  readonly rows: Row[] = []
  nextOffset = 0
  readonly #open = new Map<number, Row[]>()

  /** Whole batches, and perhaps a part of one, which comes again. */
  add(bytes: Buffer): void {
    for (let at = 0; at + 12 <= bytes.length; ) {
      const size = batchSizeAt(bytes, at)
      if (at + size > bytes.length) return
      this.#add(bytes.subarray(at, at + size))
      at += size
    }
  }

  #add(batch: Buffer): void {
    const header = readBatchHeader(batch)
    if (header.lastOffset < this.nextOffset) return
    this.nextOffset = header.lastOffset + 1
    const { producerId } = header
    if (header.isControl) {
      if (readControlRecord(batch, header)?.kind === 'commit') this.rows.push(...(this.#open.get(producerId) ?? []))
      this.#open.delete(producerId)
      return
    }
    const rows = [...readRecords(batch, header)].map(({ offset, value }) => ({ offset, value: String(value) }))
    if (!header.isTransactional) this.rows.push(...rows)
    else this.#open.set(producerId, [...(this.#open.get(producerId) ?? []), ...rows])
  }
}

/** By partition. Rejects when the broker does not answer, or refuses. */
export async function committedRows(address: string, topic: string): Promise<readonly (readonly Row[])[]> {
  const partitions: (readonly Row[])[] = []
  const client = new WireClient(address)
  try {
    for (;;) {
      const partition = partitions.length
      const found = new CommittedRows()
      for (;;) {
        const wanted = { topic, partition, offset: found.nextOffset, maxBytes: 1024 * 1024 }
        const { responses } = await client.call('Fetch', 11, fetchOf([wanted]))
        const data = responses[0]?.partitions[0]
        if (data?.errorCode === kafkaError.UNKNOWN_TOPIC_OR_PARTITION && partition > 0) return partitions
        if (data?.errorCode !== kafkaError.NONE) throw new Error(`${topic}/${partition}: error ${data?.errorCode}`)
        const before = found.nextOffset
        found.add(Buffer.concat([data.records ?? []].flat()))
        if (found.nextOffset >= data.highWatermark) break
        if (found.nextOffset === before) throw new Error(`${topic}/${partition} cannot be read at ${before}`)
      }
      partitions.push(found.rows)
    }
  } finally {
    client.close()
  }
}
