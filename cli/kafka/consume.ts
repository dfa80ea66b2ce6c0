/**
 * `millrace consume TOPIC`: the records of a topic as lines, to the end of what is there or on and on (`--follow`). Within a
 * partition in order; of transactions only what is committed, unless told otherwise. With `--group` it begins where the
 * group has committed, and commits what it has written; it is no member, so two of them do not share the work.
 */
import {
  CommittedFilter,
  commitOffsets,
  type FetchedBatches,
  fetchOffsets,
  KafkaFetcher,
} from '../../connectors/kafka/client/index.ts'
import {
  batchSizeAt,
  RecordTable,
  readBatchHeader,
  readControlRecord,
  verifyBatch,
} from '../../proto/kafka/records/index.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, tidyPaths } from '../terminal.ts'
import { existingTopic, type Kafka, type KafkaFlags, withKafka } from './connect.ts'
import { type OutputFormat, RecordWriter } from './record-writer.ts'
import { type Place, parsePlace } from './when.ts'

export interface ConsumeFlags extends KafkaFlags {
  readonly from?: string
  readonly follow?: boolean
  readonly max?: number
  readonly partition?: readonly number[]
  readonly group?: string
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly format: OutputFormat
  readonly keySeparator?: string
  readonly headers?: boolean
  readonly offsets?: boolean
  readonly timestamps?: boolean
}

const commitEveryMs = 1000

interface Progress {
  /** What is written next. */
  next: number
  /** Where to end; infinite with `--follow`. */
  readonly end: number
  readonly filter: CommittedFilter
}

export async function consume(terminal: Terminal, topic: string, flags: ConsumeFlags): Promise<ExitCode> {
  const place = flags.from === undefined ? undefined : parsePlace(flags.from, terminal.clock.now())
  const committed = flags.isolation === 'read_committed'
  return withKafka(flags, async (kafka) => {
    const { leaders } = await existingTopic(kafka, topic)
    const partitions = flags.partition ?? leaders.map((_, partition) => partition)
    const missing = partitions.find((partition) => partition >= leaders.length)
    if (missing !== undefined) {
      throw cliErrors.create('NO_SUCH_PARTITION', { topic, partition: missing, last: leaders.length - 1 })
    }
    const progress = await places(kafka, topic, partitions, place, committed, flags)
    const reading = new Reading(terminal, kafka, topic, progress, flags)
    return reading.run()
  })
}

class Reading {
  readonly #terminal: Terminal
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #progress: ReadonlyMap<number, Progress>
  readonly #flags: ConsumeFlags
  readonly #writer: RecordWriter
  readonly #table = new RecordTable()
  #left: number
  #committed = ''

  constructor(
    terminal: Terminal,
    kafka: Kafka,
    topic: string,
    progress: ReadonlyMap<number, Progress>,
    flags: ConsumeFlags,
  ) {
    this.#terminal = terminal
    this.#kafka = kafka
    this.#topic = topic
    this.#progress = progress
    this.#flags = flags
    this.#left = flags.max ?? Number.POSITIVE_INFINITY
    this.#writer = new RecordWriter({
      topic,
      format: flags.format,
      whole: terminal.json,
      keySeparator: flags.keySeparator,
      headers: flags.headers === true,
      offsets: flags.offsets === true,
      timestamps: flags.timestamps === true,
    })
  }

  async run(): Promise<ExitCode> {
    const { clock } = this.#terminal
    let waiting = false
    const fetcher = new KafkaFetcher(this.#kafka.cluster, {
      readCommitted: this.#flags.isolation === 'read_committed',
      partitionMaxBytes: 4 * 1024 * 1024,
      onProgress: () => {
        const { trouble } = fetcher
        if (trouble !== undefined && !waiting) this.#terminal.note(`waiting: ${tidyPaths(trouble.message)}`)
        if (trouble === undefined && waiting) this.#terminal.note('goes on')
        waiting = trouble !== undefined
      },
    })
    let stopped = false
    let wake = (): void => {}
    const interrupted = new Promise<void>((resolve) => {
      wake = resolve
    })
    const stopListening = this.#terminal.onInterrupt(() => {
      stopped = true
      wake()
    })
    try {
      for (const [partition, { next, end }] of this.#progress) {
        if (next < end) fetcher.assign(this.#topic, partition, next)
      }
      let commitAtMs = clock.monotonic() + commitEveryMs
      while (!stopped && this.#left > 0 && this.#unfinished()) {
        const taken = fetcher.take()
        if (taken === undefined) {
          await this.#commit()
          await Promise.race([fetcher.available(), interrupted])
          continue
        }
        if (taken.kind === 'failed') throw taken.error
        this.#append(taken)
        const written = this.#terminal.write(this.#writer.take())
        if (written !== undefined) await written
        if (clock.monotonic() < commitAtMs) continue
        await this.#commit()
        commitAtMs = clock.monotonic() + commitEveryMs
      }
      await this.#commit()
      return exitCodes.ok
    } finally {
      stopListening()
      fetcher.close()
    }
  }

  #unfinished(): boolean {
    for (const { next, end } of this.#progress.values()) if (next < end) return true
    return false
  }

  /** Throws CLI_BAD_INPUT for a batch whose checksum is wrong. */
  #append({ partition, records, aborted, fetchOffset }: FetchedBatches): void {
    const progress = this.#progress.get(partition) as Progress
    const { filter, end } = progress
    filter.begin(aborted)
    for (let at = 0; at < records.length && this.#left > 0 && progress.next < end; at += batchSizeAt(records, at)) {
      const header = readBatchHeader(records, at)
      const problem = verifyBatch(records, at, header.sizeBytes)
      if (problem !== undefined) {
        const where = `${this.#topic}/${partition} at offset ${header.baseOffset}`
        throw cliErrors.create('BAD_INPUT', { where, problem: `the batch is damaged (${problem})` })
      }
      const marker = header.isControl ? readControlRecord(records.subarray(at), header)?.kind : undefined
      if (filter.accepts(header, marker === 'abort') && !header.isControl) {
        this.#appendBatch(records, at, header, partition, progress, Math.max(fetchOffset, progress.next))
      }
      if (this.#left > 0) progress.next = Math.max(progress.next, header.lastOffset + 1)
    }
  }

  #appendBatch(
    records: Buffer,
    at: number,
    header: ReturnType<typeof readBatchHeader>,
    partition: number,
    progress: Progress,
    from: number,
  ): void {
    const table = this.#table
    table.read(records, header, at)
    const { baseOffset, offsetDelta } = table
    for (let index = 0; index < table.count && this.#left > 0; index++) {
      const offset = baseOffset + offsetDelta[index]
      if (offset < from) continue
      if (offset >= progress.end) break
      this.#writer.append(table, index, partition)
      this.#left--
      progress.next = offset + 1
    }
  }

  async #commit(): Promise<void> {
    const { group } = this.#flags
    if (group === undefined) return
    const offsets = [...this.#progress].map(([partition, { next }]) => ({
      topic: this.#topic,
      partition,
      offset: next,
    }))
    const state = JSON.stringify(offsets)
    if (state === this.#committed) return
    await commitOffsets(this.#kafka.cluster, group, offsets)
    this.#committed = state
  }
}

/** Where each partition begins and ends. */
async function places(
  { cluster, admin }: Kafka,
  topic: string,
  partitions: readonly number[],
  place: Place | undefined,
  committed: boolean,
  flags: ConsumeFlags,
): Promise<ReadonlyMap<number, Progress>> {
  const all = partitions.map((partition) => ({ topic, partition }))
  const at = async (where: 'earliest' | 'latest' | number): Promise<Map<number, number>> => {
    const found = await admin.listOffsets(
      all.map((each) => ({ ...each, at: where })),
      committed,
    )
    return new Map(found.map(({ partition, offset }) => [partition, offset]))
  }
  const [starts, ends] = await Promise.all([at('earliest'), at('latest')])
  const times = place?.kind === 'time' ? await at(place.ms) : undefined
  const kept = new Map<number, number>()
  if (place === undefined && flags.group !== undefined) {
    for (const { partition, offset } of await fetchOffsets(cluster, flags.group, all)) kept.set(partition, offset)
  }
  return new Map(
    partitions.map((partition) => {
      const start = starts.get(partition) ?? 0
      const end = ends.get(partition) ?? 0
      const time = times?.get(partition) ?? -1
      const wanted =
        place === undefined
          ? (kept.get(partition) ?? start)
          : place.kind === 'earliest'
            ? start
            : place.kind === 'latest'
              ? end
              : place.kind === 'offset'
                ? place.offset
                : place.kind === 'last'
                  ? end - place.count
                  : time < 0
                    ? end
                    : time
      // What was deleted cannot be read, and what is not there yet is waited for only when that was meant.
      const next = Math.max(start, flags.follow === true ? Math.min(wanted, end) : wanted)
      const progress = {
        next,
        end: flags.follow === true ? Number.POSITIVE_INFINITY : end,
        filter: new CommittedFilter(),
      }
      return [partition, progress] as const
    }),
  )
}
