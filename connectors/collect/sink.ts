/**
 * Results for the client that waits for the job. Records of a checkpoint travel in its committables and are delivered
 * when it is complete, with a sequence number per subtask, by which a second delivery after a failure is recognised:
 * the client sees each record once. What was delivered and no client has taken yet stays in the state of the sink, so
 * that a JobManager that is restarted is given it again. Without checkpoints records are delivered at once.
 *
 * A sink with more than `buffer` that nobody has taken stops its input until somebody reads. Checkpoints wait behind
 * records then, as with every slow sink. What was collected since the last checkpoint stands in its manifest: meant for
 * results that fit into memory.
 */
import { decodeValue, encodeValue } from '../../core/columns/value-codec.ts'
import { parseSize } from '../../core/config/index.ts'
import type { Sink, SinkContext, SinkWriter } from '../../sdk/sink.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption, checkOptions } from '../errors.ts'

export interface CollectOptions<T> {
  readonly type?: TypeDef<T>
  /** Size such as '16mb' (the default) of results, of all subtasks together, that nobody has taken yet. */
  readonly buffer?: string
}

/** Records in one delivery. */
const deliveryRows = 1000
const defaultBuffer = '16mb'

interface Delivery {
  /** Number of the first record among all of its subtask. */
  readonly sequence: number
  /** Base64 of the encoded records: every value comes back as it was, which JSON would not do. */
  readonly records: string
  readonly count: number
  /** What it counts for in the buffer. */
  readonly bytes: number
}

interface CollectState {
  /** Number of the next record. */
  readonly sequence: number
  /** Delivered, and not taken by a client. */
  readonly unread: readonly Delivery[]
}

export function collect<T = unknown>(options: CollectOptions<T> = {}): Sink<T, Delivery, CollectState> {
  checkOptions('sink.collect', options, ['type', 'buffer'])
  const bufferBytes = bytesOf(options.buffer ?? defaultBuffer)
  // A commit is one of the sink; what it delivers its writer keeps.
  const writers = new WeakMap<SinkContext, CollectWriter<T>>()
  return {
    kind: 'sink',
    name: 'collect',
    type: options.type,
    guarantee: 'exactly-once',
    createWriter: (context, restored) => {
      const writer = new CollectWriter<T>(context, restored, bufferBytes / context.parallelism)
      writers.set(context, writer)
      return writer
    },
    commit: (deliveries, context) => {
      for (const delivery of deliveries) {
        writers.get(context)?.committed(delivery)
        deliver(delivery, context)
      }
    },
  }
}

function bytesOf(buffer: unknown): number {
  try {
    return parseSize(String(buffer))
  } catch {
    throw badOption('sink.collect', 'buffer', buffer, "a size such as '16mb'")
  }
}

function deliver({ sequence, records }: Delivery, context: SinkContext): void {
  context.deliver(sequence, decodeValue(Buffer.from(records, 'base64')) as unknown[])
}

class CollectWriter<T> implements SinkWriter<T, Delivery, CollectState> {
  readonly #context: SinkContext
  readonly #bufferBytes: number
  #sequence: number
  #rows: T[] = []
  /** Delivered, and not taken: with checkpoints whole, without only counted. */
  #unread: Delivery[]
  #unreadBytes = 0

  constructor(context: SinkContext, restored: readonly CollectState[], bufferBytes: number) {
    this.#context = context
    this.#bufferBytes = bufferBytes
    this.#sequence = Math.max(0, ...restored.map(({ sequence }) => sequence))
    this.#unread = restored.flatMap(({ unread }) => unread).sort((a, b) => a.sequence - b.sequence)
    for (const delivery of this.#unread) {
      this.#unreadBytes += delivery.bytes
      deliver(delivery, context)
    }
  }

  ready(): boolean {
    return this.#unreadBytes < this.#bufferBytes
  }

  write(records: readonly T[]): void {
    if (this.#context.checkpointing) {
      for (const record of records) this.#rows.push(record)
      return
    }
    this.#context.deliver(this.#sequence, records.slice())
    // Nobody asks for these again: only their size is kept.
    this.#keep({ sequence: this.#sequence, records: '', count: records.length, bytes: encodeValue(records).byteLength })
    this.#sequence += records.length
  }

  prepareCommit(): readonly Delivery[] {
    const deliveries: Delivery[] = []
    for (let from = 0; from < this.#rows.length; from += deliveryRows) {
      const records = this.#rows.slice(from, from + deliveryRows)
      const bytes = encodeValue(records)
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
      deliveries.push({ sequence: this.#sequence, records: text, count: records.length, bytes: text.length })
      this.#sequence += records.length
    }
    this.#rows = []
    return deliveries
  }

  committed(delivery: Delivery): void {
    const last = this.#unread.at(-1)
    if (last === undefined || last.sequence < delivery.sequence) this.#keep(delivery)
  }

  delivered(next: number): void {
    const before = this.ready()
    const unread = this.#unread.findIndex(({ sequence, count }) => sequence + count > next)
    const taken = this.#unread.splice(0, unread < 0 ? this.#unread.length : unread)
    for (const { bytes } of taken) this.#unreadBytes -= bytes
    if (!before && this.ready()) this.#context.wake()
  }

  #keep(delivery: Delivery): void {
    this.#unread.push(delivery)
    this.#unreadBytes += delivery.bytes
  }

  snapshot(): readonly CollectState[] {
    return [{ sequence: this.#sequence, unread: [...this.#unread] }]
  }

  close(): void {
    this.#rows = []
    this.#unread = []
  }
}
