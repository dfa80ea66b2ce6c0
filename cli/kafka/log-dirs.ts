/** What the logs of a cluster take on the disks of its brokers. */
import { expectNone } from '../../connectors/kafka/client/errors.ts'
import { formatSize } from '../../core/config/index.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { brokerCode, type Kafka } from './connect.ts'

export interface LogDirectory {
  readonly broker: number
  readonly path: string
  readonly bytes: number
  /** -1 when the broker does not tell. */
  readonly usableBytes: number
}

interface Answer {
  readonly directories: readonly LogDirectory[]
  /** Bytes by `partition topic`; of the largest where several brokers have one. */
  readonly sizes: ReadonlyMap<string, number>
}

export async function logDirectories({ cluster }: Kafka): Promise<Answer> {
  const directories: LogDirectory[] = []
  const sizes = new Map<string, number>()
  for (const broker of cluster.brokers.keys()) {
    const connection = await cluster.broker(broker)
    const { errorCode, results } = await connection.request('DescribeLogDirs', { topics: null })
    expectNone(errorCode, 'sizes of logs')
    for (const { logDir, topics, usableBytes } of results) {
      let bytes = 0
      for (const { name, partitions } of topics) {
        for (const { partitionIndex, partitionSize } of partitions) {
          bytes += partitionSize
          const key = `${partitionIndex} ${name}`
          sizes.set(key, Math.max(sizes.get(key) ?? 0, partitionSize))
        }
      }
      directories.push({ broker, path: logDir, bytes, usableBytes })
    }
  }
  return { directories, sizes }
}

/** Without those that nobody tells: what the user may not know, and logs of brokers that are away. */
export async function sizesByPartition(kafka: Kafka): Promise<ReadonlyMap<string, number>> {
  try {
    return (await logDirectories(kafka)).sizes
  } catch (error) {
    if (brokerCode(error) === kafkaError.CLUSTER_AUTHORIZATION_FAILED) return new Map()
    throw error
  }
}

/** -1 when unknown. */
export const knownSize = (bytes: number): string => (bytes < 0 ? '-' : formatSize(bytes))
