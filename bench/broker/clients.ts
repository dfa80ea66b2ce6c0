/** Kafka's own performance tools and kcat as clients of either broker: how they are called, and what their output says. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { type Broker, kafkaJars } from './brokers.ts'

/** What a client tells of a run. */
export interface Told {
  readonly recordsPerSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
}

/** A client that takes longer is ended, and its row fails. */
const longestMs = 120_000

function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), longestMs)
    const texts: string[] = []
    child.stdout.on('data', (chunk: Buffer) => texts.push(chunk.toString('latin1')))
    child.stderr.on('data', (chunk: Buffer) => texts.push(chunk.toString('latin1')))
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      const text = texts.join('')
      if (code === 0) resolve(text)
      else reject(new Error(`${command} ${args.join(' ')}: exit code ${code}: ${text.slice(-600)}`))
    })
  })
}

const heap = ['-Xmx1g', '-Xms512m', '-XX:+UseG1GC']
const jvm = [...heap, '-cp', kafkaJars]
const tools = 'org.apache.kafka.tools'

function found(text: string, pattern: RegExp): readonly string[] {
  const match = pattern.exec(text)
  if (match === null) throw new Error(`what the client printed is not understood: ${text.slice(-600)}`)
  return match
}

export async function createTopic(
  broker: Broker,
  topic: string,
  numPartitions: number,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }] })
  await admin.disconnect()
}

export async function deleteTopic(broker: Broker, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [topic] })
  await admin.disconnect()
}

export interface Load {
  readonly records: number
  readonly recordBytes: number
  /** Records per second; as many as possible when absent. */
  readonly rate?: number
  /** Texts to send, one a line, instead of random bytes. */
  readonly payloadFile?: string
  readonly transactionMs?: number
  readonly properties: readonly string[]
}

export async function produce(broker: Broker, topic: string, load: Load): Promise<Told> {
  const { records, recordBytes, rate, payloadFile, transactionMs, properties } = load
  const text = await output('java', [
    ...jvm,
    `${tools}.ProducerPerformance`,
    ...['--topic', topic, '--num-records', String(records), '--throughput', String(rate ?? -1)],
    ...(payloadFile === undefined ? ['--record-size', String(recordBytes)] : ['--payload-file', payloadFile]),
    ...(transactionMs === undefined ? [] : ['--transaction-duration-ms', String(transactionMs)]),
    ...['--command-property', `bootstrap.servers=${broker.address}`, ...properties],
  ])
  // The last line is of the whole run, those before it of five seconds each.
  const lines = text.split('\n').filter((line) => line.includes('99.9th'))
  const line = lines.pop() ?? text
  const told = found(line, /([\d.]+) records\/sec .* ([\d.]+) ms 50th, .* ([\d.]+) ms 99th/)
  return { recordsPerSecond: Number(told[1]), p50Ms: Number(told[2]), p99Ms: Number(told[3]) }
}

export async function consume(broker: Broker, topic: string, records: number): Promise<Told> {
  const text = await output('java', [
    ...jvm,
    `${tools}.ConsumerPerformance`,
    ...['--bootstrap-server', broker.address, '--topic', topic, '--num-records', String(records)],
  ])
  const told = found(text, /^\d{4}-.*$/m)[0] as string
  return { recordsPerSecond: Number(told.split(',')[5]) }
}

export async function consumeByKcat(broker: Broker, topic: string, records: number): Promise<Told> {
  const from = performance.now()
  const range = ['-o', 'beginning', '-e', '-q', '-c', String(records)]
  const text = await output('kcat', ['-b', broker.address, '-C', '-t', topic, ...range, '-f', '.'])
  if (text.length !== records) throw new Error(`kcat got ${text.length} of ${records} records`)
  return { recordsPerSecond: (records / (performance.now() - from)) * 1000 }
}

export async function endToEnd(broker: Broker, topic: string, records: number, recordBytes: number): Promise<Told> {
  const args = [broker.address, topic, String(records), 'all', String(recordBytes)]
  const text = await output('java', [...jvm, `${tools}.EndToEndLatency`, ...args])
  const told = found(text, /50th = (\d+), 99th = (\d+)/)
  return { p50Ms: Number(told[1]), p99Ms: Number(told[2]) }
}

export interface LatencyTold extends Told {
  readonly deliveredP50Ms: number
  readonly deliveredP99Ms: number
}

let latencyClasses: Promise<string> | undefined

/** Compiled beforehand: the JVM that measures has no compiler in its heap. */
async function compileLatency(): Promise<string> {
  const directory = mkdtempSync(`${tmpdir()}/millrace-bench-`)
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const program = fileURLToPath(new URL('./AckLatency.java', import.meta.url))
  await output('javac', ['-d', directory, '-cp', kafkaJars, program])
  return directory
}

/** Our own program: Kafka's tools tell whole milliseconds, and none has an open loop. */
export async function latency(broker: Broker, topic: string, rate: number, bytes: number): Promise<LatencyTold> {
  latencyClasses ??= compileLatency()
  // What is not measured warms the client up, and fills the memory that the broker keeps for the ends of logs.
  const args = [broker.address, topic, String(rate), String(bytes), '8', '8']
  const text = await output('java', [...heap, '-cp', `${await latencyClasses}:${kafkaJars}`, 'AckLatency', ...args])
  const told = JSON.parse(found(text, /^\{.*\}$/m)[0] as string) as {
    readonly failed: number
    readonly acknowledged: { readonly p50: number; readonly p99: number }
    readonly delivered: { readonly p50: number; readonly p99: number }
  }
  if (told.failed > 0) throw new Error(`${told.failed} records failed`)
  const { acknowledged, delivered } = told
  const acks = { p50Ms: acknowledged.p50, p99Ms: acknowledged.p99 }
  return { ...acks, deliveredP50Ms: delivered.p50, deliveredP99Ms: delivered.p99 }
}
