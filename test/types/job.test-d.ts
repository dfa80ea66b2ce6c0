/**
 * What must compile, and what must not: each `@ts-expect-error` is a promise. Never run; checked by the compiler.
 * The second half checks what is inferred without annotations.
 */
import {
  avg,
  count,
  type Duration,
  defineJob,
  field,
  max,
  min,
  type Sink,
  type Source,
  type Stream,
  state,
  sum,
  type TypeOf,
  t,
  window,
} from '../../sdk/index.ts'

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const expectType = <Expected, Actual>(..._same: Equal<Expected, Actual> extends true ? [] : ['types differ']): void =>
  undefined
const records = <T, S extends object>(_stream: Stream<T, S>): { type: T } => ({}) as { type: T }

const Bid = t.object({
  auction: t.float64(),
  bidder: t.int64(),
  price: t.float64(),
  channel: t.string(),
  at: t.timestamp(),
  note: t.optional(t.string()),
  tags: t.array(t.string()),
})
const Gappy = t.object({
  id: t.float64(),
  a: t.nullable(t.float64()),
  b: t.optional(t.int64()),
  c: t.nullable(t.string()),
  d: t.optional(t.string()),
  e: t.optional(t.float64()),
})
declare const gappy: Stream<TypeOf<typeof Gappy>>
/** Fields that may lack a value are added up and compared, without those that do. */
export const overGaps = (): void => {
  const keyed = gappy.filter(field('a').gt(5)).keyBy('id')
  const all = records(
    keyed.aggregate({ s: sum('a'), m: min('a'), n: max('b'), z: sum('b'), x: min('id') }, { uid: 'x' }),
  )
  expectType<{ id: number; s: number; m: number | null; n: bigint | null; z: bigint; x: number }, typeof all.type>()
  // @ts-expect-error: a text cannot be added up
  keyed.sum('c', { uid: 'y' })

  gappy.filter(field('b').gt(5).or(field('c').eq('x')).and(field('d').lt('y')).and(field('d').eq(null)))
  gappy.filter(field('e').ge(1).and(field('e').ne(3)).and(field('id').plus(1).gt(2)))
  // @ts-expect-error: what may be absent has no sum
  gappy.filter(field('e').plus(1).gt(2))
  // @ts-expect-error: what may be null has no sum
  gappy.filter(field('a').plus(1).gt(2))
  // @ts-expect-error: an absent number is no text
  gappy.filter(field('b').gt('x'))
  // @ts-expect-error: no such field
  gappy.filter(field('b').gt(5).and(field('nope').gt(5)))
}
/** Records of which nothing is known, of several kinds, or without fields. */
export const overAnything = (
  any: Stream<ReturnType<typeof JSON.parse>>,
  kinds: Stream<{ kind: 'a'; n: number } | { kind: 'b'; n?: number }>,
  numbers: Stream<number>,
): void => {
  any.filter(field('whatever').gt(1))
  kinds.filter(field('n').gt(1).and(field('kind').eq('a')))
  // @ts-expect-error: a number has no such field
  numbers.filter(field('n').gt(1))
}
const Person = t.object({ id: t.float64(), name: t.string() })

declare const bids: Source<TypeOf<typeof Bid>, { person: TypeOf<typeof Person> }>
declare const anything: Sink<unknown>
declare const alerts: Sink<{ account: string; amount: number }>

export default defineJob('types', (env) => {
  const stream = env.from(bids, { uid: 'bids', eventTime: 'at', maxOutOfOrderness: '5s', idleAfter: '250ms' })

  // Sources
  // @ts-expect-error: no uid
  env.from(bids, {})
  // @ts-expect-error: no such field
  env.from(bids, { uid: 'x', eventTime: 'att' })
  // @ts-expect-error: a text is no time
  env.from(bids, { uid: 'x', eventTime: 'channel' })
  // @ts-expect-error: not a duration
  env.from(bids, { uid: 'x', maxOutOfOrderness: '5 seconds' })
  // @ts-expect-error: durations have units
  env.from(bids, { uid: 'x', idleAfter: 5 })

  // Stateless operators
  // @ts-expect-error: no such field
  stream.map((bid) => bid.amount)
  // @ts-expect-error: no such option
  stream.map((bid) => bid.price, { paralelism: 2 })
  // @ts-expect-error: the function returns something else than it declares
  stream.map((bid) => ({ price: bid.channel }), { returns: t.object({ price: t.float64() }) })
  // @ts-expect-error: a filter says yes or no
  stream.filter((bid) => bid.channel)
  // @ts-expect-error: no such field
  stream.filter(field('prize').gt(100))
  // @ts-expect-error: a text is not compared with a number
  stream.filter(field('channel').gt(100))
  // @ts-expect-error: one of the fields does not exist
  stream.filter(field('price').gt(100).and(field('nope').eq(1)))
  // @ts-expect-error: no arithmetic on texts
  stream.filter(field('channel').mod(2).eq(0))
  // @ts-expect-error: no such field
  stream.project('auction', 'nope')
  // @ts-expect-error: no such field
  stream.select({ a: 'nope' })

  // Keys
  // @ts-expect-error: no such field
  stream.keyBy('nope')
  // @ts-expect-error: no such field
  stream.keyBy(['auction', 'nope'])
  // @ts-expect-error: a Date is no key
  stream.keyBy(() => new Date())
  // @ts-expect-error: a list of fields has fields
  stream.keyBy([])

  const keyed = stream.keyBy('auction')
  // @ts-expect-error: no uid
  keyed.count()
  // @ts-expect-error: no uid
  keyed.count({})
  // @ts-expect-error: a text cannot be added up
  keyed.sum('channel', { uid: 'x' })
  // @ts-expect-error: no such field
  keyed.aggregate({ total: sum('prize'), n: count() }, { uid: 'x' })
  // @ts-expect-error: no uid
  keyed.reduce((a) => a)
  // @ts-expect-error: another type comes out than goes in
  keyed.reduce((a, b) => a.price + b.price, { uid: 'x' })
  // @ts-expect-error: no uid
  keyed.process({ onElement() {} })

  keyed.process({
    uid: 'wrong',
    state: { last: t.float64().state({ ttl: '1h' }), seen: state.list(t.string()) },
    emits: t.object({ account: t.string() }),
    sides: { big: Person },
    onElement(bid, context, emit) {
      // @ts-expect-error: the state is a number
      context.state.last.set('text')
      // @ts-expect-error: no such state
      context.state.first.get()
      // @ts-expect-error: the list is of texts
      context.state.seen.add(1)
      // @ts-expect-error: not what the operator emits
      emit({ account: bid.auction })
      // @ts-expect-error: no such output
      context.side('small', { id: 1, name: 'a' })
      // @ts-expect-error: not what this output takes
      context.side('big', { id: 1 })
      expectType<number, typeof context.key>()
    },
  })
  // @ts-expect-error: not a duration
  t.float64().state({ ttl: '1 hour' })

  // Connected streams
  const people = stream.sideOutput('person')
  // @ts-expect-error: no keyBy
  keyed.connect(people)
  // @ts-expect-error: keys of another type
  keyed.connect(people.keyBy('name'))
  // @ts-expect-error: nothing is done with the records of the second
  keyed.connect(people.keyBy('id')).process({ uid: 'x', onElement1() {} })
  keyed.connect(people.keyBy('id')).process({
    uid: 'both',
    state: { name: state.value(t.string()) },
    emits: t.object({ price: t.float64() }),
    onElement1(bid, { key, state }, emit) {
      expectType<TypeOf<typeof Bid>, typeof bid>()
      expectType<number, typeof key>()
      const name = state.name.get()
      expectType<string | undefined, typeof name>()
      emit({ price: bid.price })
    },
    onElement2(person, { state }, emit) {
      state.name.set(person.name)
      // @ts-expect-error: not what the operator emits
      emit(person)
    },
  })

  // Windows
  // @ts-expect-error: not a duration
  window.tumbling('1min')
  // @ts-expect-error: a slide is missing
  window.sliding('10s')
  // @ts-expect-error: no uid
  keyed.window(window.tumbling('1m')).count()
  // @ts-expect-error: no such output
  keyed.window(window.tumbling('1m'), { lateOutput: 'late' }).count({ uid: 'x' }).sideOutput('to-late')
  // @ts-expect-error: no late output was asked for
  keyed.window(window.tumbling('1m')).count({ uid: 'x' }).sideOutput('late')

  // Outputs
  // @ts-expect-error: no such side output
  stream.sideOutput('auction')
  // @ts-expect-error: the sink takes other records
  stream.to(alerts, { uid: 'alerts' })
  // @ts-expect-error: no uid
  stream.to(anything, {})
  // @ts-expect-error: no uid
  stream.to(anything)
  // @ts-expect-error: streams of different records
  stream.union(stream.sideOutput('person'))

  // What is inferred
  stream.to(anything, { uid: 'all' })
  keyed
    .count({ uid: 'count' })
    .map((x) => ({ account: 'a', amount: x.count }))
    .to(alerts, { uid: 'alerts' })

  const persons = records(stream.sideOutput('person'))
  expectType<{ id: number; name: string }, typeof persons.type>()
  const counted = records(keyed.count({ uid: 'a' }))
  expectType<{ auction: number; count: number }, typeof counted.type>()
  const summed = records(stream.keyBy(['auction', 'channel']).sum('bidder', { uid: 'b', as: 'total' }))
  expectType<{ auction: number; channel: string; total: bigint }, typeof summed.type>()
  const byFunction = records(stream.keyBy((bid) => bid.channel).max('price', { uid: 'c' }))
  expectType<{ key: string; max: number }, typeof byFunction.type>()
  const windowed = records(keyed.window(window.sliding('10s', '2s')).count({ uid: 'd' }))
  expectType<{ auction: number; count: number; windowStart: number; windowEnd: number }, typeof windowed.type>()
  const declared = records(keyed.aggregate({ total: sum('price'), n: count(), mean: avg('bidder') }, { uid: 'e' }))
  expectType<{ auction: number; total: number; n: number; mean: number }, typeof declared.type>()
  const late = records(
    keyed.window(window.tumbling('1m'), { lateOutput: 'late' }).count({ uid: 'f' }).sideOutput('late'),
  )
  expectType<TypeOf<typeof Bid>, typeof late.type>()
  const session = records(
    keyed.window(window.session('10s')).aggregate({
      uid: 'g',
      init: () => ({ n: 0, last: 0 }),
      add: (acc, bid) => ({ n: acc.n + 1, last: bid.at }),
      merge: (a, b) => ({ n: a.n + b.n, last: Math.max(a.last, b.last) }),
      emit: (acc, { key, window }) => ({ key, n: acc.n, end: window.end }),
    }),
  )
  expectType<{ key: number; n: number; end: number }, typeof session.type>()
  const reduced = records(
    keyed.window(window.tumbling('1m')).reduce((a, b) => (a.price > b.price ? a : b), { uid: 'h' }),
  )
  expectType<TypeOf<typeof Bid>, typeof reduced.type>()
  const shown = records(
    keyed.window(window.tumbling('1m')).reduce((a, b) => (a.price > b.price ? a : b), {
      uid: 'i',
      emit: (bid, { window }) => ({ best: bid.price, at: window.end }),
    }),
  )
  expectType<{ best: number; at: number }, typeof shown.type>()
  const projected = records(stream.project('auction', 'price'))
  expectType<{ auction: number; price: number }, typeof projected.type>()
  const selected = records(stream.select({ id: 'auction', who: field('bidder'), euros: field('price').times(0.908) }))
  expectType<{ id: number; who: bigint; euros: number }, typeof selected.type>()
  const words = records(stream.flatMap((bid) => bid.channel.match(/\w+/g) ?? []))
  expectType<string, typeof words.type>()
  stream.filter(
    field('price').times(field('auction')).ge(1).or(field('channel').eq('Google')).and(field('auction').mod(123).eq(0)),
  )
  stream.filter(field('bidder').gt(5))
  const processed = keyed.process({
    uid: 'j',
    state: {
      last: Bid.state({ ttl: '1h' }),
      by: state.map(t.string(), t.float64()),
      sum: state.reducing(t.float64(), (a, b) => a + b),
    },
    emits: Person,
    sides: { big: Bid },
    onElement(bid, { key, state, timers, side, timestamp }, emit) {
      expectType<TypeOf<typeof Bid> | undefined, ReturnType<typeof state.last.get>>()
      expectType<number | undefined, ReturnType<typeof state.sum.get>>()
      expectType<number | undefined, typeof timestamp>()
      state.by.set(bid.channel, bid.price)
      timers.at(bid.at)
      side('big', bid)
      emit({ id: key, name: bid.note ?? 'none' })
    },
    onTimer(at, { key }, emit) {
      emit({ id: key, name: String(at) })
    },
  })
  const main = records(processed)
  expectType<{ id: number; name: string }, typeof main.type>()
  const side = records(processed.sideOutput('big'))
  expectType<TypeOf<typeof Bid>, typeof side.type>()
})

const Nested = t.object({
  a: t.nullable(t.date()),
  b: t.array(t.object({ c: t.bytes(), d: t.optional(t.boolean()) })),
  e: t.literal('x', 'y'),
  f: t.map(t.string(), t.int32()),
  g: t.enum(['on', 'off']),
})
expectType<
  {
    a: Date | null
    b: { c: Uint8Array; d?: boolean | undefined }[]
    e: 'x' | 'y'
    f: Map<string, number>
    g: 'on' | 'off'
  },
  TypeOf<typeof Nested>
>()
// @ts-expect-error: not a type
t.object({ a: 'string' })
// @ts-expect-error: a type is made by a call
t.object({ a: t.string })
export const fine: readonly Duration[] = ['5s', '250ms', '1.5h', '1d']
// @ts-expect-error: no unit
export const bad: Duration = '5'
