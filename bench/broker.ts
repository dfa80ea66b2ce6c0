/**
 * Our broker beside Kafka on this machine, in alternation, with Kafka's own tools as the client of both. For each row: rate, latencies,
 * CPU seconds of the broker for a GB of payload (10^9 bytes), resident memory; and start-up. Medians and ranges of the rounds.
 *
 *   npm run bench:broker -- --json [--sections produce,latency] [--rounds 3] [--only ours]
 *
 * Needs Java; Kafka's jars come by Maven into build/test-clients, as for the tests. Without Java there is nothing to measure with.
 */
import { installKafkaJava } from '../test/support/kafka-clients/java.ts'
import { type Broker, kafkaVersion, type System, startBroker } from './broker/brokers.ts'
import { createTopic, deleteTopic, produce } from './broker/clients.ts'
import { type Row, rows } from './broker/rows.ts'
import { startRows } from './broker/start-up.ts'
import { type Figures, Table } from './broker/table.ts'
import { percentile } from './broker/times.ts'
import { parseArguments } from './lib/arguments.ts'
import { residentMb, usageOf } from './lib/processes.ts'

const sections = [...new Set([...rows.map((row) => row.section), 'start', 'full'])]
const given = parseArguments(process.argv.slice(2), {
  sections: `some of ${sections.join(', ')} (all but full)`,
  rounds: 'times that each row runs on each side (3)',
  scale: 'multiplies the records of each run (1)',
  only: 'ours or kafka: one side alone',
  gb: 'payload of the section full (10)',
  'json!': 'one JSON line of everything at the end',
})
const chosen = (given.sections ?? sections.filter((each) => each !== 'full').join(',')).split(',')
const unknown = chosen.find((each) => !sections.includes(each))
if (unknown !== undefined) throw new Error(`there is no section ${unknown}; sections are ${sections.join(', ')}`)
const rounds = Number(given.rounds ?? 3)
const scale = Number(given.scale ?? 1)
if (given.only !== undefined && given.only !== 'ours' && given.only !== 'kafka')
  throw new Error('--only is ours or kafka')
const systems: readonly System[] = given.only === undefined ? ['ours', 'kafka'] : [given.only]
installKafkaJava(kafkaVersion)

const table = new Table()
const inTurn = (round: number): readonly System[] => (round % 2 === 0 ? systems : systems.toReversed())

/** Compilers of both brokers have seen the loads. */
async function warmUp(broker: Broker): Promise<void> {
  await createTopic(broker, 'warm-up', 1, broker.system === 'ours' ? { 'millrace.durability': 'os' } : {})
  for (const properties of [['acks=all'], ['acks=all', 'batch.size=131072', 'linger.ms=5']]) {
    await produce(broker, 'warm-up', { records: 1_000_000, recordBytes: 100, properties })
  }
  await deleteTopic(broker, 'warm-up')
}

async function measure(broker: Broker, row: Row, topic: string): Promise<Figures> {
  await createTopic(broker, topic, row.partitions ?? 1, row.settings[broker.system])
  await row.prepare?.(broker, topic, scale)
  const before = usageOf([broker.pid]).cpuSeconds
  const timesBefore = await broker.produceTimes?.()
  const told = await row.run(broker, topic, scale)
  const cpuSeconds = usageOf([broker.pid]).cpuSeconds - before
  const times = await broker.produceTimes?.()
  const brokerP99Ms = timesBefore && times && percentile(timesBefore, times, 0.99)
  const rssMb = residentMb(broker.pid)
  await deleteTopic(broker, topic)
  const gb = row.payloadGb(scale)
  const inBroker = brokerP99Ms === undefined ? {} : { brokerP99Ms }
  return { ...told, ...inBroker, cpuSeconds, ...(gb > 0 ? { cpuSecondsPerGb: cpuSeconds / gb } : {}), rssMb }
}

const loads = rows.filter((row) => chosen.includes(row.section))
if (loads.length > 0) {
  const brokers = new Map<System, Broker>()
  try {
    for (const system of systems) {
      const broker = await startBroker(system, { timed: true })
      brokers.set(system, broker)
      await warmUp(broker)
    }
    for (const [place, row] of loads.entries()) {
      for (let round = 0; round < rounds; round++) {
        for (const system of inTurn(round)) {
          try {
            table.add(row.name, system, await measure(brokers.get(system) as Broker, row, `bench-${place}-${round}`))
          } catch (error) {
            // One that hangs or fails leaves the figures of all others.
            table.failed(row.name, system, error as Error)
          }
        }
      }
    }
  } finally {
    for (const broker of brokers.values()) await broker.stop()
  }
}
if (chosen.includes('start')) {
  for (let round = 0; round < rounds; round++) {
    for (const system of inTurn(round)) await startRows(table, system)
  }
}
if (chosen.includes('full')) {
  const { fullRows } = await import('./broker/start-up.ts')
  for (const system of systems) await fullRows(table, system, Number(given.gb ?? 10))
}
process.stdout.write(table.text())
if (table.hasFailed) process.exitCode = 1
if (given.json !== undefined) process.stdout.write(`${JSON.stringify(table.json())}\n`)
