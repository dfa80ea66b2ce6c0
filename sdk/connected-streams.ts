/**
 * `ConnectedStreams`: two keyed streams of different records that one operator reads, with one state and one set of timers
 * for each key. The records of a key come to one subtask, those of each stream in their order, and of the two in any.
 */
import type { Key } from './functions.ts'
import type { KeySelector, NodeInput } from './graph/nodes.ts'
import type { KeyedOrigin } from './keyed-stream.ts'
import { type ConnectedProcessDefinition, processNode, type SidesOf, type SideTypes } from './process.ts'
import { fieldsOf, objectType, sameType, typeOfField } from './schema.ts'
import type { StateDeclarations } from './state.ts'
import { Stream } from './stream.ts'
import type { TypeDef } from './types.ts'

/** `A`, `B`: records of the first and the second stream; `K`: the key of both. */
export class ConnectedStreams<A, B, K> {
  readonly #first: KeyedOrigin
  readonly #second: KeyedOrigin
  /** Not at run time. */
  declare readonly $records?: readonly [A, B, K]

  /** Connected streams come from `connect`. */
  constructor(first: KeyedOrigin, second: KeyedOrigin) {
    this.#first = first
    this.#second = second
  }

  /** Work on each record of either stream with the state and the timers of its key. */
  process<
    S extends StateDeclarations = Record<never, never>,
    Out = unknown,
    D extends SideTypes = Record<never, never>,
  >(definition: ConnectedProcessDefinition<A, B, K, S, Out, D>): Stream<Out, SidesOf<D>> {
    const first = keyType(this.#first)
    const second = keyType(this.#second)
    const type = sameType(first, second) ? first : undefined
    const inputs = [
      ...inputsByKey(this.#first, type),
      ...inputsByKey(this.#second, type).map((input) => ({ ...input, second: true as const })),
    ]
    return new Stream(processNode(this.#first.builder, inputs, definition, 'connected'))
  }
}

/** The key travels as a column of its own: the fields that it is made of may have other names in the other stream. */
function inputsByKey({ inputs, key }: KeyedOrigin, type: TypeDef<unknown> | undefined): NodeInput[] {
  const selector: KeySelector = { ...(key.kind === 'function' ? key : byFunction(key)), type }
  return inputs.map((input) => ({ ...input, exchange: { kind: 'hash', key: selector } }))
}

/** `keyBy('a')` and `keyBy(['a', 'b'])` as functions that return the same. */
function byFunction({ fields, single }: Extract<KeySelector, { kind: 'fields' }>): KeySelector & { kind: 'function' } {
  const [field] = fields
  if (single) return { kind: 'function', select: (record) => keyField(record, field), reads: fields, field }
  const select = (record: unknown): Key => Object.fromEntries(fields.map((name) => [name, keyField(record, name)]))
  return { kind: 'function', select, reads: fields }
}

const keyField = (record: unknown, name: string): Key => (record as Readonly<Record<string, Key>>)[name]

/** Type of a key, where it is known. */
function keyType({ key, type }: KeyedOrigin): TypeDef<unknown> | undefined {
  if (key.kind === 'function') return key.type
  const declared = fieldsOf(type)
  const fields = key.fields.map((name) => declared?.find((field) => field.name === name))
  if (!fields.every((field) => field !== undefined)) return undefined
  return key.single ? typeOfField(fields[0]) : objectType(fields)
}
