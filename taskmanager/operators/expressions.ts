/**
 * Declared conditions and expressions as generated code, in two forms: over numeric columns of a batch (typed arrays, no
 * objects), and over one record. Both follow JavaScript's meaning of the same operators.
 */

import { unreachable } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { Condition, Expression } from '../../sdk/graph/nodes.ts'
import type { Selection } from './operator.ts'

const compareOps = { eq: '===', ne: '!==', lt: '<', le: '<=', gt: '>', ge: '>=' } as const
const arithmeticOps = { add: '+', sub: '-', mul: '*', div: '/', mod: '%' } as const

type Name = (field: string) => string

/** The remainder of doubles is a call into C; that of integers, which is the same above 0, is not. */
const remainder = `(a, b) => { const n = a | 0; return n === a && n > 0 ? n % b : a % b }`

function expressionCode(expression: Expression, name: Name): string {
  switch (expression.kind) {
    case 'field':
      return name(expression.name)
    case 'constant':
      return typeof expression.value === 'number' ? numberCode(expression.value) : JSON.stringify(expression.value)
    case 'arithmetic':
      return arithmeticCode(expression, name)
    default:
      return unreachable(expression)
  }
}

function arithmeticCode({ op, left, right }: Extract<Expression, { kind: 'arithmetic' }>, name: Name): string {
  const code = `${expressionCode(left, name)} ${arithmeticOps[op]} ${expressionCode(right, name)}`
  if (op !== 'mod' || right.kind !== 'constant' || typeof right.value !== 'number') return `(${code})`
  return `remainder(${expressionCode(left, name)}, ${expressionCode(right, name)})`
}

/** JSON has no NaN, no infinities and no -0. */
function numberCode(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return `(${String(value)})`
}

function conditionCode(condition: Condition, name: Name): string {
  switch (condition.kind) {
    case 'compare':
      return `(${expressionCode(condition.left, name)} ${compareOps[condition.op]} ${expressionCode(condition.right, name)})`
    case 'and':
    case 'or': {
      const parts = condition.conditions.map((each) => conditionCode(each, name))
      if (parts.length === 0) return condition.kind === 'and' ? 'true' : 'false'
      return `(${parts.join(condition.kind === 'and' ? ' && ' : ' || ')})`
    }
    case 'not':
      return `!${conditionCode(condition.condition, name)}`
    default:
      return unreachable(condition)
  }
}

function fieldsOf(node: Condition | Expression, into: Set<string> = new Set()): Set<string> {
  switch (node.kind) {
    case 'field':
      into.add(node.name)
      break
    case 'arithmetic':
    case 'compare':
      fieldsOf(node.left, into)
      fieldsOf(node.right, into)
      break
    case 'and':
    case 'or':
      for (const each of node.conditions) fieldsOf(each, into)
      break
    case 'not':
      fieldsOf(node.condition, into)
      break
    case 'constant':
      break
    default:
      unreachable(node)
  }
  return into
}

/** Columns whose values are plain numbers in the batch: their index and the view that reads them; undefined when one is not. */
function numericColumns(
  fields: Iterable<string>,
  schema: Schema,
): { field: string; column: number; view: 'f64' | 'i32' }[] | undefined {
  const found: { field: string; column: number; view: 'f64' | 'i32' }[] = []
  for (const field of fields) {
    const column = schema.fields.findIndex((each) => each.name === field)
    const declared = schema.fields[column]
    if (declared === undefined || declared.nullable || declared.optional) return undefined
    const { kind } = declared.type
    if (kind === 'float64' || kind === 'timestamp') found.push({ field, column, view: 'f64' })
    else if (kind === 'int32') found.push({ field, column, view: 'i32' })
    else return undefined
  }
  return found
}

/** Loads of the columns and the name of each value inside of a loop over `i`. */
function columnAccess(columns: { field: string; column: number; view: 'f64' | 'i32' }[]): {
  setup: string
  name: Name
} {
  const index = new Map(columns.map((each, at) => [each.field, at]))
  const setup = columns
    .map(({ column, view }, at) => `const c${at} = batch.columns[${column}].data >>> ${view === 'f64' ? 3 : 2}`)
    .join('\n')
  return {
    setup: `const remainder = ${remainder}\nconst f64 = batch.arena.f64, i32 = batch.arena.i32\n${setup}`,
    name: (field) => {
      const at = index.get(field) as number
      return `${columns[at].view}[c${at} + i]`
    },
  }
}

export type BatchPredicate = (batch: RecordBatch, selection: Selection | undefined, keep: Int32Array) => number

/** Writes the rows that satisfy the condition into `keep` and returns their number; undefined when the schema has no numeric columns for it. */
export function batchPredicate(condition: Condition, schema: Schema): BatchPredicate | undefined {
  const columns = numericColumns(fieldsOf(condition), schema)
  if (columns === undefined) return undefined
  const { setup, name } = columnAccess(columns)
  const test = conditionCode(condition, name)
  return new Function(
    'batch',
    'selection',
    'keep',
    `${setup}
    let kept = 0
    if (selection === undefined) {
      const n = batch.rowCount
      for (let i = 0; i < n; i++) if (${test}) keep[kept++] = i
    } else {
      const rows = selection.rows, n = selection.count
      for (let k = 0; k < n; k++) { const i = rows[k]; if (${test}) keep[kept++] = i }
    }
    return kept`,
  ) as BatchPredicate
}

export type BatchExpressions = (
  batch: RecordBatch,
  selection: Selection | undefined,
  /** Of Float64 columns of `rowCount` rows, one per expression. */
  addresses: readonly number[],
) => void

/** Computes numbers from numeric columns, of the rows selected; undefined when the schema has no numeric columns for it, or they are not numbers. */
export function batchExpressions(expressions: readonly Expression[], schema: Schema): BatchExpressions | undefined {
  const fields = new Set<string>()
  for (const expression of expressions) {
    if (!isNumber(expression)) return undefined
    fieldsOf(expression, fields)
  }
  const columns = numericColumns(fields, schema)
  if (columns === undefined) return undefined
  const { setup, name } = columnAccess(columns)
  const to = expressions.map((_, at) => `const to${at} = addresses[${at}] >>> 3`).join('\n')
  const body = expressions.map((each, at) => `f64[to${at} + i] = ${expressionCode(each, name)}`).join('; ')
  return new Function(
    'batch',
    'selection',
    'addresses',
    `${setup}
    ${to}
    if (selection === undefined) for (let i = 0, n = batch.rowCount; i < n; i++) { ${body} }
    else {
      const rows = selection.rows, n = selection.count
      for (let k = 0; k < n; k++) { const i = rows[k]; ${body} }
    }`,
  ) as BatchExpressions
}

function isNumber(expression: Expression): boolean {
  if (expression.kind === 'arithmetic') return isNumber(expression.left) && isNumber(expression.right)
  return expression.kind === 'field' || typeof expression.value === 'number'
}

const property: Name = (field) => `record[${JSON.stringify(field)}]`

export function recordPredicate(condition: Condition): (record: unknown) => boolean {
  return new Function('record', `const remainder = ${remainder}; return ${conditionCode(condition, property)}`) as (
    record: unknown,
  ) => boolean
}

/** One function that makes the new record of a `select`. */
export function recordSelect(
  columns: readonly { readonly name: string; readonly expression: Expression }[],
): (record: unknown) => unknown {
  const body = columns
    .map((each) => `${JSON.stringify(each.name)}: ${expressionCode(each.expression, property)}`)
    .join(', ')
  return new Function('record', `const remainder = ${remainder}; return { ${body} }`) as (record: unknown) => unknown
}

export function expressionFields(columns: readonly { readonly expression: Expression }[]): string[] {
  const fields = new Set<string>()
  for (const each of columns) fieldsOf(each.expression, fields)
  return [...fields]
}

export const conditionFields = (condition: Condition): string[] => [...fieldsOf(condition)]
