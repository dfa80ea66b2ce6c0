/** What a job imports as `source` and `sink`. */
import { collect } from './collect/sink.ts'
import { discard } from './discard/sink.ts'
import { files as filesSink } from './files/sink.ts'
import { files as filesSource } from './files/source.ts'
import { generator } from './generator/source.ts'
import { kafka as kafkaSink } from './kafka/sink.ts'
import { kafka as kafkaSource } from './kafka/source.ts'
import { print } from './print/sink.ts'
import { values } from './values/source.ts'

export type { FilesSinkOptions } from './files/sink.ts'
export type { FilesSourceOptions } from './files/source.ts'
export type { ColumnGenerator, EmitSide, RowGenerator } from './generator/source.ts'
export type { KafkaConnection } from './kafka/options.ts'
export type { RecordOptions } from './kafka/outgoing-records.ts'
export type { KafkaEnd, KafkaOffsets, KafkaStart } from './kafka/positions.ts'
export type { KafkaFormat, KafkaHeader, KafkaMetadata, KafkaRecord } from './kafka/records.ts'
export type { KafkaSinkOptions } from './kafka/sink.ts'
export type {
  KafkaBytesSource,
  KafkaFormatSource,
  KafkaJsonSource,
  KafkaTextSource,
  WithMetadata,
} from './kafka/source.ts'
export type { PrintOptions } from './print/sink.ts'

/** Where records come from. */
export const source = { generator, values, files: filesSource, kafka: kafkaSource } as const

/** Where records go. */
export const sink = { files: filesSink, kafka: kafkaSink, print, discard, collect } as const
