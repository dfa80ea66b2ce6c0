/** How often a record of the input shows in what each sink writes, as the job runs now. Pure. */
import type { SinkInfo } from '../../proto/generated/shapes.ts'
import type { JobPlan, SinkGuarantee } from '../../proto/jobgraph/plan.ts'

export interface CheckpointingMode {
  /** Checkpoints are taken: without them a failed job begins at the start of its input. */
  readonly checkpointing: boolean
  readonly mode: string
}

/** In the order of the plan. A sink gives at most what it can, and at most what comes to it. */
export function sinksOf(plan: JobPlan, { checkpointing, mode }: CheckpointingMode): SinkInfo[] {
  const once = checkpointing && mode === 'exactly-once'
  return plan.vertices.flatMap(({ operators }) =>
    operators.flatMap(({ uid, name, guarantee }): SinkInfo[] => {
      if (guarantee === undefined) return []
      const given: SinkGuarantee = guarantee === 'exactly-once' && !once ? 'at-least-once' : guarantee
      return [{ uid, name, guarantee: given }]
    }),
  )
}
