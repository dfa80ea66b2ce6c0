/** Kafka itself, one node, in a process of its own: for tests of our connectors against what others run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { KafkaAdmin, KafkaCluster } from '../../../connectors/kafka/client/index.ts'
import { systemDisk } from '../../../core/platform/disk.ts'
import { freePorts } from '../ports.ts'
import { kafkaTool } from './java.ts'

export interface KafkaServer {
  readonly address: string
  /** kill -9, and resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it on the same directory and port; resolves when it takes requests. */
  start(): Promise<void>
  close(): Promise<void>
}

/** `settings`: of server.properties. */
export async function startKafkaServer(settings: Readonly<Record<string, string>> = {}): Promise<KafkaServer> {
  const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-kafka-')
  const [client, controller] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`) as [string, string]
  const file = `${directory}/server.properties`
  const listeners = `PLAINTEXT://${client},CONTROLLER://${controller}`
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': controller,
    listeners,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': `${directory}/data`,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...settings,
  }
  systemDisk.write(
    file,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  const format = kafkaTool(
    '4.3.1',
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    '-t',
    'MkU3OEVBNTcwNTJENDM2Qg',
    '-c',
    file,
  )
  const formatted = spawnSync('java', format, { encoding: 'utf8' })
  if (formatted.status !== 0)
    throw new Error(`Kafka could not make its storage: ${formatted.stdout}${formatted.stderr}`)
  let running: { child: ChildProcess; ended: Promise<void> } | undefined
  let output = ''
  const start = async (): Promise<void> => {
    const child = spawn('java', kafkaTool('4.3.1', 'kafka.Kafka', file), { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        output = (output + data.toString()).slice(-4000)
      })
    let hasEnded = false
    const ended = new Promise<void>((resolve) =>
      child.once('close', () => {
        hasEnded = true
        resolve()
      }),
    )
    running = { child, ended }
    const deadline = Date.now() + 60_000
    for (;;) {
      if (hasEnded || Date.now() > deadline) throw new Error(`Kafka did not start: ${output}`)
      const cluster = new KafkaCluster({ brokers: [client], retryTimeoutMs: 0 })
      try {
        await new KafkaAdmin(cluster).listTopics()
        return
      } catch {
        // Not yet.
        await new Promise((resolve) => setTimeout(resolve, 200))
      } finally {
        await cluster.close()
      }
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    running?.child.kill(signal)
    await running?.ended
  }
  await start()
  return {
    address: client,
    kill: () => end('SIGKILL'),
    start,
    async close() {
      await end('SIGKILL')
      systemDisk.remove(directory)
    },
  }
}
