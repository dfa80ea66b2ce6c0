/** Two connected streams in the graph and in the plan: what each sends, what their key is, and what is refused. */
import { describe, expect, it } from 'vitest'
import { t } from '../../../sdk/index.ts'
import type { Environment } from '../../../sdk/job.ts'
import { bidSource, bids, build, columns, out, plan, untyped } from './bids.ts'

const noop = { onElement1() {}, onElement2() {} }
const keyOfEdges = (made: ReturnType<typeof plan>) =>
  made.edges.map((edge) => edge.schema?.fields.find(({ name }) => name === '$key')?.type.kind)

describe('connected streams', () => {
  it('send what their own function reads, and their keys', () => {
    const made = plan((env) => {
      const stream = bids(env)
      stream
        .sideOutput('person')
        .keyBy('id')
        .connect(stream.filter((bid) => bid.channel === 'web').keyBy('bidder'))
        .process({
          uid: 'both',
          onElement1(person, _context, emit) {
            emit(person.name)
          },
          onElement2({ price }, _context, emit) {
            emit(price)
          },
        })
        .to(out, { uid: 'out' })
    })
    expect(made.edges.slice(0, 2).map(columns)).toEqual([
      ['name', '$key'],
      ['price', '$key'],
    ])
    expect(keyOfEdges(made).slice(0, 2)).toEqual(['float64', 'float64'])
    expect(made.vertices[0].operators[0].wanted).toEqual({
      '': ['bidder', 'price', 'channel', 'at'],
    })
    expect(made.vertices[1].operators[0]).toMatchObject({ uid: 'both', kind: 'process', reads: ['name'] })
  })

  it('send one column where a function reads none, and everything where it may read all', () => {
    const made = plan((env) => {
      const stream = bids(env)
      stream
        .keyBy('auction')
        .connect(stream.keyBy('auction'))
        .process({
          uid: 'both',
          onElement1(_bid, { key }, emit) {
            emit(key)
          },
          onElement2(bid, _context, emit) {
            emit(bid)
          },
        })
        .to(out, { uid: 'out' })
    })
    expect(made.edges.slice(0, 2).map(columns)).toEqual([
      ['auction', '$key'],
      ['auction', 'bidder', 'price', 'channel', 'at', '$key'],
    ])
  })

  it('have a key of any type where the two differ or are not known', () => {
    const Small = t.object({ id: t.int32() })
    const kinds = (make: (env: Environment) => void): unknown => keyOfEdges(plan(make))
    expect(
      kinds((env) => {
        const small = bids(env).map((bid) => ({ id: bid.auction }), { returns: Small })
        small
          .keyBy('id')
          .connect(bids2(env).keyBy('auction'))
          .process({ uid: 'both', ...noop })
          .to(out, { uid: 'out' })
      }),
    ).toEqual(['any', 'any'])
    expect(
      kinds((env) => {
        const one = env.from(untyped, { uid: 'untyped' })
        bids(env)
          .keyBy('auction')
          .connect(one.keyBy('auction'))
          .process({ uid: 'both', ...noop })
          .to(out, { uid: 'out' })
      }),
    ).toEqual(['any', undefined])
    expect(
      kinds((env) =>
        bids(env)
          .keyBy(['auction', 'channel'])
          .connect(bids2(env).keyBy(['auction', 'channel']))
          .process({ uid: 'both', ...noop })
          .to(out, { uid: 'out' }),
      ),
    ).toEqual(['struct', 'struct'])
  })

  it('are told apart by the hash of the plan', () => {
    const hashes = [1, 2].map((first) => {
      const made = plan((env) => {
        const all = [bids(env), bids2(env), env.from(bidSource, { uid: 'third' })]
        const [a, b] = first === 1 ? [all[0], all[1].union(all[2])] : [all[0].union(all[1]), all[2]]
        a.keyBy('auction')
          .connect(b.keyBy('auction'))
          .process({ uid: 'both', ...noop })
          .to(out, { uid: 'out' })
      })
      expect(made.edges).toHaveLength(3)
      return made.hash
    })
    expect(hashes[0]).not.toBe(hashes[1])
  })

  it('are refused where they are no keyed streams of one job, and without both functions', () => {
    const refusal = (make: (env: Environment) => void): unknown => {
      try {
        build(make)
      } catch (error) {
        return (error as { code: string }).code
      }
      return 'nothing'
    }
    const keyed = (env: Environment) => bids(env).keyBy('auction')
    expect(refusal((env) => void keyed(env).connect(bids2(env) as never))).toBe('SDK_BAD_ARGUMENT')
    let foreign: ReturnType<typeof keyed> | undefined
    build((env) => {
      foreign = keyed(env)
      bids2(env).to(out, { uid: 'out' })
    })
    expect(refusal((env) => void keyed(env).connect(foreign as never))).toBe('SDK_FOREIGN_STREAM')
    const both = (env: Environment) => keyed(env).connect(bids2(env).keyBy('auction'))
    expect(refusal((env) => both(env).process({ uid: 'both', onElement1() {} } as never))).toBe('SDK_BAD_ARGUMENT')
    expect(refusal((env) => both(env).process({ uid: 'both', ...noop, onElement() {} } as never))).toBe(
      'SDK_UNKNOWN_OPTION',
    )
    expect(refusal((env) => both(env).process({ uid: 'both', ...noop, async onElement2() {} } as never))).toBe(
      'SDK_ASYNC_FUNCTION',
    )
    expect(refusal((env) => both(env).process(noop as never))).toBe('SDK_BAD_UID')
  })
})

const bids2 = (env: Environment) => env.from(bidSource, { uid: 'more', eventTime: 'at' })
