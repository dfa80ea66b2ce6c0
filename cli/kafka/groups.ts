/** `millrace groups …`: consumer groups, how far behind they are, and where they go on. */
import {
  type CommittedOffset,
  commitOffsets,
  deleteGroup as deleteGroupOf,
  describeGroup as describeGroupOf,
  fetchOffsets,
  type GroupDescription,
  listGroups as listGroupsOf,
  type TopicPartition,
} from '../../connectors/kafka/client/index.ts'
import { nearest } from '../../core/config/index.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { readVersioned } from '../../proto/kafka/frame.ts'
import {
  readConsumerProtocolAssignment,
  writeConsumerProtocolAssignment,
} from '../../proto/kafka/messages/consumer-protocol.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { known, type Terminal, table } from '../terminal.ts'
import { brokerCode, existingTopic, type Kafka, type KafkaFlags, withKafka } from './connect.ts'

export async function listGroups(terminal: Terminal, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async ({ cluster }) => {
    const groups = (await listGroupsOf(cluster)).sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
    if (terminal.json) {
      terminal.out(
        JSON.stringify(groups.map(({ groupId, state, protocolType }) => ({ group: groupId, state, protocolType }))),
      )
    } else if (groups.length === 0) terminal.note('There are no groups.')
    else {
      const rows = groups.map(({ groupId, state, protocolType }) => [groupId, state.toUpperCase(), protocolType])
      for (const line of table(['GROUP', 'STATE', 'PROTOCOL'], rows)) terminal.out(line)
    }
    return exitCodes.ok
  })
}

/** A group that exists. Throws CLI_NO_SUCH_GROUP. */
async function existingGroup({ cluster }: Kafka, group: string): Promise<GroupDescription> {
  const found = await describeGroupOf(cluster, group).catch((error: unknown) => {
    if (brokerCode(error) === kafkaError.GROUP_ID_NOT_FOUND) return undefined
    throw error
  })
  if (found !== undefined && found.state !== 'Dead') return found
  const near = nearest(
    group,
    (await listGroupsOf(cluster)).map(({ groupId }) => groupId),
  )
  const suggestion = near === undefined ? 'All of them: millrace groups list' : `Did you mean ${near}?`
  throw cliErrors.create('NO_SUCH_GROUP', { group, suggestion })
}

interface GroupOffset extends TopicPartition {
  /** -1 when the group has committed none. */
  readonly offset: number
  /** -1 when the topic is gone, or nobody leads the partition. */
  readonly end: number
  /** -1 when unknown. */
  readonly lag: number
  readonly clientId: string
  readonly host: string
}

export async function describeGroup(terminal: Terminal, group: string, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async (kafka) => {
    const found = await existingGroup(kafka, group)
    const offsets = await offsetsOf(kafka, found)
    if (terminal.json) {
      const { state, protocolType, protocol, members } = found
      terminal.out(
        JSON.stringify({
          group,
          state,
          protocolType,
          protocol,
          members: members.map(({ memberId, groupInstanceId, clientId, clientHost }) => ({
            memberId,
            groupInstanceId,
            clientId,
            host: clientHost,
          })),
          offsets,
          lag: offsets.reduce((sum, { lag }) => sum + Math.max(0, lag), 0),
        }),
      )
      return exitCodes.ok
    }
    const { members, state, protocol } = found
    const strategy = protocol === '' ? '' : `, ${protocol}`
    terminal.out(
      `${terminal.style('bold', group)}  ${state.toUpperCase()}  ${members.length} ${members.length === 1 ? 'member' : 'members'}${strategy}`,
    )
    if (offsets.length === 0) terminal.note('It has committed no offsets.')
    else {
      const rows = offsets.map((each) => [
        each.topic,
        String(each.partition),
        known(each.offset),
        known(each.end),
        known(each.lag),
        each.clientId,
        each.host,
      ])
      for (const line of table(['TOPIC', 'PARTITION', 'OFFSET', 'END', 'LAG', 'CLIENT', 'HOST'], rows))
        terminal.out(line)
    }
    return exitCodes.ok
  })
}

/** What is committed or assigned, with the end of each partition that still exists. */
async function offsetsOf(kafka: Kafka, group: GroupDescription): Promise<GroupOffset[]> {
  const { cluster, admin } = kafka
  const committed = await fetchOffsets(cluster, group.groupId, null)
  const owners = ownersOf(group)
  const all = new Map<string, TopicPartition>()
  for (const { topic, partition } of committed) all.set(keyOf(topic, partition), { topic, partition })
  for (const { topic, partition } of owners.values()) all.set(keyOf(topic, partition), { topic, partition })
  const topics = new Map((await admin.listTopics()).map((topic) => [topic.name, topic.leaders]))
  const led = [...all.values()].filter(({ topic, partition }) => (topics.get(topic)?.[partition]?.nodeId ?? -1) >= 0)
  const ends = await admin.listOffsets(
    led.map((each) => ({ ...each, at: 'latest' as const })),
    true,
  )
  const endOf = new Map(ends.map(({ topic, partition, offset }) => [keyOf(topic, partition), offset]))
  return [...all]
    .map(([key, { topic, partition }]) => {
      const offset = committed.find((each) => each.topic === topic && each.partition === partition)?.offset ?? -1
      const end = endOf.get(key) ?? -1
      const owner = owners.get(key)
      const lag = offset < 0 || end < 0 ? -1 : Math.max(0, end - offset)
      return { topic, partition, offset, end, lag, clientId: owner?.clientId ?? '', host: owner?.host ?? '' }
    })
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

const keyOf = (topic: string, partition: number): string => `${partition} ${topic}`

const assignmentCodec = {
  name: 'ConsumerProtocolAssignment',
  lowest: 0,
  // Newer versions only append.
  highest: 3,
  read: readConsumerProtocolAssignment,
  write: writeConsumerProtocolAssignment,
}

type Owner = TopicPartition & { readonly clientId: string; readonly host: string }

function ownersOf({ protocolType, members }: GroupDescription): Map<string, Owner> {
  const owners = new Map<string, Owner>()
  if (protocolType !== 'consumer') return owners
  for (const { assignment, clientId, clientHost } of members) {
    if (assignment.length === 0) continue
    for (const { topic, partitions } of readVersioned(assignment, assignmentCodec).assignedPartitions) {
      for (const partition of partitions) {
        owners.set(keyOf(topic, partition), { topic, partition, clientId, host: clientHost.replace(/^\//, '') })
      }
    }
  }
  return owners
}

export interface ResetFlags extends KafkaFlags {
  /** `name`, or `name:0,2`. */
  readonly topic?: readonly string[]
  readonly toEarliest?: boolean
  readonly toLatest?: boolean
  readonly toOffset?: number
  /** Epoch ms. */
  readonly toTime?: number
  readonly shiftBy?: number
  readonly dryRun?: boolean
}

export async function resetOffsets(terminal: Terminal, group: string, flags: ResetFlags): Promise<ExitCode> {
  const targets = [flags.toEarliest, flags.toLatest, flags.toOffset, flags.toTime, flags.shiftBy]
  if (targets.filter((each) => each !== undefined).length !== 1) {
    throw cliErrors.create('BAD_ARGUMENT', {
      problem: 'say where to go on: one of --to-earliest, --to-latest, --to-offset, --to-time, --shift-by',
    })
  }
  return withKafka(flags, async (kafka) => {
    const { cluster, admin } = kafka
    // With topics named, a group may be made by this; without, there must be something to reset.
    const wanted = flags.topic === undefined ? undefined : await partitionsOf(kafka, flags.topic)
    const found = wanted === undefined ? await existingGroup(kafka, group) : await describeGroupOf(cluster, group)
    const inUse = found.state !== 'Empty' && found.state !== 'Dead'
    if (inUse && flags.dryRun !== true) throw cliErrors.create('GROUP_IN_USE', { group })
    const committed = found.state === 'Dead' ? [] : await fetchOffsets(cluster, group, wanted ?? null)
    const partitions = wanted ?? committed.map(({ topic, partition }) => ({ topic, partition }))
    const moves = await movesOf(admin, partitions, committed, flags)
    if (flags.dryRun !== true && moves.length > 0) {
      await commitOffsets(
        cluster,
        group,
        moves.map(({ topic, partition, to }) => ({ topic, partition, offset: to })),
      )
    }
    if (terminal.json) terminal.out(JSON.stringify({ group, dryRun: flags.dryRun === true, offsets: moves }))
    else if (moves.length === 0) terminal.note(`${group} has committed no offsets: name a topic with --topic`)
    else {
      const rows = moves.map(({ topic, partition, from, to }) => [topic, String(partition), known(from), String(to)])
      for (const line of table(['TOPIC', 'PARTITION', 'OFFSET', 'NEW OFFSET'], rows)) terminal.out(line)
      if (flags.dryRun === true) terminal.note('Nothing was changed: this was a dry run.')
    }
    return exitCodes.ok
  })
}

/** Throws CLI_NO_SUCH_TOPIC, CLI_NO_SUCH_PARTITION, CLI_BAD_ARGUMENT. */
async function partitionsOf(kafka: Kafka, given: readonly string[]): Promise<TopicPartition[]> {
  const wanted: TopicPartition[] = []
  for (const each of given) {
    const [, name, list] = /^([^:]+)(?::(\d+(?:,\d+)*))?$/.exec(each) ?? []
    if (name === undefined)
      throw cliErrors.create('BAD_ARGUMENT', { problem: `--topic ${each}: expected name or name:0,1` })
    const { leaders } = await existingTopic(kafka, name)
    const partitions = list === undefined ? leaders.keys() : list.split(',').map(Number)
    for (const partition of partitions) {
      if (partition >= leaders.length) {
        throw cliErrors.create('NO_SUCH_PARTITION', { topic: name, partition, last: leaders.length - 1 })
      }
      wanted.push({ topic: name, partition })
    }
  }
  return wanted
}

interface Move extends TopicPartition {
  /** -1 for none. */
  readonly from: number
  readonly to: number
}

/** New offsets, each within what the partition has. */
async function movesOf(
  admin: Kafka['admin'],
  partitions: readonly TopicPartition[],
  committed: readonly CommittedOffset[],
  flags: ResetFlags,
): Promise<Move[]> {
  const listed = async (at: 'earliest' | 'latest' | number): Promise<Map<string, number>> => {
    const found = await admin.listOffsets(
      partitions.map((each) => ({ ...each, at })),
      true,
    )
    return new Map(found.map(({ topic, partition, offset }) => [keyOf(topic, partition), offset]))
  }
  const [starts, ends] = await Promise.all([listed('earliest'), listed('latest')])
  const times = flags.toTime === undefined ? undefined : await listed(flags.toTime)
  return partitions.map(({ topic, partition }) => {
    const key = keyOf(topic, partition)
    const start = starts.get(key) ?? 0
    const end = ends.get(key) ?? 0
    const from = committed.find((each) => each.topic === topic && each.partition === partition)?.offset ?? -1
    const time = times?.get(key) ?? -1
    const wanted =
      flags.toEarliest === true
        ? start
        : flags.toLatest === true
          ? end
          : (flags.toOffset ??
            (flags.shiftBy === undefined ? (time < 0 ? end : time) : (from < 0 ? start : from) + flags.shiftBy))
    return { topic, partition, from, to: Math.min(end, Math.max(start, wanted)) }
  })
}

export async function deleteGroup(terminal: Terminal, group: string, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async (kafka) => {
    await existingGroup(kafka, group)
    try {
      await deleteGroupOf(kafka.cluster, group)
    } catch (error) {
      if (brokerCode(error) === kafkaError.NON_EMPTY_GROUP)
        throw cliErrors.create('GROUP_IN_USE', { group }, { cause: error })
      throw error
    }
    if (terminal.json) terminal.out(JSON.stringify({ group, deleted: true }))
    else terminal.out(`${group} deleted`)
    return exitCodes.ok
  })
}
