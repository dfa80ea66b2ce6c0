/** Jobs give the same results whether their source makes every field or only those that the plan wants. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { defineJob, type Environment, field, type Stream, sink, source, type TypeOf, t } from '../../../../millrace.ts'
import { runLocally } from '../../../support/local-run.ts'

const Row = t.object({ a: t.float64(), b: t.int32(), c: t.boolean(), s: t.string(), at: t.timestamp() })
type Row = TypeOf<typeof Row>

const rows = 5000
const row = (n: number): Row => ({ a: n % 7, b: (n * 31) % 100, c: n % 3 === 0, s: `s${n % 11}`, at: n })

/** Two copies of each record, the second at the side. */
function read(env: Environment, how: 'rows' | 'columns', made: Set<string>): Stream<Row, { side: Row }> {
  const common = { type: Row, count: rows, sideOutputs: { side: Row } }
  const events =
    how === 'rows'
      ? source.generator<Row, { side: Row }>({
          ...common,
          create(n, side) {
            side('side', row(n))
            return row(n)
          },
        })
      : source.generator<Row, { side: Row }>({
          ...common,
          fill(main, from, to, side) {
            for (const writer of [main, side('side')]) {
              const all = Array.from({ length: to - from }, (_, i) => row(from + i))
              const ask = (name: string): boolean => {
                if (writer.wants(name) && writer === main) made.add(name)
                return writer.wants(name)
              }
              if (ask('a')) writer.float64('a').set(all.map(({ a }) => a))
              if (ask('b')) writer.int32('b').set(all.map(({ b }) => b))
              if (ask('c')) writer.boolean('c').set(all.map(({ c }) => (c ? 1 : 0)))
              if (ask('s'))
                writer.strings(
                  's',
                  all.map(({ s }) => s),
                  all.length,
                )
              if (ask('at')) writer.float64('at').set(all.map(({ at }) => Number(at)))
              writer.commit(to - from)
            }
          },
        })
  return env.from(events, { uid: 'rows', eventTime: 'at' })
}

type Step = (stream: Stream<Row>) => Stream<Row>
const steps: Record<string, Step> = {
  where: (stream) => stream.filter(field('b').lt(60)),
  filter: (stream) => stream.filter((x) => x.a > 1),
  text: (stream) => stream.filter((x) => x.s !== 's3'),
  spread: (stream) => stream.rebalance(),
  all: (stream) => stream.filter(() => true),
}
const ends: Record<string, (stream: Stream<Row>) => Stream<unknown>> = {
  one: (stream) => stream.project('s'),
  two: (stream) => stream.project('c', 'a'),
  map: (stream) => stream.map((x) => ({ twice: x.b * 2 })),
  copy: (stream) => stream.map((x) => ({ ...x })),
  nothing: (stream) => stream.rebalance().map(() => 'one'),
  count: (stream) => stream.keyBy('b').count({ uid: 'count' }),
  computed: (stream) =>
    stream
      .keyBy((x) => x.s + x.c)
      .sum('a', { uid: 'sum' })
      .map((x) => x.key),
  whole: (stream) => stream,
}

async function results(
  how: 'rows' | 'columns',
  parallelism: number,
  chosen: readonly string[],
  end: string,
  side: boolean,
): Promise<{ sorted: string[]; made: Set<string> }> {
  const made = new Set<string>()
  const job = defineJob('job', (env) => {
    const stream = read(env, how, made)
    let records: Stream<Row> = side ? stream.sideOutput('side') : stream
    for (const step of chosen) records = steps[step](records)
    ends[end](records).to(sink.collect(), { uid: 'out' })
  })
  const { delivered, poisoned } = await runLocally(job, parallelism)
  expect(poisoned).toEqual([])
  const text = (record: unknown): string =>
    JSON.stringify(record, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
        : value,
    )
  return { sorted: (delivered.get('out') ?? []).map(text).sort(), made }
}

it('gives the same results from the fields that are wanted as from whole records', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 4 }),
      fc.constantFrom(...Object.keys(ends)),
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      async (chosen, end, side, parallelism) => {
        const whole = await results('rows', parallelism, chosen, end, side)
        const wanted = await results('columns', parallelism, chosen, end, side)
        expect(whole.sorted.length).toBeGreaterThan(0)
        expect(wanted.sorted).toEqual(whole.sorted)
      },
    ),
    { numRuns: 40 },
  )
})

it('asks a source for no more than is read', async () => {
  const { made } = await results('columns', 1, ['where', 'text'], 'two', false)
  expect([...made].sort()).toEqual(['a', 'at', 'b', 'c', 's'])
  expect([...(await results('columns', 1, ['where'], 'one', false)).made].sort()).toEqual(['at', 'b', 's'])
  expect([...(await results('columns', 1, [], 'map', true)).made]).toEqual(['at'])
})
