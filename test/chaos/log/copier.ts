/** A job that copies a partition exactly once: what it reads, what it writes and how far it has come are one transaction. */
import { WireClient } from '../../support/wire-client.ts'
import { type Load, partitionNumber, quietly, topicOf, within } from './load.ts'
import { fetch } from './log-reader.ts'
import { commit, transactionalProducer } from './transactions.ts'
import { kafkaJsMessage, kafkaJsOffsets } from './writers.ts'

const patienceMs = 60_000

/** Goes on until the writers have stopped and everything is copied. */
export async function copier(load: Load, from: string, to: string): Promise<void> {
  const name = `copier-${from.replace('/', '-')}`
  const topic = topicOf(from)
  const partition = partitionNumber(from)
  const admin = load.kafka.admin()
  let count = 0
  for (let done = false; !done; ) {
    const producer = transactionalProducer(load, name)
    const client = new WireClient(load.address)
    try {
      await within(patienceMs, producer.connect())
      await within(patienceMs, admin.connect())
      let offset = Math.max(0, await position())
      while (!done) {
        const last = load.writersStop
        const { records, nextOffset, lastStableOffset } = await fetch(client, from, offset, true)
        done = last && nextOffset >= lastStableOffset
        if (nextOffset === offset) continue
        const open = load.begin(`${name}-${count++}`)
        open.reads = records.map(({ value }) => value)
        const transaction = await within(patienceMs, producer.transaction())
        if (records.length > 0) {
          const drafts = records.map(({ value }) => load.draft(name, to, { transaction: open.id, source: value }))
          const sending = transaction.send({ topic: topicOf(to), acks: -1, messages: drafts.map(kafkaJsMessage) })
          load.acknowledged(drafts, kafkaJsOffsets(await within(patienceMs, sending)))
        }
        const partitions = [{ partition, offset: String(nextOffset) }]
        const offsets = { consumerGroupId: name, topics: [{ topic, partitions }] }
        await within(patienceMs, transaction.sendOffsets(offsets))
        await commit(open, () => transaction.commit())
        load.history.offsetCommits.push({ group: name, partition: from, offset: nextOffset, at: load.now() })
        offset = nextOffset
      }
    } catch (error) {
      load.failed(name, error)
      done = load.readersStop
      await load.pause(100)
    }
    client.close()
    await quietly(producer.disconnect())
  }
  const offset = await position().catch(() => -1)
  await quietly(admin.disconnect())
  load.history.copies.push({ partition: from, offset })

  async function position(): Promise<number> {
    const at = load.now()
    const offsets = await within(patienceMs, admin.fetchOffsets({ groupId: name, topics: [topic] }))
    const found = Number(offsets[0]?.partitions.find((each) => each.partition === partition)?.offset ?? -1)
    load.history.offsetReads.push({ group: name, partition: from, offset: found, at })
    return found
  }
}
