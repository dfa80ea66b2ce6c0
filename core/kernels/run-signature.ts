/**
 * The kernels of snapshots: entries of sorted runs (proto/checkpoint/runs/run-format.ts) out of the entries of a key table, and
 * collected entries into blocks in the order of a run. In WebAssembly or as the plain twin; both give the same bytes.
 *
 * Arguments are byte addresses, counts and numbers; nothing is checked. Up to `kernelSlack` bytes behind what is read are
 * read, and behind what is written are written.
 */

export const kernelSlack = 16

/** Words (4 bytes each) of the control block of `stateEncode`. */
export const encoding = {
  table: 0,
  /** The id to go on with; a multiple of 64 is a page that was not begun. */
  next: 1,
  /** Ids end below this, a multiple of 64 in the same chunk as `next`. */
  end: 2,
  /** Where the next entry goes, and where there is no more room. */
  out: 3,
  outEnd: 4,
  /** 1: what is gone gets a tombstone. */
  tombstones: 5,
  /** How keys lie in entries: one of `encodedKeys`. */
  keys: 6,
  /** Addresses of the states, and their number. */
  states: 7,
  stateCount: 8,
  namespace: 9,
  namespaceBytes: 10,
  /** Most bytes that an entry takes in all states, without its keys. */
  bytesMax: 11,
  /** Ids of keys that hold nothing and no snapshot has heard of; and of those that a snapshot has and this one says are gone. */
  idle: 12,
  idleCount: 13,
  gone: 14,
  goneCount: 15,
  /** Room in each of the lists. */
  listRoom: 16,
  /** Entries written. */
  entries: 17,
  /** Where the canonical bytes of the key of `next` stand, once `stateEncode` has asked for them; 0 bytes: nowhere. */
  key: 18,
  keyBytes: 19,
  /** The time by which values expire: a float64 in two words. */
  now: 20,
  /** Number of this snapshot, and of the last before it that counts or may count. */
  snapshot: 22,
  heardTo: 23,
  /** Room of the kernel's own. */
  prefix: 24,
} as const
export const encodingBytes = 160

/** Kinds of keys: float64; canonical bytes; WTF-8, of which the kernel encodes ASCII. */
export const encodedKeys = { numbers: 0, canonical: 1, strings: 2 } as const

/** Words of a state in a list of states. */
export const encodedState = {
  state: 0,
  /** Its bit in the presence word. */
  presence: 1,
  /** Address and number of its operations. */
  ops: 2,
  opCount: 3,
  /** Offset of the time of the last write in an entry; 0: it does not expire. Time to live as float64 in two words. */
  time: 4,
  ttl: 6,
} as const
export const encodedStateBytes = 32

/**
 * What a value is made of, in order; an operation is three words: kind, and two arguments. `literal`: address, bytes. `raw`: offset in
 * the entry, bytes. The others: offset; a float64, boolean as float64, int64 or date by the value codec.
 */
export const encodedOp = { literal: 0, raw: 1, number: 2, boolean: 3, int64: 4, date: 5 } as const
export const encodedOpBytes = 12

/** Why `stateEncode` returned: it is at the end; there is no room; it needs the canonical bytes of the key of `next`. */
export const encoded = { all: 0, full: 1, key: 2 } as const

/** Words of the control block of `runFill`. */
export const filling = {
  /** Where the next entry goes, and where the block has to end. */
  out: 0,
  outEnd: 1,
  /** Entries in the block. */
  entries: 2,
  /** Of the kernel's own. */
  scratch: 3,
} as const
export const fillingBytes = 64

export interface RunKernels {
  /**
   * Encodes the frozen entries of ids `next` to `end` - 1 and marks those that no snapshot has heard of with this one; pages that
   * were read are passed.
   */
  stateEncode(control: number): number
  /**
   * Deals entries that stand one after the other at `from` to `to` - 1 to `count` lanes by (hash - low) >>> shift. A lane is two
   * Uint32: where its next entry goes, which moves on, and where there is no more room. Returns the first for which there is
   * none, or `to`; 0 when one is in no lane.
   */
  runDeal(from: number, to: number, low: number, shift: number, count: number, lanes: number): number
  /**
   * Counts entries that stand one after the other at `from` to `to` - 1 by bucket, (hash - low) >>> shift, into Uint32. Returns how
   * many, or -1 when one is in none of the `buckets`.
   */
  runCount(from: number, to: number, low: number, shift: number, buckets: number, counts: number): number
  /** Puts hash and address of each, Uint32 both, to the place of its bucket, which moves on. `places`: numbers of pairs, Uint32. */
  runScatter(from: number, to: number, low: number, shift: number, places: number, pairs: number): void
  /**
   * Sorts pairs, of which only the lower `bits` bits of the hash differ, in the order of a run, those that say the same in
   * the order in which they are; of these all but the last lose their address. `scratch`: 8 bytes a pair and 4 KB.
   */
  runOrder(pairs: number, n: number, bits: number, scratch: number): void
  /**
   * Appends the entries of pairs `from` to n - 1 to a block, unless they have no address; tombstones too unless `base`. Returns
   * the first pair for which there is no room, or n.
   */
  runFill(pairs: number, from: number, n: number, base: number, control: number): number
}
