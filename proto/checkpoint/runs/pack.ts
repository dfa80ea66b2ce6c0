/**
 * Packed blocks: entries of a sorted run without what the one before them says already (layout: run-format.ts). About as small as
 * zstd makes numbers, at a fifth of its time, and nothing is allocated but the result.
 *
 * Promises: what comes out of a packed block is as long as was asked for, or it is refused; nothing outside of the bytes given is
 * read. One thread; all of it that packs shares one memory.
 */
import { assert } from '../../../core/assert.ts'
import { instantiateKernels } from '../../../core/kernels/kernels.ts'
import { type PackKernels, packSlack, packTableBytes, writePackTables } from '../../../core/kernels/pack-signature.ts'
import { createPackTwin } from '../../../core/kernels/pack-twin.ts'
import { packedRawMax } from './run-format.ts'

const pageBytes = 65536
/** The kernels leave the first page alone. */
const tables = pageBytes
const input = tables + packTableBytes
const output = input + packedRawMax + packSlack
const endOfAll = output + packedRawMax + packSlack

export class Packer {
  readonly #kernels: PackKernels
  readonly #u8: Uint8Array

  /** `twin`: run the kernels' TypeScript twin, for tests. */
  constructor(twin = false) {
    const pages = Math.ceil(endOfAll / pageBytes)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    this.#u8 = new Uint8Array(memory.buffer)
    writePackTables(this.#u8, tables)
    const exports = twin ? undefined : instantiateKernels(memory)
    this.#kernels = exports === undefined ? createPackTwin({ u8: this.#u8 }) : (exports as unknown as PackKernels)
  }

  /** A block of whole entries, packed; undefined when it is too long, or would not become an eighth smaller. */
  pack(raw: Uint8Array): Buffer | undefined {
    if (raw.length > packedRawMax) return undefined
    this.#u8.set(raw, input)
    const limit = output + raw.length - (raw.length >>> 3)
    const end = this.#kernels.packEntries(input, input + raw.length, output, limit, tables)
    if (end === 0) return undefined
    const stored = Buffer.allocUnsafeSlow(end - output)
    stored.set(this.#u8.subarray(output, end))
    return stored
  }

  /** Fills `raw` with the entries of a packed block; throws when that is not what it holds. */
  unpack(stored: Uint8Array, raw: Uint8Array): void {
    assert(raw.length <= packedRawMax && stored.length <= raw.length, 'a packed block has a length that was checked')
    this.#u8.set(stored, input)
    const { length } = stored
    if (this.#kernels.unpackEntries(input, input + length, output, output + raw.length, tables) === 0)
      throw new Error('it is not packed entries of this length')
    raw.set(this.#u8.subarray(output, output + raw.length))
  }
}

let shared: Packer | undefined

/** That of this thread. */
export function threadPacker(): Packer {
  shared ??= new Packer()
  return shared
}
