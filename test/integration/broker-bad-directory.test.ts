/** Data directories that a broker cannot use, or not any more: a sentence and an exit code, and what is there stays readable. */
import { spawnSync } from 'node:child_process'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { batchOf } from '../support/broker-harness.ts'
import { startCli } from '../support/cli-process.ts'
import { type BrokerInProcess, createTopic, produce, startBroker, works } from '../support/command-line-broker.ts'
import { fetchOf, produceOf, WireClient } from '../support/wire-client.ts'

const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-broker-bad-directory-')
const clients: WireClient[] = []

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

afterAll(() => systemDisk.remove(directory))

function connect(to: BrokerInProcess): WireClient {
  const client = new WireClient(to.address)
  clients.push(client)
  return client
}

describe('a data directory', () => {
  it('that is none, of another format, of another cluster or damaged in its metadata is refused with a sentence', async () => {
    const refused = async (name: string, prepare: (path: string) => void, ...more: string[]): Promise<string> => {
      const path = `${directory}/${name}`
      prepare(path)
      const flags = ['start', '--role', 'broker', '--listen', '127.0.0.1:0', '--data', path]
      const { code, notes } = await startCli(directory, ...flags, ...more).ended
      expect(code).not.toBe(0)
      expect(notes).not.toMatch(/\n\s+at /)
      return notes
    }
    const file = (path: string): void => systemDisk.write(path, 'a file')
    const meta = (text: string) => (path: string) => {
      systemDisk.makeDirectory(path)
      systemDisk.write(`${path}/meta.properties`, text)
    }
    const ids = 'version=1\ncluster.id=abcdefghijklmnopqrstuv\nnode.id=1\n'
    expect(await refused('file', file)).toMatch(/cannot be used as the data directory/)
    expect(await refused('file/below', () => undefined)).toMatch(/cannot be used as the data directory/)
    expect(await refused('newer', meta(`${ids}millrace.format=99\n`))).toMatch(/format 99.*reads up to/)
    expect(await refused('broken', meta('not properties at all'))).toMatch(/meta\.properties/)
    const other = ['-D', 'broker.cluster-id=bbbbbbbbbbbbbbbbbbbbbb']
    expect(await refused('other', meta(`${ids}millrace.format=1\n`), ...other)).toMatch(/belongs to the cluster/)
    const withoutMetadata = (path: string): void => {
      meta(`${ids}millrace.format=1\n`)(path)
      systemDisk.makeDirectory(`${path}/orders-0`)
      systemDisk.write(`${path}/orders-0/partition.metadata`, 'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n')
    }
    expect(await refused('headless', withoutMetadata)).toMatch(/no metadata log/)
    const segment = '__cluster_metadata-0/00000000000000000000.log'
    const unreadable = (path: string): void => {
      meta(`${ids}millrace.format=1\n`)(path)
      systemDisk.makeDirectory(`${path}/${segment}`)
    }
    expect(await refused('unreadable', unreadable)).toMatch(/cannot be used as the data directory.*00000\.log/)
    if (process.getuid?.() !== 0) {
      const readOnly = (path: string): void => {
        systemDisk.makeDirectory(path)
        spawnSync('chmod', ['500', path])
      }
      expect(await refused('read-only', readOnly)).toMatch(/cannot be used as the data directory/)
    }
  })

  it('on a disk that is full takes nothing more, says so, gives what it has, and goes on by itself when there is space', async () => {
    const disk = `${directory}/small`
    systemDisk.makeDirectory(disk)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]).status === 0
    try {
      const small = await startBroker(directory, `${disk}/data`)
      // Without the right to mount, the largest file stands for the largest disk; but that does not pass.
      if (!mounted) spawnSync('prlimit', ['--pid', String(small.running.child.pid), '--fsize=3000000'])
      const client = connect(small)
      for (const name of ['good', 'fills']) expect((await createTopic(client, name))?.errorCode).toBe(0)
      const fill = async (value: string): Promise<number> => {
        const request = produceOf('fills', 0, batchOf([value]), { timeoutMs: 500 })
        return (await client.call('Produce', 9, request)).responses[0]?.partitionResponses[0]?.errorCode ?? -1
      }
      let taken = 0
      let refusal = 0
      while (refusal === 0 && taken < 200) {
        refusal = await fill('x'.repeat(200_000))
        if (refusal === 0) taken++
      }
      expect(refusal).toBe(mounted ? kafkaError.REQUEST_TIMED_OUT : kafkaError.KAFKA_STORAGE_ERROR)
      expect(taken).toBeGreaterThan(5)
      expect(await fill('refused')).toBe(kafkaError.KAFKA_STORAGE_ERROR)
      await small.logs(/"topic":"fills"/)
      const { responses } = await client.call('Fetch', 11, fetchOf([{ topic: 'fills', offset: taken - 1 }]))
      expect(responses[0]?.partitions[0]?.errorCode).toBe(0)
      expect(responses[0]?.partitions[0]?.highWatermark).toBe(taken)
      if (mounted) {
        spawnSync('mount', ['-o', 'remount,size=40m', disk])
        await small.logs(/all logs go on/)
        // What had its place is there, of which its producer was told only that time was over.
        expect(await produce(client, 'fills', batchOf(['more']))).toMatchObject({ errorCode: 0, baseOffset: taken + 1 })
        await works(small)
      }
      small.running.child.kill('SIGTERM')
      expect((await small.running.ended).code).toBe(0)
      const again = await startBroker(directory, `${disk}/data`)
      const baseOffset = mounted ? taken + 2 : taken
      const next = connect(again)
      expect(await produce(next, 'fills', batchOf(['last']))).toMatchObject({ errorCode: 0, baseOffset })
      await works(again)
      again.running.child.kill('SIGTERM')
      expect((await again.running.ended).code).toBe(0)
    } finally {
      if (mounted) spawnSync('umount', ['-l', disk])
    }
  })
})
