/** A broker in a process of its own, as the command line starts it, and what tests ask of one again and again. */
import { expect } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { batchOf } from './broker-harness.ts'
import { type CliProcess, startCli, startCliWithin } from './cli-process.ts'
import { fetchOf, produceOf, WireClient } from './wire-client.ts'

export interface BrokerInProcess {
  readonly running: CliProcess
  readonly address: string
  /** Resolves when it has logged a line. Of each peer address it logs one line a minute. */
  logs(pattern: RegExp): Promise<void>
}

const flags = (data: string) => ['start', '--role', 'broker', '--json', '--listen', '127.0.0.1:0', '--data', data]

export const startBroker = (directory: string, data: string, ...more: string[]): Promise<BrokerInProcess> =>
  whenReady(startCli(directory, ...flags(data), ...more))

/** One whose process may have only so many files and sockets open. */
export const startBrokerWithin = (descriptors: number, directory: string, data: string): Promise<BrokerInProcess> =>
  whenReady(startCliWithin(descriptors, directory, ...flags(data)))

async function whenReady(running: CliProcess): Promise<BrokerInProcess> {
  let out = ''
  running.child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  await running.shows(/"role":"broker"/)
  const line = out.split('\n').find((each) => each.includes('"role":"broker"')) ?? ''
  return {
    running,
    address: (JSON.parse(line) as { address: string }).address,
    logs: (pattern) => running.shows(pattern),
  }
}

/** Resident memory, MB. */
export function residentMb({ running }: BrokerInProcess): number {
  const status = systemDisk.read(`/proc/${running.child.pid}/status`).toString()
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** Makes a topic with one partition; its part of the answer. */
export async function createTopic(client: WireClient, name: string, configs: Readonly<Record<string, string>> = {}) {
  const topic = {
    name,
    numPartitions: 1,
    replicationFactor: -1,
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }
  const { topics } = await client.call('CreateTopics', 5, { topics: [topic], timeoutMs: 5000, validateOnly: false })
  return topics[0]
}

/** Sends a batch to partition 0; its part of the answer. */
export async function produce(client: WireClient, topic: string, records: Buffer) {
  const { responses } = await client.call('Produce', 9, produceOf(topic, 0, records))
  return responses[0]?.partitionResponses[0]
}

/** Throws unless it takes a record and gives it back, in its topic `good`. */
export async function works(which: BrokerInProcess): Promise<void> {
  const client = new WireClient(which.address)
  const sent = await produce(client, 'good', batchOf(['still here']))
  expect(sent?.errorCode).toBe(kafkaError.NONE)
  const offset = sent?.baseOffset ?? -1
  const { responses } = await client.call('Fetch', 11, fetchOf([{ topic: 'good', offset }]))
  expect(String(responses[0]?.partitions[0]?.records)).toContain('still here')
  client.close()
}
