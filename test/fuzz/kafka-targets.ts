/** Decoders of the Kafka protocol: every message in every version, batches of records, compression. */
import fc from 'fast-check'
import { crc32c } from '../../core/bytes/index.ts'
import { KafkaReader } from '../../proto/kafka/reader.ts'
import {
  batchHeaderBytes,
  batchSizeAt,
  buildBatch,
  buildControlBatch,
  type CodecName,
  codecNames,
  compress,
  decompress,
  RecordTable,
  readBatchHeader,
  readControlRecord,
  readRecords,
  verifyBatch,
} from '../../proto/kafka/records/index.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'
import { allCodecs, messageOf } from '../support/kafka-messages.ts'
import type { FuzzTarget } from './harness.ts'

const codecs = await allCodecs()
const writer = new KafkaWriter()
const openedMax = 1 << 20

/** Two bytes say which message and which version follow, so that one target serves all of them. */
function messageSeeds(): Uint8Array[] {
  return codecs.flatMap((codec, index) => {
    const seeds: Uint8Array[] = []
    for (let version = codec.schema.versions.from; version <= codec.schema.versions.to; version++) {
      const [message] = fc.sample(messageOf(codec.schema, version), { numRuns: 1, seed: index })
      writer.beginBare()
      writer.int8(index)
      writer.int8(version)
      codec.write(writer, message, version)
      seeds.push(writer.finishOne())
    }
    return seeds
  })
}

const records = Array.from({ length: 12 }, (_, index) => ({
  key: index % 3 === 0 ? null : Buffer.from(`key-${index}`),
  value: index % 5 === 0 ? null : Buffer.from(`a value, ${index} times over `.repeat(index)),
  timestamp: 1_700_000_000_000 + index * 17,
  headers: index % 4 === 0 ? [{ key: 'h', value: Buffer.from('x') }] : [],
}))

function resealBatch(bytes: Uint8Array): Uint8Array {
  if (bytes.length < batchHeaderBytes) return bytes
  const batch = Buffer.from(bytes)
  batch.writeInt32BE(batch.length - 12, 8)
  batch[16] = 2
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

const table = new RecordTable()

export const kafkaTargets: readonly FuzzTarget[] = [
  {
    name: 'message of the Kafka protocol',
    codes: ['KAFKA_WIRE_'],
    seeds: messageSeeds,
    decode: (input) => {
      const codec = codecs[input.length < 2 ? 0 : input[0] % codecs.length]
      const { from, to } = codec.schema.versions
      const version = input.length < 2 ? from : from + (input[1] % (to - from + 1))
      return codec.read(new KafkaReader(Buffer.from(input), Math.min(2, input.length)), version)
    },
  },
  {
    name: 'batch of Kafka records',
    codes: ['KAFKA_RECORDS_'],
    seeds: () => [
      ...codecNames.map((codec) => buildBatch({ records, codec, producerId: 4, producerEpoch: 1, baseSequence: 0 })),
      buildControlBatch('commit', 4, 1, 2, 1_700_000_000_000),
    ],
    reseal: resealBatch,
    decode: (input) => {
      const batch = Buffer.from(input)
      const problem = verifyBatch(batch)
      batchSizeAt(batch, 0)
      const header = readBatchHeader(batch)
      readControlRecord(batch, header)
      table.read(batch, header, 0, openedMax)
      return [problem, readRecords(batch, header, { openedBytesMax: openedMax })]
    },
  },
  ...codecNames.slice(1).map(
    (codec: CodecName): FuzzTarget => ({
      name: `Kafka records compressed with ${codec}`,
      codes: ['KAFKA_RECORDS_'],
      codesMin: 1,
      seeds: () => [
        compress(codec, Buffer.from('some text that repeats, some text that repeats. '.repeat(30))),
        compress(codec, Buffer.alloc(200_000, 7)),
        compress(codec, Buffer.from(records.map((record) => record.value?.toString()).join())),
      ],
      decode: (input) => decompress(codec, Buffer.from(input), openedMax),
    }),
  ),
]
