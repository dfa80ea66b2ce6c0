/**
 * DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, for topics and for the broker. A resource changes as a whole or not at all;
 * each has its own outcome.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { AlterConfigsRequest, AlterConfigsResponse } from '../../proto/kafka/messages/alter-configs.ts'
import type {
  DescribeConfigsRequest,
  DescribeConfigsRequestResource,
  DescribeConfigsResponse,
  DescribeConfigsResponseResult,
} from '../../proto/kafka/messages/describe-configs.ts'
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsRequestAlterableConfig,
  IncrementalAlterConfigsResponse,
} from '../../proto/kafka/messages/incremental-alter-configs.ts'
import { isConfigError, type LogConfigEntry } from '../log/config.ts'
import type { MetadataRecord } from '../metadata/records.ts'
import { configSource, configTypes, type Setting } from '../metadata/settings.ts'
import { type Outcome, success } from '../metadata/topics.ts'
import {
  type AclOperation,
  aclOperation,
  clusterResource,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from './handler.ts'
import { repeatedOf } from './topics.ts'
import type { BrokerView } from './view.ts'

/** Kinds of resources that have settings, with the numbers of the wire. */
const configResource = { TOPIC: 2, BROKER: 4 } as const

const operations = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

/** New values by name; null takes a value back. */
type Changes = Map<string, string | null>
type Planned = { readonly changes: Changes } | { readonly problem: Outcome }

interface AlteredResource {
  readonly resourceType: number
  readonly resourceName: string
}

export function createConfigHandlers(view: BrokerView): HandlerTable {
  const handler = new ConfigsHandler(view)
  return {
    DescribeConfigs: handlerEntry<DescribeConfigsRequest, DescribeConfigsResponse>({
      minVersion: 0,
      maxVersion: 4,
      handle: (request, context) => ({
        throttleTimeMs: 0,
        results: request.resources.map((resource) => handler.describe(resource, request, context)),
      }),
    }),
    AlterConfigs: handlerEntry<AlterConfigsRequest, AlterConfigsResponse>({
      minVersion: 0,
      maxVersion: 2,
      async handle(request, context) {
        const plan = (own: ReadonlyMap<string, string>, index: number): Planned => {
          const changes: Changes = new Map([...own.keys()].map((name) => [name, null]))
          for (const { name, value } of request.resources[index]?.configs ?? []) changes.set(name, value)
          return { changes }
        }
        return { throttleTimeMs: 0, responses: await handler.alterAll(request, plan, context) }
      },
    }),
    IncrementalAlterConfigs: handlerEntry<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>({
      minVersion: 0,
      maxVersion: 1,
      async handle(request, context) {
        const plan = (
          own: ReadonlyMap<string, string>,
          index: number,
          current: (name: string) => string | undefined,
          isList: (name: string) => boolean,
        ): Planned => incremental(request.resources[index]?.configs ?? [], own, current, isList)
        return { throttleTimeMs: 0, responses: await handler.alterAll(request, plan, context) }
      },
    }),
  }
}

type Plan = (
  own: ReadonlyMap<string, string>,
  index: number,
  current: (name: string) => string | undefined,
  isList: (name: string) => boolean,
) => Planned

class ConfigsHandler {
  readonly #view: BrokerView

  constructor(view: BrokerView) {
    this.#view = view
  }

  describe(
    resource: DescribeConfigsRequestResource,
    request: DescribeConfigsRequest,
    context: RequestContext,
  ): DescribeConfigsResponseResult {
    const outcome = this.#settings(resource, context)
    const settings = 'error' in outcome ? [] : outcome
    const keys = resource.configurationKeys
    // Old clients take an empty list for all of them.
    const wanted = keys === null || keys.length === 0 ? undefined : new Set(keys)
    return {
      errorCode: 'error' in outcome ? outcome.error : kafkaError.NONE,
      errorMessage: 'error' in outcome ? outcome.message : null,
      resourceType: resource.resourceType,
      resourceName: resource.resourceName,
      configs: settings
        .filter((each) => wanted?.has(each.name) !== false)
        .map((each) => ({
          name: each.name,
          value: each.value,
          readOnly: each.readOnly,
          isDefault: each.source === configSource.default,
          configSource: each.source,
          isSensitive: false,
          synonyms: request.includeSynonyms ? each.synonyms.map((synonym) => ({ ...synonym })) : [],
          configType: configTypes[each.kind],
          documentation: request.includeDocumentation ? each.doc : null,
        })),
    }
  }

  async alterAll(
    request: { readonly resources: readonly AlteredResource[]; readonly validateOnly: boolean },
    plan: Plan,
    context: RequestContext,
  ): Promise<{ errorCode: number; errorMessage: string | null; resourceType: number; resourceName: string }[]> {
    const responses = []
    const keyOf = (each: AlteredResource): string => `${each.resourceType} ${each.resourceName}`
    const repeated = repeatedOf(request.resources.map(keyOf))
    for (const [index, resource] of request.resources.entries()) {
      const { resourceType, resourceName } = resource
      const outcome = repeated.has(keyOf(resource))
        ? { error: kafkaError.INVALID_REQUEST, message: `${resourceName} stands twice in the request` }
        : await this.#alter(resourceType, resourceName, index, request.validateOnly, plan, context)
      responses.push({ errorCode: outcome.error, errorMessage: outcome.message, resourceType, resourceName })
    }
    return responses
  }

  #alter(
    type: number,
    name: string,
    index: number,
    validateOnly: boolean,
    plan: Plan,
    context: RequestContext,
  ): Promise<Outcome> | Outcome {
    const refusal = refusalOf(type, name, aclOperation.ALTER_CONFIGS, context)
    if (refusal !== undefined) return refusal
    if (type === configResource.TOPIC) return this.#alterTopic(name, index, validateOnly, plan)
    if (type === configResource.BROKER) return this.#alterBroker(name, index, validateOnly, plan)
    return { error: kafkaError.INVALID_REQUEST, message: `resources of type ${type} have no settings here` }
  }

  #alterTopic(name: string, index: number, validateOnly: boolean, plan: Plan): Promise<Outcome> | Outcome {
    const { topics, settings } = this.#view
    const topic = topics.get(name)
    if (topic === undefined) return unknownTopic(name)
    const { configs } = topic.image
    const current = (key: string): string | undefined =>
      settings.topicSettings(configs).find((each) => each.name === key)?.value ?? undefined
    const isList = (key: string): boolean => settings.topicEntry(key)?.kind === 'list'
    const planned = plan(new Map(Object.entries(configs)), index, current, isList)
    if ('problem' in planned) return planned.problem
    for (const key of planned.changes.keys()) {
      if (settings.topicEntry(key) === undefined) return invalid(`a topic has no setting called ${key}`)
    }
    return topics.configure(name, planned.changes, validateOnly)
  }

  async #alterBroker(name: string, index: number, validateOnly: boolean, plan: Plan): Promise<Outcome> {
    const { settings, metadata, topics, brokerId } = this.#view
    if (name !== '' && name !== String(brokerId)) return wrongBroker(name, brokerId)
    const own = metadata.image.brokerConfigs(name)
    const current = (key: string): string | undefined =>
      settings.brokerSettings(name === '').find((each) => each.name === key)?.value ?? undefined
    const entryOf = (key: string): LogConfigEntry | undefined => {
      const entry = settings.brokerEntry(key)
      return entry === 'fixed' ? undefined : entry
    }
    const planned = plan(own, index, current, (key) => entryOf(key)?.kind === 'list')
    if ('problem' in planned) return planned.problem
    const records: MetadataRecord[] = []
    for (const [key, value] of planned.changes) {
      const entry = settings.brokerEntry(key)
      if (entry === undefined) return invalid(`a broker has no setting called ${key}`)
      if (entry === 'fixed') {
        return { error: kafkaError.INVALID_REQUEST, message: `${key} changes only in the configuration of the broker` }
      }
      if (value !== null) {
        const problem = this.#problem(entry, value)
        if (problem !== undefined) return problem
      }
      records.push({ kind: 'broker-config', broker: name, name: key, value })
    }
    if (validateOnly) return success
    await metadata.write(records)
    topics.reconfigureAll()
    return success
  }

  #problem(entry: LogConfigEntry, value: string): Outcome | undefined {
    try {
      this.#view.settings.check(entry.name, value)
      return undefined
    } catch (error) {
      if (!isConfigError(error)) throw error
      return invalid((error as Error).message)
    }
  }

  #settings(resource: DescribeConfigsRequestResource, context: RequestContext): readonly Setting[] | Outcome {
    const { resourceType: type, resourceName: name } = resource
    const refusal = refusalOf(type, name, aclOperation.DESCRIBE_CONFIGS, context)
    if (refusal !== undefined) return refusal
    if (type === configResource.TOPIC) {
      const topic = this.#view.topics.get(name)
      return topic === undefined ? unknownTopic(name) : this.#view.settings.topicSettings(topic.image.configs)
    }
    if (type === configResource.BROKER) {
      if (name !== '' && name !== String(this.#view.brokerId)) return wrongBroker(name, this.#view.brokerId)
      return this.#view.settings.brokerSettings(name === '')
    }
    return { error: kafkaError.INVALID_REQUEST, message: `resources of type ${type} have no settings here` }
  }
}

function refusalOf(type: number, name: string, operation: AclOperation, context: RequestContext): Outcome | undefined {
  if (type === configResource.TOPIC) {
    return context.authorize(operation, resourceType.TOPIC, name)
      ? undefined
      : { error: kafkaError.TOPIC_AUTHORIZATION_FAILED, message: 'not allowed' }
  }
  return context.authorize(operation, resourceType.CLUSTER, clusterResource)
    ? undefined
    : { error: kafkaError.CLUSTER_AUTHORIZATION_FAILED, message: 'not allowed' }
}

function incremental(
  asked: readonly IncrementalAlterConfigsRequestAlterableConfig[],
  own: ReadonlyMap<string, string>,
  current: (name: string) => string | undefined,
  isList: (name: string) => boolean,
): Planned {
  const changes: Changes = new Map()
  for (const { name, configOperation, value } of asked) {
    if (changes.has(name)) return { problem: invalid(`${name} stands twice in the request`) }
    if (configOperation === operations.DELETE) {
      changes.set(name, null)
      continue
    }
    if (value === null) return { problem: invalid(`${name} has no value`) }
    if (configOperation === operations.SET) {
      changes.set(name, value)
      continue
    }
    if (configOperation !== operations.APPEND && configOperation !== operations.SUBTRACT) {
      return { problem: { error: kafkaError.INVALID_REQUEST, message: `there is no operation ${configOperation}` } }
    }
    if (!isList(name)) return { problem: invalid(`${name} is not a list`) }
    const before = words(own.get(name) ?? current(name) ?? '')
    const given = words(value)
    const after =
      configOperation === operations.APPEND
        ? [...before, ...given.filter((each) => !before.includes(each))]
        : before.filter((each) => !given.includes(each))
    changes.set(name, after.join(','))
  }
  return { changes }
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function invalid(message: string): Outcome {
  return { error: kafkaError.INVALID_CONFIG, message }
}

function unknownTopic(name: string): Outcome {
  return { error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION, message: `there is no topic ${name}` }
}

function wrongBroker(name: string, brokerId: number): Outcome {
  return { error: kafkaError.INVALID_REQUEST, message: `this is broker ${brokerId}, not ${name}` }
}
