/** DeleteRecords: the log starts later from now on. Bytes go with the segments that lie below as a whole. */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { DeleteRecordsResult } from '../partition-log.ts'
import { passes } from '../passing-failure.ts'
import type { SegmentedLog } from '../segmented-log.ts'
import { dropSegmentsBelow } from './retention.ts'

export async function deleteRecordsBefore(log: SegmentedLog, asked: number): Promise<DeleteRecordsResult> {
  const offset = asked === -1 ? log.highWatermark : asked
  if (!log.isOpen) {
    return { kind: 'refused', error: kafkaError.KAFKA_STORAGE_ERROR, message: 'the log takes no changes' }
  }
  if (offset < 0 || offset > log.highWatermark) {
    const message = `offset ${offset} lies above the high watermark ${log.highWatermark}`
    return { kind: 'refused', error: kafkaError.OFFSET_OUT_OF_RANGE, message }
  }
  if (offset > log.logStartOffset) {
    log.logStartOffset = offset
    log.epochsUnsaved = true
    log.epochs.truncateBelow(offset)
    log.notify()
    log.startUnsaved = true
  }
  if (log.startUnsaved) {
    try {
      await log.host.saveLogStarts()
      log.startUnsaved = false
    } catch (cause) {
      if (!passes(cause)) log.fail('checkpoint of the log start', cause)
      // It may be why there is no room. Without its first segments the log cannot start before.
      else dropSegmentsBelow(log, log.logStartOffset)
      return { kind: 'refused', error: kafkaError.KAFKA_STORAGE_ERROR, message: 'the new start could not be written' }
    }
    dropSegmentsBelow(log, log.logStartOffset)
  }
  return { kind: 'deleted', logStartOffset: log.logStartOffset }
}
