/** Columns at the edges: long lists, the upper half of a 4 GB arena, a machine without WebAssembly SIMD. */
import { expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import { type GatherSource, gather } from '../../../../core/columns/gather.ts'
import { readRows } from '../../../../core/columns/rows.ts'
import { createTwin } from '../../../../core/kernels/twin.ts'

const rows = Array.from({ length: 40 }, (_, i) => ({
  list: Array.from({ length: 1000 + i }, (_, j) => `x${j}`),
  i,
  s: i % 2 === 0 ? null : `é${i}`,
}))

function reversed(arena: Arena): void {
  for (let from = 0; from < rows.length; ) {
    const made = encodeRows(arena, 1, undefined, rows, from, rows.length)
    if (made === undefined) throw new Error('no free segment')
    const { batch, consumed } = made
    expect(readRows(batch)).toStrictEqual(rows.slice(from, from + consumed))
    const selection = Int32Array.from({ length: consumed }, (_, i) => consumed - 1 - i)
    for (let at = 0; at < consumed; ) {
      const rest: GatherSource = { batch, selection: selection.subarray(at), count: consumed - at }
      const out = gather(arena, 1, [rest], undefined)
      if (out === undefined) throw new Error('no free segment')
      expect(readRows(out.batch)).toStrictEqual(
        [...selection.subarray(at, at + out.consumed)].map((row) => rows[from + row]),
      )
      out.batch.release()
      at += out.consumed
    }
    batch.release()
    from += consumed
  }
}

test('gathers lists of more items than the scratch memory holds row numbers', () => {
  reversed(Arena.create({ bytes: 64 * 1024 * 1024, owner: 1 }))
})

test('works with the TypeScript twin of the kernels', () => {
  const arena = Arena.create({ bytes: 64 * 1024 * 1024, owner: 1 })
  Object.assign(arena, { kernels: createTwin(arena.memory) })
  reversed(arena)
})

test('works at addresses above 2 GB', () => {
  const arena = Arena.create({ bytes: 3.9 * 2 ** 30, owner: 1 })
  const held: number[] = []
  for (let segment = arena.allocate(1); segment >= 0; segment = arena.allocate(1)) held.push(segment)
  for (const segment of held.splice(-4)) {
    expect(arena.address(segment)).toBeGreaterThan(2 ** 31)
    arena.release(segment)
  }
  reversed(arena)
})
