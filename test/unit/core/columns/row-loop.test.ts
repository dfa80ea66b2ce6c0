/** Loops over records with code in them: what the code sees, also when it throws half-way and goes on behind that. */
import { afterAll, expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import { RowLoop } from '../../../../core/columns/row-loop.ts'
import { readRows, rowReader } from '../../../../core/columns/rows.ts'

const arena = Arena.create({ bytes: 8 * 1024 * 1024 })
afterAll(() => expect(arena.usedBytes).toBe(0))

function withBatch(rows: readonly unknown[], use: (batch: Parameters<typeof readRows>[0]) => void): void {
  const encoded = encodeRows(arena, arena.owner, undefined, rows, 0, rows.length)
  if (encoded === undefined) throw new Error('no segment is free')
  use(encoded.batch)
  encoded.batch.release()
}

interface Target {
  seen: unknown[]
  at: number
}

const loop = new RowLoop<Target>(undefined, {
  bindings: {
    take: (seen: unknown[], record: { n: number }): void => {
      if (record.n % 4 === 3) throw new Error(`not ${record.n}`)
      seen.push(record)
    },
  },
  head: 'const { seen } = target',
  body: (record) => `take(seen, ${record})`,
  tail: 'target.at = i',
})

const rows = Array.from({ length: 40 }, (_, n) => ({ n, text: n % 5 === 0 ? `ünï𝄞${n}` : `${n}` }))

/** Runs behind every record that throws; in between `meanwhile`. */
function all(count: number, meanwhile: () => void): unknown[] {
  const target: Target = { seen: [], at: 0 }
  for (let from = 0; from < count; from = target.at + 1) {
    try {
      loop.run(from, count, target)
      break
    } catch {
      // What throws is left out: that is what is tried here.
      meanwhile()
    }
  }
  loop.done()
  return target.seen
}

test('goes on behind a record that throws, whoever read other batches meanwhile', () => {
  withBatch(rows, (batch) => {
    withBatch([{ text: 'ä' }, { text: 'öö' }, { text: 'ü' }], (other) => {
      loop.prepare(batch, undefined, rows.length)
      expect(all(rows.length, () => readRows(other))).toEqual(rows.filter(({ n }) => n % 4 !== 3))
    })
  })
})

test('runs over selected records, and over plain ones as they are', () => {
  const picked = rows.filter(({ n }) => n % 3 === 0)
  const wanted = picked.filter(({ n }) => n % 4 !== 3)
  withBatch(rows, (batch) => {
    loop.prepare(
      batch,
      Int32Array.from(picked, ({ n }) => n),
      picked.length,
    )
    expect(all(picked.length, () => undefined)).toEqual(wanted)
  })
  loop.prepareRows(picked)
  const got = all(picked.length, () => undefined)
  expect(got).toEqual(wanted)
  expect(got[0]).toBe(picked[0])
})

test('gives strings that look like nothing', () => {
  for (const text of ['\0', '', '\0\0']) {
    withBatch([{ text }], (batch) => {
      expect(readRows(batch)).toEqual([{ text }])
      const out: unknown[] = []
      rowReader(batch.schema, ['text'])(batch, out, Int32Array.of(0), 1)
      expect(out).toEqual([{ text }])
    })
  }
})
