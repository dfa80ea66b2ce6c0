/**
 * Gives the constants of a bundle back their `const`. The bundler makes `var` of them when it puts modules together, and the
 * compiler of V8 then loads what it had built into hot functions: a loop over columns may take half as long again.
 *
 * Pure. Every position behind the name stays as it was, so a source map made before still fits.
 */
import { type AnyNode, parse, type VariableDeclaration } from 'acorn'

/**
 * The code with `const` for each variable at its top that has one declaration, with a value, and is never assigned. `sources`:
 * files as the comments in front of their code name them; those of packages are left alone, where old code may read a
 * variable before it has a value. Code that cannot be parsed comes back as it is.
 */
export function keepConstants(code: string, sources: ReadonlySet<string>): string {
  const parsed = parseBundle(code)
  if (parsed === undefined) return code
  const { body, comments } = parsed
  const assigned = new Set<string>()
  for (const node of body) collectAssigned(node, assigned)
  const declared = new Map<string, number>()
  for (const node of body) for (const name of namesOf(node)) declared.set(name, (declared.get(name) ?? 0) + 1)

  let result = ''
  let copied = 0
  let comment = 0
  let own = false
  for (const node of body) {
    for (; comment < comments.length && comments[comment].end <= node.start; comment++) {
      const source = comments[comment].text.trim()
      if (sources.has(source)) own = !source.split('/').includes('node_modules')
    }
    if (!own || node.type !== 'VariableDeclaration' || node.kind !== 'var') continue
    const name = constantOf(node)
    if (name === undefined || assigned.has(name) || declared.get(name) !== 1) continue
    const before = `var ${name} = `
    if (!code.startsWith(before, node.start)) continue
    // As long as what it replaces.
    result += `${code.slice(copied, node.start)}const ${name}=`
    copied = node.start + before.length
  }
  return result + code.slice(copied)
}

interface Bundle {
  readonly body: readonly AnyNode[]
  readonly comments: readonly { readonly text: string; readonly end: number }[]
}

function parseBundle(code: string): Bundle | undefined {
  const comments: { text: string; end: number }[] = []
  try {
    const { body } = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowHashBang: true,
      onComment: (isBlock, text, _start, end) => {
        if (!isBlock) comments.push({ text, end })
      },
    })
    return { body, comments }
  } catch (error) {
    // The bundler knows syntax that this parser does not: slower code is no reason to refuse a job.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function constantOf({ declarations }: VariableDeclaration): string | undefined {
  const [only] = declarations
  return declarations.length === 1 && only.id.type === 'Identifier' && only.init ? only.id.name : undefined
}

/** Names that a statement at the top declares. */
function namesOf(node: AnyNode): string[] {
  const names: string[] = []
  if (node.type === 'VariableDeclaration') for (const { id } of node.declarations) collectNames(id, names)
  else if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id)
    names.push(node.id.name)
  return names
}

/** Adds the names that anything below the node assigns, of whatever scope they are: too many do no harm. */
function collectAssigned(node: AnyNode, names: Set<string>): void {
  const targets: string[] = []
  if (node.type === 'AssignmentExpression') collectNames(node.left, targets)
  else if (node.type === 'UpdateExpression') collectNames(node.argument, targets)
  else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') collectNames(node.left, targets)
  for (const name of targets) names.add(name)
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) collectAssigned(each, names)
    } else if (isNode(value)) collectAssigned(value, names)
  }
}

/** Names in a pattern. */
function collectNames(pattern: AnyNode, names: string[]): void {
  switch (pattern.type) {
    case 'Identifier':
      names.push(pattern.name)
      break
    case 'ObjectPattern':
      for (const property of pattern.properties)
        collectNames(property.type === 'RestElement' ? property.argument : property.value, names)
      break
    case 'ArrayPattern':
      for (const element of pattern.elements) if (element) collectNames(element, names)
      break
    case 'AssignmentPattern':
      collectNames(pattern.left, names)
      break
    case 'RestElement':
      collectNames(pattern.argument, names)
      break
    default:
      // A property of something: no variable.
      break
  }
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
