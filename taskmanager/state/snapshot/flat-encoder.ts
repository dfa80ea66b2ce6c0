/**
 * Writes the frozen entries of a key table whose states are flat: a kernel encodes them, JavaScript copies what it made. Of one
 * snapshot and one table; whoever made it frees it. One thread.
 */
import { assert } from '../../../core/assert.ts'
import {
  encoded,
  encodedKeys,
  encodedOp,
  encodedOpBytes,
  encodedState,
  encodedStateBytes,
  encoding,
  encodingBytes,
  kernelSlack,
} from '../../../core/kernels/run-signature.ts'
import { entryStartBytesMax } from '../../../proto/checkpoint/runs/run.ts'
import type { KeyShape } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import type { StateMemory } from '../memory.ts'
import type { Lifetime } from '../values.ts'
import { entryKey, type FlatState, type FrozenWriter } from './flat-part.ts'
import type { SnapshotRun } from './snapshot-run.ts'

/** A piece of a value as it stands in a run: these bytes; bytes of the entry as they are; or what lies there by the value codec. */
export type ValuePiece =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array }
  | { readonly kind: 'raw'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'number' | 'boolean' | 'int64' | 'date'; readonly offset: number }

/** Where an entry has the time of the last write of a value that expires. */
export interface Expiry {
  readonly offset: number
  readonly lifetime: Lifetime
}

const outBytes = 64 * 1024
const listRoom = 1024
const scalarBytesMax = 9

const keyKinds = {
  number: encodedKeys.numbers,
  any: encodedKeys.canonical,
  string: encodedKeys.strings,
} as const satisfies Record<KeyShape['type'], number>

export class FlatEncoder implements FrozenWriter {
  /** Those of a chunk. */
  readonly idsPerStep = 4096
  readonly #table: KeyTable
  readonly #type: KeyShape['type']
  readonly #memory: StateMemory
  readonly #run: SnapshotRun
  readonly #clock: Lifetime | undefined
  readonly #blocks: { address: number; bytes: number }[] = []
  readonly #control: number
  readonly #idle: number
  readonly #gone: number
  #out: number
  #outBytes = outBytes

  constructor(
    table: KeyTable,
    type: KeyShape['type'],
    states: readonly FlatState[],
    namespace: Uint8Array,
    run: SnapshotRun,
  ) {
    this.#table = table
    this.#type = type
    this.#memory = table.memory
    this.#run = run
    this.#clock = states.find((state) => state.expiry !== undefined)?.expiry?.lifetime
    this.#control = this.#allocate(encodingBytes)
    this.#idle = this.#allocate(listRoom * 4)
    this.#gone = this.#allocate(listRoom * 4)
    this.#out = this.#allocate(outBytes)
    const list = this.#allocate(states.length * encodedStateBytes)
    let bytesMax = 0
    states.forEach((state, i) => {
      bytesMax += entryStartBytesMax + namespace.length + this.#state(list + i * encodedStateBytes, state)
    })
    this.#set(encoding.table, table.address)
    this.#set(encoding.snapshot, table.snapshot)
    this.#set(encoding.heardTo, table.heardTo)
    this.#set(encoding.tombstones, run.kind === 'delta' ? 1 : 0)
    this.#set(encoding.keys, keyKinds[type])
    this.#set(encoding.states, list)
    this.#set(encoding.stateCount, states.length)
    this.#set(encoding.namespace, this.#literal(namespace))
    this.#set(encoding.namespaceBytes, namespace.length)
    this.#set(encoding.bytesMax, bytesMax)
    this.#set(encoding.idle, this.#idle)
    this.#set(encoding.gone, this.#gone)
    this.#set(encoding.listRoom, listRoom)
    this.#set(encoding.keyBytes, 0)
  }

  write(from: number, to: number, gone: number[], idle: number[]): void {
    this.#set(encoding.next, from)
    this.#set(encoding.end, to)
    this.#memory.f64[(this.#control >>> 3) + encoding.now / 2] = this.#clock?.stamp() ?? 0
    for (;;) {
      this.#set(encoding.out, this.#out)
      this.#set(encoding.outEnd, this.#out + this.#outBytes - kernelSlack)
      this.#set(encoding.entries, 0)
      this.#set(encoding.idleCount, 0)
      this.#set(encoding.goneCount, 0)
      const why = this.#memory.kernels.stateEncode(this.#control)
      const entries = this.#get(encoding.entries)
      if (entries > 0) this.#run.putEncoded(this.#memory.u8.subarray(this.#out, this.#get(encoding.out)), entries)
      const ids = this.#take(this.#idle, encoding.idleCount, idle) + this.#take(this.#gone, encoding.goneCount, gone)
      if (why === encoded.all) return
      if (why === encoded.key) this.#giveKey()
      else if (entries + ids === 0) {
        // One entry that does not fit into all there is.
        this.#outBytes *= 2
        this.#out = this.#allocate(this.#outBytes)
      }
    }
  }

  free(): void {
    for (const { address, bytes } of this.#blocks) this.#memory.free(address, bytes)
    this.#blocks.length = 0
  }

  /** Canonical bytes of a key of which the kernel does not know them. */
  #giveKey(): void {
    const id = this.#get(encoding.next)
    const page = this.#table.frozenPage(id >>> 6)
    const key = entryKey(this.#table, this.#type, page + (id & 63) * this.#table.stride)
    this.#set(encoding.key, this.#literal(key))
    this.#set(encoding.keyBytes, key.length)
  }

  /** Writes a state to the list; returns the most bytes that a value takes. */
  #state(at: number, { state, presence, expiry, copied, pieces: made }: FlatState): number {
    assert(made !== undefined || copied !== undefined, 'a state says what its values are made of')
    const pieces: readonly ValuePiece[] = made ?? [{ kind: 'raw', ...(copied as NonNullable<typeof copied>) }]
    const ops = this.#allocate(pieces.length * encodedOpBytes)
    let bytesMax = 0
    pieces.forEach((piece, i) => {
      const literal = piece.kind === 'literal'
      const bytes = literal ? piece.bytes.length : piece.kind === 'raw' ? piece.bytes : scalarBytesMax
      const from = literal ? this.#literal(piece.bytes) : piece.offset
      this.#memory.u32.set([encodedOp[piece.kind], from, bytes], (ops + i * encodedOpBytes) >>> 2)
      bytesMax += bytes
    })
    const { u32, f64 } = this.#memory
    const word = at >>> 2
    u32[word + encodedState.state] = state
    u32[word + encodedState.presence] = presence
    u32[word + encodedState.ops] = ops
    u32[word + encodedState.opCount] = pieces.length
    u32[word + encodedState.time] = expiry?.offset ?? 0
    f64[(word + encodedState.ttl) / 2] = expiry?.lifetime.ttlMs ?? 0
    return bytesMax
  }

  #literal(bytes: Uint8Array): number {
    const address = this.#allocate(bytes.length + kernelSlack)
    this.#memory.u8.set(bytes, address)
    return address
  }

  #allocate(bytes: number): number {
    const address = this.#memory.allocate(bytes)
    this.#blocks.push({ address, bytes })
    return address
  }

  /** Ids of a list of the kernel's; returns how many. */
  #take(list: number, count: number, ids: number[]): number {
    const n = this.#get(count)
    for (let i = 0; i < n; i++) ids.push(this.#memory.u32[(list >>> 2) + i])
    return n
  }

  #get(word: number): number {
    return this.#memory.u32[(this.#control >>> 2) + word]
  }

  #set(word: number, value: number): void {
    this.#memory.u32[(this.#control >>> 2) + word] = value
  }
}
