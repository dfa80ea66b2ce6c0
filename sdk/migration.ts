/**
 * Migrations: how state that a snapshot holds in an older type becomes state of today's. A migration names every type that the
 * state has had, the oldest first, with a function from each to the next:
 *
 *   state.value(Spend, { migrate: state.from(SpendV1).to(SpendV2, (v1) => …).to(Spend, (v2) => …) })
 *
 * A snapshot says which type it was written with, and the functions from there on are applied, entry by entry, on restore.
 * Immutable.
 */
import { sdkErrors } from './errors.ts'
import { checkFunction } from './graph/builder.ts'
import { atText, userPosition } from './graph/position.ts'
import type { TypeDef } from './types.ts'

export interface MigrationContext {
  /** Key of the entry, after the migration of the key where there is one. */
  readonly key: unknown
}

/** From one type to the next. Undefined: the entry is dropped. */
export type MigrationStep<Old, New> = (old: Old, context: MigrationContext) => New | undefined

export interface MigrationFrom<Old> {
  /** The next type, and how a value of it is made from one of the type before. Synchronous. */
  to<New>(type: TypeDef<New>, step: MigrationStep<Old, NoInfer<New>>): Migration<New>
}

/** `T`: the type at the end, which is that of the state. */
export interface Migration<T> extends MigrationFrom<T> {
  /** All types, the oldest first. */
  readonly types: readonly TypeDef<unknown>[]
  /** Step i leads from type i to type i + 1. */
  readonly steps: readonly MigrationStep<unknown, unknown>[]
  /** Not at run time: carries the type for inference. */
  readonly $type?: T
}

/** The oldest type that a state has had. */
export function migrateFrom<Old>(type: TypeDef<Old>): MigrationFrom<Old> {
  checkType(type, 'from')
  return { to: nextOf([type], []) as MigrationFrom<Old>['to'] }
}

function nextOf(types: readonly TypeDef<unknown>[], steps: readonly MigrationStep<unknown, unknown>[]) {
  return (type: TypeDef<unknown>, step: MigrationStep<unknown, unknown>): Migration<unknown> => {
    checkType(type, 'to')
    checkFunction(step, 'the function of a migration')
    const made = { types: [...types, type], steps: [...steps, step] }
    return Object.freeze({ ...made, to: nextOf(made.types, made.steps) as Migration<unknown>['to'] })
  }
}

function checkType(type: unknown, what: string): void {
  if (typeof (type as TypeDef<unknown> | null)?.dataType?.kind === 'string') return
  const value = type === null ? 'null' : typeof type
  const at = atText(userPosition())
  throw sdkErrors.create('BAD_ARGUMENT', { what: `${what} of a migration`, expected: 'a type of t.*', value, at })
}
