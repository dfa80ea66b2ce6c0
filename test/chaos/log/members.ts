/** Members of consumer groups that come and go, and note what they were given and what they committed. */
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka'
import { type Load, quietly, within } from './load.ts'

let epochs = 0

/** kafkajs: one member after the other, each for a few seconds; the last one stays. */
export async function kafkaJsMember(load: Load, group: string, name: string, topics: string[]): Promise<void> {
  while (!load.readersStop) {
    const consumer = load.kafka.consumer({
      groupId: group,
      sessionTimeout: 6000,
      rebalanceTimeout: 6000,
      heartbeatInterval: 300,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
      readUncommitted: false,
    })
    let epoch = epochs++
    consumer.on(consumer.events.GROUP_JOIN, () => {
      epoch = epochs++
    })
    // `commitOffsets` comes back without having committed when the consumer is about to stop; this is for real.
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      const at = load.now()
      for (const { topic, partitions } of payload.topics) {
        for (const { partition, offset } of partitions) {
          load.history.offsetCommits.push({ group, partition: `${topic}/${partition}`, offset: Number(offset), at })
        }
      }
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => load.failed(group, payload.error))
    try {
      await within(30_000, consumer.connect())
      await within(30_000, consumer.subscribe({ topics, fromBeginning: true }))
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch, resolveOffset, heartbeat, isStale }) => {
          if (isStale()) return
          const partition = `${batch.topic}/${batch.partition}`
          const records = batch.messages.map(({ offset, value }) => ({ offset: Number(offset), value: Number(value) }))
          // Not judged as committed only: where a response begins within several aborted transactions, version 2.2 lets records of
          // the later ones through.
          load.history.polls.push({ consumer: name, epoch, group, partition, committedOnly: false, records })
          const next = Number(batch.lastOffset()) + 1
          resolveOffset(batch.lastOffset())
          await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: String(next) }])
          await heartbeat()
        },
      })
      const endMs = performance.now() + 1500 + load.random.integer(5000)
      while (!load.readersStop && (load.churnStops || performance.now() < endMs)) await load.pause(100)
    } catch (error) {
      load.failed(group, error)
      await load.pause(200)
    }
    await quietly(consumer.disconnect())
  }
}

/** @platformatic/kafka: the same with its stream. */
export async function platformaticMember(load: Load, group: string, name: string, topics: string[]): Promise<void> {
  while (!load.readersStop) {
    const consumer = new Consumer({
      clientId: 'chaos',
      groupId: group,
      bootstrapBrokers: [load.address],
      deserializers: stringDeserializers,
      retries: 40,
      retryDelay: 150,
      timeout: 5000,
      connectTimeout: 1000,
      sessionTimeout: 6000,
      rebalanceTimeout: 6000,
      heartbeatInterval: 300,
    })
    consumer.on('error', (error: Error) => load.failed(group, error))
    let close = (): Promise<void> => Promise.resolve()
    try {
      let epoch = epochs++
      consumer.on('consumer:group:join', () => {
        epoch = epochs++
      })
      const stream = await within(
        30_000,
        consumer.consume({
          topics,
          mode: MessagesStreamModes.COMMITTED,
          fallbackMode: MessagesStreamFallbackModes.EARLIEST,
          autocommit: false,
          // Of several aborted transactions of one producer in a response, version 2.12 hides the last only.
          isolationLevel: 0,
          maxWaitTime: 100,
        }),
      )
      close = () => stream.close()
      const endMs = performance.now() + 1500 + load.random.integer(5000)
      const reading = (async () => {
        for await (const message of stream) {
          const { topic, partition: number, offset, value } = message
          const partition = `${topic}/${number}`
          const records = [{ offset: Number(offset), value: Number(value) }]
          load.history.polls.push({
            consumer: `${name}-${epoch}`,
            epoch,
            group,
            partition,
            committedOnly: false,
            records,
          })
          // Each commit is a request: one for some of the records is enough.
          if (load.random.integer(8) !== 0) continue
          await message.commit()
          load.history.offsetCommits.push({ group, partition, offset: Number(offset) + 1, at: load.now() })
        }
      })()
      let over = false
      const ended = reading.then(
        () => {
          over = true
        },
        (error: unknown) => {
          over = true
          load.failed(group, error)
        },
      )
      while (!over && !load.readersStop && (load.churnStops || performance.now() < endMs)) await load.pause(100)
      await quietly(stream.close())
      await quietly(ended)
    } catch (error) {
      load.failed(group, error)
      await load.pause(200)
    }
    await quietly(close())
    await quietly(consumer.close(true))
  }
}

/** Asks now and then where a group is. */
export async function watchOffsets(load: Load, group: string, topics: string[]): Promise<void> {
  const admin = load.kafka.admin()
  while (!load.readersStop) {
    try {
      await within(30_000, admin.connect())
      while (!load.readersStop) {
        await groupOffsets(load, admin, group, topics)
        await load.pause(150)
      }
    } catch (error) {
      load.failed(`watch ${group}`, error)
      await load.pause(200)
    }
  }
  await quietly(admin.disconnect())
}

async function groupOffsets(
  load: Load,
  admin: ReturnType<Load['kafka']['admin']>,
  group: string,
  topics: string[],
): Promise<void> {
  const at = load.now()
  for (const { topic, partitions } of await within(20_000, admin.fetchOffsets({ groupId: group, topics }))) {
    for (const { partition, offset } of partitions) {
      load.history.offsetReads.push({ group, partition: `${topic}/${partition}`, offset: Number(offset), at })
    }
  }
}
