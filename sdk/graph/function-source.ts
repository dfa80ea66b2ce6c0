/**
 * The source of a user's function as a syntax tree, for those who learn from it what the function does. Pure; trees are cached
 * by source.
 */
import { type Function as AcornFunction, type AnyNode, type Expression, parse } from 'acorn'

// biome-ignore lint/complexity/noBannedTypes: any function is read, none is called
export type AnyFunction = Function

export type FunctionNode = AcornFunction & AnyNode

const cacheMax = 4096
const cache = new Map<string, FunctionNode | undefined>()

/** What a function returns that does nothing else. */
export function returned(node: FunctionNode): Expression | undefined {
  if (node.body.type !== 'BlockStatement') return node.body
  const [only, ...more] = node.body.body
  return more.length === 0 && only?.type === 'ReturnStatement' ? (only.argument ?? undefined) : undefined
}

/** Undefined for what is no function of the user's own, or cannot be read. */
export function functionNode(fn: AnyFunction): FunctionNode | undefined {
  const source = Function.prototype.toString.call(fn)
  if (cache.has(source)) return cache.get(source)
  const node = parseFunction(source)
  if (cache.size >= cacheMax) cache.clear()
  cache.set(source, node)
  return node
}

/** Arrows and functions are expressions; a method stands in an object; a getter, a class or native code is nothing of ours. */
function parseFunction(source: string): FunctionNode | undefined {
  return parseAs(`(${source})`, false) ?? parseAs(`({${source}})`, true)
}

function parseAs(text: string, method: boolean): FunctionNode | undefined {
  let expression: Expression
  try {
    const [statement] = parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowSuperOutsideMethod: true }).body
    if (statement?.type !== 'ExpressionStatement') return undefined
    expression = statement.expression
  } catch (error) {
    // Not of this form: the caller tries the other one, and then takes it that all fields are read.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (expression.type === 'ParenthesizedExpression') expression = expression.expression
  if (method) {
    const [property] = expression.type === 'ObjectExpression' ? expression.properties : []
    if (property?.type !== 'Property' || !property.method) return undefined
    expression = property.value
  }
  return expression.type === 'ArrowFunctionExpression' || expression.type === 'FunctionExpression'
    ? expression
    : undefined
}

/** Name of a property or of a member; undefined when it is no plain one. */
export function keyName(key: AnyNode): string | undefined {
  if (key.type === 'Identifier') return key.name
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : undefined
}
