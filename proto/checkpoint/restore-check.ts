/**
 * Compares the states of a snapshot with those of a plan: kept, new, migrated or lost, each with the reason, and whether a
 * restore is to be refused. Identity is the operator's uid and the state's name. Pure.
 *
 * Automatic migrations: a number may widen (int32 to int64 or float64, timestamp to float64), anything may become `any`, a
 * value may become nullable or optional, and a struct may gain fields that are optional or nullable or change their order.
 */
import type { DataType, Field } from '../../core/columns/schema.ts'
import type { MillraceError } from '../../core/errors.ts'
import type { JobPlan, OperatorPlan, StatePlan } from '../jobgraph/plan.ts'
import { errors } from './errors.ts'
import type { Manifest, ManifestOperator } from './manifest.ts'

export type StateChange =
  | { readonly kind: 'kept' }
  | { readonly kind: 'migrated'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string }

export interface RestoreLine {
  readonly kind: 'kept' | 'new' | 'migrated' | 'lost' | 'note'
  readonly uid: string
  /** Name of the state; '' for a note. */
  readonly state: string
  readonly reason: string
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

export function checkRestore(manifest: Manifest, plan: JobPlan, options: RestoreOptions = {}): RestoreCheck {
  const operators = plan.vertices.flatMap((vertex) =>
    vertex.operators.map((operator) => ({ operator, parallelism: vertex.parallelism })),
  )
  const now = new Map(operators.map((entry) => [entry.operator.uid, entry]))
  const lines: RestoreLine[] = []
  const gone: string[] = []
  const changed: string[] = []
  for (const old of manifest.operators) {
    const entry = now.get(old.uid)
    if (entry === undefined) {
      if (!holdsAnything(old)) continue
      const reason = `no operator has the uid '${old.uid}' (it was ${old.name})`
      for (const name of statesOf(old)) {
        lines.push({ kind: 'lost', uid: old.uid, state: name, reason })
        gone.push(label(old.uid, name))
      }
      continue
    }
    for (const was of old.state) {
      const line = stateLine(old, was, entry.operator, entry.parallelism)
      lines.push(line)
      if (line.kind !== 'lost') continue
      const list = entry.operator.state.some((state) => state.name === was.name) ? changed : gone
      list.push(`${label(old.uid, was.name)} (${line.reason})`)
    }
  }
  for (const { operator } of operators) {
    const old = manifest.operators.find((other) => other.uid === operator.uid)
    for (const state of operator.state) {
      if (old?.state.some((was) => was.name === state.name) === true) continue
      const reason = old === undefined ? 'the snapshot has no operator of this uid' : 'the snapshot has no such state'
      lines.push({ kind: 'new', uid: operator.uid, state: state.name, reason })
    }
  }
  if (manifest.jobName !== plan.name) {
    lines.push({
      kind: 'note',
      uid: '',
      state: '',
      reason: `the snapshot is of job '${manifest.jobName}', not '${plan.name}': uids decide`,
    })
  }
  if (options.allowNonRestoredState === true || gone.length + changed.length === 0) return { lines }
  const code = changed.length > 0 ? 'STATE_INCOMPATIBLE' : 'STATE_LOST'
  return { lines, refused: errors.create(code, { states: [...changed, ...gone].join(', ') }) }
}

function stateLine(old: ManifestOperator, was: StatePlan, now: OperatorPlan, parallelism: number): RestoreLine {
  const base = { uid: old.uid, state: was.name }
  const state = now.state.find((other) => other.name === was.name)
  if (state === undefined) return { ...base, kind: 'lost', reason: `operator ${now.name} has no state of this name` }
  const change = compareStates(was, state)
  if (change.kind !== 'kept') return { ...base, kind: change.kind, reason: change.reason }
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

/** What becomes of a state when its declaration changes from `was` to `now`. */
export function compareStates(was: StatePlan, now: StatePlan): StateChange {
  if (was.kind !== now.kind) return { kind: 'lost', reason: `kind changed from ${was.kind} to ${now.kind}` }
  if (was.keyed !== now.keyed)
    return { kind: 'lost', reason: now.keyed ? 'it was not keyed before' : 'it was keyed before' }
  if (was.type === undefined && now.type === undefined) return { kind: 'kept' }
  if (was.type === undefined) return { kind: 'lost', reason: 'its type was not declared before' }
  if (now.type === undefined) return { kind: 'migrated', reason: 'type is no longer declared' }
  return toChange(compareFields(was.type, now.type, ''))
}

interface Difference {
  readonly same: boolean
  readonly possible: boolean
  readonly reason: string
}

const same: Difference = { same: true, possible: true, reason: '' }
const migrates = (reason: string): Difference => ({ same: false, possible: true, reason })
const impossible = (reason: string): Difference => ({ same: false, possible: false, reason })

function toChange(difference: Difference): StateChange {
  if (difference.same) return { kind: 'kept' }
  return { kind: difference.possible ? 'migrated' : 'lost', reason: difference.reason }
}

function combine(parts: readonly Difference[]): Difference {
  const different = parts.filter((part) => !part.same)
  if (different.length === 0) return same
  const blocking = different.filter((part) => !part.possible)
  const chosen = blocking.length > 0 ? blocking : different
  return { same: false, possible: blocking.length === 0, reason: chosen.map((part) => part.reason).join('; ') }
}

function compareFields(was: Field, now: Field, path: string): Difference {
  const name = path === '' ? 'value' : path
  const parts: Difference[] = [compareTypes(was.type, now.type, path)]
  for (const flag of ['nullable', 'optional'] as const) {
    if ((was[flag] ?? false) === (now[flag] ?? false)) continue
    parts.push(now[flag] === true ? migrates(`${name} became ${flag}`) : impossible(`${name} is no longer ${flag}`))
  }
  return combine(parts)
}

const widenings: Readonly<Record<string, readonly DataType['kind'][]>> = {
  int32: ['int64', 'float64', 'any'],
  timestamp: ['float64', 'any'],
}

function compareTypes(was: DataType, now: DataType, path: string): Difference {
  const name = path === '' ? 'type' : path
  if (was.kind === 'struct' && now.kind === 'struct') return compareStructs(was.fields, now.fields, path)
  if (was.kind === 'list' && now.kind === 'list') return compareFields(was.item, now.item, `${path}[]`)
  if (was.kind === now.kind) return same
  if (now.kind === 'any' || (widenings[was.kind] ?? []).includes(now.kind)) {
    return migrates(`${name} widened from ${was.kind} to ${now.kind}`)
  }
  return impossible(`${name} changed from ${was.kind} to ${now.kind}`)
}

function compareStructs(was: readonly Field[], now: readonly Field[], path: string): Difference {
  const parts: Difference[] = []
  const prefix = path === '' ? '' : `${path}.`
  for (const old of was) {
    const field = now.find((other) => other.name === old.name)
    if (field === undefined) parts.push(impossible(`field ${prefix}${old.name} was removed`))
    else parts.push(compareFields(old, field, `${prefix}${old.name}`))
  }
  for (const field of now) {
    if (was.some((old) => old.name === field.name)) continue
    const fits = field.optional === true || field.nullable === true
    parts.push(
      fits
        ? migrates(`field ${prefix}${field.name} added`)
        : impossible(`field ${prefix}${field.name} added, neither optional nor nullable`),
    )
  }
  const reordered =
    was.length === now.length && parts.every((part) => part.same) && was.some((old, i) => old.name !== now[i].name)
  if (reordered) parts.push(migrates(`fields of ${path === '' ? 'the value' : path} changed their order`))
  return combine(parts)
}
