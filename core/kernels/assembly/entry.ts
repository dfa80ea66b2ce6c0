// Where the entries of a key table lie.

const CHUNK_SHIFT: u32 = 12
const CHUNK_MASK: u32 = 4095

// @ts-ignore: decorator
@inline
export function entryOf(chunks: usize, stride: u32, id: u32): usize {
  return <usize>load<u32>(chunks + (<usize>(id >>> CHUNK_SHIFT) << 2)) + <usize>((id & CHUNK_MASK) * stride)
}
