import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  bytesOf,
  interruption,
  longestGapMs,
  readControl,
  readOutputs,
  recordsBetween,
  totalOf,
  writeControl,
} from '../../../bench/lib/state-control.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-bench-test-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const write = (subtask: number, startedMs: number, ...lines: readonly (readonly [number, number])[]): void =>
  writeFileSync(join(directory, `out-${subtask}-${startedMs}`), lines.map((line) => `${line.join(' ')}\n`).join(''))

test('an order differs from the one before it, also when it says the same', () => {
  writeControl(directory, { until: 5 })
  const first = readControl(directory)
  writeControl(directory, { until: 5 })
  expect(first).toMatchObject({ until: 5 })
  expect(readControl(directory).version).not.toBe(first.version)
})

test('records are counted over all writers, and a line that is half written is not read', () => {
  write(0, 100, [110, 5], [120, 9])
  write(1, 100, [115, 7])
  appendFileSync(join(directory, 'out-1-100'), '130 80')
  const outputs = readOutputs(directory)
  expect(totalOf(outputs)).toBe(16)
  expect(recordsBetween(outputs, 110, 119)).toBe(7)
  expect(recordsBetween(outputs, 0, 1000)).toBe(16)
  expect(recordsBetween(outputs, 121, 1000)).toBe(0)
})

test('an interruption lasts until as many writers as are asked for have put out something', () => {
  write(0, 100, [150, 5])
  write(1, 100, [190, 5])
  write(0, 210, [300, 1])
  expect(interruption(readOutputs(directory), 200, 2)).toBeUndefined()
  write(1, 210)
  expect(interruption(readOutputs(directory), 200, 2)).toBeUndefined()
  write(1, 210, [340, 1])
  expect(interruption(readOutputs(directory), 200, 2)).toEqual({ lastMs: 190, firstMs: 300, allMs: 340 })
})

test('the longest gap counts silence at both ends', () => {
  write(0, 100, [150, 5], [160, 6])
  write(1, 100, [155, 5])
  expect(longestGapMs(readOutputs(directory), 140, 165)).toBe(10)
  expect(longestGapMs(readOutputs(directory), 140, 300)).toBe(140)
})

test('bytes are those of files, also in directories below', () => {
  write(0, 100, [150, 5])
  expect(bytesOf(directory)).toBe(6)
  expect(bytesOf(join(directory, '..', directory.slice(directory.lastIndexOf('/') + 1)))).toBe(6)
})
