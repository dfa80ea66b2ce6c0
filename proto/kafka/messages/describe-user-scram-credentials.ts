// Made by scripts/build-kafka-codecs.ts from schema/describe-user-scram-credentials.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0. */
export interface DescribeUserScramCredentialsRequest {
  users: DescribeUserScramCredentialsRequestUserName[] | null
}

export function readDescribeUserScramCredentialsRequest(reader: KafkaReader, version: number): DescribeUserScramCredentialsRequest {
  const usersCount = reader.nullableArrayLength(true, 1)
  const usersItems: DescribeUserScramCredentialsRequestUserName[] = reader.list(usersCount)
  for (let index = 0; index < usersCount; index++) usersItems[index] = readDescribeUserScramCredentialsRequestUserName(reader, version)
  const users = usersCount < 0 ? null : usersItems
  if (true) reader.skipTags()
  return { users }
}

export function writeDescribeUserScramCredentialsRequest(writer: KafkaWriter, message: DescribeUserScramCredentialsRequest, version: number): void {
  {
    const usersItems = message.users
    if (usersItems === null) writer.nullArray(true)
    else {
      writer.arrayLength(usersItems.length, true)
      for (let index = 0; index < usersItems.length; index++) writeDescribeUserScramCredentialsRequestUserName(writer, usersItems[index], version)
    }
  }
  if (true) writer.unsignedVarint(0)
}

export interface DescribeUserScramCredentialsRequestUserName {
  name: string
}

function readDescribeUserScramCredentialsRequestUserName(reader: KafkaReader, _version: number): DescribeUserScramCredentialsRequestUserName {
  const name = reader.string(true)
  if (true) reader.skipTags()
  return { name }
}

function writeDescribeUserScramCredentialsRequestUserName(writer: KafkaWriter, message: DescribeUserScramCredentialsRequestUserName, _version: number): void {
  writer.string(message.name, true)
  if (true) writer.unsignedVarint(0)
}

/** Versions 0. */
export interface DescribeUserScramCredentialsResponse {
  throttleTimeMs: number
  errorCode: number
  errorMessage: string | null
  results: DescribeUserScramCredentialsResponseResult[]
}

export function readDescribeUserScramCredentialsResponse(reader: KafkaReader, version: number): DescribeUserScramCredentialsResponse {
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(true)
  const resultsCount = reader.arrayLength(true, 5)
  const results: DescribeUserScramCredentialsResponseResult[] = reader.list(resultsCount)
  for (let index = 0; index < resultsCount; index++) results[index] = readDescribeUserScramCredentialsResponseResult(reader, version)
  if (true) reader.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, results }
}

export function writeDescribeUserScramCredentialsResponse(writer: KafkaWriter, message: DescribeUserScramCredentialsResponse, version: number): void {
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, true)
  writer.arrayLength(message.results.length, true)
  for (let index = 0; index < message.results.length; index++) writeDescribeUserScramCredentialsResponseResult(writer, message.results[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeUserScramCredentialsResponseResult {
  user: string
  errorCode: number
  errorMessage: string | null
  credentialInfos: DescribeUserScramCredentialsResponseCredentialInfo[]
}

function readDescribeUserScramCredentialsResponseResult(reader: KafkaReader, version: number): DescribeUserScramCredentialsResponseResult {
  const user = reader.string(true)
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(true)
  const credentialInfosCount = reader.arrayLength(true, 5)
  const credentialInfos: DescribeUserScramCredentialsResponseCredentialInfo[] = reader.list(credentialInfosCount)
  for (let index = 0; index < credentialInfosCount; index++) credentialInfos[index] = readDescribeUserScramCredentialsResponseCredentialInfo(reader, version)
  if (true) reader.skipTags()
  return { user, errorCode, errorMessage, credentialInfos }
}

function writeDescribeUserScramCredentialsResponseResult(writer: KafkaWriter, message: DescribeUserScramCredentialsResponseResult, version: number): void {
  writer.string(message.user, true)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, true)
  writer.arrayLength(message.credentialInfos.length, true)
  for (let index = 0; index < message.credentialInfos.length; index++) writeDescribeUserScramCredentialsResponseCredentialInfo(writer, message.credentialInfos[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeUserScramCredentialsResponseCredentialInfo {
  mechanism: number
  iterations: number
}

function readDescribeUserScramCredentialsResponseCredentialInfo(reader: KafkaReader, _version: number): DescribeUserScramCredentialsResponseCredentialInfo {
  const mechanism = reader.int8()
  const iterations = reader.int32()
  if (true) reader.skipTags()
  return { mechanism, iterations }
}

function writeDescribeUserScramCredentialsResponseCredentialInfo(writer: KafkaWriter, message: DescribeUserScramCredentialsResponseCredentialInfo, _version: number): void {
  writer.int8(message.mechanism)
  writer.int32(message.iterations)
  if (true) writer.unsignedVarint(0)
}
