/**
 * From the text of one record to a value of the declared type. What does not fit the type is an error that names the
 * field: better here, with file and line, than later.
 */
import type { DataType, Field } from '../../core/columns/schema.ts'
import type { TypeDef } from '../../sdk/types.ts'

/** Text of a record to the record; throws an Error that says what is wrong. */
export type Parse = (text: string) => unknown

export function jsonParser(type: TypeDef<unknown> | undefined): Parse {
  if (type === undefined) return parseJson
  const field: Field = { name: '', type: type.dataType, ...(type.nullable ? { nullable: true } : {}) }
  const { validate } = type
  return (text) => {
    const value = asType(field, parseJson(text), '')
    return validate === undefined ? value : validate(value)
  }
}

/** The column is what counts: the line is that of the file, and stands before the message. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = (cause as Error).message.replace(
      / in JSON at position (\d+)(?: \(line \d+ column \d+\))?/,
      (_, at: string) => {
        return ` at column ${Number(at) + 1}`
      },
    )
    throw new SyntaxError(message, { cause })
  }
}

/** Fields are named by the header; without a declared type every value is a text. */
export function csvParser(header: readonly string[], type: TypeDef<unknown> | undefined): Parse {
  const types = new Map<string, Field>()
  if (type !== undefined && type.dataType.kind === 'struct')
    for (const field of type.dataType.fields) types.set(field.name, field)
  for (const field of types.values()) {
    if (!header.includes(field.name) && !field.optional)
      throw new Error(`the header has no column "${field.name}" (it has ${header.join(', ')})`)
  }
  const validate = type?.validate
  return (text) => {
    const cells = csvCells(text)
    if (cells.length !== header.length)
      throw new Error(`${cells.length} values, and the header has ${header.length} columns`)
    const record: Record<string, unknown> = {}
    for (let i = 0; i < header.length; i++) {
      const field = types.get(header[i])
      if (field !== undefined) {
        const value = cellValue(field, cells[i])
        if (value !== undefined) record[header[i]] = value
      } else if (type === undefined) record[header[i]] = cells[i]
    }
    return validate === undefined ? record : validate(record)
  }
}

/** The values of a CSV record: commas, quotes, doubled quotes inside of them. */
export function csvCells(text: string): string[] {
  if (!text.includes('"')) return text.split(',')
  const cells: string[] = []
  for (let at = 0; at <= text.length; ) {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at)
      const end = comma < 0 ? text.length : comma
      cells.push(text.slice(at, end))
      at = end + 1
      continue
    }
    let cell = ''
    for (at++; ; ) {
      const end = text.indexOf('"', at)
      if (end < 0) throw new Error('a quote is not closed')
      cell += text.slice(at, end)
      at = end + 1
      if (text[at] !== '"') break
      cell += '"'
      at++
    }
    if (at < text.length && text[at] !== ',')
      throw new Error(`a comma is missing after the value "${cell.slice(0, 40)}"`)
    cells.push(cell)
    at++
  }
  return cells
}

function cellValue(field: Field, cell: string): unknown {
  if (cell === '' && field.type.kind !== 'string') {
    if (field.nullable) return null
    if (field.optional) return undefined
    throw new Error(`${field.name} is empty`)
  }
  switch (field.type.kind) {
    case 'string':
    case 'any':
      return cell
    case 'float64':
    case 'int32': {
      const value = Number(cell)
      if (Number.isNaN(value) && cell !== 'NaN') throw wrong(field, field.name, cell)
      return asType(field, value, field.name)
    }
    case 'boolean':
      if (cell === 'true' || cell === '1') return true
      if (cell === 'false' || cell === '0') return false
      throw wrong(field, field.name, cell)
    case 'timestamp':
      return asType(field, /^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell, field.name)
    case 'struct':
    case 'list':
      return asType(field, JSON.parse(cell), field.name)
    default:
      return asType(field, cell, field.name)
  }
}

/** The JSON of one field to its value; undefined where it is absent. Throws an Error that says what is wrong. */
export const jsonFieldParser =
  (field: Field): Parse =>
  (text) =>
    asType(field, parseJson(text), field.name)

/** The value as the field's type has it: whole numbers become bigint, ISO dates become Date or epoch ms. */
function asType(field: Field, value: unknown, path: string): unknown {
  if (value === null && field.nullable) return null
  if (value === undefined && field.optional) return undefined
  const type: DataType = field.type
  switch (type.kind) {
    case 'float64':
      if (typeof value === 'number') return value
      break
    case 'int32':
      if (typeof value === 'number' && (value | 0) === value) return value
      break
    case 'int64':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
      if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value)
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'bytes':
      if (typeof value === 'string') return new Uint8Array(Buffer.from(value, 'base64'))
      break
    case 'timestamp':
    case 'date': {
      const ms = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
      if (!Number.isNaN(ms)) return type.kind === 'date' ? new Date(ms) : ms
      break
    }
    case 'list':
      if (Array.isArray(value)) return value.map((each, i) => asType(type.item, each, `${path}[${i}]`))
      break
    case 'struct':
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return structAs(type.fields, value as Record<string, unknown>, path)
      break
    case 'any':
      return value
  }
  throw wrong(field, path, value)
}

function structAs(fields: readonly Field[], value: Record<string, unknown>, path: string): unknown {
  const record: Record<string, unknown> = {}
  for (const field of fields) {
    const fitted = asType(field, value[field.name], path === '' ? field.name : `${path}.${field.name}`)
    if (fitted !== undefined) record[field.name] = fitted
  }
  return record
}

function wrong(field: Field, path: string, value: unknown): Error {
  const shown = value === undefined ? 'absent' : (JSON.stringify(value) ?? String(value)).slice(0, 60)
  return new Error(`${path === '' ? 'the record' : path} is ${shown}, declared as ${field.type.kind}`)
}
