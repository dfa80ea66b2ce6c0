/** What handlers see of the broker they work for. */
import type { Clock } from '../../core/platform/clock.ts'
import type { Disk } from '../../core/platform/disk.ts'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import type { Settings } from '../metadata/settings.ts'
import type { Topics } from '../metadata/topics.ts'
import { type AclOperation, aclOperation, clusterResource, type RequestContext, resourceType } from './handler.ts'

export interface BrokerView {
  readonly brokerId: number
  readonly topics: Topics
  readonly metadata: MetadataLog
  readonly settings: Settings
  readonly clock: Clock
  readonly dataDirectory: string
  readonly disk: Disk
  /** Where clients of this listener find the broker. */
  endpoint(listenerName: string): { readonly host: string; readonly port: number }
}

/** Stands where nobody asked, or may be told. */
export const operationsNotAsked = -2147483648

const topicOperations: readonly AclOperation[] = [
  aclOperation.READ,
  aclOperation.WRITE,
  aclOperation.CREATE,
  aclOperation.DELETE,
  aclOperation.ALTER,
  aclOperation.DESCRIBE,
  aclOperation.DESCRIBE_CONFIGS,
  aclOperation.ALTER_CONFIGS,
]
const clusterOperations: readonly AclOperation[] = [
  aclOperation.CREATE,
  aclOperation.ALTER,
  aclOperation.DESCRIBE,
  aclOperation.CLUSTER_ACTION,
  aclOperation.DESCRIBE_CONFIGS,
  aclOperation.ALTER_CONFIGS,
  aclOperation.IDEMPOTENT_WRITE,
]

/** What the client may do with a topic, one bit per operation. */
export function topicOperationsOf(context: RequestContext, topic: string): number {
  return bits(topicOperations, (operation) => context.authorize(operation, resourceType.TOPIC, topic))
}

/** What the client may do with the cluster, one bit per operation. */
export function clusterOperationsOf(context: RequestContext): number {
  return bits(clusterOperations, (operation) => context.authorize(operation, resourceType.CLUSTER, clusterResource))
}

function bits(operations: readonly AclOperation[], allowed: (operation: AclOperation) => boolean): number {
  let result = 0
  for (const operation of operations) if (allowed(operation)) result |= 1 << operation
  return result
}
