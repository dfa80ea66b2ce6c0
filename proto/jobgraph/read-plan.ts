/**
 * Reading a plan that came from outside: version, shape, and that its numbers point to what is there. Promises that a plan
 * it returns can be scheduled without another look; anything else is a coded error. Pure.
 */
import { createHash } from 'node:crypto'
import { defineErrors } from '../../core/errors.ts'
import { canonicalJson } from './canonical.ts'
import { type JobPlan, planVersion } from './plan.ts'

export const planErrors = defineErrors('PLAN', {
  NEWER_VERSION: {
    text: 'the plan has version {found}, and this program reads version {known}',
    hint: 'Upgrade the cluster before the client.',
    blame: 'user',
    retry: 'never',
  },
  BROKEN: { text: 'the plan is broken: {problem}', blame: 'external', retry: 'never' },
})

export const parallelismMax = 32_768

const partitioners = ['forward', 'hash', 'rebalance', 'rescale', 'broadcast', 'custom']
const policies = ['fail', 'skip', 'dead-letter']
const guarantees = ['none', 'at-least-once', 'exactly-once']

type Json = Readonly<Record<string, unknown>>

/** Hex SHA-256 of the canonical JSON of a plan without its hash. */
export function planHash(plan: Omit<JobPlan, 'hash'> & { readonly hash?: string }): string {
  const { hash: _, ...rest } = plan
  return createHash('sha256').update(canonicalJson(rest)).digest('hex')
}

/** A plan from its JSON text. Throws PLAN_NEWER_VERSION and PLAN_BROKEN. */
export function readPlan(text: string): JobPlan {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw planErrors.create('BROKEN', { problem: 'it is not JSON' }, { cause })
  }
  return checkPlan(value)
}

/** The same for a value that is parsed already. */
export function checkPlan(value: unknown): JobPlan {
  const plan = object(value, 'the plan')
  if (typeof plan.version === 'number' && plan.version > planVersion) {
    throw planErrors.create('NEWER_VERSION', { found: plan.version, known: planVersion })
  }
  demand(plan.version === planVersion, 'it has no version that is known')
  text(plan.name, 'its name')
  const options = object(plan.options, 'its options')
  for (const [key, option] of Object.entries(options)) text(option, `the option "${key}"`)
  const vertices = list(plan.vertices, 'its vertices').map((vertex, id) => checkVertex(vertex, id))
  demand(vertices.length > 0, 'it has no vertices')
  checkUnique(
    vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid)),
    'uid',
  )
  checkUnique(
    vertices.flatMap(({ operators }) => operators.map(({ node }) => node)),
    'node',
  )
  const sizes = vertices.map(({ operators }) => operators.length)
  list(plan.edges, 'its edges').forEach((edge, id) => {
    checkEdge(edge, id, sizes)
  })
  // The shape was checked piece by piece.
  const checked = value as JobPlan
  demand(checked.hash === planHash(checked), 'its hash is not that of its content')
  return checked
}

function checkVertex(value: unknown, id: number): { operators: { uid: string; node: number }[] } {
  const what = `vertex ${id}`
  const vertex = object(value, what)
  demand(vertex.id === id, `${what} has the id ${String(vertex.id)}`)
  text(vertex.name, `the name of ${what}`)
  integer(vertex.parallelism, 1, parallelismMax, `the parallelism of ${what}`)
  const operators = list(vertex.operators, `the operators of ${what}`)
  demand(operators.length > 0, `${what} has no operators`)
  return { operators: operators.map((operator, at) => checkOperator(operator, at, what)) }
}

function checkOperator(value: unknown, at: number, vertex: string): { uid: string; node: number } {
  const what = `operator ${at} of ${vertex}`
  const operator = object(value, what)
  text(operator.name, `the name of ${what}`)
  text(operator.kind, `the kind of ${what}`)
  demand(policies.includes(operator.onError as string), `${what} has no error policy that is known`)
  if (at === 0) demand(operator.input === undefined, `${what} is the head and has an input`)
  else {
    const input = object(operator.input, `the input of ${what}`)
    integer(input.operator, 0, at - 1, `the input of ${what}`)
    text(input.output, `the output that ${what} reads`)
  }
  const guarantee = operator.guarantee ?? 'none'
  demand(guarantees.includes(guarantee as string), `${what} has no guarantee that is known`)
  if (operator.schema !== undefined) checkSchema(operator.schema, what)
  if (operator.wanted !== undefined)
    for (const fields of Object.values(object(operator.wanted, `the wanted fields of ${what}`)))
      for (const field of list(fields, `the wanted fields of ${what}`)) text(field, `a wanted field of ${what}`)
  const states = list(operator.state, `the state of ${what}`).map((state) =>
    text(object(state, `a state of ${what}`).name, `a state of ${what}`),
  )
  checkUnique(states, `state of ${what}`)
  return {
    uid: text(operator.uid, `the uid of ${what}`),
    node: integer(operator.node, 0, Number.MAX_SAFE_INTEGER, `the node of ${what}`),
  }
}

function checkEdge(value: unknown, id: number, sizes: readonly number[]): void {
  const what = `edge ${id}`
  const edge = object(value, what)
  demand(edge.id === id, `${what} has the id ${String(edge.id)}`)
  const from = object(edge.from, `the start of ${what}`)
  const start = integer(from.vertex, 0, sizes.length - 1, `the start of ${what}`)
  integer(from.operator, 0, sizes[start] - 1, `the operator before ${what}`)
  text(from.output, `the output before ${what}`)
  const end = integer(object(edge.to, `the end of ${what}`).vertex, 0, sizes.length - 1, `the end of ${what}`)
  // Vertices stand in topological order, so an edge backwards would be a cycle.
  demand(start < end, `${what} leads from vertex ${start} to vertex ${end}, which is not behind it`)
  demand(partitioners.includes(edge.partitioner as string), `${what} has no partitioner that is known`)
  if (edge.partitioner === 'hash') object(edge.key, `the key of ${what}`)
  if (edge.schema !== undefined) checkSchema(edge.schema, what)
}

function checkSchema(value: unknown, what: string): void {
  const schema = object(value, `the schema of ${what}`)
  demand(schema.record === 'object' || schema.record === 'value', `the schema of ${what} is of no kind that is known`)
  for (const field of list(schema.fields, `the fields of ${what}`)) {
    const { name, type } = object(field, `a field of ${what}`)
    text(name, `the name of a field of ${what}`)
    text(object(type, `the type of a field of ${what}`).kind, `the type of a field of ${what}`)
  }
}

function demand(holds: boolean, problem: string): void {
  if (!holds) throw planErrors.create('BROKEN', { problem })
}

function object(value: unknown, what: string): Json {
  demand(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} is no object`)
  return value as Json
}

function list(value: unknown, what: string): readonly unknown[] {
  demand(Array.isArray(value), `${what} is no list`)
  return value as readonly unknown[]
}

function text(value: unknown, what: string): string {
  demand(typeof value === 'string', `${what} is no text`)
  return value as string
}

function integer(value: unknown, min: number, max: number, what: string): number {
  const fits = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
  demand(fits, `${what} is ${String(value)}, not a whole number from ${min} to ${max}`)
  return value as number
}

function checkUnique(values: readonly (string | number)[], what: string): void {
  const seen = new Set<string | number>()
  for (const value of values) {
    demand(!seen.has(value), `the ${what} ${String(value)} stands twice`)
    seen.add(value)
  }
}
