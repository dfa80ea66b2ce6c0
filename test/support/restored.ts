/** What a backend starts from in tests and benchmarks: runs, and nothing beside them. */
import type { RunHandle } from '../../proto/checkpoint/manifest.ts'
import type { RestoredOperator } from '../../proto/checkpoint/restore-plan.ts'

/** `root`: where the runs' paths begin. */
export const restoredRuns = (root: string, runs: readonly RunHandle[]): RestoredOperator => ({
  node: 1,
  uid: 'x',
  root,
  runs,
  rewrite: false,
  states: [],
  splits: [],
  operatorState: [],
  ownOperatorState: [],
  committables: [],
})
