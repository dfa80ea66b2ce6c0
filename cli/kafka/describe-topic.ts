/**
 * `millrace topic describe`: partitions, offsets, sizes and settings. Shows what there is to know when something is not: a
 * partition has no leader, or the user may not see sizes or settings.
 */
import type { KafkaAdmin, TopicInfo } from '../../connectors/kafka/client/index.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { known, type Terminal, table } from '../terminal.ts'
import { brokerCode, existingTopic, type Kafka, type KafkaFlags, withKafka } from './connect.ts'
import { knownSize, sizesByPartition } from './log-dirs.ts'
import { partitionsText } from './topics.ts'

export async function describeTopic(terminal: Terminal, name: string, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async (kafka) => {
    const topic = await existingTopic(kafka, name)
    const [partitions, configs] = await Promise.all([partitionsOf(kafka, topic), configsOf(kafka.admin, name)])
    const own = configs?.filter((each) => !each.isDefault && !each.readOnly)
    if (terminal.json) {
      const { topicId, isInternal: internal } = topic
      const shown = { topic: name, topicId, internal, partitions, configs: byName(configs), set: byName(own) }
      terminal.out(JSON.stringify(shown))
      return exitCodes.ok
    }
    terminal.out(`${terminal.style('bold', name)}  ${partitionsText(partitions.length)}  id ${topic.topicId}`)
    if (own === undefined) terminal.note('Its settings are not shown: the user may not see them.')
    else for (const each of own) terminal.out(`  ${each.name} = ${each.value ?? '(hidden)'}`)
    terminal.out('')
    const rows = partitions.map((each) => [
      String(each.partition),
      each.leader < 0 ? 'none' : String(each.leader),
      known(each.start),
      known(each.end),
      each.stable < each.end ? String(each.stable) : '',
      knownSize(each.bytes),
    ])
    for (const line of table(['PARTITION', 'LEADER', 'START', 'END', 'OPEN TRANSACTION AT', 'SIZE'], rows)) {
      terminal.out(line)
    }
    return exitCodes.ok
  })
}

interface Partition {
  readonly partition: number
  /** -1: there is none, and nobody who knows its offsets. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly start: number
  readonly end: number
  /** Where the first open transaction begins. */
  readonly stable: number
  /** -1 when unknown. */
  readonly bytes: number
}

async function partitionsOf(kafka: Kafka, { name, leaders }: TopicInfo): Promise<Partition[]> {
  const led = leaders.flatMap(({ nodeId }, partition) => (nodeId < 0 ? [] : [{ topic: name, partition }]))
  const offsets = async (at: 'earliest' | 'latest', committed = false): Promise<ReadonlyMap<number, number>> => {
    const found = await kafka.admin.listOffsets(
      led.map((each) => ({ ...each, at })),
      committed,
    )
    return new Map(found.map(({ partition, offset }) => [partition, offset]))
  }
  const [starts, ends, stable, sizes] = await Promise.all([
    offsets('earliest'),
    offsets('latest'),
    offsets('latest', true),
    sizesByPartition(kafka),
  ])
  return leaders.map(({ nodeId, leaderEpoch }, partition) => ({
    partition,
    leader: nodeId,
    leaderEpoch,
    start: starts.get(partition) ?? -1,
    end: ends.get(partition) ?? -1,
    stable: stable.get(partition) ?? -1,
    bytes: sizes.get(`${partition} ${name}`) ?? -1,
  }))
}

type Configs = Awaited<ReturnType<KafkaAdmin['describeConfigs']>>

/** Undefined when the user may not see them. */
async function configsOf(admin: KafkaAdmin, name: string): Promise<Configs | undefined> {
  try {
    return await admin.describeConfigs('topic', name)
  } catch (error) {
    if (brokerCode(error) === kafkaError.TOPIC_AUTHORIZATION_FAILED) return undefined
    throw error
  }
}

const byName = (configs: Configs | undefined): Readonly<Record<string, string | null>> | null =>
  configs === undefined ? null : Object.fromEntries(configs.map(({ name, value }) => [name, value]))
