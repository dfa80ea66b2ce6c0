/**
 * Records of the metadata log: what a cluster is, one change each. On disk: two bytes of version (big-endian), then the record
 * as JSON in UTF-8 with its fields in the order of the shape. The key of the log's record is null.
 *
 * Promises: what `encodeRecord` wrote, `decodeRecord` reads back; it takes no field that the shape does not name, and
 * refuses a newer version with a sentence. A new kind or field raises the version of the records that have it: a log without
 * them can be read by brokers that do not know it. Pure.
 */
import { brokerErrors } from '../errors.ts'

/** The newest there is. */
export const metadataVersion = 3

export type MetadataRecord =
  /** First record of every log. */
  | { readonly kind: 'cluster'; readonly clusterId: string; readonly brokerId: number; readonly createdMs: number }
  /** Written at each start; epochs rise. */
  | { readonly kind: 'broker-started'; readonly epoch: number; readonly startedMs: number }
  | {
      readonly kind: 'topic'
      readonly name: string
      readonly topicId: string
      readonly partitions: number
      readonly internal: boolean
      readonly configs: Readonly<Record<string, string>>
    }
  /** A topic has so many partitions from now on. */
  | { readonly kind: 'partitions'; readonly topicId: string; readonly partitions: number }
  | { readonly kind: 'topic-deleted'; readonly topicId: string }
  /** Null takes the setting back. */
  | { readonly kind: 'topic-config'; readonly topicId: string; readonly name: string; readonly value: string | null }
  /** `broker` is the id as text, or empty for all brokers. */
  | { readonly kind: 'broker-config'; readonly broker: string; readonly name: string; readonly value: string | null }
  /** Producer ids below `next` have been given away. */
  | { readonly kind: 'producer-ids'; readonly next: number }
  | {
      readonly kind: 'acl'
      readonly id: string
      readonly resourceType: number
      readonly resourceName: string
      readonly patternType: number
      readonly principal: string
      readonly host: string
      readonly operation: number
      readonly permission: number
    }
  | { readonly kind: 'acl-removed'; readonly id: string }
  /** Salt and keys in base64. */
  | {
      readonly kind: 'scram'
      readonly user: string
      readonly mechanism: number
      readonly iterations: number
      readonly salt: string
      readonly storedKey: string
      readonly serverKey: string
    }
  | { readonly kind: 'scram-removed'; readonly user: string; readonly mechanism: number }
  /** Of one entity, by Kafka's types of entities; the name null is for all that have none of their own. Without a value: taken back. */
  | {
      readonly kind: 'quota'
      readonly entity: QuotaEntity
      readonly key: string
      readonly value: number | null
    }
  /** What follows up to the end replaces everything before. Without its end it counts for nothing. */
  | { readonly kind: 'snapshot-begin' }
  | { readonly kind: 'snapshot-end' }

/** `ip` stands alone. */
export const quotaEntityTypes = ['user', 'client-id', 'ip'] as const
export type QuotaEntityType = (typeof quotaEntityTypes)[number]
export type QuotaEntity = Readonly<Partial<Record<QuotaEntityType, string | null>>>

export type MetadataKind = MetadataRecord['kind']
export type RecordOf<Kind extends MetadataKind> = Extract<MetadataRecord, { readonly kind: Kind }>

type FieldKind = 'text' | 'text?' | 'whole' | 'number?' | 'flag' | 'texts' | 'entity'

const shapes: Readonly<Record<MetadataKind, Readonly<Record<string, FieldKind>>>> = {
  cluster: { clusterId: 'text', brokerId: 'whole', createdMs: 'whole' },
  'broker-started': { epoch: 'whole', startedMs: 'whole' },
  topic: { name: 'text', topicId: 'text', partitions: 'whole', internal: 'flag', configs: 'texts' },
  partitions: { topicId: 'text', partitions: 'whole' },
  'topic-deleted': { topicId: 'text' },
  'topic-config': { topicId: 'text', name: 'text', value: 'text?' },
  'broker-config': { broker: 'text', name: 'text', value: 'text?' },
  'producer-ids': { next: 'whole' },
  acl: {
    id: 'text',
    resourceType: 'whole',
    resourceName: 'text',
    patternType: 'whole',
    principal: 'text',
    host: 'text',
    operation: 'whole',
    permission: 'whole',
  },
  'acl-removed': { id: 'text' },
  scram: {
    user: 'text',
    mechanism: 'whole',
    iterations: 'whole',
    salt: 'text',
    storedKey: 'text',
    serverKey: 'text',
  },
  'scram-removed': { user: 'text', mechanism: 'whole' },
  quota: { entity: 'entity', key: 'text', value: 'number?' },
  'snapshot-begin': {},
  'snapshot-end': {},
}

/** The version by which a kind came. */
const versions: Readonly<Partial<Record<MetadataKind, number>>> = { quota: 2 }
/** The version by which quotas of addresses came. */
const versionWithAddresses = 3

export function encodeRecord(record: MetadataRecord): Buffer {
  const fields = record as unknown as Readonly<Record<string, unknown>>
  const ordered: Record<string, unknown> = { kind: record.kind }
  for (const name of Object.keys(shapes[record.kind])) ordered[name] = fields[name]
  const text = JSON.stringify(ordered)
  const bytes = Buffer.alloc(2 + Buffer.byteLength(text))
  const ofAddress = record.kind === 'quota' && record.entity.ip !== undefined
  bytes.writeInt16BE(ofAddress ? versionWithAddresses : (versions[record.kind] ?? 1), 0)
  bytes.write(text, 2)
  return bytes
}

/** `offset` is told in errors. Throws BROKER_METADATA_NEWER, BROKER_METADATA_UNREADABLE. */
export function decodeRecord(bytes: Buffer, offset: number): MetadataRecord {
  const bad = (reason: string, cause?: unknown): Error =>
    brokerErrors.create('METADATA_UNREADABLE', { offset, reason }, { cause })
  if (bytes.length < 2) throw bad('it has no version')
  const version = bytes.readInt16BE(0)
  if (version > metadataVersion) throw brokerErrors.create('METADATA_NEWER', { version, known: metadataVersion })
  if (version < 1) throw bad(`version ${version} never was`)
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8', 2))
  } catch (cause) {
    throw bad('it is not JSON', cause)
  }
  if (!isObject(value)) throw bad('it is not an object')
  const fields = value as Readonly<Record<string, unknown>>
  const kind = fields.kind
  if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) throw bad('its kind is not known')
  const shape = shapes[kind as MetadataKind]
  const result: Record<string, unknown> = { kind }
  for (const [name, expected] of Object.entries(shape)) {
    const field = fields[name]
    if (!fits(field, expected)) throw bad(`${name} of ${kind} is not what it should be`)
    result[name] = field
  }
  return result as unknown as MetadataRecord
}

function fits(field: unknown, expected: FieldKind): boolean {
  switch (expected) {
    case 'text':
      return typeof field === 'string'
    case 'text?':
      return typeof field === 'string' || field === null
    case 'whole':
      return Number.isSafeInteger(field)
    case 'number?':
      return Number.isFinite(field) || field === null
    case 'flag':
      return typeof field === 'boolean'
    case 'texts':
      return isObject(field) && Object.values(field).every((each) => typeof each === 'string')
    case 'entity':
      return isObject(field) && Object.entries(field).every(([type, name]) => isNamed(type, name))
  }
}

const isObject = (field: unknown): field is object =>
  typeof field === 'object' && field !== null && !Array.isArray(field)

const isNamed = (type: string, name: unknown): boolean =>
  quotaEntityTypes.some((each) => each === type) && (typeof name === 'string' || name === null)
