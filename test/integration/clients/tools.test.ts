import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BrokerProcess, startBrokerProcess } from '../../support/kafka-clients/broker.ts'
import { installKafkaJava, javaProgram, type KafkaRelease } from '../../support/kafka-clients/java.ts'
import { type Tool, tools } from '../../support/kafka-clients/matrix.ts'
import { ClientProgram } from '../../support/kafka-clients/program.ts'

const base = 'org.apache.kafka.tools'
/** Where tools have moved between the releases: first the place in 3.9. */
const classes: Readonly<Record<Tool, readonly [string, string?]>> = {
  'kafka-topics': [`${base}.TopicCommand`],
  'kafka-configs': ['kafka.admin.ConfigCommand'],
  'kafka-consumer-groups': [`${base}.consumer.group.ConsumerGroupCommand`],
  'kafka-get-offsets': [`${base}.GetOffsetShell`],
  'kafka-delete-records': [`${base}.DeleteRecordsCommand`],
  'kafka-transactions': [`${base}.TransactionsCommand`],
  'kafka-log-dirs': [`${base}.LogDirsCommand`],
  'kafka-acls': ['kafka.admin.AclCommand', `${base}.AclCommand`],
  'kafka-features': [`${base}.FeatureCommand`],
  'kafka-cluster': [`${base}.ClusterTool`],
  'kafka-broker-api-versions': ['kafka.admin.BrokerApiVersionsCommand', `${base}.BrokerApiVersionsCommand`],
  'kafka-console-producer': ['kafka.tools.ConsoleProducer', `${base}.ConsoleProducer`],
  'kafka-console-consumer': [`${base}.consumer.ConsoleConsumer`],
  'kafka-producer-perf-test': [`${base}.ProducerPerformance`],
  'kafka-consumer-perf-test': [`${base}.ConsumerPerformance`],
  'kafka-verifiable-producer': [`${base}.VerifiableProducer`],
  'kafka-verifiable-consumer': [`${base}.VerifiableConsumer`],
  TransactionalMessageCopier: [`${base}.TransactionalMessageCopier`],
  ClientCompatibilityTest: [`${base}.ClientCompatibilityTest`],
}

interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

describe.each(['3.9.1', '4.3.1'] as const satisfies readonly KafkaRelease[])("Kafka's tools %s", (release) => {
  installKafkaJava(release)
  const used = new Set<Tool>()
  let broker: BrokerProcess
  let program: ClientProgram

  beforeAll(async () => {
    broker = await startBrokerProcess()
    program = new ClientProgram('java', javaProgram(release, 'Tools'))
  })
  afterAll(async () => {
    await program?.close()
    await broker?.close()
  })

  /** As its script runs it; `input` is its standard input. */
  async function attempt(tool: Tool, args: readonly string[], input = ''): Promise<Ran> {
    used.add(tool)
    const [old, moved = old] = classes[tool]
    const server = [tool === 'TransactionalMessageCopier' ? '--broker-list' : '--bootstrap-server', broker.address]
    const all = tool === 'kafka-cluster' ? [...args, ...server] : [...server, ...args]
    const words = [release === '3.9.1' ? old : moved, input, ...all]
    return (await program.run(
      'run',
      words.map((each) => Buffer.from(each).toString('base64')),
    )) as unknown as Ran
  }

  /** What it wrote; throws when it says that it failed. */
  async function run(tool: Tool, args: readonly string[], input = ''): Promise<string> {
    const { exit, out, err } = await attempt(tool, args, input)
    if (exit !== 0) throw new Error(`${tool} ${args.join(' ')} ended with ${exit}:\n${out}\n${err}`)
    return out
  }

  /** The performance tool of producers. */
  async function perf(words: readonly string[]): Promise<string> {
    used.add('kafka-producer-perf-test')
    const all = [`${base}.ProducerPerformance`, '', ...words].map((each) => Buffer.from(each).toString('base64'))
    const { exit, out, err } = (await program.run('run', all)) as unknown as Ran
    expect(exit, out + err).toBe(0)
    return out
  }

  const create = (topic: string, ...args: string[]) => run('kafka-topics', ['--create', '--topic', topic, ...args])
  const produce = (topic: string, lines: readonly string[], ...args: string[]) =>
    run('kafka-console-producer', ['--topic', topic, ...args], `${lines.join('\n')}\n`)
  const consume = async (topic: string, count: number, ...args: string[]) => {
    const limits = ['--max-messages', String(count), '--timeout-ms', '60000']
    return (await run('kafka-console-consumer', ['--topic', topic, ...limits, ...args]))
      .split('\n')
      .filter((line) => line !== '' && !/^Option .* deprecated/.test(line))
  }
  /** Lines of a table, as cells. */
  const cells = (out: string) => out.split('\n').map((line) => line.trim().split(/\s+/))
  test('kafka-topics makes, lists, describes, widens and deletes topics, and says what is wrong', async () => {
    expect(await create('t', '--partitions', '3', '--config', 'retention.ms=1000')).toContain('Created topic t')
    expect((await attempt('kafka-topics', ['--create', '--topic', 't'])).out).toMatch(/exists/)
    await run('kafka-topics', ['--create', '--topic', 't', '--if-not-exists'])
    await run('kafka-topics', ['--alter', '--topic', 't', '--partitions', '5'])
    const described = await run('kafka-topics', ['--describe', '--topic', 't'])
    expect(described).toMatch(
      /Topic: t\s+TopicId: \S{22}\s+PartitionCount: 5\s+ReplicationFactor: 1\s+Configs: .*retention.ms=1000/,
    )
    expect(described).toMatch(/Partition: 4\s+Leader: 1\s+Replicas: 1\s+Isr: 1/)
    expect(await run('kafka-topics', ['--describe', '--under-replicated-partitions'])).toBe('')
    expect((await run('kafka-topics', ['--list'])).split('\n')).toContain('t')
    await run('kafka-topics', ['--delete', '--topic', 't'])
    expect((await run('kafka-topics', ['--list'])).split('\n')).not.toContain('t')
    const gone = await attempt('kafka-topics', ['--describe', '--topic', 't'])
    expect(gone.exit === 0 ? gone.err : gone.out).toContain('does not exist')
  })

  test('kafka-configs reads and changes settings of topics and of the broker', async () => {
    await create('configured')
    const topic = ['--entity-type', 'topics', '--entity-name', 'configured']
    await run('kafka-configs', [
      ...topic,
      '--alter',
      '--add-config',
      'retention.ms=1234,cleanup.policy=[compact,delete]',
    ])
    const described = await run('kafka-configs', [...topic, '--describe'])
    expect(described).toContain('retention.ms=1234 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1234')
    expect(described).toContain('cleanup.policy=compact,delete')
    await run('kafka-configs', [...topic, '--alter', '--delete-config', 'retention.ms'])
    expect(await run('kafka-configs', [...topic, '--describe'])).not.toContain('retention.ms')
    expect(await run('kafka-configs', [...topic, '--describe', '--all'])).toContain('  retention.ms=604800000')
    const bad = await attempt('kafka-configs', [...topic, '--alter', '--add-config', 'retention.ms=soon'])
    expect(bad.exit).not.toBe(0)
    expect(bad.err + bad.out).toContain('InvalidConfigurationException')
    const all = await run('kafka-configs', ['--entity-type', 'brokers', '--entity-name', '1', '--describe', '--all'])
    expect(all).toContain('auto.create.topics.enable')
  })

  test('kafka-configs makes users of SCRAM, which can log in', async () => {
    const user = ['--entity-type', 'users', '--entity-name', 'dora']
    await run('kafka-configs', [...user, '--alter', '--add-config', 'SCRAM-SHA-256=[iterations=8192,password=of-dora]'])
    expect(await run('kafka-configs', [...user, '--describe'])).toContain('SCRAM-SHA-256=iterations=8192')
    await run('kafka-configs', [...user, '--alter', '--delete-config', 'SCRAM-SHA-256'])
    expect(await run('kafka-configs', [...user, '--describe'])).not.toContain('SCRAM-SHA-256')
  })

  test('the console producer writes and the console consumer reads, with keys, headers and every codec', async () => {
    await create('console')
    const keyed = ['--property', 'parse.key=true', '--property', 'key.separator=:', '--property', 'parse.headers=true']
    await produce('console', ['h1:v1,h2:v2\tk:value'], ...keyed)
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
      await produce('console', [`by ${codec}`], '--compression-codec', codec)
    }
    const shown = [
      '--property',
      'print.key=true',
      '--property',
      'print.headers=true',
      '--property',
      'print.offset=true',
    ]
    expect(await consume('console', 6, '--from-beginning', ...shown)).toEqual([
      'Offset:0\th1:v1,h2:v2\tk\tvalue',
      ...['none', 'gzip', 'snappy', 'lz4', 'zstd'].map(
        (codec, index) => `Offset:${index + 1}\tNO_HEADERS\tnull\tby ${codec}`,
      ),
    ])
    expect(await consume('console', 1, '--partition', '0', '--offset', '3')).toEqual(['by snappy'])
  })

  test('kafka-get-offsets tells earliest, latest, by time and of the latest time', async () => {
    await create('offsets', '--partitions', '2')
    await produce('offsets', ['a', 'b', 'c'])
    const sum = async (time: string) => {
      const lines = (await run('kafka-get-offsets', ['--topic', 'offsets', '--time', time])).trim().split('\n')
      return lines.reduce((total, line) => total + Number(line.split(':')[2]), 0)
    }
    expect([await sum('earliest'), await sum('latest'), await sum('0')]).toEqual([0, 3, 0])
    const latest = await run('kafka-get-offsets', ['--topic', 'offsets', '--time', 'max-timestamp'])
    expect(latest).toMatch(/^offsets:[01]:\d+$/m)
  })

  test('kafka-delete-records cuts the beginning off', async () => {
    await create('cut')
    await produce('cut', ['a', 'b', 'c'])
    const file = `${broker.dataDirectory}/../cut.json`
    writeFileSync(file, JSON.stringify({ partitions: [{ topic: 'cut', partition: 0, offset: 2 }], version: 1 }))
    expect(await run('kafka-delete-records', ['--offset-json-file', file])).toContain('low_watermark: 2')
    expect(await consume('cut', 1, '--from-beginning')).toEqual(['c'])
  })

  test('kafka-consumer-groups lists, describes, resets and deletes groups', async () => {
    await create('grouped')
    await produce('grouped', ['a', 'b', 'c'])
    await consume('grouped', 2, '--from-beginning', '--group', 'g')
    expect((await run('kafka-consumer-groups', ['--list'])).split('\n')).toContain('g')
    const state = cells(await run('kafka-consumer-groups', ['--describe', '--group', 'g', '--state']))
    expect(state.find(([group]) => group === 'g')).toContain('Empty')
    const row = async () => {
      const rows = cells(await run('kafka-consumer-groups', ['--describe', '--group', 'g']))
      return rows.find(([group]) => group === 'g')
    }
    const [, topic, partition, , end] = (await row()) as string[]
    expect([topic, partition, end]).toEqual(['grouped', '0', '3'])
    const reset = ['--reset-offsets', '--group', 'g', '--topic', 'grouped', '--execute']
    await run('kafka-consumer-groups', [...reset, '--to-offset', '1'])
    expect((await row())?.slice(3, 6)).toEqual(['1', '3', '2'])
    await run('kafka-consumer-groups', [...reset, '--to-earliest'])
    expect((await row())?.slice(3, 6)).toEqual(['0', '3', '3'])
    await run('kafka-consumer-groups', ['--delete-offsets', '--group', 'g', '--topic', 'grouped'])
    expect(await run('kafka-consumer-groups', ['--delete', '--group', 'g'])).toContain('successful')
    expect((await run('kafka-consumer-groups', ['--list'])).split('\n')).not.toContain('g')
  })

  test('kafka-acls adds, lists and removes entries', async () => {
    await create('guarded')
    const entry = ['--allow-principal', 'User:alice', '--topic', 'guarded', '--operation', 'Read']
    await run('kafka-acls', ['--add', ...entry])
    await run('kafka-acls', [
      '--add',
      '--deny-principal',
      'User:bob',
      '--group',
      'secret',
      '--resource-pattern-type',
      'prefixed',
    ])
    const listed = await run('kafka-acls', ['--list'])
    expect(listed).toContain('principal=User:alice, host=*, operation=READ, permissionType=ALLOW')
    expect(listed).toContain('principal=User:bob, host=*, operation=ALL, permissionType=DENY')
    expect(listed).toContain('patternType=PREFIXED')
    await run('kafka-acls', ['--remove', '--force', ...entry])
    expect(await run('kafka-acls', ['--list', '--topic', 'guarded'])).not.toContain('alice')
  })

  test('kafka-log-dirs, kafka-cluster, kafka-features and kafka-broker-api-versions say what there is', async () => {
    await create('measured')
    await produce('measured', ['a'])
    const dirs = await run('kafka-log-dirs', ['--describe', '--topic-list', 'measured'])
    expect(dirs).toMatch(/"partition":"measured-0","size":\d\d+,"offsetLag":0/)
    expect(await run('kafka-cluster', ['cluster-id'])).toMatch(/Cluster ID: \S+/)
    expect(await run('kafka-features', ['describe'])).toMatch(
      /Feature: transaction.version\s+SupportedMinVersion: 2\s+SupportedMaxVersion: 2\s+FinalizedVersionLevel: 2\s+Epoch: 2/,
    )
    expect(await run('kafka-broker-api-versions', [])).toMatch(/Produce\(0\): \d+ to \d+/)
  })

  test('the performance tools of producers and consumers move records', async () => {
    await create('measured-load')
    const props = [`bootstrap.servers=${broker.address}`, 'acks=all', 'batch.size=16384']
    const load = ['--topic', 'measured-load', '--num-records', '5000', '--record-size', '100', '--throughput', '-1']
    const args = ['--producer-props', ...props]
    const written = await perf([...load, ...args])
    expect(written).toMatch(/5000 records sent/)
    const inTransactions = await perf([
      ...load,
      ...args,
      '--transactional-id',
      'perf',
      '--transaction-duration-ms',
      '50',
    ])
    expect(inTransactions).toMatch(/5000 records sent/)
    const read = await run('kafka-consumer-perf-test', [
      ...['--topic', 'measured-load', release === '3.9.1' ? '--messages' : '--num-records', '5000'],
      ...['--timeout', '60000', '--reporting-interval', '1000'],
    ])
    const last = read.trim().split('\n').at(-1) as string
    expect(Number(last.split(',')[4])).toBeGreaterThanOrEqual(5000)
  })

  test('kafka-configs sets quotas of clients and users, and a producer beyond its own is slowed down', async () => {
    await create('metered')
    const client = ['--entity-type', 'clients', '--entity-name', 'metered']
    await run('kafka-configs', [...client, '--alter', '--add-config', 'producer_byte_rate=100000'])
    expect(await run('kafka-configs', [...client, '--describe'])).toMatch(
      /Quota configs for client-id 'metered' are .*producer_byte_rate=100000/,
    )
    const rest = ['--entity-type', 'users', '--entity-default', '--entity-type', 'clients', '--entity-default']
    await run('kafka-configs', [
      ...rest,
      '--alter',
      '--add-config',
      'consumer_byte_rate=1000000,request_percentage=200',
    ])
    expect(await run('kafka-configs', [...rest, '--describe'])).toContain('request_percentage=200')
    await run('kafka-configs', [...rest, '--alter', '--delete-config', 'consumer_byte_rate,request_percentage'])
    expect(await run('kafka-configs', [...rest, '--describe'])).not.toContain('request_percentage')
    const address = ['--entity-type', 'ips', '--entity-name', '203.0.113.7']
    await run('kafka-configs', [...address, '--alter', '--add-config', 'connection_creation_rate=7'])
    await run('kafka-configs', [
      '--entity-type',
      'ips',
      '--entity-default',
      '--alter',
      '--add-config',
      'connection_creation_rate=9000',
    ])
    expect(await run('kafka-configs', [...address, '--describe'])).toMatch(
      /ip '203.0.113.7' are .*connection_creation_rate=7/,
    )
    expect(await run('kafka-configs', ['--entity-type', 'ips', '--describe'])).toContain(
      'connection_creation_rate=9000',
    )
    await run('kafka-configs', [...address, '--alter', '--delete-config', 'connection_creation_rate'])
    await run('kafka-configs', [
      '--entity-type',
      'ips',
      '--entity-default',
      '--alter',
      '--delete-config',
      'connection_creation_rate',
    ])
    expect(await run('kafka-configs', ['--entity-type', 'ips', '--describe'])).not.toContain('connection_creation_rate')
    const bad = await attempt('kafka-configs', [...client, '--alter', '--add-config', 'producer_byte_rate=0'])
    expect(bad.exit).not.toBe(0)
    const load = ['--topic', 'metered', '--num-records', '400', '--record-size', '1000', '--throughput', '-1']
    const props = [`bootstrap.servers=${broker.address}`, 'client.id=metered']
    const written = await perf([...load, '--print-metrics', '--producer-props', ...props])
    expect(written).toMatch(/400 records sent/)
    expect(Number(/produce-throttle-time-max:.* : ([\d.]+)/.exec(written)?.[1])).toBeGreaterThan(0)
    // A second's worth at once, and three seconds for the rest.
    const all = /400 records sent, ([\d.]+) records\/sec/.exec(written)
    expect(Number(all?.[1])).toBeLessThan(250)
    await run('kafka-configs', [...client, '--alter', '--delete-config', 'producer_byte_rate'])
    expect(await perf([...load, '--producer-props', ...props])).toMatch(/400 records sent/)
  })

  test('kafka-transactions lists and describes transactions and producers, and ends one that hangs', async () => {
    const listed = cells(await run('kafka-transactions', ['list']))
    expect(listed.find(([id]) => id === 'perf')).toContain('CompleteCommit')
    const described = await run('kafka-transactions', ['describe', '--transactional-id', 'perf'])
    expect(described).toMatch(/perf\s+\d+\s+\d+\s+CompleteCommit/)
    const producers = await run('kafka-transactions', [
      'describe-producers',
      '--topic',
      'measured-load',
      '--partition',
      '0',
    ])
    expect(producers).toMatch(/ProducerId\s+ProducerEpoch/)
    await run('kafka-transactions', ['find-hanging', '--broker-id', '1'])
  })

  test('the verifiable producer and consumer agree', async () => {
    await create('verified', '--partitions', '2')
    // It tells how many were acknowledged when its process ends, which is that of all tools here.
    await run('kafka-verifiable-producer', ['--topic', 'verified', '--max-messages', '500'])
    const args = [
      '--topic',
      'verified',
      '--group-id',
      'verifier',
      '--max-messages',
      '500',
      '--reset-policy',
      'earliest',
      '--verbose',
    ]
    const read = await run('kafka-verifiable-consumer', args)
    const lines = read.split('\n').filter((line) => line.includes('"record_data"'))
    const values = lines.map((line) => Number((JSON.parse(line) as { value: string }).value))
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index))
  })

  for (const modes of [[], ['--use-group-metadata'], ['--group-mode', '--use-group-metadata']]) {
    test(`the transactional copier leaves a copy although it aborts at random (${modes.join(' ') || 'alone'})`, async () => {
      const name = ['copied', ...modes].join('')
      await create(name)
      await create(`${name}-to`)
      const lines = Array.from({ length: 600 }, (_, index) => `line ${index}`)
      await produce(name, lines)
      await run('TransactionalMessageCopier', [
        ...['--input-topic', name, '--input-partition', '0', '--output-topic', `${name}-to`],
        ...['--consumer-group', `${name}-group`, '--transactional-id', name, '--transaction-size', '50'],
        ...['--enable-random-aborts', ...modes],
      ])
      await produce(`${name}-to`, ['the end'])
      const read = await consume(`${name}-to`, 601, '--from-beginning', '--isolation-level', 'read_committed')
      expect(read).toEqual([...lines, 'the end'])
    })
  }

  test('the compatibility test of clients finds what it expects of a new broker', async () => {
    await create('compatible')
    const supported = [
      'offsets-for-times',
      'cluster-id',
      'create-topics',
      'describe-acls',
      'describe-configs',
      'idempotent-producer',
    ]
    const args = supported.flatMap((each) => [`--${each}-supported`, 'true'])
    await run('ClientCompatibilityTest', [
      ...['--topic', 'compatible', '--num-cluster-nodes', '1', '--expect-record-too-large-exception', 'false'],
      ...args,
    ])
  })

  test('are all run', async () => {
    expect([...used].sort()).toEqual([...tools].sort())
  })
})
