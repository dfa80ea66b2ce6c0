/**
 * Reads the source of a user's function to learn which fields of its record it uses, so that only these are made into
 * objects and only these cross the network. Conservative: whatever is not plainly `x.field` (the bare record, a computed
 * name, rest, `arguments`, reassignment, a source that cannot be parsed) means all fields. Pure.
 */
import type { AnyNode, Pattern } from 'acorn'
import { type AnyFunction, functionNode, keyName, returned } from './function-source.ts'

/** Names of the fields that the function uses of its parameter `index` (0 first), in order of appearance; undefined: all of them. */
export function readsOf(fn: AnyFunction, index = 0): readonly string[] | undefined {
  const node = functionNode(fn)
  if (node === undefined) return undefined
  const before = node.params.slice(0, index)
  if (before.some((param) => param.type === 'RestElement')) return undefined
  // `arguments` gives the record another name.
  if (node.type !== 'ArrowFunctionExpression' && mentions(node, 'arguments')) return undefined
  if (mentions(node, 'eval')) return undefined
  const param = node.params[index]
  if (param === undefined) return []
  if (param.type === 'ObjectPattern') return patternFields(param)
  const name = param.type === 'Identifier' ? param.name : undefined
  if (name === undefined) return undefined
  const fields = new Set<string>()
  const others = node.params.filter((_, at) => at !== index)
  return [...others, node.body].every((part) => collect(part, name, fields)) ? [...fields] : undefined
}

/** The one field that `(x) => x.field` returns, '' for `(x) => x`; undefined when the function is anything else. */
export function fieldReturnedBy(fn: AnyFunction): string | undefined {
  const node = functionNode(fn)
  const [param, ...rest] = node?.params ?? []
  if (node === undefined || rest.length > 0 || node.async || node.generator) return undefined
  const result = returned(node)
  if (result === undefined) return undefined
  if (param?.type === 'Identifier') {
    if (result.type === 'Identifier') return result.name === param.name ? '' : undefined
    if (result.type !== 'MemberExpression' || result.computed || result.optional) return undefined
    const plain = result.object.type === 'Identifier' && result.object.name === param.name
    return plain && result.property.type === 'Identifier' ? result.property.name : undefined
  }
  if (param?.type !== 'ObjectPattern' || result.type !== 'Identifier') return undefined
  for (const property of param.properties) {
    if (property.type !== 'Property' || property.computed) return undefined
    if (property.value.type === 'Identifier' && property.value.name === result.name) return keyName(property.key)
  }
  return undefined
}

/** Whether calling the function gives a promise, as far as its kind tells. */
export function isAsync(fn: AnyFunction): boolean {
  const tag = Object.prototype.toString.call(fn)
  return tag === '[object AsyncFunction]' || tag === '[object AsyncGeneratorFunction]'
}

/** Fields of `{ a, b: { c }, d = 1 }`; undefined with rest or computed names. */
function patternFields(pattern: Pattern): readonly string[] | undefined {
  if (pattern.type !== 'ObjectPattern') return undefined
  const fields = new Set<string>()
  for (const property of pattern.properties) {
    if (property.type !== 'Property' || property.computed) return undefined
    const name = keyName(property.key)
    if (name === undefined) return undefined
    fields.add(name)
  }
  return [...fields]
}

function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = []
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) found.push(each)
    } else if (isNode(value)) found.push(value)
  }
  return found
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string' && 'start' in value

function mentions(node: AnyNode, name: string): boolean {
  return (node.type === 'Identifier' && node.name === name) || children(node).some((child) => mentions(child, name))
}

/** Adds the fields of `name` that the code uses; false when the record is used in another way. */
function collect(node: AnyNode, name: string, fields: Set<string>): boolean {
  switch (node.type) {
    case 'Identifier':
      return node.name !== name
    case 'MemberExpression':
      if (node.object.type === 'Identifier' && node.object.name === name) {
        const field = node.computed ? literalName(node.property) : keyName(node.property)
        if (field === undefined) return false
        fields.add(field)
        return true
      }
      return collect(node.object, name, fields) && (!node.computed || collect(node.property, name, fields))
    case 'CallExpression':
    case 'TaggedTemplateExpression': {
      // A method of the record itself sees all of it as `this`.
      const callee = node.type === 'CallExpression' ? node.callee : node.tag
      const inner = callee.type === 'ChainExpression' ? callee.expression : callee
      if (inner.type === 'MemberExpression' && inner.object.type === 'Identifier' && inner.object.name === name)
        return false
      return children(node).every((child) => collect(child, name, fields))
    }
    case 'AssignmentExpression':
    case 'UpdateExpression': {
      // A field that is written is still only that field, but the write has to reach the record that others see.
      const target = node.type === 'AssignmentExpression' ? node.left : node.argument
      if (mentions(target, name)) return false
      return children(node).every((child) => collect(child, name, fields))
    }
    case 'UnaryExpression':
      return (
        !(node.operator === 'delete' && mentions(node.argument, name)) &&
        children(node).every((child) => collect(child, name, fields))
      )
    case 'Property':
      return (!node.computed || collect(node.key, name, fields)) && collect(node.value, name, fields)
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return (
        (!node.computed || collect(node.key, name, fields)) && (node.value == null || collect(node.value, name, fields))
      )
    case 'VariableDeclarator':
      if (node.init?.type === 'Identifier' && node.init.name === name) {
        const taken = patternFields(node.id)
        if (taken === undefined) return false
        for (const field of taken) fields.add(field)
        return collect(node.id, name, fields)
      }
      return children(node).every((child) => collect(child, name, fields))
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'FunctionDeclaration':
      // A parameter of the same name hides the record; anything finer (a hoisted `var`, a block) counts as a use.
      if (node.params.some((param) => declares(param, name)))
        return node.params.every((param) => param.type === 'Identifier')
      return children(node).every((child) => collect(child, name, fields))
    case 'LabeledStatement':
      return collect(node.body, name, fields)
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
      return true
    default:
      return children(node).every((child) => collect(child, name, fields))
  }
}

const literalName = (node: AnyNode): string | undefined =>
  node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined

function declares(param: Pattern, name: string): boolean {
  return mentions(param, name)
}
