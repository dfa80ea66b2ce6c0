/**
 * DescribeClientQuotas (KIP-546): there are no quotas, and that is what it tells. It is here because Kafka's tools ask for the
 * quotas of a user before they show its credentials.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from '../../../proto/kafka/messages/describe-client-quotas.ts'
import { aclOperation, clusterResource, type HandlerTable, handlerEntry, resourceType } from '../handler.ts'

export function createQuotaHandlers(): HandlerTable {
  return {
    DescribeClientQuotas: handlerEntry<DescribeClientQuotasRequest, DescribeClientQuotasResponse>({
      minVersion: 0,
      maxVersion: 1,
      handle(_request, context) {
        if (context.authorize(aclOperation.DESCRIBE_CONFIGS, resourceType.CLUSTER, clusterResource))
          return { throttleTimeMs: 0, errorCode: kafkaError.NONE, errorMessage: null, entries: [] }
        const errorMessage = 'Quotas are told to those who may describe the configuration of the cluster.'
        return { throttleTimeMs: 0, errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED, errorMessage, entries: null }
      },
      failed: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, entries: null }),
    }),
  }
}
