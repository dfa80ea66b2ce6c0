/** Int32 arguments of kernels: brought into the arena where they are not there yet. One thread at a time per address. */
import type { Arena } from '../arena/arena.ts'

/** Copies the first `rows` numbers to an address. */
export function putInts(arena: Arena, numbers: Int32Array, rows: number, to: number): void {
  arena.i32.set(numbers.length === rows ? numbers : numbers.subarray(0, rows), to >>> 2)
}

/** Address of the first `rows` numbers, copied to `to` unless they lie in the arena. */
export function stageInts(arena: Arena, to: number, numbers: Int32Array, rows: number): number {
  if (numbers.buffer === arena.memory.buffer) return numbers.byteOffset
  putInts(arena, numbers, rows, to)
  return to
}

/** Unlike that of the kernel it does not end at 2 GB. */
export function sumInts(numbers: Int32Array, count: number): number {
  let total = 0
  for (let i = 0; i < count; i++) total += numbers[i]
  return total
}
