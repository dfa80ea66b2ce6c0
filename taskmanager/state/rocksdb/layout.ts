/**
 * How entries lie in RocksDB. Keys begin with a letter for the kind of entry:
 *
 * - S: hash, state, length of the key, key, namespace. The entries of a state and key are neighbours. Value: the epoch of
 *   the last change, then the value as it stands in a run.
 * - T: state, domain, time, hash, key: timers in the order in which they fire. Value: the epoch.
 *
 * Windows have panes first, so that a pane is read in the order of its keys and dropped whole (`PaneKeys`):
 *
 * - S: start of the pane, hash, key.
 *
 * Numbers are big-endian so that they sort. The directory is emptied at each start: the layout may change at will.
 * One thread; what `EntryKeys` gives is lent until the next call.
 */
export const letter = { entry: 0x53, timer: 0x54 } as const

const headBytes = 11
export const epochBytes = 4

/** A key of S taken apart. */
export interface EntryParts {
  readonly hash: number
  readonly state: number
  readonly key: Buffer
  readonly namespace: Buffer
}

/** How keys of S are made, and taken apart. */
export interface KeyLayout {
  entry(hash: number, state: number, key: Uint8Array, namespace: Uint8Array): Buffer
  parse(at: Buffer): EntryParts
}

/** All of S is from here to there. */
export const entriesStart = Buffer.of(letter.entry)
export const entriesEnd = Buffer.of(letter.entry + 1)

export class EntryKeys implements KeyLayout {
  #buffer: Buffer = Buffer.allocUnsafeSlow(512)

  entry(hash: number, state: number, key: Uint8Array, namespace: Uint8Array): Buffer {
    const bytes = headBytes + key.length + namespace.length
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes * 2)
    const buffer = this.#buffer
    buffer[0] = letter.entry
    writeU32(buffer, 1, hash)
    buffer[5] = state >>> 8
    buffer[6] = state
    writeU32(buffer, 7, key.length)
    buffer.set(key, headBytes)
    buffer.set(namespace, headBytes + key.length)
    return buffer.subarray(0, bytes)
  }

  parse(at: Buffer): EntryParts {
    return parseEntryKey(at)
  }
}

const paneBytes = 8

/** Keys of one state of windows; namespaces are starts of panes as float64, little-endian. */
export class PaneKeys implements KeyLayout {
  readonly #state: number
  readonly #namespace = Buffer.alloc(paneBytes)
  #buffer: Buffer = Buffer.allocUnsafeSlow(512)

  /** `state`: number in runs. */
  constructor(state: number) {
    this.#state = state
  }

  entry(hash: number, _: number, key: Uint8Array, namespace: Uint8Array): Buffer {
    const bytes = paneEntryHead + 4 + key.length
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes * 2)
    const buffer = this.#buffer
    panePrefix(buffer, Buffer.from(namespace.buffer, namespace.byteOffset, paneBytes).readDoubleLE(0))
    writeU32(buffer, paneEntryHead, hash)
    buffer.set(key, paneEntryHead + 4)
    return buffer.subarray(0, bytes)
  }

  /** The namespace is lent until the next call. */
  parse(at: Buffer): EntryParts {
    this.#namespace.writeDoubleLE(readSortable(at, 1))
    const key = at.subarray(paneEntryHead + 4)
    return { hash: readU32(at, paneEntryHead), state: this.#state, key, namespace: this.#namespace }
  }
}
/** Bytes of a key of a pane before its hash. */
export const paneEntryHead = 1 + paneBytes

/** All keys of a pane begin with this. */
export function paneStart(start: number): Buffer {
  const key = Buffer.alloc(paneEntryHead)
  panePrefix(key, start)
  return key
}

function panePrefix(buffer: Buffer, start: number): void {
  buffer[0] = letter.entry
  writeSortable(buffer, 1, start)
}

/** A key of S taken apart. */
export function parseEntryKey(bytes: Buffer): EntryParts {
  const end = headBytes + readU32(bytes, 7)
  return {
    hash: readU32(bytes, 1),
    state: (bytes[5] << 8) | bytes[6],
    key: bytes.subarray(headBytes, end),
    namespace: bytes.subarray(end),
  }
}

/** All keys that begin with `prefix` are before this one. */
export function prefixEnd(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix)
  for (let at = end.length - 1; at >= 0; at--) {
    if (end[at] < 255) {
      end[at]++
      return end.subarray(0, at + 1)
    }
  }
  return Buffer.of(255, 255)
}

export function writeU32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24
  buffer[at + 1] = value >>> 16
  buffer[at + 2] = value >>> 8
  buffer[at + 3] = value
}

export function readU32(buffer: Uint8Array, at: number): number {
  return ((buffer[at] << 24) | (buffer[at + 1] << 16) | (buffer[at + 2] << 8) | buffer[at + 3]) >>> 0
}

const double = Buffer.alloc(8)

/** A number as eight bytes that sort as numbers do. */
export function writeSortable(buffer: Uint8Array, at: number, value: number): void {
  double.writeDoubleBE(value === 0 ? 0 : value)
  const flip = (double[0] & 128) === 0 ? 0 : 255
  for (let i = 0; i < 8; i++) buffer[at + i] = double[i] ^ flip
  if (flip === 0) buffer[at] |= 128
}

export function readSortable(buffer: Uint8Array, at: number): number {
  const positive = (buffer[at] & 128) !== 0
  for (let i = 0; i < 8; i++) double[i] = positive ? buffer[at + i] : buffer[at + i] ^ 255
  if (positive) double[0] &= 127
  return double.readDoubleBE(0)
}
