/**
 * Frames of the Kafka protocol: a size of four bytes, a header, a message. Requests and responses in both directions, and
 * messages behind a version of their own, as the coordinators' records and the consumers' protocol have them. Pure.
 */
import {
  type ApiName,
  apis,
  type RequestOf,
  type ResponseOf,
  requestHeaderVersion,
  responseHeaderVersion,
} from './apis.ts'
import { KafkaReader, kafkaWireErrors } from './reader.ts'
import type { KafkaWriter } from './writer.ts'

/** What stands in front of every request. */
export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** Bytes of the size in front of a frame. */
export const frameSizeBytes = 4

/**
 * Size of the frame, without the size itself, that begins at `at`, where four bytes must be present. Throws
 * KAFKA_WIRE_FRAME_TOO_LARGE when it is above `limit` or below zero: what speaks is then no client of this protocol.
 */
export function readFrameSize(bytes: Buffer, at: number, limit: number): number {
  const size = bytes.readInt32BE(at)
  if (size < 0 || size > limit) throw kafkaWireErrors.create('FRAME_TOO_LARGE', { size, limit })
  return size
}

/**
 * Reads the key, version and id, which stand at the same place in every version of the header. The rest follows with
 * `readRequestHeaderRest` once the API is known to be served.
 */
export function readRequestHeaderStart(reader: KafkaReader): {
  apiKey: number
  apiVersion: number
  correlationId: number
} {
  return { apiKey: reader.int16(), apiVersion: reader.int16(), correlationId: reader.int32() }
}

/** Reads what follows, and gives the id of the client. */
export function readRequestHeaderRest(reader: KafkaReader, headerVersion: 1 | 2): string | null {
  // The id keeps its old form in the flexible header too.
  const clientId = reader.nullableString(false)
  if (headerVersion === 2) reader.skipTags()
  return clientId
}

export function writeRequestHeader(writer: KafkaWriter, header: RequestHeader, headerVersion: 0 | 1 | 2): void {
  writer.int16(header.apiKey)
  writer.int16(header.apiVersion)
  writer.int32(header.correlationId)
  if (headerVersion >= 1) writer.nullableString(header.clientId, false)
  if (headerVersion === 2) writer.unsignedVarint(0)
}

/** Reads the header of a response and gives the correlation id. */
export function readResponseHeader(reader: KafkaReader, headerVersion: 0 | 1): number {
  const correlationId = reader.int32()
  if (headerVersion === 1) reader.skipTags()
  return correlationId
}

export function writeResponseHeader(writer: KafkaWriter, correlationId: number, headerVersion: 0 | 1): void {
  writer.int32(correlationId)
  if (headerVersion === 1) writer.unsignedVarint(0)
}

/** A whole request, its size in front, in parts that follow each other. */
export function writeRequest<Name extends ApiName>(
  writer: KafkaWriter,
  name: Name,
  version: number,
  correlationId: number,
  clientId: string | null,
  message: RequestOf<Name>,
): Buffer[] {
  const api = apis[name]
  writer.begin()
  const header = { apiKey: api.key, apiVersion: version, correlationId, clientId }
  writeRequestHeader(writer, header, requestHeaderVersion(api, version))
  const write: (writer: KafkaWriter, message: never, version: number) => void = api.writeRequest
  write(writer, message as never, version)
  return writer.finish()
}

/** A whole response, its size in front, in parts that follow each other. */
export function writeResponse<Name extends ApiName>(
  writer: KafkaWriter,
  name: Name,
  version: number,
  correlationId: number,
  message: ResponseOf<Name>,
): Buffer[] {
  const api = apis[name]
  writer.begin()
  writeResponseHeader(writer, correlationId, responseHeaderVersion(api, version))
  const write: (writer: KafkaWriter, message: never, version: number) => void = api.writeResponse
  write(writer, message as never, version)
  return writer.finish()
}

/** How a message behind a version of its own is read and written. */
export interface VersionedCodec<Message> {
  readonly name: string
  readonly lowest: number
  /** The newest version that can be read. */
  readonly highest: number
  read(reader: KafkaReader, version: number): Message
  write(writer: KafkaWriter, message: Message, version: number): void
}

/** Reads a message behind its version. A version that is not known is refused with KAFKA_WIRE_VERSION. */
export function readVersioned<Message>(bytes: Buffer, codec: VersionedCodec<Message>): Message {
  const reader = new KafkaReader(bytes)
  const version = reader.int16()
  const { name, lowest, highest } = codec
  if (version < lowest || version > highest) {
    throw kafkaWireErrors.create('VERSION', { message: name, version, lowest, highest })
  }
  return codec.read(reader, version)
}

/** The version, then the message. */
export function writeVersioned<Message>(
  writer: KafkaWriter,
  codec: VersionedCodec<Message>,
  message: Message,
  version: number,
): Buffer {
  writer.beginBare()
  writer.int16(version)
  codec.write(writer, message, version)
  return writer.finishOne()
}
