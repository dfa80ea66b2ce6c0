// Made by scripts/build-kafka-codecs.ts from schema/alter-user-scram-credentials.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0. */
export interface AlterUserScramCredentialsRequest {
  deletions: AlterUserScramCredentialsRequestScramCredentialDeletion[]
  upsertions: AlterUserScramCredentialsRequestScramCredentialUpsertion[]
}

export function readAlterUserScramCredentialsRequest(reader: KafkaReader, version: number): AlterUserScramCredentialsRequest {
  const deletionsCount = reader.arrayLength(true, 2)
  const deletions: AlterUserScramCredentialsRequestScramCredentialDeletion[] = reader.list(deletionsCount)
  for (let index = 0; index < deletionsCount; index++) deletions[index] = readAlterUserScramCredentialsRequestScramCredentialDeletion(reader, version)
  const upsertionsCount = reader.arrayLength(true, 8)
  const upsertions: AlterUserScramCredentialsRequestScramCredentialUpsertion[] = reader.list(upsertionsCount)
  for (let index = 0; index < upsertionsCount; index++) upsertions[index] = readAlterUserScramCredentialsRequestScramCredentialUpsertion(reader, version)
  if (true) reader.skipTags()
  return { deletions, upsertions }
}

export function writeAlterUserScramCredentialsRequest(writer: KafkaWriter, message: AlterUserScramCredentialsRequest, version: number): void {
  writer.arrayLength(message.deletions.length, true)
  for (let index = 0; index < message.deletions.length; index++) writeAlterUserScramCredentialsRequestScramCredentialDeletion(writer, message.deletions[index], version)
  writer.arrayLength(message.upsertions.length, true)
  for (let index = 0; index < message.upsertions.length; index++) writeAlterUserScramCredentialsRequestScramCredentialUpsertion(writer, message.upsertions[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface AlterUserScramCredentialsRequestScramCredentialDeletion {
  name: string
  mechanism: number
}

function readAlterUserScramCredentialsRequestScramCredentialDeletion(reader: KafkaReader, _version: number): AlterUserScramCredentialsRequestScramCredentialDeletion {
  const name = reader.string(true)
  const mechanism = reader.int8()
  if (true) reader.skipTags()
  return { name, mechanism }
}

function writeAlterUserScramCredentialsRequestScramCredentialDeletion(writer: KafkaWriter, message: AlterUserScramCredentialsRequestScramCredentialDeletion, _version: number): void {
  writer.string(message.name, true)
  writer.int8(message.mechanism)
  if (true) writer.unsignedVarint(0)
}

export interface AlterUserScramCredentialsRequestScramCredentialUpsertion {
  name: string
  mechanism: number
  iterations: number
  salt: Buffer
  saltedPassword: Buffer
}

function readAlterUserScramCredentialsRequestScramCredentialUpsertion(reader: KafkaReader, _version: number): AlterUserScramCredentialsRequestScramCredentialUpsertion {
  const name = reader.string(true)
  const mechanism = reader.int8()
  const iterations = reader.int32()
  const salt = reader.bytes(true)
  const saltedPassword = reader.bytes(true)
  if (true) reader.skipTags()
  return { name, mechanism, iterations, salt, saltedPassword }
}

function writeAlterUserScramCredentialsRequestScramCredentialUpsertion(writer: KafkaWriter, message: AlterUserScramCredentialsRequestScramCredentialUpsertion, _version: number): void {
  writer.string(message.name, true)
  writer.int8(message.mechanism)
  writer.int32(message.iterations)
  writer.bytes(message.salt, true)
  writer.bytes(message.saltedPassword, true)
  if (true) writer.unsignedVarint(0)
}

/** Versions 0. */
export interface AlterUserScramCredentialsResponse {
  throttleTimeMs: number
  results: AlterUserScramCredentialsResponseResult[]
}

export function readAlterUserScramCredentialsResponse(reader: KafkaReader, version: number): AlterUserScramCredentialsResponse {
  const throttleTimeMs = reader.int32()
  const resultsCount = reader.arrayLength(true, 4)
  const results: AlterUserScramCredentialsResponseResult[] = reader.list(resultsCount)
  for (let index = 0; index < resultsCount; index++) results[index] = readAlterUserScramCredentialsResponseResult(reader, version)
  if (true) reader.skipTags()
  return { throttleTimeMs, results }
}

export function writeAlterUserScramCredentialsResponse(writer: KafkaWriter, message: AlterUserScramCredentialsResponse, version: number): void {
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.results.length, true)
  for (let index = 0; index < message.results.length; index++) writeAlterUserScramCredentialsResponseResult(writer, message.results[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface AlterUserScramCredentialsResponseResult {
  user: string
  errorCode: number
  errorMessage: string | null
}

function readAlterUserScramCredentialsResponseResult(reader: KafkaReader, _version: number): AlterUserScramCredentialsResponseResult {
  const user = reader.string(true)
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(true)
  if (true) reader.skipTags()
  return { user, errorCode, errorMessage }
}

function writeAlterUserScramCredentialsResponseResult(writer: KafkaWriter, message: AlterUserScramCredentialsResponseResult, _version: number): void {
  writer.string(message.user, true)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, true)
  if (true) writer.unsignedVarint(0)
}
