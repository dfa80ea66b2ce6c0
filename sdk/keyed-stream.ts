/**
 * `KeyedStream`: records grouped by a key, which is where state, timers and windows are. All records of a key are
 * handled by one subtask, in the order in which they come to it.
 */
import type { Field } from '../core/columns/schema.ts'
import type {
  AggregateColumn,
  AggregateColumns,
  AggregateFunction,
  AggregateResult,
  AggregateResults,
  AnyColumns,
  NumericField,
} from './aggregates.ts'
import { ConnectedStreams } from './connected-streams.ts'
import { type Duration, durationMs } from './duration.ts'
import { sdkErrors } from './errors.ts'
import type { AggregateFunctions } from './functions.ts'
import { checkFunction, declaredField, type GraphBuilder, type KeyedStateOptions } from './graph/builder.ts'
import type { AggregateSpec, KeySelector, NodeInput, WindowAssigner } from './graph/nodes.ts'
import { refuseUnknown } from './graph/options.ts'
import { atText, userPosition } from './graph/position.ts'
import { readsOf } from './graph/reads.ts'
import type { Migration } from './migration.ts'
import { type KeyedProcessDefinition, processNode, type SidesOf, type SideTypes } from './process.ts'
import { aggregateField, fieldsOf, isNumeric, objectType } from './schema.ts'
import type { StateDeclarations } from './state.ts'
import { type Flat, originOf, Stream } from './stream.ts'
import { fieldOf, type TypeDef } from './types.ts'
import { WindowedStream } from './windowed-stream.ts'

export interface KeyedOrigin {
  readonly builder: GraphBuilder
  readonly inputs: readonly NodeInput[]
  /** Of the records before the key. */
  readonly type: TypeDef<unknown> | undefined
  readonly key: KeySelector
}

/** `as`: name of the field of the result, in place of the function's. */
export interface AggregateOptions<As extends string> extends KeyedStateOptions {
  readonly as?: As
}

/** An aggregate by functions. `accumulator` declares its type, so that it is kept in columns. */
export interface AggregateDefinition<T, Acc, Out, K, C>
  extends KeyedStateOptions<K>,
    AggregateFunctions<T, Acc, Out, K, C> {
  readonly accumulator?: TypeDef<Acc>
  /** How accumulators of older types become accumulators of this one. Needs `accumulator`. */
  readonly migrate?: Migration<Acc>
  /** Type of what `emit` returns. */
  readonly returns?: TypeDef<Out>
}

export interface WindowOptions<Late extends string> {
  /** How long after its end a window still takes records. Each of them emits the result again. */
  readonly allowedLateness?: Duration
  /** Side output for records that come later than that; without it they are dropped and counted. */
  readonly lateOutput?: Late
}

/** `KeyFields`: the part of a result that is the key. */
export class KeyedStream<T, K, KeyFields> {
  readonly #origin: KeyedOrigin
  /** Not at run time. */
  declare readonly $key?: K
  declare readonly $keyFields?: KeyFields

  /** Keyed streams come from `keyBy`. */
  constructor(origin: KeyedOrigin) {
    this.#origin = origin
  }

  /** Work on each record with the state and the timers of its key. */
  process<
    S extends StateDeclarations = Record<never, never>,
    Out = unknown,
    D extends SideTypes = Record<never, never>,
  >(definition: KeyedProcessDefinition<T, K, S, Out, D>): Stream<Out, SidesOf<D>> {
    return new Stream(processNode(this.#origin.builder, this.#origin.inputs, definition, 'keyed'))
  }

  /** This stream and another whose records have keys of the same kind: `process` sees both, with one state for each key. */
  connect<U, OtherFields>(other: KeyedStream<U, K, OtherFields>): ConnectedStreams<T, U, K> {
    if (!(other instanceof KeyedStream)) {
      throw sdkErrors.create('BAD_ARGUMENT', {
        what: 'connect',
        expected: 'a stream behind keyBy',
        value: other === null ? 'null' : typeof other,
        at: atText(userPosition()),
      })
    }
    if (other.#origin.builder !== this.#origin.builder)
      throw sdkErrors.create('FOREIGN_STREAM', { at: atText(userPosition()) })
    return new ConnectedStreams(this.#origin, other.#origin)
  }

  /** Number of records of the key so far: one result per record. */
  count<const As extends string = 'count'>(
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, number>>> {
    return this.#declared({ [options?.as ?? 'count']: { fn: 'count', field: undefined } }, options, 'count')
  }

  /** Sum of a field so far: one result per record. The field of the result is `sum`, or `as`. */
  sum<const F extends NumericField<T>, const As extends string = 'sum'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, AggregateResult<T, 'sum', F>>>> {
    return this.#declared({ [options?.as ?? 'sum']: { fn: 'sum', field } }, options, `sum ${field}`)
  }

  min<const F extends NumericField<T>, const As extends string = 'min'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, AggregateResult<T, 'min', F>>>> {
    return this.#declared({ [options?.as ?? 'min']: { fn: 'min', field } }, options, `min ${field}`)
  }

  max<const F extends NumericField<T>, const As extends string = 'max'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, AggregateResult<T, 'max', F>>>> {
    return this.#declared({ [options?.as ?? 'max']: { fn: 'max', field } }, options, `max ${field}`)
  }

  avg<const F extends NumericField<T>, const As extends string = 'avg'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, number>>> {
    return this.#declared({ [options?.as ?? 'avg']: { fn: 'avg', field } }, options, `avg ${field}`)
  }

  /** Several aggregates at once (`aggregate({ total: sum('price'), n: count() }, { uid })`), or one by functions. One result per record. */
  aggregate<A extends AggregateColumns<NumericField<T>>>(
    columns: A,
    options: KeyedStateOptions<K>,
  ): Stream<Flat<KeyFields & AggregateResults<T, A>>>
  aggregate<Acc, Out>(definition: AggregateDefinition<T, Acc, Out, K, unknown>): Stream<Out>
  aggregate(first: AnyColumns | AnyDefinition, options?: KeyedStateOptions<K>): Stream<never> {
    if (!isDefinition(first)) return this.#declared(first, options, 'aggregate')
    const { builder, inputs } = this.#origin
    const { spec, reads } = functionsOf(first)
    const node = builder.add({
      body: { kind: 'aggregate', aggregate: spec },
      name: 'aggregate',
      inputs,
      options: first,
      stateful: true,
      type: first.returns,
      reads,
    })
    return new Stream(originOf(builder, node, first.returns))
  }

  /** Puts the records of a key together, two by two: emits the value so far for each record. */
  reduce(fn: (a: T, b: T) => T, options: KeyedStateOptions<K> & { readonly migrate?: Migration<T> }): Stream<T> {
    checkFunction(fn, 'the function of reduce')
    const { builder, inputs, type } = this.#origin
    const body = { kind: 'reduce', reduce: fn as (a: unknown, b: unknown) => unknown } as const
    const node = builder.add({ body, name: 'reduce', inputs, options, stateful: true, type })
    return new Stream(originOf(builder, node, type))
  }

  /** Windows of event time: `window(window.tumbling('1m'))`. What is done with their records follows. */
  window<const Late extends string = never>(
    assigner: WindowAssigner,
    options?: WindowOptions<Late>,
  ): WindowedStream<T, K, KeyFields, Late> {
    const known = ['tumbling', 'sliding', 'session']
    if (!known.includes(assigner?.kind)) {
      throw sdkErrors.create('BAD_ARGUMENT', {
        what: 'window',
        expected: "a window, such as window.tumbling('1m')",
        value: typeof assigner,
        at: atText(userPosition()),
      })
    }
    refuseUnknown(options ?? {}, ['allowedLateness', 'lateOutput'], 'window', userPosition())
    return new WindowedStream({
      ...this.#origin,
      assigner,
      allowedLatenessMs: options?.allowedLateness === undefined ? 0 : durationMs(options.allowedLateness),
      lateOutput: options?.lateOutput,
    })
  }

  #declared<O>(columns: AnyColumns, options: KeyedStateOptions | undefined, name: string): Stream<O> {
    const { builder, inputs } = this.#origin
    const { spec, type, reads } = declaredAggregate(columns, this.#origin, [])
    const node = builder.add({
      body: { kind: 'aggregate', aggregate: spec },
      name,
      inputs,
      options: options ?? {},
      stateful: true,
      type,
      reads,
    })
    return new Stream(originOf(builder, node, type))
  }
}

/** By functions, also by one whose name is misspelled: declared columns have none. */
export function isDefinition(value: object): value is AnyDefinition {
  return 'init' in value || Object.values(value).some((each) => typeof each === 'function')
}

/** Declared aggregates with the type of their results: the key, the aggregates, and what `after` adds. */
export function declaredAggregate(
  columns: AnyColumns,
  origin: KeyedOrigin,
  after: readonly Field[],
): { spec: AggregateSpec; type: TypeDef<unknown> | undefined; reads: readonly string[] } {
  const entries = Object.entries(columns) as [string, AggregateColumn<AggregateFunction, string>][]
  const keys = keyColumns(origin)
  const taken = new Set([...keys.names, ...after.map((field) => field.name)])
  const fields: (Field | undefined)[] = []
  const aggregates = entries.map(([as, { fn, field }]) => {
    const what = field === undefined ? `${fn}()` : `${fn}('${field}')`
    if (taken.has(as)) throw sdkErrors.create('OUTPUT_NAME_TAKEN', { what, field: as, at: atText(userPosition()) })
    const over = field === undefined ? undefined : declaredField(origin.type, field, what)
    if (over !== undefined && !isNumeric(over.type)) {
      throw sdkErrors.create('NOT_NUMERIC', {
        what,
        field: over.name,
        type: over.type.kind,
        at: atText(userPosition()),
      })
    }
    const result = field !== undefined && over === undefined && fn !== 'avg' ? undefined : aggregateField(as, fn, over)
    fields.push(result)
    return {
      as,
      fn,
      ...(field === undefined ? {} : { field }),
      ...(result?.type.kind === 'int64' ? ({ int64: true } as const) : {}),
      ...(result === undefined ? {} : { result }),
    }
  })
  const all = [...keys.fields, ...fields, ...after]
  return {
    spec: { kind: 'declared', aggregates },
    type: all.every((field) => field !== undefined) ? objectType(all) : undefined,
    reads: [...new Set(aggregates.flatMap((each) => (each.field === undefined ? [] : [each.field])))],
  }
}

/** Key fields of a result; the types are undefined where they are not declared. */
function keyColumns({ key, type }: KeyedOrigin): { names: readonly string[]; fields: readonly (Field | undefined)[] } {
  if (key.kind === 'function') return { names: ['key'], fields: [key.type && fieldOf('key', key.type)] }
  const declared = fieldsOf(type)
  return { names: key.fields, fields: key.fields.map((name) => declared?.find((field) => field.name === name)) }
}

/** A definition once its types have done their work. */
export type AnyDefinition = AggregateDefinition<unknown, unknown, unknown, unknown, unknown>

/** An aggregate by functions as the graph keeps it. */
export function functionsOf(definition: AnyDefinition): {
  spec: AggregateSpec
  reads: readonly string[] | undefined
} {
  for (const name of ['init', 'add', 'emit'] as const) checkFunction(definition[name], `${name} of aggregate`)
  if (definition.merge !== undefined) checkFunction(definition.merge, 'merge of aggregate')
  return {
    spec: {
      kind: 'functions',
      functions: definition,
      accumulator: definition.accumulator,
    },
    reads: readsOf(definition.add, 1),
  }
}
