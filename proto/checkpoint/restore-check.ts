/**
 * Compares the states of a snapshot with those of a plan: kept, new, migrated or lost, each with the reason, and whether a
 * restore is to be refused. Identity is the operator's uid and the state's name, or those that they say they had. Pure.
 */
import type { MillraceError } from '../../core/errors.ts'
import type { JobPlan, OperatorPlan, StatePlan } from '../jobgraph/plan.ts'
import { errors } from './errors.ts'
import { compareKeys, type KeyChange, keyTypeOf } from './key-change.ts'
import type { Manifest, ManifestOperator } from './manifest.ts'
import { compareAccumulators, compareDeclared, compareStates, type StateChange } from './state-change.ts'
import { typeText } from './type-change.ts'

export type { KeyChange } from './key-change.ts'
export { compareStates, type StateChange } from './state-change.ts'

export interface RestoreLine {
  readonly kind: 'kept' | 'new' | 'migrated' | 'lost' | 'note'
  readonly uid: string
  /** Name of the state; '' for a note. */
  readonly state: string
  readonly reason: string
  /** Types for people, where both are declared and differ. */
  readonly was?: string
  readonly now?: string
}

export interface RestoreCheck {
  /** One per state, snapshot's order first, then what is new; notes last. */
  readonly lines: readonly RestoreLine[]
  /** Why the restore must not happen, to be thrown; absent: it may. */
  readonly refused?: MillraceError
}

export interface RestoreOptions {
  readonly allowNonRestoredState?: boolean | undefined
}

/** What a restore looks at in a snapshot. */
export type RestorableSnapshot = Pick<Manifest, 'jobName' | 'plan' | 'operators'>

/** What a savepoint of a job would hold that was not taken yet. */
export function snapshotOfPlan(plan: JobPlan): RestorableSnapshot {
  const operators = plan.vertices.flatMap(({ id, parallelism, operators }) =>
    operators.map(({ uid, node, name, kind, state }) => {
      return { uid, node, name, kind, vertex: id, parallelism, state, subtasks: [] }
    }),
  )
  return { jobName: plan.name, plan, operators }
}

/** What an operator of a plan takes over, and how. */
export interface OperatorMatch {
  readonly old: ManifestOperator
  readonly key: KeyChange
  readonly states: readonly StateMatch[]
}

export interface StateMatch {
  readonly was: StatePlan
  /** In `OperatorPlan.state`; -1: there is none. */
  readonly index: number
  readonly change: StateChange
}

/** By the uid of today. Throws CHECKPOINT_AMBIGUOUS_UID when two operators say that they were the same one. */
export function matchOperators(snapshot: RestorableSnapshot, plan: JobPlan): ReadonlyMap<string, OperatorMatch> {
  const now = plan.vertices.flatMap((vertex) => vertex.operators)
  const old = new Map(snapshot.operators.map((operator) => [operator.uid, operator]))
  const uids = new Set(now.map(({ uid }) => uid))
  const takenBy = new Map<string, string>()
  const matches = new Map<string, OperatorMatch>()
  for (const operator of now) {
    // A uid that is in use today is nobody else's former one.
    const name = [operator.uid, ...(operator.was ?? []).filter((uid) => !uids.has(uid))].find((uid) => old.has(uid))
    const found = name === undefined ? undefined : old.get(name)
    if (found === undefined) continue
    const first = takenBy.get(found.uid)
    if (first !== undefined) throw errors.create('AMBIGUOUS_UID', { uid: found.uid, first, second: operator.uid })
    takenBy.set(found.uid, operator.uid)
    matches.set(operator.uid, matchOperator(snapshot, plan, found, operator))
  }
  return matches
}

function matchOperator(
  snapshot: RestorableSnapshot,
  plan: JobPlan,
  old: ManifestOperator,
  now: OperatorPlan,
): OperatorMatch {
  const before = snapshot.plan.vertices.flatMap((vertex) => vertex.operators).find(({ uid }) => uid === old.uid)
  const key = compareKeys(
    before && keyTypeOf(snapshot.plan, before),
    keyTypeOf(plan, now),
    now.keyVersions,
    old.uid !== now.uid,
  )
  const declared = compareDeclared(before, now)
  const names = new Set(old.state.map((state) => state.name))
  const states = old.state.map((was): StateMatch => {
    const index = now.state.findIndex(
      ({ name, was: before = [] }) => name === was.name || (!names.has(name) && before.includes(was.name)),
    )
    const { name } = now
    if (index < 0) return { was, index, change: { kind: 'lost', reason: `operator ${name} has no state of this name` } }
    const change = compareStates(was, now.state[index])
    if (change.kind === 'lost' || !was.keyed) return { was, index, change }
    if (key.kind === 'lost') return { was, index, change: { kind: 'lost', reason: key.reason } }
    // Timers know nothing of aggregates.
    if (was.kind === 'timers') return { was, index, change }
    if (declared !== undefined) return { was, index, change: { kind: 'lost', reason: declared } }
    return { was, index, change: compareAccumulators(before, now) ?? change }
  })
  return { old, key, states }
}

export function checkRestore(snapshot: RestorableSnapshot, plan: JobPlan, options: RestoreOptions = {}): RestoreCheck {
  const operators = plan.vertices.flatMap((vertex) =>
    vertex.operators.map((operator) => ({ operator, parallelism: vertex.parallelism })),
  )
  const matches = matchOperators(snapshot, plan)
  const lines: RestoreLine[] = []
  const gone: string[] = []
  const changed: string[] = []
  for (const old of snapshot.operators) {
    const entry = operators.find(({ operator }) => matches.get(operator.uid)?.old === old)
    const match = entry && matches.get(entry.operator.uid)
    if (entry === undefined || match === undefined) {
      if (!holdsAnything(old)) continue
      const reason = `no operator has the uid '${old.uid}' (it was ${old.name})`
      for (const name of statesOf(old)) {
        lines.push({ kind: 'lost', uid: old.uid, state: name, reason })
        gone.push(`${label(old.uid, name)} (${reason})`)
      }
      continue
    }
    for (const state of match.states) {
      const line = stateLine(match, state, entry.operator, entry.parallelism)
      lines.push(line)
      if (line.kind === 'lost')
        (state.index >= 0 ? changed : gone).push(`${label(line.uid, line.state)} (${line.reason})`)
    }
  }
  for (const { operator } of operators) {
    const match = matches.get(operator.uid)
    operator.state.forEach((state, index) => {
      if (match?.states.some((each) => each.index === index) === true) return
      const reason = match === undefined ? 'the snapshot has no operator of this uid' : 'the snapshot has no such state'
      lines.push({ kind: 'new', uid: operator.uid, state: state.name, reason })
    })
  }
  if (snapshot.jobName !== plan.name) {
    lines.push({
      kind: 'note',
      uid: '',
      state: '',
      reason: `the snapshot is of job '${snapshot.jobName}', not '${plan.name}': uids decide`,
    })
  }
  if (options.allowNonRestoredState === true || gone.length + changed.length === 0) return { lines }
  const kept = lines.some((line) => line.kind === 'kept' || line.kind === 'migrated')
  if (!kept && snapshot.jobName !== plan.name) {
    return { lines, refused: errors.create('OTHER_JOB', { job: snapshot.jobName, plan: plan.name }) }
  }
  const code = changed.length > 0 ? 'STATE_INCOMPATIBLE' : 'STATE_LOST'
  return { lines, refused: errors.create(code, { states: [...changed, ...gone].join(', ') }) }
}

function stateLine(
  { old, key }: OperatorMatch,
  state: StateMatch,
  now: OperatorPlan,
  parallelism: number,
): RestoreLine {
  const { was, index, change } = state
  const today = now.state[index]
  const types = today !== undefined && change.kind !== 'kept' ? [typeText(was.type), typeText(today.type)] : []
  const base = {
    uid: now.uid,
    state: (change.kind === 'lost' ? undefined : today?.name) ?? was.name,
    ...(types[0] !== types[1] && { was: types[0], now: types[1] }),
  }
  if (change.kind === 'lost') return { ...base, kind: 'lost', reason: change.reason }
  const reasons = [
    old.uid === now.uid ? '' : `uid renamed from ${old.uid}`,
    was.keyed && key.kind === 'migrated' ? key.reason : '',
    change.kind === 'migrated' ? change.reason : '',
  ].filter((reason) => reason !== '')
  if (reasons.length > 0) return { ...base, kind: 'migrated', reason: reasons.join('; ') }
  const reason =
    old.parallelism === parallelism ? 'unchanged' : `redistributed from ${old.parallelism} to ${parallelism} subtasks`
  return { ...base, kind: 'kept', reason }
}

const label = (uid: string, state: string): string => `${uid}.${state}`

/** An operator that declared no state and left nothing is no loss. */
function holdsAnything(operator: ManifestOperator): boolean {
  if (operator.state.length > 0) return true
  return operator.subtasks.some((part) => {
    const { operatorState } = part
    const empty = operatorState === undefined || (Array.isArray(operatorState) && operatorState.length === 0)
    return !empty || part.runs.length > 0 || (part.splits?.length ?? 0) > 0 || (part.committables?.length ?? 0) > 0
  })
}

function statesOf(operator: ManifestOperator): readonly string[] {
  return operator.state.length > 0 ? operator.state.map((state) => state.name) : ['operator state']
}
