/** Transactions of the Kafka client in both forms, against a broker in this process. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import {
  endTransaction,
  fetchOffsets,
  KafkaAdmin,
  KafkaCluster,
  KafkaProducer,
  type ProducerIdentity,
} from '../../connectors/kafka/client/index.ts'
import { systemDisk } from '../../core/platform/disk.ts'

const topic = 'written'

describe.each([1, 2])('with transaction.version %d', (version) => {
  let broker: RunningBroker
  let directory: string
  let cluster: KafkaCluster

  beforeAll(async () => {
    directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-transactions-')
    broker = await startBroker({
      'broker.listeners': '127.0.0.1:0',
      'broker.data-dir': directory,
      'broker.transaction.version': String(version),
    })
    cluster = new KafkaCluster({ brokers: [broker.address] })
    await new KafkaAdmin(cluster).createTopics([{ name: topic, partitions: 3 }])
  })
  afterAll(async () => {
    await cluster.close()
    await broker.close()
    systemDisk.remove(directory)
  })

  async function producer(transactionalId: string): Promise<KafkaProducer> {
    const made = new KafkaProducer(cluster, { transactionalId })
    await made.start()
    await made.prepare(topic)
    return made
  }
  const stable = () => {
    const found = broker.topics.get(topic)
    return [0, 1, 2].map((partition) => found && broker.topics.logOf(found, partition)?.lastStableOffset)
  }
  const identityOf = (made: KafkaProducer): ProducerIdentity => made.identity as ProducerIdentity

  it('follow each other, with their offsets, in as few requests as the form allows', async () => {
    const made = await producer('rounds')
    const first = identityOf(made)
    for (let round = 0; round < 6; round++) {
      made.begin()
      // Several batches of a partition in each transaction: sequences go on within it.
      for (let batch = 0; batch < 3; batch++) {
        for (let partition = 0; partition < 3; partition++)
          made.append(topic, partition, 0, null, Buffer.from(`${round}`))
        await made.flush()
      }
      await made.commitOffsets('readers', [{ topic, partition: 0, offset: round }])
      if (round % 2 === 1) await made.abort()
      else await made.commit()
    }
    expect(await fetchOffsets(cluster, 'readers', null, true)).toMatchObject([{ offset: 4 }])
    expect(identityOf(made)).toEqual({ ...first, producerEpoch: version === 2 ? 6 : 0 })
    const counted = await broker.metrics.text()
    const requests = (api: string) =>
      Number(new RegExp(`millrace_broker_requests_total{api="${api}"} (\\d+)`).exec(counted)?.[1] ?? 0)
    expect([requests('EndTxn'), requests('AddPartitionsToTxn'), requests('AddOffsetsToTxn')]).toEqual(
      version === 2 ? [6, 0, 0] : [6, 6, 6],
    )
  })

  it('are ended by whoever kept the identity, any number of times', async () => {
    const made = await producer('elsewhere')
    made.begin()
    made.append(topic, 0, 0, null, Buffer.from('x'))
    await made.flush()
    const kept = JSON.parse(JSON.stringify(identityOf(made))) as ProducerIdentity
    const next = await endTransaction(cluster, kept, 'commit')
    expect(await endTransaction(cluster, kept, 'commit')).toEqual(next)
    await expect(endTransaction(cluster, kept, 'abort')).rejects.toThrow()
    if (version === 1) return
    // What comes late does not end the transaction that is open by then.
    await made.commit()
    made.begin()
    made.append(topic, 0, 0, null, Buffer.from('next'))
    await made.flush()
    const before = stable()
    for (const outcome of ['commit', 'abort'] as const) {
      await expect(endTransaction(cluster, kept, outcome)).rejects.toMatchObject({ code: 'KAFKA_FENCED' })
    }
    expect(stable()).toEqual(before)
    await made.commit()
  })
})
