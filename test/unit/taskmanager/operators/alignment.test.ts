/** Sources that stay together in event time: splits of one subtask, and subtasks of a group. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { t } from '../../../../sdk/index.ts'
import type { Source, SourceContext, SourceOutput, SourceReader, SplitState } from '../../../../sdk/source.ts'
import type { SourceOperator } from '../../../../taskmanager/operators/operator.ts'
import { nowhere, OperatorHarness } from '../../../support/operator-harness.ts'

const Row = t.object({ split: t.string(), at: t.float64() })
type Row = { split: string; at: number }

/** Splits of event times, read one record a poll: of those that are not paused, in turn. */
class Splits implements Source<Row> {
  readonly kind = 'source'
  readonly name = 'splits'
  readonly bounded = true
  readonly type = Row
  readonly times: Record<string, readonly number[]>
  readonly pausable: boolean

  constructor(times: Record<string, readonly number[]>, pausable: boolean) {
    this.times = times
    this.pausable = pausable
  }

  discoverSplits(): SplitState[] {
    return Object.keys(this.times).map((splitId) => ({ splitId, offset: 0 }))
  }

  owner(splitId: string, parallelism: number): number {
    return splitId.charCodeAt(0) % parallelism
  }

  createReader(context: SourceContext): SourceReader<Row> {
    const { times } = this
    const open: { splitId: string; next: number }[] = []
    let paused: ReadonlySet<string> = new Set()
    let turn = 0
    return {
      addSplits: (splits) => {
        for (const { splitId } of splits) open.push({ splitId, next: 0 })
      },
      ...(this.pausable
        ? {
            pauseSplits: (splitIds: ReadonlySet<string>) => {
              paused = splitIds
              context.wake()
            },
          }
        : {}),
      poll: (output: SourceOutput<Row>) => {
        if (open.length === 0) return 'end'
        const readable = open.filter(({ splitId }) => !paused.has(splitId))
        if (readable.length === 0) return 'idle'
        const split = readable[turn++ % readable.length]
        const at = times[split.splitId][split.next++]
        if (at !== undefined) output.collect({ split: split.splitId, at }, split.splitId)
        if (split.next >= times[split.splitId].length) {
          open.splice(open.indexOf(split), 1)
          output.splitFinished?.(split.splitId)
        }
        return open.length === 0 ? 'end' : 'more'
      },
      snapshot: () => open.map(({ splitId, next }) => ({ splitId, offset: next })),
      close: () => undefined,
    }
  }
}

let harness: OperatorHarness | undefined
afterEach(async () => {
  await harness?.close()
  harness = undefined
})

async function start(source: Splits, maxDrift: `${number}ms`, parallelism = 1): Promise<OperatorHarness> {
  harness = new OperatorHarness(
    (env) => {
      env
        .from(source, { uid: 'source', eventTime: 'at', alignment: { group: 'g', maxDrift } })
        .to(nowhere, { uid: 'out' })
    },
    { pick: ({ kind }) => kind === 'source' },
  )
  return harness.start(parallelism)
}
const emitted = (h: OperatorHarness): Row[] => h.output.records as Row[]
const times = (count: number, step: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i * step)

describe('aligned splits of one subtask', () => {
  it('are read no further ahead of the slowest than the drift allows, and all of them in the end', async () => {
    const steps = fc.record({
      a: fc.integer({ min: 1, max: 50 }),
      b: fc.integer({ min: 1, max: 50 }),
      c: fc.integer({ min: 1, max: 9 }),
    })
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 0, max: 100 }), async (step, drift) => {
        const source = new Splits({ a: times(40, step.a), b: times(40, step.b), c: times(40, step.c) }, true)
        const h = await start(source, `${drift}ms`)
        expect(h.poll()).toEqual(['end'])
        const reached = new Map<string, number>()
        const left = new Map(Object.entries(source.times).map(([split, all]) => [split, all.length]))
        for (const { split, at } of emitted(h)) {
          // Those that have not ended; one without a record yet lets each have one.
          const open = [...left]
            .filter(([, count]) => count > 0)
            .map(([name]) => reached.get(name) ?? Number.NEGATIVE_INFINITY)
          const before = reached.get(split)
          if (before !== undefined) expect(before - Math.min(...open)).toBeLessThanOrEqual(drift)
          reached.set(split, at)
          left.set(split, (left.get(split) ?? 0) - 1)
        }
        expect(emitted(h)).toHaveLength(120)
        await h.close()
      }),
      { numRuns: 40 },
    )
  })

  it('are read as they come where they are not aligned closely', async () => {
    const h = await start(new Splits({ a: times(5, 1), b: times(5, 1, 1000) }, true), '5000ms')
    h.poll()
    expect(
      emitted(h)
        .map(({ split }) => split)
        .join(''),
    ).toBe('ababababab')
  })
})

describe.each([true, false])('aligned subtasks (splits that can be paused: %s)', (pausable) => {
  it('wait for the slowest of the group, as far as they have heard of it, and say so', async () => {
    const h = await start(new Splits({ b: times(10, 10), a: times(10, 10) }, pausable), '20ms', 2)
    const [first] = h.subtasks
    const operator = first.operator as SourceOperator
    // Nothing is known of the others: one record is read, which tells them how far this one is.
    expect(operator.poll()).toBe('more')
    expect(operator.poll()).toBe('idle')
    expect(emitted(h)).toHaveLength(1)
    expect(operator.aligned).toEqual({ group: 'g', timeMs: -1 })
    expect(first.metrics.waiting?.what).toBe('slower sources of group g (1 of 1 splits are ahead)')
    operator.align?.([{ group: 'other' }, { group: 'g', timeMs: -1 }])
    expect(first.metrics.waiting).toBeUndefined()
    while (operator.poll() === 'more');
    expect(emitted(h).map(({ at }) => at)).toEqual([0, 10, 20, 30])
    // Nobody else holds it back.
    operator.align?.([{ group: 'g' }])
    while (operator.poll() === 'more');
    expect(emitted(h)).toHaveLength(10)
    expect(operator.aligned).toEqual({ group: 'g' })
  })
})

it('holds the others back before it knows its splits, and not when it has none', async () => {
  const h = await start(new Splits({ b: times(1, 1) }, true), '1ms', 2)
  const [none] = h.subtasks.filter((_, subtask) => subtask === 1)
  expect((none.operator as SourceOperator).aligned).toEqual({ group: 'g' })
  const { promise, resolve } = Promise.withResolvers<SplitState[]>()
  class Late extends Splits {
    override discoverSplits(): SplitState[] {
      return promise as unknown as SplitState[]
    }
  }
  await h.close()
  const starting = start(new Late({}, true), '1ms')
  await new Promise(setImmediate)
  const late = harness?.subtasks[0]?.operator as SourceOperator
  expect(late.aligned).toEqual({ group: 'g', timeMs: Number.NEGATIVE_INFINITY })
  resolve([])
  expect(((await starting).subtasks[0].operator as SourceOperator).aligned).toEqual({ group: 'g' })
})
