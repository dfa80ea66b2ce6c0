/**
 * What becomes of each state of a snapshot in a plan, and which subtask takes what over. Pure: it reads a manifest and a
 * plan, and touches neither storage nor cluster.
 *
 * Promises: no state is lost unless that was allowed; over all subtasks of a vertex each key range, each committable and
 * each redistributed operator state is handed out exactly once.
 */
import type { JobPlan, OperatorPlan, StatePlan } from '../jobgraph/plan.ts'
import { errors } from './errors.ts'
import type { Manifest, RunHandle, SplitSnapshot } from './manifest.ts'
import { intersect, rangeCount, rangesOf } from './ranges.ts'
import { assignChannels, type RestoredChannels } from './restore-channels.ts'
import { type KeyChange, matchOperators, type OperatorMatch, type StateChange } from './restore-check.ts'

export { checkRestore, type RestoreCheck, type RestoreLine, type StateChange } from './restore-check.ts'

/** What a subtask starts from. Plain JSON. */
export interface RestoreAssignment {
  readonly checkpointId: number
  /** One per operator of the vertex that had something in the snapshot. */
  readonly operators: readonly RestoredOperator[]
  /** What was in flight to the subtask: to be taken before anything else. */
  readonly channels?: readonly RestoredChannels[] | undefined
}

export interface RestoredOperator {
  readonly node: number
  readonly uid: string
  /** Storage that `runs` are relative to: a location for `openStorage`. */
  readonly root: string
  /** Oldest first, cut to the ranges of this subtask. Runs of several old subtasks stand one after the other. */
  readonly runs: readonly RunHandle[]
  /**
   * The first snapshot must be a new base and drop `runs`: they belong to somebody else (a savepoint), or hold entries of
   * older types or state numbers. When false, the chain goes on with deltas.
   */
  readonly rewrite: boolean
  /** Keys are migrated: `runs` are whole, and each subtask takes the entries whose new key is in its ranges. */
  readonly rekey?: Exclude<KeyChange, { readonly kind: 'kept' | 'lost' }>
  /** What the numbers of states in the entries of `runs` stand for, by number. */
  readonly states: readonly RestoredState[]
  /** All splits of the snapshot; the source's `owner` decides who takes which. */
  readonly splits: readonly SplitSnapshot[]
  /** Operator states of all old subtasks, in their order (union); a state that is a list counts as its elements. */
  readonly operatorState: readonly unknown[]
  /** Those among `operatorState` that this subtask takes over: each goes to exactly one. */
  readonly ownOperatorState: readonly unknown[]
  /** To be committed again by this subtask: each goes to exactly one. */
  readonly committables: readonly unknown[]
}

export interface RestoredState {
  /** Number in the entries of `runs`. */
  readonly oldId: number
  /** Number now: index in `OperatorPlan.state`; -1 when the state is gone and its entries are to be skipped. */
  readonly id: number
  readonly was: StatePlan
  readonly change: StateChange
}

export interface RestoreSource {
  /** Where the snapshot's paths begin (`Snapshot.root`). */
  readonly root: string
  /** The job that starts: its own checkpoints are gone on with, anything else is copied into its first one. */
  readonly jobId: string
}

/** Parts of the snapshot that a subtask of the new plan takes over. */
export function assignRestore(
  manifest: Manifest,
  plan: JobPlan,
  vertex: number,
  subtask: number,
  source: RestoreSource,
): RestoreAssignment {
  const target = plan.vertices[vertex]
  if (target === undefined) throw errors.create('NO_SUCH_VERTEX', { vertex, job: plan.name })
  const matches = matchOperators(manifest, plan)
  const operators: RestoredOperator[] = []
  for (const operator of target.operators) {
    const match = matches.get(operator.uid)
    if (match === undefined) continue
    operators.push(restoredOperator(manifest, source, match, operator, subtask, target.parallelism))
  }
  const channels = assignChannels(manifest, plan, vertex, subtask, source.root)
  return { checkpointId: manifest.checkpointId, operators, ...(channels.length > 0 && { channels }) }
}

function restoredOperator(
  manifest: Manifest,
  source: RestoreSource,
  { old, key, states: matched }: OperatorMatch,
  now: OperatorPlan,
  subtask: number,
  parallelism: number,
): RestoredOperator {
  const rekey = key.kind === 'migrated' ? key : undefined
  const own = rekey === undefined ? rangesOf(subtask, parallelism) : { from: 0, to: rangeCount }
  const runs: RunHandle[] = []
  for (const part of old.subtasks) {
    for (const run of part.runs) {
      const both = intersect(run, own)
      if (both !== undefined) runs.push({ ...run, ...both })
    }
  }
  const states = matched.map(({ was, index, change }, oldId): RestoredState => {
    return { oldId, id: change.kind === 'lost' ? -1 : index, was, change }
  })
  const sameNumbers =
    rekey === undefined && states.every((state) => state.id === state.oldId && state.change.kind === 'kept')
  const all: unknown[] = []
  const mine: unknown[] = []
  const committables: unknown[] = []
  old.subtasks.forEach((part, from) => {
    const takes = from % parallelism === subtask
    if (part.operatorState !== undefined) {
      const elements: readonly unknown[] = Array.isArray(part.operatorState) ? part.operatorState : [part.operatorState]
      all.push(...elements)
      if (takes) mine.push(...elements)
    }
    if (takes) committables.push(...(part.committables ?? []))
  })
  return {
    node: now.node,
    uid: now.uid,
    root: source.root,
    runs,
    ...(rekey !== undefined && { rekey }),
    rewrite: manifest.kind === 'savepoint' || manifest.jobId !== source.jobId || !sameNumbers,
    states,
    splits: old.subtasks.flatMap((part) => part.splits ?? []),
    operatorState: all,
    ownOperatorState: mine,
    committables,
  }
}
