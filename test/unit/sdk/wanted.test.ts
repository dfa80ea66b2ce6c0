/** Which fields a source has to make, as the plan says. */
import { describe, expect, it } from 'vitest'
import { field } from '../../../sdk/index.ts'
import type { Environment } from '../../../sdk/job.ts'
import { bidSource, bids, columns, out, plan } from './bids.ts'

describe('columns that a source makes', () => {
  const wanted = (body: (env: Environment) => void) => plan(body).vertices.map(({ operators }) => operators[0].wanted)

  it('are those that somebody reads, and those of the event time', () => {
    expect(wanted((env) => bids(env).keyBy('auction').count({ uid: 'count' }).to(out, { uid: 'out' }))[0]).toEqual({
      '': ['auction', 'at'],
    })
    expect(wanted((env) => bids(env).filter(field('price').gt(5)).project('channel').to(out, { uid: 'out' }))).toEqual([
      { '': ['price', 'channel', 'at'] },
    ])
    const timed = (env: Environment) => env.from(bidSource, { uid: 'bids', eventTime: (bid) => bid.at + bid.bidder })
    expect(wanted((env) => timed(env).project('price').to(out, { uid: 'out' }))).toEqual([
      { '': ['bidder', 'price', 'at'] },
    ])
  })

  it('are those of all readers together', () => {
    const both = wanted((env) => {
      bids(env).project('price').to(out, { uid: 'a' })
    })
    const three = wanted((env) => {
      const stream = bids(env)
      stream.project('price').to(out, { uid: 'a' })
      stream
        .map((bid) => bid.bidder)
        .rebalance()
        .to(out, { uid: 'b' })
    })
    expect(both).toEqual([{ '': ['price', 'at'] }])
    expect(three[0]).toEqual({ '': ['bidder', 'price', 'at'] })
  })

  it('are all where a function, a sink or a dead letter might show more', () => {
    expect(wanted((env) => bids(env).to(out, { uid: 'out' }))).toEqual([undefined])
    expect(
      wanted((env) =>
        bids(env)
          .map((bid) => JSON.stringify(bid))
          .to(out, { uid: 'out' }),
      ),
    ).toEqual([undefined])
    expect(
      wanted((env) =>
        bids(env).filter(field('price').gt(5), { onError: 'dead-letter' }).project('price').to(out, { uid: 'out' }),
      ),
    ).toEqual([undefined])
    expect(
      wanted((env) =>
        env
          .from(bidSource, { uid: 'bids', eventTime: 'at', onError: 'dead-letter' })
          .project('price')
          .to(out, { uid: 'out' }),
      ),
    ).toEqual([undefined])
  })

  it('are told for each side output, and a main output that nobody reads has its event time', () => {
    expect(
      wanted((env) =>
        bids(env)
          .sideOutput('person')
          .map((person) => person.name)
          .to(out, { uid: 'out' }),
      ),
    ).toEqual([{ '': ['at'], person: ['name'] }])
  })

  it('are at least one, the same on every edge behind', () => {
    const made = plan((env) =>
      bids(env)
        .rebalance()
        .filter(field('price').gt(5))
        .rebalance()
        .map(() => 1)
        .to(out, { uid: 'out' }),
    )
    expect(columns(made.edges[1])).toEqual(['auction'])
    expect(columns(made.edges[0])).toEqual(['auction', 'price'])
    expect(made.vertices[0].operators[0].wanted).toEqual({ '': ['auction', 'price', 'at'] })
  })
})
