/**
 * Declared conditions and expressions as generated code, in two forms: over numeric columns of a batch (typed arrays, no
 * objects), and over one record. Both follow JavaScript's meaning of the same operators, but for one thing: nothing is less
 * or more than null, which JavaScript takes for 0.
 */

import { unreachable } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { wtf8 } from '../../core/columns/strings.ts'
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

type Comparison = Extract<Condition, { kind: 'compare' }>
/** Code for comparisons that are done in a way of their own; undefined for all others. */
type Special = (comparison: Comparison) => string | undefined

function conditionCode(condition: Condition, name: Name, special: Special): string {
  switch (condition.kind) {
    case 'compare': {
      const own = special(condition)
      if (own !== undefined) return own
      return `(${expressionCode(condition.left, name)} ${compareOps[condition.op]} ${expressionCode(condition.right, name)})`
    }
    case 'and':
    case 'or': {
      const parts = condition.conditions.map((each) => conditionCode(each, name, special))
      if (parts.length === 0) return condition.kind === 'and' ? 'true' : 'false'
      return `(${parts.join(condition.kind === 'and' ? ' && ' : ' || ')})`
    }
    case 'not':
      return `!${conditionCode(condition.condition, name, special)}`
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

interface NumericColumn {
  readonly field: string
  readonly column: number
  readonly view: 'f64' | 'i32'
}

/**
 * Columns whose values are plain numbers in the batch: their index and the view that reads them; undefined when one is not.
 * Of those in `gappy` rows may have no value: whoever names them asks for that.
 */
function numericColumns(
  fields: Iterable<string>,
  schema: Schema,
  gappy?: ReadonlyMap<string, number>,
): NumericColumn[] | undefined {
  const found: NumericColumn[] = []
  for (const field of fields) {
    const column = schema.fields.findIndex((each) => each.name === field)
    const declared = schema.fields[column]
    if (declared === undefined || (lacksValues(declared) && gappy?.has(field) !== true)) return undefined
    const { kind } = declared.type
    if (kind === 'float64' || kind === 'timestamp') found.push({ field, column, view: 'f64' })
    else if (kind === 'int32') found.push({ field, column, view: 'i32' })
    else return undefined
  }
  return found
}

/** Loads of the columns and the name of each value inside of a loop over `i`. */
function columnAccess(columns: readonly NumericColumn[]): {
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

/**
 * Writes the rows that satisfy the condition into `keep` and returns their number: over columns of plain numbers, and of
 * strings that are compared with a constant byte by byte. Undefined when the schema has other columns for it. `gaps`: values
 * may be lacking, and are then neither less nor more.
 */
export function batchPredicate(condition: Condition, schema: Schema, gaps = true): BatchPredicate | undefined {
  const strings = new StringEqualities(schema)
  const gappy: ReadonlyMap<string, number> = gaps ? gappyFields(condition, schema) : new Map()
  const columns = numericColumns(numericFieldsOf(condition, strings), schema, gappy)
  if (columns === undefined) return undefined
  const { setup, name } = columnAccess(columns)
  const test = conditionCode(condition, name, (each) => strings.codeOf(each) ?? gappyCode(each, name, gappy))
  const bits = [...gappy.values()].map((column) => `const v${column} = batch.columns[${column}].validity`).join('\n')
  const make = new Function(
    'same',
    'constants',
    `return (batch, selection, keep) => {
    ${setup}
    ${strings.setup}
    ${bits}
    let kept = 0
    if (selection === undefined) {
      const n = batch.rowCount
      for (let i = 0; i < n; i++) if (${test}) keep[kept++] = i
    } else {
      const rows = selection.rows, n = selection.count
      for (let k = 0; k < n; k++) { const i = rows[k]; if (${test}) keep[kept++] = i }
    }
    return kept }`,
  ) as (compare: typeof same, constants: readonly Uint8Array[]) => BatchPredicate
  return make(same, strings.constants)
}

const lacksValues = ({ nullable, optional }: { nullable?: boolean; optional?: boolean }): boolean =>
  nullable === true || optional === true

/** The field of a comparison of one with a number. */
function comparedWithNumber({ left, right }: Comparison): string | undefined {
  const [field, constant] = left.kind === 'field' ? [left, right] : [right, left]
  const isNumber = constant.kind === 'constant' && typeof constant.value === 'number'
  return field.kind === 'field' && isNumber ? field.name : undefined
}

/** Fields that may lack a value and are only compared with numbers, with the numbers of their columns. */
function gappyFields(condition: Condition, schema: Schema): Map<string, number> {
  const found = new Map<string, number>()
  const others = new Set<string>()
  const visit = (node: Condition): void => {
    if (node.kind === 'not') return visit(node.condition)
    if (node.kind !== 'compare') return node.conditions.forEach(visit)
    const field = comparedWithNumber(node)
    if (field === undefined) fieldsOf(node, others)
    else {
      const column = schema.fields.findIndex(({ name }) => name === field)
      if (column >= 0 && lacksValues(schema.fields[column])) found.set(field, column)
    }
  }
  visit(condition)
  for (const field of others) found.delete(field)
  return found
}

function gappyCode(comparison: Comparison, name: Name, gappy: ReadonlyMap<string, number>): string | undefined {
  const column = gappy.get(comparedWithNumber(comparison) ?? '')
  if (column === undefined) return undefined
  const has = `(v${column} === 0 || ((u8[v${column} + (i >>> 3)] >>> (i & 7)) & 1) === 1)`
  const code = conditionCode(comparison, name, () => undefined)
  return comparison.op === 'ne' ? `(!${has} || ${code})` : `(${has} && ${code})`
}

/** Whether the `length` bytes at `at` are these. */
function same(u8: Uint8Array, at: number, length: number, bytes: Uint8Array): boolean {
  if (length !== bytes.length) return false
  for (let i = 0; i < length; i++) if (u8[at + i] !== bytes[i]) return false
  return true
}

/** `field = 'constant'` over a column of strings: equal strings have equal bytes. */
class StringEqualities {
  readonly constants: Uint8Array[] = []
  setup = 'const u8 = batch.arena.u8'
  readonly #schema: Schema

  constructor(schema: Schema) {
    this.#schema = schema
  }

  /** Number of the column and the constant; undefined for any other comparison. */
  match({ op, left, right }: Comparison): { column: number; value: string } | undefined {
    if (op !== 'eq' && op !== 'ne') return undefined
    const [field, constant] = left.kind === 'field' ? [left, right] : [right, left]
    if (field.kind !== 'field' || constant.kind !== 'constant' || typeof constant.value !== 'string') return undefined
    const column = this.#schema.fields.findIndex(({ name }) => name === field.name)
    const declared = this.#schema.fields[column]
    if (declared?.type.kind !== 'string' || declared.nullable || declared.optional) return undefined
    return { column, value: constant.value }
  }

  codeOf(comparison: Comparison): string | undefined {
    const found = this.match(comparison)
    if (found === undefined) return undefined
    const at = this.constants.push(Uint8Array.from(wtf8(found.value))) - 1
    this.setup += `
    const k${at} = constants[${at}], o${at} = batch.columns[${found.column}].offsets >>> 2, d${at} = batch.columns[${found.column}].data`
    const code = `same(u8, d${at} + i32[o${at} + i], i32[o${at} + i + 1] - i32[o${at} + i], k${at})`
    return comparison.op === 'eq' ? code : `!${code}`
  }
}

/** Fields of a condition but for those that are only compared as strings. */
function numericFieldsOf(condition: Condition, strings: StringEqualities): Set<string> {
  const fields = new Set<string>()
  const visit = (node: Condition): void => {
    if (node.kind === 'not') visit(node.condition)
    else if (node.kind !== 'compare') for (const each of node.conditions) visit(each)
    else if (strings.match(node) === undefined) fieldsOf(node, fields)
  }
  visit(condition)
  return fields
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
  const code = conditionCode(condition, property, orderOfNull)
  return new Function('record', `const remainder = ${remainder}; return ${code}`) as (record: unknown) => boolean
}

/** Less and more of fields that may be null, in records. */
function orderOfNull(comparison: Comparison): string | undefined {
  const { op, left, right } = comparison
  if (op === 'eq' || op === 'ne') return undefined
  const fields = [left, right].flatMap((side) => (side.kind === 'field' ? [`${property(side.name)} !== null`] : []))
  return `(${[...fields, conditionCode(comparison, property, () => undefined)].join(' && ')})`
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
