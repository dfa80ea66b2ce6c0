/** The key hash is a format for ever: these numbers may be added to, never changed. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hashValue } from '../../../../core/columns/hash.ts'
import { decodeValue } from '../../../../core/columns/value-codec.ts'
import { rangeOf, rangeStart, subtaskOf } from '../../../../proto/jobgraph/key-range.ts'

const golden = JSON.parse(readFileSync(new URL('../../../golden/key-hash.json', import.meta.url), 'utf8')) as {
  value: string
  bytes: string
  hash: string
  range: number
}[]

test('hashes every golden value as ever', () => {
  expect(golden.length).toBeGreaterThan(30)
  for (const { value, bytes, hash, range } of golden) {
    const actual = hashValue(decodeValue(Buffer.from(bytes, 'hex')))
    expect([value, (actual >>> 0).toString(16).padStart(8, '0'), rangeOf(actual)]).toEqual([value, hash, range])
  }
})

test('all number kinds of one value hash alike', () => {
  expect(hashValue(-0)).toBe(hashValue(0))
  expect(hashValue(Number.NaN)).toBe(hashValue(0 / 0))
  expect(hashValue({ a: 1, b: 'x' })).toBe(hashValue({ b: 'x', a: 1 }))
  expect(hashValue([1, 2])).not.toBe(hashValue([2, 1]))
})

test('each range belongs to exactly one subtask, in contiguous runs', () => {
  for (const parallelism of [1, 2, 3, 7, 64, 1000, 65536]) {
    for (let subtask = 0; subtask < parallelism; subtask += Math.max(1, parallelism >> 5)) {
      const start = rangeStart(subtask, parallelism)
      expect(subtaskOf(start << 16, parallelism)).toBe(subtask)
      expect(subtaskOf((rangeStart(subtask + 1, parallelism) - 1) << 16, parallelism)).toBe(subtask)
    }
    expect(rangeStart(parallelism, parallelism)).toBe(65536)
  }
})

test('spreads small whole numbers and short strings evenly', () => {
  for (const make of [(i: number) => i, (i: number) => `key-${i}`, (i: number) => i * 1000 + 0.5]) {
    const counts = new Int32Array(16)
    for (let i = 0; i < 16000; i++) counts[subtaskOf(hashValue(make(i)), 16)]++
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(Math.max(...counts)).toBeLessThan(1150)
  }
})
