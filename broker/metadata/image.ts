/**
 * What the cluster is, as a replay of the metadata log gives it: topics, settings, ids, access. Readers see it as it is between
 * two writes; topics are immutable objects that a change replaces. Only the metadata log applies records.
 */
import { unreachable } from '../../core/assert.ts'
import { brokerErrors } from '../errors.ts'
import type { MetadataRecord, QuotaEntity, RecordOf } from './records.ts'

export interface TopicImage {
  readonly name: string
  /** 22 characters of base64url. */
  readonly topicId: string
  readonly partitions: number
  /** Kept by the broker for itself: clients may not write to it. */
  readonly internal: boolean
  /** Settings of its own, by name. */
  readonly configs: Readonly<Record<string, string>>
}

export type AclImage = RecordOf<'acl'>
export type ScramImage = RecordOf<'scram'>

export interface QuotaImage {
  readonly entity: QuotaEntity
  /** By Kafka's names; at least one. */
  readonly values: ReadonlyMap<string, number>
}

/** The same for the same entity. */
export const quotaEntityId = ({ user, 'client-id': clientId, ip }: QuotaEntity): string =>
  JSON.stringify({ user, 'client-id': clientId, ip })

export class MetadataImage {
  clusterId = ''
  brokerId = -1
  createdMs = 0
  /** Of this start. */
  brokerEpoch = 0
  /** Producer ids from here on are free. */
  nextProducerId = 0
  /** Changes whenever anything does. */
  version = 0
  /** Of all topics. */
  partitionCount = 0
  readonly #topics = new Map<string, TopicImage>()
  readonly #topicsById = new Map<string, TopicImage>()
  readonly #brokerConfigs = new Map<string, ReadonlyMap<string, string>>()
  readonly #acls = new Map<string, AclImage>()
  readonly #scram = new Map<string, ScramImage>()
  readonly #quotas = new Map<string, QuotaImage>()

  get topics(): ReadonlyMap<string, TopicImage> {
    return this.#topics
  }

  get topicsById(): ReadonlyMap<string, TopicImage> {
    return this.#topicsById
  }

  /** By id of the ACL. */
  get acls(): ReadonlyMap<string, AclImage> {
    return this.#acls
  }

  get scramCredentials(): Iterable<ScramImage> {
    return this.#scram.values()
  }

  get scramCount(): number {
    return this.#scram.size
  }

  scram(user: string, mechanism: number): ScramImage | undefined {
    return this.#scram.get(`${mechanism}:${user}`)
  }

  /** By `quotaEntityId`. */
  get quotas(): ReadonlyMap<string, QuotaImage> {
    return this.#quotas
  }

  /** Settings that were changed at run time: of one broker by its id as text, of all with an empty id. */
  brokerConfigs(broker: string): ReadonlyMap<string, string> {
    return this.#brokerConfigs.get(broker) ?? none
  }

  /** Applies one record. Throws BROKER_METADATA_UNREADABLE when it cannot follow on what is here. */
  apply(record: MetadataRecord, offset: number): void {
    this.version++
    const topic = (topicId: string): TopicImage => {
      const found = this.#topicsById.get(topicId)
      if (found === undefined) throw unreadable(offset, `no topic has the id ${topicId}`)
      return found
    }
    switch (record.kind) {
      case 'cluster':
        this.clusterId = record.clusterId
        this.brokerId = record.brokerId
        this.createdMs = record.createdMs
        return
      case 'broker-started':
        this.brokerEpoch = record.epoch
        return
      case 'topic': {
        if (this.#topics.has(record.name)) throw unreadable(offset, `the topic ${record.name} exists`)
        const { name, topicId, partitions, internal, configs } = record
        this.#put({ name, topicId, partitions, internal, configs })
        this.partitionCount += partitions
        return
      }
      case 'partitions': {
        const before = topic(record.topicId)
        this.partitionCount += record.partitions - before.partitions
        this.#put({ ...before, partitions: record.partitions })
        return
      }
      case 'topic-deleted': {
        const before = topic(record.topicId)
        this.partitionCount -= before.partitions
        this.#topics.delete(before.name)
        this.#topicsById.delete(before.topicId)
        return
      }
      case 'topic-config': {
        const before = topic(record.topicId)
        this.#put({ ...before, configs: changed(before.configs, record.name, record.value) })
        return
      }
      case 'broker-config': {
        const values = new Map(this.#brokerConfigs.get(record.broker))
        if (record.value === null) values.delete(record.name)
        else values.set(record.name, record.value)
        this.#brokerConfigs.set(record.broker, values)
        return
      }
      case 'producer-ids':
        this.nextProducerId = Math.max(this.nextProducerId, record.next)
        return
      case 'acl':
        this.#acls.set(record.id, record)
        return
      case 'acl-removed':
        this.#acls.delete(record.id)
        return
      case 'scram':
        this.#scram.set(`${record.mechanism}:${record.user}`, record)
        return
      case 'scram-removed':
        this.#scram.delete(`${record.mechanism}:${record.user}`)
        return
      case 'quota': {
        const { entity, key, value } = record
        const id = quotaEntityId(entity)
        const values = new Map(this.#quotas.get(id)?.values)
        if (value === null) values.delete(key)
        else values.set(key, value)
        if (values.size === 0) this.#quotas.delete(id)
        else this.#quotas.set(id, { entity, values })
        return
      }
      case 'snapshot-begin':
      case 'snapshot-end':
        return
      default:
        return unreachable(record)
    }
  }

  /** Records that give this image when they are applied to an empty one. */
  toRecords(): MetadataRecord[] {
    const records: MetadataRecord[] = [
      { kind: 'cluster', clusterId: this.clusterId, brokerId: this.brokerId, createdMs: this.createdMs },
      { kind: 'broker-started', epoch: this.brokerEpoch, startedMs: 0 },
      { kind: 'producer-ids', next: this.nextProducerId },
    ]
    for (const topic of this.#topics.values()) records.push({ kind: 'topic', ...topic })
    for (const [broker, values] of this.#brokerConfigs) {
      for (const [name, value] of values) records.push({ kind: 'broker-config', broker, name, value })
    }
    records.push(...this.#acls.values(), ...this.#scram.values())
    for (const { entity, values } of this.#quotas.values()) {
      for (const [key, value] of values) records.push({ kind: 'quota', entity, key, value })
    }
    return records
  }

  #put(topic: TopicImage): void {
    this.#topics.set(topic.name, topic)
    this.#topicsById.set(topic.topicId, topic)
  }
}

const none: ReadonlyMap<string, string> = new Map()

function changed(
  configs: Readonly<Record<string, string>>,
  name: string,
  value: string | null,
): Readonly<Record<string, string>> {
  const next = { ...configs }
  if (value === null) delete next[name]
  else next[name] = value
  return next
}

function unreadable(offset: number, reason: string): Error {
  return brokerErrors.create('METADATA_UNREADABLE', { offset, reason })
}
