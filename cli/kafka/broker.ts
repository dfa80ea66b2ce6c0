/** `millrace broker …`: what a broker holds, and its files looked at from outside (the broker need not run). */
import { type DumpedBatch, dumpSegment } from '../../broker/log/inspection/inspect.ts'
import { type DumpedIndex, dumpIndex, type IndexEntry } from '../../broker/log/inspection/inspect-index.ts'
import { type Finding, verifyDirectory } from '../../broker/log/inspection/verify.ts'
import { repairDirectory } from '../../broker/log/recovery/repair.ts'
import { listGroups } from '../../connectors/kafka/client/index.ts'
import { formatSize } from '../../core/config/index.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { isAlive } from '../../core/platform/processes.ts'
import type { RecordView } from '../../proto/kafka/records/index.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'
import { type KafkaFlags, withKafka } from './connect.ts'
import { logDirectories } from './log-dirs.ts'

export async function brokerStatus(terminal: Terminal, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async (kafka) => {
    const { cluster, admin } = kafka
    const topics = await admin.listTopics()
    const [{ directories }, groups] = await Promise.all([logDirectories(kafka), listGroups(cluster)])
    const own = topics.filter((topic) => !topic.isInternal)
    const status = {
      clusterId: cluster.clusterId,
      brokers: [...cluster.brokers].map(([id, { host, port }]) => ({ id, host, port })),
      topics: own.length,
      partitions: own.reduce((sum, { leaders }) => sum + leaders.length, 0),
      withoutLeader: topics.reduce((sum, { leaders }) => sum + leaders.filter(({ nodeId }) => nodeId < 0).length, 0),
      groups: groups.length,
      directories,
    }
    if (terminal.json) {
      terminal.out(JSON.stringify(status))
      return exitCodes.ok
    }
    terminal.out(`cluster ${status.clusterId ?? 'without an id'}`)
    terminal.out(`topics ${status.topics}, partitions ${status.partitions}, groups ${status.groups}`)
    if (status.withoutLeader > 0) terminal.out(`${status.withoutLeader} partitions have no leader`)
    terminal.out('')
    const rows = status.brokers.map(({ id, host, port }) => {
      const own = directories.filter((each) => each.broker === id)
      const free = own.map(({ usableBytes }) => (usableBytes < 0 ? '' : formatSize(usableBytes))).join(', ')
      const bytes = own.reduce((sum, each) => sum + each.bytes, 0)
      return [String(id), `${host}:${port}`, formatSize(bytes), free, own.map(({ path }) => path).join(', ')]
    })
    for (const line of table(['BROKER', 'ADDRESS', 'SIZE', 'FREE', 'DIRECTORY'], rows)) terminal.out(line)
    return exitCodes.ok
  })
}

export interface DumpFlags {
  /** False: batches only. */
  readonly records: boolean
}

/** Exit code 1 when a batch is damaged; what follows it in the file is shown all the same. */
export function dumpLog(terminal: Terminal, path: string, flags: DumpFlags): ExitCode {
  const stat = systemDisk.stat(path)
  if (stat === undefined) throw cliErrors.create('NO_SUCH_FILE', { file: path, suggestion: '' })
  const files = stat.isDirectory
    ? systemDisk
        .list(path)
        .filter((name) => /^\d{20}\.log$/.test(name))
        .sort()
        .map((name) => `${path}/${name}`)
    : [path]
  if (files.length === 0) {
    throw cliErrors.create('NO_SUCH_FILE', {
      file: `${path}/*.log`,
      suggestion: 'Give a segment, or the directory of a partition.',
    })
  }
  const index = whenReadable(path, () => dumpIndex(systemDisk, path))
  if (index !== undefined) return showIndex(terminal, path, index)
  let problems = 0
  for (const file of files) {
    if (files.length > 1 && !terminal.json) terminal.out(terminal.style('bold', file))
    for (const batch of readable(file)) {
      if (batch.problem !== undefined) problems++
      if (terminal.json) terminal.out(JSON.stringify(batchJson(file, batch, flags.records)))
      else for (const line of batchLines(batch, flags.records)) terminal.out(line)
    }
  }
  return problems === 0 ? exitCodes.ok : exitCodes.failed
}

function* readable(file: string): Generator<DumpedBatch> {
  try {
    yield* dumpSegment(systemDisk, file)
  } catch (cause) {
    unreadable(file, cause)
  }
}

function showIndex(terminal: Terminal, file: string, { entries, problem }: DumpedIndex): ExitCode {
  if (terminal.json) terminal.out(JSON.stringify({ file, entries, ...(problem === undefined ? {} : { problem }) }))
  else {
    const names = Object.keys(entries[0] ?? {})
    const cell = (entry: IndexEntry, name: string): string =>
      name === 'timestamp' ? shownTime(entry[name]) : String(entry[name])
    const rows = entries.map((entry) => names.map((name) => cell(entry, name)))
    if (entries.length > 0) for (const line of table(names.map(title), rows)) terminal.out(line)
    else if (problem === undefined) terminal.out('no entries')
    if (problem !== undefined) terminal.out(`DAMAGED: ${problem}`)
  }
  return problem === undefined ? exitCodes.ok : exitCodes.failed
}

/** `lastStableOffset` as the head of a column: LAST STABLE OFFSET. */
const title = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase()

function batchLines(batch: DumpedBatch, withRecords: boolean): string[] {
  const { position, header, problem } = batch
  if (problem !== undefined) return [`byte ${position}: DAMAGED, ${problem}`]
  const kind = header.isControl ? 'control ' : ''
  const transactional = header.isTransactional ? ' transactional' : ''
  const producer =
    header.producerId < 0
      ? ''
      : `  producer ${header.producerId} epoch ${header.producerEpoch} sequence ${header.baseSequence}-${header.lastSequence}${transactional}`
  const codec = header.codec === 'none' ? '' : `, ${header.codec}`
  const time = header.maxTimestamp < 0 ? 'no time' : shownTime(header.maxTimestamp)
  const lines = [
    `${header.baseOffset}-${header.lastOffset}  ${kind}batch of ${header.recordCount} at byte ${position}, ${formatSize(header.sizeBytes)}${codec}, leader epoch ${header.leaderEpoch}, ${time}${producer}`,
  ]
  if (withRecords)
    for (const record of recordsOf(batch)) lines.push(typeof record === 'string' ? `    ${record}` : recordLine(record))
  return lines
}

/** The records, or one sentence about why they cannot be opened. */
function recordsOf(batch: DumpedBatch): (RecordView | string)[] {
  try {
    return batch.records()
  } catch (error) {
    return [`its records are damaged: ${(error as Error).message}`]
  }
}

function recordLine({ offset, timestamp, key, value, headers }: RecordView): string {
  const parts = headers.map((each) => `${each.key}=${shown(each.value)}`).join(' ')
  return `    ${offset}  ${shownTime(timestamp)}  key ${shown(key)}  value ${shown(value)}${parts === '' ? '' : `  headers ${parts}`}`
}

/** `-` for none; the number where no calendar reaches. */
function shownTime(epochMs: number | undefined): string {
  if (epochMs === undefined || epochMs < 0) return '-'
  return epochMs <= 8.64e15 ? new Date(epochMs).toISOString() : String(epochMs)
}

/** Text in quotes, and bytes that are no text as hexadecimal digits. */
function shown(bytes: Buffer | null): string {
  if (bytes === null) return 'null'
  const text = bytes.toString()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these make bytes that are no text
  return /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text) ? `0x${bytes.toString('hex')}` : JSON.stringify(text)
}

function batchJson(file: string, batch: DumpedBatch, withRecords: boolean): object {
  const { position, header, problem } = batch
  if (problem !== undefined) return { file, position, problem }
  const records = withRecords
    ? recordsOf(batch).map((record) =>
        typeof record === 'string'
          ? { problem: record }
          : {
              offset: record.offset,
              timestamp: record.timestamp,
              key: record.key?.toString() ?? null,
              value: record.value?.toString() ?? null,
              headers: record.headers.map((each) => ({ [each.key]: each.value?.toString() ?? null })),
            },
      )
    : undefined
  return { file, position, ...header, ...(records === undefined ? {} : { records }) }
}

/** Exit code 1 when something is damaged. What is only torn at the end, a start of the broker cuts off. */
export function verifyLogs(terminal: Terminal, path: string): ExitCode {
  const root = dataDirectory(path)
  const result = whenReadable(root, () => verifyDirectory(systemDisk, root))
  const { logs, segments, batches, records, bytes, findings } = result
  const damaged = findings.filter((each) => each.kind === 'damaged').length
  if (terminal.json) terminal.out(JSON.stringify({ ok: damaged === 0, ...result }))
  else {
    showFindings(terminal, findings)
    const n = (count: number): string => count.toLocaleString('en-US')
    terminal.out(
      `${n(logs)} logs, ${n(segments)} segments, ${n(batches)} batches, ${n(records)} records, ${formatSize(bytes)}: ` +
        (damaged === 0 ? 'every checksum, offset and index is right' : `${damaged} damaged`),
    )
    if (findings.length > damaged)
      terminal.note('What is torn was being written; the next start of the broker cuts it off.')
    if (damaged > 0) throw cliErrors.create('DAMAGED_FILES', { count: damaged, path })
  }
  return damaged === 0 ? exitCodes.ok : exitCodes.failed
}

/** Makes indexes and snapshots anew from the batches. Exit code 1 when damage is left: that of batches is not touched. */
export async function repairLogs(terminal: Terminal, path: string): Promise<ExitCode> {
  const root = dataDirectory(path)
  const owner = { id: process.pid, isAlive }
  const result = await repairDirectory(systemDisk, root, owner, systemClock.now()).catch((cause) =>
    unreadable(root, cause),
  )
  const left = result.left.filter((each) => each.kind === 'damaged')
  if (terminal.json) {
    terminal.out(JSON.stringify({ ok: left.length === 0, repaired: result.repaired, left }))
    return left.length === 0 ? exitCodes.ok : exitCodes.failed
  }
  showFindings(terminal, result.found.findings)
  for (const file of result.repaired) terminal.out(`made anew  ${file}`)
  if (left.length > 0) throw cliErrors.create('DAMAGE_LEFT', { count: left.length, path })
  terminal.out(result.repaired.length === 0 ? 'nothing had to be repaired' : 'nothing is damaged any more')
  return exitCodes.ok
}

function showFindings(terminal: Terminal, findings: readonly Finding[]): void {
  for (const each of findings) {
    const word = each.kind === 'damaged' ? terminal.style('red', 'DAMAGED') : 'torn'
    terminal.out(`${word}  ${each.path} at byte ${each.position}: ${each.problem}`)
  }
}

function dataDirectory(path: string): string {
  const stat = systemDisk.stat(path)
  if (stat === undefined) throw cliErrors.create('NO_SUCH_FILE', { file: path, suggestion: '' })
  if (!stat.isDirectory) {
    throw cliErrors.create('BAD_ARGUMENT', { problem: `${path} is a file: give the data directory of a broker` })
  }
  return path.replace(/(?<=.)\/+$/, '')
}

function whenReadable<T>(root: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    return unreadable(root, cause)
  }
}

function unreadable(root: string, cause: unknown): never {
  if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause
  throw cliErrors.create('UNREADABLE', { file: root, reason: (cause as Error).message }, { cause })
}
