import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Arena } from '../../../../core/arena/arena.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import { hashValue } from '../../../../core/columns/hash.ts'
import type { Field, Schema } from '../../../../core/columns/schema.ts'
import type { KeySelector } from '../../../../sdk/graph/nodes.ts'
import { BroadcastChannel } from '../../../../taskmanager/network/broadcast.ts'
import { createRouter, type RouterPlan } from '../../../../taskmanager/network/create-router.ts'
import { EdgeWriter } from '../../../../taskmanager/network/edge-writer.ts'
import { type Carrier, link, Recorder, type Seen } from './support.ts'

const record: Schema = {
  record: 'object',
  fields: [
    { name: 'id', type: { kind: 'float64' } },
    { name: 'name', type: { kind: 'string' } },
  ],
}
const words: Schema = { record: 'value', fields: [{ name: '', type: { kind: 'string' } }] }
const computed: Field = { name: '$key', type: { kind: 'string' } }

interface Shape {
  readonly name: string
  readonly declared: Schema
  /** What the edge declares. */
  readonly edge: Schema | undefined
  readonly selector: KeySelector
  row(i: number): unknown
  key(row: never): unknown
}

const shapes: readonly Shape[] = [
  {
    name: 'a field',
    declared: record,
    edge: record,
    selector: { kind: 'fields', fields: ['id'], single: true },
    // A few hundred outgrow a segment.
    row: (i) => ({ id: i % 17, name: `n${i}`.padEnd((i * 37) % 500, '.') }),
    key: (row: { id: number }) => row.id,
  },
  {
    name: 'two fields of undeclared records',
    declared: record,
    edge: undefined,
    selector: { kind: 'fields', fields: ['id', 'name'], single: false },
    row: (i) => ({ id: i % 5, name: `n${i % 3}` }),
    key: (row: { id: number; name: string }) => ({ id: row.id, name: row.name }),
  },
  {
    name: 'a function of records',
    declared: record,
    edge: { record: 'object', fields: [...record.fields, computed] },
    selector: { kind: 'function', select: (row) => (row as { name: string }).name.slice(0, 2), reads: ['name'] },
    row: (i) => ({ id: i, name: `n${i % 7}` }),
    key: (row: { name: string }) => row.name.slice(0, 2),
  },
  {
    name: 'a function of bare values',
    declared: words,
    edge: { record: 'value', fields: [...words.fields, computed] },
    selector: { kind: 'function', select: (row) => (row as string).toUpperCase(), reads: undefined },
    row: (i) => `word${i % 11}`,
    key: (row: string) => row.toUpperCase(),
  },
  {
    name: 'a function of undeclared bare values',
    declared: words,
    edge: undefined,
    selector: { kind: 'function', select: (row) => (row as string).length, reads: undefined },
    row: (i) => 'x'.repeat(i % 23),
    key: (row: string) => row.length,
  },
]

type Step =
  | { readonly kind: 'batch'; readonly rows: number; readonly every: number }
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'watermark' }
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'barrier' }
  | { readonly kind: 'flush' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('batch' as const),
        rows: fc.integer({ min: 1, max: 700 }),
        every: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('rows' as const), rows: fc.integer({ min: 1, max: 300 }) }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'watermark' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('idle' as const), idle: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'barrier' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'flush' as const }) },
  ),
  { minLength: 1, maxLength: 25 },
)

/** What was given to the edge between two barriers, in order. */
interface Sent {
  readonly row: unknown
  readonly timestamp: number
}

async function run(
  carrier: Carrier,
  channels: number,
  plan: (arena: Arena) => RouterPlan,
  shape: Shape,
  script: readonly Step[],
  { broadcast = false, segments = 64 } = {},
) {
  const between = await link(carrier, channels, shape.edge, segments)
  const { arena } = between
  let now = 0
  const lanes = broadcast ? [new BroadcastChannel(arena, between.outputs)] : between.outputs
  const writer = new EdgeWriter({
    arena,
    schema: shape.edge,
    channels: lanes,
    router: createRouter(plan(arena), lanes.length),
    bufferTimeoutMs: 5,
    flushRows: 256,
    // Each look takes a while, so that what is stuck counts as stuck after a few.
    monotonic: () => (now += 10),
  })
  const computedKey = shape.selector.kind === 'function' && plan(arena).kind === 'hash'
  const recorders = between.inputs.map((channel) => new Recorder([{ channel, computedKey }]))
  const epochs: Sent[][] = [[]]
  let next = 0
  const settle = async (): Promise<void> => {
    for (let tries = 0; !writer.available(); tries++) {
      if (tries > 5000) throw new Error('the edge does not become available again')
      for (const recorder of recorders) recorder.drain()
      await between.turn()
    }
  }
  try {
    for (const step of script) {
      await settle()
      if (step.kind === 'batch' || step.kind === 'rows') {
        const rows = Array.from({ length: step.rows }, () => shape.row(next++))
        const times = Float64Array.from(rows, (_, i) => next - rows.length + i)
        const note = (i: number): void => void epochs[epochs.length - 1].push({ row: rows[i], timestamp: times[i] })
        if (step.kind === 'rows') {
          writer.rows({ rows, count: rows.length, timestamps: times })
          for (let i = 0; i < rows.length; i++) note(i)
        } else {
          const encoded = encodeRows(arena, arena.owner, shape.declared, rows, 0, rows.length, times)
          if (encoded === undefined) continue
          const picked = Int32Array.from({ length: Math.ceil(encoded.consumed / step.every) }, (_, i) => i * step.every)
          writer.batch(encoded.batch, step.every === 1 ? undefined : { rows: picked, count: picked.length })
          encoded.batch.release()
          for (const i of picked) note(i)
        }
      } else if (step.kind === 'watermark') writer.watermark(next - 1)
      else if (step.kind === 'idle') writer.idle(step.idle)
      else if (step.kind === 'flush') writer.flush()
      else {
        writer.barrier(epochs.length)
        epochs.push([])
      }
    }
    await settle()
    writer.end(0, 0)
    await settle()
    for (let tries = 0; !recorders.every(({ seen }) => seen[seen.length - 1]?.kind === 'end'); tries++) {
      if (tries > 5000) throw new Error('the end does not come')
      writer.flush()
      for (const recorder of recorders) recorder.drain()
      await between.turn()
    }
    expect(between.failures).toEqual([])
  } finally {
    writer.close()
    for (const input of between.inputs) input.close()
    await between.close()
  }
  expect(between.held()).toBe(0)
  return { epochs, seen: recorders.map((recorder) => recorder.seen) }
}

/** Rows of each epoch of one consumer. */
function epochsOf(seen: readonly Seen[]): (Seen & { kind: 'row' })[][] {
  const epochs: (Seen & { kind: 'row' })[][] = [[]]
  for (const each of seen) {
    if (each.kind === 'row') epochs[epochs.length - 1].push(each)
    if (each.kind === 'barrier') epochs.push([])
  }
  return epochs
}

function expectNoOvertaking(seen: readonly Seen[]): void {
  let watermark = Number.NEGATIVE_INFINITY
  for (const each of seen) {
    if (each.kind === 'watermark') watermark = each.value
    if (each.kind === 'row') expect(each.timestamp).toBeGreaterThan(watermark)
  }
}

const carriers: readonly Carrier[] = ['local', 'ring', 'tcp']

describe.each(carriers)('an edge carried by %s', (carrier) => {
  it.each(shapes.map((shape) => [shape.name, shape] as const))(
    'by %s brings each row once to the subtask of its key, in order, between its barriers',
    async (_, shape) => {
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (script, channels) => {
          const plan = (arena: Arena): RouterPlan => ({
            kind: 'hash',
            arena,
            selector: shape.selector,
            schema: shape.edge,
          })
          const { epochs, seen } = await run(carrier, channels, plan, shape, script)
          seen.forEach((each, channel) => {
            expectNoOvertaking(each)
            const mine = epochs.map((rows) =>
              rows.filter(({ row }) => ((hashValue(shape.key(row as never)) >>> 16) * channels) >>> 16 === channel),
            )
            const got = epochsOf(each)
            expect(got.map((rows) => rows.map(({ row, timestamp }) => ({ row, timestamp })))).toEqual(mine)
            for (const { row, key, hash } of got.flat()) {
              expect(hash).toBe(hashValue(shape.key(row as never)))
              if (shape.selector.kind === 'function') expect(key).toEqual(shape.key(row as never))
            }
          })
        }),
        { numRuns: carrier === 'tcp' ? 5 : 12 },
      )
    },
  )

  it('in turns brings each row once to somebody', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (script, channels) => {
        const { epochs, seen } = await run(carrier, channels, () => ({ kind: 'turns' }), shapes[0], script)
        const got = seen.flatMap((each) => epochsOf(each).flat()).map(({ timestamp }) => timestamp as number)
        expect(got.toSorted((a, b) => a - b)).toEqual(epochs.flat().map(({ timestamp }) => timestamp))
        for (const each of seen) expectNoOvertaking(each)
      }),
      { numRuns: carrier === 'tcp' ? 4 : 10 },
    )
  })

  it("by the user's own function brings each row where the function says", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const partition = (row: unknown, channels: number): number => (row as { id: number }).id % channels
        const { epochs, seen } = await run(
          carrier,
          3,
          () => ({ kind: 'custom', partition, name: 'mine' }),
          shapes[0],
          script,
        )
        seen.forEach((each, channel) => {
          const mine = epochs.map((rows) =>
            rows.filter(({ row }) => (row as { id: number }).id % 3 === channel).map(({ row }) => row),
          )
          expect(epochsOf(each).map((rows) => rows.map(({ row }) => row))).toEqual(mine)
        })
      }),
      { numRuns: carrier === 'tcp' ? 4 : 10 },
    )
  })

  it('to all brings each row to everyone', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const { epochs, seen } = await run(carrier, 3, () => ({ kind: 'turns' }), shapes[0], script, {
          broadcast: true,
        })
        for (const each of seen) {
          expect(epochsOf(each).map((rows) => rows.map(({ row }) => row))).toEqual(
            epochs.map((rows) => rows.map(({ row }) => row)),
          )
          expectNoOvertaking(each)
        }
      }),
      { numRuns: carrier === 'tcp' ? 4 : 10 },
    )
  })

  it('with hardly any memory still brings each row once', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 4, max: 8 }), async (script, segments) => {
        const [, , shape] = shapes
        const plan = (arena: Arena): RouterPlan => ({
          kind: 'hash',
          arena,
          selector: shape.selector,
          schema: shape.edge,
        })
        const { epochs, seen } = await run(carrier, 3, plan, shape, script, { segments })
        const got = seen.flatMap((each) => epochsOf(each).flat()).map(({ timestamp }) => timestamp as number)
        expect(got.toSorted((a, b) => a - b)).toEqual(epochs.flat().map(({ timestamp }) => timestamp))
      }),
      { numRuns: carrier === 'tcp' ? 5 : 15 },
    )
  })
})
