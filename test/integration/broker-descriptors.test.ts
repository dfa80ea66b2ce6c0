/** A broker whose process may have few files open: clients that connect must not take what its logs need. */
import { afterEach, expect, it } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { systemNetwork } from '../../core/platform/net.ts'
import { batchOf } from '../support/broker-harness.ts'
import {
  type BrokerInProcess,
  createTopic,
  produce,
  startBroker,
  startBrokerWithin,
  works,
} from '../support/command-line-broker.ts'
import { WireClient } from '../support/wire-client.ts'

const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-descriptors-')
const ends: (() => void)[] = []

afterEach(() => {
  for (const end of ends.splice(0)) end()
  systemDisk.remove(directory)
})

async function stop({ running }: BrokerInProcess): Promise<number | null> {
  running.child.kill('SIGTERM')
  return (await running.ended).code
}

/** More than it can take; resolves when some have been sent away. */
async function crowd(address: string, count: number): Promise<void> {
  const [host, port] = address.split(':') as [string, string]
  await new Promise<void>((resolve) => {
    let gone = 0
    for (let i = 0; i < count; i++) {
      const socket = systemNetwork.connect({ host, port: Number(port) })
      ends.push(() => socket.destroy())
      socket.on('error', () => undefined)
      socket.on('close', () => {
        if (++gone === count >>> 2) resolve()
      })
    }
  })
}

it('logs go on to new segments while more clients connect than there are descriptors for', async () => {
  const data = `${directory}/data`
  const broker = await startBrokerWithin(256, directory, data)
  await broker.logs(/may have few files open/)
  const client = new WireClient(broker.address)
  ends.push(() => client.close())
  for (const name of ['good', 'rolls']) await createTopic(client, name, { 'segment.bytes': '1048576' })
  await works(broker)
  await crowd(broker.address, 500)
  await broker.logs(/connections are open/)
  for (let i = 0; i < 12; i++)
    expect(await produce(client, 'rolls', batchOf(['x'.repeat(400_000)]))).toMatchObject({
      errorCode: 0,
      baseOffset: i,
    })
  expect((await createTopic(client, 'new', {}))?.errorCode).toBe(0)
  for (const end of ends.splice(1)) end()
  expect(systemDisk.list(`${data}/rolls-0`).filter((name) => name.endsWith('.log')).length).toBeGreaterThan(3)
  expect(await stop(broker)).toBe(0)
  const next = await startBroker(directory, data)
  await works(next)
  expect(await stop(next)).toBe(0)
})
