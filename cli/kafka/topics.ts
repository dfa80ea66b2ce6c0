/** `millrace topic …`: makes, lists, alters and deletes topics; describe-topic.ts shows one. */
import type { TopicInfo } from '../../connectors/kafka/client/index.ts'
import { nearest } from '../../core/config/index.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'
import { brokerCode, existingTopic, type Kafka, type KafkaFlags, pairs, withKafka } from './connect.ts'
import { knownSize, sizesByPartition } from './log-dirs.ts'
import { offsetsOf } from './places.ts'
import { parsePlace } from './when.ts'

export interface CreateFlags extends KafkaFlags {
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly set?: readonly string[]
  readonly ifNotExists?: boolean
}

export async function createTopic(terminal: Terminal, name: string, flags: CreateFlags): Promise<ExitCode> {
  return withKafka(flags, async ({ admin }) => {
    const { partitions, replicationFactor } = flags
    let existed = false
    try {
      await admin.createTopics([
        {
          name,
          configs: Object.fromEntries(pairs(flags.set, '--set')),
          ...(partitions === undefined ? {} : { partitions }),
          ...(replicationFactor === undefined ? {} : { replicationFactor }),
        },
      ])
    } catch (error) {
      if (brokerCode(error) !== kafkaError.TOPIC_ALREADY_EXISTS) throw error
      existed = flags.ifNotExists === true
      if (!existed) throw cliErrors.create('TOPIC_EXISTS', { topic: name }, { cause: error })
    }
    const topic = await admin.describeTopic(name)
    const parts = topic.leaders.length
    if (terminal.json)
      terminal.out(JSON.stringify({ topic: name, topicId: topic.topicId, partitions: parts, created: !existed }))
    else if (existed) terminal.note(`${name} is there already, with ${partitionsText(parts)}`)
    else terminal.out(`${name} created with ${partitionsText(parts)}`)
    return exitCodes.ok
  })
}

export const partitionsText = (count: number): string => `${count} ${count === 1 ? 'partition' : 'partitions'}`

export interface ListFlags extends KafkaFlags {
  readonly internal?: boolean
}

export async function listTopics(terminal: Terminal, flags: ListFlags): Promise<ExitCode> {
  return withKafka(flags, async (kafka) => {
    const all = await kafka.admin.listTopics()
    const topics = all
      .filter((topic) => flags.internal === true || !topic.isInternal)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    const sums = await sumsOf(kafka, topics)
    if (terminal.json) {
      const rows = topics.map(({ name, topicId, isInternal, leaders }) => ({
        topic: name,
        topicId,
        internal: isInternal,
        partitions: leaders.length,
        ...sums.get(name),
      }))
      terminal.out(JSON.stringify(rows))
    } else if (topics.length === 0) terminal.note('There are no topics. Make one: millrace topic create NAME')
    else {
      const rows = topics.map(({ name, leaders }) => {
        const { offsets = 0, bytes = -1 } = sums.get(name) ?? {}
        return [name, String(leaders.length), offsets.toLocaleString('en-US'), knownSize(bytes)]
      })
      for (const line of table(['TOPIC', 'PARTITIONS', 'OFFSETS', 'SIZE'], rows)) terminal.out(line)
    }
    return exitCodes.ok
  })
}

/** Offsets between start and end (records, and markers of transactions), and bytes on the disk, -1 when unknown. */
async function sumsOf(
  kafka: Kafka,
  topics: readonly TopicInfo[],
): Promise<Map<string, { readonly offsets: number; readonly bytes: number }>> {
  const sizes = await sizesByPartition(kafka)
  const all = topics.flatMap(({ name, leaders }) =>
    leaders.flatMap(({ nodeId }, partition) => (nodeId < 0 ? [] : [{ topic: name, partition }])),
  )
  const [starts, ends] = await Promise.all(
    (['earliest', 'latest'] as const).map((at) => kafka.admin.listOffsets(all.map((each) => ({ ...each, at })))),
  )
  const sums = new Map<string, { offsets: number; bytes: number }>()
  for (const { name, leaders } of topics) {
    const known = leaders.map((_, partition) => sizes.get(`${partition} ${name}`)).filter((each) => each !== undefined)
    sums.set(name, { offsets: 0, bytes: known.length === 0 ? -1 : known.reduce((sum, bytes) => sum + bytes) })
  }
  const add = (topic: string, offsets: number): void => {
    const sum = sums.get(topic)
    if (sum !== undefined) sum.offsets += offsets
  }
  for (const { topic, offset } of ends) add(topic, offset)
  for (const { topic, offset } of starts) add(topic, -offset)
  return sums
}

export interface AlterFlags extends KafkaFlags {
  readonly partitions?: number
  readonly set?: readonly string[]
  readonly unset?: readonly string[]
}

export async function alterTopic(terminal: Terminal, name: string, flags: AlterFlags): Promise<ExitCode> {
  const changes = [
    ...pairs(flags.set, '--set').map(([key, value]) => ({ name: key, operation: 'set' as const, value })),
    ...(flags.unset ?? []).map((key) => ({ name: key, operation: 'delete' as const })),
  ]
  if (changes.length === 0 && flags.partitions === undefined) {
    throw cliErrors.create('BAD_ARGUMENT', { problem: 'nothing to change: give --partitions, --set or --unset' })
  }
  return withKafka(flags, async (kafka) => {
    const { admin } = kafka
    const topic = await existingTopic(kafka, name)
    if (changes.length > 0) {
      const known = (await admin.describeConfigs('topic', name)).map((each) => each.name)
      const wrong = changes.find((each) => !known.includes(each.name))
      if (wrong !== undefined) {
        const near = nearest(wrong.name, known)
        const problem = `a topic has no setting ${wrong.name}.${near === undefined ? '' : ` Did you mean ${near}?`}`
        throw cliErrors.create('BAD_ARGUMENT', { problem })
      }
      await admin.alterConfigs('topic', name, changes)
    }
    if (flags.partitions !== undefined && flags.partitions !== topic.leaders.length) {
      await admin.createPartitions(name, flags.partitions)
    }
    const partitions = flags.partitions ?? topic.leaders.length
    if (terminal.json)
      terminal.out(JSON.stringify({ topic: name, partitions, changed: changes.map((each) => each.name) }))
    else terminal.out(`${name} altered`)
    return exitCodes.ok
  })
}

export interface DeleteFlags extends KafkaFlags {
  readonly ifExists?: boolean
}

export async function deleteTopic(terminal: Terminal, name: string, flags: DeleteFlags): Promise<ExitCode> {
  return withKafka(flags, async (kafka) => {
    let deleted = true
    try {
      await existingTopic(kafka, name)
      await kafka.admin.deleteTopics([name])
    } catch (error) {
      if (flags.ifExists !== true || !cliErrors.is(error, 'NO_SUCH_TOPIC')) throw error
      deleted = false
    }
    if (terminal.json) terminal.out(JSON.stringify({ topic: name, deleted }))
    else if (deleted) terminal.out(`${name} deleted`)
    else terminal.note(`there is no topic ${name}`)
    return exitCodes.ok
  })
}

export interface DeleteRecordsFlags extends KafkaFlags {
  readonly partition?: readonly number[]
  readonly before: string
}

/** Gives up the first records of partitions, for good: those before a place. */
export async function deleteRecords(terminal: Terminal, name: string, flags: DeleteRecordsFlags): Promise<ExitCode> {
  const place = parsePlace(flags.before, terminal.clock.now(), '--before')
  return withKafka(flags, async (kafka) => {
    const { admin } = kafka
    const { leaders } = await existingTopic(kafka, name)
    const partitions = flags.partition ?? leaders.map((_, partition) => partition)
    const missing = partitions.find((partition) => partition >= leaders.length)
    if (missing !== undefined) {
      throw cliErrors.create('NO_SUCH_PARTITION', { topic: name, partition: missing, last: leaders.length - 1 })
    }
    const offsets = await offsetsOf(kafka, name, partitions, place)
    const before = [...offsets].map(([partition, { start, place: meant }]) => ({
      topic: name,
      partition,
      offset: Math.max(start, meant),
    }))
    const beyond = before.find(({ partition, offset }) => offset > (offsets.get(partition)?.end ?? 0))
    if (beyond !== undefined) {
      const problem = `${name}/${beyond.partition} ends at offset ${offsets.get(beyond.partition)?.end}: ${beyond.offset} lies behind it`
      throw cliErrors.create('BAD_ARGUMENT', { problem })
    }
    const deleted = (await admin.deleteRecords(before)).map(({ partition, offset }) => ({
      partition,
      start: offset,
      deleted: offset - (offsets.get(partition)?.start ?? 0),
    }))
    deleted.sort((a, b) => a.partition - b.partition)
    if (terminal.json) terminal.out(JSON.stringify({ topic: name, partitions: deleted }))
    else {
      const rows = deleted.map((each) => [String(each.partition), String(each.start), String(each.deleted)])
      for (const line of table(['PARTITION', 'START', 'OFFSETS GIVEN UP'], rows)) terminal.out(line)
    }
    return exitCodes.ok
  })
}
