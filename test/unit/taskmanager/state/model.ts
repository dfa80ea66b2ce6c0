/**
 * Keyed state beside a plain model: random writes, snapshots that complete, fail or are overtaken by writes, and restores at
 * any parallelism, for whichever backends it is given.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { KeyedStateBackend, KeyShape, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { everyAggregate, Subtasks, testHash } from './support.ts'

/** Makes the backend of a subtask of the nth start. */
export type MakeBackend = (options: StateBackendOptions, start: number) => KeyedStateBackend

/** Sums of these are no float64. */
const bigOf = (value: number): bigint => BigInt(value) * (2n ** 24n + 1n)

function declare(backend: KeyedStateBackend) {
  return Object.assign(backend, {
    flat: backend.value('flat', { kind: 'float64' }),
    pair: backend.value('pair', {
      kind: 'struct',
      fields: [
        { name: 'a', type: { kind: 'int64' } },
        { name: 'b', type: { kind: 'boolean' } },
      ],
    }),
    object: backend.value('object'),
    list: backend.list('list'),
    map: backend.map('map'),
    sum: backend.reducing('sum', (a, b) => (a as number) + (b as number)),
    running: backend.accumulators('running', everyAggregate),
    timer: backend.timers('timer'),
  })
}
type Declared = ReturnType<typeof declare> & KeyedStateBackend

interface Model {
  flat?: number
  pair?: { a: bigint; b: boolean }
  object?: { n: number; tags: string[] }
  list?: unknown[]
  map?: Map<string, unknown>
  sum?: number
  running?: number[]
  timers?: Set<number>
}

const op = fc.oneof(
  fc.record({ kind: fc.constant('flat' as const), value: fc.double() }),
  fc.record({ kind: fc.constant('pair' as const), value: fc.record({ a: fc.bigInt(-5n, 5n), b: fc.boolean() }) }),
  fc.record({ kind: fc.constant('object' as const), value: fc.string() }),
  fc.record({ kind: fc.constant('list' as const), value: fc.jsonValue() }),
  fc.record({ kind: fc.constant('map' as const), key: fc.constantFrom('a', 'b', '', '\0'), value: fc.integer() }),
  fc.record({ kind: fc.constant('map-delete' as const), key: fc.constantFrom('a', 'b', '', '\0') }),
  fc.record({ kind: fc.constant('sum' as const), value: fc.integer() }),
  fc.record({ kind: fc.constant('run' as const), value: fc.option(fc.integer(), { nil: null }) }),
  fc.record({ kind: fc.constant('timer' as const), at: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ kind: fc.constant('untimer' as const), at: fc.integer({ min: 0, max: 30 }) }),
  fc.record({
    kind: fc.constantFrom(
      'clear-flat',
      'clear-pair',
      'clear-object',
      'clear-list',
      'clear-map',
      'clear-sum',
      'clear-run',
      'clear-all',
    ),
  }),
)
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never

export const command = (keys: fc.Arbitrary<unknown>) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('batch' as const),
        rows: fc.array(fc.tuple(keys, op), { maxLength: 12 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        how: fc.constantFrom('complete' as const, 'complete' as const, 'abort' as const, 'late-abort' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), to: fc.integer({ min: 0, max: 30 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('restart' as const),
        parallelism: fc.integer({ min: 1, max: 4 }),
        rewrite: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  )

const empty = (model: Model): boolean => Object.values(model).every((value) => value === undefined)
const copy = (models: Map<unknown, Model>): Map<unknown, Model> => structuredClone(models)

/** Applies one row to the model and to the backend. */
function apply(model: Model, backend: Declared, id: number, row: Op): void {
  switch (row.kind) {
    case 'flat':
      model.flat = row.value
      backend.flat.set(id, row.value)
      return
    case 'pair':
      model.pair = { ...row.value }
      backend.pair.set(id, row.value)
      return
    case 'object': {
      model.object = { n: (model.object?.n ?? 0) + 1, tags: [...(model.object?.tags ?? []), row.value] }
      // Changed in place, as users do.
      const object = (backend.object.get(id) as Model['object']) ?? { n: 0, tags: [] }
      object.n++
      object.tags.push(row.value)
      backend.object.set(id, object)
      return
    }
    case 'list':
      model.list = [...(model.list ?? []), row.value]
      backend.list.add(id, row.value)
      return
    case 'map':
      model.map = new Map(model.map).set(row.key, row.value)
      backend.map.set(id, row.key, row.value)
      return
    case 'map-delete': {
      const map = new Map(model.map)
      expect(backend.map.delete(id, row.key)).toBe(map.delete(row.key))
      if (map.size > 0) model.map = map
      else delete model.map
      return
    }
    case 'sum':
      model.sum = model.sum === undefined ? row.value : model.sum + row.value
      backend.sum.add(id, row.value)
      return
    case 'run':
      model.running ??= []
      if (row.value !== null) model.running.push(row.value)
      else model.running.push(Number.NaN)
      backend.running.updateRows(Int32Array.of(id), 1, [{ v: row.value, big: row.value && bigOf(row.value) }])
      return
    case 'timer':
      model.timers = new Set(model.timers).add(row.at)
      backend.timer.register('event', id, row.at)
      return
    case 'untimer': {
      const timers = new Set(model.timers)
      timers.delete(row.at)
      if (timers.size > 0) model.timers = timers
      else delete model.timers
      backend.timer.cancel('event', id, row.at)
      return
    }
    default: {
      const what = row.kind.slice(6)
      if (what === 'flat' || what === 'all') backend.flat.clear(id)
      if (what === 'flat' || what === 'all') delete model.flat
      if (what === 'pair' || what === 'all') backend.pair.clear(id)
      if (what === 'pair' || what === 'all') delete model.pair
      if (what === 'object' || what === 'all') backend.object.clear(id)
      if (what === 'object' || what === 'all') delete model.object
      if (what === 'list' || what === 'all') backend.list.clear(id)
      if (what === 'list' || what === 'all') delete model.list
      if (what === 'map' || what === 'all') backend.map.clear(id)
      if (what === 'map' || what === 'all') delete model.map
      if (what === 'sum' || what === 'all') backend.sum.clear(id)
      if (what === 'sum' || what === 'all') delete model.sum
      if (what === 'run' || what === 'all') backend.running.clear(id)
      if (what === 'run' || what === 'all') delete model.running
    }
  }
}

function same(model: Model | undefined, backend: Declared, id: number): void {
  const { running } = model ?? {}
  const values = (running ?? []).filter((value) => !Number.isNaN(value))
  expect(backend.flat.get(id)).toEqual(model?.flat === 0 ? expect.closeTo(0) : model?.flat)
  expect(backend.pair.get(id)).toEqual(model?.pair)
  expect(backend.object.get(id)).toEqual(model?.object)
  expect(backend.list.get(id)).toEqual(model?.list ?? [])
  expect(new Map(backend.map.entries(id) as [string, unknown][])).toEqual(model?.map ?? new Map())
  expect(backend.map.size(id)).toBe(model?.map?.size ?? 0)
  expect(backend.sum.get(id)).toBe(model?.sum)
  expect(backend.running.has(id)).toBe(running !== undefined)
  if (running === undefined) return
  const sum = values.reduce((a, b) => a + b, 0)
  const none = values.length === 0
  const bigs = values.map(bigOf)
  const most = bigs.reduce((a, b) => (b > a ? b : a), bigs[0])
  const least = bigs.reduce((a, b) => (b < a ? b : a), bigs[0])
  expect(Array.from({ length: 8 }, (_, a) => backend.running.get(id, a))).toEqual([
    running.length,
    sum,
    none ? Number.NaN : Math.min(...values),
    none ? Number.NaN : Math.max(...values),
    none ? Number.NaN : sum / values.length,
    bigs.reduce((a, b) => a + b, 0n),
    none ? null : least,
    none ? null : most,
  ])
}

/** `sizes`: the backends know how many keys have state. */
export async function runBesideModel(
  directory: string,
  type: KeyShape['type'],
  make: MakeBackend,
  sizes: boolean,
  commands: readonly unknown[],
): Promise<void> {
  let starts = 0
  const subtasks = new Subtasks<Declared>(directory, type, (options) => declare(make(options, starts)) as Declared)
  const start = async (parallelism: number, rewrite = false): Promise<void> => {
    starts++
    await subtasks.start(parallelism, rewrite)
  }
  await start(1)
  let models = new Map<unknown, Model>()
  let saved = new Map<unknown, Model>()
  let pending: { models: Map<unknown, Model>; end: ReturnType<typeof subtasks.begin>['end'] } | undefined
  const keyed = new Map<string, unknown>()
  const keyOf = (key: unknown): unknown => {
    const name = JSON.stringify(key)
    if (!keyed.has(name)) keyed.set(name, key)
    return keyed.get(name)
  }
  for (const step of commands as (typeof command extends (k: never) => fc.Arbitrary<infer T> ? T : never)[]) {
    if (step.kind === 'batch') {
      for (let subtask = 0; subtask < subtasks.parallelism; subtask++) {
        const rows = step.rows.filter(([key]) => subtasks.subtaskOf(testHash(key)) === subtask)
        const backend = subtasks.stores[subtask]
        const hashes = Int32Array.from(rows, ([key]) => testHash(key))
        const ids = backend.resolveRows({ keys: rows.map(([key]) => key), hashes }, rows.length).slice()
        rows.forEach(([given, row], i) => {
          const key = keyOf(given)
          const model = models.get(key) ?? {}
          models.set(key, model)
          expect(backend.keyOf(ids[i])).toEqual(given)
          expect(backend.hashOf(ids[i])).toBe(hashes[i])
          apply(model, backend, ids[i], row)
          same(model, backend, ids[i])
          if (empty(model)) models.delete(key)
        })
        backend.releaseUnused(ids, rows.length)
      }
    } else if (step.kind === 'advance') {
      const expected: string[] = []
      for (const [key, model] of models) {
        for (const at of [...(model.timers ?? [])].filter((time) => time <= step.to)) {
          expected.push(`${JSON.stringify(key)}@${at}`)
          model.timers?.delete(at)
        }
        if (model.timers?.size === 0) delete model.timers
        if (empty(model)) models.delete(key)
      }
      const fired: string[] = []
      for (const backend of subtasks.stores) {
        let last = -1
        while (
          backend.timer.advance('event', step.to, 2, (id, at) => {
            expect(at).toBeGreaterThanOrEqual(last)
            last = at
            fired.push(`${JSON.stringify(backend.keyOf(id))}@${at}`)
          })
        );
      }
      expect(fired.sort()).toEqual(expected.sort())
    } else if (step.kind === 'begin' && pending === undefined) {
      pending = { models: copy(models), end: subtasks.begin().end }
    } else if (step.kind === 'turn') {
      await new Promise((resolve) => setImmediate(resolve))
    } else if (step.kind === 'end' && pending !== undefined) {
      await pending.end(step.how)
      if (step.how === 'complete') saved = pending.models
      pending = undefined
    } else if (step.kind === 'restart') {
      await pending?.end('abort')
      pending = undefined
      await start(step.parallelism, step.rewrite)
      models = new Map([...copy(saved)].map(([key, model]) => [keyOf(key), model]))
    }
  }
  await pending?.end('complete')
  if (pending !== undefined) saved = pending.models
  const check = (expected: Map<unknown, Model>): void => {
    const seen = new Set<unknown>()
    for (const backend of subtasks.stores) {
      for (const id of backend.ids()) {
        const key = keyOf(backend.keyOf(id))
        expect(seen.has(key)).toBe(false)
        seen.add(key)
        same(expected.get(key), backend, id)
      }
    }
    if (sizes) for (const key of expected.keys()) expect(seen.has(key)).toBe(true)
    for (const [key, model] of expected) {
      const hash = testHash(key)
      const backend = subtasks.stores[subtasks.subtaskOf(hash)]
      same(model, backend, backend.resolveRows({ keys: [key], hashes: Int32Array.of(hash) }, 1)[0])
    }
    const timers = [...expected.values()].reduce((sum, model) => sum + (model.timers?.size ?? 0), 0)
    if (sizes) expect(subtasks.stores.reduce((sum, backend) => sum + backend.timer.size, 0)).toBe(timers)
  }
  check(models)
  // Everything that the last complete checkpoint has, and nothing else.
  if (subtasks.complete !== undefined) {
    await start(2)
    const restored = new Map([...copy(saved)].map(([key, model]) => [keyOf(key), model]))
    check(restored)
    if (sizes) expect(subtasks.stores.reduce((sum, backend) => sum + backend.size, 0)).toBe(restored.size)
    // The timers that are left fire.
    const fired: string[] = []
    for (const backend of subtasks.stores) {
      const fire = (id: number, at: number): number => fired.push(`${JSON.stringify(backend.keyOf(id))}@${at}`)
      while (backend.timer.advance('event', Number.MAX_SAFE_INTEGER, 7, fire));
    }
    const due = [...restored].flatMap(([key, model]) =>
      [...(model.timers ?? [])].map((at) => `${JSON.stringify(key)}@${at}`),
    )
    expect(fired.sort()).toEqual(due.sort())
  }
  for (const backend of subtasks.stores) backend.close()
}

export const keys: Record<KeyShape['type'], fc.Arbitrary<unknown>> = {
  number: fc.integer({ min: 0, max: 15 }),
  string: fc.constantFrom('', 'a', 'b', 'Grüße', '\ud800', 'x'.repeat(1500), 'y'.repeat(17)),
  any: fc.constantFrom('a', 1, null, true, { a: 1, b: 'x' }, { a: 2, b: 'x' }, [1, 2]),
}
