/**
 * What a plain function says, as a declared condition or as columns: `(b) => b.price > 100`, `(b) => ({ ...b, price: b.price * 0.9 })`.
 * Only what means the same over columns of numbers as in JavaScript is translated: fields of the record, constants, arithmetic,
 * comparisons, and, or, not. Everything else (a call, a variable from outside, a nested field) gives undefined: the function is called.
 *
 * The translation counts where a batch has such columns; for all other records the function itself is called.
 */
import type { BinaryExpression, Expression as Code, LogicalExpression, ObjectExpression, Pattern } from 'acorn'
import { type AnyFunction, functionNode, keyName, returned } from './function-source.ts'
import type { Condition, Expression, FunctionColumn } from './nodes.ts'

type Compare = Extract<Condition, { kind: 'compare' }>
type Arithmetic = Extract<Expression, { kind: 'arithmetic' }>

const comparisons: Readonly<Record<string, Compare['op']>> = {
  '===': 'eq',
  '!==': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
}
const arithmetic: Readonly<Record<string, Arithmetic['op']>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'mod',
}

/** Of the function of a `filter`. */
export function conditionOf(fn: AnyFunction): Condition | undefined {
  const found = translated(fn)
  return found?.reader.condition(found.result)
}

/** Of the function of a `map`: the columns of the object that it returns, in the order of its properties. */
export function columnsOf(fn: AnyFunction): readonly FunctionColumn[] | undefined {
  const found = translated(fn)
  return found?.result.type === 'ObjectExpression' ? found.reader.columns(found.result) : undefined
}

function translated(fn: AnyFunction): { readonly reader: Reader; readonly result: Code } | undefined {
  const node = functionNode(fn)
  const [param, ...rest] = node?.params ?? []
  if (node === undefined || param === undefined || rest.length > 0 || node.async || node.generator) return undefined
  const result = returned(node)
  const reader = readerOf(param)
  return result && reader && { reader, result }
}

function readerOf(param: Pattern): Reader | undefined {
  if (param.type === 'Identifier') return new Reader(param.name, new Map())
  if (param.type !== 'ObjectPattern') return undefined
  const fields = new Map<string, string>()
  for (const property of param.properties) {
    if (property.type !== 'Property' || property.computed || property.value.type !== 'Identifier') return undefined
    const name = keyName(property.key)
    if (name === undefined) return undefined
    fields.set(property.value.name, name)
  }
  return new Reader(undefined, fields)
}

class Reader {
  readonly #record: string | undefined
  /** Fields that stand in variables of their own. */
  readonly #fields: ReadonlyMap<string, string>

  constructor(record: string | undefined, fields: ReadonlyMap<string, string>) {
    this.#record = record
    this.#fields = fields
  }

  condition(code: Code): Condition | undefined {
    if (code.type === 'LogicalExpression') return this.#logical(code)
    if (code.type === 'BinaryExpression') return this.#comparison(code)
    if (code.type !== 'UnaryExpression' || code.operator !== '!') return undefined
    const condition = this.condition(code.argument)
    return condition && { kind: 'not', condition }
  }

  columns({ properties }: ObjectExpression): readonly FunctionColumn[] | undefined {
    const columns: FunctionColumn[] = []
    for (const property of properties) {
      if (property.type === 'SpreadElement') {
        const { argument } = property
        if (argument.type !== 'Identifier' || argument.name !== this.#record) return undefined
        columns.push('all fields')
        continue
      }
      const name = property.computed || property.kind !== 'init' ? undefined : keyName(property.key)
      // Names that are numbers come first in an object, and __proto__ is none.
      if (name === undefined || name === '__proto__' || /^\d+$/.test(name)) return undefined
      // Where one stands that is given twice is not the same with a spread before it as without.
      if (columns.some((column) => column !== 'all fields' && column.name === name)) return undefined
      const expression = this.#expression(property.value)
      if (expression === undefined) return undefined
      columns.push({ name, expression })
    }
    return columns
  }

  #logical({ operator, left, right }: LogicalExpression): Condition | undefined {
    if (operator === '??') return undefined
    const [a, b] = [this.condition(left), this.condition(right)]
    return a && b && { kind: operator === '&&' ? 'and' : 'or', conditions: [a, b] }
  }

  #comparison({ operator, left, right }: BinaryExpression): Condition | undefined {
    const op = comparisons[operator]
    if (op === undefined || left.type === 'PrivateIdentifier') return undefined
    const [a, b] = [this.#expression(left) ?? text(left), this.#expression(right) ?? text(right)]
    return a && b && { kind: 'compare', op, left: a, right: b }
  }

  #expression(code: Code): Expression | undefined {
    switch (code.type) {
      case 'Identifier': {
        const name = this.#fields.get(code.name)
        return name === undefined ? undefined : { kind: 'field', name }
      }
      case 'MemberExpression': {
        const { object, property, computed, optional } = code
        if (computed || optional || object.type !== 'Identifier' || object.name !== this.#record) return undefined
        return property.type === 'Identifier' ? { kind: 'field', name: property.name } : undefined
      }
      case 'Literal':
        return typeof code.value === 'number' ? { kind: 'constant', value: code.value } : undefined
      case 'UnaryExpression': {
        const { operator, argument } = code
        if (operator !== '-' || argument.type !== 'Literal' || typeof argument.value !== 'number') return undefined
        return { kind: 'constant', value: -argument.value }
      }
      case 'BinaryExpression': {
        const op = arithmetic[code.operator]
        if (op === undefined || code.left.type === 'PrivateIdentifier') return undefined
        const [left, right] = [this.#expression(code.left), this.#expression(code.right)]
        return left && right && { kind: 'arithmetic', op, left, right }
      }
      default:
        return undefined
    }
  }
}

/** A string to compare a field with. */
const text = (code: Code): Expression | undefined =>
  code.type === 'Literal' && typeof code.value === 'string' ? { kind: 'constant', value: code.value } : undefined
