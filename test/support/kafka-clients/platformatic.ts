/** @platformatic/kafka as the cases of the matrix use it. */
import {
  Admin,
  type BaseOptions,
  Consumer,
  ListOffsetTimestamps,
  type Message,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  type ProducerOptions,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'
import type { BrokerProcess } from './broker.ts'
import { CaseTable } from './case-table.ts'

export type TextProducer = Producer<string, string, string, string>
export type Text = Message<string | undefined, string | undefined, string, string>

/** Kafka's error code of what fails; 0 when it does not. */
export async function codeOf(action: () => Promise<unknown>): Promise<number> {
  try {
    await action()
    return 0
  } catch (error) {
    const found = protocolCode(error)
    if (found === undefined) throw error
    return found
  }
}

function protocolCode(error: unknown): number | undefined {
  const { apiCode, errors, cause } = error as { apiCode?: number; errors?: unknown[]; cause?: unknown }
  if (typeof apiCode === 'number') return apiCode
  for (const each of [...(errors ?? []), ...(cause === undefined ? [] : [cause])]) {
    const found = protocolCode(each)
    if (found !== undefined) return found
  }
  return undefined
}

/** The parts that cases share, on one broker. */
export class PlatformaticClient extends CaseTable {
  protected readonly broker: BrokerProcess
  protected readonly admin: Admin

  constructor(broker: BrokerProcess) {
    super()
    this.broker = broker
    this.admin = new Admin(this.common())
    this.opened(() => this.admin.close())
  }

  protected common(more: Partial<BaseOptions> = {}): BaseOptions {
    return {
      clientId: 'matrix',
      bootstrapBrokers: [this.broker.address],
      retries: 5,
      retryDelay: 50,
      timeout: 60_000,
      ...more,
    }
  }

  protected async create(
    topic: string,
    partitions = 1,
    configs: { name: string; value: string }[] = [],
  ): Promise<string> {
    await this.admin.createTopics({ topics: [topic], partitions, replicas: 1, configs })
    return topic
  }

  protected producer(more: Partial<ProducerOptions<string, string, string, string>> = {}): TextProducer {
    const options = { ...this.common(), serializers: stringSerializers, acks: ProduceAcks.ALL, ...more }
    const producer = new Producer<string, string, string, string>(options)
    this.opened(() => producer.close(true))
    return producer
  }

  protected async ends(
    topic: string,
    isolationLevel: 0 | 1 = 0,
    timestamp: bigint = ListOffsetTimestamps.LATEST,
    partitions = 1,
  ) {
    const all = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }))
    const [found] = await this.admin.listOffsets({ topics: [{ name: topic, partitions: all }], isolationLevel })
    return found?.partitions.map((each) => Number(each.offset)) as number[]
  }

  /** `count` records from the beginning, and what comes in the same moment. */
  protected async read(topic: string, count: number, isolationLevel = 1): Promise<Text[]> {
    const groupId = `reader-of-${topic}-${isolationLevel}`
    const consumer = new Consumer({ ...this.common(), groupId, deserializers: stringDeserializers })
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
      maxWaitTime: 20,
      isolationLevel,
    })
    const rows: Text[] = []
    for await (const message of stream) {
      rows.push(message as Text)
      if (rows.length >= count) break
    }
    await stream.close()
    await consumer.close(true)
    return rows
  }

  protected async values(topic: string, count: number): Promise<(string | undefined)[]> {
    return (await this.read(topic, count)).map((each) => each.value)
  }
}
