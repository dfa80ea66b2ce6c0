/** Records of a topic as users see them, and how their bytes become values. Pure. */
import { headersOf, type RecordTable } from '../../proto/kafka/records/index.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption } from '../errors.ts'
import { jsonParser } from '../files/parse.ts'

export interface KafkaHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** A record with everything that it has. The bytes are its own. */
export interface KafkaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly KafkaHeader[]
}

/** A format of the user's own. */
export interface KafkaFormat<T> {
  /** Declared type of what `decode` gives; absent: records describe themselves. */
  readonly type?: TypeDef<T>
  /** Bytes to the record of the job; undefined leaves it out; an error makes it a broken record. `record()` gives key, headers, offset and the like. */
  decode(value: Buffer | null, record: () => KafkaRecord): T | undefined
  /** For the sink: the record of the job to bytes; null is a tombstone. */
  encode?(record: T): Uint8Array | string | null
}

/** What can be asked for with `with`, and becomes fields of the record. */
export interface KafkaMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch ms: the producer's, or that of the append where the topic says so. */
  readonly timestamp: number
  /** As text. */
  readonly key: string | null
  /** As text, by name; of several with one name the last. */
  readonly headers: Readonly<Record<string, string | null>>
}
export type KafkaField = keyof KafkaMetadata
export const kafkaFields: readonly KafkaField[] = ['topic', 'partition', 'offset', 'timestamp', 'key', 'headers']

/** Record `index` of a table as a record of the job; undefined leaves it out. Throws for one that cannot be read. */
export type ReadRecord = (table: RecordTable, index: number, topic: string, partition: number) => unknown

const bytesOf = (table: RecordTable, index: number): Buffer | null => {
  const length = table.valueLength[index]
  const at = table.valueAt[index]
  return length < 0 ? null : table.bytes.subarray(at, at + length)
}

const textOf = (bytes: Buffer | null): string => {
  if (bytes === null) throw new Error('the record has no value')
  return bytes.utf8Slice(0, bytes.length)
}

/** The whole record, in memory of its own. */
export function kafkaRecord(table: RecordTable, index: number, topic: string, partition: number): KafkaRecord {
  const copy = (at: number, length: number): Buffer | null =>
    length < 0 ? null : Buffer.from(table.bytes.subarray(at, at + length))
  return {
    topic,
    partition,
    offset: table.baseOffset + table.offsetDelta[index],
    timestamp: table.timestamp[index],
    key: copy(table.keyAt[index], table.keyLength[index]),
    value: copy(table.valueAt[index], table.valueLength[index]),
    headers: headersOf(table, index).map(({ key, value }) => ({
      key,
      value: value === null ? null : Buffer.from(value),
    })),
  }
}

/** The metadata of a record, by name of field. */
export function metadataOf(
  fields: readonly KafkaField[],
  table: RecordTable,
  index: number,
  topic: string,
  partition: number,
): Partial<KafkaMetadata> {
  const found: { -readonly [K in KafkaField]?: KafkaMetadata[K] } = {}
  for (const field of fields) {
    if (field === 'topic') found.topic = topic
    else if (field === 'partition') found.partition = partition
    else if (field === 'offset') found.offset = table.baseOffset + table.offsetDelta[index]
    else if (field === 'timestamp') found.timestamp = table.timestamp[index]
    else if (field === 'key') {
      const at = table.keyAt[index]
      found.key = table.keyLength[index] < 0 ? null : table.bytes.utf8Slice(at, at + table.keyLength[index])
    } else {
      const headers = headersOf(table, index).map(({ key, value }) => [key, value === null ? null : value.toString()])
      found.headers = Object.fromEntries(headers) as KafkaMetadata['headers']
    }
  }
  return found
}

/** How records are read one by one. */
export function recordReader(
  format: 'json' | 'string' | 'bytes' | KafkaFormat<unknown>,
  type: TypeDef<unknown> | undefined,
  fields: readonly KafkaField[],
): ReadRecord {
  if (typeof format === 'object') {
    return (table, index, topic, partition) =>
      format.decode(bytesOf(table, index), () => kafkaRecord(table, index, topic, partition))
  }
  let value: (bytes: Buffer | null) => unknown
  if (format === 'string') value = textOf
  else if (format === 'bytes') value = (bytes) => new Uint8Array(bytes ?? badBytes())
  else {
    const parse = jsonParser(type)
    value = (bytes) => parse(bytes === null && type?.nullable ? 'null' : textOf(bytes))
  }
  if (fields.length === 0) return (table, index) => value(bytesOf(table, index))
  return (table, index, topic, partition) => {
    const record = value(bytesOf(table, index))
    const isObject = typeof record === 'object' && record !== null && !Array.isArray(record)
    if (!isObject) throw new Error('the value is no object, so it cannot have fields of its record')
    return { ...record, ...metadataOf(fields, table, index, topic, partition) }
  }
}

const badBytes = (): never => {
  throw new Error('the record has no value')
}

/** The declared type of a record with its metadata. */
export function typeWith(
  factory: string,
  type: TypeDef<unknown> | undefined,
  fields: readonly KafkaField[],
): TypeDef<unknown> | undefined {
  for (const field of fields)
    if (!kafkaFields.includes(field)) throw badOption(factory, 'with', field, kafkaFields.join(', '))
  if (type === undefined || fields.length === 0) return type
  if (type.dataType.kind !== 'struct') throw badOption(factory, 'with', fields.join(', '), 'a value that is an object')
  const clash = type.dataType.fields.find(({ name }) => fields.includes(name as KafkaField))
  if (clash !== undefined) throw badOption(factory, 'with', clash.name, 'fields that the value has not')
  const kinds = {
    topic: 'string',
    partition: 'int32',
    offset: 'float64',
    timestamp: 'timestamp',
    key: 'string',
    headers: 'any',
  } as const
  const more = fields.map((name) => ({
    name,
    type: { kind: kinds[name] },
    ...(name === 'key' ? { nullable: true } : {}),
  }))
  return { dataType: { kind: 'struct', fields: [...type.dataType.fields, ...more] } }
}
