/**
 * Accumulators of declared aggregates as they stand in runs: read for people, and brought from float64 to int64 or back where
 * the type of their field has changed, or the snapshot is of a version that had float64 for all. Pure.
 *
 * Layout, in order: a float64; an average has a second one, the count; of int64, a sum is an int128, and a least or greatest
 * value an int64 and 1 when there is one (proto/FORMATS.md).
 */
import { noValueHigh, noValueLow } from '../../../core/kernels/state-signature.ts'
import type { PlannedAggregate } from '../../../proto/checkpoint/state-change.ts'
import { stateErrors } from '../errors.ts'
import { wrongLength } from './aggregates.ts'

const bytesOf = ({ fn, int64 }: PlannedAggregate): number => (int64 || fn === 'avg' ? 16 : 8)
const sizeOf = (aggregates: readonly PlannedAggregate[]): number =>
  aggregates.reduce((sum, each) => sum + bytesOf(each), 0)

/** Results by their names; null where there was no value yet. Throws STATE_MALFORMED. */
export function readAccumulators(
  aggregates: readonly PlannedAggregate[],
  bytes: Buffer,
  state: string,
): Record<string, unknown> {
  checkLength(aggregates, bytes, state)
  const result: Record<string, unknown> = {}
  let at = 0
  for (const aggregate of aggregates) {
    const value = aggregate.int64 ? int64At(aggregate, bytes, at) : numberAt(bytes, at)
    const isMean = aggregate.fn === 'avg'
    const count = isMean ? bytes.readDoubleLE(at + 8) : 1
    result[aggregate.as] = count === 0 ? null : isMean ? Number(value) / count : value
    at += bytesOf(aggregate)
  }
  return result
}

/** The same accumulators as those of today, which differ in `int64` only. Throws STATE_MALFORMED. */
export function convertAccumulators(
  was: readonly PlannedAggregate[],
  now: readonly PlannedAggregate[],
  bytes: Buffer,
  state: string,
): Buffer {
  checkLength(was, bytes, state)
  const made = Buffer.alloc(sizeOf(now))
  let from = 0
  let to = 0
  was.forEach((before, i) => {
    const after = now[i]
    if (before.int64 === after.int64) bytes.copy(made, to, from, from + bytesOf(before))
    else if (after.int64) writeInt64(made, to, after, wholeOf(numberAt(bytes, from), after, state))
    else writeNumber(made, to, int64At(before, bytes, from))
    from += bytesOf(before)
    to += bytesOf(after)
  })
  return made
}

function checkLength(aggregates: readonly PlannedAggregate[], bytes: Buffer, state: string): void {
  const expected = sizeOf(aggregates)
  if (bytes.length !== expected) throw wrongLength(state, bytes.length, expected)
}

function numberAt(bytes: Buffer, at: number): number | null {
  const none = bytes.readUInt32LE(at) === noValueLow && bytes.readUInt32LE(at + 4) === noValueHigh
  return none ? null : bytes.readDoubleLE(at)
}

function int64At({ fn }: PlannedAggregate, bytes: Buffer, at: number): bigint | null {
  const high = bytes.readBigInt64LE(at + 8)
  if (fn === 'sum') return (high << 64n) | bytes.readBigUInt64LE(at)
  return high === 0n ? null : bytes.readBigInt64LE(at)
}

function writeNumber(bytes: Buffer, at: number, value: bigint | null): void {
  if (value !== null) {
    bytes.writeDoubleLE(Number(value), at)
    return
  }
  bytes.writeUInt32LE(noValueLow, at)
  bytes.writeUInt32LE(noValueHigh, at + 4)
}

function writeInt64(bytes: Buffer, at: number, { fn }: PlannedAggregate, value: bigint | null): void {
  if (value === null) return
  bytes.writeBigInt64LE(BigInt.asIntN(64, value), at)
  bytes.writeBigInt64LE(fn === 'sum' ? value >> 64n : 1n, at + 8)
}

function wholeOf(value: number | null, { fn, field }: PlannedAggregate, state: string): bigint | null {
  if (value === null) return null
  if (Number.isInteger(value)) {
    const whole = BigInt(value)
    // A float64 next to the largest int64 is the one behind it.
    return fn === 'sum' ? whole : whole > int64Max ? int64Max : whole
  }
  const reason = `${fn}(${field ?? ''}) is int64 now, and an entry has ${value}`
  throw stateErrors.create('MALFORMED', { state, reason })
}

const int64Max = 2n ** 63n - 1n
