/**
 * ApiVersions: what this broker serves. The one API that answers a version which it does not know: with the oldest form of its
 * response, error 35 and its own range, from which the client chooses again. The one feature that is named says in which form clients
 * use transactions; those that do not know it use the first, which is served too.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import {
  type ApiVersionsRequest,
  type ApiVersionsResponse,
  writeApiVersionsResponse,
} from '../../proto/kafka/messages/api-versions.ts'
import type { KafkaWriter } from '../../proto/kafka/writer.ts'
import { type HandlerTable, handlerEntry } from './handler.ts'
import type { ServedApi, VersionTable } from './version-table.ts'

export const apiVersionsKey = 18

const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** `table` is asked when a request comes: the table holds this handler too. `transactionVersion` is Kafka's feature of that name. */
export function createApiVersionsHandlers(table: () => VersionTable, transactionVersion: number): HandlerTable {
  let cached: ApiVersionsResponse | undefined
  return {
    ApiVersions: handlerEntry<ApiVersionsRequest, ApiVersionsResponse>({
      minVersion: 0,
      maxVersion: 4,
      handle(request, context) {
        if (context.version >= 3) {
          const { clientSoftwareName: name, clientSoftwareVersion: version } = request
          if (!softwareName.test(name) || !softwareName.test(version)) return response(kafkaError.INVALID_REQUEST, [])
          context.connection.clientSoftware = `${name}/${version}`
        }
        cached ??= response(kafkaError.NONE, table().all, transactionVersion)
        return cached
      },
    }),
  }
}

/** The frame for a version that is not known. */
export function unsupportedApiVersions(writer: KafkaWriter, correlationId: number, api: ServedApi): Buffer[] {
  writer.begin()
  writer.int32(correlationId)
  writeApiVersionsResponse(writer, response(kafkaError.UNSUPPORTED_VERSION, [api]), 0)
  return writer.finish()
}

function response(errorCode: number, served: readonly ServedApi[], transactionVersion?: number): ApiVersionsResponse {
  const features = transactionVersion === undefined ? [] : [{ name: 'transaction.version', level: transactionVersion }]
  return {
    errorCode,
    apiKeys: served.map((api) => ({
      apiKey: api.key,
      minVersion: api.advertisedMinVersion,
      maxVersion: api.maxVersion,
    })),
    throttleTimeMs: 0,
    // Nothing but a restart with another configuration changes it.
    supportedFeatures: features.map(({ name, level }) => ({ name, minVersion: level, maxVersion: level })),
    finalizedFeaturesEpoch: transactionVersion ?? -1,
    finalizedFeatures: features.map(({ name, level }) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
    zkMigrationReady: false,
  }
}
