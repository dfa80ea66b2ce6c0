/**
 * Metadata and DescribeCluster: which brokers and topics there are. Topics that a client asks for by name are made when that is
 * allowed, and told when they take appends; one that could not be made is LEADER_NOT_AVAILABLE, which clients try again.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { DescribeClusterRequest, DescribeClusterResponse } from '../../proto/kafka/messages/describe-cluster.ts'
import type {
  MetadataRequest,
  MetadataRequestTopic,
  MetadataResponse,
  MetadataResponseTopic,
} from '../../proto/kafka/messages/metadata.ts'
import { zeroUuid } from '../../proto/kafka/reader.ts'
import { ownTopics, topicNameProblem } from '../metadata/topic-names.ts'
import type { Topic } from '../metadata/topics.ts'
import {
  aclOperation,
  clusterResource,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from './handler.ts'
import { type BrokerView, clusterOperationsOf, operationsNotAsked, topicOperationsOf } from './view.ts'

export interface MetadataSettings {
  readonly autoCreate: boolean
}

/** Kind of endpoint in DescribeCluster: brokers, not controllers. */
const brokerEndpoints = 1
/** Metadata can leave the name of a topic out. */
const firstVersionWithoutNames = 12

export function createMetadataHandlers(view: BrokerView, settings: MetadataSettings): HandlerTable {
  const handler = new MetadataHandler(view, settings)
  return {
    Metadata: handlerEntry<MetadataRequest, MetadataResponse>({
      minVersion: 0,
      maxVersion: 13,
      handle: (request, context) => handler.metadata(request, context),
    }),
    DescribeCluster: handlerEntry<DescribeClusterRequest, DescribeClusterResponse>({
      minVersion: 0,
      maxVersion: 2,
      handle: (request, context) => handler.cluster(request, context),
    }),
  }
}

class MetadataHandler {
  readonly #view: BrokerView
  readonly #settings: MetadataSettings

  constructor(view: BrokerView, settings: MetadataSettings) {
    this.#view = view
    this.#settings = settings
  }

  metadata(request: MetadataRequest, context: RequestContext): MetadataResponse | Promise<MetadataResponse> {
    const asked = request.topics
    const all = asked === null || (context.version === 0 && asked.length === 0)
    if (all) {
      const topics: MetadataResponseTopic[] = []
      for (const topic of this.#view.topics.all) {
        // What nobody has used yet is nothing to tell of.
        if (topic.image.internal && topic.logs.every((log) => log === undefined)) continue
        if (context.authorize(aclOperation.DESCRIBE, resourceType.TOPIC, topic.name)) {
          topics.push(this.#describe(topic, request, context))
        }
      }
      return this.#response(request, context, topics)
    }
    const missing = this.#toCreate(asked, request, context)
    if (missing.length === 0) return this.#asked(asked, request, context, undefined)
    return this.#createAndAnswer(asked, missing, request, context)
  }

  cluster(request: DescribeClusterRequest, context: RequestContext): DescribeClusterResponse {
    const { brokerId, metadata } = this.#view
    const { host, port } = this.#view.endpoint(context.connection.listenerName)
    const known = request.endpointType === brokerEndpoints
    return {
      throttleTimeMs: 0,
      errorCode: known ? kafkaError.NONE : kafkaError.UNSUPPORTED_ENDPOINT_TYPE,
      errorMessage: known ? null : 'this broker tells of brokers only',
      endpointType: request.endpointType,
      clusterId: metadata.image.clusterId,
      controllerId: brokerId,
      brokers: known ? [{ brokerId, host, port, rack: null, isFenced: false }] : [],
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? clusterOperationsOf(context)
        : operationsNotAsked,
    }
  }

  /** Names that are to be made for this request. */
  #toCreate(asked: readonly MetadataRequestTopic[], request: MetadataRequest, context: RequestContext): string[] {
    if (!this.#settings.autoCreate || !request.allowAutoTopicCreation) return []
    const names = new Set<string>()
    for (const { name } of asked) {
      if (name === null || this.#view.topics.get(name) !== undefined) continue
      if (ownTopics.has(name) || topicNameProblem(name) !== undefined) continue
      if (!context.authorize(aclOperation.DESCRIBE, resourceType.TOPIC, name)) continue
      const may =
        context.authorize(aclOperation.CREATE, resourceType.CLUSTER, clusterResource) ||
        context.authorize(aclOperation.CREATE, resourceType.TOPIC, name)
      if (may) names.add(name)
    }
    return [...names]
  }

  async #createAndAnswer(
    asked: readonly MetadataRequestTopic[],
    missing: readonly string[],
    request: MetadataRequest,
    context: RequestContext,
  ): Promise<MetadataResponse> {
    const specs = missing.map((name) => ({ name, partitions: -1, replicationFactor: -1, configs: {} }))
    const failed = new Map<string, number>()
    try {
      const outcomes = await this.#view.topics.create(specs, false)
      for (const [index, outcome] of outcomes.entries()) {
        // Made by somebody else meanwhile: it is there.
        if (outcome.error === kafkaError.NONE || outcome.error === kafkaError.TOPIC_ALREADY_EXISTS) continue
        const known = outcome.error === kafkaError.INVALID_TOPIC_EXCEPTION
        failed.set(missing[index] as string, known ? outcome.error : kafkaError.LEADER_NOT_AVAILABLE)
      }
    } catch {
      // The metadata log takes nothing; it has said so in the log itself.
      for (const name of missing) failed.set(name, kafkaError.LEADER_NOT_AVAILABLE)
    }
    return this.#asked(asked, request, context, failed)
  }

  #asked(
    asked: readonly MetadataRequestTopic[],
    request: MetadataRequest,
    context: RequestContext,
    failed: ReadonlyMap<string, number> | undefined,
  ): MetadataResponse {
    const { topics } = this.#view
    const result: MetadataResponseTopic[] = []
    const seen = new Set<string>()
    // Earlier versions can ask without a name, and cannot answer without one.
    const noName = context.version < firstVersionWithoutNames ? '' : null
    for (const { name, topicId } of asked) {
      const key = name ?? topicId
      if (seen.has(key)) continue
      seen.add(key)
      const topic = name === null ? topics.getById(topicId) : topics.get(name)
      if (!context.authorize(aclOperation.DESCRIBE, resourceType.TOPIC, topic?.name ?? name ?? '')) {
        result.push(absent(kafkaError.TOPIC_AUTHORIZATION_FAILED, name ?? noName, name === null ? topicId : zeroUuid))
      } else if (topic !== undefined) result.push(this.#describe(topic, request, context))
      else if (name === null) result.push(absent(kafkaError.UNKNOWN_TOPIC_ID, noName, topicId))
      else result.push(absent(this.#whyAbsent(name, failed), name, zeroUuid))
    }
    return this.#response(request, context, result)
  }

  #whyAbsent(name: string, failed: ReadonlyMap<string, number> | undefined): number {
    const failure = failed?.get(name)
    if (failure !== undefined) return failure
    if (ownTopics.has(name)) return kafkaError.UNKNOWN_TOPIC_OR_PARTITION
    if (topicNameProblem(name) !== undefined) return kafkaError.INVALID_TOPIC_EXCEPTION
    // Told as made just now, and gone again.
    return failed === undefined ? kafkaError.UNKNOWN_TOPIC_OR_PARTITION : kafkaError.LEADER_NOT_AVAILABLE
  }

  #describe(topic: Topic, request: MetadataRequest, context: RequestContext): MetadataResponseTopic {
    const { brokerId } = this.#view
    const { name, topicId, internal, partitions } = topic.image
    const described: MetadataResponseTopic['partitions'] = []
    for (let index = 0; index < partitions; index++) {
      const log = topic.logs[index]
      const offline = log === undefined ? !internal : log.state.kind === 'closed'
      described.push({
        errorCode: offline ? kafkaError.LEADER_NOT_AVAILABLE : kafkaError.NONE,
        partitionIndex: index,
        leaderId: offline ? -1 : brokerId,
        leaderEpoch: log?.leaderEpoch ?? 0,
        replicaNodes: [brokerId],
        isrNodes: offline ? [] : [brokerId],
        offlineReplicas: offline ? [brokerId] : [],
      })
    }
    return {
      errorCode: kafkaError.NONE,
      name,
      topicId,
      isInternal: internal,
      partitions: described,
      topicAuthorizedOperations: request.includeTopicAuthorizedOperations
        ? topicOperationsOf(context, name)
        : operationsNotAsked,
    }
  }

  #response(request: MetadataRequest, context: RequestContext, topics: MetadataResponseTopic[]): MetadataResponse {
    const { brokerId, metadata } = this.#view
    const { host, port } = this.#view.endpoint(context.connection.listenerName)
    return {
      throttleTimeMs: 0,
      brokers: [{ nodeId: brokerId, host, port, rack: null }],
      clusterId: metadata.image.clusterId,
      controllerId: brokerId,
      topics,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? clusterOperationsOf(context)
        : operationsNotAsked,
      errorCode: kafkaError.NONE,
    }
  }
}

function absent(errorCode: number, name: string | null, topicId: string): MetadataResponseTopic {
  return {
    errorCode,
    name,
    topicId,
    isInternal: false,
    partitions: [],
    topicAuthorizedOperations: operationsNotAsked,
  }
}
