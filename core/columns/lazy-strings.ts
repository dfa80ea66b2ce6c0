/**
 * A column of strings that are copied when somebody first reads them: until then it is references into pools, as the
 * source gave them. Promises that its place in the batch's segment is reserved, so that reading never fails for want of
 * memory, and that what nobody reads (a column that is projected away, a sink that discards) is never copied.
 *
 * Its batch holds the pools (`RecordBatch.pools`), so it may be kept and read whatever becomes of the writer.
 *
 * Concurrency: belongs to the thread that wrote the batch. To read `data` or `offsets` is what writes it, so other threads
 * only see it written.
 */
import type { Arena } from '../arena/arena.ts'
import type { Column } from './batch.ts'
import type { Field } from './schema.ts'
import type { StringBuffers } from './strings.ts'

/** Where the strings come from: picked from a dictionary, or slices of a pool. Addresses. */
export type LazyStringsFrom =
  /** `buffers.offsets` holds the numbers of the strings. */
  | { readonly kind: 'picked'; readonly offsets: number; readonly bytes: number }
  /** `buffers.offsets` holds the starts. */
  | { readonly kind: 'slices'; readonly pool: number; readonly lengths: number }

export class LazyStrings implements Column {
  readonly field: Field
  readonly rowCount: number
  readonly dataBytes: number
  readonly flags: number
  readonly validity = 0
  readonly missing = 0
  readonly children: readonly Column[] = []
  /** The place of the strings, whether they are there yet or not. */
  readonly reserved: StringBuffers
  readonly #arena: Arena
  #from: LazyStringsFrom | undefined

  constructor(arena: Arena, field: Field, rowCount: number, reserved: StringBuffers, from: LazyStringsFrom) {
    this.field = field
    this.rowCount = rowCount
    this.dataBytes = reserved.dataBytes
    this.flags = reserved.flags
    this.reserved = reserved
    this.#arena = arena
    this.#from = from
  }

  get data(): number {
    if (this.#from !== undefined) this.write()
    return this.reserved.data
  }

  get offsets(): number {
    if (this.#from !== undefined) this.write()
    return this.reserved.offsets
  }

  /** The strings are in their place. */
  get written(): boolean {
    return this.#from === undefined
  }

  /** Copies the strings unless they have been. */
  write(): void {
    const from = this.#from
    if (from === undefined) return
    this.#from = undefined
    const { kernels } = this.#arena
    const { offsets, data } = this.reserved
    // The kernels read a row's reference before they write its offset in the same place.
    if (from.kind === 'picked')
      kernels.gatherStrings(from.offsets, from.bytes, offsets, this.rowCount, offsets, data, 0)
    else kernels.sliceStrings(from.pool, offsets, from.lengths, this.rowCount, offsets, data, 0)
  }

  /** Sum of the byte lengths of the selected strings. `scratch`: address of 4 bytes a row. */
  selectedBytes(selection: number, count: number, scratch: number): number {
    const from = this.#from
    const { kernels } = this.#arena
    const { offsets } = this.reserved
    if (selection === 0 && count === this.rowCount) return this.dataBytes
    if (from === undefined) return kernels.stringBytes(offsets, selection, count)
    kernels.gather4(from.kind === 'picked' ? offsets : from.lengths, selection, count, scratch)
    return from.kind === 'picked' ? kernels.stringBytes(from.offsets, scratch, count) : kernels.sum32(scratch, count)
  }

  /**
   * `gatherStrings` of the selected rows; strings that have not been copied yet are taken from where they come from, and
   * so are copied once. `scratch` as above.
   */
  gather(
    selection: number,
    count: number,
    scratch: number,
    dstOffsets: number,
    dstData: number,
    position: number,
  ): number {
    const from = this.#from
    const { kernels } = this.#arena
    const { offsets, data } = this.reserved
    if (from === undefined) return kernels.gatherStrings(offsets, data, selection, count, dstOffsets, dstData, position)
    kernels.gather4(offsets, selection, count, dstOffsets)
    if (from.kind === 'picked')
      return kernels.gatherStrings(from.offsets, from.bytes, dstOffsets, count, dstOffsets, dstData, position)
    kernels.gather4(from.lengths, selection, count, scratch)
    return kernels.sliceStrings(from.pool, dstOffsets, scratch, count, dstOffsets, dstData, position)
  }
}
