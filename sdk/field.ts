/**
 * `field('price').gt(100)`: conditions and expressions that the engine sees into. They run over whole columns without a
 * call per record, and mean what the same JavaScript would.
 */
import type { Condition, Expression } from './graph/nodes.ts'

/** A condition on records that have at least what `R` says. */
export interface Where<in R> {
  readonly condition: Condition
  and<S>(other: Where<S>): Where<R & S>
  or<S>(other: Where<S>): Where<R & S>
  not(): Where<R>
  /** Not at run time: what records must have. */
  readonly $in?: (record: R) => void
}

/** A number computed from a record. */
export interface NumberExpression<in R> extends Numeric<R> {
  plus(constant: number): NumberExpression<R>
  plus<S>(other: Numeric<S>): NumberExpression<R & S>
  minus(constant: number): NumberExpression<R>
  minus<S>(other: Numeric<S>): NumberExpression<R & S>
  times(constant: number): NumberExpression<R>
  times<S>(other: Numeric<S>): NumberExpression<R & S>
  div(constant: number): NumberExpression<R>
  div<S>(other: Numeric<S>): NumberExpression<R & S>
  /** The remainder, as % gives it. */
  mod(constant: number): NumberExpression<R>
  mod<S>(other: Numeric<S>): NumberExpression<R & S>
  eq(constant: number): Where<R>
  eq<S>(other: Numeric<S>): Where<R & S>
  ne(constant: number): Where<R>
  ne<S>(other: Numeric<S>): Where<R & S>
  lt(constant: number): Where<R>
  lt<S>(other: Numeric<S>): Where<R & S>
  le(constant: number): Where<R>
  le<S>(other: Numeric<S>): Where<R & S>
  gt(constant: number): Where<R>
  gt<S>(other: Numeric<S>): Where<R & S>
  ge(constant: number): Where<R>
  ge<S>(other: Numeric<S>): Where<R & S>
}

/** What counts as a number of a record: a field or an expression. */
export interface Numeric<in R> {
  readonly expression: Expression
  /** Not at run time: what records must have. */
  readonly $number?: (record: R) => void
}

/** A record as conditions see it: a field that may be absent is one that may be null. */
type Complete<T> = 0 extends 1 & T
  ? T
  : { readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? T[K] | null : T[K] }

/** Makes a condition on fields that records `T` do not have fail to compile, with a word about it. */
export type Suits<T, R> = [Complete<T>] extends [R]
  ? unknown
  : { readonly 'this condition is about records of another type': R }

type Constant = number | string | boolean | null
type Wide<C> = C extends number ? number : C extends string ? string : C extends boolean ? boolean : null
/** Records whose field can be equal to the constant: of its type, or null. */
type Comparable<N extends string, C> = { readonly [K in N]: C extends null ? unknown : Wide<C> | null | undefined }
/** Records whose field can be less or more than the constant. */
type Ordered<N extends string, C> = {
  readonly [K in N]: (C extends number ? number | bigint : string) | null | undefined
}

/** A field of the record. */
export interface FieldReference<N extends string> extends Numeric<Record<N, number>> {
  readonly field: N
  plus(constant: number): NumberExpression<Record<N, number>>
  plus<S>(other: Numeric<S>): NumberExpression<Record<N, number> & S>
  minus(constant: number): NumberExpression<Record<N, number>>
  minus<S>(other: Numeric<S>): NumberExpression<Record<N, number> & S>
  times(constant: number): NumberExpression<Record<N, number>>
  times<S>(other: Numeric<S>): NumberExpression<Record<N, number> & S>
  div(constant: number): NumberExpression<Record<N, number>>
  div<S>(other: Numeric<S>): NumberExpression<Record<N, number> & S>
  mod(constant: number): NumberExpression<Record<N, number>>
  mod<S>(other: Numeric<S>): NumberExpression<Record<N, number> & S>
  eq<C extends Constant>(constant: C): Where<Comparable<N, C>>
  eq<S>(other: Numeric<S>): Where<Record<N, number> & S>
  ne<C extends Constant>(constant: C): Where<Comparable<N, C>>
  ne<S>(other: Numeric<S>): Where<Record<N, number> & S>
  lt<C extends number | string>(constant: C): Where<Ordered<N, C>>
  lt<S>(other: Numeric<S>): Where<Record<N, number> & S>
  le<C extends number | string>(constant: C): Where<Ordered<N, C>>
  le<S>(other: Numeric<S>): Where<Record<N, number> & S>
  gt<C extends number | string>(constant: C): Where<Ordered<N, C>>
  gt<S>(other: Numeric<S>): Where<Record<N, number> & S>
  ge<C extends number | string>(constant: C): Where<Ordered<N, C>>
  ge<S>(other: Numeric<S>): Where<Record<N, number> & S>
}

type Arithmetic = Extract<Expression, { kind: 'arithmetic' }>['op']
type Comparison = Extract<Condition, { kind: 'compare' }>['op']

function expressionOf(value: unknown): Expression {
  if (typeof value === 'object' && value !== null && 'expression' in value)
    return (value as { expression: Expression }).expression
  return { kind: 'constant', value: value as Constant }
}

function where(condition: Condition): Where<unknown> {
  return {
    condition,
    and: (other) => where({ kind: 'and', conditions: [condition, other.condition] }),
    or: (other) => where({ kind: 'or', conditions: [condition, other.condition] }),
    not: () => where({ kind: 'not', condition }),
  }
}

function operators(left: Expression): NumberExpression<unknown> {
  const arithmetic = (op: Arithmetic) => (other: unknown) =>
    operators({ kind: 'arithmetic', op, left, right: expressionOf(other) })
  const compare = (op: Comparison) => (other: unknown) =>
    where({ kind: 'compare', op, left, right: expressionOf(other) })
  return {
    expression: left,
    plus: arithmetic('add'),
    minus: arithmetic('sub'),
    times: arithmetic('mul'),
    div: arithmetic('div'),
    mod: arithmetic('mod'),
    eq: compare('eq'),
    ne: compare('ne'),
    lt: compare('lt'),
    le: compare('le'),
    gt: compare('gt'),
    ge: compare('ge'),
  }
}

/** A field, for conditions and computed columns: `stream.filter(field('price').gt(100))`. */
export function field<const N extends string>(name: N): FieldReference<N> {
  // One object serves both views: what a field may be compared with is a matter of types.
  return { ...operators({ kind: 'field', name }), field: name } as unknown as FieldReference<N>
}
