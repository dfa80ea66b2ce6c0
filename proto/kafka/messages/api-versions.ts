// Made by scripts/build-kafka-codecs.ts from schema/api-versions.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 4. */
export interface ApiVersionsRequest {
  clientSoftwareName: string
  clientSoftwareVersion: string
}

export function readApiVersionsRequest(reader: KafkaReader, version: number): ApiVersionsRequest {
  const flexible = version >= 3
  const clientSoftwareName = version >= 3 ? reader.string(flexible) : ''
  const clientSoftwareVersion = version >= 3 ? reader.string(flexible) : ''
  if (flexible) reader.skipTags()
  return { clientSoftwareName, clientSoftwareVersion }
}

export function writeApiVersionsRequest(writer: KafkaWriter, message: ApiVersionsRequest, version: number): void {
  const flexible = version >= 3
  if (version >= 3) {
    writer.string(message.clientSoftwareName, flexible)
  }
  if (version >= 3) {
    writer.string(message.clientSoftwareVersion, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 4. */
export interface ApiVersionsResponse {
  errorCode: number
  apiKeys: ApiVersionsResponseApiVersion[]
  throttleTimeMs: number
  supportedFeatures: ApiVersionsResponseSupportedFeatureKey[]
  finalizedFeaturesEpoch: number
  finalizedFeatures: ApiVersionsResponseFinalizedFeatureKey[]
  zkMigrationReady: boolean
}

export function readApiVersionsResponse(reader: KafkaReader, version: number): ApiVersionsResponse {
  const flexible = version >= 3
  const errorCode = reader.int16()
  const apiKeysCount = reader.arrayLength(flexible, 6)
  const apiKeys: ApiVersionsResponseApiVersion[] = reader.list(apiKeysCount)
  for (let index = 0; index < apiKeysCount; index++) apiKeys[index] = readApiVersionsResponseApiVersion(reader, version)
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  let supportedFeatures: ApiVersionsResponseSupportedFeatureKey[] = []
  let finalizedFeaturesEpoch: number = -1
  let finalizedFeatures: ApiVersionsResponseFinalizedFeatureKey[] = []
  let zkMigrationReady: boolean = false
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          const supportedFeaturesCount = reader.arrayLength(flexible, 1)
          const supportedFeaturesItems: ApiVersionsResponseSupportedFeatureKey[] = reader.list(supportedFeaturesCount)
          for (let index = 0; index < supportedFeaturesCount; index++) supportedFeaturesItems[index] = readApiVersionsResponseSupportedFeatureKey(reader, version)
          supportedFeatures = supportedFeaturesItems
          reader.endTag(tag, end)
          break
        }
        case 1: {
          finalizedFeaturesEpoch = reader.int64()
          reader.endTag(tag, end)
          break
        }
        case 2: {
          const finalizedFeaturesCount = reader.arrayLength(flexible, 1)
          const finalizedFeaturesItems: ApiVersionsResponseFinalizedFeatureKey[] = reader.list(finalizedFeaturesCount)
          for (let index = 0; index < finalizedFeaturesCount; index++) finalizedFeaturesItems[index] = readApiVersionsResponseFinalizedFeatureKey(reader, version)
          finalizedFeatures = finalizedFeaturesItems
          reader.endTag(tag, end)
          break
        }
        case 3: {
          zkMigrationReady = reader.bool()
          reader.endTag(tag, end)
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { errorCode, apiKeys, throttleTimeMs, supportedFeatures, finalizedFeaturesEpoch, finalizedFeatures, zkMigrationReady }
}

export function writeApiVersionsResponse(writer: KafkaWriter, message: ApiVersionsResponse, version: number): void {
  const flexible = version >= 3
  writer.int16(message.errorCode)
  writer.arrayLength(message.apiKeys.length, flexible)
  for (let index = 0; index < message.apiKeys.length; index++) writeApiVersionsResponseApiVersion(writer, message.apiKeys[index], version)
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  if (flexible) {
    const hasSupportedFeatures = message.supportedFeatures.length > 0
    const hasFinalizedFeaturesEpoch = message.finalizedFeaturesEpoch !== -1
    const hasFinalizedFeatures = message.finalizedFeatures.length > 0
    const hasZkMigrationReady = message.zkMigrationReady !== false
    writer.unsignedVarint((hasSupportedFeatures ? 1 : 0) + (hasFinalizedFeaturesEpoch ? 1 : 0) + (hasFinalizedFeatures ? 1 : 0) + (hasZkMigrationReady ? 1 : 0))
    if (hasSupportedFeatures) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      writer.arrayLength(message.supportedFeatures.length, flexible)
      for (let index = 0; index < message.supportedFeatures.length; index++) writeApiVersionsResponseSupportedFeatureKey(writer, message.supportedFeatures[index], version)
      writer.endSized(mark)
    }
    if (hasFinalizedFeaturesEpoch) {
      writer.unsignedVarint(1)
      const mark = writer.beginSized()
      writer.int64(message.finalizedFeaturesEpoch)
      writer.endSized(mark)
    }
    if (hasFinalizedFeatures) {
      writer.unsignedVarint(2)
      const mark = writer.beginSized()
      writer.arrayLength(message.finalizedFeatures.length, flexible)
      for (let index = 0; index < message.finalizedFeatures.length; index++) writeApiVersionsResponseFinalizedFeatureKey(writer, message.finalizedFeatures[index], version)
      writer.endSized(mark)
    }
    if (hasZkMigrationReady) {
      writer.unsignedVarint(3)
      const mark = writer.beginSized()
      writer.bool(message.zkMigrationReady)
      writer.endSized(mark)
    }
  }
}

export interface ApiVersionsResponseApiVersion {
  apiKey: number
  minVersion: number
  maxVersion: number
}

function readApiVersionsResponseApiVersion(reader: KafkaReader, version: number): ApiVersionsResponseApiVersion {
  const flexible = version >= 3
  const apiKey = reader.int16()
  const minVersion = reader.int16()
  const maxVersion = reader.int16()
  if (flexible) reader.skipTags()
  return { apiKey, minVersion, maxVersion }
}

function writeApiVersionsResponseApiVersion(writer: KafkaWriter, message: ApiVersionsResponseApiVersion, version: number): void {
  const flexible = version >= 3
  writer.int16(message.apiKey)
  writer.int16(message.minVersion)
  writer.int16(message.maxVersion)
  if (flexible) writer.unsignedVarint(0)
}

export interface ApiVersionsResponseSupportedFeatureKey {
  name: string
  minVersion: number
  maxVersion: number
}

function readApiVersionsResponseSupportedFeatureKey(reader: KafkaReader, version: number): ApiVersionsResponseSupportedFeatureKey {
  const flexible = version >= 3
  const name = version >= 3 ? reader.string(flexible) : ''
  const minVersion = version >= 3 ? reader.int16() : 0
  const maxVersion = version >= 3 ? reader.int16() : 0
  if (flexible) reader.skipTags()
  return { name, minVersion, maxVersion }
}

function writeApiVersionsResponseSupportedFeatureKey(writer: KafkaWriter, message: ApiVersionsResponseSupportedFeatureKey, version: number): void {
  const flexible = version >= 3
  if (version >= 3) {
    writer.string(message.name, flexible)
  }
  if (version >= 3) {
    writer.int16(message.minVersion)
  }
  if (version >= 3) {
    writer.int16(message.maxVersion)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface ApiVersionsResponseFinalizedFeatureKey {
  name: string
  maxVersionLevel: number
  minVersionLevel: number
}

function readApiVersionsResponseFinalizedFeatureKey(reader: KafkaReader, version: number): ApiVersionsResponseFinalizedFeatureKey {
  const flexible = version >= 3
  const name = version >= 3 ? reader.string(flexible) : ''
  const maxVersionLevel = version >= 3 ? reader.int16() : 0
  const minVersionLevel = version >= 3 ? reader.int16() : 0
  if (flexible) reader.skipTags()
  return { name, maxVersionLevel, minVersionLevel }
}

function writeApiVersionsResponseFinalizedFeatureKey(writer: KafkaWriter, message: ApiVersionsResponseFinalizedFeatureKey, version: number): void {
  const flexible = version >= 3
  if (version >= 3) {
    writer.string(message.name, flexible)
  }
  if (version >= 3) {
    writer.int16(message.maxVersionLevel)
  }
  if (version >= 3) {
    writer.int16(message.minVersionLevel)
  }
  if (flexible) writer.unsignedVarint(0)
}
