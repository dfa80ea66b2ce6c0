/** Batches and values of the codec of `any`: read as ever. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openBatch } from '../../../../core/columns/open.ts'
import { readRows } from '../../../../core/columns/rows.ts'
import { decodeValue, encodeValue } from '../../../../core/columns/value-codec.ts'
import { type GoldenFile, goldenBatches, goldenValues, place, smallArena } from '../../../golden/columns/contents.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/columns/columns.v1.json', import.meta.url), 'utf8'),
) as GoldenFile

test.each(goldenBatches.map((batch) => [batch.name, batch] as const))(
  'a batch of version 1 is read as ever: %s',
  (name, expected) => {
    const bytes = Buffer.from(golden.batches.find((each) => each.name === name)?.base64 ?? '', 'base64')
    const arena = smallArena()
    const batch = openBatch(arena, place(arena, bytes), expected.schema)
    expect(readRows(batch)).toStrictEqual(expected.rows)
    expect(batch.timestampArray()).toEqual(expected.timestamps && Float64Array.from(expected.timestamps))
    expect(batch.hashArray()).toEqual(expected.hashes && Int32Array.from(expected.hashes))
    batch.release()
  },
)

test('values are written and read as ever', () => {
  expect(golden.values).toHaveLength(goldenValues.length)
  golden.values.forEach(({ what, hex }, i) => {
    const value = decodeValue(Buffer.from(hex, 'hex'))
    expect(value, what).toStrictEqual(goldenValues[i])
    expect(Buffer.from(encodeValue(goldenValues[i])).toString('hex'), what).toBe(hex)
  })
})
