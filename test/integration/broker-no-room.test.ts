/** A broker whose process finds no descriptor for a while: what comes then is refused so that clients try again, and it goes on by itself. */
import { execFileSync } from 'node:child_process'
import { afterAll, expect, it } from 'vitest'
import { systemDisk } from '../../core/platform/disk.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { batchOf } from '../support/broker-harness.ts'
import { type BrokerInProcess, createTopic, produce, startBrokerWithin, works } from '../support/command-line-broker.ts'
import { fetchOf, WireClient } from '../support/wire-client.ts'

const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-no-room-')
afterAll(() => systemDisk.remove(directory))

/** Files that the process may have open from now on; those that are open stay. */
function limitFiles({ running }: BrokerInProcess, count: number): void {
  execFileSync('prlimit', ['--pid', String(running.child.pid), `--nofile=${count}:`])
}

it('no descriptor for the next segment: waits, refuses with an error that clients try again, goes on', async () => {
  const data = `${directory}/data`
  const broker = await startBrokerWithin(512, directory, data)
  const [client, other] = [new WireClient(broker.address), new WireClient(broker.address)]
  for (const name of ['good', 'rolls']) await createTopic(client, name, { 'segment.bytes': '1048576' })
  await works(broker)
  const large = (value: string): Buffer => batchOf([value.repeat(700_000)])
  expect(await produce(client, 'rolls', large('a'))).toMatchObject({ errorCode: 0, baseOffset: 0 })

  limitFiles(broker, 3)
  const waiting = produce(client, 'rolls', large('b'))
  await broker.logs(/logs take nothing until the system has room.*EMFILE|EMFILE.*logs take nothing until/)
  expect(await produce(other, 'rolls', batchOf(['c']))).toMatchObject({
    errorCode: kafkaError.KAFKA_STORAGE_ERROR,
    errorMessage: expect.stringContaining('takes nothing until the system has room'),
  })
  // Reads, and logs whose files are open, go on.
  expect(await produce(other, 'good', batchOf(['meanwhile']))).toMatchObject({ errorCode: 0 })
  const { responses } = await other.call('Fetch', 11, fetchOf([{ topic: 'rolls', offset: 0 }]))
  expect(responses[0]?.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 1 })

  limitFiles(broker, 512)
  expect(await waiting).toMatchObject({ errorCode: 0, baseOffset: 1 })
  expect(await produce(other, 'rolls', batchOf(['c']))).toMatchObject({ errorCode: 0, baseOffset: 2 })
  await broker.logs(/all logs go on/)
  for (const each of [client, other]) each.close()
  broker.running.child.kill('SIGTERM')
  expect((await broker.running.ended).code).toBe(0)
}, 60_000)
