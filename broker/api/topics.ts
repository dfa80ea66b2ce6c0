/** CreateTopics, DeleteTopics, CreatePartitions, DescribeLogDirs: each item of a request has its own outcome. */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { CreatePartitionsRequest, CreatePartitionsResponse } from '../../proto/kafka/messages/create-partitions.ts'
import type {
  CreateTopicsRequest,
  CreateTopicsRequestCreatableTopic,
  CreateTopicsResponse,
  CreateTopicsResponseCreatableTopicResult,
} from '../../proto/kafka/messages/create-topics.ts'
import type { DeleteTopicsRequest, DeleteTopicsResponse } from '../../proto/kafka/messages/delete-topics.ts'
import type { DescribeLogDirsRequest, DescribeLogDirsResponse } from '../../proto/kafka/messages/describe-log-dirs.ts'
import { zeroUuid } from '../../proto/kafka/reader.ts'
import type { CreateOutcome, Outcome, TopicSpec } from '../metadata/topics.ts'
import {
  type AclOperation,
  aclOperation,
  clusterResource,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from './handler.ts'
import type { BrokerView } from './view.ts'

const unauthorized: Outcome = { error: kafkaError.TOPIC_AUTHORIZATION_FAILED, message: 'not allowed' }

export function createTopicHandlers(view: BrokerView): HandlerTable {
  const handler = new TopicsHandler(view)
  return {
    CreateTopics: handlerEntry<CreateTopicsRequest, CreateTopicsResponse>({
      minVersion: 0,
      maxVersion: 7,
      handle: (request, context) => handler.create(request, context),
      failed: (request, error) => ({
        throttleTimeMs: 0,
        topics: request.topics.map(({ name }) => createdTopic(name, { error, message: null })),
      }),
    }),
    DeleteTopics: handlerEntry<DeleteTopicsRequest, DeleteTopicsResponse>({
      minVersion: 0,
      maxVersion: 6,
      handle: (request, context) => handler.delete(request, context),
      failed: (request, errorCode) => ({
        throttleTimeMs: 0,
        responses: deletions(request).map((each) => ({ ...each, errorCode, errorMessage: null })),
      }),
    }),
    CreatePartitions: handlerEntry<CreatePartitionsRequest, CreatePartitionsResponse>({
      minVersion: 0,
      maxVersion: 3,
      handle: (request, context) => handler.addPartitions(request, context),
      failed: (request, errorCode) => ({
        throttleTimeMs: 0,
        results: request.topics.map(({ name }) => ({ name, errorCode, errorMessage: null })),
      }),
    }),
    DescribeLogDirs: handlerEntry<DescribeLogDirsRequest, DescribeLogDirsResponse>({
      minVersion: 0,
      maxVersion: 5,
      handle: (request, context) => handler.logDirs(request, context),
    }),
  }
}

class TopicsHandler {
  readonly #view: BrokerView

  constructor(view: BrokerView) {
    this.#view = view
  }

  async create(request: CreateTopicsRequest, context: RequestContext): Promise<CreateTopicsResponse> {
    const { topics } = request
    const answers = new Map<CreateTopicsRequestCreatableTopic, CreateTopicsResponseCreatableTopicResult>()
    const wanted: { readonly asked: CreateTopicsRequestCreatableTopic; readonly spec: TopicSpec }[] = []
    const repeated = repeatedOf(topics.map((each) => each.name))
    for (const asked of topics) {
      const refusal = this.#createRefusal(asked, repeated, context)
      if (refusal !== undefined) answers.set(asked, createdTopic(asked.name, refusal))
      else wanted.push({ asked, spec: specOf(asked) })
    }
    const specs = wanted.map((each) => each.spec)
    const outcomes = await this.#view.topics.create(specs, request.validateOnly)
    for (const [index, outcome] of outcomes.entries()) {
      const { asked } = wanted[index] as (typeof wanted)[number]
      answers.set(asked, this.#created(asked, outcome, context))
    }
    return {
      throttleTimeMs: 0,
      topics: topics.map((asked) => answers.get(asked) as CreateTopicsResponseCreatableTopicResult),
    }
  }

  async delete(request: DeleteTopicsRequest, context: RequestContext): Promise<DeleteTopicsResponse> {
    const responses: DeleteTopicsResponse['responses'] = []
    for (const { name, topicId } of deletions(request)) {
      const topic = name === null ? this.#view.topics.getById(topicId) : this.#view.topics.get(name)
      const known = topic?.name ?? name
      const outcome = context.authorize(aclOperation.DELETE, resourceType.TOPIC, known ?? '')
        ? await this.#view.topics.delete(name === null ? { topicId } : { name })
        : unauthorized
      responses.push({
        name: known,
        topicId: topic?.topicId ?? topicId,
        errorCode: outcome.error,
        errorMessage: outcome.message,
      })
    }
    return { throttleTimeMs: 0, responses }
  }

  async addPartitions(request: CreatePartitionsRequest, context: RequestContext): Promise<CreatePartitionsResponse> {
    const results: CreatePartitionsResponse['results'] = []
    const repeated = repeatedOf(request.topics.map((each) => each.name))
    for (const { name, count, assignments } of request.topics) {
      let outcome: Outcome
      if (!context.authorize(aclOperation.ALTER, resourceType.TOPIC, name)) outcome = unauthorized
      else if (repeated.has(name)) outcome = twice(name)
      else {
        const brokers = assignments?.map((each) => each.brokerIds) ?? null
        outcome = await this.#view.topics.addPartitions(name, count, brokers, request.validateOnly)
      }
      results.push({ name, errorCode: outcome.error, errorMessage: outcome.message })
    }
    return { throttleTimeMs: 0, results }
  }

  async logDirs(request: DescribeLogDirsRequest, context: RequestContext): Promise<DescribeLogDirsResponse> {
    if (!context.authorize(aclOperation.DESCRIBE, resourceType.CLUSTER, clusterResource)) {
      return { throttleTimeMs: 0, errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED, results: [] }
    }
    const asked =
      request.topics === null
        ? undefined
        : new Map(request.topics.map((each) => [each.topic, new Set(each.partitions)]))
    const topics: DescribeLogDirsResponse['results'][number]['topics'] = []
    for (const topic of this.#view.topics.all) {
      const wanted = asked?.get(topic.name)
      if (asked !== undefined && wanted === undefined) continue
      const partitions = [...topic.logs.entries()].flatMap(([partitionIndex, log]) =>
        log === undefined || (wanted !== undefined && !wanted.has(partitionIndex))
          ? []
          : [{ partitionIndex, partitionSize: log.sizeBytes, offsetLag: 0, isFutureKey: false }],
      )
      if (partitions.length > 0) topics.push({ name: topic.name, partitions })
    }
    const { dataDirectory, disk } = this.#view
    // A file system that does not tell is no reason to tell nothing.
    const space = await disk.spaceAsync(dataDirectory).catch(() => ({ totalBytes: -1, usableBytes: -1 }))
    const here = { errorCode: kafkaError.NONE, logDir: dataDirectory, topics, ...space, isCordoned: false }
    return { throttleTimeMs: 0, errorCode: kafkaError.NONE, results: [here] }
  }

  #createRefusal(
    asked: CreateTopicsRequestCreatableTopic,
    repeated: ReadonlySet<string>,
    context: RequestContext,
  ): Outcome | undefined {
    const { name } = asked
    const may = (operation: AclOperation): boolean =>
      context.authorize(operation, resourceType.CLUSTER, clusterResource) ||
      context.authorize(operation, resourceType.TOPIC, name)
    if (!may(aclOperation.CREATE)) return unauthorized
    if (repeated.has(name)) return twice(name)
    const valueless = asked.configs.find((each) => each.value === null)
    if (valueless !== undefined) {
      return { error: kafkaError.INVALID_CONFIG, message: `${valueless.name} has no value` }
    }
    return undefined
  }

  #created(
    asked: CreateTopicsRequestCreatableTopic,
    outcome: CreateOutcome,
    context: RequestContext,
  ): CreateTopicsResponseCreatableTopicResult {
    const result = createdTopic(asked.name, outcome)
    const { topic } = outcome
    if (outcome.error !== kafkaError.NONE || topic === undefined) return result
    result.topicId = topic.topicId
    if (!context.authorize(aclOperation.DESCRIBE_CONFIGS, resourceType.TOPIC, topic.name)) {
      result.topicConfigErrorCode = kafkaError.TOPIC_AUTHORIZATION_FAILED
      result.configs = null
      return result
    }
    result.numPartitions = topic.partitions
    result.replicationFactor = 1
    result.configs = this.#view.settings.topicSettings(topic.configs).map(({ name, value, readOnly, source }) => ({
      name,
      value,
      readOnly,
      configSource: source,
      isSensitive: false,
    }))
    return result
  }
}

function specOf(asked: CreateTopicsRequestCreatableTopic): TopicSpec {
  const configs: Record<string, string> = {}
  for (const { name, value } of asked.configs) configs[name] = value ?? ''
  return {
    name: asked.name,
    partitions: asked.numPartitions,
    replicationFactor: asked.replicationFactor,
    configs,
    assignments: asked.assignments.map((each) => ({ partition: each.partitionIndex, brokers: each.brokerIds })),
  }
}

function deletions(request: DeleteTopicsRequest): { readonly name: string | null; readonly topicId: string }[] {
  if (request.topics.length > 0) return request.topics
  return request.topicNames.map((name) => ({ name, topicId: zeroUuid }))
}

function createdTopic(name: string, outcome: Outcome): CreateTopicsResponseCreatableTopicResult {
  return {
    name,
    topicId: zeroUuid,
    errorCode: outcome.error,
    errorMessage: outcome.message,
    topicConfigErrorCode: kafkaError.NONE,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  }
}

/** What stands more than once in `names`. */
export function repeatedOf(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const name of names) (seen.has(name) ? repeated : seen).add(name)
  return repeated
}

function twice(name: string): Outcome {
  return { error: kafkaError.INVALID_REQUEST, message: `${name} stands twice in the request` }
}
