/** What becomes of a state when its declaration changes, or what its operator declares of it. Pure. */
import type { Field } from '../../core/columns/schema.ts'
import { canonicalJson } from '../jobgraph/canonical.ts'
import type { OperatorPlan, StatePlan } from '../jobgraph/plan.ts'
import { anyField, compareFields, sameFields, typeText } from './type-change.ts'

export type StateChange =
  | { readonly kind: 'kept' }
  | {
      readonly kind: 'migrated'
      readonly reason: string
      /** The version of `StatePlan.versions` that entries are brought to before they are migrated; absent: no function is called. */
      readonly from?: number
      /** Accumulators of declared aggregates are of other kinds than these were. */
      readonly aggregates?: readonly PlannedAggregate[]
    }
  | { readonly kind: 'lost'; readonly reason: string }

/** A declared aggregate as plans have it. */
export interface PlannedAggregate {
  /** Name of the result. */
  readonly as: string
  readonly fn: string
  readonly field?: string
  /** Its accumulator is of int64. */
  readonly int64?: true
}

const lost = (reason: string): StateChange => ({ kind: 'lost', reason })

/**
 * From `was` to `now`. A type of which a migration knows is migrated; any other is converted where that can be done without a
 * function, to the newest type from which there is a way.
 */
export function compareStates(was: StatePlan, now: StatePlan): StateChange {
  if (was.kind !== now.kind) return lost(`kind changed from ${was.kind} to ${now.kind}`)
  if (was.keyed !== now.keyed) return lost(now.keyed ? 'it was not keyed before' : 'it was keyed before')
  const renamed = was.name !== now.name
  const change = compareTypes(was.type, now.type, now.versions ?? [], renamed)
  if (!renamed || change.kind === 'lost') return change
  const rest = change.kind === 'kept' ? '' : `; ${change.reason}`
  return { ...change, kind: 'migrated', reason: `renamed from ${was.name}${rest}` }
}

function compareTypes(
  was: Field | undefined,
  now: Field | undefined,
  versions: readonly Field[],
  renamed: boolean,
): StateChange {
  const old = was ?? anyField
  const today = now ?? anyField
  const exact = versions.findLastIndex((version) => sameFields(old, version))
  // A state of another name is of an older version, even where the type is the same.
  if (exact >= 0 && (renamed || !sameFields(old, today))) return migration(old, today, versions, exact)
  const direct = compareFields(old, today)
  if (direct.same) return { kind: 'kept' }
  if (direct.possible)
    return { kind: 'migrated', reason: now === undefined ? 'type is no longer declared' : direct.reason }
  const near = versions.findLastIndex((version) => compareFields(old, version).possible)
  if (near >= 0) return migration(old, today, versions, near)
  if (was === undefined) return lost(`its type was not declared before, and is ${typeText(now)} now`)
  const [before, after] = [typeText(was), typeText(now)]
  // The reason may be about a part of the type, and about kinds: then whole types are told as well.
  const types = direct.reason.endsWith(`from ${before} to ${after}`) ? '' : `; it was ${before}, is ${after}`
  return lost(`${direct.reason}${types}${versions.length === 0 ? '' : ', and no migration begins with what it was'}`)
}

function migration(was: Field, now: Field, versions: readonly Field[], from: number): StateChange {
  const steps = versions.length - from
  const reason = `by ${steps === 1 ? 'a function' : `${steps} functions`} from ${typeText(was)} to ${typeText(now)}`
  return { kind: 'migrated', reason, from }
}

/**
 * What aggregates and windows declare decides what their entries hold. Undefined: nothing that matters has
 * changed.
 */
export function compareDeclared(was: OperatorPlan | undefined, now: OperatorPlan): string | undefined {
  const before = was?.declared
  const { declared } = now
  if (was === undefined || was.kind !== now.kind) return undefined
  const aggregates = [before?.aggregates, declared?.aggregates].map(aggregateText)
  if (aggregates[0] !== aggregates[1]) return `the aggregates changed from ${aggregates[0]} to ${aggregates[1]}`
  const assigner = [before?.assigner, declared?.assigner]
  if (canonicalJson(assigner[0]) === canonicalJson(assigner[1])) return undefined
  return `the window changed from ${windowText(assigner[0])} to ${windowText(assigner[1])}`
}

/** Names of results do not matter, their order does: entries hold numbers. */
function aggregateText(aggregates: unknown): string {
  return Array.isArray(aggregates) ? (aggregates as readonly PlannedAggregate[]).map(nameOf).join(', ') : 'functions'
}

const nameOf = ({ fn, field }: PlannedAggregate): string => `${fn}(${field ?? ''})`

/** Of declared aggregates that are the same: those whose numbers are int64 now, or are not any more. Undefined: there is none. */
export function compareAccumulators(was: OperatorPlan | undefined, now: OperatorPlan): StateChange | undefined {
  const before = was?.declared?.aggregates as readonly PlannedAggregate[] | undefined
  const after = now.declared?.aggregates as readonly PlannedAggregate[] | undefined
  if (before === undefined || after === undefined) return undefined
  const changed = after.filter(({ int64 }, at) => int64 !== before[at].int64)
  if (changed.length === 0) return undefined
  const reasons = changed.map((each) => `${nameOf(each)} became ${each.int64 ? 'int64' : 'float64'}`)
  return { kind: 'migrated', reason: reasons.join('; '), aggregates: before }
}

function windowText(assigner: unknown): string {
  const { kind, ...sizes } = (assigner ?? { kind: 'none' }) as Record<string, unknown>
  const parts = Object.entries(sizes).filter(([, value]) => value !== 0)
  return `${String(kind)} (${parts.map(([name, value]) => `${name} ${String(value)}`).join(', ')})`
}
