/** A Kafka source and its brokers: logins, TLS, and a broker that is killed and comes back. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { source } from '../../connectors/index.ts'
import { KafkaAdmin, KafkaCluster, KafkaProducer } from '../../connectors/kafka/client/index.ts'
import { configureLogging } from '../../core/log.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { t } from '../../sdk/types.ts'
import { type BrokerProcess, brokerUsers, startBrokerProcess } from '../support/kafka-clients/broker.ts'
import { SourceHarness } from '../support/source-harness.ts'
import { conditionLimitMs } from '../support/until.ts'

let broker: BrokerProcess
const Line = t.object({ n: t.float64() })
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))

beforeAll(async () => {
  broker = await startBrokerProcess({ 'broker.super-users': 'User:ANONYMOUS;User:alice' })
})
afterAll(() => broker.close())

async function send(topic: string, from: number, count: number): Promise<void> {
  const cluster = new KafkaCluster({ brokers: [broker.address] })
  await new KafkaAdmin(cluster).createTopics([{ name: topic, partitions: 1 }], { ifMissing: true })
  const producer = new KafkaProducer(cluster)
  await producer.start()
  await producer.prepare(topic)
  for (let n = from; n < from + count; n++) producer.append(topic, 0, Date.now(), null, Buffer.from(`{"n":${n}}`))
  await producer.flush()
  await cluster.close()
}

it('reads over TLS after a login, and says at once that a login is refused', async () => {
  await send('secure', 0, 5)
  const login = { mechanism: 'SCRAM-SHA-256', username: 'User', password: 'wrong' } as const
  const common = { topic: 'secure', value: Line, end: 'latest' } as const
  const refused = source.kafka({ ...common, brokers: broker.saslAddress, sasl: login })
  const started = performance.now()
  await expect(new SourceHarness(refused).start()).rejects.toMatchObject({
    code: 'KAFKA_AUTHENTICATION',
    retry: 'never',
  })
  expect(performance.now() - started).toBeLessThan(conditionLimitMs)
  const tls = { ca: systemDisk.read(broker.caFile) }
  const from = (name: 'alice' | 'bob') => {
    const sasl = { mechanism: 'PLAIN', username: name, password: brokerUsers[name] } as const
    return new SourceHarness(source.kafka({ ...common, brokers: broker.secureAddress, sasl, tls }))
  }
  const harness = await from('alice').start()
  while (!harness.run()) await pause()
  expect(harness.records).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })))
  harness.close()
  // Logged in, but allowed nothing.
  await expect(from('bob').start()).rejects.toMatchObject({ retry: 'never' })
})

it('waits for a broker that was killed, says so, and goes on where it was', async () => {
  const lines: string[] = []
  configureLogging({ level: 'info', write: (line) => lines.push(line) })
  await send('kept', 0, 100)
  const harness = await new SourceHarness(
    source.kafka({ brokers: broker.address, topic: 'kept', value: Line, maxWait: '50ms' }),
  ).start()
  while (harness.emitted.length < 100) {
    harness.run()
    await pause()
  }
  await broker.kill()
  while (!lines.some((line) => line.includes('no records come'))) {
    harness.run()
    await pause()
  }
  await broker.start()
  await send('kept', 100, 100)
  while (harness.emitted.length < 200 || !lines.some((line) => line.includes('records come again'))) {
    harness.run()
    await pause()
  }
  expect(harness.records).toEqual(Array.from({ length: 200 }, (_, n) => ({ n })))
  harness.close()
})
