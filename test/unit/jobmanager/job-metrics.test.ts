/** The sums of what subtasks count, when some of them begin anew. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JobMetrics } from '../../../jobmanager/job/metrics.ts'
import { subtaskKey } from '../../../jobmanager/job/state.ts'
import type { SubtaskMetrics } from '../../../proto/generated/shapes.ts'
import { testPlan } from '../../support/plan.ts'

const parallelism = 3
const plan = testPlan('sums', parallelism)
const report = (subtask: number, recordsIn: number): SubtaskMetrics => ({
  vertex: 0,
  subtask,
  recordsIn,
  recordsOut: 0,
  busyMs: 0,
  idleMs: 0,
  backpressuredMs: 0,
  lateDropped: 0,
  errorsSkipped: 0,
  aligned: [],
})

test('a sum is of all that was counted since the attempt began, whichever subtasks were restarted meanwhile', () => {
  const step = fc.record({
    kind: fc.constantFrom('count', 'count', 'restart'),
    subtask: fc.integer({ min: 0, max: parallelism - 1 }),
    records: fc.integer({ min: 0, max: 100 }),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const metrics = new JobMetrics()
      const now = Array.from({ length: parallelism }, () => 0)
      let sum = 0
      for (const { kind, subtask, records } of steps) {
        if (kind === 'restart') {
          metrics.forget([subtaskKey(0, subtask)])
          now[subtask] = 0
        } else {
          now[subtask] += records
          sum += records
          metrics.report([report(subtask, now[subtask])])
        }
        const [vertex] = metrics.vertices(plan, undefined)
        expect(vertex.recordsIn).toBe(sum)
        expect(vertex.subtasks.map(({ recordsIn }) => recordsIn)).toEqual(now)
      }
      metrics.reset()
      expect(metrics.vertices(plan, undefined)[0].recordsIn).toBe(0)
    }),
  )
})
