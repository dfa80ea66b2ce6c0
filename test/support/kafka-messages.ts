/** Every Kafka message with its table and its codecs, and arbitrary messages of any version. */
import fc from 'fast-check'
import { type KafkaReader, zeroUuid } from '../../proto/kafka/reader.ts'
import type { KafkaWriter } from '../../proto/kafka/writer.ts'
import { loadSchemas } from '../../scripts/build-kafka-codecs.ts'
import { isPrimitive, type Primitive, type SchemaField, type SchemaMessage } from '../../scripts/kafka-schema.ts'

export interface MessageCodec {
  readonly schema: SchemaMessage
  read(reader: KafkaReader, version: number): unknown
  write(writer: KafkaWriter, message: unknown, version: number): void
}

export async function allCodecs(): Promise<MessageCodec[]> {
  const codecs: MessageCodec[] = []
  for (const [file, { messages }] of loadSchemas()) {
    const module = (await import(`../../proto/kafka/messages/${file}.ts`)) as Record<string, unknown>
    for (const schema of messages) {
      codecs.push({
        schema,
        read: module[`read${schema.name}`] as MessageCodec['read'],
        write: module[`write${schema.name}`] as MessageCodec['write'],
      })
    }
  }
  return codecs
}

const within = (version: number, range: { from: number; to: number } | undefined): boolean =>
  range !== undefined && version >= range.from && version <= range.to

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))

const values: Readonly<Record<Primitive, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 0xffff_ffff }),
  int64: fc.oneof(fc.maxSafeInteger(), fc.integer()),
  float64: fc.double({ noNaN: true }),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array).toString('base64url')),
  string: fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 90 })),
  bytes,
  records: fc.oneof(bytes, fc.constant(Buffer.alloc(3000, 'records'))),
}

/** What a field is where a version does not have it. */
export function missingValue(field: SchemaField): unknown {
  const structure = !isPrimitive(field.type)
  if (field.default === 'null' || (structure && !field.isArray)) return null
  if (field.isArray) return []
  if (field.default !== undefined) return JSON.parse(field.default.replaceAll("'", '"'))
  if (field.type === 'bool') return false
  if (field.type === 'string') return ''
  if (field.type === 'uuid') return zeroUuid
  if (field.type === 'bytes') return Buffer.alloc(0)
  return field.type === 'records' ? null : 0
}

/** Messages as the reader of that version gives them. */
export function messageOf(schema: SchemaMessage, version: number): fc.Arbitrary<Record<string, unknown>> {
  const structure = (name: string): fc.Arbitrary<Record<string, unknown>> => {
    const found = schema.structs.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no structure ${name}`)
    return fc.record(Object.fromEntries(found.fields.map((field) => [field.name, arbitraryOf(field)])))
  }
  const arbitraryOf = (field: SchemaField): fc.Arbitrary<unknown> => {
    if (!within(version, field.versions)) return fc.constant(missingValue(field))
    const one = isPrimitive(field.type) ? values[field.type] : structure(field.type)
    const value = field.isArray ? fc.array(one, { maxLength: 3 }) : one
    const mayBeNull = within(version, field.nullable) || (!isPrimitive(field.type) && !field.isArray)
    return mayBeNull ? fc.option(value, { freq: 4 }) : value
  }
  return structure(schema.name)
}
