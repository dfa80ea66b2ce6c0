/**
 * Lists in chunks: what is added goes into the last one until that is full, so that adding costs the same however long the list
 * is, and snapshots hear of the last chunks only. Each chunk is an entry of runs, named by its number; the first has no
 * namespace, so that a short list is one entry like any value.
 *
 * Elements of a state with a lifetime have the times of their writes. Both backends cut lists at the same places.
 * Pure but for the clock of the lifetime; encoded bytes are lent until the next call.
 */
import { stateErrors } from './errors.ts'
import { asBuffer } from './keys.ts'
import { sizeOfValue } from './sizes.ts'
import { decodeStateValue, encodeStateValue, hasElementTimes, type Lifetime, timesFlag } from './values.ts'

export interface Elements {
  readonly values: unknown[]
  /** Of the writes of the elements, epoch ms, where they expire. */
  readonly times: number[] | undefined
}

export interface ListChunk extends Elements {
  /** About what it takes in memory. */
  bytes: number
}

const elementsMax = 64
const bytesMax = 2048
const numberBytes = 4
const first = new Uint8Array(0)

export const newChunk = (lifetime: Lifetime): ListChunk => ({
  values: [],
  times: lifetime.limited ? [] : undefined,
  bytes: 0,
})

/** The next element begins another chunk. */
export const isFull = ({ values, bytes }: ListChunk): boolean => values.length >= elementsMax || bytes >= bytesMax

/** Returns by how many bytes it has grown. */
export function append(chunk: ListChunk, value: unknown, lifetime: Lifetime): number {
  const bytes = sizeOfValue(value)
  chunk.values.push(value)
  chunk.times?.push(lifetime.stamp())
  chunk.bytes += bytes
  return bytes
}

/** Whether nothing of it is left. */
export const isOver = ({ times }: ListChunk, lifetime: Lifetime): boolean =>
  times?.every((time) => lifetime.expired(time)) ?? false

/** Adds the elements that have not expired to `all`. */
export function collect({ values, times }: ListChunk, lifetime: Lifetime, all: unknown[]): void {
  for (let i = 0; i < values.length; i++) if (times === undefined || !lifetime.expired(times[i])) all.push(values[i])
}

/** As in a run; undefined: everything in it has expired. */
export function encodeChunk(chunk: ListChunk, lifetime: Lifetime): Uint8Array | undefined {
  const { values, times } = living(chunk, lifetime)
  return values.length === 0 ? undefined : encodeElements(values, times)
}

/** What a run has of a chunk, without what has expired. What was written without a time lives from the restore on. Throws STATE_MALFORMED. */
export function decodeChunk(bytes: Uint8Array, state: string, lifetime: Lifetime): ListChunk {
  const read = decodeElements(bytes, state)
  const times = lifetime.limited ? (read.times ?? read.values.map(() => lifetime.restoredMs)) : undefined
  const left = living({ values: read.values, times }, lifetime)
  return { ...left, bytes: left.values.reduce<number>((sum, value) => sum + sizeOfValue(value), 0) }
}

function living(elements: Elements, lifetime: Lifetime): Elements {
  const { values, times } = elements
  if (times === undefined || !times.some((time) => lifetime.expired(time))) return elements
  const lives = (_: unknown, i: number): boolean => !lifetime.expired(times[i])
  return { values: values.filter(lives), times: times.filter(lives) }
}

export function encodeElements(values: readonly unknown[], times: readonly number[] | undefined): Uint8Array {
  if (times === undefined) return encodeStateValue(values, Number.NaN)
  return encodeStateValue([times, values], Math.max(...times), timesFlag)
}

/** Throws STATE_MALFORMED. */
export function decodeElements(bytes: Uint8Array, state: string): Elements {
  const { value, writtenMs } = decodeStateValue(bytes, state)
  if (hasElementTimes(bytes)) {
    const [times, values] = Array.isArray(value) ? (value as [unknown, unknown]) : []
    if (!Array.isArray(times) || !Array.isArray(values) || times.length !== values.length) throw malformed(state)
    return { values, times: times as number[] }
  }
  if (!Array.isArray(value)) throw malformed(state)
  // Lists of older snapshots had one time for all.
  return { values: value, times: Number.isNaN(writtenMs) ? undefined : value.map(() => writtenMs) }
}

const malformed = (state: string): Error =>
  stateErrors.create('MALFORMED', { state, reason: 'a piece of a list is none' })

/** Namespace of a chunk in runs. */
export function chunkNamespace(index: number): Uint8Array {
  if (index === 0) return first
  const namespace = Buffer.allocUnsafe(numberBytes)
  namespace.writeUInt32BE(index)
  return namespace
}

/** Number of a chunk of a run. Throws STATE_MALFORMED. */
export function chunkIndex(namespace: Uint8Array, state: string): number {
  if (namespace.length === 0) return 0
  if (namespace.length !== numberBytes) throw malformed(state)
  return asBuffer(namespace).readUInt32BE(0)
}
