import { expect, test } from 'vitest'
import { percentile } from '../../../bench/broker/times.ts'

const before = new Map([
  [1, 10],
  [2, 20],
  [4, 20],
  [Infinity, 20],
])

test('a percentile is of the requests between two readings, straight between the bounds', () => {
  const after = new Map([
    [1, 60],
    [2, 110],
    [4, 120],
    [Infinity, 120],
  ])
  expect(percentile(before, after, 0.25)).toBe(0.5)
  expect(percentile(before, after, 0.5)).toBe(1)
  expect(percentile(before, after, 0.7)).toBe(1.5)
  expect(percentile(before, after, 0.95)).toBe(3)
})

test('what took longer than the last bound counts as that, and there is none of nothing', () => {
  expect(percentile(before, new Map([...before, [Infinity, 120]]), 0.99)).toBe(4)
  expect(percentile(before, before, 0.99)).toBeUndefined()
})
