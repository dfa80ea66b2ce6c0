/**
 * Clients that write in transactions of the second form (KIP-890): the project's own client, and two that speak request by request. One
 * sends, behind the end of each transaction, batches that belong to it: they must not be heard, neither in a transaction of their own,
 * nor in the next one, which is open by then. The other ends a transaction that is no longer its own.
 */
import { KafkaCluster, KafkaProducer } from '../../../connectors/kafka/client/index.ts'
import { buildBatch } from '../../../proto/kafka/records/index.ts'
import { produceOf, WireClient } from '../../support/wire-client.ts'
import { type Draft, type Load, type OpenTransaction, partitionNumber, quietly, topicOf, within } from './load.ts'
import { commit, type Target, transactionTimeoutMs } from './transactions.ts'

const patienceMs = 60_000

export async function ownTransactions(load: Load, name: string, targets: readonly Target[]): Promise<void> {
  const cluster = new KafkaCluster({ brokers: [load.address] })
  let count = 0
  while (!load.writersStop) {
    const producer = new KafkaProducer(cluster, { transactionalId: name, transactionTimeoutMs })
    try {
      await within(patienceMs, producer.start())
      for (const { topic } of targets) await within(patienceMs, producer.prepare(topic))
      while (!load.writersStop) {
        const open = load.begin(`${name}-${count++}`)
        producer.begin()
        for (const { topic, partitions } of targets) {
          const drafts = load.drafts(name, topic, partitions, { transaction: open.id })
          for (const { partition, key, value } of drafts)
            producer.append(
              topic,
              partitionNumber(partition),
              Date.now(),
              Buffer.from(`${key}`),
              Buffer.from(`${value}`),
            )
          await within(patienceMs, producer.flush())
          load.acknowledged(drafts, new Map())
        }
        if (load.random.integer(3) === 0) await within(patienceMs, producer.abort())
        else await commit(open, () => producer.commit())
        await load.pause(load.random.integer(20))
      }
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
  }
  await quietly(cluster.close())
}

interface Producer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

export async function lateBatches(load: Load, name: string, { topic, partitions }: Target): Promise<void> {
  let count = 0
  while (!load.writersStop) {
    const client = new WireClient(load.address)
    try {
      let producer = await init(client, name)
      let before: { readonly producer: Producer; readonly sequence: number; readonly partition: number } | undefined
      while (!load.writersStop) {
        const open = load.begin(`${name}-${count++}`)
        const partition = load.random.integer(partitions)
        const drafts = draftsFor(load, name, `${topic}/${partition}`, open)
        await send(client, producer, drafts, 0)
        load.acknowledged(drafts, new Map())
        if (before !== undefined) {
          // What comes late may be for where the transaction wrote, or for where it did not.
          const late = load.begin(`${name}-${count++}-late`)
          const elsewhere = load.random.integer(2)
          const where = (before.partition + elsewhere) % partitions
          const lateDrafts = draftsFor(load, `${name}-late`, `${topic}/${where}`, late)
          const code = await send(client, before.producer, lateDrafts, elsewhere === 0 ? before.sequence : 0, false)
          if (code === 0) load.acknowledged(lateDrafts, new Map())
        }
        const asked = producer
        const committed = load.random.integer(3) > 0
        const ending = async (): Promise<void> => {
          producer = await end(client, asked, committed)
        }
        if (committed) await commit(open, ending)
        else await ending()
        before = { producer: asked, sequence: drafts.length, partition }
        await load.pause(load.random.integer(20))
      }
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
    client.close()
  }
}

/**
 * Pairs of producers under one id, a new id each. The second takes over while the first is in a transaction, opens one of its own, and
 * the first says commit: whatever that commits, it is not what the first wrote.
 */
export async function lateCommits(load: Load, name: string, { topic, partitions }: Target): Promise<void> {
  for (let count = 0; !load.writersStop; count++) {
    const client = new WireClient(load.address)
    const id = `${name}-${count}`
    try {
      const partition = load.random.integer(partitions)
      const older = await init(client, id)
      const left = load.begin(`${id}-old`)
      await sendAll(load, client, older, `${topic}/${partition}`, left)
      const newer = await init(client, id)
      const open = load.begin(`${id}-new`)
      await sendAll(load, client, newer, `${topic}/${(partition + 1) % partitions}`, open)
      try {
        await end(client, older, true)
        // Nobody may tell it so: what it wrote was aborted when it was replaced.
        left.outcome = 'committed'
      } catch (error) {
        load.failed(`${name}-old`, error)
      }
      await commit(open, () => end(client, newer, true))
      await load.pause(load.random.integer(20))
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
    client.close()
  }
}

async function sendAll(
  load: Load,
  client: WireClient,
  producer: Producer,
  to: string,
  open: OpenTransaction,
): Promise<void> {
  const drafts = draftsFor(load, open.id, to, open)
  await send(client, producer, drafts, 0)
  load.acknowledged(drafts, new Map())
}

function draftsFor(load: Load, name: string, partition: string, open: OpenTransaction): Draft[] {
  const count = 1 + load.random.integer(4)
  return Array.from({ length: count }, () => load.draft(name, partition, { transaction: open.id }))
}

async function init(client: WireClient, transactionalId: string): Promise<Producer> {
  const none = { producerId: -1, producerEpoch: -1, enable2Pc: false, keepPreparedTxn: false }
  const request = { transactionalId, transactionTimeoutMs, ...none }
  const { errorCode, producerId, producerEpoch } = await within(patienceMs, client.call('InitProducerId', 5, request))
  if (errorCode !== 0) throw new Error(`InitProducerId: error ${errorCode}`)
  return { transactionalId, producerId, producerEpoch }
}

/** Sends a batch in version 12, which adds its partition. Gives the error, or throws it when there must be none. */
async function send(
  client: WireClient,
  { transactionalId, ...producer }: Producer,
  drafts: readonly Draft[],
  baseSequence: number,
  mustSucceed = true,
): Promise<number | undefined> {
  const partition = (drafts[0] as Draft).partition
  const timestamp = Date.now()
  const records = buildBatch({
    records: drafts.map(({ value }) => ({ key: null, value: Buffer.from(`${value}`), timestamp })),
    ...producer,
    baseSequence,
    transactional: true,
  })
  const request = produceOf(topicOf(partition), partitionNumber(partition), records, { transactionalId })
  const { responses } = await within(patienceMs, client.call('Produce', 12, request))
  const code = responses[0]?.partitionResponses[0]?.errorCode
  if (mustSucceed && code !== 0) throw new Error(`Produce: error ${code}`)
  return code
}

async function end(client: WireClient, producer: Producer, committed: boolean): Promise<Producer> {
  const answer = await within(patienceMs, client.call('EndTxn', 5, { ...producer, committed }))
  if (answer.errorCode !== 0) throw new Error(`EndTxn: error ${answer.errorCode}`)
  return { ...producer, producerId: answer.producerId, producerEpoch: answer.producerEpoch }
}
