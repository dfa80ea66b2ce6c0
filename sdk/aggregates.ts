/** `count()`, `sum('price')` and so on: aggregates that are declared, so that they run as kernels over columns. */
import type { DeclaredAggregate } from './graph/nodes.ts'

export type AggregateFunction = DeclaredAggregate['fn']

/** A column of `aggregate({ total: sum('price') })`. `F` is the field that it reads. */
export interface AggregateColumn<Fn extends AggregateFunction, F extends string> {
  readonly fn: Fn
  readonly field: F | undefined
}

export type AggregateColumns<F extends string> = Readonly<Record<string, AggregateColumn<AggregateFunction, F>>>
/** The same once its types have done their work. */
export type AnyColumns = AggregateColumns<string>

/** Fields that can be added up and compared. Records whose field is null or absent are passed over; `count()` counts them. */
export type NumericField<T> = {
  [K in keyof T & string]-?: Numeric<NonNullable<T[K]>> extends true ? K : never
}[keyof T & string]
type Numeric<V> = [V] extends [never] ? false : [V] extends [number | bigint] ? true : false

/** Type of one aggregate over records `T`. Of no values the sum is 0, the mean NaN, the least and the greatest NaN, or null for int32 and int64. */
export type AggregateResult<T, Fn extends AggregateFunction, F> = Fn extends 'count' | 'avg'
  ? number
  : F extends keyof T
    ? Fn extends 'sum'
      ? NonNullable<T[F]>
      : T[F] extends NonNullable<T[F]>
        ? T[F]
        : NonNullable<T[F]> | null
    : number

export type AggregateResults<T, A extends AnyColumns> = {
  [K in keyof A]: A[K] extends AggregateColumn<infer Fn, infer F> ? AggregateResult<T, Fn, F> : never
}

/** Number of records. */
export const count = (): AggregateColumn<'count', never> => ({ fn: 'count', field: undefined })
/** Sum of a field; a bigint for a field of bigints. */
export const sum = <const F extends string>(field: F): AggregateColumn<'sum', F> => ({ fn: 'sum', field })
export const min = <const F extends string>(field: F): AggregateColumn<'min', F> => ({ fn: 'min', field })
export const max = <const F extends string>(field: F): AggregateColumn<'max', F> => ({ fn: 'max', field })
/** Mean of a field, as a number. */
export const avg = <const F extends string>(field: F): AggregateColumn<'avg', F> => ({ fn: 'avg', field })
