/**
 * `millrace produce TOPIC`: each line of standard input, or of files, is a record. It reads no faster than the broker takes;
 * a million lines are a few hundred waits, not a million. What was read is acknowledged before it ends, also at Ctrl-C,
 * if brokers are there.
 */
import { createReadStream } from 'node:fs'
import { KafkaProducer, type ProducerOptions } from '../../connectors/kafka/client/index.ts'
import { formatSize } from '../../core/config/index.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import type { codecNames } from '../../proto/kafka/records/index.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { formatAge, type Terminal, tidyPaths } from '../terminal.ts'
import { existingTopic, type KafkaFlags, pairs, withKafka } from './connect.ts'
import { LineReader } from './line-reader.ts'
import { type InputFormat, lineFormat, type RecordSink } from './produce-format.ts'

export interface ProduceFlags extends KafkaFlags {
  readonly input?: readonly string[]
  readonly format: InputFormat
  readonly key?: string
  readonly keySeparator?: string
  readonly header?: readonly string[]
  readonly emptyAsNull?: boolean
  readonly partition?: number
  readonly compression: (typeof codecNames)[number]
  readonly acks: 'all' | 'leader' | 'none'
  readonly transactionalId?: string
}

const readBytes = 1024 * 1024
/** Brokers may take so long for what was read before somebody interrupts. */
const patienceMs = 5000

export async function produce(terminal: Terminal, name: string, flags: ProduceFlags): Promise<ExitCode> {
  const format = lineFormat({
    format: flags.format,
    key: flags.key,
    keySeparator: flags.keySeparator,
    headers: pairs(flags.header, '--header').map(([key, value]) => ({ key, value: Buffer.from(value) })),
    emptyAsNull: flags.emptyAsNull === true,
  })
  if (flags.transactionalId !== undefined && flags.acks !== 'all') {
    throw cliErrors.create('BAD_ARGUMENT', { problem: `--transactional-id needs --acks all` })
  }
  return withKafka(flags, async (kafka) => {
    const topic = await existingTopic(kafka, name)
    const partitions = topic.leaders.length
    const checked = (partition: number): number => {
      if (partition < partitions) return partition
      throw cliErrors.create('NO_SUCH_PARTITION', { topic: name, partition, last: partitions - 1 })
    }
    const fixed = flags.partition === undefined ? undefined : checked(flags.partition)
    const transactional = flags.transactionalId !== undefined
    const producer = new KafkaProducer(kafka.cluster, producerOptions(terminal, flags))
    await producer.start()
    if (transactional) producer.begin()
    const { clock } = terminal
    const startedMs = clock.monotonic()
    let records = 0
    let bytes = 0
    let nowMs = clock.now()
    const send: RecordSink = (key, value, headers, timestamp, partition) => {
      const to = partition === undefined ? (fixed ?? producer.partitionFor(name, key)) : checked(partition)
      producer.append(name, to, timestamp ?? nowMs, key, value, headers)
      records++
      bytes += (key?.length ?? 0) + (value?.length ?? 0)
    }
    const interruption = new Interruption(terminal)
    try {
      for (const { name: from, chunks } of inputs(terminal, flags.input ?? [])) {
        await eachLine(chunks, from, interruption, {
          begin: () => {
            nowMs = clock.now()
          },
          line: (line) => format(line, send),
          pause: () => (producer.hasRoom ? undefined : interruption.step(producer.room())),
        })
        if (interruption.isAsked) break
      }
      const code = await finish(terminal, producer, interruption, transactional)
      if (code !== exitCodes.ok) return code
    } catch (error) {
      if (transactional) await producer.abort()
      // What came before the line that is wrong is sent: it says how much that is.
      else if (producer.failure === undefined) {
        await interruption.step(producer.flush())
        if (records > 0 && !interruption.isAsked) terminal.note(`${count(records)} records before it were written`)
      }
      throw error
    } finally {
      interruption.close()
    }
    const elapsedMs = clock.monotonic() - startedMs
    if (terminal.json) terminal.out(JSON.stringify({ topic: name, records, bytes, elapsedMs: Math.round(elapsedMs) }))
    else
      terminal.note(
        `${count(records)} ${records === 1 ? 'record' : 'records'}, ${formatSize(bytes)}, in ${formatAge(elapsedMs)}`,
      )
    return exitCodes.ok
  })
}

/** Has all acknowledged, or commits; at Ctrl-C as far as brokers answer soon. */
async function finish(
  terminal: Terminal,
  producer: KafkaProducer,
  interruption: Interruption,
  transactional: boolean,
): Promise<ExitCode> {
  const { clock } = terminal
  if (!transactional) {
    await interruption.step(producer.flush())
    if (!interruption.isAsked || (await within(clock, patienceMs, producer.flush()))) return exitCodes.ok
    terminal.note('interrupted: the brokers do not answer, the last records may not be written')
  } else {
    if (!interruption.isAsked) {
      await producer.commit()
      return exitCodes.ok
    }
    const aborted = await within(clock, patienceMs, producer.abort())
    if (aborted) terminal.note('interrupted: the transaction is aborted, nothing was written')
    else terminal.note('interrupted: the brokers do not answer; they abort the transaction when its time is over')
  }
  return exitCodes.failed
}

/** Whether the work ended in time. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<boolean> {
  let timer: TimerHandle | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = clock.setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clock.clearTimeout(timer)
  }
}

const count = (n: number): string => n.toLocaleString('en-US')

function producerOptions(terminal: Terminal, flags: ProduceFlags): ProducerOptions {
  return {
    onTrouble: (trouble) => terminal.note(trouble === undefined ? 'goes on' : `waiting: ${tidyPaths(trouble.message)}`),
    acks: flags.acks,
    codec: flags.compression,
    // Of one partition only one batch is on its way: large ones, but within what topics take by default.
    batchBytes: 896 * 1024,
    ...(flags.transactionalId === undefined ? {} : { transactionalId: flags.transactionalId }),
  }
}

interface Input {
  readonly name: string
  readonly chunks: AsyncIterable<Buffer>
}

/** Throws CLI_NO_SUCH_FILE before anything is sent. */
function inputs(terminal: Terminal, paths: readonly string[]): Input[] {
  if (paths.length === 0) {
    if (terminal.typed) terminal.note('A record is a line; Ctrl-D ends.')
    return [{ name: 'standard input', chunks: terminal.input() }]
  }
  for (const path of paths) if (path !== '-') checkReadable(path)
  return paths.map((path) =>
    path === '-'
      ? { name: 'standard input', chunks: terminal.input() }
      : { name: path, chunks: createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Buffer> },
  )
}

interface LineWork {
  /** Before the lines of a chunk. */
  begin(): void
  line(line: Buffer): void
  /** After the lines of a chunk: a promise while nothing more may come. */
  pause(): Promise<void> | undefined
}

/** Ends early when somebody interrupts. Throws CLI_BAD_INPUT with the number of the line. */
async function eachLine(
  chunks: AsyncIterable<Buffer>,
  from: string,
  interruption: Interruption,
  work: LineWork,
): Promise<void> {
  const reader = new LineReader()
  let number = 0
  const take = (line: Buffer): void => {
    number++
    try {
      work.line(line)
    } catch (error) {
      if ('code' in (error as object)) throw error
      throw cliErrors.create('BAD_INPUT', { where: `${from}, line ${number}`, problem: (error as Error).message })
    }
  }
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await interruption.step(iterator.next())
      if (next === undefined) return
      if (next.done === true) break
      work.begin()
      reader.push(next.value, take)
      if (reader.isTooLong) {
        throw cliErrors.create('BAD_INPUT', { where: `${from}, line ${number + 1}`, problem: 'the line does not end' })
      }
      const pause = work.pause()
      if (pause !== undefined) await pause
    }
    reader.end(take)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EIO') {
      throw cliErrors.create('UNREADABLE', { file: from, reason: message }, { cause: error })
    }
    throw error
  }
}

function checkReadable(path: string): void {
  const stat = systemDisk.stat(path)
  if (stat === undefined) throw cliErrors.create('NO_SUCH_FILE', { file: path, suggestion: '' })
  if (stat.isDirectory) throw cliErrors.create('UNREADABLE', { file: path, reason: 'it is a directory' })
}
