/**
 * What becomes of the keys of an operator's state when the type of the key changes. Keys are found by their hash, so a key that
 * changes moves to another place in the key space. The type of a key stands in the plan: on the operator where keys are
 * migrated, else in the schema of the edge that brings them. Pure.
 */
import type { DataType, Field } from '../../core/columns/schema.ts'
import type { JobPlan, OperatorPlan } from '../jobgraph/plan.ts'
import { typeText } from './type-change.ts'

export type KeyChange =
  | { readonly kind: 'kept' }
  /** `from`: the version that the keys have, of `OperatorPlan.keyVersions`; absent: int32 became int64. */
  | { readonly kind: 'migrated'; readonly reason: string; readonly from?: number }
  | { readonly kind: 'lost'; readonly reason: string }

/** The declared type of an operator's key; undefined where nobody has declared it, or there is no key. */
export function keyTypeOf(plan: JobPlan, operator: OperatorPlan): Field | undefined {
  if (operator.keyVersions !== undefined) return operator.keyVersions.at(-1)
  const vertex = plan.vertices.findIndex(({ operators }) => operators[0]?.node === operator.node)
  const edge = plan.edges.find(({ to, key }) => to.vertex === vertex && key !== undefined)
  if (edge?.key === undefined || edge.schema === undefined) return undefined
  const { fields } = edge.schema
  const named = (name: string): Field | undefined => fields.find((field) => field.name === name)
  if (edge.key.kind === 'function') return named('$key')
  const found = edge.key.fields.map(named)
  if (found.length === 1) return found[0]
  return found.some((field) => field === undefined)
    ? undefined
    : { name: '', type: { kind: 'struct', fields: found as Field[] } }
}

/** `renamed`: the operator had another uid, which tells versions of one type apart. */
export function compareKeys(
  was: Field | undefined,
  now: Field | undefined,
  versions: readonly Field[] | undefined,
  renamed: boolean,
): KeyChange {
  if (versions !== undefined) {
    const last = versions.length - 1
    if (was === undefined) return migrated(versions[0], versions[last], 0)
    const start = renamed ? last - 1 : last
    for (let from = start; from >= 0; from--) {
      if (shape(versions[from].type) !== shape(was.type)) continue
      return from === last ? { kind: 'kept' } : migrated(was, versions[last], from)
    }
  }
  if (was === undefined || now === undefined) return { kind: 'kept' }
  if (shape(was.type) === shape(now.type) || was.type.kind === 'any' || now.type.kind === 'any') return { kind: 'kept' }
  if (was.type.kind === 'int32' && now.type.kind === 'int64')
    return { kind: 'migrated', reason: 'the key widened from int32 to int64' }
  return { kind: 'lost', reason: `the key changed from ${typeText(was)} to ${typeText(now)}` }
}

const migrated = (was: Field, now: Field, from: number): KeyChange => ({
  kind: 'migrated',
  reason: `keys migrated from ${typeText(was)} to ${typeText(now)}`,
  from,
})

/** Types whose keys are the same bytes have the same shape: numbers but int64 are one kind, fields have no order. */
function shape(type: DataType): string {
  switch (type.kind) {
    case 'int32':
    case 'float64':
    case 'timestamp':
      return 'number'
    case 'list':
      return `${shape(type.item.type)}[]`
    case 'struct':
      return `{${type.fields
        .map((field) => `${JSON.stringify(field.name)}:${shape(field.type)}`)
        .sort()
        .join()}}`
    default:
      return type.kind
  }
}
