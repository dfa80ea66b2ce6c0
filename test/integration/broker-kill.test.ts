import { Kafka, type Producer as KafkaJsProducer, logLevel } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { type CliProcess, startCli } from '../support/cli-process.ts'
import { freePort } from '../support/ports.ts'

const directories: string[] = []
const processes: CliProcess[] = []

afterEach(async () => {
  for (const each of processes.splice(0)) {
    each.child.kill('SIGKILL')
    await each.ended
  }
  for (const each of directories.splice(0)) systemDisk.remove(each)
})

/** A broker in a process of its own; `port` 0 takes a free one. */
async function start(directory: string, port: number, ...more: string[]) {
  const data = `${directory}/data`
  const args = ['start', '--role', 'broker', '--json', '--listen', `127.0.0.1:${port}`, '--data', data, ...more]
  const running = startCli(directory, ...args)
  processes.push(running)
  await running.shows(/"role":"broker"/)
  let out = ''
  running.child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  return { running, text: () => out }
}

describe('a broker that is killed', () => {
  it('has everything that it acknowledged when it starts again, under the same ids', async () => {
    const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-broker-kill-')
    directories.push(directory)
    const port = await freePort()
    const first = await start(directory, port)
    const kafka = new Kafka({
      brokers: [`127.0.0.1:${port}`],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      connectionTimeout: 60_000,
    })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({
      topics: [{ topic: 'kept', numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '123456789' }] }],
    })
    const before = await admin.describeCluster()
    const acknowledged = await produceUntilKilled(kafka.producer({ allowAutoTopicCreation: false }), () =>
      first.running.child.kill('SIGKILL'),
    )
    expect(acknowledged.length).toBeGreaterThan(50)
    await first.running.ended
    await admin.disconnect()

    const second = await start(directory, port)
    await admin.connect()
    expect((await admin.describeCluster()).clusterId).toBe(before.clusterId)
    const configs = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: 'kept' }] })
    expect(configs.resources[0]?.configEntries.find((each) => each.configName === 'retention.ms')?.configValue).toBe(
      '123456789',
    )
    const offsets = await admin.fetchTopicOffsets('kept')
    const total = offsets.reduce((sum, each) => sum + Number(each.high), 0)
    expect(total).toBeGreaterThanOrEqual(acknowledged.length)
    const values = new Set<string>()
    const consumer = kafka.consumer({ groupId: 'after' })
    await consumer.connect()
    await consumer.subscribe({ topic: 'kept', fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      let count = 0
      consumer
        .run({
          eachMessage: async ({ message }) => {
            values.add(String(message.value))
            if (++count === total) resolve()
          },
        })
        .catch(reject)
    })
    await consumer.disconnect()
    expect(acknowledged.filter((value) => !values.has(value))).toEqual([])
    await admin.disconnect()
    second.running.child.kill('SIGTERM')
    expect((await second.running.ended).code).toBe(0)
  })

  it('refuses a directory that another broker uses, another cluster, and an address in use, with a sentence', async () => {
    const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-broker-refused-')
    directories.push(directory)
    const port = await freePort()
    await start(directory, port)
    const refused = async (listen: string, data: string, ...more: string[]) => {
      const args = ['start', '--role', 'broker', '--listen', listen, '--data', `${directory}/${data}`, ...more]
      const { code, notes } = await startCli(directory, ...args).ended
      return `${code} ${notes}`
    }
    expect(await refused('127.0.0.1:0', 'data')).toContain('another broker uses')
    expect(await refused(`127.0.0.1:${port}`, 'other')).toContain('something else listens there')
    expect(await refused('0.0.0.0:0', 'other')).toContain('no TLS and no authentication')
    expect(await refused('127.0.0.1:0', 'other', '-D', 'broker.cluster-id=another')).toContain('belongs to the cluster')
    expect(await refused('127.0.0.1:0', 'other', '-D', 'broker.topic.durability=sometimes')).toContain(
      'group, os, always',
    )
  })
})

/** Sends small batches at once, kills in the middle, and gives the values whose sends were acknowledged. */
async function produceUntilKilled(producer: KafkaJsProducer, kill: () => void): Promise<string[]> {
  await producer.connect()
  const acknowledged: string[] = []
  let stopped = false
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let index = 0; !stopped; index++) {
      const value = `${lane}/${index}`
      try {
        await producer.send({ topic: 'kept', messages: [{ key: value, value }] })
        acknowledged.push(value)
        if (acknowledged.length === 200) kill()
      } catch {
        // Killed: whether this one arrived is unknown.
        stopped = true
      }
    }
  })
  await Promise.all(lanes)
  await producer.disconnect()
  return acknowledged
}
