// Made by scripts/build-kafka-codecs.ts from schema/sasl-authenticate.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 2. */
export interface SaslAuthenticateRequest {
  authBytes: Buffer
}

export function readSaslAuthenticateRequest(reader: KafkaReader, version: number): SaslAuthenticateRequest {
  const flexible = version >= 2
  const authBytes = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return { authBytes }
}

export function writeSaslAuthenticateRequest(writer: KafkaWriter, message: SaslAuthenticateRequest, version: number): void {
  const flexible = version >= 2
  writer.bytes(message.authBytes, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 2. */
export interface SaslAuthenticateResponse {
  errorCode: number
  errorMessage: string | null
  authBytes: Buffer
  sessionLifetimeMs: number
}

export function readSaslAuthenticateResponse(reader: KafkaReader, version: number): SaslAuthenticateResponse {
  const flexible = version >= 2
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const authBytes = reader.bytes(flexible)
  const sessionLifetimeMs = version >= 1 ? reader.int64() : 0
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, authBytes, sessionLifetimeMs }
}

export function writeSaslAuthenticateResponse(writer: KafkaWriter, message: SaslAuthenticateResponse, version: number): void {
  const flexible = version >= 2
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.bytes(message.authBytes, flexible)
  if (version >= 1) {
    writer.int64(message.sessionLifetimeMs)
  }
  if (flexible) writer.unsignedVarint(0)
}
