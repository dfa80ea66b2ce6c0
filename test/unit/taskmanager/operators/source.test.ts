/** Sources: splits and who reads them, event times, watermarks and idleness, refused records, restarts. */
import { afterEach, describe, expect, it } from 'vitest'
import { t } from '../../../../sdk/index.ts'
import type { FromOptions } from '../../../../sdk/job.ts'
import type { Source, SourceContext, SourceOutput, SourceReader, SplitState } from '../../../../sdk/source.ts'
import type { TypeDef } from '../../../../sdk/types.ts'
import type { SourceOperator } from '../../../../taskmanager/operators/operator.ts'
import { nowhere, OperatorHarness } from '../../../support/operator-harness.ts'

interface Row {
  id: string
  at: number
}
const Row = t.object({ id: t.string(), at: t.float64() })
type Sides = Record<string, unknown>

/** A source of given splits. Reads `perPoll` rows of one split a poll, split after split in turn. */
class TestSource implements Source<Row, Sides> {
  readonly kind = 'source'
  readonly name = 'test'
  bounded = true
  type: TypeDef<Row> | undefined
  sideOutputs: { readonly [tag: string]: TypeDef<unknown> } | undefined
  discoveryIntervalMs: number | undefined
  perPoll = 2
  how: 'rows' | 'columns' = 'rows'
  /** Side output that every row goes to as well. */
  side: string | undefined
  timestamps = false
  splits: Record<string, Row[]>
  readonly readers: TestReader[] = []
  readonly completed: number[] = []

  constructor(splits: Record<string, Row[]>) {
    this.splits = splits
  }

  discoverSplits(): SplitState[] {
    return Object.keys(this.splits).map((splitId) => ({ splitId, offset: 0 }))
  }

  owner(splitId: string, parallelism: number): number {
    return splitId.charCodeAt(0) % parallelism
  }

  createReader(context: SourceContext): SourceReader<Row> {
    const reader = new TestReader(this, context)
    this.readers.push(reader)
    return reader
  }
}

class TestReader implements SourceReader<Row> {
  readonly source: TestSource
  readonly context: SourceContext
  readonly splits: { splitId: string; offset: number; finished: boolean }[] = []
  #turn = 0

  constructor(source: TestSource, context: SourceContext) {
    this.source = source
    this.context = context
  }

  addSplits(splits: readonly SplitState[]): void {
    for (const { splitId, offset, finished = false } of splits)
      this.splits.push({ splitId, offset: offset as number, finished })
  }

  poll(output: SourceOutput<Row>): 'more' | 'idle' | 'end' {
    const open = this.splits.filter(({ finished }) => !finished)
    if (open.length === 0) return 'end'
    const split = open[this.#turn++ % open.length]
    const { source } = this
    const all = source.splits[split.splitId] ?? []
    const rows = all.slice(split.offset, split.offset + source.perPoll)
    split.offset += rows.length
    this.#emit(output, split.splitId, rows)
    if (rows.length === 0 && source.bounded) {
      split.finished = true
      output.splitFinished?.(split.splitId)
    }
    return rows.length === 0 && !source.bounded ? 'idle' : 'more'
  }

  #emit(output: SourceOutput<Row>, splitId: string, rows: readonly Row[]): void {
    const { how, side, timestamps } = this.source
    if (how === 'rows' || rows.length === 0) {
      for (const row of rows) {
        if (row.id === 'bad') output.reject(new Error('not readable'), 'raw text', `line ${row.at}`)
        else output.collect(row, splitId, timestamps ? row.at + 0.5 : undefined)
        if (side !== undefined) output.collectSide(side, row, splitId)
      }
      return
    }
    for (const writer of [
      output.columns(splitId),
      ...(side === undefined ? [] : [output.sideColumns(side, splitId)]),
    ]) {
      writer.strings(
        'id',
        rows.map((x) => x.id),
        rows.length,
      )
      const at = writer.float64('at')
      rows.forEach((x, i) => {
        at[i] = x.at
      })
      if (timestamps)
        writer.commit(
          rows.length,
          Float64Array.from(rows, (x) => x.at + 0.5),
        )
      else writer.commit(rows.length)
    }
  }

  snapshot(): SplitState[] {
    return this.splits.map((split) => ({ ...split }))
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.source.completed.push(checkpointId)
  }

  close(): void {
    this.splits.length = 0
  }
}

const rows = (id: string, ...times: number[]): Row[] => times.map((at, i) => ({ id: `${id}${i}`, at }))

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})

const run = (
  source: TestSource,
  options: Omit<FromOptions<Row>, 'uid'> = {},
  parallelism = 1,
): Promise<OperatorHarness> => {
  harness = new OperatorHarness(
    (env) => {
      const stream = env.from(source, { uid: 'source', ...options })
      stream.to(nowhere, { uid: 'out' })
      for (const tag of Object.keys(source.sideOutputs ?? {})) stream.sideOutput(tag).to(nowhere, { uid: tag })
    },
    { pick: ({ kind }) => kind === 'source' },
  )
  for (const tag of Object.keys(source.sideOutputs ?? {})) harness.side(tag)
  return harness.start(parallelism)
}
const ids = (h: OperatorHarness): string[] => h.output.records.map((x) => (x as Row).id)
const stamps = (h: OperatorHarness): number[] => h.output.emissions.map(({ timestamp }) => timestamp)

const typed = (source: TestSource, how: 'rows' | 'columns'): TestSource => {
  source.how = how
  source.type = Row
  return source
}

describe.each(['rows', 'columns'] as const)('a source of %s', (how) => {
  const make = (splits: Record<string, Row[]>): TestSource => typed(new TestSource(splits), how)

  it('reads every split once, by the subtask that owns it', async () => {
    const source = make({ a: rows('a', 1, 2, 3), b: rows('b', 4), c: rows('c', 5, 6) })
    const h = await run(source, { eventTime: 'at' }, 2)
    expect(h.poll()).toEqual(['end', 'end'])
    expect(ids(h).sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'c0', 'c1'])
    expect(source.readers.map(({ splits }) => splits.map(({ splitId }) => splitId))).toEqual([['b'], ['a', 'c']])
    expect(h.output.emissions.every(({ columns }) => columns === (how === 'columns'))).toBe(true)
    expect(h.subtasks.map(({ metrics }) => metrics.recordsOut)).toEqual([1, 5])
  })

  it('goes on from its offsets after a restart at another parallelism', async () => {
    const source = make({ a: rows('a', 1, 2, 3, 4, 5), b: rows('b', 1), c: rows('c', 1, 2, 3) })
    const h = await run(source, { eventTime: 'at' }, 3)
    h.poll(2)
    const before = ids(h)
    await h.restart(2)
    expect(h.poll()).toEqual(['end', 'end'])
    expect(before.length).toBeGreaterThan(3)
    expect(ids(h).sort()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'b0', 'c0', 'c1', 'c2'])
    expect(source.completed).toEqual([1, 1, 1])
  })

  it.each([
    ['a field', { eventTime: 'at' } as const, (at: number) => at],
    ['a function', { eventTime: (x: Row) => x.at * 2 } as const, (at: number) => at * 2],
    ['what the source gives', {} as const, (at: number) => at + 0.5],
  ])('has event times from %s, whatever else there is', async (_, options, time) => {
    const source = make({ a: rows('a', 10, 30, 20) })
    source.timestamps = true
    const h = await run(source, options)
    h.poll()
    expect(stamps(h)).toEqual([10, 30, 20].map(time))
    expect(h.output.watermarks).toEqual([time(30) - 1])
  })

  it('without event time has none, and no watermark', async () => {
    const h = await run(make({ a: rows('a', 10, 30) }))
    h.poll()
    expect(stamps(h)).toEqual([Number.NaN, Number.NaN])
    expect(h.output.watermarks).toEqual([])
  })

  it('refuses records whose event time cannot be told, and passes on the others', async () => {
    for (const eventTime of ['at', (x: Row) => (x.id === 'a4' ? Number.NaN : x.at)] as const) {
      const source = make({ a: rows('a', Number.NaN, 1, Number.NaN, Number.NaN, 2, 3) })
      source.perPoll = 6
      const h = await run(source, { eventTime, onError: 'dead-letter' })
      h.poll()
      const refused = typeof eventTime === 'string' ? ['a0', 'a2', 'a3'] : ['a0', 'a2', 'a3', 'a4']
      expect(ids(h)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5'].filter((id) => !refused.includes(id)))
      expect(h.poisoned.map(({ record, error }) => [(record as Row).id, (error as { code: string }).code])).toEqual(
        refused.map((id) => [id, 'OPERATOR_BAD_EVENT_TIME']),
      )
      expect(h.subtasks[0].metrics.recordsOut).toBe(6 - refused.length)
      expect(h.output.watermarks).toEqual([2])
      await h.close()
    }
  })

  it('is ended by such a record under the policy fail', async () => {
    const h = await run(make({ a: rows('a', 1, Number.NaN) }), { eventTime: 'at' })
    expect(() => h.poll()).toThrow(/eventTime gave/)
  })

  it('refuses records that are not of its declared type, of its side outputs too', async () => {
    if (how === 'columns') return
    const source = make({ a: [{ id: 'a0', at: 1 }, { id: 5, at: 2 } as never, { id: 'a2', at: 3 }] })
    source.sideOutputs = { twin: Row }
    source.side = 'twin'
    const h = await run(source, { eventTime: 'at', onError: 'skip' })
    h.poll()
    expect(ids(h)).toEqual(['a0', 'a2'])
    expect(h.side('twin').records).toEqual([
      { id: 'a0', at: 1 },
      { id: 'a2', at: 3 },
    ])
    const codes = h.poisoned.map(({ error }) => (error as { code: string }).code)
    expect(codes).toEqual(['COLUMNS_WRONG_TYPE', 'COLUMNS_WRONG_TYPE'])
  })

  it('has side outputs, with the event time of a field they have, not of a function', async () => {
    for (const [eventTime, time] of [
      ['at', 7],
      [(x: Row) => x.at + 1, Number.NaN],
    ] as const) {
      const source = make({ a: rows('a', 7) })
      source.sideOutputs = { twin: Row }
      source.side = 'twin'
      const h = await run(source, { eventTime })
      h.poll()
      expect(h.side('twin').records).toEqual([{ id: 'a0', at: 7 }])
      expect(h.side('twin').emissions[0].timestamp).toBe(time)
      await h.close()
    }
  })

  it('sends the lowest time of its splits, less what they may be out of order', async () => {
    const source = make({ a: rows('a', 100, 200, 300, 400), b: rows('b', 50, 60) })
    source.perPoll = 1
    const h = await run(source, { eventTime: 'at', maxOutOfOrderness: '5ms' })
    h.poll(1)
    expect(h.output.watermarks).toEqual([])
    h.poll(3)
    expect(h.output.watermarks).toEqual([44, 54])
    // When the second split has ended it holds nothing back any more.
    h.poll()
    expect(h.output.watermarks).toEqual([44, 54, 294, 394])
  })

  it('never sends a watermark before the records it stands for', async () => {
    const source = make({ a: rows('a', 5, 3, 9) })
    source.perPoll = 1
    const h = await run(source, { eventTime: 'at', maxOutOfOrderness: '2ms' })
    h.poll()
    expect(h.output.events).toEqual([1, 'watermark 2', 1, 1, 'watermark 6'])
  })

  it('sends no watermarks where the job wants none, and its own where it has some', async () => {
    const none = await run(make({ a: rows('a', 5) }), { eventTime: 'at', watermarks: 'none' })
    none.poll()
    expect(none.output.events).toEqual([1])
    await none.close()
    const seen: number[] = []
    const own = await run(make({ a: rows('a', 5, 7) }), {
      eventTime: 'at',
      watermarks: () => ({ onEvent: (time) => void seen.push(time), current: () => (seen.at(-1) ?? 0) * 10 }),
    })
    own.poll()
    expect(seen).toEqual([5, 7])
    expect(own.output.watermarks).toEqual([70])
  })

  it('does not hold time back with a silent split, and says when all are silent and when not', async () => {
    const source = make({ a: rows('a', 100), b: [] })
    source.bounded = false
    const h = await run(source, { eventTime: 'at', idleAfter: '10s' })
    h.poll()
    h.advance(5000)
    source.splits = { a: rows('a', 100, 200), b: [] }
    h.poll(1)
    h.poll(2)
    h.advance(5000)
    h.poll()
    expect(h.output.events).toEqual([1, 1, 'watermark 199'])
    h.advance(5000)
    h.poll()
    expect(h.output.idles).toEqual([true])
    // A record that does not move the watermark ends the silence as well.
    source.splits = { a: rows('a', 100, 200, 150), b: [] }
    h.poll(2)
    h.poll(2)
    expect(h.output.idles).toEqual([true, false])
    h.advance(10_000)
    h.poll()
    expect(h.output.idles).toEqual([true, false, true])
    expect(h.output.watermarks).toEqual([199])
  })

  it('is idle without a split, so that it holds nobody back', async () => {
    const source = make({ b: rows('b', 1) })
    source.discoveryIntervalMs = 1000
    const h = await run(source, { eventTime: 'at' }, 2)
    h.subtasks.splice(0, 1)
    expect(h.poll()).toEqual(['idle'])
    expect(h.output.idles).toEqual([true])
  })

  it('is not idle when it ends: nobody goes past what its end makes due', async () => {
    const h = await run(make({ a: rows('a', 1, 2), b: rows('b', 3) }), { eventTime: 'at' })
    expect(h.poll()).toEqual(['end'])
    expect(h.output.idles).toEqual([])
  })

  it('looks for new splits, and does not end while it does', async () => {
    const source = make({ a: rows('a', 1) })
    source.discoveryIntervalMs = 1000
    const h = await run(source, { eventTime: 'at' })
    expect(h.poll()).toEqual(['idle'])
    source.splits = { ...source.splits, c: rows('c', 2) }
    h.advance(999)
    expect(h.subtasks[0].wakes).toBe(0)
    h.advance(1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(h.subtasks[0].wakes).toBe(1)
    expect(h.poll()).toEqual(['idle'])
    expect(ids(h)).toEqual(['a0', 'c0'])
  })

  it('reads no split again that was finished in the checkpoint', async () => {
    const source = make({ a: rows('a', 1), c: rows('c', 2, 3, 4) })
    const h = await run(source, { eventTime: 'at' })
    h.poll(2)
    await h.restart()
    h.poll()
    expect(ids(h).sort()).toEqual(['a0', 'c0', 'c1', 'c2'])
    // Nor does it wait for its time.
    expect(h.output.watermarks.at(-1)).toBeGreaterThan(1)
  })

  it('ends the task at the next poll when looking for splits fails', async () => {
    const source = make({ a: rows('a', 1) })
    source.discoveryIntervalMs = 1000
    const h = await run(source)
    source.discoverSplits = () => {
      throw new Error('gone')
    }
    h.advance(1000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => h.poll()).toThrow('gone')
  })
})

describe('a source', () => {
  it('hands what it could not read to the error policy, with the place', async () => {
    const source = new TestSource({
      a: [
        { id: 'bad', at: 3 },
        { id: 'good', at: 4 },
      ],
    })
    const h = await run(source, { onError: 'skip' })
    h.poll()
    expect(ids(h)).toEqual(['good'])
    expect(h.poisoned).toEqual([
      { error: new Error('not readable'), record: { raw: 'raw text', where: 'line 3' }, timestampMs: undefined },
    ])
  })

  it('waits for memory before it reads, and loses nothing', async () => {
    const source = typed(new TestSource({ a: rows('a', 1, 2, 3, 4, 5, 6) }), 'columns')
    const h = await run(source, { eventTime: (x) => x.at })
    const held: number[] = []
    h.poll(1)
    h.subtasks[0].operator.processIdle(false)
    for (let s = h.arena.allocate(2); s >= 0; s = h.arena.allocate(2)) held.push(s)
    h.poll(3)
    const some = ids(h).length
    expect(some).toBeLessThan(6)
    for (const segment of held) h.arena.release(segment, 2)
    h.poll()
    expect(ids(h)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5'])
    expect(stamps(h)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('without memory sleeps, looks again soon, and for new splits when it is time', async () => {
    const source = typed(new TestSource({ a: rows('a', 1, 2, 3, 4) }), 'columns')
    source.discoveryIntervalMs = 1000
    const h = await run(source)
    const [subtask] = h.subtasks
    const operator = subtask.operator as SourceOperator
    expect(operator.poll()).toBe('more')
    const held: number[] = []
    for (let s = h.arena.allocate(2); s >= 0; s = h.arena.allocate(2)) held.push(s)
    expect(operator.poll()).toBe('idle')
    const { wakes } = subtask
    h.advance(10)
    expect(subtask.wakes).toBe(wakes + 1)
    expect(subtask.wakeAtMs - h.clock.now()).toBe(990)
    for (const segment of held) h.arena.release(segment, 2)
    expect(operator.poll()).toBe('more')
    expect(ids(h)).toEqual(['a0', 'a1', 'a2', 'a3'])
  })
})
