/** All records of a topic as kafkajs reads committed ones: to where the topic ends, not until it seems to be quiet. */
import { Kafka, logLevel } from 'kafkajs'

/** Not even a partition moves for so long: what is missing does not come. */
const quietMs = 60_000

export interface TopicRecord {
  /** Partition and offset. */
  readonly place: string
  readonly value: string
}

/**
 * Reads each partition to its end at the time of the call, and on until there are `enough` records. Gives what there is when
 * nothing came for a minute: a transaction that nobody decided, or fewer than `enough`.
 */
export async function readTopic(address: string, topic: string, enough = 0): Promise<readonly TopicRecord[]> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
  const missing = await endsOf(kafka, topic)
  // By place: a client may be given a record again, and that is no second record.
  const records = new Map<string, TopicRecord>()
  const consumer = kafka.consumer({ groupId: `reads-${topic}-${performance.now()}`, readUncommitted: false })
  const { END_BATCH_PROCESS } = consumer.events
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, quietMs)
      const look = (): void => {
        if (missing.size > 0 || records.size < enough) return
        clearTimeout(timer)
        resolve()
      }
      // Also for batches that hold nothing but marks and records of aborted transactions.
      consumer.on(END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
        timer.refresh()
        if (Number(lastOffset) + 1 >= (missing.get(partition) ?? 0)) missing.delete(partition)
        look()
      })
      const run = consumer.run({
        eachBatch: async ({ batch }) => {
          for (const { offset, value } of batch.messages) {
            const place = `${batch.partition}/${offset}`
            records.set(place, { place, value: String(value) })
          }
        },
      })
      run.then(look, reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return [...records.values()]
}

/** Where the partitions end that hold anything. */
async function endsOf(kafka: Kafka, topic: string): Promise<Map<number, number>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const ends = (await admin.fetchTopicOffsets(topic)).map((each) => [each.partition, Number(each.high)] as const)
    return new Map(ends.filter(([, end]) => end > 0))
  } finally {
    await admin.disconnect()
  }
}
