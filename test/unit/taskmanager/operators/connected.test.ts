/**
 * process over two connected streams: every record of one meets every record of the other of its key, once, whatever the key,
 * the form of the records, the order of the two, the backend, and restarts at another parallelism in between.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { source } from '../../../../connectors/index.ts'
import { state, t } from '../../../../sdk/index.ts'
import type { Environment } from '../../../../sdk/job.ts'
import type { KeyedStream } from '../../../../sdk/keyed-stream.ts'
import { cases } from '../../../support/nightly.ts'
import { type HarnessOptions, nowhere, OperatorHarness } from '../../../support/operator-harness.ts'

const Left = t.object({ id: t.float64(), tag: t.string(), l: t.float64() })
const Right = t.object({ r: t.float64(), tag: t.string(), owner: t.int32(), part: t.string() })
interface Left {
  id: number
  tag: string
  l: number
}
interface Right {
  r: number
  tag: string
  owner: number
  part: string
}

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})

type Ends = readonly [KeyedStream<Left, unknown, unknown>, KeyedStream<Right, unknown, unknown>]
interface Shape {
  readonly name: string
  readonly keys: (left: ReturnType<typeof lefts>, right: ReturnType<typeof rights>) => Ends
  readonly keyOf: readonly [(x: Left) => unknown, (x: Right) => unknown]
  /** What the function of the process sees as the key. */
  readonly key: (x: Left) => unknown
}
const lefts = (env: Environment, declared: boolean) =>
  env.from(source.values<Left>([], declared ? { type: Left } : {}), { uid: 'left' })
const rights = (env: Environment, declared: boolean) =>
  env.from(source.values<Right>([], declared ? { type: Right } : {}), { uid: 'right' })

const shapes: readonly Shape[] = [
  {
    name: 'numbers of two types',
    keys: (l, r) => [l.keyBy('id'), r.keyBy('owner')],
    keyOf: [(x) => x.id, (x) => x.owner],
    key: (x) => x.id,
  },
  {
    name: 'texts of one name',
    keys: (l, r) => [l.keyBy('tag'), r.keyBy('tag')],
    keyOf: [(x) => x.tag, (x) => x.tag],
    key: (x) => x.tag,
  },
  {
    name: 'functions',
    keys: (l, r) => [l.keyBy((x) => `${x.tag}/${x.id}`), r.keyBy((x) => `${x.part}/${x.owner}`)],
    keyOf: [(x) => `${x.tag}/${x.id}`, (x) => `${x.part}/${x.owner}`],
    key: (x) => `${x.tag}/${x.id}`,
  },
  {
    name: 'a field and a function',
    keys: (l, r) => [l.keyBy('id'), r.keyBy((x) => x.owner % 3)],
    keyOf: [(x) => x.id, (x) => x.owner % 3],
    key: (x) => x.id,
  },
  {
    name: 'two fields and a function',
    keys: (l, r) => [l.keyBy(['tag', 'id']), r.keyBy((x) => ({ id: x.owner, tag: x.tag }))],
    keyOf: [(x) => `${x.tag} ${x.id}`, (x) => `${x.tag} ${x.owner}`],
    key: ({ tag, id }) => ({ tag, id }),
  },
]

/** Pairs every record with all of the other stream that came before it. */
function pairing(shape: Shape, declared: readonly [boolean, boolean], options: HarnessOptions): OperatorHarness {
  return new OperatorHarness((env) => {
    const [left, right] = shape.keys(lefts(env, declared[0]), rights(env, declared[1]))
    left
      .connect(right)
      .process({
        uid: 'pairs',
        state: { lefts: state.list(t.float64()), rights: state.list(t.float64()), turns: state.value(t.int32()) },
        onElement1({ l }, { key, state }, emit: (pair: unknown) => void) {
          state.lefts.add(l)
          state.turns.set((state.turns.get() ?? 0) + 1)
          for (const r of state.rights.get()) emit({ l, r, key })
        },
        onElement2({ r }, { key, state }, emit) {
          state.rights.add(r)
          state.turns.set((state.turns.get() ?? 0) + 1)
          for (const l of state.lefts.get()) emit({ l, r, key })
        },
      })
      .to(nowhere, { uid: 'nowhere' })
  }, options)
}

const step = fc.record({
  side: fc.constantFrom(0, 1),
  how: fc.constantFrom('rows', 'columns'),
  records: fc.array(fc.record({ id: fc.integer({ min: 0, max: 3 }), tag: fc.constantFrom('a', 'b', 'é') }), {
    minLength: 1,
    maxLength: 6,
  }),
  /** A restart behind it, at this parallelism; 0: none. */
  restart: fc.constantFrom(0, 0, 0, 1, 2, 3),
})

const sorted = (pairs: readonly unknown[]): string[] => pairs.map((pair) => JSON.stringify(pair)).sort()

describe('two connected streams', () => {
  const shapesAndBackends = shapes.flatMap((shape) =>
    [false, true].map((rocksdb) => ({ shape, name: shape.name, rocksdb, backend: rocksdb ? 'RocksDB' : 'memory' })),
  )

  it.each(shapesAndBackends)('meet by $name ($backend)', async ({ shape, rocksdb }) => {
    const declarations = fc.tuple(fc.boolean(), fc.boolean())
    const property = fc.asyncProperty(declarations, fc.array(step, { maxLength: 10 }), async (declared, steps) => {
      const h = pairing(shape, declared, { rocksdb })
      try {
        await h.start(2)
        const seen = { lefts: [] as Left[], rights: [] as Right[] }
        let n = 0
        for (const { side, how, records, restart } of steps) {
          if (side === 0) {
            const made = records.map(({ id, tag }) => ({ id, tag, l: n++ }))
            seen.lefts.push(...made)
            h.push(how as 'rows' | 'columns', made, { input: 0 })
          } else {
            const made = records.map(({ id, tag }) => ({ r: n++, tag, owner: id, part: tag }))
            seen.rights.push(...made)
            h.push(how as 'rows' | 'columns', made, { input: 1 })
          }
          if (restart > 0) await h.restart(restart)
        }
        const [ofLeft, ofRight] = shape.keyOf
        const pairs = seen.lefts.flatMap((left) =>
          seen.rights
            .filter((right) => ofLeft(left) === ofRight(right))
            .map((right) => ({ l: left.l, r: right.r, key: shape.key(left) })),
        )
        const canonical = (records: readonly unknown[]): unknown[] =>
          (records as { l: number; r: number; key: unknown }[]).map(({ l, r, key }) => ({
            l,
            r,
            key: typeof key === 'object' ? Object.entries(key as object).sort() : key,
          }))
        expect(sorted(canonical(h.output.records))).toEqual(sorted(canonical(pairs)))
      } finally {
        await h.close()
      }
    })
    await fc.assert(property, { numRuns: cases(6) })
  })

  it('share timers, and the record that a function refuses is that of its stream', async () => {
    harness = new OperatorHarness((env) => {
      lefts(env, true)
        .keyBy('id')
        .connect(rights(env, true).keyBy('owner'))
        .process({
          uid: 'p',
          onError: 'skip',
          onElement1({ l }, { timers }) {
            timers.at(l)
          },
          onElement2({ r, part }, { timers, key }, emit: (x: unknown) => void) {
            if (part === 'bad') throw new Error('refused')
            timers.cancel(r)
            emit({ key, r })
          },
          onTimer(at, { key }, emit) {
            emit({ key, at })
          },
        })
        .to(nowhere, { uid: 'nowhere' })
    })
    await harness.start()
    harness.columns(
      [1, 2, 3].map((l) => ({ id: 1, tag: '', l })),
      { input: 0 },
    )
    const bad: Right = { r: 3, tag: 'x', owner: 1, part: 'bad' }
    harness.columns([{ ...bad, part: 'good', r: 2 }, bad], { input: 1 })
    harness.watermark(Number.MAX_SAFE_INTEGER)
    expect(harness.output.records).toEqual([
      { key: 1, r: 2 },
      { key: 1, at: 1 },
      { key: 1, at: 3 },
    ])
    expect(harness.poisoned).toMatchObject([{ record: { part: 'bad', r: 3 } }])
  })
})
