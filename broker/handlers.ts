/** Puts the rooms of the broker together: the coordinators with their configuration, and the tables of all handlers. */
import type { Config } from '../core/config/index.ts'
import { createApiVersionsHandlers } from './api/api-versions.ts'
import { createConfigHandlers } from './api/configs.ts'
import { createFetchHandlers } from './api/fetch.ts'
import type { ConnectionInfo } from './api/handler.ts'
import { createMetadataHandlers } from './api/metadata.ts'
import { createOffsetHandlers } from './api/offsets.ts'
import { createProduceHandlers } from './api/produce.ts'
import { createAclHandlers } from './api/security/acl-handlers.ts'
import { createQuotaHandlers } from './api/security/quota-handlers.ts'
import { createSaslHandlers } from './api/security/sasl-handlers.ts'
import { createScramHandlers } from './api/security/scram-handlers.ts'
import { createTopicHandlers } from './api/topics.ts'
import { VersionTable } from './api/version-table.ts'
import type { BrokerView } from './api/view.ts'
import { Coordinators } from './coordinator/coordinators.ts'
import type { BrokerCounts } from './counts.ts'
import * as groupOptions from './group/options.ts'
import * as options from './options.ts'
import type { BrokerPlatform } from './platform.ts'
import type { Access } from './security/access.ts'
import * as securityOptions from './security/options.ts'
import * as transactionOptions from './transaction/options.ts'

/** Resolves when groups and transactions are served. */
export async function startCoordinators(
  view: BrokerView,
  config: Config,
  platform: BrokerPlatform,
): Promise<Coordinators> {
  const coordinators = new Coordinators({
    brokerId: view.brokerId,
    clock: platform.clock,
    random: platform.random,
    topics: view.topics,
    metadata: view.metadata,
    group: groupConfig(config),
    transaction: transactionConfig(config),
    logger: platform.log,
    endpoint: (listener) => view.endpoint(listener),
  })
  view.topics.onDeleted((topic) => coordinators.topicDeleted(topic))
  await coordinators.start()
  return coordinators
}

export function brokerTable(rooms: {
  readonly view: BrokerView
  readonly config: Config
  readonly platform: BrokerPlatform
  readonly access: Access
  readonly coordinators: Coordinators
  readonly counts: BrokerCounts
}): VersionTable {
  const { view, config, platform, access, coordinators, counts } = rooms
  const fetchSettings = {
    bytesMax: config.get(options.fetchBytesMax),
    sessionsMax: config.get(options.fetchSessionsMax),
  }
  const table: VersionTable = new VersionTable([
    createApiVersionsHandlers(() => table, Number(config.get(transactionOptions.transactionVersion))),
    createMetadataHandlers(view, { autoCreate: config.get(options.autoCreateTopics) }),
    createProduceHandlers(view, counts, coordinators.transactions),
    createFetchHandlers(view, fetchSettings, counts, platform.random),
    createOffsetHandlers(view),
    createTopicHandlers(view),
    createConfigHandlers(view),
    coordinators.handlers(),
    createSaslHandlers({
      credentials: access.credentials,
      clock: platform.clock,
      random: platform.random,
      reauthenticateAfterMs: config.get(securityOptions.reauthenticateAfter),
      failureDelayMs: config.get(securityOptions.failedAuthenticationDelay),
      failed: (connection: ConnectionInfo, detail: string) =>
        platform.log.warn({ peer: `${connection.host}:${connection.port}`, detail }, 'authentication failed'),
    }),
    createAclHandlers(view.metadata, access.authorizer.enabled),
    createScramHandlers(view.metadata),
    createQuotaHandlers(view.metadata),
  ])
  return table
}

function groupConfig(config: Config): groupOptions.GroupConfig {
  return {
    minSessionTimeoutMs: config.get(groupOptions.groupMinSessionTimeout),
    maxSessionTimeoutMs: config.get(groupOptions.groupMaxSessionTimeout),
    initialRebalanceDelayMs: config.get(groupOptions.groupInitialRebalanceDelay),
    maxSize: config.get(groupOptions.groupMaxSize),
    maxGroups: config.get(groupOptions.groupMaxCount),
    stateMaxBytes: config.get(groupOptions.groupStateMaxSize),
    offsetMetadataMaxBytes: config.get(groupOptions.offsetMetadataMaxSize),
    offsetsRetentionMs: config.get(groupOptions.offsetsRetention),
    offsetsRetentionCheckIntervalMs: config.get(groupOptions.offsetsRetentionCheckInterval),
    partitionCount: config.get(groupOptions.offsetsTopicPartitions),
  }
}

function transactionConfig(config: Config): transactionOptions.TransactionConfig {
  return {
    maxTimeoutMs: config.get(transactionOptions.transactionMaxTimeout),
    idExpirationMs: config.get(transactionOptions.transactionalIdExpiration),
    abortCheckIntervalMs: config.get(transactionOptions.transactionAbortCheckInterval),
    idCheckIntervalMs: config.get(transactionOptions.transactionalIdCheckInterval),
    partitionCount: config.get(transactionOptions.transactionTopicPartitions),
    maxIds: config.get(transactionOptions.transactionalIdMaxCount),
    twoPhaseCommit: config.get(transactionOptions.twoPhaseCommitEnable),
  }
}
