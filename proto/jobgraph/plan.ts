/**
 * The plan of a job: what the client submits, the JobManager schedules and every slot checks itself against. Plain JSON
 * without functions: a slot imports the bundle, builds the same graph to obtain the functions, and refuses to run when
 * its plan hash differs.
 *
 * A vertex is a chain of operators that one subtask runs fused. Its operators stand in topological order; operator 0 is
 * the head, each other one reads an output of an earlier operator of the same vertex.
 */
import type { Field, Schema } from '../../core/columns/schema.ts'

export const planVersion = 1

export interface JobPlan {
  readonly version: typeof planVersion
  readonly name: string
  /** Hex SHA-256 of the canonical JSON of the plan without this field. */
  readonly hash: string
  readonly vertices: readonly VertexPlan[]
  readonly edges: readonly EdgePlan[]
  /** Options set by the job, by key; validated where they are read. */
  readonly options: Readonly<Record<string, string>>
}

export interface VertexPlan {
  /** Index in `JobPlan.vertices`. */
  readonly id: number
  readonly name: string
  readonly parallelism: number
  /** The job itself says the parallelism of an operator in here: a new one for the whole job passes it by. */
  readonly fixed?: true
  readonly operators: readonly OperatorPlan[]
}

export interface OperatorPlan {
  /** Node number in the graph, unique in the job: the slot finds the functions by it. */
  readonly node: number
  /** Given by the user, or generated (`#n`) for operators without state. Unique in the job. */
  readonly uid: string
  /** Uids that it had before. */
  readonly was?: readonly string[]
  /** Types that its key has had, the oldest first, the last one today's: where keys are migrated. */
  readonly keyVersions?: readonly Field[]
  readonly name: string
  readonly kind: string
  /** Absent for the head. `output` is '' for the main output, otherwise a side output's tag. */
  readonly input?: { readonly operator: number; readonly output: string }
  /** Schema of the main output where declared. */
  readonly schema?: Schema
  /** Fields of the input that the functions read, when that is known. */
  readonly reads?: readonly string[]
  /** Of a source: the fields that somebody reads, by output ('' is the main one). An output that is not named: all of its fields. */
  readonly wanted?: Readonly<Record<string, readonly string[]>>
  /** Declared state, for the restore plan. Operators with state that is not keyed declare it as `operator` or `splits`. */
  readonly state: readonly StatePlan[]
  readonly onError: 'fail' | 'skip' | 'dead-letter'
  /** Of a sink: what it gives when checkpoints are taken exactly once. */
  readonly guarantee?: SinkGuarantee
  /** Of a sink: as it says itself. */
  readonly leavesOpen?: true
  /** What the operator declares beside its functions (a window's size, a condition, aggregates), for people and for the hash. JSON. */
  readonly declared?: Readonly<Record<string, unknown>>
}

export type SinkGuarantee = 'none' | 'at-least-once' | 'exactly-once'

export interface StatePlan {
  readonly name: string
  readonly kind:
    | 'value'
    | 'list'
    | 'map'
    | 'reducing'
    | 'aggregating'
    | 'window'
    | 'timers'
    | 'splits'
    | 'operator'
    | 'committables'
  readonly type?: Field
  readonly keyed: boolean
  /** Names that it had before. */
  readonly was?: readonly string[]
  /** Older types that can be migrated, the oldest first. */
  readonly versions?: readonly Field[]
}

export type Partitioner = 'forward' | 'hash' | 'rebalance' | 'rescale' | 'broadcast' | 'custom'

export interface EdgePlan {
  /** Index in `JobPlan.edges`. */
  readonly id: number
  readonly from: { readonly vertex: number; readonly operator: number; readonly output: string }
  readonly to: { readonly vertex: number }
  readonly partitioner: Partitioner
  /** For `hash`: the fields that are the key, or that a function computes it (its value travels in a column `$key`). */
  readonly key?: KeyPlan
  /** Declared schema of what crosses the edge (with `$key` when computed); absent: each batch describes itself. */
  readonly schema?: Schema
  /** Node whose functions (key, partition) the edge uses: the node of the consumer's keyBy or partition. */
  readonly node?: number
}

export type KeyPlan = { readonly kind: 'fields'; readonly fields: readonly string[] } | { readonly kind: 'function' }
