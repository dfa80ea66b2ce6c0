/**
 * How entries lie in RocksDB. Keys begin with a letter for the kind of entry:
 *
 * - S: hash, state, length of the key, key, namespace. The entries of a state and key are neighbours. Value: the epoch of
 *   the last change, then the value as it stands in a run.
 * - T: state, domain, time, hash, key: timers in the order in which they fire. Value: the epoch.
 * - L: an epoch, then as S without the letter: what changed in that epoch and is not in the cache any more. Value: 1 and the
 *   value, or 0: gone.
 *
 * Windows have panes first, so that a pane is read in the order of its keys and dropped whole (`PaneKeys`):
 *
 * - S: start of the pane, hash, key. L: an epoch, then the same.
 *
 * Numbers are big-endian so that they sort. The directory is emptied at each start: the layout may change at will.
 * One thread; what `EntryKeys` gives is lent until the next call.
 */
export const letter = { entry: 0x53, timer: 0x54, log: 0x4c } as const

const headBytes = 11
export const epochBytes = 4

/** A key of S or L taken apart. */
export interface EntryParts {
  readonly hash: number
  readonly state: number
  readonly key: Buffer
  readonly namespace: Buffer
}

/** How keys of S and L are made and taken apart. */
export interface KeyLayout {
  entry(hash: number, state: number, key: Uint8Array, namespace: Uint8Array): Buffer
  log(epoch: number, hash: number, state: number, key: Uint8Array, namespace: Uint8Array): Buffer
  /** Of L. */
  parseLog(bytes: Buffer): EntryParts
}

export class EntryKeys implements KeyLayout {
  #buffer: Buffer = Buffer.allocUnsafeSlow(512)

  /** Of S. */
  entry(hash: number, state: number, key: Uint8Array, namespace: Uint8Array): Buffer {
    return this.#write(0, letter.entry, hash, state, key, namespace)
  }

  /** Of L. */
  log(epoch: number, hash: number, state: number, key: Uint8Array, namespace: Uint8Array): Buffer {
    return this.#write(epoch, letter.log, hash, state, key, namespace)
  }

  parseLog(bytes: Buffer): EntryParts {
    return parseEntryKey(bytes, true)
  }

  #write(epoch: number, kind: number, hash: number, state: number, key: Uint8Array, namespace: Uint8Array): Buffer {
    const before = kind === letter.log ? epochBytes : 0
    const bytes = headBytes + before + key.length + namespace.length
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes * 2)
    const buffer = this.#buffer
    buffer[0] = kind
    if (before > 0) writeU32(buffer, 1, epoch)
    const at = 1 + before
    writeU32(buffer, at, hash)
    buffer[at + 4] = state >>> 8
    buffer[at + 5] = state
    writeU32(buffer, at + 6, key.length)
    buffer.set(key, at + 10)
    buffer.set(namespace, at + 10 + key.length)
    return buffer.subarray(0, bytes)
  }
}

const paneBytes = 8

/** Keys of one state of windows; namespaces are starts of panes as float64, little-endian. */
export class PaneKeys implements KeyLayout {
  readonly #state: number
  readonly #namespace = Buffer.alloc(paneBytes)
  #buffer: Buffer = Buffer.allocUnsafeSlow(512)

  constructor(state: number) {
    this.#state = state
  }

  entry(hash: number, _: number, key: Uint8Array, namespace: Uint8Array): Buffer {
    return this.#write(-1, hash, key, startOf(namespace))
  }

  log(epoch: number, hash: number, _: number, key: Uint8Array, namespace: Uint8Array): Buffer {
    return this.#write(epoch, hash, key, startOf(namespace))
  }

  parseLog(bytes: Buffer): EntryParts {
    const at = 1 + epochBytes
    this.#namespace.writeDoubleLE(readSortable(bytes, at))
    const hash = readU32(bytes, at + paneBytes)
    return { hash, state: this.#state, key: bytes.subarray(at + paneBytes + 4), namespace: this.#namespace }
  }

  #write(epoch: number, hash: number, key: Uint8Array, start: number): Buffer {
    const before = panePrefix(this.#buffer, epoch, start)
    const bytes = before + 4 + key.length
    if (bytes > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(bytes * 2)
      panePrefix(this.#buffer, epoch, start)
    }
    writeU32(this.#buffer, before, hash)
    this.#buffer.set(key, before + 4)
    return this.#buffer.subarray(0, bytes)
  }
}

/** Bytes of a key of a pane before its hash. */
export const paneEntryHead = 1 + paneBytes

/** All keys of S of a pane begin with this; with an epoch, all keys of L. */
export function paneStart(start: number, epoch = -1): Buffer {
  const key = Buffer.alloc(1 + epochBytes + paneBytes)
  return key.subarray(0, panePrefix(key, epoch, start))
}

function panePrefix(buffer: Buffer, epoch: number, start: number): number {
  buffer[0] = epoch < 0 ? letter.entry : letter.log
  if (epoch >= 0) writeU32(buffer, 1, epoch)
  const at = epoch < 0 ? 1 : 1 + epochBytes
  writeSortable(buffer, at, start)
  return at + paneBytes
}

const startOf = (namespace: Uint8Array): number =>
  Buffer.from(namespace.buffer, namespace.byteOffset, paneBytes).readDoubleLE(0)

/** A key of S, or with `logged` of L, taken apart. */
export function parseEntryKey(bytes: Buffer, logged: boolean): EntryParts {
  const at = logged ? 1 + epochBytes : 1
  const end = at + 10 + readU32(bytes, at + 6)
  return {
    hash: readU32(bytes, at),
    state: (bytes[at + 4] << 8) | bytes[at + 5],
    key: bytes.subarray(at + 10, end),
    namespace: bytes.subarray(end),
  }
}

/** The first key of L with an epoch of at least this. */
export function logStart(epoch: number): Buffer {
  const key = Buffer.allocUnsafe(1 + epochBytes)
  key[0] = letter.log
  writeU32(key, 1, epoch)
  return key
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
