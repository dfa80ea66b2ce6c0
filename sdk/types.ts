/**
 * `t.*`: type and codec at once. A `TypeDef<T>` carries the TypeScript type for inference and the column type at run time.
 * Types are plain immutable data, so that a type made by another copy of this package works as well.
 */
import type { DataType, Field } from '../core/columns/schema.ts'
import { sdkErrors } from './errors.ts'
import type { ValueState } from './functions.ts'
import { type StandardSchema, standardValidator } from './standard-schema.ts'
import { type StateDeclaration, type StateOptions, valueState } from './state.ts'

export interface TypeDef<T> {
  readonly dataType: DataType
  readonly nullable?: boolean
  readonly optional?: boolean
  /** Names that a field of this type had before, where state is restored. */
  readonly formerNames?: readonly string[]
  /**
   * Checks a value that comes from outside and returns what is to be used in its place; throws a coded error. Only where
   * a column type does not say it all (`t.from`, and what contains it). Sources call it on what they have decoded.
   */
  readonly validate?: (value: unknown) => T
  /** Not at run time: carries the type for inference. */
  readonly $type?: T
}

export type TypeOf<D> = D extends TypeDef<infer T> ? T : never

/** A type with what a user may ask of it. */
export interface Type<T> extends TypeDef<T> {
  /** A value state of this type, for `process({ state: { … } })`. */
  state(options?: StateOptions<NoInfer<T>>): StateDeclaration<ValueState<T>>
  /** The same type for a field that had other names in older versions of a job: state is found under them. */
  was(...names: string[]): this
}

export interface OptionalType<T> extends Type<T> {
  readonly optional: true
}

export type ObjectFields = Readonly<Record<string, TypeDef<unknown>>>

type OptionalKeys<F> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F]
type Flat<T> = { [K in keyof T]: T[K] } & {}

/** The record of a `t.object`: fields of `t.optional` may be absent. */
export type ObjectOf<F extends ObjectFields> = Flat<
  { -readonly [K in Exclude<keyof F, OptionalKeys<F>>]: TypeOf<F[K]> } & {
    -readonly [K in OptionalKeys<F>]?: TypeOf<F[K]> | undefined
  }
>

type Extras<T> = Pick<TypeDef<T>, 'nullable' | 'optional' | 'formerNames' | 'validate'>

function type<T>(dataType: DataType, extras: Extras<T> = {}): Type<T> {
  const made: Type<T> = {
    dataType,
    ...extras,
    state: (options) => valueState(made, options),
    was(...names) {
      for (const name of names) {
        if (typeof name !== 'string' || name === '')
          throw sdkErrors.create('BAD_TYPE', { problem: 'was(…) takes the names that the field had before' })
      }
      return type<T>(dataType, { ...extras, formerNames: names }) as typeof this
    },
  }
  return Object.freeze(made)
}

const primitive =
  <T>(kind: Exclude<DataType['kind'], 'struct' | 'list'>) =>
  (): Type<T> =>
    type<T>({ kind })

/** A type as the column of that name. */
export function fieldOf(name: string, def: TypeDef<unknown>): Field {
  return {
    name,
    type: def.dataType,
    ...(def.nullable ? { nullable: true } : {}),
    ...(def.optional ? { optional: true } : {}),
    ...(def.formerNames ? { was: def.formerNames } : {}),
  }
}

function isType(value: unknown): value is TypeDef<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as TypeDef<unknown>).dataType?.kind === 'string'
}

function requireType(value: unknown, what: string): void {
  if (isType(value)) return
  const call = typeof value === 'function' ? ' (was the call forgotten: t.string() instead of t.string?)' : ''
  throw sdkErrors.create('BAD_TYPE', { problem: `${what} is not a type of t.*${call}` })
}

function object<const F extends ObjectFields>(fields: F): Type<ObjectOf<F>> {
  const entries = Object.entries(fields)
  for (const [name, def] of entries) {
    requireType(def, `the field "${name}" of t.object`)
    if (name === '' || name.startsWith('$')) {
      throw sdkErrors.create('BAD_TYPE', {
        problem: `a field cannot be called "${name}": names are not empty and do not start with $`,
      })
    }
  }
  const checked = entries.filter(([, def]) => def.validate !== undefined)
  return type<ObjectOf<F>>(
    { kind: 'struct', fields: entries.map(([name, def]) => fieldOf(name, def)) },
    checked.length === 0 ? {} : { validate: (value) => validateFields(value, checked) as ObjectOf<F> },
  )
}

function validateFields(value: unknown, checked: readonly [string, TypeDef<unknown>][]): unknown {
  if (typeof value !== 'object' || value === null) {
    throw sdkErrors.create('VALIDATION_FAILED', {
      problem: `an object is expected, not ${value === null ? 'null' : typeof value}`,
    })
  }
  const copy: Record<string, unknown> = { ...value }
  for (const [name, def] of checked) {
    const given = copy[name]
    if ((given === undefined && def.optional) || (given === null && def.nullable)) continue
    copy[name] = def.validate?.(given)
  }
  return copy
}

function array<T>(item: TypeDef<T>): Type<T[]> {
  requireType(item, 'the item of t.array')
  const { validate } = item
  return type<T[]>(
    { kind: 'list', item: fieldOf('item', item) },
    validate === undefined
      ? {}
      : {
          validate: (value) => {
            if (Array.isArray(value)) return value.map((each) => validate(each))
            throw sdkErrors.create('VALIDATION_FAILED', { problem: `an array is expected, not ${typeof value}` })
          },
        },
  )
}

function literal<const V extends readonly [string, ...string[]]>(...values: V): Type<V[number]> {
  return type<V[number]>(
    { kind: 'string' },
    {
      validate: (value) => {
        if (values.includes(value as string)) return value as V[number]
        throw sdkErrors.create('VALIDATION_FAILED', {
          problem: `one of ${values.join(', ')} is expected, not ${JSON.stringify(value)}`,
        })
      },
    },
  )
}

/** The types of records, fields and state. */
export const t = {
  /** A JavaScript number. */
  float64: primitive<number>('float64'),
  /** A whole number from -2147483648 to 2147483647. */
  int32: primitive<number>('int32'),
  /** A bigint of 64 bits. */
  int64: primitive<bigint>('int64'),
  boolean: primitive<boolean>('boolean'),
  string: primitive<string>('string'),
  bytes: primitive<Uint8Array>('bytes'),
  /** A point in time as a number of epoch milliseconds. */
  timestamp: primitive<number>('timestamp'),
  /** A point in time as a Date. */
  date: primitive<Date>('date'),
  /** Any value that can be carried: undefined, null, primitives, Date, Uint8Array, Map, Set, arrays and plain objects of those. */
  any: <T = unknown>(): Type<T> => type<T>({ kind: 'any' }),
  /** A plain object of these fields, in this order. Properties of a record that are not declared are dropped where it becomes columns. */
  object,
  array,
  /** A Map. Travels as a whole, so keep it small. */
  map: <K, V>(key: TypeDef<K>, value: TypeDef<V>): Type<Map<K, V>> => {
    requireType(key, 'the key of t.map')
    requireType(value, 'the value of t.map')
    return type<Map<K, V>>({ kind: 'any' })
  },
  /** The property may be absent or undefined. For fields of t.object. */
  optional: <T>(inner: TypeDef<T>): OptionalType<T> => {
    requireType(inner, 'what t.optional was given')
    return type<T>(inner.dataType, { ...extrasOf(inner), optional: true }) as OptionalType<T>
  },
  /** The value may be null. */
  nullable: <T>(inner: TypeDef<T>): Type<T | null> => {
    requireType(inner, 'what t.nullable was given')
    return type<T | null>(inner.dataType, { ...extrasOf<T | null>(inner), nullable: true })
  },
  /** One of these texts. */
  literal,
  /** One of these texts, as an array. */
  enum: <const V extends readonly [string, ...string[]]>(values: V): Type<V[number]> => literal(...values),
  /** The type of a Standard Schema (zod, valibot, arktype). Its `validate` runs on what sources decode. */
  from: <T>(schema: StandardSchema<T>): Type<T> => type<T>({ kind: 'any' }, { validate: standardValidator(schema) }),
}

function extrasOf<T>(def: TypeDef<T>): Extras<T> {
  return {
    ...(def.formerNames ? { formerNames: def.formerNames } : {}),
    ...(def.nullable ? { nullable: true } : {}),
    ...(def.optional ? { optional: true } : {}),
    ...(def.validate === undefined ? {} : { validate: def.validate }),
  }
}
