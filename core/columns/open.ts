/**
 * Reads a segment as a batch. The bytes may come from a network, so every place, length and offset is checked against
 * the used bytes before anything is read through it; what does not fit is COLUMNS_CORRUPT, and no address of the
 * returned batch lies outside its segment.
 */
import type { Arena } from '../arena/arena.ts'
import { bitSetBytes, type Column, columnFlags, internSchema, maxBatchRows, RecordBatch } from './batch.ts'
import { columnErrors } from './errors.ts'
import { batchMagic, headerBytes, nodeBytes, schemaFollows, shapeOf } from './layout.ts'
import type { DataType, Field, Schema } from './schema.ts'

/** Items a nested column may have: those without bytes of their own (empty objects) are bounded by nothing else. */
const maxItems = 1 << 24
const maxDepth = 64
const schemaCacheMax = 256

/**
 * The batch in `segment`, held by `owner` with the caller's reference (nothing is retained). `declared` is the schema
 * known beforehand, for batches that do not describe themselves. `trusted` skips the scan of string
 * offsets, for segments written by this process. Throws COLUMNS_CORRUPT.
 */
export function openBatch(
  arena: Arena,
  segment: number,
  declared: Schema | undefined,
  owner: number = arena.owner,
  trusted = false,
): RecordBatch {
  const base = arena.address(segment)
  const head = base >>> 2
  const { u32 } = arena
  if (u32[head] !== batchMagic) throw corrupt('it does not start with MRB1')
  const rowCount = u32[head + 1]
  const usedBytes = u32[head + 2]
  if (usedBytes > arena.capacity(segment) || usedBytes < headerBytes)
    throw corrupt(`it says it uses ${usedBytes} bytes`)
  if (rowCount > maxBatchRows) throw corrupt(`it says it has ${rowCount} rows`)
  const reader: Reader = { arena, base, usedBytes, trusted, node: head + (headerBytes >>> 2), nodesLeft: u32[head + 8] }
  if (headerBytes + reader.nodesLeft * nodeBytes > usedBytes) throw corrupt('its table is cut off')

  let schema = declared
  if ((u32[head + 3] & schemaFollows) !== 0) {
    schema = readSchema(reader, u32[head + 4], u32[head + 5])
  }
  if (schema === undefined) throw corrupt('it has no schema and none is declared')
  schema = internSchema(schema)
  const shape = shapeOf(schema)
  if (u32[head + 9] !== shape.fingerprint) throw corrupt('it was written with another schema')
  if (shape.nodes !== reader.nodesLeft) throw corrupt(`it has ${reader.nodesLeft} columns instead of ${shape.nodes}`)
  const columns = schema.fields.map((field) => readColumnNode(reader, field, rowCount))
  const timestamps = place(reader, u32[head + 6], rowCount * 8, true)
  const hashes = place(reader, u32[head + 7], rowCount * 4, true)
  return new RecordBatch({ arena, owner, schema, rowCount, columns, timestamps, hashes, segments: [segment] })
}

interface Reader {
  readonly arena: Arena
  readonly base: number
  readonly usedBytes: number
  readonly trusted: boolean
  /** Word index of the next node. */
  node: number
  nodesLeft: number
}

const corrupt = (reason: string): Error => columnErrors.create('CORRUPT', { reason })

/** Address of `bytes` bytes at `offset`; 0 when there are none and that is allowed. */
function place(reader: Reader, offset: number, bytes: number, optional: boolean): number {
  if (offset === 0) {
    if (optional || bytes === 0) return 0
    throw corrupt('a buffer is missing')
  }
  // 16 bytes of slack belong to each buffer: kernels read them.
  if (offset < headerBytes || (offset & 15) !== 0 || offset + bytes + 16 > reader.usedBytes)
    throw corrupt('a buffer lies outside')
  return reader.base + offset
}

function readColumnNode(reader: Reader, field: Field, rowCount: number): Column {
  const { arena } = reader
  const { u32 } = arena
  const at = reader.node
  reader.node += nodeBytes >>> 2
  const dataBytes = u32[at + 1]
  const flags = u32[at + 5]
  if (u32[at + 6] !== rowCount) throw corrupt(`field ${field.name} has ${u32[at + 6]} rows instead of ${rowCount}`)
  const bits = bitSetBytes(rowCount)
  const validity = place(reader, u32[at + 3], bits, true)
  const missing = place(reader, u32[at + 4], (flags & columnFlags.explicitUndefined) === 0 ? bits : 2 * bits, true)
  if (missing !== 0 && validity === 0) throw corrupt(`field ${field.name} has missing rows but no validity`)
  const { type } = field
  let data = 0
  let offsets = 0
  const children: Column[] = []
  switch (type.kind) {
    case 'struct':
      for (const child of type.fields) children.push(readColumnNode(reader, child, rowCount))
      break
    case 'list': {
      offsets = place(reader, u32[at + 2], rowCount * 4 + 4, false)
      const items = u32[reader.node + 6]
      if (items > maxItems) throw corrupt(`field ${field.name} has ${items} items`)
      checkOffsets(reader, field, offsets, rowCount, items)
      children.push(readColumnNode(reader, type.item, items))
      break
    }
    case 'string':
    case 'bytes':
    case 'any':
      offsets = place(reader, u32[at + 2], rowCount * 4 + 4, false)
      data = place(reader, u32[at], dataBytes, false)
      checkOffsets(reader, field, offsets, rowCount, dataBytes)
      break
    default: {
      const bytes = fixedBytes(type, rowCount)
      if (dataBytes < bytes) throw corrupt(`field ${field.name} is cut off`)
      data = place(reader, u32[at], dataBytes, false)
    }
  }
  return { field, rowCount, data, dataBytes, offsets, validity, missing, flags, children }
}

function fixedBytes(type: DataType, rows: number): number {
  if (type.kind === 'boolean') return (rows + 7) >>> 3
  return type.kind === 'int32' ? rows * 4 : rows * 8
}

function checkOffsets(reader: Reader, field: Field, offsets: number, rows: number, limit: number): void {
  const { u32 } = reader.arena
  const first = offsets >>> 2
  if (u32[first] !== 0 || u32[first + rows] > limit) throw corrupt(`offsets of field ${field.name} lie outside`)
  if (!reader.trusted && reader.arena.kernels.rising(offsets, rows) === 0)
    throw corrupt(`offsets of field ${field.name} fall`)
}

const schemas = new Map<string, Schema>()

function readSchema(reader: Reader, offset: number, bytes: number): Schema {
  const at = place(reader, offset, bytes, false)
  const content = reader.arena.buffer.latin1Slice(at, at + bytes)
  let schema = schemas.get(content)
  if (schema === undefined) {
    schema = internSchema(parseSchema(reader.arena.buffer.utf8Slice(at, at + bytes)))
    if (schemas.size >= schemaCacheMax) schemas.clear()
    schemas.set(content, schema)
  }
  return schema
}

/** Checks JSON from outside to be a schema. Throws COLUMNS_CORRUPT. */
export function parseSchema(text: string): Schema {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw columnErrors.create('CORRUPT', { reason: 'its schema is not JSON' }, { cause })
  }
  const object = asObject(json)
  if ((object.record !== 'object' && object.record !== 'value') || !Array.isArray(object.fields))
    throw corrupt('its schema is not one')
  if (object.record === 'value' && object.fields.length !== 1) throw corrupt('its schema is not one')
  return { record: object.record, fields: object.fields.map((field) => parseField(field, 0)) }
}

function parseField(json: unknown, depth: number): Field {
  const { name, type, nullable, optional } = asObject(json)
  if (typeof name !== 'string' || depth > maxDepth) throw corrupt('its schema is not one')
  return {
    name,
    type: parseType(type, depth),
    ...(nullable === true ? { nullable } : {}),
    ...(optional === true ? { optional } : {}),
  }
}

function parseType(json: unknown, depth: number): DataType {
  const { kind, fields, item } = asObject(json)
  switch (kind) {
    case 'float64':
    case 'int32':
    case 'int64':
    case 'boolean':
    case 'string':
    case 'bytes':
    case 'timestamp':
    case 'date':
    case 'any':
      return { kind }
    case 'struct':
      if (!Array.isArray(fields)) throw corrupt('its schema is not one')
      return { kind, fields: fields.map((field) => parseField(field, depth + 1)) }
    case 'list':
      return { kind, item: parseField(item, depth + 1) }
    default:
      throw corrupt('its schema has an unknown type')
  }
}

function asObject(json: unknown): Record<string, unknown> {
  if (json === null || typeof json !== 'object') throw corrupt('its schema is not one')
  return json as Record<string, unknown>
}
