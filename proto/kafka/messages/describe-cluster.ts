// Made by scripts/build-kafka-codecs.ts from schema/describe-cluster.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 2. */
export interface DescribeClusterRequest {
  includeClusterAuthorizedOperations: boolean
  endpointType: number
  includeFencedBrokers: boolean
}

export function readDescribeClusterRequest(reader: KafkaReader, version: number): DescribeClusterRequest {
  const includeClusterAuthorizedOperations = reader.bool()
  const endpointType = version >= 1 ? reader.int8() : 1
  const includeFencedBrokers = version >= 2 ? reader.bool() : false
  if (true) reader.skipTags()
  return { includeClusterAuthorizedOperations, endpointType, includeFencedBrokers }
}

export function writeDescribeClusterRequest(writer: KafkaWriter, message: DescribeClusterRequest, version: number): void {
  writer.bool(message.includeClusterAuthorizedOperations)
  if (version >= 1) {
    writer.int8(message.endpointType)
  }
  if (version >= 2) {
    writer.bool(message.includeFencedBrokers)
  }
  if (true) writer.unsignedVarint(0)
}

/** Versions 0 to 2. */
export interface DescribeClusterResponse {
  throttleTimeMs: number
  errorCode: number
  errorMessage: string | null
  endpointType: number
  clusterId: string
  controllerId: number
  brokers: DescribeClusterResponseBroker[]
  clusterAuthorizedOperations: number
}

export function readDescribeClusterResponse(reader: KafkaReader, version: number): DescribeClusterResponse {
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(true)
  const endpointType = version >= 1 ? reader.int8() : 1
  const clusterId = reader.string(true)
  const controllerId = reader.int32()
  const brokersCount = reader.arrayLength(true, 10)
  const brokers: DescribeClusterResponseBroker[] = reader.list(brokersCount)
  for (let index = 0; index < brokersCount; index++) brokers[index] = readDescribeClusterResponseBroker(reader, version)
  const clusterAuthorizedOperations = reader.int32()
  if (true) reader.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, endpointType, clusterId, controllerId, brokers, clusterAuthorizedOperations }
}

export function writeDescribeClusterResponse(writer: KafkaWriter, message: DescribeClusterResponse, version: number): void {
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, true)
  if (version >= 1) {
    writer.int8(message.endpointType)
  }
  writer.string(message.clusterId, true)
  writer.int32(message.controllerId)
  writer.arrayLength(message.brokers.length, true)
  for (let index = 0; index < message.brokers.length; index++) writeDescribeClusterResponseBroker(writer, message.brokers[index], version)
  writer.int32(message.clusterAuthorizedOperations)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeClusterResponseBroker {
  brokerId: number
  host: string
  port: number
  rack: string | null
  isFenced: boolean
}

function readDescribeClusterResponseBroker(reader: KafkaReader, version: number): DescribeClusterResponseBroker {
  const brokerId = reader.int32()
  const host = reader.string(true)
  const port = reader.int32()
  const rack = reader.nullableString(true)
  const isFenced = version >= 2 ? reader.bool() : false
  if (true) reader.skipTags()
  return { brokerId, host, port, rack, isFenced }
}

function writeDescribeClusterResponseBroker(writer: KafkaWriter, message: DescribeClusterResponseBroker, version: number): void {
  writer.int32(message.brokerId)
  writer.string(message.host, true)
  writer.int32(message.port)
  writer.nullableString(message.rack, true)
  if (version >= 2) {
    writer.bool(message.isFenced)
  }
  if (true) writer.unsignedVarint(0)
}
