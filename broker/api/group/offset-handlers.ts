/** OffsetCommit, OffsetFetch and OffsetDelete over the wire. What they mean is decided in broker/group. */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { OffsetCommitRequest, OffsetCommitResponse } from '../../../proto/kafka/messages/offset-commit.ts'
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '../../../proto/kafka/messages/offset-delete.ts'
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../../proto/kafka/messages/offset-fetch.ts'
import { zeroUuid } from '../../../proto/kafka/reader.ts'
import {
  type FetchResult,
  type Offsets,
  sameForAll,
  type TopicErrors,
  type TopicPartitions,
} from '../../group/offsets.ts'
import { aclOperation, type HandlerTable, handlerEntry, type RequestContext, resourceType } from '../handler.ts'
import { identified, named, type TopicNames } from './topic-names.ts'

/** Groups come in a list. */
const batchedFrom = 8
/** There is a place for an error of the whole group. */
const groupErrorFrom = 2

export interface OffsetHandlerOptions {
  readonly offsets: Offsets
  readonly names: TopicNames
  hasPartition(topic: string, partition: number): boolean
}

export function createOffsetHandlers({ offsets, names, hasPartition }: OffsetHandlerOptions): HandlerTable {
  const fetchGroup = async (
    groupId: string,
    topics: readonly TopicPartitions[] | null,
    requireStable: boolean,
    context: RequestContext,
  ): Promise<FetchResult> => {
    if (!context.authorize(aclOperation.DESCRIBE, resourceType.GROUP, groupId)) {
      return { error: kafkaError.GROUP_AUTHORIZATION_FAILED, topics: [] }
    }
    const allowed = allowedTopics(topics, context, aclOperation.DESCRIBE)
    const result = await offsets.fetch(groupId, allowed, requireStable)
    if (topics === null) {
      const seen = result.topics.filter(({ name }) => mayUse(context, aclOperation.DESCRIBE, name))
      return { error: result.error, topics: seen }
    }
    if (result.error !== kafkaError.NONE || allowed === topics) return result
    const refused = topics.filter(({ name }) => !mayUse(context, aclOperation.DESCRIBE, name))
    return { error: 0, topics: [...result.topics, ...withError(refused, kafkaError.TOPIC_AUTHORIZATION_FAILED)] }
  }
  return {
    OffsetCommit: handlerEntry<OffsetCommitRequest, OffsetCommitResponse>({
      minVersion: 0,
      maxVersion: 10,
      async handle(request, context) {
        if (!context.authorize(aclOperation.READ, resourceType.GROUP, request.groupId)) {
          return committedNone(request, kafkaError.GROUP_AUTHORIZATION_FAILED)
        }
        const [topics, unknown] = named(request.topics, context.version, names)
        const mayRead = topics.filter(({ name }) => mayUse(context, aclOperation.READ, name))
        const who = {
          groupId: request.groupId,
          memberId: request.memberId,
          groupInstanceId: request.groupInstanceId,
          generationId: request.generationIdOrMemberEpoch,
        }
        const results = await offsets.commit(who, mayRead, request.retentionTimeMs, hasPartition)
        const done = identified(merged(topics, mayRead, results), context.version, names)
        return { throttleTimeMs: 0, topics: [...done, ...failedTopics(unknown, kafkaError.UNKNOWN_TOPIC_ID)] }
      },
      failed: committedNone,
    }),
    OffsetFetch: handlerEntry<OffsetFetchRequest, OffsetFetchResponse>({
      minVersion: 0,
      maxVersion: 10,
      async handle(request, context) {
        if (context.version >= batchedFrom) {
          const groups = await Promise.all(
            request.groups.map(async ({ groupId, topics }) => {
              const [known, unknown] = topics === null ? [null, []] : named(topics, context.version, names)
              const result = await fetchGroup(groupId, known, request.requireStable, context)
              const found = identified(result.topics, context.version, names)
              const failed = withError(unknown, kafkaError.UNKNOWN_TOPIC_ID)
              const lost = failed.map((each, index) => ({ ...each, topicId: unknown[index]?.topicId ?? zeroUuid }))
              return { groupId, topics: [...found, ...lost], errorCode: result.error }
            }),
          )
          return { throttleTimeMs: 0, topics: [], errorCode: kafkaError.NONE, groups }
        }
        const { groupId, topics, requireStable } = request
        const result = await fetchGroup(groupId, topics, requireStable, context)
        const spread = result.error !== kafkaError.NONE && context.version < groupErrorFrom
        return {
          throttleTimeMs: 0,
          topics: spread ? withError(topics ?? [], result.error) : result.topics,
          errorCode: result.error,
          groups: [],
        }
      },
      failed: (request, errorCode, version) => ({
        throttleTimeMs: 0,
        topics: version < groupErrorFrom ? withError(request.topics ?? [], errorCode) : [],
        errorCode,
        groups: request.groups.map(({ groupId }) => ({ groupId, topics: [], errorCode })),
      }),
    }),
    OffsetDelete: handlerEntry<OffsetDeleteRequest, OffsetDeleteResponse>({
      minVersion: 0,
      maxVersion: 0,
      async handle(request, context) {
        if (!context.authorize(aclOperation.DELETE, resourceType.GROUP, request.groupId)) {
          return { errorCode: kafkaError.GROUP_AUTHORIZATION_FAILED, throttleTimeMs: 0, topics: [] }
        }
        const mayRead = request.topics.filter(({ name }) => mayUse(context, aclOperation.READ, name))
        const known = mayRead.map(({ name, partitions }) => ({
          name,
          partitionIndexes: partitions
            .filter(({ partitionIndex }) => hasPartition(name, partitionIndex))
            .map(({ partitionIndex }) => partitionIndex),
        }))
        const results = await offsets.delete(request.groupId, known)
        if (typeof results === 'number') return { errorCode: results, throttleTimeMs: 0, topics: [] }
        const topics = request.topics.map(({ name, partitions }) => {
          const allowed = mayUse(context, aclOperation.READ, name)
          const found = results.find((each) => each.name === name)
          return {
            name,
            partitions: partitions.map(({ partitionIndex }) => ({
              partitionIndex,
              errorCode: allowed
                ? (found?.partitions.find((each) => each.partitionIndex === partitionIndex)?.errorCode ??
                  kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
                : kafkaError.TOPIC_AUTHORIZATION_FAILED,
            })),
          }
        })
        return { errorCode: kafkaError.NONE, throttleTimeMs: 0, topics }
      },
      failed: (_request, errorCode) => ({ errorCode, throttleTimeMs: 0, topics: [] }),
    }),
  }
}

/** A commit of which nothing came about. */
function committedNone(request: OffsetCommitRequest, errorCode: number): OffsetCommitResponse {
  return { throttleTimeMs: 0, topics: failedTopics(request.topics, errorCode) }
}

function failedTopics(
  topics: readonly OffsetCommitRequest['topics'][number][],
  errorCode: number,
): OffsetCommitResponse['topics'] {
  return sameForAll(topics, errorCode).map((each, index) => ({ ...each, topicId: topics[index]?.topicId ?? zeroUuid }))
}

function mayUse(
  context: RequestContext,
  operation: typeof aclOperation.READ | typeof aclOperation.DESCRIBE,
  topic: string,
): boolean {
  return context.authorize(operation, resourceType.TOPIC, topic)
}

function allowedTopics(
  topics: readonly TopicPartitions[] | null,
  context: RequestContext,
  operation: typeof aclOperation.DESCRIBE,
): readonly TopicPartitions[] | null {
  if (topics === null || topics.every(({ name }) => mayUse(context, operation, name))) return topics
  return topics.filter(({ name }) => mayUse(context, operation, name))
}

function withError(topics: readonly TopicPartitions[], errorCode: number): FetchResult['topics'] {
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode,
    })),
  }))
}

/** The results of the topics that the client may use, and refusals for the others. */
export function merged<
  T extends { readonly name: string; readonly partitions: readonly { readonly partitionIndex: number }[] },
>(asked: readonly T[], allowed: readonly T[], results: TopicErrors[]): TopicErrors[] {
  if (asked.length === allowed.length) return results
  const refused = asked.filter((topic) => !allowed.includes(topic))
  return [...results, ...sameForAll(refused, kafkaError.TOPIC_AUTHORIZATION_FAILED)]
}
