/** kafkajs as the cases of the matrix use it. */
import { CompressionCodecs, CompressionTypes, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import { compress, decompress } from '../../../proto/kafka/records/codecs.ts'
import type { CodecName } from '../../../proto/kafka/records/index.ts'
import { brokerUsers } from './broker.ts'

// This client takes the codecs that it lacks from others.
for (const [type, codec] of [
  [CompressionTypes.Snappy, 'snappy'],
  [CompressionTypes.LZ4, 'lz4'],
  [CompressionTypes.ZSTD, 'zstd'],
] as const satisfies readonly (readonly [CompressionTypes, CodecName])[]) {
  CompressionCodecs[type] = () => ({
    compress: async (encoder: { buffer: Buffer }) => compress(codec, encoder.buffer),
    decompress: async (buffer: Buffer) => decompress(codec, buffer),
  })
}

/** Kafka's error code of what fails; 0 when it does not. */
export async function codeOf(action: () => Promise<unknown>): Promise<number> {
  try {
    await action()
    return 0
  } catch (error) {
    return code(error)
  }
}

interface Nested {
  readonly code?: unknown
  readonly cause?: unknown
  readonly originalError?: unknown
  readonly errors?: readonly unknown[]
  readonly partitions?: readonly { readonly error?: unknown }[]
  readonly groups?: readonly { readonly error?: unknown }[]
}

/** This client puts errors of parts into lists, and what it gave up on into another error. */
function code(error: unknown): number {
  const { code: own, cause, originalError, errors, partitions, groups } = error as Nested
  if (typeof own === 'number') return own
  const inner = errors?.[0] ?? partitions?.[0]?.error ?? groups?.[0]?.error ?? cause ?? originalError
  if (inner === undefined) throw error
  return code(inner)
}

export function kafkaOf(config: KafkaConfig): Kafka {
  const retry = { retries: 4, initialRetryTime: 30, maxRetryTime: 300 }
  return new Kafka({ logLevel: logLevel.NOTHING, retry, ...config })
}

export function loginOf(
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
  password: string = brokerUsers.alice,
): SASLOptions {
  return { mechanism, username: 'alice', password } as SASLOptions
}

export async function canLogin(config: KafkaConfig): Promise<boolean> {
  const admin = kafkaOf({ ...config, retry: { retries: 0 } }).admin()
  try {
    await admin.connect()
    await admin.listTopics()
    return true
  } catch {
    return false
  } finally {
    await admin.disconnect()
  }
}
