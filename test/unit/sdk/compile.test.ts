/** From a job to its plan: chains, exchanges, columns that cross edges, state, the hash. */
import { describe, expect, it } from 'vitest'
import type { JobPlan } from '../../../proto/jobgraph/plan.ts'
import {
  buildGraph,
  compilePlan,
  count,
  defineJob,
  edgeInput,
  field,
  graphWarnings,
  rebuildGraph,
  sum,
  t,
  window,
} from '../../../sdk/index.ts'
import type { Environment } from '../../../sdk/job.ts'
import type { Sink } from '../../../sdk/sink.ts'
import { Bid, bidSource, bids, build, columns, out, plan, untyped } from './bids.ts'

const names = (made: JobPlan) => made.vertices.map((vertex) => vertex.operators.map((operator) => operator.name))

describe('chains', () => {
  it('fuse what passes records straight on', () => {
    const made = plan((env) =>
      bids(env)
        .map((x) => x.price)
        .filter((x) => x > 1)
        .to(out, { uid: 'out' }),
    )
    expect(names(made)).toEqual([['bids', 'map', 'filter', 'out']])
    expect(made.vertices[0].name).toBe('bids -> map -> filter -> out')
    expect(made.vertices[0].operators.map((each) => each.input?.operator)).toEqual([undefined, 0, 1, 2])
    expect(made.edges).toEqual([])
  })

  it('fan out inside of one vertex', () => {
    const made = plan((env) => {
      const stream = bids(env)
      stream.map((x) => x.price, { name: 'a' }).to(out, { uid: 'a' })
      stream.map((x) => x.price, { name: 'b' }).to(out, { uid: 'b' })
      stream.sideOutput('person').to(out, { uid: 'c' })
    })
    expect(names(made)).toEqual([['bids', 'a', 'out', 'b', 'out', 'out']])
    expect(made.vertices[0].operators[5].input).toEqual({ operator: 0, output: 'person' })
  })

  it('end at a key, a change of parallelism, a rebalance and on request', () => {
    const made = plan((env) => {
      bids(env)
        .keyBy('auction')
        .count({ uid: 'count' })
        .map((x) => x, { parallelism: 1, name: 'one' })
        .map((x) => x, { parallelism: 1, chaining: 'head', name: 'head' })
        .map((x) => x, { parallelism: 1, name: 'joined' })
        .map((x) => x, { parallelism: 1, chaining: 'never', name: 'alone' })
        .map((x) => x, { parallelism: 1, name: 'after' })
        .rebalance()
        .to(out, { uid: 'out', parallelism: 1 })
    })
    expect(names(made)).toEqual([['bids'], ['count'], ['one'], ['head', 'joined'], ['alone'], ['after'], ['out']])
    expect(made.edges.map((edge) => edge.partitioner)).toEqual([
      'hash',
      'rebalance',
      'forward',
      'forward',
      'forward',
      'rebalance',
    ])
    expect(made.vertices.map((vertex) => vertex.parallelism)).toEqual([2, 2, 1, 1, 1, 1, 1])
  })

  it('end at a union, whose edges stand in the order of its inputs', () => {
    const graph = build((env) => {
      const all = bids(env)
      const cheap = all.filter((x) => x.price < 10)
      all.union(cheap, all.broadcast()).to(out, { uid: 'out' })
    })
    const made = compilePlan(graph)
    expect(names(made)).toEqual([['bids', 'filter'], ['out']])
    expect(made.edges.map((edge) => [edge.from.operator, edge.partitioner])).toEqual([
      [0, 'forward'],
      [1, 'forward'],
      [0, 'broadcast'],
    ])
    expect(made.edges.map((edge) => edgeInput(graph, made, edge).exchange.kind)).toEqual([
      'forward',
      'forward',
      'broadcast',
    ])
  })
})

describe('columns that cross an edge', () => {
  it('are the key and what declared operators read', () => {
    const made = plan((env) => bids(env).keyBy('auction').count({ uid: 'count' }).to(out, { uid: 'out' }))
    expect(columns(made.edges[0])).toEqual(['auction'])
    expect(made.edges[0].key).toEqual({ kind: 'fields', fields: ['auction'] })
    expect(made.vertices[1].operators[0].schema?.fields.map((each) => each.name)).toEqual(['auction', 'count'])
  })

  it('are those that functions are seen to read, in the order of the record', () => {
    const made = plan((env) =>
      bids(env)
        .keyBy('bidder')
        .process({ uid: 'p', onElement: (bid, _, emit) => emit(bid.channel + bid.auction) })
        .to(out, { uid: 'out' }),
    )
    expect(columns(made.edges[0])).toEqual(['auction', 'bidder', 'channel'])
  })

  it('are all where a function might read more', () => {
    const made = plan((env) =>
      bids(env)
        .keyBy('bidder')
        .process({ uid: 'p', onElement: (bid, _, emit) => emit(bid) })
        .to(out, { uid: 'out' }),
    )
    expect(columns(made.edges[0])).toEqual(['auction', 'bidder', 'price', 'channel', 'at'])
  })

  it('include those that a filter only passes on', () => {
    const made = plan((env) =>
      bids(env).rebalance().filter(field('price').gt(5)).project('channel').to(out, { uid: 'out' }),
    )
    expect(columns(made.edges[0])).toEqual(['price', 'channel'])
  })

  it('include what a key behind the next vertex is made of', () => {
    const made = plan((env) =>
      bids(env)
        .rebalance()
        .filter((x) => x.price > 5)
        .keyBy((x) => x.channel + x.auction)
        .aggregate({ n: count() }, { uid: 'n' })
        .to(out, { uid: 'out' }),
    )
    expect(columns(made.edges[0])).toEqual(['auction', 'price', 'channel'])
    expect(columns(made.edges[1])).toEqual(['auction', '$key'])
  })

  it('carry a computed key with its type where that is known', () => {
    const made = plan((env) =>
      bids(env)
        .keyBy((x) => x.channel)
        .sum('price', { uid: 's' })
        .to(out, { uid: 'out' }),
    )
    expect(made.edges[0].schema?.fields).toEqual([
      { name: 'price', type: { kind: 'float64' } },
      { name: '$key', type: { kind: 'string' } },
    ])
    expect(made.vertices[1].operators[0].schema?.fields.map((each) => each.name)).toEqual(['key', 'sum'])
    const unknown = plan((env) =>
      bids(env)
        .keyBy((x) => [x.channel])
        .sum('price', { uid: 's' })
        .to(out, { uid: 'out' }),
    )
    expect(unknown.edges[0].schema?.fields[1]).toEqual({ name: '$key', type: { kind: 'any' } })
  })

  it('are all for records that a dead letter shows', () => {
    const made = plan((env) =>
      bids(env).keyBy('auction').count({ uid: 'count', onError: 'dead-letter' }).to(out, { uid: 'out' }),
    )
    expect(columns(made.edges[0])).toHaveLength(5)
  })

  it('include what late records are used for', () => {
    const late = (use: boolean) =>
      plan((env) => {
        const counted = bids(env)
          .keyBy('auction')
          .window(window.tumbling('1m'), { lateOutput: 'late' })
          .count({ uid: 'w' })
        counted.to(out, { uid: 'out' })
        if (use)
          counted
            .sideOutput('late')
            .map((x) => x.channel)
            .to(out, { uid: 'late' })
      })
    expect(columns(late(false).edges[0])).toEqual(['auction'])
    expect(columns(late(true).edges[0])).toEqual(['auction', 'channel'])
  })

  it('are at least one', () => {
    const made = plan((env) =>
      bids(env)
        .rebalance()
        .map(() => 1)
        .to(out, { uid: 'out' }),
    )
    expect(columns(made.edges[0])).toEqual(['auction'])
  })

  it('are undeclared where the inputs of a key are not all declared', () => {
    const made = plan((env) =>
      env
        .from(untyped, { uid: 'untyped' })
        .union(bids(env))
        .keyBy('auction')
        .count({ uid: 'c' })
        .to(out, { uid: 'out' }),
    )
    expect(made.edges.map((edge) => edge.schema)).toEqual([undefined, undefined])
    expect(made.edges.map((edge) => edge.partitioner)).toEqual(['hash', 'hash'])
  })

  it('are unknown where nothing is declared', () => {
    const made = plan((env) =>
      env.from(untyped, { uid: 'bids' }).keyBy('auction').count({ uid: 'c' }).to(out, { uid: 'out' }),
    )
    expect(made.edges[0].schema).toBeUndefined()
    expect(made.vertices[0].operators[0].schema).toBeUndefined()
  })
})

describe('declared types', () => {
  const schemaOf = (body: (env: Environment) => { to(sink: Sink<unknown>, options: { uid: string }): void }) => {
    const made = plan((env) => body(env).to(out, { uid: 'out' }))
    const operators = made.vertices.flatMap((vertex) => vertex.operators)
    return operators.at(-2)?.schema?.fields.map((each) => `${each.name}:${each.type.kind}`)
  }

  it('go through filters, projections and computed columns', () => {
    expect(schemaOf((env) => bids(env).filter((x) => x.price > 1))).toHaveLength(5)
    expect(schemaOf((env) => bids(env).project('at', 'auction'))).toEqual(['at:timestamp', 'auction:float64'])
    expect(schemaOf((env) => bids(env).select({ who: 'bidder', euros: field('price').times(0.9) }))).toEqual([
      'who:float64',
      'euros:float64',
    ])
  })

  it('of a map are what it declares', () => {
    expect(schemaOf((env) => bids(env).map((x) => ({ a: x.price })))).toBeUndefined()
    expect(
      schemaOf((env) => bids(env).map((x) => ({ a: x.price }), { returns: t.object({ a: t.float64() }) })),
    ).toEqual(['a:float64'])
  })

  it('of windows have key, aggregates, start and end', () => {
    expect(
      schemaOf((env) =>
        bids(env)
          .keyBy(['auction', 'channel'])
          .window(window.sliding('10s', '2s'))
          .aggregate({ n: count(), total: sum('price') }, { uid: 'w' }),
      ),
    ).toEqual([
      'auction:float64',
      'channel:string',
      'n:float64',
      'total:float64',
      'windowStart:timestamp',
      'windowEnd:timestamp',
    ])
  })
})

describe('state in the plan', () => {
  it('names what each operator keeps', () => {
    const made = plan((env) => {
      bids(env)
        .keyBy('auction')
        .process({
          uid: 'p',
          state: { last: t.float64().state({ ttl: '1h' }) },
          emits: Bid,
          onElement: (x, _, emit) => emit(x),
        })
        .keyBy('auction')
        .reduce((a) => a, { uid: 'r' })
        .keyBy('auction')
        .window(window.tumbling('1m'))
        .count({ uid: 'w' })
        .to(out, { uid: 'out' })
    })
    const states = Object.fromEntries(
      made.vertices
        .flatMap((v) => v.operators)
        .map((each) => [
          each.uid,
          each.state.map((state) => `${state.name}:${state.kind}:${state.type?.type.kind ?? '-'}`),
        ]),
    )
    expect(states).toEqual({
      bids: ['splits:splits:-'],
      p: ['last:value:float64', 'timers:timers:-'],
      r: ['value:value:struct'],
      w: ['window:window:-'],
      out: ['writer:operator:-', 'committables:committables:-'],
    })
  })
})

describe('the hash of a plan', () => {
  const job = (price: number) =>
    defineJob('job', (env) =>
      bids(env)
        .filter(field('price').gt(price))
        .map((x) => x.price)
        .to(out, { uid: 'out' }),
    )

  it('is the same for the same job, and another for another parallelism or option', () => {
    const hash = (options: Parameters<typeof buildGraph>[1]) => compilePlan(buildGraph(job(1), options)).hash
    expect(hash({ parallelism: 2 })).toMatch(/^[0-9a-f]{64}$/)
    expect(hash({ parallelism: 2 })).toBe(hash({ parallelism: 2 }))
    expect(hash({ parallelism: 2 })).toBe(hash({ options: { 'parallelism.default': '2' } }))
    expect(hash({ parallelism: 2 })).not.toBe(hash({ parallelism: 3 }))
    expect(hash({ parallelism: 2 })).not.toBe(hash({ parallelism: 2, options: { a: 'b' } }))
  })

  it('lets a slot build the same graph from the plan that came over the wire', () => {
    const submitted = JSON.parse(
      JSON.stringify(compilePlan(buildGraph(job(1), { parallelism: 3, options: { rate: '5' } }))),
    ) as JobPlan
    expect(rebuildGraph(job(1), submitted)).toMatchObject({ parallelism: 3, options: { rate: '5' } })
  })

  it('tells another job from the one that was submitted', () => {
    const other = defineJob('job', (env) =>
      bids(env)
        .map((x) => x.price)
        .to(out, { uid: 'out' }),
    )
    expect(() => rebuildGraph(other, compilePlan(buildGraph(job(1))))).toThrow(/builds another graph here/)
    // A constant in a declared condition is a part of the job as well.
    expect(() => rebuildGraph(job(2), compilePlan(buildGraph(job(1))))).toThrow(/builds another graph here/)
  })
})

describe('a graph whose paths part and meet many times', () => {
  it('is planned at once', () => {
    const graph = build((env) => {
      let stream = bids(env).filter((x) => x.price > 0)
      for (let i = 0; i < 60; i++) stream = stream.filter((x) => x.price > 1).union(stream.filter((x) => x.price < 1))
      stream.keyBy('auction').window(window.tumbling('1m')).count({ uid: 'w' }).to(out, { uid: 'out' })
    })
    expect(graphWarnings(graph)).toEqual([])
    expect(columns(compilePlan(graph).edges[0])).toEqual(['auction', 'price'])
  })
})

describe('warnings', () => {
  it('name what nobody reads and windows that no watermark ends', () => {
    const graph = build((env) => {
      bids(env).map((x) => x.price, { name: 'lost' })
      env
        .from(bidSource, { uid: 'timeless', watermarks: 'none' })
        .keyBy('auction')
        .window(window.tumbling('1m'))
        .count({ uid: 'w' })
        .to(out, { uid: 'out' })
    })
    expect(graphWarnings(graph)).toEqual([
      expect.stringMatching(/^nothing reads what lost \("#1"\) emits at .*compile\.test\.ts:\d+:\d+$/),
      expect.stringMatching(/^the windows of "w" end only with the input/),
    ])
  })
})
