/**
 * Results for the client that waits for the job. Records of a checkpoint travel in its committables and are delivered
 * when it is complete, with a sequence number per subtask, by which a second delivery after a failure is recognised:
 * the client sees each record once. Without checkpoints they are delivered at once.
 *
 * Meant for results that fit into memory: what was collected since the last checkpoint stands in the manifest.
 */
import { decodeValue, encodeValue } from '../../core/columns/value-codec.ts'
import type { Sink, SinkContext, SinkWriter } from '../../sdk/sink.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { checkOptions } from '../errors.ts'

/** Records in one delivery. */
const deliveryRows = 1000

interface Delivery {
  /** Number of the first record among all of its subtask. */
  readonly sequence: number
  /** Base64 of the encoded records: every value comes back as it was, which JSON would not do. */
  readonly records: string
}

export function collect<T = unknown>(options: { readonly type?: TypeDef<T> } = {}): Sink<T, Delivery, number> {
  checkOptions('sink.collect', options, ['type'])
  return {
    kind: 'sink',
    name: 'collect',
    type: options.type,
    guarantee: 'exactly-once',
    createWriter: (context, restored) => new CollectWriter(context, Math.max(0, ...restored)),
    commit: (deliveries, context) => {
      for (const { sequence, records } of deliveries)
        context.deliver(sequence, decodeValue(Buffer.from(records, 'base64')) as unknown[])
    },
  }
}

class CollectWriter<T> implements SinkWriter<T, Delivery, number> {
  readonly #context: SinkContext
  #sequence: number
  #rows: T[] = []

  constructor(context: SinkContext, sequence: number) {
    this.#context = context
    this.#sequence = sequence
  }

  write(records: readonly T[]): void {
    if (!this.#context.checkpointing) {
      this.#context.deliver(this.#sequence, records.slice())
      this.#sequence += records.length
      return
    }
    for (const record of records) this.#rows.push(record)
  }

  prepareCommit(): readonly Delivery[] {
    const deliveries: Delivery[] = []
    for (let from = 0; from < this.#rows.length; from += deliveryRows) {
      const records = this.#rows.slice(from, from + deliveryRows)
      const bytes = encodeValue(records)
      deliveries.push({
        sequence: this.#sequence,
        records: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
      })
      this.#sequence += records.length
    }
    this.#rows = []
    return deliveries
  }

  snapshot(): readonly number[] {
    return [this.#sequence]
  }

  close(): void {
    this.#rows = []
  }
}
