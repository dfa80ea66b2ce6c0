/** From records to lines of NDJSON and CSV. A bigint is written as its digits, a date in ISO form, bytes in base64. */
import { badOption } from '../errors.ts'

export function jsonLine(record: unknown): string {
  const text = JSON.stringify(record, typeof record === 'object' ? jsonValue : undefined)
  if (text === undefined) throw badOption('sink.files', 'a record', String(record), 'a value that JSON has')
  return `${text}\n`
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : String(value)
  if (typeof value === 'object' && value !== null) {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
    if (value instanceof Map) return Object.fromEntries(value)
    if (value instanceof Set) return [...value]
  }
  return value
}

/** Columns of an undeclared CSV file: the fields of its first record. */
export function csvHeader(first: unknown): readonly string[] {
  if (typeof first !== 'object' || first === null || Array.isArray(first)) {
    throw badOption('sink.files', 'a record', JSON.stringify(first) ?? String(first), 'an object: CSV has columns')
  }
  return Object.keys(first)
}

export function csvLine(record: unknown, columns: readonly string[]): string {
  let line = ''
  for (let i = 0; i < columns.length; i++) {
    const cell = csvCell((record as Readonly<Record<string, unknown>>)[columns[i]])
    line += i === 0 ? cell : `,${cell}`
  }
  // A record of one empty value would be a blank line, which readers skip.
  return columns.length === 1 && line === '' ? '""\n' : `${line}\n`
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  let text: string
  if (typeof value === 'string') text = value
  else if (value instanceof Date) text = Number.isNaN(value.getTime()) ? '' : value.toISOString()
  else if (value instanceof Uint8Array) text = Buffer.from(value).toString('base64')
  else text = jsonLine(value).trimEnd()
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
