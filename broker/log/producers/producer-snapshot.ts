/**
 * The producer state of a log at one offset, as a file `<offset>.snapshot`: version 1 of Kafka's layout (its last batch per producer),
 * and behind it, where Kafka's reader does not look, the rest of each window, so that a restart forgets no duplicate.
 *
 * Pure.
 */
import { crc32c } from '../../../core/bytes/crc32c.ts'
import { int64At, writeInt64At } from '../batch-fields.ts'
import { type ProducerEntry, ProducerStates, type WindowBatch } from './producer-state.ts'

const headBytes = 10
const entryBytes = 46
const windowMagic = 0x4d52_5031
const windowEntryBytes = 32

export function encodeProducerSnapshot(states: ProducerStates): Buffer {
  const entries = [...states.values()]
  const windowBytes = entries.reduce(
    (sum, entry) => sum + 2 + Math.max(0, entry.window.length - 1) * windowEntryBytes,
    4,
  )
  const bytes = Buffer.allocUnsafe(headBytes + entries.length * entryBytes + windowBytes)
  bytes.writeInt16BE(1, 0)
  bytes.writeInt32BE(entries.length, 6)
  let at = headBytes
  for (const entry of entries) {
    const last = entry.window[entry.window.length - 1]
    writeInt64At(bytes, entry.producerId, at)
    bytes.writeInt16BE(entry.epoch, at + 8)
    bytes.writeInt32BE(last === undefined ? -1 : last.lastSequence, at + 10)
    writeInt64At(bytes, last === undefined ? -1 : last.lastOffset, at + 14)
    bytes.writeInt32BE(last === undefined ? 0 : last.lastOffset - last.baseOffset, at + 22)
    writeInt64At(bytes, entry.lastTimestamp, at + 26)
    bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
    writeInt64At(bytes, entry.transactionStart, at + 38)
    at += entryBytes
  }
  at = bytes.writeUInt32BE(windowMagic, at)
  for (const entry of entries) {
    const older = entry.window.slice(0, -1)
    bytes[at++] = older.length
    bytes[at++] = entry.seenFromZero ? 1 : 0
    for (const batch of older) {
      bytes.writeInt32BE(batch.firstSequence, at)
      bytes.writeInt32BE(batch.lastSequence, at + 4)
      writeInt64At(bytes, batch.baseOffset, at + 8)
      writeInt64At(bytes, batch.lastOffset, at + 16)
      writeInt64At(bytes, batch.timestamp, at + 24)
      at += windowEntryBytes
    }
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(6)), 2)
  return bytes
}

/** Undefined when the bytes are damaged or of another version. A file without our part behind is read as well. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerStates | undefined {
  if (bytes.length < headBytes || bytes.readInt16BE(0) !== 1) return undefined
  if (bytes.readUInt32BE(2) !== crc32c(bytes.subarray(6))) return undefined
  const count = bytes.readInt32BE(6)
  const windowsAt = headBytes + count * entryBytes
  if (count < 0 || windowsAt > bytes.length) return undefined
  const windows = readWindows(bytes, windowsAt, count)
  const entries: ProducerEntry[] = []
  for (let i = 0, at = headBytes; i < count; i++, at += entryBytes) {
    const lastSequence = bytes.readInt32BE(at + 10)
    const lastOffset = int64At(bytes, at + 14)
    const delta = bytes.readInt32BE(at + 22)
    const timestamp = int64At(bytes, at + 26)
    const last: WindowBatch = {
      firstSequence: (lastSequence - delta + 0x8000_0000) % 0x8000_0000,
      lastSequence,
      baseOffset: lastOffset - delta,
      lastOffset,
      timestamp,
    }
    entries.push({
      producerId: int64At(bytes, at),
      epoch: bytes.readInt16BE(at + 8),
      coordinatorEpoch: bytes.readInt32BE(at + 34),
      lastTimestamp: timestamp,
      transactionStart: int64At(bytes, at + 38),
      seenFromZero: windows[i]?.seenFromZero ?? false,
      window: lastSequence < 0 ? [] : [...(windows[i]?.older ?? []), last],
    })
  }
  const states = new ProducerStates()
  for (const entry of entries.sort((a, b) => a.transactionStart - b.transactionStart)) states.restore(entry)
  return states
}

function readWindows(bytes: Buffer, from: number, count: number): { seenFromZero: boolean; older: WindowBatch[] }[] {
  if (from + 4 > bytes.length || bytes.readUInt32BE(from) !== windowMagic) return []
  const windows: { seenFromZero: boolean; older: WindowBatch[] }[] = []
  let at = from + 4
  for (let i = 0; i < count; i++) {
    const length = bytes[at]
    const seenFromZero = bytes[at + 1] === 1
    at += 2
    const older: WindowBatch[] = []
    for (let j = 0; j < length; j++, at += windowEntryBytes) {
      older.push({
        firstSequence: bytes.readInt32BE(at),
        lastSequence: bytes.readInt32BE(at + 4),
        baseOffset: int64At(bytes, at + 8),
        lastOffset: int64At(bytes, at + 16),
        timestamp: int64At(bytes, at + 24),
      })
    }
    windows.push({ seenFromZero, older })
  }
  return windows
}
