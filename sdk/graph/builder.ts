/**
 * Collects the nodes that the fluent surface makes, checking each as it comes: uids, parallelism, functions that would
 * return promises, fields that the records do not have. One builder per graph; closed when the graph is built.
 */

import type { Field } from '../../core/columns/schema.ts'
import { nearest } from '../../core/config/nearest.ts'
import { parallelismMax } from '../../proto/jobgraph/read-plan.ts'
import { sdkErrors } from '../errors.ts'
import type { Migration } from '../migration.ts'
import { fieldsOf } from '../schema.ts'
import type { TypeDef } from '../types.ts'
import type { ErrorPolicy, GraphNode, JobGraph, NodeBody, NodeInput } from './nodes.ts'
import { checkOptionNames } from './options.ts'
import { atText, userPosition } from './position.ts'
import { isAsync } from './reads.ts'

/** What every operator takes. */
export interface OperatorOptions {
  /** Finds the state again after a change of the job. Unique in the job. */
  readonly uid?: string
  /** For people. */
  readonly name?: string
  readonly parallelism?: number
  /** 'never': stands alone; 'head': starts a chain. Default 'always'. */
  readonly chaining?: 'always' | 'head' | 'never'
  /** What becomes of a record for which a function throws. Default 'fail'. */
  readonly onError?: ErrorPolicy
}

/** Of operators with state, sources and sinks: the uid must be given. */
export interface StatefulOptions extends OperatorOptions {
  readonly uid: string
  /** Uids that the operator had before: its state is found under them in older snapshots. */
  readonly was?: string | readonly string[]
}

/** Of operators with state by key. `K`: what a migration of the keys has to end with. */
export interface KeyedStateOptions<K = unknown> extends StatefulOptions {
  /** How keys of older types become keys of this one: `state.from(Old).to(New, (old) => …)`. One to one. */
  readonly migrateKey?: Migration<K>
}

/** A node as the surface describes it. */
export interface NodeDraft {
  readonly body: NodeBody
  /** Name when the user gives none. */
  readonly name: string
  readonly inputs: readonly NodeInput[]
  readonly options: OperatorOptions | undefined
  readonly stateful: boolean
  readonly type: TypeDef<unknown> | undefined
  readonly sides?: Readonly<Record<string, TypeDef<unknown> | undefined>>
  readonly reads?: readonly string[] | undefined
}

/** Options once their types have done their work. */
type AnyOptions = OperatorOptions & {
  readonly was?: string | readonly string[]
  readonly migrateKey?: Migration<unknown>
  readonly migrate?: Migration<unknown>
}

/** The `was` of an operator or a state. Throws SDK_BAD_OPTION. */
export function formerNames(names: string | readonly string[], what: string): readonly string[] {
  const list: readonly string[] = typeof names === 'string' ? [names] : names
  if (Array.isArray(list) && list.every((name) => typeof name === 'string' && name !== '')) return list
  throw sdkErrors.create('BAD_OPTION', {
    what,
    option: 'was',
    value: JSON.stringify(names) ?? String(names),
    expected: 'the names that it had',
    at: atText(userPosition()),
  })
}

const chainings: readonly string[] = ['always', 'head', 'never']
const policies: readonly string[] = ['fail', 'skip', 'dead-letter']

export class GraphBuilder {
  readonly job: string
  readonly #nodes: GraphNode[] = []
  readonly #uids = new Map<string, GraphNode>()
  #open = true

  constructor(job: string) {
    this.job = job
  }

  /** Adds a node and returns its number. */
  add(draft: NodeDraft): number {
    const at = userPosition()
    if (!this.#open) throw sdkErrors.create('BUILD_OVER', { job: this.job, at: atText(at) })
    const options: AnyOptions = draft.options ?? {}
    const name = options.name ?? draft.name
    const what = options.uid === undefined ? name : `${name} ("${options.uid}")`
    checkOptionNames(draft.body, options, what, at)
    checkOptions(options, what, draft.stateful, at)
    const id = this.#nodes.length
    const node: GraphNode = {
      id,
      uid: options.uid ?? `#${id}`,
      uidGiven: options.uid !== undefined,
      ...(options.was === undefined ? {} : { was: formerNames(options.was, what) }),
      ...(options.migrateKey === undefined ? {} : { migrateKey: options.migrateKey }),
      ...(options.migrate === undefined ? {} : { migrate: options.migrate }),
      name,
      parallelism: options.parallelism,
      inputs: draft.inputs,
      chaining: options.chaining ?? 'always',
      type: draft.type,
      onError: options.onError ?? 'fail',
      reads: draft.reads,
      at,
      ...(draft.sides === undefined ? {} : { sides: draft.sides }),
      ...draft.body,
    }
    const first = this.#uids.get(node.uid)
    if (first !== undefined) throw duplicateUid(first, node)
    this.#uids.set(node.uid, node)
    this.#nodes.push(node)
    return id
  }

  /** Ends the building: nothing can be added any more. */
  finish(options: Readonly<Record<string, string>>, parallelism: number): JobGraph {
    this.#open = false
    return { name: this.job, nodes: this.#nodes, parallelism, options }
  }
}

export function duplicateUid(first: GraphNode, second: GraphNode): Error {
  return sdkErrors.create('DUPLICATE_UID', {
    uid: second.uid,
    first: first.name,
    firstAt: atText(first.at),
    second: second.name,
    secondAt: atText(second.at),
  })
}

export function checkParallelism(value: unknown, what: string, at: string | undefined): void {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= parallelismMax) return
  throw sdkErrors.create('BAD_PARALLELISM', { what, value: String(value), at: atText(at) })
}

function checkOptions(options: OperatorOptions, what: string, stateful: boolean, at: string | undefined): void {
  const { uid, parallelism, chaining, onError } = options
  const given = uid !== undefined || stateful
  if (given && (typeof uid !== 'string' || uid.length < 1 || uid.length > 200 || uid.startsWith('#'))) {
    throw sdkErrors.create('BAD_UID', {
      what,
      value: uid === undefined ? 'missing' : JSON.stringify(uid),
      at: atText(at),
    })
  }
  if (parallelism !== undefined) checkParallelism(parallelism, what, at)
  checkOneOf('chaining', chaining, chainings, what, at)
  checkOneOf('onError', onError, policies, what, at)
}

function checkOneOf(
  option: string,
  value: string | undefined,
  known: readonly string[],
  what: string,
  at: string | undefined,
): void {
  if (value === undefined || known.includes(value)) return
  throw sdkErrors.create('BAD_OPTION', {
    what,
    option,
    value: JSON.stringify(value),
    expected: known.join(', '),
    at: atText(at),
  })
}

/** Refuses what is no function, and functions that give promises. */
export function checkFunction(fn: unknown, what: string): asserts fn {
  if (typeof fn !== 'function') {
    throw sdkErrors.create('BAD_ARGUMENT', {
      what,
      expected: 'a function',
      value: fn === null ? 'null' : typeof fn,
      at: atText(userPosition()),
    })
  }
  if (isAsync(fn)) throw sdkErrors.create('ASYNC_FUNCTION', { what, at: atText(userPosition()) })
}

/** The declared column of that name; undefined when the records are not declared. Throws SDK_UNKNOWN_FIELD when they are and have none. */
export function declaredField(type: TypeDef<unknown> | undefined, field: string, what: string): Field | undefined {
  const fields = type?.dataType.kind === 'any' ? undefined : fieldsOf(type)
  if (type === undefined || type.dataType.kind === 'any') return undefined
  const found = fields?.find((each) => each.name === field)
  if (found !== undefined) return found
  const names = (fields ?? []).map((each) => each.name)
  const near = nearest(field, names)
  throw sdkErrors.create('UNKNOWN_FIELD', {
    what,
    field,
    at: atText(userPosition()),
    suggestion: near === undefined ? '' : `; did you mean "${near}"?`,
    fields: names.length === 0 ? 'no fields: they are bare values' : names.join(', '),
  })
}
