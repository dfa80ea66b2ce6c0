import { describe, expect, test } from 'vitest'
import { sinksOf } from '../../../jobmanager/job/guarantees.ts'
import type { JobPlan, SinkGuarantee } from '../../../proto/jobgraph/plan.ts'
import { testPlan } from '../../support/plan.ts'

function planWith(...guarantees: readonly SinkGuarantee[]): JobPlan {
  const plan = testPlan('p', 1)
  const [vertex] = plan.vertices
  const [operator] = vertex?.operators ?? []
  if (vertex === undefined || operator === undefined) throw new Error('the plan has an operator')
  const sinks = guarantees.map((guarantee, i) => ({ ...operator, uid: `sink-${i}`, guarantee }))
  return { ...plan, vertices: [{ ...vertex, operators: [operator, ...sinks] }] }
}

describe('what the sinks of a job give', () => {
  const plan = planWith('exactly-once', 'at-least-once', 'none')
  const given = (checkpointing: boolean, mode: string): string[] =>
    sinksOf(plan, { checkpointing, mode }).map(({ guarantee }) => guarantee)

  test('is what each can, when checkpoints count each record once', () => {
    expect(given(true, 'exactly-once')).toEqual(['exactly-once', 'at-least-once', 'none'])
  })

  test('is at most at least once, when records may count twice in state or nothing is kept of them', () => {
    expect(given(true, 'at-least-once')).toEqual(['at-least-once', 'at-least-once', 'none'])
    expect(given(false, 'exactly-once')).toEqual(['at-least-once', 'at-least-once', 'none'])
  })

  test('is said of sinks only, by uid', () => {
    expect(sinksOf(plan, { checkpointing: true, mode: 'exactly-once' }).map(({ uid }) => uid)).toEqual([
      'sink-0',
      'sink-1',
      'sink-2',
    ])
  })
})
