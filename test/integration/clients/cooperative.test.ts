/** A member of the project's own client in a group whose other member, Java's, knows cooperative-sticky and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, expect, it } from 'vitest'
import { KafkaCluster, KafkaProducer } from '../../../connectors/kafka/client/index.ts'
import { Membership } from '../../../connectors/kafka/client/membership.ts'
import { type BrokerHarness, startBrokerHarness } from '../../support/broker-harness.ts'
import { installKafkaJava, kafkaTool } from '../../support/kafka-clients/java.ts'
import { until } from '../../support/until.ts'

installKafkaJava('4.3.1')

let harness: BrokerHarness
let cluster: KafkaCluster
let java: ChildProcess | undefined
let printed = ''

afterEach(async () => {
  java?.kill('SIGKILL')
  await cluster.close()
  await harness.close()
})

function startJava(): void {
  const strategy = 'partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor'
  const properties = [strategy, 'auto.offset.reset=earliest'].flatMap((each) => ['--command-property', each])
  const group = ['--topic', 't', '--group', 'g', ...properties]
  const server = ['--bootstrap-server', harness.broker.address]
  printed = ''
  java = spawn('java', kafkaTool('4.3.1', 'org.apache.kafka.tools.consumer.ConsoleConsumer', ...server, ...group))
  java.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
}

it.each(['first', 'last'] as const)('shares the partitions with it when it comes %s', async (ours) => {
  harness = await startBrokerHarness()
  await harness.topic('t', 6)
  cluster = new KafkaCluster({ brokers: [harness.broker.address] })
  const group = () => harness.broker.coordinators.groups.shardOf('g').groups.get('g')
  const size = () => group()?.members.size ?? 0
  const member = new Membership(cluster, { groupId: 'g', topics: ['t'], heartbeatMs: 100 })
  let own: readonly number[] = []
  let over = false
  const takePart = async (): Promise<void> => {
    while (!over) {
      own = (await member.join()).map(({ partition }) => partition)
      await member.mustRejoin
    }
  }
  if (ours === 'last') startJava()
  await until(() => ours === 'first' || (size() === 1 && group()?.state === 'Stable'))
  const taking = takePart()
  if (ours === 'first') {
    await until(() => own.length === 6)
    startJava()
  }
  await until(() => size() === 2 && group()?.state === 'Stable' && own.length === 3)
  expect(group()?.protocolName).toBe('cooperative-sticky')
  const producer = new KafkaProducer(cluster)
  await producer.start()
  await producer.prepare('t')
  for (let partition = 0; partition < 6; partition++)
    producer.append('t', partition, 0, null, Buffer.from(`${partition}`))
  await producer.flush()
  // What is not ours is Java's, all of it and nothing else.
  const theirs = [0, 1, 2, 3, 4, 5].filter((each) => !own.includes(each)).map(String)
  const values = () => printed.split('\n').filter((line) => /^\d$/.test(line))
  await until(() => values().length >= theirs.length)
  expect(values().sort()).toEqual(theirs)
  over = true
  java?.kill('SIGTERM')
  await taking
  await member.leave()
})
