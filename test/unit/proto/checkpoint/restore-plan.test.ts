/** Restoring: what happens to each state, and who takes over what at another parallelism. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DataType, Field } from '../../../../core/columns/schema.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import { rangesOf } from '../../../../proto/checkpoint/ranges.ts'
import { compareStates } from '../../../../proto/checkpoint/restore-check.ts'
import { assignRestore, checkRestore } from '../../../../proto/checkpoint/restore-plan.ts'
import { jobId, sampleManifest, samplePlan, state } from './samples.ts'

const source = { root: 'file:///root', jobId }
const chain = (subtask: number, parallelism: number): RunHandle[] => [
  { path: `r${subtask}`, bytes: 1, entries: 1, crc: 0, ...rangesOf(subtask, parallelism), kind: 'base' },
]
const manifestOf = (parallelism: number, plan = samplePlan(parallelism)) =>
  sampleManifest(
    1,
    Array.from({ length: parallelism }, (_, subtask) => chain(subtask, parallelism)),
    plan,
  )

describe('key ranges', () => {
  it('of all subtasks cover everything once, as the subtask of a range says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70_000 }), (parallelism) => {
        let at = 0
        for (let subtask = 0; subtask < parallelism; subtask++) {
          const { from, to } = rangesOf(subtask, parallelism)
          if (from !== at || to < from) expect.fail('there is a gap')
          if (
            to > from &&
            (Math.floor((from * parallelism) / 65536) !== subtask ||
              Math.floor(((to - 1) * parallelism) / 65536) !== subtask)
          ) {
            expect.fail('it owns a range of somebody else')
          }
          at = to
        }
        expect(at).toBe(65536)
      }),
      { numRuns: 20 },
    )
  })
})

describe('an assignment', () => {
  it('gives every range, committable and writer state to exactly one subtask, and all splits to all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (before, now) => {
        const manifest = manifestOf(before)
        const plan = samplePlan(now)
        let at = 0
        const committables: unknown[] = []
        const own: unknown[] = []
        for (let subtask = 0; subtask < now; subtask++) {
          const [count, sink] = assignRestore(manifest, plan, 1, subtask, source).operators
          for (const run of count.runs) {
            expect(run.from).toBe(at)
            at = run.to
          }
          expect(at).toBe(rangesOf(subtask, now).to)
          committables.push(...sink.committables)
          own.push(...sink.ownOperatorState)
          expect(sink.operatorState).toHaveLength(before)
          expect(assignRestore(manifest, plan, 0, subtask, source).operators[0].splits).toHaveLength(before)
        }
        expect(at).toBe(65536)
        const old = Array.from({ length: before }, (_, i) => i)
        expect(committables.sort()).toEqual(old.flatMap((i) => [`c${i}a`, `c${i}b`]).sort())
        expect(own.sort()).toEqual(old.map((i) => `w${i}`).sort())
      }),
    )
  })

  it('goes on with the chain of its own job, and starts anew from anything else', () => {
    const manifest = manifestOf(2)
    const rewrite = (...changes: Parameters<typeof assignRestore>) => assignRestore(...changes).operators[0].rewrite
    expect(rewrite(manifest, samplePlan(3), 1, 0, source)).toBe(false)
    expect(rewrite({ ...manifest, kind: 'savepoint' }, samplePlan(3), 1, 0, source)).toBe(true)
    expect(rewrite(manifest, samplePlan(3), 1, 0, { ...source, jobId: 'other' })).toBe(true)
    const float = { kind: 'float64' } as const
    expect(rewrite(manifest, samplePlan(2, [state('count', float), state('more', float)]), 1, 0, source)).toBe(false)
    expect(rewrite(manifest, samplePlan(2, [state('more', float), state('count', float)]), 1, 0, source)).toBe(true)
    expect(rewrite(manifest, samplePlan(2, [state('count')]), 1, 0, source)).toBe(true)
  })

  it('says what the state numbers of old runs stand for now', () => {
    const float = { kind: 'float64' } as const
    const manifest = manifestOf(
      1,
      samplePlan(1, [state('a', float), state('b', float), state('c', { kind: 'int32' }), state('d', float)]),
    )
    const plan = samplePlan(1, [state('c', float), state('a', float), state('d', { kind: 'string' })])
    const [operator] = assignRestore(manifest, plan, 1, 0, source).operators
    expect(operator.states.map(({ oldId, id, change }) => [oldId, id, change.kind])).toEqual([
      [0, 1, 'kept'],
      [1, -1, 'lost'],
      [2, 0, 'migrated'],
      [3, -1, 'lost'],
    ])
  })
})

describe('the check of a restore', () => {
  it('keeps everything of an unchanged job', () => {
    const check = checkRestore(manifestOf(2), samplePlan(2))
    expect(check.refused).toBeUndefined()
    expect(check.lines).toEqual([{ kind: 'kept', uid: 'count', state: 'count', reason: 'unchanged' }])
    expect(checkRestore(manifestOf(2), samplePlan(4)).lines[0].reason).toBe('redistributed from 2 to 4 subtasks')
  })

  it('refuses to lose state unless told to', () => {
    const plan = samplePlan(2, [state('other', { kind: 'float64' })])
    const check = checkRestore(manifestOf(2), plan)
    expect(check.lines.map((line) => [line.kind, line.state])).toEqual([
      ['lost', 'count'],
      ['new', 'other'],
    ])
    expect(check.refused).toMatchObject({
      code: 'CHECKPOINT_STATE_LOST',
      hint: expect.stringContaining('--allowNonRestoredState'),
    })
    expect(checkRestore(manifestOf(2), plan, { allowNonRestoredState: true }).refused).toBeUndefined()
  })

  it('counts an operator that is gone as lost when it held anything', () => {
    const plan = samplePlan(2)
    const without = { ...plan, vertices: plan.vertices.slice(1) }
    const check = checkRestore(manifestOf(2), without)
    expect(check.lines[0]).toMatchObject({ kind: 'lost', uid: 'src' })
    expect(check.refused).toMatchObject({
      code: 'CHECKPOINT_STATE_LOST',
      message: expect.stringContaining("(no operator has the uid 'src'"),
    })
  })

  it('does not mind an operator that is gone and left nothing', () => {
    const manifest = manifestOf(2)
    const emptied = manifest.operators.map((operator) => {
      if (operator.uid !== 'out') return operator
      const subtasks = operator.subtasks.map((part) => ({ ...part, operatorState: [], committables: [], splits: [] }))
      return { ...operator, subtasks }
    })
    const plan = samplePlan(2)
    const [source, count] = plan.vertices
    const without = { ...plan, vertices: [source, { ...count, operators: count.operators.slice(0, 1) }] }
    expect(checkRestore({ ...manifest, operators: emptied }, without).refused).toBeUndefined()
    expect(checkRestore(manifest, without).refused).toMatchObject({ message: expect.stringContaining('out') })
  })

  it('refuses a type that cannot be taken over, and says which', () => {
    const check = checkRestore(manifestOf(2), samplePlan(2, [state('count', { kind: 'string' })]))
    expect(check.refused).toMatchObject({
      code: 'CHECKPOINT_STATE_INCOMPATIBLE',
      message: expect.stringContaining('float64 to string'),
    })
  })

  it('goes by uids for a job of another name, and says so', () => {
    const check = checkRestore(manifestOf(2), samplePlan(2, undefined, 'renamed'))
    expect(check.refused).toBeUndefined()
    expect(check.lines.at(-1)).toMatchObject({ kind: 'note', reason: expect.stringContaining("'sample'") })
  })
})

describe('a change of type', () => {
  const f = (name: string, kind: 'int32' | 'float64' | 'string' | 'int64', more: Partial<Field> = {}): Field => ({
    name,
    type: { kind },
    ...more,
  })
  const struct = (...fields: Field[]): DataType => ({ kind: 'struct', fields })
  const compare = (was: DataType | undefined, now: DataType | undefined) =>
    compareStates(state('s', was), state('s', now)).kind

  it.each<[string, DataType | undefined, DataType | undefined, string]>([
    ['none', struct(f('a', 'int32')), struct(f('a', 'int32')), 'kept'],
    ['int32 to int64', { kind: 'int32' }, { kind: 'int64' }, 'migrated'],
    ['int32 to float64 inside', struct(f('a', 'int32')), struct(f('a', 'float64')), 'migrated'],
    ['float64 to int32', { kind: 'float64' }, { kind: 'int32' }, 'lost'],
    [
      'optional field added',
      struct(f('a', 'int32')),
      struct(f('a', 'int32'), f('b', 'string', { optional: true })),
      'migrated',
    ],
    ['required field added', struct(f('a', 'int32')), struct(f('a', 'int32'), f('b', 'string')), 'lost'],
    ['field removed', struct(f('a', 'int32'), f('b', 'string')), struct(f('a', 'int32')), 'migrated'],
    [
      'order of fields',
      struct(f('a', 'int32'), f('b', 'string')),
      struct(f('b', 'string'), f('a', 'int32')),
      'migrated',
    ],
    ['became nullable', struct(f('a', 'int32')), struct(f('a', 'int32', { nullable: true })), 'migrated'],
    ['no longer nullable', struct(f('a', 'int32', { nullable: true })), struct(f('a', 'int32')), 'lost'],
    ['items of a list', { kind: 'list', item: f('', 'int32') }, { kind: 'list', item: f('', 'float64') }, 'migrated'],
    ['to anything', { kind: 'string' }, { kind: 'any' }, 'migrated'],
    ['no longer declared', { kind: 'string' }, undefined, 'migrated'],
    ['declared at last', undefined, { kind: 'string' }, 'lost'],
  ])('(%s) is judged', (_, was, now, kind) => {
    expect(compare(was, now)).toBe(kind)
  })

  it('of the kind of state loses it', () => {
    expect(compareStates(state('s', { kind: 'string' }), state('s', { kind: 'string' }, 'list'))).toMatchObject({
      kind: 'lost',
    })
  })
})
