/**
 * Small files of the data directory: offsets by partition (`recovery-point-offset-checkpoint` and its kin: version, count, one line
 * "topic partition offset" each) and properties (`meta.properties`, `partition.metadata`). Each is replaced as a whole.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { logErrors } from '../errors.ts'
import { readOptional } from '../segment.ts'

export const recoveryPointFile = 'recovery-point-offset-checkpoint'
export const logStartFile = 'log-start-offset-checkpoint'
export const highWatermarkFile = 'replication-offset-checkpoint'
export const cleanerFile = 'cleaner-offset-checkpoint'

/** `topic partition`, the key in such a map. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic} ${partition}`
}

export function encodeOffsets(offsets: ReadonlyMap<string, number>): string {
  let text = `0\n${offsets.size}\n`
  for (const [key, offset] of offsets) text += `${key} ${offset}\n`
  return text
}

/** Empty when there is no file. Throws BROKER_LOG_BAD_FILE for what is not such a file. */
export function readOffsets(disk: Disk, path: string): Map<string, number> {
  const offsets = new Map<string, number>()
  const bytes = readOptional(disk, path)
  if (bytes === undefined) return offsets
  const [version, count, ...lines] = bytes.toString().split('\n')
  if (version !== '0') throw logErrors.create('BAD_FILE', { path, reason: `version ${version}` })
  for (const line of lines.slice(0, Number(count))) {
    const match = /^(\S+ \d+) (\d+)$/.exec(line)
    if (match === null) throw logErrors.create('BAD_FILE', { path, reason: `the line "${line}"` })
    offsets.set(match[1], Number(match[2]))
  }
  if (offsets.size !== Number(count)) {
    throw logErrors.create('BAD_FILE', { path, reason: `${offsets.size} lines instead of ${count}` })
  }
  return offsets
}

/** `key=value` or `key: value` by line; undefined when there is no file. */
export function readProperties(disk: Disk, path: string): Map<string, string> | undefined {
  const bytes = readOptional(disk, path)
  if (bytes === undefined) return undefined
  const properties = new Map<string, string>()
  for (const line of bytes.toString().split('\n')) {
    const match = /^\s*([\w.]+)\s*[=:]\s*(.*?)\s*$/.exec(line)
    if (match !== null) properties.set(match[1], match[2])
  }
  return properties
}
