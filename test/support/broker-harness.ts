/** A broker on a free port with a directory of its own, for the tests of a file; ended with them. */
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { type BatchOptions, buildBatch, type CodecName } from '../../proto/kafka/records/index.ts'
import { WireClient } from './wire-client.ts'

export interface BrokerHarness {
  readonly broker: RunningBroker
  readonly directory: string
  connect(): WireClient
  /** Makes a topic and gives its id. */
  topic(name: string, partitions?: number, configs?: Readonly<Record<string, string>>): Promise<string>
  /** Closes the broker and starts one on the same directory. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function startBrokerHarness(values: Readonly<Record<string, string>> = {}): Promise<BrokerHarness> {
  const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-broker-')
  const clients: WireClient[] = []
  const start = () =>
    startBroker({
      'broker.listeners': '127.0.0.1:0',
      'broker.data-dir': directory,
      'broker.group.initial.rebalance.delay': '0ms',
      ...values,
    })
  let broker = await start()
  const closeClients = (): void => {
    for (const client of clients.splice(0)) client.close()
  }
  return {
    get broker() {
      return broker
    },
    directory,
    connect() {
      const client = new WireClient(broker.address)
      clients.push(client)
      return client
    },
    async topic(name, partitions = 1, configs = {}) {
      const [made] = await broker.topics.create([{ name, partitions, replicationFactor: 1, configs }], false)
      if (made?.topic === undefined) throw new Error(`${name}: ${made?.error} ${made?.message}`)
      return made.topic.topicId
    },
    async restart() {
      closeClients()
      await broker.close()
      broker = await start()
    },
    async close() {
      closeClients()
      await broker.close()
      systemDisk.remove(directory)
    },
  }
}

/** A batch of records with these values, without keys. */
export function batchOf(
  values: readonly string[],
  options: BatchOptions & { readonly codec?: CodecName } = {},
): Buffer {
  const timestamp = 1_700_000_000_000
  return buildBatch({
    records: values.map((value, index) => ({ key: null, value: Buffer.from(value), timestamp: timestamp + index })),
    ...options,
  })
}
