/** What somebody who asks for another parallelism wants, as numbers of vertices. Pure. */
import type { JobPlan, VertexPlan } from '../../proto/jobgraph/plan.ts'
import { parallelismMax } from '../../proto/jobgraph/read-plan.ts'
import type { ParallelismChange } from '../../proto/jobgraph/rescale-plan.ts'
import { errors } from '../errors.ts'

export interface RescaleRequest {
  /** Of every vertex without a parallelism of its own. */
  readonly parallelism?: number | undefined
  /** By uid; goes before `parallelism`. */
  readonly operators: readonly { readonly operator: string; readonly parallelism: number }[]
}

/**
 * The parallelism of all vertices after the change. `plan` has the one before. Throws JOBMANAGER_BAD_PARALLELISM,
 * JOBMANAGER_NO_SUCH_OPERATOR, JOBMANAGER_ONE_CHAIN, JOBMANAGER_NOTHING_TO_RESCALE.
 */
export function changeOf(plan: JobPlan, { parallelism, operators }: RescaleRequest): ParallelismChange {
  const change = new Map(plan.vertices.map((vertex) => [vertex.id, vertex.parallelism]))
  if (parallelism !== undefined) {
    check(parallelism, `job ${plan.name}`)
    const free = plan.vertices.filter(({ fixed }) => fixed !== true)
    if (free.length === 0) throw errors.create('NOTHING_TO_RESCALE', { job: plan.name })
    for (const { id } of free) change.set(id, parallelism)
  }
  const named = new Map<number, { readonly operator: string; readonly parallelism: number }>()
  for (const each of operators) {
    check(each.parallelism, `operator ${each.operator}`)
    const vertex = vertexOf(plan, each.operator)
    const other = named.get(vertex.id)
    if (other !== undefined && other.parallelism !== each.parallelism) {
      const both = { operators: `${other.operator} and ${each.operator}` }
      throw errors.create('ONE_CHAIN', { ...both, first: other.parallelism, second: each.parallelism })
    }
    named.set(vertex.id, each)
    change.set(vertex.id, each.parallelism)
  }
  return Object.fromEntries(change)
}

function check(parallelism: number, what: string): void {
  if (Number.isInteger(parallelism) && parallelism >= 1 && parallelism <= parallelismMax) return
  throw errors.create('BAD_PARALLELISM', { parallelism, what, max: parallelismMax })
}

function vertexOf(plan: JobPlan, uid: string): VertexPlan {
  const found = plan.vertices.find(({ operators }) => operators.some((operator) => operator.uid === uid))
  if (found !== undefined) return found
  const uids = plan.vertices.flatMap(({ operators }) => operators.map((operator) => operator.uid))
  const given = uids.filter((each) => !each.startsWith('#'))
  throw errors.create('NO_SUCH_OPERATOR', { job: plan.name, operator: uid, uids: given.join(', ') || '(none)' })
}
