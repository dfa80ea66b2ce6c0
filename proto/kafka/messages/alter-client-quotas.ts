// Made by scripts/build-kafka-codecs.ts from schema/alter-client-quotas.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 1. */
export interface AlterClientQuotasRequest {
  entries: AlterClientQuotasRequestEntry[]
  validateOnly: boolean
}

export function readAlterClientQuotasRequest(reader: KafkaReader, version: number): AlterClientQuotasRequest {
  const flexible = version >= 1
  const entriesCount = reader.arrayLength(flexible, 2)
  const entries: AlterClientQuotasRequestEntry[] = reader.list(entriesCount)
  for (let index = 0; index < entriesCount; index++) entries[index] = readAlterClientQuotasRequestEntry(reader, version)
  const validateOnly = reader.bool()
  if (flexible) reader.skipTags()
  return { entries, validateOnly }
}

export function writeAlterClientQuotasRequest(writer: KafkaWriter, message: AlterClientQuotasRequest, version: number): void {
  const flexible = version >= 1
  writer.arrayLength(message.entries.length, flexible)
  for (let index = 0; index < message.entries.length; index++) writeAlterClientQuotasRequestEntry(writer, message.entries[index], version)
  writer.bool(message.validateOnly)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterClientQuotasRequestEntry {
  entity: AlterClientQuotasRequestEntity[]
  ops: AlterClientQuotasRequestOp[]
}

function readAlterClientQuotasRequestEntry(reader: KafkaReader, version: number): AlterClientQuotasRequestEntry {
  const flexible = version >= 1
  const entityCount = reader.arrayLength(flexible, 2)
  const entity: AlterClientQuotasRequestEntity[] = reader.list(entityCount)
  for (let index = 0; index < entityCount; index++) entity[index] = readAlterClientQuotasRequestEntity(reader, version)
  const opsCount = reader.arrayLength(flexible, 10)
  const ops: AlterClientQuotasRequestOp[] = reader.list(opsCount)
  for (let index = 0; index < opsCount; index++) ops[index] = readAlterClientQuotasRequestOp(reader, version)
  if (flexible) reader.skipTags()
  return { entity, ops }
}

function writeAlterClientQuotasRequestEntry(writer: KafkaWriter, message: AlterClientQuotasRequestEntry, version: number): void {
  const flexible = version >= 1
  writer.arrayLength(message.entity.length, flexible)
  for (let index = 0; index < message.entity.length; index++) writeAlterClientQuotasRequestEntity(writer, message.entity[index], version)
  writer.arrayLength(message.ops.length, flexible)
  for (let index = 0; index < message.ops.length; index++) writeAlterClientQuotasRequestOp(writer, message.ops[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterClientQuotasRequestEntity {
  entityType: string
  entityName: string | null
}

function readAlterClientQuotasRequestEntity(reader: KafkaReader, version: number): AlterClientQuotasRequestEntity {
  const flexible = version >= 1
  const entityType = reader.string(flexible)
  const entityName = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { entityType, entityName }
}

function writeAlterClientQuotasRequestEntity(writer: KafkaWriter, message: AlterClientQuotasRequestEntity, version: number): void {
  const flexible = version >= 1
  writer.string(message.entityType, flexible)
  writer.nullableString(message.entityName, flexible)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterClientQuotasRequestOp {
  key: string
  value: number
  remove: boolean
}

function readAlterClientQuotasRequestOp(reader: KafkaReader, version: number): AlterClientQuotasRequestOp {
  const flexible = version >= 1
  const key = reader.string(flexible)
  const value = reader.float64()
  const remove = reader.bool()
  if (flexible) reader.skipTags()
  return { key, value, remove }
}

function writeAlterClientQuotasRequestOp(writer: KafkaWriter, message: AlterClientQuotasRequestOp, version: number): void {
  const flexible = version >= 1
  writer.string(message.key, flexible)
  writer.float64(message.value)
  writer.bool(message.remove)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 1. */
export interface AlterClientQuotasResponse {
  throttleTimeMs: number
  entries: AlterClientQuotasResponseEntry[]
}

export function readAlterClientQuotasResponse(reader: KafkaReader, version: number): AlterClientQuotasResponse {
  const flexible = version >= 1
  const throttleTimeMs = reader.int32()
  const entriesCount = reader.arrayLength(flexible, 4)
  const entries: AlterClientQuotasResponseEntry[] = reader.list(entriesCount)
  for (let index = 0; index < entriesCount; index++) entries[index] = readAlterClientQuotasResponseEntry(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, entries }
}

export function writeAlterClientQuotasResponse(writer: KafkaWriter, message: AlterClientQuotasResponse, version: number): void {
  const flexible = version >= 1
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.entries.length, flexible)
  for (let index = 0; index < message.entries.length; index++) writeAlterClientQuotasResponseEntry(writer, message.entries[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterClientQuotasResponseEntry {
  errorCode: number
  errorMessage: string | null
  entity: AlterClientQuotasResponseEntity[]
}

function readAlterClientQuotasResponseEntry(reader: KafkaReader, version: number): AlterClientQuotasResponseEntry {
  const flexible = version >= 1
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const entityCount = reader.arrayLength(flexible, 2)
  const entity: AlterClientQuotasResponseEntity[] = reader.list(entityCount)
  for (let index = 0; index < entityCount; index++) entity[index] = readAlterClientQuotasResponseEntity(reader, version)
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, entity }
}

function writeAlterClientQuotasResponseEntry(writer: KafkaWriter, message: AlterClientQuotasResponseEntry, version: number): void {
  const flexible = version >= 1
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.arrayLength(message.entity.length, flexible)
  for (let index = 0; index < message.entity.length; index++) writeAlterClientQuotasResponseEntity(writer, message.entity[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterClientQuotasResponseEntity {
  entityType: string
  entityName: string | null
}

function readAlterClientQuotasResponseEntity(reader: KafkaReader, version: number): AlterClientQuotasResponseEntity {
  const flexible = version >= 1
  const entityType = reader.string(flexible)
  const entityName = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { entityType, entityName }
}

function writeAlterClientQuotasResponseEntity(writer: KafkaWriter, message: AlterClientQuotasResponseEntity, version: number): void {
  const flexible = version >= 1
  writer.string(message.entityType, flexible)
  writer.nullableString(message.entityName, flexible)
  if (flexible) writer.unsignedVarint(0)
}
