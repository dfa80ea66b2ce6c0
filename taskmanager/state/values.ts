/**
 * The value of an entry in a run, for every kind of state but aggregates and timers: a flag byte (1: the time of the last
 * write follows as float64, epoch ms; 2: the same, and the value has times of its own), then the value codec. Part of the
 * snapshot format (proto/FORMATS.md).
 *
 * Results are lent until the next call.
 */
import { decodeValue, ValueWriter } from '../../core/columns/value-codec.ts'
import type { Clock } from '../../core/platform/clock.ts'
import { stateErrors } from './errors.ts'
import { asBuffer } from './keys.ts'

const withTime = 1
/** Of a piece of a list whose elements expire one by one (list-chunks.ts). */
export const timesFlag = 2
const writer = new ValueWriter()

/** Lifetime of a state's entries: counted from their last write, by the wall clock. */
export class Lifetime {
  readonly ttlMs: number
  /** When what is restored, and was written without a time, begins to live; NaN when entries do not expire. */
  readonly restoredMs: number
  readonly #clock: Clock

  constructor(ttlMs: number | undefined, clock: Clock) {
    this.ttlMs = ttlMs ?? Number.POSITIVE_INFINITY
    this.#clock = clock
    this.restoredMs = this.stamp()
  }

  get limited(): boolean {
    return this.ttlMs !== Number.POSITIVE_INFINITY
  }

  /** Time to remember for an entry that is written now; NaN when entries do not expire. */
  stamp(): number {
    return this.limited ? this.#clock.now() : Number.NaN
  }

  expired(writtenMs: number): boolean {
    return this.limited && this.#clock.now() - writtenMs >= this.ttlMs
  }
}

export function encodeStateValue(value: unknown, writtenMs: number, flag = withTime): Uint8Array {
  writer.end = 0
  if (Number.isNaN(writtenMs)) writer.buffer[0] = 0
  else {
    writer.buffer[0] = flag
    writer.buffer.writeDoubleLE(writtenMs, 1)
  }
  writer.end = Number.isNaN(writtenMs) ? 1 : 9
  writer.write(value)
  return writer.buffer.subarray(0, writer.end)
}

/** May be changed by whoever is given it. */
export const isMutable = (value: unknown): boolean => typeof value === 'object' && value !== null

export const hasElementTimes = (bytes: Uint8Array): boolean => bytes[0] === timesFlag

/** Whether a value, as in a run, has expired. */
export const expiredValue = (value: Buffer, lifetime: Lifetime): boolean =>
  lifetime.limited && value.length > 9 && value[0] !== 0 && lifetime.expired(value.readDoubleLE(1))

export interface DecodedValue {
  readonly value: unknown
  /** NaN when it was not kept. */
  readonly writtenMs: number
}

/** Time of the write of a restored entry, for who keeps it: that of its value, or the restore's. */
export const restoredTime = (writtenMs: number, lifetime: Lifetime): number =>
  lifetime.limited && !Number.isNaN(writtenMs) ? writtenMs : lifetime.restoredMs

/** Throws STATE_MALFORMED, COLUMNS_CORRUPT. */
export function decodeStateValue(bytes: Uint8Array, state: string): DecodedValue {
  const buffer = asBuffer(bytes)
  const timed = buffer[0] !== 0
  if (buffer.length < 2 || buffer[0] > timesFlag || (timed && buffer.length < 10)) {
    throw stateErrors.create('MALFORMED', { state, reason: 'a value is cut short' })
  }
  return { value: decodeValue(buffer, timed ? 9 : 1), writtenMs: timed ? buffer.readDoubleLE(1) : Number.NaN }
}
