/** State of one version of a job in the next one: converted, migrated, moved with its keys; in either backend. */
import { afterEach, describe, expect, it } from 'vitest'
import { state, type Type, t, window } from '../../../../sdk/index.ts'
import type { StateDeclarations } from '../../../../sdk/state.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import type { TypeDef } from '../../../../sdk/types.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

const open: OperatorHarness[] = []
afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
})

interface In {
  key: string
  value: unknown
}

const In = t.object({ key: t.string(), value: t.any() }) as Type<In>

/** A job with one state: a record with a value goes in, one without reads. */
function job<S extends StateDeclarations>(
  states: S,
  rocksdb: boolean,
  options: Record<string, unknown> = {},
  keyBy: (record: In) => never = ((record: In) => record.key) as never,
  keyType: TypeDef<never> = t.string() as never,
): OperatorHarness {
  const made = OperatorHarness.of<In>(
    (stream) =>
      stream.keyBy(keyBy, { returns: keyType }).process({
        uid: 'state',
        state: states,
        onElement: (record: In, context, emit) => {
          const handles = context.state as unknown as Record<string, Handle>
          for (const [name, handle] of Object.entries(handles)) {
            if (record.value !== undefined) write(handle, record.value)
            else emit({ key: context.key, name, value: read(handle) })
          }
        },
        ...options,
      }) as Stream<unknown>,
    { type: In, rocksdb },
  )
  open.push(made)
  return made
}

interface Handle {
  get?(): unknown
  set?(...args: unknown[]): void
  add?(value: unknown): void
  entries?(): Iterable<[unknown, unknown]>
}

function write(handle: Handle, value: unknown): void {
  if (handle.entries !== undefined) for (const [k, v] of value as [unknown, unknown][]) handle.set?.(k, v)
  else if (handle.add === undefined) handle.set?.(value)
  else for (const item of value as unknown[]) handle.add(item)
}

const read = (handle: Handle): unknown => (handle.entries === undefined ? handle.get?.() : [...handle.entries()])

/** What there is by key. */
function valuesOf(harness: OperatorHarness, keys: readonly string[]): unknown[] {
  harness.output.emissions.length = 0
  harness.rows(keys.map((key) => ({ key, value: undefined })))
  const found = new Map(harness.output.records.map((r) => [(r as In).key, (r as In).value]))
  return keys.map((key) => found.get(key))
}

const backends = [
  ['memory to memory', false, false],
  ['memory to RocksDB', false, true],
  ['RocksDB to memory', true, false],
] as const

describe.each(backends)('state from %s', (_, before, after) => {
  it('widens, drops, adds and renames fields by itself, at another parallelism', async () => {
    const old = job({ it: t.object({ n: t.int32(), note: t.string(), amount: t.float64() }).state() }, before)
    await old.start(2)
    old.rows([
      { key: 'a', value: { n: 1, note: 'x', amount: 1.5 } },
      { key: 'b', value: { n: -2, note: 'y', amount: 2.5 } },
    ])
    const now = t.object({
      price: t.float64().was('amount'),
      n: t.int64(),
      more: t.optional(t.string()),
      none: t.nullable(t.string()),
    })
    const next = await job({ it: now.state() }, after).startFrom(old, 3)
    expect(valuesOf(next, ['a', 'b', 'c'])).toEqual([
      { price: 1.5, n: 1n, none: null },
      { price: 2.5, n: -2n, none: null },
      undefined,
    ])
    // And what it writes now is of today's type: nothing is converted twice.
    await next.restart(1)
    expect(valuesOf(next, ['a'])).toEqual([{ price: 1.5, n: 1n, none: null }])
  })

  it('goes through all functions from the version that it has, and through none when it is of today', async () => {
    const V1 = t.float64()
    const V2 = t.object({ total: t.float64() })
    const V3 = t.object({ total: t.float64(), label: t.string() })
    const one = await job({ it: state.value(V1) }, before).start(2)
    one.rows([{ key: 'a', value: 7 }])
    const migrate2 = state.from(V1).to(V2, (total) => ({ total }))
    const migrate3 = migrate2.to(V3, ({ total }, { key }) => ({ total, label: `${String(key)}: ${total}` }))
    const three = await job({ it: state.value(V3, { migrate: migrate3 }) }, after).startFrom(one)
    expect(valuesOf(three, ['a'])).toEqual([{ total: 7, label: 'a: 7' }])
    const two = await job({ it: state.value(V2, { migrate: migrate2 }) }, after).startFrom(one)
    two.rows([{ key: 'a', value: { total: 8 } }])
    const later = await job({ it: state.value(V3, { migrate: migrate3 }) }, before).startFrom(two, 2)
    expect(valuesOf(later, ['a'])).toEqual([{ total: 8, label: 'a: 8' }])
    const again = await job({ it: state.value(V3, { migrate: migrate3 }) }, after).startFrom(later)
    expect(valuesOf(again, ['a'])).toEqual([{ total: 8, label: 'a: 8' }])
  })

  it('migrates elements of lists, entries of maps, and accumulators', async () => {
    const lists = await job({ it: state.list(t.int32()) }, before).start()
    lists.rows([{ key: 'a', value: [1, 2, 3] }])
    const texts = state.list(t.string(), {
      migrate: state.from(t.int32()).to(t.string(), (n) => (n === 2 ? undefined : `#${n}`)),
    })
    expect(valuesOf(await job({ it: texts }, after).startFrom(lists), ['a'])).toEqual([['#1', '#3']])

    const maps = await job({ it: state.map(t.int32(), t.float64()) }, before).start()
    maps.rows([{ key: 'a', value: [[1, 0.5], [2, 1.5]] }]) // biome-ignore format: pairs
    const widened = await job({ it: state.map(t.int64(), t.float64()) }, after).startFrom(maps)
    expect(valuesOf(widened, ['a'])).toEqual([[[1n, 0.5], [2n, 1.5]]]) // biome-ignore format: pairs
    const Old = state.entry(t.int32(), t.float64())
    const New = state.entry(t.string(), t.float64())
    const named = state.map(t.string(), t.float64(), {
      migrate: state.from(Old).to(New, ({ key, value }) => ({ key: `k${key}`, value: value * 2 })),
    })
    expect(valuesOf(await job({ it: named }, after).startFrom(maps), ['a'])).toEqual([[['k1', 1], ['k2', 3]]]) // biome-ignore format: pairs
    const meeting = state.map(t.string(), t.float64(), {
      migrate: state.from(Old).to(New, ({ value }) => ({ key: 'one', value })),
    })
    await expect(job({ it: meeting }, after).startFrom(maps)).rejects.toMatchObject({
      code: 'STATE_MIGRATION_RESULT',
      message: expect.stringContaining('"one"'),
    })

    const sums = await job({ it: state.reducing(t.float64(), (a, b) => a + b) }, before).start()
    sums.rows([{ key: 'a', value: [1, 2] }])
    const Total = t.object({ sum: t.float64() })
    const totals = state.reducing(Total, (a, b) => ({ sum: a.sum + b.sum }), {
      migrate: state.from(t.float64()).to(Total, (sum) => ({ sum })),
    })
    expect(valuesOf(await job({ it: totals }, after).startFrom(sums), ['a'])).toEqual([{ sum: 3 }])
  })

  it('keeps the time of the last write of what expires', async () => {
    const old = await job({ it: state.value(t.int32(), { ttl: '1h' }) }, before).start()
    old.rows([{ key: 'a', value: 1 }])
    const next = job({ it: state.value(t.int64(), { ttl: '1h' }) }, after)
    next.clock.advance(59 * 60_000)
    await next.startFrom(old)
    expect(valuesOf(next, ['a'])).toEqual([1n])
    next.clock.advance(60_000)
    expect(valuesOf(next, ['a'])).toEqual([undefined])
  })

  it('finds state under the names that it had, also where only the meaning of a value changed', async () => {
    const old = await job({ cents: state.value(t.float64()) }, before, { uid: 'first' }).start(2)
    old.rows([{ key: 'a', value: 250 }])
    const euros = state.value(t.float64(), {
      was: 'cents',
      migrate: state.from(t.float64()).to(t.float64(), (cents) => cents / 100),
    })
    const next = await job({ euros }, after, { uid: 'second', was: ['zeroth', 'first'] }).startFrom(old)
    expect(valuesOf(next, ['a'])).toEqual([2.5])
    // The state has its name now: it is not divided again.
    const again = await job({ euros }, before, { uid: 'second', was: ['zeroth', 'first'] }).startFrom(next, 2)
    expect(valuesOf(again, ['a'])).toEqual([2.5])
  })

  it('moves with its keys, to the subtask that owns the new one', async () => {
    const keys = Array.from({ length: 300 }, (__, i) => `${i % 3}:${i}`)
    const old = await job({ it: state.value(t.float64()) }, before).start(2)
    old.rows(keys.map((key, value) => ({ key, value })))
    const Key = t.object({ channel: t.string(), id: t.int32() })
    const split = (key: string) => ({ channel: key.split(':')[0] as string, id: Number(key.split(':')[1]) })
    const make = (backend: boolean) =>
      job(
        { it: state.value(t.float64()) },
        backend,
        { migrateKey: state.from(t.string()).to(Key, (key) => split(key)) },
        ((record: In) => split(record.key)) as never,
        Key as never,
      )
    const next = await make(after).startFrom(old, 3)
    next.output.emissions.length = 0
    next.rows(keys.map((key) => ({ key, value: undefined })))
    const found = new Map(next.output.records.map((r) => [JSON.stringify((r as In).key), (r as In).value]))
    expect(keys.map((key) => found.get(JSON.stringify(split(key))))).toEqual(keys.map((__, i) => i))
    // Snapshots of today's keys are taken over as they are.
    const again = await make(before).startFrom(next, 2)
    again.rows([{ key: keys[7] as string, value: undefined }])
    expect(again.output.records).toEqual([{ key: split(keys[7] as string), name: 'it', value: 7 }])
  })

  it('takes what was dropped for gone', async () => {
    const old = await job({ it: state.value(t.float64()) }, before).start()
    old.rows([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    const Now = t.object({ n: t.float64() })
    const next = await job(
      { it: state.value(Now, { migrate: state.from(t.float64()).to(Now, (n) => (n > 1 ? { n } : undefined)) }) },
      after,
    ).startFrom(old)
    expect(valuesOf(next, ['a', 'b'])).toEqual([undefined, { n: 2 }])
  })

  it('names the state and the key of a migration that throws, or gives something else', async () => {
    const old = await job({ it: state.value(t.float64()) }, before).start(2)
    old.rows([{ key: 'bad "one"', value: 1 }])
    const migrated = (step: (n: number) => never) =>
      job({ it: state.value(t.string(), { migrate: state.from(t.float64()).to(t.string(), step) }) }, after)
    const thrown = migrated(() => {
      throw new RangeError('no such thing')
    })
    await expect(thrown.startFrom(old)).rejects.toMatchObject({
      code: 'STATE_MIGRATION_FAILED',
      message: 'the migration of state it of "state" failed for the key "bad \\"one\\"": RangeError: no such thing',
    })
    await expect(migrated((() => 5) as never).startFrom(old)).rejects.toMatchObject({
      code: 'STATE_MIGRATION_RESULT',
      message: expect.stringContaining('it is 5, not string'),
    })
    await expect(migrated((() => Promise.resolve('x')) as never).startFrom(old)).rejects.toMatchObject({
      message: expect.stringContaining('it is a promise, not string'),
    })
  })

  it('refuses two keys that become one', async () => {
    const old = await job({ it: state.value(t.float64()) }, before).start()
    old.rows([
      { key: 'A', value: 1 },
      { key: 'a', value: 2 },
    ])
    const next = job({ it: state.value(t.float64()) }, after, {
      uid: 'lower',
      was: 'state',
      migrateKey: state.from(t.string()).to(t.string(), (key) => key.toLowerCase()),
    })
    await expect(next.startFrom(old)).rejects.toMatchObject({
      code: 'STATE_KEYS_MEET',
      message: expect.stringContaining('makes "a" of two keys'),
    })
  })
})

describe('what operators keep for themselves', () => {
  const at = (harness: OperatorHarness, records: readonly [string, number][], time = 1000) =>
    harness.rows(
      records.map(([key, value]) => ({ key, value })),
      { timestamps: records.map(() => time) },
    )
  const windows = (
    kind: 'tumbling' | 'session',
    accumulator: TypeDef<never>,
    more: Record<string, unknown>,
    rocksdb = false,
  ): OperatorHarness => {
    const made = OperatorHarness.of<In>(
      (stream) =>
        stream
          .keyBy((record) => record.key)
          .window(kind === 'session' ? window.session('10s') : window.tumbling('10s'))
          .aggregate({
            uid: 'window',
            accumulator,
            emit: (acc: never, { key }: { key: string }) => ({ key, acc }),
            ...more,
          } as never),
      { type: In, rocksdb },
    )
    open.push(made)
    return made
  }

  it.each([
    ['tumbling', false, true],
    ['tumbling', true, false],
    ['session', false, true],
    ['session', true, false],
  ] as const)('accumulators of a %s window are migrated (in RocksDB: %s, then %s)', async (kind, before, after) => {
    const one = {
      init: () => 0,
      add: (n: number, record: In) => n + (record.value as number),
      merge: (a: number, b: number) => a + b,
    }
    const old = await windows(kind, t.float64() as never, one, before).start(2)
    at(old, [
      ['a', 1],
      ['b', 5],
      ['a', 2],
    ])
    const Acc = t.object({ sum: t.float64(), n: t.int32() })
    type A = { sum: number; n: number }
    const next = windows(
      kind,
      Acc as never,
      {
        migrate: state.from(t.float64()).to(Acc, (sum) => ({ sum, n: -1 })),
        init: () => ({ sum: 0, n: 0 }),
        add: (acc: A, record: In) => ({ sum: acc.sum + (record.value as number), n: acc.n + 1 }),
        merge: (a: A, b: A) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
      },
      after,
    )
    await next.startFrom(old, 3)
    at(next, [['b', 1]])
    next.watermark(60_000)
    expect(next.output.records).toHaveLength(2)
    expect(next.output.records).toEqual(
      expect.arrayContaining([
        { key: 'a', acc: { sum: 3, n: -1 } },
        { key: 'b', acc: { sum: 6, n: 0 } },
      ]),
    )
  })

  it('timers and declared aggregates follow their keys', async () => {
    const Count = t.object({ id: t.int32() })
    const counts = (type: TypeDef<{ id: never }>, more: object) => {
      const made = OperatorHarness.of<{ id: never }>(
        (stream) => stream.keyBy('id').count({ uid: 'count', ...more }) as Stream<unknown>,
        { type },
      )
      open.push(made)
      return made
    }
    const old = await counts(Count as never, {}).start(2)
    old.rows([{ id: 1 }, { id: 2 }, { id: 1 }])
    // int32 keys become int64 keys by themselves: another hash, another subtask.
    const wide = await counts(t.object({ id: t.int64() }) as never, {}).startFrom(old, 3)
    wide.rows([{ id: 1n }, { id: 2n }, { id: 3n }])
    expect(wide.output.records).toEqual(
      expect.arrayContaining([
        { id: 1n, count: 3 },
        { id: 2n, count: 2 },
        { id: 3n, count: 1 },
      ]),
    )

    const timers = (more: object, name: (key: string) => never) => {
      const made = OperatorHarness.of<In>(
        (stream) =>
          stream
            .keyBy((record) => name(record.key), { returns: t.string() as never })
            .process({
              uid: 'timers',
              onElement: (_, context) => context.timers.at(5000),
              onTimer: (time, context, emit) => emit({ key: context.key, time }),
              ...more,
            }) as Stream<unknown>,
        { type: In },
      )
      open.push(made)
      return made
    }
    const first = await timers({}, ((key: string) => key) as never).start(2)
    at(first, [['A', 0]])
    const second = timers(
      { uid: 'more', was: 'timers', migrateKey: state.from(t.string()).to(t.string(), (key) => key.toLowerCase()) },
      ((key: string) => key.toLowerCase()) as never,
    )
    await second.startFrom(first, 3)
    second.watermark(6000)
    expect(second.output.records).toEqual([{ key: 'a', time: 5000 }])
  })
})
