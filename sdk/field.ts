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
export interface NumberExpression<in R> {
  readonly expression: Expression
  plus<S = unknown>(other: Operand<S>): NumberExpression<R & S>
  minus<S = unknown>(other: Operand<S>): NumberExpression<R & S>
  times<S = unknown>(other: Operand<S>): NumberExpression<R & S>
  div<S = unknown>(other: Operand<S>): NumberExpression<R & S>
  /** The remainder, as % gives it. */
  mod<S = unknown>(other: Operand<S>): NumberExpression<R & S>
  eq<S = unknown>(other: Operand<S>): Where<R & S>
  ne<S = unknown>(other: Operand<S>): Where<R & S>
  lt<S = unknown>(other: Operand<S>): Where<R & S>
  le<S = unknown>(other: Operand<S>): Where<R & S>
  gt<S = unknown>(other: Operand<S>): Where<R & S>
  ge<S = unknown>(other: Operand<S>): Where<R & S>
  /** Not at run time: what records must have. */
  readonly $in?: (record: R) => void
}

export type Operand<R> = number | NumberExpression<R>

type Constant = number | string | boolean | null
type Wide<C> = C extends number ? number : C extends string ? string : C extends boolean ? boolean : null
/** Records whose field can be compared with the constant: of its type, or null. */
type Comparable<N extends string, C> = { readonly [K in N]: C extends null ? unknown : Wide<C> | null }

/** A field of the record. */
export interface FieldReference<N extends string> {
  readonly expression: Expression
  readonly field: N
  plus<S = unknown>(other: Operand<S>): NumberExpression<Record<N, number> & S>
  minus<S = unknown>(other: Operand<S>): NumberExpression<Record<N, number> & S>
  times<S = unknown>(other: Operand<S>): NumberExpression<Record<N, number> & S>
  div<S = unknown>(other: Operand<S>): NumberExpression<Record<N, number> & S>
  mod<S = unknown>(other: Operand<S>): NumberExpression<Record<N, number> & S>
  eq<C extends Constant>(constant: C): Where<Comparable<N, C>>
  ne<C extends Constant>(constant: C): Where<Comparable<N, C>>
  lt<C extends number | string>(constant: C): Where<Comparable<N, C>>
  le<C extends number | string>(constant: C): Where<Comparable<N, C>>
  gt<C extends number | string>(constant: C): Where<Comparable<N, C>>
  ge<C extends number | string>(constant: C): Where<Comparable<N, C>>
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
