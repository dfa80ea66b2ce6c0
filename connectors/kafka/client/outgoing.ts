/**
 * What a producer has for one partition: the batch that still grows, batches that are full, the one that is on its way.
 * Sequence numbers are given when a batch is closed, in the order in which batches leave. Pure, but for its own state.
 */
import { BatchEncoder, type CodecName, sequenceAfter } from '../../../proto/kafka/records/index.ts'
import type { ProducerIdentity } from './transactions.ts'

/** A closed batch. Its bytes do not change any more, however often it is sent. */
export interface Outgoing {
  readonly from: OutgoingPartition
  readonly bytes: Buffer
  /** Before compression: what it counts in the buffer. */
  readonly plainBytes: number
  readonly records: number
  attempts: number
  /** Monotonic. */
  firstSentMs: number
}

/** A record's numbers and lengths. */
const recordOverheadBytes = 32

export class OutgoingPartition {
  readonly topic: string
  readonly partition: number
  readonly #batchBytes: number
  readonly #codec: CodecName
  readonly #transactional: boolean
  readonly #encoder = new BatchEncoder()
  readonly #closed: Outgoing[] = []
  #sequence = 0
  /** Records so far, and those of them that have arrived: in their order. */
  appended = 0
  arrived = 0
  /** Whether the coordinator knows that the transaction writes here. */
  inTransaction = false
  onItsWay: Outgoing | undefined

  constructor(topic: string, partition: number, batchBytes: number, codec: CodecName, transactional: boolean) {
    this.topic = topic
    this.partition = partition
    this.#batchBytes = batchBytes
    this.#codec = codec
    this.#transactional = transactional
    this.#encoder.begin()
  }

  /** Bytes of the batch that grows; 0 when it has no record. */
  get openBytes(): number {
    return this.#encoder.count === 0 ? 0 : this.#encoder.sizeBytes
  }

  /** Of what `send` would give, before compression. */
  get nextBytes(): number {
    return this.#closed[0]?.bytes.length ?? this.openBytes
  }

  get hasMore(): boolean {
    return this.#closed.length > 0 || this.#encoder.count > 0
  }

  /** Appends; returns whether the batch before had to be closed for it. */
  append(
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly { readonly key: string; readonly value: Buffer | null }[] | undefined,
    identity: ProducerIdentity | undefined,
  ): boolean {
    const size = (key?.length ?? 0) + (value?.length ?? 0) + recordOverheadBytes
    const full = this.#encoder.count > 0 && this.#encoder.sizeBytes + size > this.#batchBytes
    if (full) this.#close(identity)
    this.#encoder.append(timestamp, key, value, headers)
    this.appended++
    return full
  }

  /** The next batch, which is on its way from now on. There must be one. */
  send(identity: ProducerIdentity | undefined, nowMs: number): Outgoing {
    if (this.#closed.length === 0) this.#close(identity)
    const batch = this.#closed.shift() as Outgoing
    if (batch.attempts === 0) batch.firstSentMs = nowMs
    batch.attempts++
    this.onItsWay = batch
    return batch
  }

  /** The producer has another epoch from here on, and nothing of the one before is left: sequences begin anew. */
  newEpoch(): void {
    this.#sequence = 0
  }

  /** The batch that was on its way has arrived. */
  settle({ records }: Outgoing): void {
    this.onItsWay = undefined
    this.arrived += records
  }

  /** The batch that was on its way is the next one again. */
  putBack(batch: Outgoing): void {
    this.onItsWay = undefined
    this.#closed.unshift(batch)
  }

  #close(identity: ProducerIdentity | undefined): void {
    const { count, sizeBytes } = this.#encoder
    const bytes = this.#encoder.finish({
      codec: this.#codec,
      transactional: this.#transactional,
      ...(identity === undefined
        ? {}
        : { producerId: identity.producerId, producerEpoch: identity.producerEpoch, baseSequence: this.#sequence }),
    })
    this.#sequence = sequenceAfter(this.#sequence, count)
    this.#closed.push({ from: this, bytes, plainBytes: sizeBytes, records: count, attempts: 0, firstSentMs: 0 })
  }
}
