/**
 * `Stream`: records on their way, and what can be done to them. Each call adds a node to the graph of the job and
 * returns the stream behind it; nothing runs here. A stream may be used any number of times.
 */
import { nearest } from '../core/config/nearest.ts'
import { sdkErrors } from './errors.ts'
import type { FieldReference, NumberExpression, Suits, Where } from './field.ts'
import type { Emit, Emitted, Key } from './functions.ts'
import {
  checkFunction,
  declaredField,
  type GraphBuilder,
  type OperatorOptions,
  type StatefulOptions,
} from './graph/builder.ts'
import { conditionFields, expressionFields } from './graph/fields.ts'
import { columnsOf, conditionOf } from './graph/function-columns.ts'
import type { Exchange, Expression, KeySelector, NodeBody, NodeInput } from './graph/nodes.ts'
import { atText, userPosition } from './graph/position.ts'
import { fieldReturnedBy, readsOf } from './graph/reads.ts'
import { KeyedStream } from './keyed-stream.ts'
import { type ProcessDefinition, processNode, type SidesOf, type SideTypes } from './process.ts'
import { expressionField, fieldsOf, objectType, sameType, typeOfField } from './schema.ts'
import type { Sink } from './sink.ts'
import type { TypeDef } from './types.ts'

/** Where a stream comes from. */
export interface StreamOrigin {
  readonly builder: GraphBuilder
  readonly inputs: readonly NodeInput[]
  readonly type: TypeDef<unknown> | undefined
  /** Side outputs of the node that made it. */
  readonly sides: Readonly<Record<string, TypeDef<unknown> | undefined>>
}

export interface ReturnsOptions<T> extends OperatorOptions {
  /** Type of what the function returns. */
  readonly returns: TypeDef<T>
}

/** Fields that a key can be made of. */
export type KeyField<T> = { [K in keyof T & string]-?: T[K] extends Key ? K : never }[keyof T & string]

/** A column of `select`: a field by name, a field, or a number computed from fields. */
export type SelectColumn<T> = (keyof T & string) | FieldReference<keyof T & string> | NumberExpression<T>

type SelectResult<T, C> = C extends keyof T
  ? T[C]
  : C extends FieldReference<infer N>
    ? N extends keyof T
      ? T[N]
      : never
    : number

export type Flat<T> = { [K in keyof T]: T[K] } & {}

/** Makes a sink of the wrong record type fail to compile with a word about it. */
export type Takes<T, In> = [T] extends [In] ? unknown : { readonly 'this sink takes records of another type': In }

export class Stream<T, Sides extends object = Record<never, never>> {
  readonly #origin: StreamOrigin
  /** Not at run time. */
  declare readonly $sides?: Sides

  /** Streams come from `env.from` and from other streams. */
  constructor(origin: StreamOrigin) {
    this.#origin = origin
  }

  /** One record in, one out. */
  map<O>(fn: (record: T) => NoInfer<O>, options: ReturnsOptions<O>): Stream<O>
  map<O>(fn: (record: T) => O, options?: OperatorOptions): Stream<O>
  map<O>(fn: (record: T) => O, options?: OperatorOptions & { readonly returns?: TypeDef<O> }): Stream<O> {
    checkFunction(fn, 'the function of map')
    // What is declared of the results is checked where a function has returned them.
    const columns = options?.returns === undefined ? columnsOf(fn) : undefined
    const body: NodeBody = { kind: 'map', fn: fn as (record: unknown) => unknown, ...(columns && { columns }) }
    return this.#next(body, 'map', options, options?.returns, readsOf(fn))
  }

  /** Keeps the records for which the function is true, or that satisfy a condition on fields. */
  filter<S extends T>(fn: (record: T) => record is S, options?: OperatorOptions): Stream<S>
  filter(fn: (record: T) => boolean, options?: OperatorOptions): Stream<T>
  filter<R>(where: Where<R> & Suits<T, R>, options?: OperatorOptions): Stream<T>
  filter(predicate: ((record: T) => boolean) | Where<never>, options?: OperatorOptions): Stream<T> {
    const { type } = this.#origin
    if (typeof predicate === 'object' && predicate !== null && 'condition' in predicate) {
      const { condition } = predicate
      const reads = conditionFields(condition)
      for (const field of reads) declaredField(type, field, 'filter')
      return this.#next({ kind: 'where', condition }, 'filter', options, type, reads)
    }
    checkFunction(predicate, 'the function of filter')
    const condition = conditionOf(predicate)
    const body: NodeBody = {
      kind: 'filter',
      fn: predicate as (record: unknown) => boolean,
      ...(condition && { condition }),
    }
    return this.#next(body, 'filter', options, type, readsOf(predicate))
  }

  /** One record in, any number out: returned as an iterable, or given to `emit`. */
  flatMap<O>(fn: (record: T, emit: Emit<NoInfer<O>>) => Emitted<NoInfer<O>>, options: ReturnsOptions<O>): Stream<O>
  flatMap<O>(fn: (record: T, emit: Emit<O>) => Emitted<O>, options?: OperatorOptions): Stream<O>
  flatMap<O>(
    fn: (record: T, emit: Emit<O>) => Emitted<O>,
    options?: OperatorOptions & { readonly returns?: TypeDef<O> },
  ): Stream<O> {
    checkFunction(fn, 'the function of flatMap')
    const body: NodeBody = {
      kind: 'flatMap',
      fn: fn as (record: unknown, emit: Emit<unknown>) => Emitted<unknown>,
    }
    return this.#next(body, 'flatMap', options, options?.returns, readsOf(fn))
  }

  /** Keeps these fields. */
  project<const F extends readonly [keyof T & string, ...(keyof T & string)[]]>(
    ...fields: F
  ): Stream<Flat<Pick<T, F[number]>>> {
    const { type } = this.#origin
    const columns = fields.map((field) => declaredField(type, field, 'project'))
    const known = columns.every((column) => column !== undefined) ? objectType(columns) : undefined
    return this.#next({ kind: 'project', fields }, `project ${fields.join(', ')}`, undefined, known, fields)
  }

  /** New records of fields and of numbers computed from fields: `select({ id: 'auction', euros: field('price').times(0.908) })`. */
  select<C extends Readonly<Record<string, SelectColumn<T>>>>(
    columns: C,
    options?: OperatorOptions,
  ): Stream<{ [K in keyof C]: SelectResult<T, C[K]> }> {
    const { type } = this.#origin
    const made = Object.entries(columns).map(([name, column]) => ({
      name,
      expression:
        typeof column === 'string' ? ({ kind: 'field', name: column } satisfies Expression) : column.expression,
    }))
    const reads = [...new Set(made.flatMap((each) => expressionFields(each.expression)))]
    for (const field of reads) declaredField(type, field, 'select')
    const fields = fieldsOf(type)
    const typed = fields && made.map((each) => expressionField(each.name, each.expression, fields))
    const known = typed?.every((each) => each !== undefined) ? objectType(typed) : undefined
    return this.#next({ kind: 'select', columns: made }, 'select', options, known, reads)
  }

  /** Any work on single records, with side outputs. Keyed state and timers: `keyBy(...).process(...)`. */
  process<Out = unknown, D extends SideTypes = Record<never, never>>(
    definition: ProcessDefinition<T, Out, D>,
  ): Stream<Out, SidesOf<D>> {
    return new Stream(processNode(this.#origin.builder, this.#origin.inputs, definition, 'plain'))
  }

  /** Groups by the value of a field, by several fields, or by what a function returns. Keyed operators follow. */
  keyBy<const F extends KeyField<T>>(field: F): KeyedStream<T, T[F], Pick<T, F>>
  keyBy<const F extends readonly [KeyField<T>, ...KeyField<T>[]]>(
    fields: F,
  ): KeyedStream<T, Flat<Pick<T, F[number]>>, Flat<Pick<T, F[number]>>>
  keyBy<K extends Key>(fn: (record: T) => K, options?: { readonly returns?: TypeDef<K> }): KeyedStream<T, K, { key: K }>
  keyBy(
    by: string | readonly string[] | ((record: T) => Key),
    options?: { readonly returns?: TypeDef<Key> },
  ): KeyedStream<T, never, never> {
    const { builder, inputs, type } = this.#origin
    const key = keySelector(by, type, options?.returns)
    const keyed = inputs.map((input) => ({ ...input, exchange: { kind: 'hash', key } satisfies Exchange }))
    return new KeyedStream({ builder, inputs: keyed, type, key })
  }

  /** This stream and others of the same record type, in no particular order. */
  union(...others: readonly Stream<T>[]): Stream<T> {
    const { builder, inputs, type } = this.#origin
    for (const other of others) {
      if (!(other instanceof Stream)) {
        throw sdkErrors.create('BAD_ARGUMENT', {
          what: 'union',
          expected: 'streams that exist already (a graph has no cycles)',
          value: other === null ? 'null' : typeof other,
          at: atText(userPosition()),
        })
      }
      if (other.#origin.builder !== builder) throw sdkErrors.create('FOREIGN_STREAM', { at: atText(userPosition()) })
    }
    return new Stream({
      builder,
      inputs: [inputs, ...others.map((other) => other.#origin.inputs)].flat(),
      type: others.every((other) => sameType(type, other.#origin.type)) ? type : undefined,
      sides: {},
    })
  }

  /** What the operator before emits to a side output. */
  sideOutput<Tag extends keyof Sides & string>(tag: Tag): Stream<Sides[Tag]> {
    const { builder, inputs, sides } = this.#origin
    if (!Object.hasOwn(sides, tag)) {
      const near = nearest(tag, Object.keys(sides))
      const suggestion = near === undefined ? '' : `; did you mean "${near}"?`
      throw sdkErrors.create('NO_SUCH_OUTPUT', { what: 'the operator', tag, suggestion, at: atText(userPosition()) })
    }
    return new Stream({
      builder,
      inputs: inputs.map((input) => ({ ...input, output: tag })),
      type: sides[tag],
      sides: {},
    })
  }

  /** Spreads records evenly over all subtasks of the next operator. */
  rebalance(): Stream<T> {
    return this.#exchanged({ kind: 'rebalance' })
  }

  /** Spreads records evenly over the nearest subtasks of the next operator. */
  rescale(): Stream<T> {
    return this.#exchanged({ kind: 'rescale' })
  }

  /** Gives every record to every subtask of the next operator. */
  broadcast(): Stream<T> {
    return this.#exchanged({ kind: 'broadcast' })
  }

  /** Gives each record to the subtask (0 to `channels` - 1) that the function names. */
  partition(fn: (record: T, channels: number) => number): Stream<T> {
    checkFunction(fn, 'the function of partition')
    return this.#exchanged({ kind: 'custom', partition: fn as (record: unknown, channels: number) => number })
  }

  /** Ends the stream in a sink. */
  to<In, Committable, WriterState>(
    sink: Sink<In, Committable, WriterState> & Takes<T, In>,
    options: StatefulOptions,
  ): void {
    if (sink?.kind !== 'sink') {
      throw sdkErrors.create('BAD_ARGUMENT', {
        what: 'to',
        expected: 'a sink',
        value: typeof sink,
        at: atText(userPosition()),
      })
    }
    const { builder, inputs } = this.#origin
    builder.add({
      // The types of a sink's own committables and state concern nobody else.
      body: { kind: 'sink', sink: sink as unknown as Sink<unknown> },
      name: sink.name,
      inputs,
      options: options ?? {},
      stateful: true,
      type: undefined,
    })
  }

  #next<O>(
    body: NodeBody,
    name: string,
    options: OperatorOptions | undefined,
    type: TypeDef<unknown> | undefined,
    reads: readonly string[] | undefined,
  ): Stream<O> {
    const { builder, inputs } = this.#origin
    const node = builder.add({ body, name, inputs, options, stateful: false, type, reads })
    return new Stream(originOf(builder, node, type))
  }

  #exchanged(exchange: Exchange): Stream<T> {
    const { builder, inputs, type } = this.#origin
    return new Stream({ builder, inputs: inputs.map((input) => ({ ...input, exchange })), type, sides: {} })
  }
}

/** The stream behind a node. */
export function originOf(
  builder: GraphBuilder,
  node: number,
  type: TypeDef<unknown> | undefined,
  sides: Readonly<Record<string, TypeDef<unknown> | undefined>> = {},
): StreamOrigin {
  return { builder, inputs: [{ node, output: '', exchange: { kind: 'forward' } }], type, sides }
}

function keySelector(
  by: string | readonly string[] | ((record: never) => Key),
  type: TypeDef<unknown> | undefined,
  returns: TypeDef<Key> | undefined,
): KeySelector {
  if (typeof by !== 'function') {
    const fields = typeof by === 'string' ? [by] : by
    const bad = !Array.isArray(fields) || fields.length === 0 || fields.some((field) => typeof field !== 'string')
    if (bad) {
      throw sdkErrors.create('BAD_ARGUMENT', {
        what: 'keyBy',
        expected: 'a field, some fields or a function',
        value: JSON.stringify(by) ?? typeof by,
        at: atText(userPosition()),
      })
    }
    for (const field of fields) declaredField(type, field, 'keyBy')
    return { kind: 'fields', fields, single: typeof by === 'string' }
  }
  checkFunction(by, 'the function of keyBy')
  const field = fieldReturnedBy(by)
  return {
    kind: 'function',
    select: by as (record: unknown) => Key,
    reads: readsOf(by),
    type: returns ?? typeOfKey(field, type),
    ...(field === undefined ? {} : { field }),
  }
}

/** Type of a key that is one field of the record, or the record itself. */
function typeOfKey(field: string | undefined, type: TypeDef<unknown> | undefined): TypeDef<unknown> | undefined {
  if (field === '') return type
  const found = fieldsOf(type)?.find((each) => each.name === field)
  return found && typeOfField(found)
}
