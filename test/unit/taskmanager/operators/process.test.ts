/** process on keyed streams: every kind of state, timers of both times, side outputs, restarts, refused records. */
import { afterEach, describe, expect, it } from 'vitest'
import { state, t } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { type HarnessOptions, nowhere, OperatorHarness } from '../../../support/operator-harness.ts'

interface Event {
  user: string
  n: number
}
const Event = t.object({ user: t.string(), n: t.float64() })

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})
const run = (
  build: (stream: Stream<Event>) => Stream<unknown>,
  options: HarnessOptions = {},
): Promise<OperatorHarness> => {
  harness = OperatorHarness.of<Event>(build, options)
  return harness.start()
}
const events: Event[] = Array.from({ length: 12 }, (_, n) => ({ user: `u${n % 3}`, n }))
const times = events.map((x) => x.n * 10)
const part = (h: OperatorHarness, how: 'rows' | 'columns', from: number, to: number) =>
  h.push(how, events.slice(from, to), { timestamps: times.slice(from, to) })

const everything = (s: Stream<Event>): Stream<unknown> =>
  s.keyBy('user').process({
    uid: 'p',
    state: {
      last: state.value(t.float64()),
      note: state.value(t.object({ text: t.string() })),
      all: state.list(t.float64()),
      seen: state.map(t.string(), t.float64()),
      total: state.reducing(t.float64(), (a, b) => a + b),
      mean: state.aggregating({
        init: () => ({ n: 0, sum: 0 }),
        add: (acc: { n: number; sum: number }, x: number) => ({ n: acc.n + 1, sum: acc.sum + x }),
        result: (acc) => acc.sum / acc.n,
      }),
    },
    onElement(x, { key, state: own, timestamp }, emit: (x: unknown) => void) {
      const before = own.last.get()
      own.last.set(x.n)
      own.note.set({ text: `${own.note.get()?.text ?? ''}${x.n};` })
      own.all.add(x.n)
      own.seen.set(`n${x.n % 2}`, x.n)
      own.total.add(x.n)
      own.mean.add(x.n)
      if (x.n === 7) own.seen.delete('n1')
      emit({
        key,
        timestamp,
        before,
        note: own.note.get()?.text,
        all: own.all.get(),
        seen: [...own.seen.entries()].sort(),
        size: own.seen.size,
        has: own.seen.has('n0'),
        keys: [...own.seen.keys()].sort(),
        values: [...own.seen.values()].sort(),
        total: own.total.get(),
        mean: own.mean.get(),
      })
    },
  })

function expected(): unknown[] {
  return events.map((x, i) => {
    const mine = events.slice(0, i + 1).filter((y) => y.user === x.user)
    const seen = new Map<string, number>()
    for (const y of mine) {
      seen.set(`n${y.n % 2}`, y.n)
      if (y.n === 7) seen.delete('n1')
    }
    const total = mine.reduce((a, y) => a + y.n, 0)
    return {
      key: x.user,
      timestamp: times[i],
      before: mine.at(-2)?.n,
      note: mine.map((y) => `${y.n};`).join(''),
      all: mine.map((y) => y.n),
      seen: [...seen].sort(),
      size: seen.size,
      has: seen.has('n0'),
      keys: [...seen.keys()].sort(),
      values: [...seen.values()].sort(),
      total,
      mean: total / mine.length,
    }
  })
}

describe.each([
  ['rows', undefined],
  ['columns', undefined],
  ['columns', Event],
] as const)('process from %s (%#)', (how, type) => {
  const options = type === undefined ? {} : { type }

  it('has state of every kind for each key, and has it again after a restart', async () => {
    const h = await run(everything, options)
    part(h, how, 0, 5)
    await h.restart(3)
    part(h, how, 5, 8)
    await h.restart(2)
    part(h, how, 8, 12)
    const byTime = h.output.emissions.toSorted((a, b) => a.timestamp - b.timestamp)
    expect(byTime.map(({ record }) => record)).toEqual(expected())
  })

  it('fires event timers in the order of their times, each once, also after a restart', async () => {
    const h = await run(
      (s) =>
        s.keyBy('user').process({
          uid: 'p',
          state: { n: state.value(t.float64()) },
          onElement(x, { state: own, timers, timestamp }) {
            own.n.set(x.n)
            timers.at((timestamp ?? 0) + 100)
            timers.at((timestamp ?? 0) + 100)
            timers.at(1000)
            if (x.n === 2) timers.cancel(120)
          },
          onTimer(at, { key, state: own, timeDomain, timestamp, timers }, emit: (x: unknown) => void) {
            emit([at, key, own.n.get(), timeDomain, timestamp, timers.watermark])
            if (at === 1000) own.n.clear()
          },
        }),
      options,
    )
    part(h, how, 0, 6)
    h.watermark(109)
    await h.restart()
    expect(h.output.records).toEqual([[100, 'u0', 3, 'event', 100, 109]])
    h.watermark(145)
    expect(h.output.records.slice(1)).toEqual([
      [110, 'u1', 4, 'event', 110, 145],
      [130, 'u0', 3, 'event', 130, 145],
      [140, 'u1', 4, 'event', 140, 145],
    ])
    expect(h.output.emissions.at(-1)?.timestamp).toBe(140)
    expect(h.output.events.at(-1)).toBe('watermark 145')
    h.watermark(Number.POSITIVE_INFINITY)
    const last = h.output.records.slice(4) as [number, string][]
    expect(last.map(([at]) => at)).toEqual([150, 1000, 1000, 1000])
    expect(
      last
        .slice(1)
        .map(([, key]) => key)
        .sort(),
    ).toEqual(['u0', 'u1', 'u2'])
  })

  it('fires processing timers when the wall clock comes to them, also after a restart', async () => {
    const h = await run(
      (s) =>
        s.keyBy('user').process({
          uid: 'p',
          onElement(x, { timers }) {
            timers.atProcessingTime(timers.now + 1000 * (x.n + 1))
            if (x.n === 1) timers.cancelProcessingTime(timers.now + 2000)
          },
          onTimer(at, { key, timeDomain, timestamp }, emit: (x: unknown) => void) {
            emit([at, key, timeDomain, timestamp === at])
          },
        }),
      options,
    )
    const start = h.clock.now()
    part(h, how, 0, 4)
    h.advance(999)
    expect(h.output.records).toEqual([])
    h.advance(1)
    expect(h.output.records).toEqual([[start + 1000, 'u0', 'processing', true]])
    expect(h.output.emissions[0].timestamp).toBeNaN()
    await h.restart(2)
    h.advance(10_000)
    expect(h.output.records.slice(1)).toEqual([
      [start + 3000, 'u2', 'processing', true],
      [start + 4000, 'u0', 'processing', true],
    ])
  })

  it('emits to side outputs with the time of the record', async () => {
    const h = await run((s) => {
      const made = s.keyBy('user').process({
        uid: 'p',
        sides: { odd: t.float64(), unread: t.float64() },
        onElement(x, context, emit: (x: unknown) => void) {
          context.side('unread', x.n)
          if (x.n % 2 === 1) context.side('odd', x.n)
          else emit(x.n)
        },
      })
      made.sideOutput('odd').to(nowhere, { uid: 'odd' })
      return made
    }, options)
    const odd = h.side('odd')
    part(h, how, 0, 6)
    h.watermark(3)
    expect(odd.records).toEqual([1, 3, 5])
    expect(odd.emissions.map(({ timestamp }) => timestamp)).toEqual([10, 30, 50])
    expect(odd.watermarks).toEqual([3])
    expect(h.output.records).toEqual([0, 2, 4])
  })

  it('a refused record emits nothing, and the others are untouched', async () => {
    const h = await run((s) => {
      const made = s.keyBy('user').process({
        uid: 'p',
        onError: 'dead-letter',
        sides: { log: t.float64() },
        state: { n: state.value(t.float64()) },
        onElement(x, context, emit: (x: unknown) => void) {
          emit(['before', x.n])
          context.side('log', x.n)
          if (x.user === 'u1') throw new Error(`no ${x.n}`)
          context.state.n.set((context.state.n.get() ?? 0) + 1)
          emit(['after', x.n, context.state.n.get()])
        },
      })
      made.sideOutput('log').to(nowhere, { uid: 'log' })
      return made
    }, options)
    const log = h.side('log')
    part(h, how, 0, 12)
    const good = events.filter((x) => x.user !== 'u1')
    expect(log.records).toEqual(good.map((x) => x.n))
    expect(h.output.records).toEqual(
      good.flatMap((x) => [
        ['before', x.n],
        ['after', x.n, Math.floor(x.n / 3) + 1],
      ]),
    )
    expect(h.poisoned.map(({ record, timestampMs }) => [record, timestampMs])).toEqual(
      events.filter((x) => x.user === 'u1').map((x) => [x, x.n * 10]),
    )
  })

  it('a refused timer names its key and time, emits nothing and does not hold time back', async () => {
    const h = await run(
      (s) =>
        s.keyBy('user').process({
          uid: 'p',
          onError: 'skip',
          onElement: (_, { timers, timestamp }) => timers.at((timestamp ?? 0) + 5),
          onTimer(at, { key }, emit: (x: unknown) => void) {
            emit(at)
            if (at === 15) throw new Error(`no ${key}`)
          },
        }),
      options,
    )
    part(h, how, 0, 3)
    h.watermark(50)
    expect(h.output.records).toEqual([5, 25])
    expect(h.poisoned).toEqual([{ error: new Error('no u1'), record: { key: 'u1', timer: 15 }, timestampMs: 15 }])
    expect(h.output.watermarks).toEqual([50])
  })
})

describe('process', () => {
  it('forgets what was not written for the time to live', async () => {
    const h = await run((s) =>
      s.keyBy('user').process({
        uid: 'p',
        state: { n: state.value(t.float64(), { ttl: '10s' }), all: state.list(t.float64(), { ttl: '10s' }) },
        onElement(x, { state: own }, emit: (x: unknown) => void) {
          emit([own.n.get(), own.all.get()])
          own.n.set(x.n)
          own.all.add(x.n)
        },
      }),
    )
    h.rows([events[0]])
    h.advance(9000)
    h.rows([events[0]])
    h.advance(9000)
    await h.restart()
    h.rows([{ user: 'u0', n: 5 }])
    h.advance(10_001)
    h.rows([events[0]])
    expect(h.output.records).toEqual([
      [undefined, []],
      [0, [0]],
      // Of the list the first element is over, the second is not.
      [0, [0]],
      [undefined, []],
    ])
  })

  it('keeps null and other things that a type allows', async () => {
    const h = await run((s) =>
      s.keyBy('user').process({
        uid: 'p',
        state: {
          maybe: state.value(t.nullable(t.float64())),
          flag: state.value(t.boolean()),
          total: state.reducing(t.nullable(t.float64()), (a, b) => (a === null || b === null ? null : a + b)),
        },
        onElement(x, { state: own }, emit: (x: unknown) => void) {
          emit([own.maybe.get(), own.flag.get(), own.total.get()])
          own.maybe.set(x.n === 0 ? null : x.n)
          own.flag.set(x.n % 2 === 0)
          own.total.add(x.n === 2 ? null : x.n)
        },
      }),
    )
    h.rows([0, 1, 2, 3].map((n) => ({ user: 'a', n })))
    await h.restart()
    h.rows([{ user: 'a', n: 0 }])
    await h.restart()
    h.rows([{ user: 'a', n: 0 }])
    expect(h.output.records).toEqual([
      [undefined, undefined, undefined],
      [null, true, 0],
      [1, false, 1],
      [2, true, null],
      [3, false, null],
      [null, true, null],
    ])
  })

  it('fires very many timers in slices, and passes the watermark on after the last', async () => {
    const h = await run(
      (s) =>
        s.keyBy('n').process({
          uid: 'p',
          onElement: (_, { timers }) => timers.at(10),
          onTimer: (_, { key }, emit: (x: unknown) => void) => emit(key),
        }),
      { type: Event },
    )
    h.columns(Array.from({ length: 3000 }, (_, n) => ({ user: 'x', n })))
    expect(h.watermark(10)).toBe(2)
    expect(new Set(h.output.records).size).toBe(3000)
    expect(h.output.events.at(-1)).toBe('watermark 10')
  })

  it('fires very many processing timers in slices', async () => {
    const h = await run(
      (s) =>
        s.keyBy('n').process({
          uid: 'p',
          onElement: (_, { timers }) => timers.atProcessingTime(timers.now + 10),
          onTimer: (_, { key }, emit: (x: unknown) => void) => emit(key),
        }),
      { type: Event },
    )
    h.columns(Array.from({ length: 3000 }, (_, n) => ({ user: 'x', n })))
    h.advance(10)
    expect(new Set(h.output.records).size).toBe(3000)
    expect(h.output.records).toHaveLength(3000)
  })

  it('keeps no key that has neither state nor timer', async () => {
    const h = await run(
      (s) =>
        s.keyBy('n').process({
          uid: 'p',
          state: { n: state.value(t.float64()) },
          onElement(x, { state: own }, emit: (x: unknown) => void) {
            emit(own.n.get())
            if (x.n % 2 === 0) own.n.set(1)
            else own.n.clear()
          },
        }),
      { type: Event },
    )
    h.columns(Array.from({ length: 100 }, (_, n) => ({ user: 'x', n })))
    const manifest = await h.checkpoint()
    const operator = manifest.operators.find(({ uid }) => uid === 'p')
    expect(operator?.subtasks.flatMap(({ runs }) => runs).reduce((sum, run) => sum + run.entries, 0)).toBe(50)
  })

  it('refuses a record that sets a timer to no time', async () => {
    const h = await run((s) =>
      s.keyBy('user').process({
        uid: 'p',
        onError: 'skip',
        onElement: (x, { timers, timestamp }) => timers.at((timestamp as number) + x.n),
        onTimer: (at, _, emit: (x: unknown) => void) => emit(at),
      }),
    )
    h.rows([events[1]]).rows([events[2]], { timestamps: [5] })
    h.watermark(10)
    expect(h.output.records).toEqual([7])
    expect(h.poisoned.map(({ error }) => (error as { code: string }).code)).toEqual(['OPERATOR_BAD_TIMER'])
  })

  it('on a stream without key has no timers', async () => {
    harness = OperatorHarness.of<Event>((s) =>
      s.process({
        onElement: (_, context) => (context as unknown as { timers: { at(t: number): void } }).timers.at(1),
      }),
    )
    await harness.start()
    expect(() => harness?.rows([events[0]])).toThrow(/keyBy|not keyed/)
  })

  it('goes on with deltas after checkpoints that were aborted', async () => {
    const h = await run(everything, { type: Event })
    part(h, 'columns', 0, 3)
    await h.checkpoint()
    part(h, 'columns', 3, 5)
    await h.checkpoint('abort')
    part(h, 'columns', 5, 8)
    await h.checkpoint('unknown')
    await h.start(2)
    part(h, 'rows', 8, 12)
    const byTime = h.output.emissions.toSorted((a, b) => a.timestamp - b.timestamp)
    expect(byTime.map(({ record }) => record)).toEqual(expected())
  })
})
