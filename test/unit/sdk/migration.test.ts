/** What a job says of its older versions, as it stands in the plan. */
import { describe, expect, it } from 'vitest'
import { buildGraph, compilePlan, defineJob, type Environment, type Source, state, t } from '../../../sdk/index.ts'
import { schemaOf } from '../../../sdk/schema.ts'
import type { StateDeclarations } from '../../../sdk/state.ts'
import { nowhere } from '../../support/operator-harness.ts'

const In = t.object({ key: t.string() })
const input = { kind: 'source', name: 'in', bounded: true, type: In } as unknown as Source<{ key: string }>

const planOf = (options: Record<string, unknown>, states: StateDeclarations = {}) => {
  const build = (env: Environment) =>
    env
      .from(input, { uid: 'in', was: 'input' })
      .keyBy('key')
      .process({ uid: 'p', state: states, onElement: () => undefined, ...options })
      .to(nowhere, { uid: 'out' })
  return compilePlan(buildGraph(defineJob('job', build)))
}
const operators = (plan: ReturnType<typeof planOf>) => plan.vertices.flatMap((vertex) => vertex.operators)

describe('a plan', () => {
  it('has former names, older types and the types of keys', () => {
    const V2 = t.object({ n: t.int64().was('count') })
    const plan = planOf(
      { was: 'q', migrateKey: state.from(t.int32()).to(t.string(), String) },
      { s: state.value(V2, { was: ['r'], migrate: state.from(t.int32()).to(V2, (n) => ({ n: BigInt(n) })) }) },
    )
    const [source, process] = operators(plan)
    expect(source?.was).toEqual(['input'])
    expect(process).toMatchObject({
      was: ['q'],
      keyVersions: [{ type: { kind: 'int32' } }, { type: { kind: 'string' } }],
    })
    expect(process?.state[0]).toEqual({
      name: 's',
      kind: 'value',
      keyed: true,
      type: { name: '', type: { kind: 'struct', fields: [{ name: 'n', type: { kind: 'int64' }, was: ['count'] }] } },
      was: ['r'],
      versions: [{ name: '', type: { kind: 'int32' } }],
    })
  })

  it('is that of the same job without a word on the past, apart from it', () => {
    const plain = planOf({}, { s: t.int32().state() })
    expect(JSON.stringify(plain)).not.toMatch(/versions|keyVersions/)
    // Batches know nothing of former names.
    expect(schemaOf(t.object({ a: t.object({ b: t.string().was('c') }), d: t.array(t.int32().was('e')) }))).toEqual(
      schemaOf(t.object({ a: t.object({ b: t.string() }), d: t.array(t.int32()) })),
    )
  })

  it('refuses a migration that ends elsewhere, functions that give promises, and names that are none', () => {
    const wrong = state.from(t.int32()).to(t.int64(), BigInt)
    expect(() => planOf({}, { s: state.value(t.string(), { migrate: wrong as never }) })).toThrow(
      expect.objectContaining({ code: 'SDK_BAD_MIGRATION', message: expect.stringContaining('state s') }),
    )
    expect(() => state.from(t.int32()).to(t.string(), (async () => '') as never)).toThrow(
      expect.objectContaining({ code: 'SDK_ASYNC_FUNCTION' }),
    )
    expect(() => state.from('int32' as never)).toThrow(expect.objectContaining({ code: 'SDK_BAD_ARGUMENT' }))
    expect(() => planOf({ was: 5 })).toThrow(expect.objectContaining({ code: 'SDK_BAD_OPTION' }))
    expect(() => state.value(t.int32(), { was: [''] })).toThrow(expect.objectContaining({ code: 'SDK_BAD_OPTION' }))
    expect(() => t.int32().was('')).toThrow(expect.objectContaining({ code: 'SDK_BAD_TYPE' }))
  })
})
