/**
 * A barrier that overtakes meets subtasks at different times: some have fired windows that others have not. Who takes their
 * keys over goes on at the time of each: what comes out of a key is what comes out when it is alone and nothing interrupts it.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { hashValue } from '../../../../core/columns/hash.ts'
import { rangesOf } from '../../../../proto/checkpoint/ranges.ts'
import { window } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { cases } from '../../../support/nightly.ts'
import { nowhere, OperatorHarness } from '../../../support/operator-harness.ts'
import { declared, functions, Hit, keyings, sorted } from './support.ts'

const arena = Arena.create({ bytes: 4 << 20 })
const open = new Set<OperatorHarness>()
afterEach(async () => {
  const all = [...open]
  open.clear()
  for (const each of all) await each.close()
})

const assigners = {
  tumbling: window.tumbling('10ms'),
  sliding: window.sliding('10ms', '4ms', { offset: '1ms' }),
  session: window.session('6ms'),
} as const
type Assigner = keyof typeof assigners

interface Shape {
  readonly assigner: Assigner
  readonly latenessMs: number
  readonly byFunctions: boolean
  readonly keying: (typeof keyings)[number]
}

interface Step {
  readonly hits: readonly Hit[]
  readonly how: 'rows' | 'columns'
  /** Checkpoint and restart at this parallelism, before the hits. */
  readonly restart: number | null
  /** What each subtask hears of the time behind the hits; null: nothing. */
  readonly marks: readonly (number | null)[]
}

const mostSubtasks = 5
const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      hits: fc.array(
        fc.record(
          {
            page: fc.integer({ min: 0, max: 5 }),
            site: fc.constantFrom('a', 'ü'),
            value: fc.integer({ min: -50, max: 50 }),
            behind: fc.integer({ min: 0, max: 25 }),
          },
          { noNullPrototype: true },
        ),
        { maxLength: 24 },
      ),
      how: fc.constantFrom('rows', 'columns'),
      restart: fc.option(fc.integer({ min: 1, max: mostSubtasks }), { freq: 2 }),
      marks: fc.array(fc.option(fc.integer({ min: 0, max: 25 }), { freq: 4 }), {
        minLength: mostSubtasks,
        maxLength: mostSubtasks,
      }),
    }),
    { minLength: 2, maxLength: 7 },
  )
  .map((all) =>
    all.map(({ hits, marks, ...rest }, step) => {
      const highest = 1000 + 8 * step
      return {
        ...rest,
        hits: hits.map(({ behind, ...hit }) => ({ ...hit, at: highest - behind })),
        marks: marks.map((behind) => (behind === null ? null : highest - behind)),
      }
    }),
  )

function started(
  { assigner, latenessMs, byFunctions, keying }: Shape,
  parallelism: number,
  rocksdb = false,
): Promise<OperatorHarness> {
  const [, keyBy] = keying
  const build = (s: Stream<Hit>): Stream<unknown> => {
    const options = { allowedLateness: `${latenessMs}ms`, lateOutput: 'late' } as const
    const windowed = keyBy(s).window(assigners[assigner], options)
    const made = byFunctions
      ? windowed.aggregate({ uid: 'w', ...functions })
      : windowed.aggregate(declared, { uid: 'w' })
    made.sideOutput('late').to(nowhere, { uid: 'late' })
    return made as Stream<unknown>
  }
  const harness = OperatorHarness.of<Hit>(build, { type: Hit, arena, rocksdb })
  open.add(harness)
  return harness.start(parallelism)
}

interface Came {
  readonly results: readonly string[]
  readonly late: readonly string[]
}

async function seen(h: OperatorHarness): Promise<Came> {
  const came = { results: sorted(h.output.records), late: sorted(h.side('late').records) }
  open.delete(h)
  await h.close()
  return came
}

const push = (h: OperatorHarness, how: 'rows' | 'columns', hits: readonly Hit[]): void => {
  if (hits.length > 0) h.push(how, hits, { timestamps: hits.map(({ at }) => at) })
}

const keyOf = ({ keying }: Shape, hit: Hit): unknown => {
  const values = Object.values(keying[2](hit))
  return values.length === 1 ? values[0] : keying[2](hit)
}

/** Subtasks with a time each; for each key and step the highest time of which its subtask has heard goes into `times`. */
async function together(shape: Shape, all: readonly Step[], rocksdb: boolean, times: Map<string, number[]>) {
  const h = await started(shape, 3, rocksdb)
  let heard: number[] = []
  const keys = new Map(
    all.flatMap(({ hits }) => hits).map((hit) => [JSON.stringify(keyOf(shape, hit)), keyOf(shape, hit)]),
  )
  for (const { hits, how, restart, marks } of all) {
    if (restart !== null) {
      await h.restart(restart)
      heard = []
    }
    push(h, how, hits)
    for (const [subtask, { operator }] of h.subtasks.entries()) {
      const mark = Math.max(marks[subtask] ?? Number.NEGATIVE_INFINITY, heard[subtask] ?? Number.NEGATIVE_INFINITY)
      heard[subtask] = mark
      if (marks[subtask] !== null) while (!operator.processWatermark(mark));
    }
    for (const [name, key] of keys) {
      const range = hashValue(key) >>> 16
      const owner = h.subtasks.findIndex((_, subtask) => {
        const { from, to } = rangesOf(subtask, h.subtasks.length)
        return range >= from && range < to
      })
      const before = times.get(name) ?? []
      times.set(name, [...before, Math.max(before.at(-1) ?? Number.NEGATIVE_INFINITY, heard[owner])])
    }
  }
  h.watermark(Number.POSITIVE_INFINITY)
  return seen(h)
}

/** Each key by itself, in one go, at the times that `together` has left. */
async function apart(shape: Shape, all: readonly Step[], times: ReadonlyMap<string, readonly number[]>): Promise<Came> {
  const came: Came[] = []
  for (const [name, time] of times) {
    const h = await started(shape, 1)
    for (const [step, { hits, how }] of all.entries()) {
      const own = hits.filter((hit) => JSON.stringify(keyOf(shape, hit)) === name)
      push(h, how, own)
      if (time[step] > Number.NEGATIVE_INFINITY) h.watermark(time[step])
    }
    h.watermark(Number.POSITIVE_INFINITY)
    came.push(await seen(h))
  }
  return { results: came.flatMap(({ results }) => results).sort(), late: came.flatMap(({ late }) => late).sort() }
}

const shape = fc.record<Omit<Shape, 'assigner'>>({
  latenessMs: fc.constantFrom(0, 5, 12),
  byFunctions: fc.boolean(),
  keying: fc.constantFrom(...keyings),
})

describe.each([false, true])('subtasks whose time differs at a checkpoint (RocksDB: %s)', (rocksdb) => {
  it.each(Object.keys(assigners) as Assigner[])(
    'hand over to any number of others, and no %s window fires twice, too early or never',
    async (assigner) => {
      await fc.assert(
        fc.asyncProperty(shape, steps, async (of, all) => {
          const times = new Map<string, number[]>()
          const came = await together({ ...of, assigner }, all, rocksdb, times)
          expect(came).toEqual(await apart({ ...of, assigner }, all, times))
        }),
        { numRuns: cases(rocksdb ? 4 : 20) },
      )
    },
  )
})
