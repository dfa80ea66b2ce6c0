/** What a user's function threw, and where. */
import type { OperatorPlan } from '../../proto/jobgraph/plan.ts'

/** An error with the operator in which it happened. */
export class OperatorFailure extends Error {
  override readonly name = 'OperatorFailure'
  readonly operator: OperatorPlan

  constructor(operator: OperatorPlan, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.operator = operator
  }
}
