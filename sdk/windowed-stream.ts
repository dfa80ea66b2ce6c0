/** `WindowedStream`: records of a key in a window of event time, and what can be computed from them. */
import type { Field } from '../core/columns/schema.ts'
import type { AggregateColumns, AggregateResult, AggregateResults, AnyColumns, NumericField } from './aggregates.ts'
import { sdkErrors } from './errors.ts'
import type { TimeWindow } from './functions.ts'
import { checkFunction, type KeyedStateOptions } from './graph/builder.ts'
import type { AggregateSpec, WindowAssigner } from './graph/nodes.ts'
import { atText, userPosition } from './graph/position.ts'
import {
  type AggregateDefinition,
  type AggregateOptions,
  type AnyDefinition,
  declaredAggregate,
  functionsOf,
  isDefinition,
  type KeyedOrigin,
} from './keyed-stream.ts'
import { type Flat, originOf, Stream } from './stream.ts'
import type { TypeDef } from './types.ts'

export interface WindowedOrigin extends KeyedOrigin {
  readonly assigner: WindowAssigner
  readonly allowedLatenessMs: number
  readonly lateOutput: string | undefined
}

/** Start (inclusive) and end (exclusive) of the window in epoch ms. */
export interface WindowFields {
  windowStart: number
  windowEnd: number
}

export interface WindowContext {
  readonly window: TimeWindow
}

export interface WindowReduceOptions<T, K, Out> extends KeyedStateOptions {
  /** What is emitted for a window in place of the reduced record. */
  emit(value: T, context: { readonly key: K } & WindowContext): Out
  /** Type of what `emit` returns. */
  readonly returns?: TypeDef<Out>
}

type EmitContext<K> = { readonly key: K } & WindowContext
type Join = (a: unknown, b: unknown) => unknown

const windowFields: readonly Field[] = [
  { name: 'windowStart', type: { kind: 'timestamp' } },
  { name: 'windowEnd', type: { kind: 'timestamp' } },
]

type LateSides<T, Late extends string> = { readonly [Tag in Late]: T }

/** `Late`: tag of the side output of late records. */
export class WindowedStream<T, K, KeyFields, Late extends string> {
  readonly #origin: WindowedOrigin
  /** Not at run time. */
  declare readonly $key?: K
  declare readonly $keyFields?: KeyFields
  declare readonly $late?: Late

  /** Windowed streams come from `window`. */
  constructor(origin: WindowedOrigin) {
    this.#origin = origin
  }

  /** Number of records of each key and window. */
  count<const As extends string = 'count'>(
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, number> & WindowFields>, LateSides<T, Late>> {
    return this.#declared({ [options?.as ?? 'count']: { fn: 'count', field: undefined } }, options)
  }

  /** Sum of a field of each key and window. The field of the result is `sum`, or `as`. */
  sum<const F extends NumericField<T>, const As extends string = 'sum'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, AggregateResult<T, 'sum', F>> & WindowFields>, LateSides<T, Late>> {
    return this.#declared({ [options?.as ?? 'sum']: { fn: 'sum', field } }, options)
  }

  min<const F extends NumericField<T>, const As extends string = 'min'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, AggregateResult<T, 'min', F>> & WindowFields>, LateSides<T, Late>> {
    return this.#declared({ [options?.as ?? 'min']: { fn: 'min', field } }, options)
  }

  max<const F extends NumericField<T>, const As extends string = 'max'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, AggregateResult<T, 'max', F>> & WindowFields>, LateSides<T, Late>> {
    return this.#declared({ [options?.as ?? 'max']: { fn: 'max', field } }, options)
  }

  avg<const F extends NumericField<T>, const As extends string = 'avg'>(
    field: F,
    options: AggregateOptions<As>,
  ): Stream<Flat<KeyFields & Record<As, number> & WindowFields>, LateSides<T, Late>> {
    return this.#declared({ [options?.as ?? 'avg']: { fn: 'avg', field } }, options)
  }

  /** Several aggregates at once (`aggregate({ total: sum('price'), n: count() }, { uid })`), or one by functions. */
  aggregate<A extends AggregateColumns<NumericField<T>>>(
    columns: A,
    options: KeyedStateOptions,
  ): Stream<Flat<KeyFields & AggregateResults<T, A> & WindowFields>, LateSides<T, Late>>
  aggregate<Acc, Out>(definition: AggregateDefinition<T, Acc, Out, K, WindowContext>): Stream<Out, LateSides<T, Late>>
  aggregate(first: AnyColumns | AnyDefinition, options?: KeyedStateOptions): Stream<never, LateSides<T, Late>> {
    if (!isDefinition(first)) return this.#declared(first, options)
    const { spec, reads } = functionsOf(first)
    return this.#add(spec, first, first.returns, reads)
  }

  /** Puts the records of each key and window together, two by two. */
  reduce<Out>(fn: (a: T, b: T) => T, options: WindowReduceOptions<T, K, Out>): Stream<Out, LateSides<T, Late>>
  reduce(fn: (a: T, b: T) => T, options: KeyedStateOptions): Stream<T, LateSides<T, Late>>
  reduce(
    fn: (a: T, b: T) => T,
    options: KeyedStateOptions & Partial<WindowReduceOptions<T, K, unknown>>,
  ): Stream<never, LateSides<T, Late>> {
    checkFunction(fn, 'the function of reduce')
    const emit = options?.emit
    if (emit !== undefined) checkFunction(emit, 'emit of reduce')
    // An empty window has no record to start from: undefined stands for it.
    const join = (a: T | undefined, b: T | undefined): T | undefined =>
      a === undefined ? b : b === undefined ? a : fn(a, b)
    const { spec } = functionsOf({
      uid: options.uid,
      init: () => undefined,
      add: join as Join,
      merge: join as Join,
      emit: (value, context) =>
        emit === undefined ? value : emit.call(options, value as T, context as EmitContext<K>),
    })
    return this.#add(spec, options, emit === undefined ? this.#origin.type : options.returns, undefined)
  }

  #declared<O>(columns: AnyColumns, options: KeyedStateOptions | undefined): Stream<O, LateSides<T, Late>> {
    const { spec, type, reads } = declaredAggregate(columns, this.#origin, windowFields)
    return this.#add(spec, options, type, reads)
  }

  #add<O>(
    aggregate: AggregateSpec,
    options: KeyedStateOptions | undefined,
    type: TypeDef<unknown> | undefined,
    reads: readonly string[] | undefined,
  ): Stream<O, LateSides<T, Late>> {
    const { builder, inputs, assigner, allowedLatenessMs, lateOutput, type: inputType } = this.#origin
    const name = `${assigner.kind} window`
    if (assigner.kind !== 'tumbling' && aggregate.kind === 'functions' && aggregate.functions.merge === undefined) {
      throw sdkErrors.create('MERGE_MISSING', {
        what: `aggregate ("${options?.uid}")`,
        windows: assigner.kind,
        at: atText(userPosition()),
      })
    }
    const sides = lateOutput === undefined ? {} : { [lateOutput]: inputType }
    const body = { kind: 'window', assigner, allowedLatenessMs, lateOutput, aggregate } as const
    const node = builder.add({ body, name, inputs, options: options ?? {}, stateful: true, type, sides, reads })
    return new Stream(originOf(builder, node, type, sides))
  }
}
