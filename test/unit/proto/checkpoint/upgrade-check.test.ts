/** The restore plan of a job that changed: names, keys, aggregates and windows. */
import { describe, expect, it } from 'vitest'
import type { DataType, Field } from '../../../../core/columns/schema.ts'
import {
  checkRestore,
  compareStates,
  matchOperators,
  snapshotOfPlan,
} from '../../../../proto/checkpoint/restore-check.ts'
import { assignRestore } from '../../../../proto/checkpoint/restore-plan.ts'
import type { JobPlan, OperatorPlan, StatePlan } from '../../../../proto/jobgraph/plan.ts'
import { jobId, sampleManifest, samplePlan, state } from './samples.ts'

const field = (type: DataType): Field => ({ name: '', type })
const int32 = field({ kind: 'int32' })
const float = { kind: 'float64' } as const
const text = field({ kind: 'string' })

/** The counting operator of the sample with changes. */
function plan(change: Partial<OperatorPlan>, key?: Field, name = 'sample'): JobPlan {
  const base = samplePlan(2, undefined, name)
  return {
    ...base,
    vertices: base.vertices.map((vertex) => ({
      ...vertex,
      operators: vertex.operators.map((operator) => (operator.uid === 'count' ? { ...operator, ...change } : operator)),
    })),
    edges: base.edges.map((edge) =>
      key === undefined
        ? edge
        : {
            ...edge,
            key: { kind: 'function' as const },
            schema: { record: 'object' as const, fields: [{ ...key, name: '$key' }] },
          },
    ),
  }
}
const lines = (was: JobPlan, now: JobPlan) => {
  const check = checkRestore(snapshotOfPlan(was), now)
  return { ...check, of: check.lines.find(({ uid }) => uid !== 'src' && uid !== 'out') }
}

describe('names', () => {
  it('are followed where a job says what they were, and only there', () => {
    expect(lines(plan({}), plan({ uid: 'tally', was: ['count'] })).of).toMatchObject({
      kind: 'migrated',
      uid: 'tally',
      state: 'count',
      reason: 'uid renamed from count',
    })
    expect(lines(plan({}), plan({ uid: 'tally' })).refused?.code).toBe('CHECKPOINT_STATE_LOST')
    const renamed = { ...state('total', float), was: ['count'] }
    expect(lines(plan({}), plan({ state: [renamed] })).of).toMatchObject({ kind: 'migrated', state: 'total' })
    // A name that is there is nobody else's former one.
    const both = [state('count', float), { ...state('total', float), was: ['count'] }]
    expect(lines(plan({}), plan({ state: both })).lines.map(({ kind, state: name }) => [kind, name])).toEqual([
      ['kept', 'count'],
      ['new', 'total'],
    ])
  })

  it('cannot be claimed by two', () => {
    const now = plan({ uid: 'one', was: ['count'] })
    const [, vertex] = now.vertices
    const operators = [...(vertex?.operators ?? []), { ...(vertex?.operators[0] as OperatorPlan), uid: 'two', node: 9 }]
    const twice = { ...now, vertices: [now.vertices[0], { ...vertex, operators }] } as JobPlan
    expect(() => matchOperators(snapshotOfPlan(plan({})), twice)).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_AMBIGUOUS_UID',
        message: expect.stringMatching(/'one' and 'two'.*'count'/),
      }),
    )
  })

  it('of another job altogether are told apart from a job that was renamed', () => {
    expect(lines(plan({}), plan({}, undefined, 'other')).refused).toBeUndefined()
    const foreign = plan({ uid: 'else' }, undefined, 'other')
    expect(lines(plan({}), foreign).refused).toMatchObject({
      code: 'CHECKPOINT_OTHER_JOB',
      message: "the snapshot is of job 'sample', and nothing of it is found in 'other'",
    })
  })
})

describe('a migration', () => {
  const V1 = field({ kind: 'int32' })
  const V2 = field({ kind: 'string' })
  const V3 = field({ kind: 'boolean' })
  const of = (name: string, type: Field | undefined, more: Partial<StatePlan> = {}): StatePlan => ({
    name,
    kind: 'value',
    keyed: true,
    ...(type === undefined ? {} : { type }),
    ...more,
  })
  const now = of('s', V3, { versions: [V1, V2] })

  it('begins with the type that the snapshot has', () => {
    expect(compareStates(of('s', V1), now)).toMatchObject({
      kind: 'migrated',
      from: 0,
      reason: 'by 2 functions from int32 to boolean',
    })
    expect(compareStates(of('s', V2), now)).toMatchObject({ kind: 'migrated', from: 1 })
    expect(compareStates(of('s', V3), now)).toEqual({ kind: 'kept' })
    expect(compareStates(of('s', field({ kind: 'date' })), now)).toMatchObject({
      kind: 'lost',
      reason: expect.stringContaining('from date to boolean, and no migration begins with what it was'),
    })
  })

  it('begins with the newest type that the snapshot can be brought to', () => {
    const wide = of('s', field({ kind: 'string' }), {
      versions: [field({ kind: 'int64' }), field({ kind: 'float64' })],
    })
    expect(compareStates(of('s', V1), wide)).toMatchObject({ kind: 'migrated', from: 1 })
  })

  it('goes before a conversion by itself, and behind being of today', () => {
    const widening = of('s', field({ kind: 'float64' }), { versions: [V1] })
    expect(compareStates(of('s', V1), widening)).toMatchObject({ from: 0 })
    expect(compareStates(of('s', field({ kind: 'timestamp' })), widening)).not.toHaveProperty('from')
    const same = of('euros', V1, { versions: [V1], was: ['cents'] })
    expect(compareStates(of('cents', V1), same)).toMatchObject({ kind: 'migrated', from: 0 })
    expect(compareStates(of('euros', V1), same)).toEqual({ kind: 'kept' })
  })

  it('may begin with a type that was never declared', () => {
    const any = of('s', V2, { versions: [field({ kind: 'any' })] })
    expect(compareStates(of('s', undefined), any)).toMatchObject({ kind: 'migrated', from: 0 })
    expect(compareStates(of('s', undefined), of('s', V2))).toMatchObject({ kind: 'lost' })
  })
})

describe('a key', () => {
  const check = (was: Field | undefined, now: Field | undefined, versions?: readonly Field[]) =>
    lines(plan({}, was), plan(versions === undefined ? {} : { keyVersions: versions }, now))

  it('of another type loses what is kept by it, unless it is migrated', () => {
    const lost = check(int32, text)
    expect(lost.of).toMatchObject({ kind: 'lost', reason: 'the key changed from int32 to string' })
    expect(lost.refused?.code).toBe('CHECKPOINT_STATE_INCOMPATIBLE')
    expect(check(int32, text, [int32, text]).of).toMatchObject({
      kind: 'migrated',
      reason: 'keys migrated from int32 to string',
    })
    expect(check(text, text, [int32, text]).of).toMatchObject({ kind: 'kept' })
    expect(check(int32, field({ kind: 'int64' })).of).toMatchObject({ kind: 'migrated' })
    expect(check(int32, field({ kind: 'timestamp' })).of).toMatchObject({ kind: 'kept' })
  })

  it('that nobody declared is taken for the oldest of a migration, and else for the same', () => {
    expect(check(undefined, text, [int32, text]).of).toMatchObject({ kind: 'migrated' })
    expect(check(undefined, text).of).toMatchObject({ kind: 'kept' })
  })

  it('that is migrated gives every subtask all runs', () => {
    const chain = (from: number, to: number) => [
      { path: `r${from}`, bytes: 1, entries: 1, crc: 0, from, to, kind: 'base' as const },
    ]
    const manifest = sampleManifest(1, [chain(0, 32768), chain(32768, 65536)], plan({}, int32))
    const now = plan({ keyVersions: [int32, text] }, text)
    for (const subtask of [0, 1]) {
      const [restored] = assignRestore(manifest, now, 1, subtask, { root: 'file:///r', jobId }).operators
      expect(restored?.runs.map(({ from, to }) => [from, to])).toEqual([
        [0, 32768],
        [32768, 65536],
      ])
      expect(restored).toMatchObject({ rewrite: true, rekey: { from: 0 } })
    }
  })
})

describe('what operators declare', () => {
  const declared = (value: Record<string, unknown>, kind: StatePlan['kind'] = 'window') =>
    plan({ kind: 'window', declared: value, state: [{ name: 'window', kind, keyed: true }] })
  const tumbling = (sizeMs: number) => ({ assigner: { kind: 'tumbling', sizeMs, offsetMs: 0 } })
  const count = { aggregates: [{ as: 'n', fn: 'count' }] }

  it('is part of what its state means', () => {
    expect(
      lines(declared({ ...tumbling(1000), ...count }), declared({ ...tumbling(2000), ...count })).of,
    ).toMatchObject({
      kind: 'lost',
      reason: 'the window changed from tumbling (sizeMs 1000) to tumbling (sizeMs 2000)',
    })
    const sum = { aggregates: [...count.aggregates, { as: 's', fn: 'sum', field: 'price' }] }
    expect(lines(declared({ ...tumbling(1000), ...count }), declared({ ...tumbling(1000), ...sum })).of).toMatchObject({
      kind: 'lost',
      reason: 'the aggregates changed from count() to count(), sum(price)',
    })
    // How results are called does not matter, nor does what is late.
    const renamed = { aggregates: [{ as: 'm', fn: 'count' }], allowedLatenessMs: 5 }
    expect(
      lines(declared({ ...tumbling(1000), ...count }), declared({ ...tumbling(1000), ...renamed })).of,
    ).toMatchObject({ kind: 'kept' })
  })
})
