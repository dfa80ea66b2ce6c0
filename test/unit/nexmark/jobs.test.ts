/** The example jobs build, and their plans are what their speed rests on. */
import { describe, expect, it } from 'vitest'
import flights from '../../../examples/demo/flights.ts'
import { buildGraph, compilePlan, type Job } from '../../../millrace.ts'
import type { JobPlan } from '../../../proto/jobgraph/plan.ts'

const planOf = (job: Job, options: Record<string, string> = {}): JobPlan =>
  compilePlan(buildGraph(job, { parallelism: 2, options }))
const query = async (name: string): Promise<Job> =>
  ((await import(`../../../examples/nexmark/${name}.ts`)) as { default: Job }).default
const exchanged = (plan: JobPlan): (readonly string[] | undefined)[] =>
  plan.edges.map(({ schema }) => schema?.fields.map(({ name }) => name))

describe('nexmark jobs', () => {
  it('exchange only what is read behind the exchange', async () => {
    expect(exchanged(planOf(await query('q5')))).toEqual([['auction'], ['auction', 'count', 'windowEnd']])
    expect(exchanged(planOf(await query('q8')))).toEqual([
      ['id', 'name', 'opened'],
      ['id', 'name', 'opened'],
    ])
    expect(exchanged(planOf(await query('q11')))).toEqual([['bidder']])
    expect(exchanged(planOf(await query('kc')))).toEqual([['bidder']])
    expect(exchanged(planOf(await query('kcb')))[0]).toHaveLength(7)
  })

  it('want of their source only what is read', async () => {
    const wanted = async (name: string) => planOf(await query(name)).vertices[0].operators[0].wanted
    // The sink of q0 takes whole bids.
    expect(await wanted('q0')).toBeUndefined()
    expect(await wanted('q2')).toEqual({ '': ['auction', 'price', 'dateTime'] })
    expect(await wanted('q8')).toEqual({
      '': ['dateTime'],
      person: ['id', 'name', 'dateTime'],
      auction: ['dateTime', 'seller'],
    })
    expect(await wanted('kc')).toEqual({ '': ['bidder', 'dateTime'] })
    expect(await wanted('kcb')).toBeUndefined()
  })

  it('run in one chain when nothing is exchanged', async () => {
    for (const name of ['q0', 'q1', 'q2']) expect(planOf(await query(name)).vertices).toHaveLength(1)
  })

  it('are bounded by the option and build for rows as well', async () => {
    for (const source of ['rows', 'columns']) {
      const job = await query('q0')
      const { nodes } = buildGraph(job, { options: { 'nexmark.events': '10', 'nexmark.source': source } })
      expect(nodes[0]).toMatchObject({ kind: 'source', source: { bounded: true } })
    }
    expect(buildGraph(await query('q0')).nodes[0]).toMatchObject({ source: { bounded: false } })
  })
})

describe('the demo job', () => {
  it('builds with declared types on every edge', () => {
    expect(
      exchanged(planOf(flights, { 'kafka.brokers': '127.0.0.1:9092' })).every((fields) => fields !== undefined),
    ).toBe(true)
  })
})
