/** Keys at the edge: records that have none, key functions that fail, and key functions that only return a field. */
import { describe, expect, it } from 'vitest'
import { encodeRows } from '../../../../core/columns/encode.ts'
import { hashValue } from '../../../../core/columns/hash.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import type { OperatorPlan } from '../../../../proto/jobgraph/plan.ts'
import type { KeySelector } from '../../../../sdk/graph/nodes.ts'
import { createRouter } from '../../../../taskmanager/network/create-router.ts'
import { EdgeWriter } from '../../../../taskmanager/network/edge-writer.ts'
import { OperatorFailure } from '../../../../taskmanager/operators/operator-failure.ts'
import { link, Recorder } from './support.ts'

const operator: OperatorPlan = {
  node: 3,
  uid: 'bids-per-bidder',
  name: 'count',
  kind: 'aggregate',
  state: [],
  onError: 'fail',
}

interface Case {
  readonly selector: KeySelector
  readonly rows: readonly unknown[]
  readonly edge?: Schema
  /** Rows that count. */
  readonly selected?: readonly number[]
}

/** Gives the rows to a keyed edge and returns what arrives, or the error. */
async function send(how: 'rows' | 'columns', { selector, rows, edge, selected }: Case) {
  const between = await link('local', 2, edge, 16)
  const { arena } = between
  const plan = { kind: 'hash', arena, selector, schema: edge, operator } as const
  const writer = new EdgeWriter({
    arena,
    schema: edge,
    channels: between.outputs,
    router: createRouter(plan, 2),
    bufferTimeoutMs: 5,
    monotonic: () => 0,
  })
  const recorders = between.inputs.map(
    (channel) => new Recorder([{ channel, computedKey: selector.kind === 'function' }]),
  )
  let error: unknown
  try {
    if (how === 'rows') writer.rows({ rows, count: rows.length, timestamps: undefined })
    else {
      const encoded = encodeRows(arena, arena.owner, undefined, rows, 0, rows.length)
      const chosen = selected && { rows: Int32Array.from(selected), count: selected.length }
      try {
        if (encoded !== undefined) writer.batch(encoded.batch, chosen)
      } finally {
        encoded?.batch.release()
      }
    }
    writer.flush()
    for (const recorder of recorders) recorder.drain()
  } catch (thrown) {
    error = thrown
  }
  writer.close()
  for (const input of between.inputs) input.close()
  await between.close()
  expect(between.held()).toBe(0)
  const seen = recorders.flatMap((recorder) => recorder.seen).filter((each) => each.kind === 'row')
  return { error, seen }
}

const byFunction = (select: (record: never) => unknown, field?: string): KeySelector => ({
  kind: 'function',
  select: select as never,
  reads: undefined,
  ...(field === undefined ? {} : { field }),
})
const byField: KeySelector = { kind: 'fields', fields: ['bidder'], single: true }
const byFields: KeySelector = { kind: 'fields', fields: ['bidder', 'day'], single: false }

describe.each(['rows', 'columns'] as const)('from %s', (how) => {
  it.each<[string, Case, string]>([
    [
      'a key function that gives undefined',
      { selector: byFunction((x: { a: number }) => (x.a > 1 ? undefined : x.a)), rows: [{ a: 1 }, { a: 2 }] },
      'keyBy finds no key: its function gave undefined for an object (a)',
    ],
    [
      'a record without the field',
      { selector: byField, rows: [{ bidder: 1, price: 1 }, { price: 2 }] },
      'keyBy finds no key: there is no "bidder" in an object (',
    ],
    [
      'a field that no record has',
      { selector: byField, rows: [{ price: 2 }] },
      'keyBy finds no key: there is no "bidder" in an object (price)',
    ],
    [
      'a record that is undefined, of a function that returned nothing',
      { selector: byFunction((x: { a: number }) => x.a), rows: [undefined, undefined] },
      'keyBy finds no key: a record is nothing (undefined)',
    ],
  ])('%s fails in the name of the operator behind keyBy', async (_, given, message) => {
    const { error } = await send(how, given)
    expect(error).toBeInstanceOf(OperatorFailure)
    const failure = error as OperatorFailure
    expect(failure.operator).toBe(operator)
    expect(failure.message).toContain(message)
    expect((failure.cause as { code?: unknown }).code).toBe('NETWORK_NO_KEY')
  })

  it('the error of a key function is that of the operator behind keyBy', async () => {
    const thrown = new Error('no such bidder')
    const { error } = await send(how, {
      selector: byFunction(() => {
        throw thrown
      }),
      rows: [{ a: 1 }],
    })
    expect(error).toBeInstanceOf(OperatorFailure)
    expect((error as OperatorFailure).cause).toBe(thrown)
    expect((error as OperatorFailure).operator).toBe(operator)
  })

  it('null is a key', async () => {
    const rows = [{ bidder: null }, { bidder: 1 }]
    const { error, seen } = await send(how, { selector: byField, rows })
    expect(error).toBeUndefined()
    expect(seen.map(({ row }) => row)).toEqual(expect.arrayContaining(rows))
  })

  it('a function that only returns a field means the field', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ bidder: `b${i % 7}`, price: i }))
    const edge: Schema = {
      record: 'object',
      fields: [
        { name: 'price', type: { kind: 'float64' } },
        { name: '$key', type: { kind: 'string' } },
      ],
    }
    const select = (x: { bidder: string }): string => x.bidder
    for (const schema of [edge, undefined]) {
      const given = { rows, ...(schema && { edge: schema }) }
      const short = await send(how, { selector: byFunction(select, 'bidder'), ...given })
      const called = await send(how, { selector: byFunction(select), ...given })
      expect(short.error).toBeUndefined()
      expect(short.seen).toEqual(called.seen)
      expect(short.seen).toHaveLength(50)
    }
  })

  it('a function that returns the record means the record', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `b${i % 7}`)
    const { seen } = await send(how, { selector: byFunction((x: string) => x, ''), rows })
    expect(seen.map(({ row }) => row).toSorted()).toEqual(rows.toSorted())
    for (const each of seen) expect(each.hash).toBe(hashValue(each.row))
  })
})

describe('from columns', () => {
  it('a key that is missing in rows that do not count is no fault', async () => {
    const rows = [{ bidder: 1, day: 1 }, { day: 1 }, { bidder: 3 }, { bidder: 4, day: 2 }]
    const { error, seen } = await send('columns', { selector: byFields, rows, selected: [0, 3] })
    expect(error).toBeUndefined()
    expect(seen.map(({ row }) => row)).toEqual(expect.arrayContaining([rows[0], rows[3]]))
  })
})
