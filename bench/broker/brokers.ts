/**
 * The two brokers of a comparison, each a process with an empty data directory: ours, and Kafka from the jars that the tests of its
 * clients install. Both are alone on this machine: no replication, no TLS, no authoriser.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { writeRequest } from '../../proto/kafka/frame.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'
import { clientsDirectory } from '../../test/support/install.ts'
import { freePort } from '../../test/support/ports.ts'
import { usageOf } from '../lib/processes.ts'
import { produceTimes, type Times } from './times.ts'

export type System = 'ours' | 'kafka'

export const kafkaVersion = '4.3.1'
export const kafkaJars = `${clientsDirectory}/kafka-${kafkaVersion}/jars/*`

export interface Broker {
  readonly system: System
  /** host:port */
  readonly address: string
  readonly pid: number
  /** From the start of the process to the first answer that names a broker. */
  readonly readyMs: number
  readonly readyCpuSeconds: number
  readonly directory: string
  /** Of ours: how long its Produce requests took so far. */
  produceTimes?(): Promise<Times>
  /** Stops it; the data directory stays with `keep`. */
  stop(keep?: boolean, signal?: NodeJS.Signals): Promise<void>
}

/**
 * `left`: directory and port of an earlier broker of the same system. `timed`: ours tells how long requests take, which brings an HTTP
 * server into it.
 */
export async function startBroker(
  system: System,
  {
    left,
    timed = false,
  }: { readonly left?: { readonly directory: string; readonly port: number }; readonly timed?: boolean } = {},
): Promise<Broker> {
  const directory = left?.directory ?? mkdtempSync(`${tmpdir()}/millrace-bench-`)
  const own = left?.port ?? (await freePort())
  const metricsPort = timed && system === 'ours' ? await freePort() : undefined
  const child =
    system === 'ours' ? startOurs(directory, own, metricsPort) : await startKafka(directory, own, left !== undefined)
  const started = performance.now()
  const pid = child.pid as number
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let dead = false
  void ended.then(() => {
    dead = true
  })
  while (!(await answers(own))) {
    if (dead || performance.now() - started > 120_000) throw new Error(`${system} does not answer`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return {
    system,
    address: `127.0.0.1:${own}`,
    pid,
    readyMs: performance.now() - started,
    readyCpuSeconds: usageOf([pid]).cpuSeconds,
    directory,
    ...(metricsPort === undefined ? {} : { produceTimes: () => produceTimes(metricsPort) }),
    async stop(keep = false, signal = 'SIGTERM') {
      child.kill(signal)
      await ended
      if (!keep) rmSync(directory, { recursive: true, force: true })
    },
  }
}

function startOurs(directory: string, port: number, metricsPort: number | undefined): ChildProcess {
  const command = fileURLToPath(new URL('../../bin/millrace.cjs', import.meta.url))
  const args = ['start', '--role', 'broker', '--listen', `127.0.0.1:${port}`, '--data', directory]
  // As Kafka beside us: nobody waits for members that never come.
  args.push('-D', 'broker.group.initial.rebalance.delay=0ms')
  if (metricsPort !== undefined) args.push('-D', `metrics.port=${metricsPort}`)
  const flags = (process.env.BENCH_BROKER_NODE_FLAGS ?? '').split(' ').filter(Boolean)
  return spawn(process.execPath, [...flags, command, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
}

async function startKafka(directory: string, port: number, again: boolean): Promise<ChildProcess> {
  const controller = await freePort()
  const file = `${directory}/server.properties`
  const data = `${directory}/data`
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': data,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.num.partitions': 5,
    'group.initial.rebalance.delay.ms': 0,
    'num.network.threads': 2,
    'num.io.threads': 2,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(file, lines.join(''))
  const tool = ['-Xmx256m', '-cp', kafkaJars, 'kafka.tools.StorageTool']
  if (!again) {
    const id = spawnSync('java', [...tool, 'random-uuid'], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .pop() as string
    const formatted = spawnSync('java', [...tool, 'format', '--standalone', '-t', id, '-c', file], { encoding: 'utf8' })
    if (formatted.status !== 0) throw new Error(`Kafka cannot format its directory: ${formatted.stderr}`)
  }
  const flags = ['-Xmx1g', '-Xms1g', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35']
  return spawn('java', [...flags, '-cp', kafkaJars, 'kafka.Kafka', file], { stdio: 'ignore' })
}

/** Whether a Metadata request is answered with a broker in it. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    const chunks: Buffer[] = []
    socket.setTimeout(2000, () => done(false))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
    socket.once('connect', () => {
      const message = { topics: [], allowAutoTopicCreation: false }
      const rest = { includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false }
      socket.write(Buffer.concat(writeRequest(new KafkaWriter(), 'Metadata', 1, 7, 'bench', { ...message, ...rest })))
    })
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      // Size, correlation id, number of brokers.
      if (bytes.length >= 12 && bytes.length >= 4 + bytes.readInt32BE(0)) done(bytes.readInt32BE(8) > 0)
    })
  })
}
