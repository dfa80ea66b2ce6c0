/**
 * `millrace consume TOPIC`: the records of a topic as lines, to the end of what is there or on and on (`--follow`). Within a
 * partition in order; of transactions only what is committed, unless told otherwise. With `--group` it joins the group,
 * shares the partitions with its other members, begins where the group has committed, and commits what it has written.
 * With partitions of its own choice (`--partition`) it is no member, and commits all the same.
 */
import {
  codeOf,
  commitOffsets,
  type FetchedBatches,
  KafkaFetcher,
  Membership,
} from '../../connectors/kafka/client/index.ts'
import { inBackground } from '../../core/async/index.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import {
  batchSizeAt,
  RecordTable,
  readBatchHeader,
  readControlRecord,
  verifyBatch,
} from '../../proto/kafka/records/index.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { type Terminal, tidyPaths } from '../terminal.ts'
import { existingTopic, type Kafka, type KafkaFlags, withKafka } from './connect.ts'
import { type Progress, places } from './places.ts'
import { type OutputFormat, RecordWriter } from './record-writer.ts'
import { parsePlace } from './when.ts'

export interface ConsumeFlags extends KafkaFlags {
  readonly from?: string
  readonly follow?: boolean
  readonly max?: number
  readonly partition?: readonly number[]
  readonly group?: string
  readonly instance?: string
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly format: OutputFormat
  readonly keySeparator?: string
  readonly headers?: boolean
  readonly offsets?: boolean
  readonly timestamps?: boolean
}

const commitEveryMs = 1000
/** The partitions have other owners by now. */
const generationOver: ReadonlySet<number> = new Set([
  kafkaError.ILLEGAL_GENERATION,
  kafkaError.UNKNOWN_MEMBER_ID,
  kafkaError.REBALANCE_IN_PROGRESS,
])

export async function consume(terminal: Terminal, topic: string, flags: ConsumeFlags): Promise<ExitCode> {
  const place = flags.from === undefined ? undefined : parsePlace(flags.from, terminal.clock.now())
  const committed = flags.isolation === 'read_committed'
  if (flags.instance !== undefined && (flags.group === undefined || flags.partition !== undefined)) {
    const problem = '--instance names a member of a --group, which gets its partitions from it'
    throw cliErrors.create('BAD_ARGUMENT', { problem })
  }
  return withKafka(flags, async (kafka) => {
    const { leaders } = await existingTopic(kafka, topic)
    const partitions = flags.partition ?? leaders.map((_, partition) => partition)
    const missing = partitions.find((partition) => partition >= leaders.length)
    if (missing !== undefined) {
      throw cliErrors.create('NO_SUCH_PARTITION', { topic, partition: missing, last: leaders.length - 1 })
    }
    const { group } = flags
    const from = async (own: readonly number[], member: boolean) =>
      places(kafka, topic, own, place, committed, { ...flags, member })
    if (group === undefined || flags.partition !== undefined) {
      const reading = new Reading(terminal, kafka, topic, undefined, flags)
      return reading.whole(() => from(partitions, false))
    }
    const member = new Membership(kafka.cluster, {
      groupId: group,
      topics: [topic],
      ...(flags.instance === undefined ? {} : { instanceId: flags.instance }),
    })
    const reading = new Reading(terminal, kafka, topic, member, flags)
    return reading.whole(async () =>
      from(
        (await member.join()).map(({ partition }) => partition),
        true,
      ),
    )
  })
}

class Reading {
  readonly #terminal: Terminal
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #member: Membership | undefined
  #progress: ReadonlyMap<number, Progress> = new Map()
  readonly #flags: ConsumeFlags
  readonly #writer: RecordWriter
  readonly #table = new RecordTable()
  #left: number
  #committed = ''

  constructor(terminal: Terminal, kafka: Kafka, topic: string, member: Membership | undefined, flags: ConsumeFlags) {
    this.#terminal = terminal
    this.#kafka = kafka
    this.#topic = topic
    this.#member = member
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

  /** Everything, in as many generations of the group as there are; `begin` tells where the next one begins. */
  async whole(begin: () => Promise<ReadonlyMap<number, Progress>>): Promise<ExitCode> {
    const interruption = new Interruption(this.#terminal)
    try {
      for (;;) {
        const progress = await interruption.step(begin())
        if (progress === undefined || interruption.isAsked) return exitCodes.ok
        this.#progress = progress
        const over = await this.#generation(interruption)
        if (over) return exitCodes.ok
      }
    } finally {
      interruption.close()
      await this.#member?.leave()
    }
  }

  /** Reads what this member has; false when the group has to be joined again. */
  async #generation(interruption: Interruption): Promise<boolean> {
    const { clock } = this.#terminal
    let waiting = false
    let rejoin = false
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
    const rejoining = async (member: Membership): Promise<void> => {
      await member.mustRejoin
      rejoin = true
      fetcher.close()
    }
    if (this.#member !== undefined) inBackground(rejoining(this.#member), () => undefined)
    try {
      for (const [partition, { next, end }] of this.#progress) {
        if (next < end) fetcher.assign(this.#topic, partition, next)
      }
      let commitAtMs = clock.monotonic() + commitEveryMs
      while (!interruption.isAsked && !rejoin && this.#left > 0 && this.#unfinished()) {
        const taken = fetcher.take()
        if (taken === undefined) {
          if (!(await this.#commit())) return false
          await interruption.step(fetcher.available())
          continue
        }
        if (taken.kind === 'failed') throw taken.error
        try {
          this.#append(taken)
        } finally {
          // Also what stands before a batch that is damaged.
          const written = this.#terminal.write(this.#writer.take())
          if (written !== undefined) await written
        }
        if (clock.monotonic() < commitAtMs) continue
        if (!(await this.#commit())) return false
        commitAtMs = clock.monotonic() + commitEveryMs
      }
      return (await this.#commit()) && !rejoin
    } finally {
      fetcher.close()
    }
  }

  #unfinished(): boolean {
    // A member without partitions waits for some.
    if (this.#progress.size === 0) return this.#flags.follow === true
    for (const { next, end } of this.#progress.values()) if (next < end) return true
    return false
  }

  /** Throws CLI_BAD_INPUT for a batch whose checksum is wrong, or whose records are none. */
  #append({ partition, records, aborted, fetchOffset }: FetchedBatches): void {
    const progress = this.#progress.get(partition) as Progress
    const { filter, end } = progress
    filter.begin(aborted)
    for (let at = 0; at < records.length && this.#left > 0 && progress.next < end; at += batchSizeAt(records, at)) {
      const header = readBatchHeader(records, at)
      const problem = verifyBatch(records, at, header.sizeBytes)
      if (problem !== undefined) throw this.#damaged(partition, header.baseOffset, problem)
      const marker = header.isControl ? readControlRecord(records.subarray(at), header)?.kind : undefined
      if (filter.accepts(header, marker === 'abort') && !header.isControl) {
        this.#appendBatch(records, at, header, partition, progress, Math.max(fetchOffset, progress.next))
      }
      if (this.#left > 0) progress.next = Math.max(progress.next, header.lastOffset + 1)
    }
  }

  #damaged(partition: number, offset: number, problem: string, cause?: unknown): Error {
    const where = `${this.#topic}/${partition} at offset ${offset}`
    return cliErrors.create('BAD_INPUT', { where, problem: `the batch is damaged (${problem})` }, { cause })
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
    try {
      table.read(records, header, at)
    } catch (cause) {
      throw this.#damaged(partition, header.baseOffset, (cause as Error).message, cause)
    }
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

  /** False when the group has gone on without this member: what it wrote last, another will write again. */
  async #commit(): Promise<boolean> {
    const { group } = this.#flags
    if (group === undefined) return true
    const state = this.#positions()
    if (state === this.#committed) return true
    const offsets = [...this.#progress].map(([partition, { next }]) => ({
      topic: this.#topic,
      partition,
      offset: next,
    }))
    try {
      await commitOffsets(this.#kafka.cluster, group, offsets, this.#member?.identity)
    } catch (error) {
      if (this.#member === undefined || !generationOver.has(codeOf(error) ?? 0)) throw error
      this.#terminal.note('the group went on without this member: its last records come again')
      return false
    }
    this.#committed = state
    return true
  }

  #positions(): string {
    return JSON.stringify([...this.#progress].map(([partition, { next }]) => [partition, next]))
  }
}
