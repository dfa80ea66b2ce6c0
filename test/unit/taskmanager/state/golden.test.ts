/**
 * Entries of state as snapshots hold them: written as ever, and read as ever.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  backendOf,
  GoldenClock,
  type GoldenState,
  hashes,
  keys,
  makeGolden,
  restoredFrom,
  sessionsOf,
  windowsOf,
} from '../../../golden/state/contents.ts'

const goldenOf = (version: number): GoldenState =>
  JSON.parse(readFileSync(new URL(`../../../golden/state/state.v${version}.json`, import.meta.url), 'utf8'))

test('state entries of version 3 are written byte by byte as they always were', async () => {
  expect((await makeGolden()).entries).toEqual(goldenOf(3).entries)
})

test('state entries of version 3 have accumulators of int64', async () => {
  const backend = backendOf(restoredFrom(goldenOf(3).backend), new GoldenClock())
  await backend.open()
  const ids = backend.resolveRows({ keys, hashes }, keys.length).slice()
  const whole = [2n ** 63n - 1n, -(2n ** 53n) - 1n, 0n, 5n]
  expect([...ids].map((id) => backend.exact.get(id, 0))).toEqual(whole)
  expect([...ids].map((id) => backend.exact.get(id, 1))).toEqual(whole.with(2, null as never))
  expect([...ids].map((id) => backend.exact.get(id, 2))).toEqual([2 ** 63, -(2 ** 53), Number.NaN, 5])
})

describe.each([1, 2, 3])('state entries of version %i', (version) => {
  const golden = goldenOf(version)

  test('restore every kind of keyed state', async () => {
    const backend = backendOf(restoredFrom(golden.backend), new GoldenClock())
    await backend.open()
    const ids = backend.resolveRows({ keys, hashes }, keys.length).slice()
    expect([...ids].map((id) => backend.flat.get(id))).toEqual([undefined, 1.5, 2.5, 3.5])
    expect([...ids].map((id) => backend.timed.get(id))).toEqual([0, 1, 2, 3].map((n) => ({ n, text: 'ü' })))
    expect([...ids].map((id) => backend.list.get(id))).toEqual([[0], [1, 'more'], [2], [3]])
    expect([...ids].map((id) => new Map(backend.map.entries(id) as [unknown, unknown][]).size)).toEqual([1, 2, 2, 2])
    expect(backend.map.get(ids[1], 'm')).toEqual([1n])
    expect([...ids].map((id) => backend.running.get(id, 0))).toEqual([1, 1, 1, 1])
    expect([...ids].map((id) => backend.running.get(id, 1))).toEqual([1, 2, Number.NaN, -1])
    const fired: [unknown, number][] = []
    for (const domain of ['event', 'processing'] as const) {
      expect(backend.timer.advance(domain, 9000, 10, (id, at) => fired.push([backend.keyOf(id), at]))).toBe(false)
    }
    expect(fired).toEqual([
      ['k', 5001],
      [{ a: 'x', b: 2 }, 5002],
      [12.5, 5003],
      ['k', 7000],
    ])
  })

  test('restore windows and sessions', async () => {
    const windows = windowsOf(restoredFrom(golden.windows), new GoldenClock())
    await windows.open()
    expect(windows.panes()).toEqual([1000])
    const counts = new Map<unknown, number>()
    windows.fire(1000, 2000, (slice) => {
      for (let i = 0; i < slice.count; i++) counts.set(slice.key(i), slice.values[0].numbers[i])
      return true
    })
    expect(counts).toEqual(
      new Map([
        ['a', 1],
        ['Grüße', 2],
      ]),
    )
    const sessions = sessionsOf(restoredFrom(golden.sessions), new GoldenClock())
    await sessions.open()
    const spans: number[][] = []
    sessions.fire(9000, (slice) => {
      for (let i = 0; i < slice.count; i++)
        spans.push([
          slice.key(i) as number,
          slice.starts[i],
          slice.ends[i],
          slice.values[0].numbers[i],
          slice.values[2].numbers[i],
        ])
      return true
    })
    expect(spans).toEqual([
      [2, 200, 1900, 2, 2],
      [1, 3000, 4000, 1, 1],
    ])
  })
})
