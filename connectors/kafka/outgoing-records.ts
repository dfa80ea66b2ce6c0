/** From records of the job to what goes into a topic: bytes of key and value, headers, partition, time. Pure. */
import { badOption } from '../errors.ts'
import type { KafkaProducer } from './client/producer.ts'
import { kafkaConnectorErrors } from './errors.ts'
import type { KafkaFormat, KafkaHeader } from './records.ts'

type Encoded = Uint8Array | string | null

export interface RecordOptions<T> {
  /** The topic, or which one a record goes into. */
  readonly topic: string | ((record: T) => string)
  /** Default `json`: the whole record. A function gives the value: null is a tombstone. */
  readonly value?: 'json' | 'string' | 'bytes' | Pick<KafkaFormat<T>, 'encode'> | ((record: T) => Encoded)
  /** A field, or a function. Absent: records have no key, and go where the producer has a batch open. */
  readonly key?: (unknown extends T ? string : keyof T & string) | ((record: T) => Encoded)
  readonly headers?: (record: T) => Readonly<Record<string, Encoded>>
  /** Epoch ms; default: the event time, and now for a record that has none. What a topic keeps (`retention.ms`) goes by it. */
  readonly timestamp?: (record: T) => number
  /** 0 to `partitions` - 1. Default: by the key, as Java's clients do. */
  readonly partition?: (record: T, partitions: number) => number
}

/** Puts one record into a producer that knows its topic. */
export type Append<T> = (producer: KafkaProducer, record: T, timestampMs: number, topic: string) => void

const factory = 'sink.kafka'

const bufferOf = (value: Encoded): Buffer | null => {
  if (value === null) return null
  if (typeof value === 'string') return Buffer.from(value)
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** Values that JSON has no word for: whole numbers as such or as text, bytes in base64, maps as objects, sets as arrays. */
function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'object' && value !== null) {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
    if (value instanceof Map) return Object.fromEntries(value)
    if (value instanceof Set) return [...value]
  }
  return value
}

/** Whether JSON.stringify can be left alone with it. */
function isFlat(record: object): boolean {
  for (const name in record) {
    const value = (record as Record<string, unknown>)[name]
    if (typeof value === 'bigint' || (typeof value === 'object' && value !== null)) return false
  }
  return !(record instanceof Map || record instanceof Set || record instanceof Uint8Array)
}

export function jsonText(record: unknown): string {
  const simple = typeof record === 'object' ? record === null || isFlat(record) : typeof record !== 'bigint'
  const text = simple ? JSON.stringify(record) : JSON.stringify(record, plainValue)
  if (text === undefined) throw badOption(factory, 'a record', String(record), 'a value that JSON has')
  return text
}

function valueEncoder<T>(value: RecordOptions<T>['value']): (record: T) => Buffer | null {
  if (value === undefined || value === 'json') return (record) => Buffer.from(jsonText(record))
  if (value === 'string') return (record) => Buffer.from(String(record))
  if (value === 'bytes') {
    return (record) => {
      if (record instanceof Uint8Array) return bufferOf(record)
      throw badOption(factory, 'a record', typeof record, 'a Uint8Array: the value is bytes')
    }
  }
  if (typeof value === 'function') return (record) => bufferOf(value(record))
  const { encode } = value
  if (typeof encode !== 'function') throw badOption(factory, 'value', 'a format without encode', 'one with encode')
  return (record) => bufferOf(encode(record))
}

function keyEncoder<T>(key: RecordOptions<T>['key']): (record: T) => Buffer | null {
  if (key === undefined) return () => null
  if (typeof key === 'function') return (record) => bufferOf(key(record))
  return (record) => {
    const value = (record as Readonly<Record<string, unknown>>)[key as string]
    if (value === null || value === undefined) return null
    if (value instanceof Uint8Array) return bufferOf(value)
    return Buffer.from(typeof value === 'object' ? jsonText(value) : String(value))
  }
}

/** Throws CONNECTOR_BAD_OPTION for options that cannot be. */
export function recordAppender<T>({ value, key, headers, timestamp, partition }: RecordOptions<T>): Append<T> {
  const encodeValue = valueEncoder(value)
  const encodeKey = keyEncoder(key)
  return (producer, record, eventTimeMs, topic) => {
    const keyBytes = encodeKey(record)
    const time = timestamp === undefined ? eventTimeMs : timestamp(record)
    let target: number
    if (partition === undefined) target = producer.partitionFor(topic, keyBytes)
    else {
      const count = producer.partitionCount(topic)
      target = partition(record, count)
      if (!Number.isInteger(target) || target < 0 || target >= count)
        throw kafkaConnectorErrors.create('NO_PARTITION', { topic, partition: target, count })
    }
    producer.append(topic, target, Math.floor(time), keyBytes, encodeValue(record), headersFrom(headers?.(record)))
  }
}

function headersFrom(headers: Readonly<Record<string, Encoded>> | undefined): KafkaHeader[] | undefined {
  if (headers === undefined) return undefined
  return Object.entries(headers).map(([key, value]) => ({ key, value: bufferOf(value) }))
}
