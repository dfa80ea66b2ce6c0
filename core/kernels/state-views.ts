/** Memory as the kernels' twins in TypeScript see it, and where an entry of a table is in it. */
import { stateTable } from './state-signature.ts'

export interface StateViews {
  readonly u8: Uint8Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
}

/** Byte address of entry `id` of the table whose control block is at `table`. */
export function tableEntry(u32: Uint32Array, table: number, id: number): number {
  const at = table >>> 2
  return u32[(u32[at + stateTable.chunks] >>> 2) + (id >>> 12)] + (id & 4095) * u32[at + stateTable.stride]
}
