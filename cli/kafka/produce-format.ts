/**
 * What a line of input becomes: key, value, headers. A format is a function that takes a line and hands the parts to a sink
 * (no object per record where the format allows it). Throws plain errors that say what is wrong with the line. Pure.
 */

export type RecordSink = (
  key: Buffer | null,
  value: Buffer | null,
  headers: readonly { readonly key: string; readonly value: Buffer | null }[] | undefined,
  timestamp: number | undefined,
  partition: number | undefined,
) => void

export type InputFormat = 'string' | 'json' | 'bytes' | 'record'

export interface FormatOptions {
  readonly format: InputFormat
  /** What stands between key and value; without it a line is a value. */
  readonly keySeparator?: string | undefined
  /** Key of records whose line has none. */
  readonly key?: string | undefined
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
  /** An empty value is null: a tombstone. */
  readonly emptyAsNull: boolean
}

export type LineFormat = (line: Buffer, sink: RecordSink) => void

export function lineFormat(options: FormatOptions): LineFormat {
  const { format, emptyAsNull } = options
  const headers = options.headers.length === 0 ? undefined : options.headers
  if (format === 'record') return (line, sink) => recordLine(line, sink, headers)
  const fixedKey = options.key === undefined ? null : Buffer.from(options.key)
  const separator = options.keySeparator === undefined ? undefined : Buffer.from(options.keySeparator)
  const encode = format === 'json' ? jsonValue : format === 'bytes' ? bytesValue : (value: Buffer) => value
  return (line, sink) => {
    if (format === 'json' && isBlank(line)) return
    let key: Buffer | null = fixedKey
    let value = line
    if (separator !== undefined) {
      const at = line.indexOf(separator)
      if (at >= 0) {
        key = line.subarray(0, at)
        value = line.subarray(at + separator.length)
      } else if (fixedKey === null) {
        throw new Error(`there is no ${JSON.stringify(options.keySeparator)} between a key and a value`)
      }
    }
    sink(key, emptyAsNull && value.length === 0 ? null : encode(value), headers, undefined, undefined)
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
  return true
}

function jsonValue(value: Buffer): Buffer {
  try {
    JSON.parse(value.toString())
  } catch (error) {
    throw new Error(`this is no JSON: ${(error as Error).message}`)
  }
  return value
}

function bytesValue(value: Buffer): Buffer {
  const text = value.toString('latin1').trim()
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw new Error('this is no base64')
  return Buffer.from(text, 'base64')
}

/** A line as `consume --json` writes it. Texts go as they are, other values as JSON. */
function recordLine(
  line: Buffer,
  sink: RecordSink,
  fixed: readonly { readonly key: string; readonly value: Buffer | null }[] | undefined,
): void {
  if (isBlank(line)) return
  const record = parseObject(line)
  const { key, value, headers, timestamp, partition } = record
  for (const [name, number] of Object.entries({ timestamp, partition })) {
    if (number !== undefined && !(Number.isSafeInteger(number) && (number as number) >= 0)) {
      throw new Error(`${name} is ${JSON.stringify(number)}, not a whole number`)
    }
  }
  const own = headers === undefined ? [] : headerList(headers)
  sink(
    bytesOf(key),
    bytesOf(value),
    own.length === 0 ? fixed : [...(fixed ?? []), ...own],
    timestamp as number | undefined,
    partition as number | undefined,
  )
}

function parseObject(line: Buffer): Record<string, unknown> {
  let record: unknown
  try {
    record = JSON.parse(line.toString())
  } catch (error) {
    throw new Error(`this is no JSON: ${(error as Error).message}`)
  }
  if (record === null || typeof record !== 'object' || Array.isArray(record)) {
    throw new Error('a record is a JSON object with value, key, headers')
  }
  if (!('value' in record)) throw new Error('the record has no value; null makes a tombstone')
  return record as Record<string, unknown>
}

/** `[{"name": text}]`, or an object from name to text. */
function headerList(headers: unknown): { key: string; value: Buffer | null }[] {
  if (headers === null || typeof headers !== 'object') throw new Error('headers are no object and no list')
  const parts = Array.isArray(headers) ? headers : [headers]
  return parts.flatMap((part: unknown) =>
    Object.entries(part as Record<string, unknown>).map(([key, value]) => ({ key, value: bytesOf(value) })),
  )
}

function bytesOf(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}
