// Made by scripts/build-kafka-codecs.ts from schema/sasl-handshake.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 1. */
export interface SaslHandshakeRequest {
  mechanism: string
}

export function readSaslHandshakeRequest(reader: KafkaReader, _version: number): SaslHandshakeRequest {
  const mechanism = reader.string(false)
  return { mechanism }
}

export function writeSaslHandshakeRequest(writer: KafkaWriter, message: SaslHandshakeRequest, _version: number): void {
  writer.string(message.mechanism, false)
}

/** Versions 0 to 1. */
export interface SaslHandshakeResponse {
  errorCode: number
  mechanisms: string[]
}

export function readSaslHandshakeResponse(reader: KafkaReader, _version: number): SaslHandshakeResponse {
  const errorCode = reader.int16()
  const mechanismsCount = reader.arrayLength(false, 2)
  const mechanisms: string[] = reader.list(mechanismsCount)
  for (let index = 0; index < mechanismsCount; index++) mechanisms[index] = reader.string(false)
  return { errorCode, mechanisms }
}

export function writeSaslHandshakeResponse(writer: KafkaWriter, message: SaslHandshakeResponse, _version: number): void {
  writer.int16(message.errorCode)
  writer.arrayLength(message.mechanisms.length, false)
  for (let index = 0; index < message.mechanisms.length; index++) writer.string(message.mechanisms[index], false)
}
