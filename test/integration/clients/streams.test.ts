/**
 * Kafka Streams 4.3.1 on the broker: counts by key, exactly once, with its state in a changelog topic, while the broker and the application
 * are killed. It writes every count, so those of a key are 1, 2, 3, … up to the number of its records, and nothing else.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, expect, it } from 'vitest'
import { runCli } from '../../../cli/program.ts'
import { systemDisk } from '../../../core/platform/disk.ts'
import { type BrokerProcess, startBrokerProcess } from '../../support/kafka-clients/broker.ts'
import { installKafkaStreams, streamsProgram } from '../../support/kafka-clients/java.ts'
import { recordingTerminal } from '../../support/recording-terminal.ts'
import { until } from '../../support/until.ts'

installKafkaStreams()

const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`)
const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-streams-')
const children: ChildProcess[] = []
let broker: BrokerProcess

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await broker?.close()
  systemDisk.remove(directory)
})

async function millrace(line: string, input: readonly string[] = []): Promise<string[]> {
  const terminal = recordingTerminal(line.includes('--json'), undefined, input)
  expect(await runCli([...line.split(' '), '-b', broker.address], () => terminal), terminal.noteLines.join('\n')).toBe(
    0,
  )
  return terminal.outLines
}

let started = 0

function startStreams(): ChildProcess {
  const args = streamsProgram('Streams', broker.address, 'words', 'counted', `${directory}/${++started}`)
  const child = spawn('java', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  children.push(child)
  return child
}

/** The committed counts of each key, in their order. */
async function counted(): Promise<Map<string, number[]>> {
  const counts = new Map<string, number[]>(keys.map((key) => [key, []]))
  for (const line of await millrace('consume counted -f bytes --json')) {
    const { key, value } = JSON.parse(line) as { key: string; value: string }
    counts.get(key)?.push(Number(Buffer.from(value, 'base64').readBigInt64BE()))
  }
  return counts
}

/** Counts that were written, with what is not committed and never will be. */
async function written(): Promise<number> {
  const [list = ''] = await millrace('topic list --json')
  const topics = JSON.parse(list) as { topic: string; offsets: number }[]
  return topics.find(({ topic }) => topic === 'counted')?.offsets ?? 0
}

it('Kafka Streams counts each record once while broker and application are killed', async () => {
  broker = await startBrokerProcess({ 'broker.transaction.abort.check.interval': '500ms' })
  await millrace('topic create words --partitions 2')
  await millrace('topic create counted --partitions 2')
  let records = 0
  const send = async (each: number): Promise<void> => {
    const lines = Array.from({ length: each }, (_, index) => keys.map((key) => `${key}:${records + index}\n`).join(''))
    records += each
    await millrace('produce words -k :', lines)
  }
  const all = async (): Promise<void> => {
    const isThere = async (): Promise<boolean> =>
      [...(await counted()).values()].every((counts) => counts.length >= records)
    await until(isThere, 500)
    const wanted = Array.from({ length: records }, (_, index) => index + 1)
    for (const counts of (await counted()).values()) expect(counts).toEqual(wanted)
  }
  /** In the middle of it. */
  const sendAndThen = async (hurt: () => unknown): Promise<void> => {
    const before = await written()
    await send(1000)
    await until(async () => (await written()) > before + 1000)
    await hurt()
    await all()
  }
  await send(10)
  const first = startStreams()
  await all()
  await sendAndThen(async () => {
    await broker.kill()
    await broker.start()
  })
  await sendAndThen(() => {
    first.kill('SIGKILL')
    startStreams()
  })
})
