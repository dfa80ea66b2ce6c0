/**
 * Window and session stores against plain models, in memory and in RocksDB, through snapshots, aborts and restores at any
 * parallelism and from one to the other.
 */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { KeyShape, SessionSlice, WindowAggregate, WindowSlice } from '../../../../taskmanager/state/api.ts'
import { createSessionStore } from '../../../../taskmanager/state/sessions/session-store.ts'
import { createWindowStore } from '../../../../taskmanager/state/windows/window-store.ts'
import { cases } from '../../../support/nightly.ts'
import {
  checkpointDirectory,
  everyAggregate,
  inPlace,
  type Place,
  places,
  resultsAt,
  Subtasks,
  testHash,
} from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

const declared: WindowAggregate = { kind: 'declared', aggregates: everyAggregate }
/** Works on its accumulator in place, as users do. */
const functions: WindowAggregate = {
  kind: 'functions',
  functions: {
    init: () => [] as number[],
    add: (accumulator, record) => {
      ;(accumulator as number[]).push((record as { v: number }).v)
      return accumulator
    },
    merge: (a, b) => {
      ;(a as number[]).push(...(b as number[]))
      return a
    },
    emit: (accumulator) => accumulator,
  },
}

interface Row {
  readonly key: unknown
  readonly time: number
  readonly v: number
  readonly big: bigint
}

const keys: Record<KeyShape['type'], fc.Arbitrary<unknown>> = {
  number: fc.integer({ min: 0, max: 6 }),
  string: fc.constantFrom('', 'a', 'b', 'Grüße', 'x'.repeat(70)),
  any: fc.constantFrom('a', 1, null, { a: 1, b: 'x' }, [1, 2]),
}
/** Sums of these are no float64. */
const bigOf = (v: number): bigint => BigInt(v) * (2n ** 50n + 1n)
const row = (key: fc.Arbitrary<unknown>): fc.Arbitrary<Row> =>
  fc
    .record({ key, time: fc.integer({ min: -20, max: 60 }), v: fc.integer({ min: -5, max: 5 }) })
    .map((made) => ({ ...made, big: bigOf(made.v) }))

const common = [
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      how: fc.constantFrom('complete' as const, 'complete' as const, 'abort' as const, 'late-abort' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      parallelism: fc.integer({ min: 1, max: 3 }),
      rewrite: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
]

const text = (key: unknown, values: readonly number[]): string =>
  `${JSON.stringify(key)}:${[...values].sort((a, b) => a - b).join(',')}`
const summary = (key: unknown, values: readonly number[]): string => {
  const sum = values.reduce((a, b) => a + b, 0)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const numbers = [values.length, sum, least, most, sum / values.length]
  return `${JSON.stringify(key)}:${[...numbers, ...[sum, least, most].map(bigOf)].join(',')}`
}

function show(aggregate: WindowAggregate, slice: WindowSlice, i: number): string {
  if (aggregate.kind === 'functions') return text(slice.key(i), slice.accumulators[i] as number[])
  return `${JSON.stringify(slice.key(i))}:${resultsAt(slice, everyAggregate, i).join(',')}`
}
const wanted = (aggregate: WindowAggregate, key: unknown, values: readonly number[]): string =>
  aggregate.kind === 'functions' ? text(key, values) : summary(key, values)

async function windows(
  type: KeyShape['type'],
  aggregate: WindowAggregate,
  place: Place,
  commands: readonly unknown[],
): Promise<void> {
  const placed = inPlace(directory.path, place)
  const subtasks = new Subtasks(directory.path, type, (options) =>
    createWindowStore({ ...placed(options), name: 'w', aggregate, paneMs: 5, offsetMs: 1 }),
  )
  await subtasks.start(1)
  const paneOf = (time: number): number => Math.floor((time - 1) / 5) * 5 + 1
  let rows: Row[] = []
  let saved: Row[] = []
  let pending: { rows: Row[]; end: ReturnType<typeof subtasks.begin>['end'] } | undefined
  const fire = (start: number, end: number, per: number): void => {
    const byKey = new Map<string, { key: unknown; values: number[] }>()
    for (const { key, time, v } of rows) {
      if (paneOf(time) < start || paneOf(time) >= end) continue
      const entry = byKey.get(JSON.stringify(key)) ?? { key, values: [] }
      byKey.set(JSON.stringify(key), entry)
      entry.values.push(v)
    }
    const got: string[] = []
    for (const store of subtasks.stores) {
      let slices = 0
      const emit = (slice: WindowSlice): boolean => {
        for (let i = 0; i < slice.count; i++) {
          expect(slice.hashes[i]).toBe(testHash(slice.key(i)))
          if (slice.numbers !== undefined) expect(slice.numbers[i]).toBe(slice.key(i))
          got.push(show(aggregate, slice, i))
        }
        return ++slices % per !== 0
      }
      while (!store.fire(start, end, emit));
    }
    const entries = [...byKey.values()]
    expect(got.sort()).toEqual(entries.map(({ key, values }) => wanted(aggregate, key, values)).sort())
    for (const [subtask, store] of subtasks.stores.entries()) {
      const own = entries.filter(({ key }) => subtasks.subtaskOf(testHash(key)) === subtask)
      if (own.length === 0) continue
      store.fireRows(
        start,
        end,
        { keys: own.map(({ key }) => key), hashes: Int32Array.from(own, ({ key }) => testHash(key)) },
        own.length,
        (slice) => {
          expect(own.map((_, i) => show(aggregate, slice, i))).toEqual(
            own.map(({ key, values }) => wanted(aggregate, key, values)),
          )
        },
      )
    }
  }
  type Step =
    | { kind: 'rows'; rows: Row[]; min: number }
    | { kind: 'fire'; start: number; panes: number; per: number }
    | { kind: 'drop'; before: number }
    | { kind: 'begin' | 'turn' }
    | { kind: 'end'; how: 'complete' | 'abort' | 'late-abort' }
    | { kind: 'restart'; parallelism: number; rewrite: boolean }
  for (const step of commands as Step[]) {
    if (step.kind === 'rows') {
      for (const [subtask, store] of subtasks.stores.entries()) {
        const own = step.rows.filter(({ key }) => subtasks.subtaskOf(testHash(key)) === subtask)
        const late = new Int32Array(own.length)
        const source = {
          keys: own.map(({ key }) => key),
          hashes: Int32Array.from(own, ({ key }) => testHash(key)),
          rows: own,
          timestamps: Float64Array.from(own, ({ time }) => time),
        }
        const count = store.addRows(source, own.length, step.min, late)
        expect([...late.subarray(0, count)]).toEqual(own.flatMap(({ time }, i) => (time < step.min ? [i] : [])))
        rows.push(...own.filter(({ time }) => time >= step.min))
      }
    } else if (step.kind === 'fire') fire(step.start * 5 + 1, (step.start + step.panes) * 5 + 1, step.per)
    else if (step.kind === 'drop') {
      for (const store of subtasks.stores) store.dropBefore(step.before * 5 + 1)
      rows = rows.filter(({ time }) => paneOf(time) >= step.before * 5 + 1)
      const panes = new Set(subtasks.stores.flatMap((store) => store.panes()))
      for (const { time } of rows) expect(panes.has(paneOf(time))).toBe(true)
      for (const pane of panes) expect(pane).toBeGreaterThanOrEqual(step.before * 5 + 1)
    } else if (step.kind === 'begin' && pending === undefined) pending = { rows: [...rows], end: subtasks.begin().end }
    else if (step.kind === 'turn') await new Promise((resolve) => setImmediate(resolve))
    else if (step.kind === 'end' && pending !== undefined) {
      await pending.end(step.how)
      if (step.how === 'complete') saved = pending.rows
      pending = undefined
    } else if (step.kind === 'restart') {
      await pending?.end('abort')
      pending = undefined
      await subtasks.start(step.parallelism, step.rewrite)
      rows = [...saved]
    }
  }
  await pending?.end('complete')
  if (pending !== undefined) saved = pending.rows
  for (let start = -5; start < 14; start++) fire(start * 5 + 1, start * 5 + 6, 1)
  fire(-24, 66, 3)
  if (subtasks.complete === undefined) {
    for (const store of subtasks.stores) store.close()
    return
  }
  await subtasks.start(2)
  rows = saved
  for (let start = -5; start < 14; start++) fire(start * 5 + 1, start * 5 + 6, 1)
  for (const store of subtasks.stores) store.close()
}

describe.each(['number', 'string', 'any'] as const)('windows by %s keys', (type) => {
  test.each(
    places.flatMap((place) => [['declared', place, declared] as const, ['functions', place, functions] as const]),
  )('equal a plain model (%s aggregates, %s)', async (_, place, aggregate) => {
    const command = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('rows' as const),
          rows: fc.oneof(
            fc.array(row(keys[type]), { maxLength: 15 }),
            fc.array(row(keys[type]), { minLength: 20, maxLength: 60 }),
          ),
          min: fc.integer({ min: -25, max: 30 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('fire' as const),
          start: fc.integer({ min: -5, max: 12 }),
          panes: fc.integer({ min: 1, max: 6 }),
          per: fc.integer({ min: 1, max: 3 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('drop' as const), before: fc.integer({ min: -4, max: 12 }) }),
      },
      ...common,
    )
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), (commands) => windows(type, aggregate, place, commands)),
      { numRuns: cases(place === 'memory' ? 12 : 5) },
    )
  })
})

describe('panes', () => {
  const one = { keys: [1], hashes: Int32Array.of(testHash(1)), rows: [{ v: 7 }], timestamps: Float64Array.of(3) }
  const store = () =>
    new Subtasks(directory.path, 'number', (options) =>
      createWindowStore({ ...options, name: 'w', aggregate: declared, paneMs: 5, offsetMs: 0 }),
    )

  test('that were dropped do not come back with a snapshot taken after', async () => {
    const subtasks = store()
    await subtasks.start(1)
    subtasks.stores[0].addRows(one, 1, 0, new Int32Array(1))
    await subtasks.begin().end('complete')
    const [windows] = subtasks.stores
    windows.dropBefore(5)
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    expect(subtasks.stores[0].panes()).toEqual([])
  })

  test('that were dropped while a snapshot is written are in that snapshot', async () => {
    const subtasks = store()
    await subtasks.start(1)
    subtasks.stores[0].addRows(one, 1, 0, new Int32Array(1))
    const checkpoint = subtasks.begin()
    const [windows] = subtasks.stores
    windows.dropBefore(5)
    await checkpoint.end('complete')
    await subtasks.start(1)
    expect(subtasks.stores[0].panes()).toEqual([0])
  })

  test('that came back after they were dropped hold what was added since only', async () => {
    const subtasks = store()
    await subtasks.start(1)
    subtasks.stores[0].addRows(one, 1, 0, new Int32Array(1))
    await subtasks.begin().end('complete')
    const [windows] = subtasks.stores
    windows.dropBefore(5)
    const other = { ...one, keys: [2], hashes: Int32Array.of(testHash(2)) }
    subtasks.stores[0].addRows(other, 1, 0, new Int32Array(1))
    await subtasks.begin().end('complete')
    await subtasks.start(1)
    const keysOf: unknown[] = []
    subtasks.stores[0].fire(0, 5, (slice) => {
      for (let i = 0; i < slice.count; i++) keysOf.push(slice.key(i))
      return true
    })
    expect(keysOf).toEqual([2])
  })
})

const gapMs = 6

interface Session {
  key: unknown
  start: number
  end: number
  values: number[]
  fired: boolean
}

async function sessions(
  type: KeyShape['type'],
  aggregate: WindowAggregate,
  place: Place,
  keepMs: number,
  commands: readonly unknown[],
): Promise<void> {
  const placed = inPlace(directory.path, place)
  const subtasks = new Subtasks(directory.path, type, (options) =>
    createSessionStore({ ...placed(options), name: 's', aggregate, gapMs, keepMs }),
  )
  await subtasks.start(1)
  let open: Session[] = []
  let saved: Session[] = []
  let pending: { open: Session[]; end: ReturnType<typeof subtasks.begin>['end'] } | undefined
  const fire = (to: number, per: number): void => {
    const due = open.filter(({ end, fired }) => end <= to && !fired)
    open = open
      .filter(({ end }) => end + keepMs > to)
      .map((session) => ({ ...session, fired: session.fired || session.end <= to }))
    const got: string[] = []
    for (const store of subtasks.stores) {
      let slices = 0
      let last = Number.NEGATIVE_INFINITY
      const emit = (slice: SessionSlice): boolean => {
        for (let i = 0; i < slice.count; i++) {
          expect(slice.ends[i]).toBeGreaterThanOrEqual(last)
          last = slice.ends[i]
          expect(slice.hashes[i]).toBe(testHash(slice.key(i)))
          got.push(`${slice.starts[i]}-${slice.ends[i]} ${show(aggregate, slice, i)}`)
        }
        return ++slices % per !== 0
      }
      while (!store.fire(to, emit));
    }
    expect(got.sort()).toEqual(
      due.map(({ key, start, end, values }) => `${start}-${end} ${wanted(aggregate, key, values)}`).sort(),
    )
  }
  type Step =
    | { kind: 'rows'; rows: Row[]; min: number }
    | { kind: 'fire'; to: number; per: number }
    | { kind: 'begin' | 'turn' }
    | { kind: 'end'; how: 'complete' | 'abort' | 'late-abort' }
    | { kind: 'restart'; parallelism: number; rewrite: boolean }
  for (const step of commands as Step[]) {
    if (step.kind === 'rows') {
      for (const [subtask, store] of subtasks.stores.entries()) {
        const own = step.rows.filter(({ key }) => subtasks.subtaskOf(testHash(key)) === subtask)
        const late = new Int32Array(own.length)
        const source = {
          keys: own.map(({ key }) => key),
          hashes: Int32Array.from(own, ({ key }) => testHash(key)),
          rows: own,
          timestamps: Float64Array.from(own, ({ time }) => time),
        }
        const count = store.addRows(source, own.length, step.min, late)
        const expected: number[] = []
        own.forEach(({ key, time, v }, i) => {
          const same = (session: Session): boolean =>
            JSON.stringify(session.key) === JSON.stringify(key) && time <= session.end && time + gapMs >= session.start
          const joined = open.filter(same)
          const end = Math.max(time + gapMs, ...joined.map((session) => session.end))
          if (end <= step.min) {
            expected.push(i)
            return
          }
          open = open.filter((session) => !joined.includes(session))
          const start = Math.min(time, ...joined.map((session) => session.start))
          open.push({ key, start, end, values: [v, ...joined.flatMap((session) => session.values)], fired: false })
        })
        expect([...late.subarray(0, count)]).toEqual(expected)
      }
    } else if (step.kind === 'fire') fire(step.to, step.per)
    else if (step.kind === 'begin' && pending === undefined) pending = { open: [...open], end: subtasks.begin().end }
    else if (step.kind === 'turn') await new Promise((resolve) => setImmediate(resolve))
    else if (step.kind === 'end' && pending !== undefined) {
      await pending.end(step.how)
      if (step.how === 'complete') saved = pending.open
      pending = undefined
    } else if (step.kind === 'restart') {
      await pending?.end('abort')
      pending = undefined
      await subtasks.start(step.parallelism, step.rewrite)
      open = saved.map((session) => ({ ...session, fired: false }))
    }
  }
  await pending?.end('complete')
  if (pending !== undefined) saved = pending.open
  fire(1000, 1)
  if (subtasks.complete === undefined) {
    for (const store of subtasks.stores) store.close()
    return
  }
  await subtasks.start(2)
  open = saved.map((session) => ({ ...session, fired: false }))
  fire(1000, 2)
  for (const store of subtasks.stores) store.close()
}

describe.each(['number', 'string', 'any'] as const)('sessions by %s keys', (type) => {
  test.each(
    places.flatMap((place) => [['declared', place, declared] as const, ['functions', place, functions] as const]),
  )('equal a plain model (%s aggregates, %s)', async (_, place, aggregate) => {
    const command = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('rows' as const),
          rows: fc.array(row(keys[type]), { maxLength: 12 }),
          min: fc.integer({ min: -25, max: 20 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('fire' as const),
          to: fc.integer({ min: -20, max: 70 }),
          per: fc.integer({ min: 1, max: 3 }),
        }),
      },
      ...common,
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 9, 200), fc.array(command, { maxLength: 30 }), (keepMs, commands) =>
        sessions(type, aggregate, place, keepMs, commands),
      ),
      { numRuns: cases(place === 'memory' ? 15 : 6) },
    )
  })
})
