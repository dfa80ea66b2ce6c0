/** `millrace topic …`: makes, lists, describes, alters and deletes topics. */
import type { TopicInfo } from '../../connectors/kafka/client/index.ts'
import { formatSize, nearest } from '../../core/config/index.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'
import { brokerCode, existingTopic, type Kafka, type KafkaFlags, pairs, withKafka } from './connect.ts'
import { sizesByPartition } from './log-dirs.ts'
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

const partitionsText = (count: number): string => `${count} ${count === 1 ? 'partition' : 'partitions'}`

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
        const { offsets = 0, bytes = 0 } = sums.get(name) ?? {}
        return [name, String(leaders.length), offsets.toLocaleString('en-US'), formatSize(bytes)]
      })
      for (const line of table(['TOPIC', 'PARTITIONS', 'OFFSETS', 'SIZE'], rows)) terminal.out(line)
    }
    return exitCodes.ok
  })
}

/** Offsets between start and end (records, and markers of transactions), and bytes on the disk. */
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
  for (const { name } of topics) sums.set(name, { offsets: 0, bytes: 0 })
  const add = (topic: string, offsets: number): void => {
    const sum = sums.get(topic)
    if (sum !== undefined) sum.offsets += offsets
  }
  for (const { topic, offset } of ends) add(topic, offset)
  for (const { topic, offset } of starts) add(topic, -offset)
  for (const { name, leaders } of topics) {
    const sum = sums.get(name)
    for (let partition = 0; sum !== undefined && partition < leaders.length; partition++) {
      sum.bytes += sizes.get(`${partition} ${name}`) ?? 0
    }
  }
  return sums
}

export async function describeTopic(terminal: Terminal, name: string, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async (kafka) => {
    const { admin } = kafka
    const topic = await existingTopic(kafka, name)
    const all = topic.leaders.map((_, partition) => ({ topic: name, partition }))
    const [starts, ends, stable, sizes, configs] = await Promise.all([
      admin.listOffsets(all.map((each) => ({ ...each, at: 'earliest' as const }))),
      admin.listOffsets(all.map((each) => ({ ...each, at: 'latest' as const }))),
      admin.listOffsets(
        all.map((each) => ({ ...each, at: 'latest' as const })),
        true,
      ),
      sizesByPartition(kafka),
      admin.describeConfigs('topic', name),
    ])
    const of = (found: readonly { partition: number; offset: number }[], partition: number): number =>
      found.find((each) => each.partition === partition)?.offset ?? -1
    const partitions = topic.leaders.map(({ nodeId, leaderEpoch }, partition) => ({
      partition,
      leader: nodeId,
      leaderEpoch,
      start: of(starts, partition),
      end: of(ends, partition),
      /** Where the first open transaction begins. */
      stable: of(stable, partition),
      bytes: sizes.get(`${partition} ${name}`) ?? 0,
    }))
    const own = configs.filter((each) => !each.isDefault && !each.readOnly)
    if (terminal.json) {
      const set = Object.fromEntries(own.map((each) => [each.name, each.value]))
      terminal.out(
        JSON.stringify({
          topic: name,
          topicId: topic.topicId,
          internal: topic.isInternal,
          partitions,
          configs: Object.fromEntries(configs.map((each) => [each.name, each.value])),
          set,
        }),
      )
      return exitCodes.ok
    }
    terminal.out(`${terminal.style('bold', name)}  ${partitionsText(partitions.length)}  id ${topic.topicId}`)
    for (const each of own) terminal.out(`  ${each.name} = ${each.value ?? '(hidden)'}`)
    terminal.out('')
    const rows = partitions.map((each) => [
      String(each.partition),
      each.leader < 0 ? 'none' : String(each.leader),
      String(each.start),
      String(each.end),
      each.stable < each.end ? String(each.stable) : '',
      formatSize(each.bytes),
    ])
    for (const line of table(['PARTITION', 'LEADER', 'START', 'END', 'OPEN TRANSACTION AT', 'SIZE'], rows)) {
      terminal.out(line)
    }
    return exitCodes.ok
  })
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
