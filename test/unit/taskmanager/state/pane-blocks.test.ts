/** Panes that are restored from whole blocks: what was dropped stays away, where it was dropped and nowhere else; blocks with many panes. */
import { afterAll, describe, expect, test } from 'vitest'
import type { WindowAggregate, WindowStore } from '../../../../taskmanager/state/api.ts'
import { createWindowStore } from '../../../../taskmanager/state/windows/window-store.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

const all = Array.from({ length: 300 }, (_, key) => key)

const declared: WindowAggregate = { kind: 'declared', aggregates: [{ as: 's', fn: 'sum', field: 'v' }] }
/** Works on its accumulator in place. */
const functions: WindowAggregate = {
  kind: 'functions',
  functions: {
    init: () => ({ sum: 0 }),
    add: (accumulator, record) => {
      ;(accumulator as { sum: number }).sum += (record as { v: number }).v
      return accumulator
    },
    merge: (a, b) => ({ sum: (a as { sum: number }).sum + (b as { sum: number }).sum }),
    emit: (accumulator) => accumulator,
  },
}

const storesOf = (aggregate: WindowAggregate): Subtasks<WindowStore> =>
  new Subtasks(directory.path, 'number', (options) =>
    createWindowStore({ ...options, name: 'w', aggregate, paneMs: 5, offsetMs: 0 }),
  )

/** A record of each key at this time. */
function add(subtasks: Subtasks<WindowStore>, keys: readonly number[], time: number, v: number): void {
  subtasks.stores.forEach((store, subtask) => {
    const own = keys.filter((key) => subtasks.subtaskOf(testHash(key)) === subtask)
    const rows = { keys: own, hashes: Int32Array.from(own, testHash), rows: own.map((key) => ({ v: v + key })) }
    const timestamps = new Float64Array(own.length).fill(time)
    store.addRows({ ...rows, timestamps }, own.length, Number.NEGATIVE_INFINITY, new Int32Array(own.length))
  })
}

/** Sums of the pane that begins there, by key. */
function pane(subtasks: Subtasks<WindowStore>, start: number): Map<number, number> {
  const sums = new Map<number, number>()
  for (const store of subtasks.stores) {
    store.fire(start, start + 5, ({ count, key, values, accumulators }) => {
      for (let i = 0; i < count; i++)
        sums.set(key(i) as number, values[0]?.numbers[i] ?? (accumulators[i] as { sum: number }).sum)
      return true
    })
  }
  return sums
}

const sums = (keys: readonly number[], v: number): Map<number, number> => new Map(keys.map((key) => [key, v + key]))
const sorted = (map: Map<number, number>): [number, number][] => [...map].sort(([a], [b]) => a - b)

describe.each([
  ['declared aggregates', declared],
  ['functions', functions],
])('panes of %s out of whole blocks', (_, aggregate) => {
  const make = (): Subtasks<WindowStore> => storesOf(aggregate)

  test('come back as they were, many in a block, with what newer runs say of them', async () => {
    const subtasks = make()
    await subtasks.start(2)
    for (let n = 0; n < 20; n++) add(subtasks, all, n * 5, 1000 * n)
    await subtasks.begin().end('complete')
    const some = all.filter((key) => key % 3 === 0)
    add(subtasks, some, 10, 0)
    add(subtasks, some, 200, 7)
    await subtasks.begin().end('complete')
    for (const parallelism of [3, 1]) {
      await subtasks.start(parallelism, parallelism === 1)
      for (let n = 0; n < 20; n++) {
        const expected = sums(all, 1000 * n)
        if (n === 2) for (const key of some) expected.set(key, 2000 + 2 * key)
        expect(sorted(pane(subtasks, n * 5))).toEqual(sorted(expected))
      }
      expect(sorted(pane(subtasks, 200))).toEqual(sorted(sums(some, 7)))
      await subtasks.begin().end('complete')
    }
  })

  test.each([0, 1])(
    'lack the keys of subtask %i, which had dropped them, and have those of the one that had not yet',
    async (dropping) => {
      const subtasks = make()
      await subtasks.start(2)
      add(subtasks, all, 0, 0)
      add(subtasks, all, 5, 0)
      await subtasks.begin().end('complete')
      subtasks.stores[dropping].dropBefore(5)
      await subtasks.begin().end('complete')
      const left = all.filter((key) => subtasks.subtaskOf(testHash(key)) !== dropping)
      for (const parallelism of [3, 1]) {
        await subtasks.start(parallelism)
        expect(sorted(pane(subtasks, 0))).toEqual(sorted(sums(left, 0)))
        expect(sorted(pane(subtasks, 5))).toEqual(sorted(sums(all, 0)))
      }
      await subtasks.start(1)
      // A key that went may come again.
      add(subtasks, all, 0, 1)
      const again = sorted(new Map(all.map((key) => [key, left.includes(key) ? 1 + 2 * key : 1 + key])))
      expect(sorted(pane(subtasks, 0))).toEqual(again)
      await subtasks.begin().end('complete')
      await subtasks.start(2)
      expect(sorted(pane(subtasks, 0))).toEqual(again)
    },
  )

  test('stay away when they are dropped before the first snapshot after the restore', async () => {
    const subtasks = make()
    await subtasks.start(1)
    add(subtasks, all, 0, 0)
    add(subtasks, all, 5, 0)
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    subtasks.stores[0].dropBefore(5)
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    expect(subtasks.stores[0].panes()).toEqual([5])
  })

  test('are in the first snapshot of a chain of its own, dropped ones are not', async () => {
    const subtasks = make()
    await subtasks.start(1)
    add(subtasks, all, 0, 0)
    add(subtasks, all, 5, 0)
    await subtasks.begin().end('complete')
    await subtasks.start(1, true)
    subtasks.stores[0].dropBefore(5)
    await subtasks.begin().end('complete')
    expect(subtasks.complete?.every(({ kind }) => kind === 'base')).toBe(true)
    await subtasks.start(1)
    expect(subtasks.stores[0].panes()).toEqual([5])
    expect(sorted(pane(subtasks, 5))).toEqual(sorted(sums(all, 0)))
  })
})
