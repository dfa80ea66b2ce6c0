/** What a job that is wrong is told, and where. */
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../../core/errors.ts'
import {
  buildGraph,
  compilePlan,
  defineJob,
  field,
  isJob,
  jobOf,
  type Sink,
  type Source,
  sum,
  t,
  window,
} from '../../../sdk/index.ts'
import type { Environment } from '../../../sdk/job.ts'

const Row = t.object({ account: t.string(), amount: t.float64(), at: t.timestamp() })
type Record_ = { account: string; amount: number; at: number }
const source: Source<Record_> = {
  kind: 'source',
  name: 'rows',
  bounded: true,
  type: Row,
  discoverSplits: () => [],
  owner: () => 0,
  createReader: () => ({ addSplits() {}, poll: () => 'end', snapshot: () => [], close() {} }),
}
const out: Sink<unknown> = {
  kind: 'sink',
  name: 'out',
  guarantee: 'none',
  createWriter: () => ({ write() {}, close() {} }),
}
const rows = (env: Environment) => env.from(source, { uid: 'rows' })
/** What the compiler would refuse in TypeScript still comes from JavaScript. */
const untyped = <T>(value: T): never => value as never

function failure(body: (env: Environment) => unknown): { code: string; message: string; hint?: string } {
  try {
    compilePlan(buildGraph(defineJob('job', body as (env: Environment) => void)))
  } catch (error) {
    if (isMillraceError(error)) return error
    throw error
  }
  throw new Error('no failure')
}

describe('a job that is wrong', () => {
  const cases: [string, string, RegExp, (env: Environment) => unknown][] = [
    ['has no sink', 'SDK_NO_SINK', /job "job" has no sink/, (env) => rows(env).map((x) => x)],
    [
      'gives a uid twice',
      'SDK_DUPLICATE_UID',
      /"rows" is given twice: to rows at .*job\.test\.ts:\d+:\d+ and to out at .*job\.test\.ts/,
      (env) => rows(env).to(out, { uid: 'rows' }),
    ],
    [
      'gives no uid',
      'SDK_BAD_UID',
      /uid of out is missing at .*job\.test\.ts/,
      (env) => rows(env).to(out, untyped({})),
    ],
    [
      'gives no options at all',
      'SDK_BAD_UID',
      /uid of count is missing/,
      (env) => rows(env).keyBy('account').count(untyped(undefined)),
    ],
    ['gives a generated uid', 'SDK_BAD_UID', /is "#1"/, (env) => rows(env).to(out, { uid: '#1' })],
    [
      'has a parallelism of 0',
      'SDK_BAD_PARALLELISM',
      /parallelism of map is 0 at/,
      (env) => rows(env).map((x) => x, { parallelism: 0 }),
    ],
    [
      'has a parallelism of 1.5',
      'SDK_BAD_PARALLELISM',
      /is 1\.5/,
      (env) => rows(env).to(out, { uid: 'a', parallelism: 1.5 }),
    ],
    [
      'misspells a chaining',
      'SDK_BAD_OPTION',
      /expected always, head, never/,
      (env) => rows(env).map((x) => x, { chaining: untyped('off') }),
    ],
    [
      'misspells an option of a source',
      'SDK_UNKNOWN_OPTION',
      /has no option "maxOutOfOrdernes" at .*job\.test\.ts:\d+:\d+; did you mean "maxOutOfOrderness"\?/,
      (env) => void env.from(source, untyped({ uid: 'a', maxOutOfOrdernes: '5s' })),
    ],
    [
      'misspells an option of an operator',
      'SDK_UNKNOWN_OPTION',
      /map has no option "paralelism".*; did you mean "parallelism"\?/,
      (env) => rows(env).map((x) => x, untyped({ paralelism: 2 })),
    ],
    [
      'misspells an option of an aggregate',
      'SDK_UNKNOWN_OPTION',
      /"asName"/,
      (env) =>
        rows(env)
          .keyBy('account')
          .count(untyped({ uid: 'c', asName: 'n' })),
    ],
    [
      'misspells a part of an aggregate of functions',
      'SDK_UNKNOWN_OPTION',
      /tumbling window \("a"\) has no option "merg".*; did you mean "merge"\?/,
      (env) =>
        rows(env)
          .keyBy('account')
          .window(window.tumbling('1s'))
          .aggregate(untyped({ uid: 'a', init: () => 0, add: () => 1, merg: () => 2, emit: () => ({}) })),
    ],
    [
      'misspells what an aggregate of functions begins with',
      'SDK_BAD_ARGUMENT',
      /init of aggregate needs a function/,
      (env) =>
        rows(env)
          .keyBy('account')
          .aggregate(untyped({ uid: 'a', int: () => 0, add: () => 1, emit: () => ({}) })),
    ],
    [
      'misspells a part of a process',
      'SDK_UNKNOWN_OPTION',
      /process \("p"\) has no option "onTimr".*; did you mean "onTimer"\?/,
      (env) =>
        rows(env)
          .keyBy('account')
          .process(untyped({ uid: 'p', onElement: () => {}, onTimr: () => {} })),
    ],
    [
      'misspells a part of a window that reduces',
      'SDK_UNKNOWN_OPTION',
      /"emits".*; did you mean "emit"\?/,
      (env) =>
        rows(env)
          .keyBy('account')
          .window(window.tumbling('1s'))
          .reduce((a) => a, untyped({ uid: 'r', emits: (x: unknown) => x })),
    ],
    [
      'misspells a part of a source',
      'SDK_UNKNOWN_OPTION',
      /source s has no option "discoveryInterval".*; did you mean "discoveryIntervalMs"\?/,
      (env) => void env.from(untyped({ ...source, name: 's', discoveryInterval: 5 }), { uid: 'a' }),
    ],
    [
      'misspells a part of a sink',
      'SDK_UNKNOWN_OPTION',
      /sink s has no option "comit".*; did you mean "commit"\?/,
      (env) => rows(env).to(untyped({ ...out, name: 's', comit: () => {} }), { uid: 'a' }),
    ],
    [
      'misspells an option of a window',
      'SDK_UNKNOWN_OPTION',
      /window has no option "allowedLatenes"/,
      (env) =>
        rows(env)
          .keyBy('account')
          .window(window.tumbling('1s'), untyped({ allowedLatenes: '1s' })),
    ],
    [
      'misspells an option of a state',
      'SDK_UNKNOWN_OPTION',
      /a value state has no option "tl".*did you mean "ttl"\?/,
      () => t.float64().state(untyped({ tl: '1h' })),
    ],
    [
      'names an unknown key',
      'SDK_UNKNOWN_FIELD',
      /keyBy names the field "acount".*job\.test\.ts:\d+:\d+; did you mean "account"\?/,
      (env) => rows(env).keyBy(untyped('acount')),
    ],
    [
      'names an unknown field to add up',
      'SDK_UNKNOWN_FIELD',
      /sum\('amunt'\) names/,
      (env) => rows(env).keyBy('account').sum(untyped('amunt'), { uid: 's' }),
    ],
    [
      'names an unknown field in a condition',
      'SDK_UNKNOWN_FIELD',
      /filter names the field "ammount"/,
      (env) => rows(env).filter(untyped(field('ammount').gt(1))),
    ],
    ['projects an unknown field', 'SDK_UNKNOWN_FIELD', /project names/, (env) => rows(env).project(untyped('nope'))],
    [
      'names an unknown event time',
      'SDK_UNKNOWN_FIELD',
      /eventTime names/,
      (env) => env.from(source, { uid: 'a', eventTime: untyped('time') }),
    ],
    [
      'adds up a text',
      'SDK_NOT_NUMERIC',
      /declared as string/,
      (env) => rows(env).keyBy('account').sum(untyped('account'), { uid: 's' }),
    ],
    [
      'names an aggregate like the key',
      'SDK_OUTPUT_NAME_TAKEN',
      /two fields called "account"/,
      (env) =>
        rows(env)
          .keyBy('account')
          .aggregate({ account: sum('amount') }, { uid: 's' }),
    ],
    [
      'has a duration without a unit',
      'SDK_BAD_DURATION',
      /"5" is not a duration at .*job\.test\.ts/,
      (env) => env.from(source, { uid: 'a', idleAfter: untyped('5') }),
    ],
    ['has a negative duration', 'SDK_BAD_DURATION', /"-5s"/, (env) => env.from(source, { uid: 'a', idleAfter: '-5s' })],
    ['has a window without size', 'SDK_BAD_WINDOW', /must be more than 0/, () => window.tumbling('0s')],
    ['slides further than its windows', 'SDK_BAD_WINDOW', /would leave records out/, () => window.sliding('1s', '2s')],
    [
      'maps to promises',
      'SDK_ASYNC_FUNCTION',
      /function of map returns a promise at .*job\.test\.ts/,
      (env) => rows(env).map(async (x) => x),
    ],
    [
      'handles elements asynchronously',
      'SDK_ASYNC_FUNCTION',
      /onElement of process returns a promise/,
      (env) =>
        rows(env)
          .keyBy('account')
          .process({ uid: 'p', async onElement() {} }),
    ],
    [
      'gives no function',
      'SDK_BAD_ARGUMENT',
      /function of map needs a function, it was given undefined/,
      (env) => rows(env).map(untyped(undefined)),
    ],
    ['gives no sink', 'SDK_BAD_ARGUMENT', /to needs a sink/, (env) => rows(env).to(untyped({}), { uid: 'a' })],
    ['gives no source', 'SDK_BAD_ARGUMENT', /env\.from needs a source/, (env) => env.from(untyped(out), { uid: 'a' })],
    [
      'gives no window',
      'SDK_BAD_ARGUMENT',
      /needs a window/,
      (env) => rows(env).keyBy('account').window(untyped('1m')),
    ],
    [
      'reads a side output that is not there',
      'SDK_NO_SUCH_OUTPUT',
      /no side output "late"/,
      (env) => rows(env).sideOutput(untyped('late')),
    ],
    [
      'merges windows without a merge',
      'SDK_MERGE_MISSING',
      /session windows/,
      (env) =>
        rows(env)
          .keyBy('account')
          .window(window.session('1s'))
          .aggregate({ uid: 's', init: () => 0, add: (n) => n + 1, emit: (n) => n }),
    ],
    [
      'calls a state like the timers',
      'SDK_BAD_ARGUMENT',
      /states of other names/,
      (env) =>
        rows(env)
          .keyBy('account')
          .process({ uid: 'p', state: { timers: t.string().state() }, onElement() {} }),
    ],
    ['builds with a promise', 'SDK_BUILD_ASYNC', /returns a promise/, async (env) => rows(env).to(out, { uid: 'out' })],
  ]
  it.each(cases)('that %s is told %s', (_, code, message, body) => {
    const error = failure(body)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  it('cannot add to a graph that is built, nor mix the streams of two', () => {
    const kept: Environment[] = []
    const job = defineJob('job', (env) => {
      kept.push(env)
      rows(env).to(out, { uid: 'out' })
    })
    buildGraph(job)
    expect(() => rows(kept[0])).toThrow(/was already built/)
    const streams: ReturnType<typeof rows>[] = []
    const mixing = defineJob('mixing', (env) => {
      streams.push(rows(env))
      if (streams.length > 1) streams[1].union(streams[0]).to(out, { uid: 'out' })
    })
    buildGraph(mixing)
    expect(() => buildGraph(mixing)).toThrow(/stream of another job/)
  })

  it('fails with the error of its own code as it is', () => {
    const thrown = new TypeError('of the user')
    expect(() =>
      buildGraph(
        defineJob('job', () => {
          throw thrown
        }),
      ),
    ).toThrow(thrown)
  })
})

describe('a job file', () => {
  const job = defineJob('job', (env) => rows(env).to(out, { uid: 'out' }))

  it('exports its job as default, through bundlers as well', () => {
    expect(jobOf({ default: job }, 'job.ts')).toBe(job)
    expect(jobOf({ default: { default: job } }, 'job.ts')).toBe(job)
    expect(jobOf(job, 'job.ts')).toBe(job)
  })

  it('without one is told so', () => {
    expect(() => jobOf({}, 'job.ts')).toThrow(/job\.ts is not a job: it has no default export/)
    expect(() => jobOf({ default: () => 1 }, 'job.ts')).toThrow(/its default export is function/)
    expect(() => jobOf(undefined, 'job.ts')).toThrow(/no default export/)
  })

  it('is recognised when another copy of this package made it', () => {
    const copy = { name: 'job', build: job.build, options: {}, [Symbol.for('millrace.job')]: true }
    expect(isJob(copy)).toBe(true)
    expect(buildGraph(copy).nodes).toHaveLength(2)
  })
})

describe('options', () => {
  const job = defineJob(
    'job',
    (env) => {
      env.set('from-build', env.parallelism)
      rows(env)
        .map(() => env.option('rate', '1'), { name: env.option('label') ?? 'none' })
        .to(out, { uid: 'out' })
    },
    { parallelism: 3, options: { rate: 10, 'execution.checkpointing.interval': '10s' } },
  )

  it('of the submission go before those of the job', () => {
    expect(buildGraph(job).options).toEqual({
      rate: '10',
      'execution.checkpointing.interval': '10s',
      'from-build': '3',
      'parallelism.default': '3',
    })
    const graph = buildGraph(job, { parallelism: 2, options: { rate: '20', label: 'fast' } })
    expect(graph.options).toMatchObject({ rate: '20', 'from-build': '2', 'parallelism.default': '2' })
    expect(graph.nodes[1].name).toBe('fast')
  })

  it('that are an instance of a class may have fields of its own', () => {
    class Largest {
      readonly uid = 'largest'
      readonly start = -1
      onElement = (record: Record_, _: unknown, emit: (value: number) => void): void =>
        emit(Math.max(this.start, record.amount))
    }
    const withClass = defineJob('job', (env) => {
      rows(env)
        .keyBy('account')
        .process(new Largest() as never)
        .to(out, { uid: 'out' })
    })
    expect(buildGraph(withClass).nodes[1].uid).toBe('largest')
  })

  it('refuse a parallelism that is no number', () => {
    expect(() => buildGraph(job, { options: { 'parallelism.default': 'many' } })).toThrow(
      /parallelism of the job is many/,
    )
  })
})
