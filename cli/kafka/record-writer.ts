/**
 * Records as bytes for standard output: one line each, into a buffer that grows and is handed out as a whole. No object per
 * record unless it becomes JSON. One thread; what `take` gives is valid until the next `append`.
 */
import { headersOf, type RecordTable } from '../../proto/kafka/records/index.ts'
import { cliErrors } from '../errors.ts'

export type OutputFormat = 'string' | 'json' | 'bytes'

export interface WriterOptions {
  readonly topic: string
  readonly format: OutputFormat
  /** Every record as a JSON object with its metadata. */
  readonly whole: boolean
  /** Writes the key and this in front of the value. */
  readonly keySeparator?: string | undefined
  readonly headers: boolean
  /** Writes partition and offset in front. */
  readonly offsets: boolean
  /** Writes the time in front. */
  readonly timestamps: boolean
}

const lineEnd = 10
const nullText = Buffer.from('null')

export class RecordWriter {
  readonly #options: WriterOptions
  readonly #separator: Buffer | undefined
  readonly #plain: boolean
  #bytes = Buffer.allocUnsafeSlow(256 * 1024)
  #at = 0

  constructor(options: WriterOptions) {
    this.#options = options
    this.#separator = options.keySeparator === undefined ? undefined : Buffer.from(options.keySeparator)
    const { whole, headers, offsets, timestamps, format } = options
    this.#plain = !whole && !headers && !offsets && !timestamps && format === 'string'
  }

  /** Appends record `index` of the table as a line. Throws CLI_BAD_INPUT for a value that is not of the format. */
  append(table: RecordTable, index: number, partition: number): void {
    if (!this.#plain) {
      this.#text(this.#line(table, index, partition))
      return
    }
    const { bytes, keyAt, keyLength, valueAt, valueLength } = table
    const separator = this.#separator
    this.#reserve(Math.max(0, keyLength[index]) + Math.max(0, valueLength[index]) + (separator?.length ?? 0) + 9)
    if (separator !== undefined) {
      this.#part(bytes, keyAt[index], keyLength[index])
      this.#at += separator.copy(this.#bytes, this.#at)
    }
    this.#part(bytes, valueAt[index], valueLength[index])
    this.#bytes[this.#at++] = lineEnd
  }

  /** What was appended since the last call. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#at)
    this.#at = 0
    return taken
  }

  #part(from: Buffer, at: number, length: number): void {
    if (length < 0) this.#at += nullText.copy(this.#bytes, this.#at)
    else this.#at += from.copy(this.#bytes, this.#at, at, at + length)
  }

  #text(text: string): void {
    this.#reserve(text.length * 3 + 1)
    this.#at += this.#bytes.write(text, this.#at)
    this.#bytes[this.#at++] = lineEnd
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    // What was handed out may still be on its way: a new buffer, not the old one.
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#at + size, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }

  #line(table: RecordTable, index: number, partition: number): string {
    const { topic, format, whole, headers, offsets, timestamps, keySeparator } = this.#options
    const { bytes, keyAt, keyLength, valueAt, valueLength } = table
    const offset = table.baseOffset + table.offsetDelta[index]
    const timestamp = table.timestamp[index]
    const where = `${topic}/${partition} at offset ${offset}`
    const key = keyLength[index] < 0 ? null : bytes.toString('utf8', keyAt[index], keyAt[index] + keyLength[index])
    const value =
      valueLength[index] < 0
        ? null
        : decode(bytes.subarray(valueAt[index], valueAt[index] + valueLength[index]), format, where)
    if (whole) {
      const list = headersOf(table, index)
      return JSON.stringify({
        topic,
        partition,
        offset,
        timestamp,
        key,
        value,
        ...(list.length === 0 ? {} : { headers: list.map((each) => ({ [each.key]: each.value?.toString() ?? null })) }),
      })
    }
    const parts: string[] = []
    if (offsets) parts.push(`${partition}:${offset}`)
    if (timestamps) parts.push(timestamp < 0 ? '-' : new Date(timestamp).toISOString())
    if (headers) {
      const list = headersOf(table, index)
      parts.push(list.map((each) => `${each.key}=${each.value?.toString() ?? 'null'}`).join(',') || '-')
    }
    const text = value === null ? 'null' : format === 'json' ? JSON.stringify(value) : String(value)
    parts.push(keySeparator === undefined ? text : `${key ?? 'null'}${keySeparator}${text}`)
    return parts.join('\t')
  }
}

function decode(value: Buffer, format: OutputFormat, where: string): unknown {
  if (format === 'bytes') return value.toString('base64')
  const text = value.toString()
  if (format === 'string') return text
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const problem = `the value is no JSON (${(cause as Error).message}); --format string shows it`
    throw cliErrors.create('BAD_INPUT', { where, problem }, { cause })
  }
}
