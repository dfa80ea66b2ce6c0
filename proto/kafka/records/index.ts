/** Batches of records, format 2: headers, checks, records in and out, control records, compression. */
export {
  attributeBits,
  type BatchHeader,
  type BatchProblem,
  batchAt,
  batchHeaderBytes,
  batchPrefixBytes,
  batchSizeAt,
  type CodecName,
  codecNames,
  patchAppendTime,
  patchBatch,
  readBatchHeader,
  readInt64,
  sealBatch,
  sequenceAfter,
  verifyBatch,
} from './batch.ts'
export { codecId, compress, decompress, openedBytesMax } from './codecs.ts'
export { buildControlBatch, type ControlKind, type ControlRecord, readControlRecord } from './control.ts'
export { BatchEncoder, type BatchOptions, buildBatch, encodeHeaders, type RecordInput } from './encoder.ts'
export { kafkaRecordErrors } from './errors.ts'
export { RecordTable } from './record-table.ts'
export { headersOf, type RecordHeader, type RecordLimits, type RecordView, readRecords, recordOf } from './records.ts'
