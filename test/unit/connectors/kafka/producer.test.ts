/** A producer whose partition has no leader. */
import { afterEach, expect, it } from 'vitest'
import { KafkaCluster } from '../../../../connectors/kafka/client/cluster.ts'
import { KafkaProducer } from '../../../../connectors/kafka/client/producer.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { writeResponse } from '../../../../proto/kafka/frame.ts'
import { zeroUuid } from '../../../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../../../proto/kafka/writer.ts'
import { broker, closeBrokers, send, welcoming } from '../../../support/fake-broker.ts'

const writer = new KafkaWriter()
const welcome = welcoming([
  { apiKey: 18, minVersion: 0, maxVersion: 3 },
  { apiKey: 3, minVersion: 0, maxVersion: 5 },
])
const partition = { errorCode: 5, partitionIndex: 0, leaderId: -1, leaderEpoch: -1 }
const noNodes = { replicaNodes: [], isrNodes: [], offlineReplicas: [] }
const metadata = {
  throttleTimeMs: 0,
  brokers: [],
  clusterId: null,
  controllerId: -1,
  topics: [
    {
      errorCode: 0,
      name: 'orphan',
      topicId: zeroUuid,
      isInternal: false,
      partitions: [{ ...partition, ...noNodes }],
      topicAuthorizedOperations: 0,
    },
  ],
  clusterAuthorizedOperations: 0,
  errorCode: 0,
}

afterEach(closeBrokers)

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Timers wait; what is to run at once does. */
class HeldClock extends ManualClock {
  override setImmediate(task: () => void): void {
    setImmediate(task)
  }
}

it('asks for a leader once for all records that come meanwhile', async () => {
  const port = await broker((asked, socket) => {
    if (asked.key === 18) welcome(asked, socket)
    else send(socket, writeResponse(writer, 'Metadata', asked.version, asked.id, metadata))
  })
  const clock = new HeldClock()
  const cluster = new KafkaCluster({ brokers: [`127.0.0.1:${port}`], clock })
  const producer = new KafkaProducer(cluster, { idempotent: false })
  await producer.prepare('orphan')
  const before = clock.pending
  for (let i = 0; i < 50; i++) {
    producer.append('orphan', 0, 0, null, Buffer.alloc(10))
    await turn()
  }
  await turn()
  expect(clock.pending - before).toBe(1)
  await cluster.close()
})
