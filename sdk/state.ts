/** `state.*`: keyed state as an operator declares it. The handles that user code gets are described in functions.ts. */
import { type Duration, durationMs } from './duration.ts'
import type { AccumulatingState, Key, ListState, MapState, ValueState } from './functions.ts'
import { formerNames } from './graph/builder.ts'
import type { StateKind, StateSpec } from './graph/nodes.ts'
import { refuseUnknown } from './graph/options.ts'
import { userPosition } from './graph/position.ts'
import { type Migration, migrateFrom } from './migration.ts'
import { objectType } from './schema.ts'
import { fieldOf, type TypeDef } from './types.ts'

/** A declared state whose handle is `Handle`. */
export interface StateDeclaration<Handle> {
  readonly spec: StateSpec
  /** Not at run time: carries the type for inference. */
  readonly $handle?: Handle
}

export type StateDeclarations = Readonly<Record<string, StateDeclaration<unknown>>>

export type HandlesOf<S extends StateDeclarations> = {
  readonly [K in keyof S]: S[K] extends StateDeclaration<infer Handle> ? Handle : never
}

/** An entry of a map state, as migrations see it. */
export interface MapEntry<K, V> {
  key: K
  value: V
}

/** `T`: what a migration has to end with. */
export interface StateOptions<T = unknown> {
  /** An entry that was not written for this long (wall clock) is gone; of maps and lists each entry by itself. */
  readonly ttl?: Duration
  /** Names that the state had before: it is found under them in older snapshots. */
  readonly was?: string | readonly string[]
  /** How entries of older types become entries of this one: `state.from(Old).to(New, (old) => …)`. */
  readonly migrate?: Migration<T>
}

function declare<Handle, T>(kind: StateKind, options: StateOptions<T> | undefined): StateDeclaration<Handle> {
  refuseUnknown(options ?? {}, ['ttl', 'was', 'migrate'], `a ${kind.kind} state`, userPosition())
  const { ttl, was, migrate } = options ?? {}
  return {
    spec: {
      ...kind,
      ...(ttl === undefined ? {} : { ttlMs: durationMs(ttl) }),
      ...(was === undefined ? {} : { was: formerNames(was, `a ${kind.kind} state`) }),
      ...(migrate === undefined ? {} : { migrate: migrate as Migration<unknown> }),
    },
  }
}

/** One value per key. */
export const valueState = <T>(type: TypeDef<T>, options?: StateOptions<NoInfer<T>>): StateDeclaration<ValueState<T>> =>
  declare({ kind: 'value', type }, options)

/** The user's functions as the graph keeps them: what they are given is what the declared types say. */
interface Aggregating<In, Acc, Out> {
  readonly accumulator?: TypeDef<Acc>
  init(): Acc
  add(accumulator: Acc, value: In): Acc
  result(accumulator: Acc): Out
}

export const state = {
  value: valueState,
  /** Begins a migration with the oldest type that a state, or a key, has had. Of a list: the type of an element. */
  from: migrateFrom,
  /** The type of an entry of a map state, for its migrations. */
  entry: <K, V>(key: TypeDef<K>, value: TypeDef<V>): TypeDef<MapEntry<K, V>> =>
    objectType([fieldOf('key', key), fieldOf('value', value)]) as TypeDef<MapEntry<K, V>>,
  /** A list per key. */
  list: <T>(type: TypeDef<T>, options?: StateOptions<NoInfer<T>>): StateDeclaration<ListState<T>> =>
    declare({ kind: 'list', type }, options),
  /** A map per key; entries are read and written one by one. */
  map: <K extends Key, V>(
    key: TypeDef<K>,
    value: TypeDef<V>,
    options?: StateOptions<MapEntry<NoInfer<K>, NoInfer<V>>>,
  ): StateDeclaration<MapState<K, V>> => declare({ kind: 'map', key, value }, options),
  /** Values go in and are put together by `reduce`. */
  reducing: <T>(
    type: TypeDef<T>,
    reduce: (a: NoInfer<T>, b: NoInfer<T>) => NoInfer<T>,
    options?: StateOptions<NoInfer<T>>,
  ): StateDeclaration<AccumulatingState<T, T>> =>
    declare({ kind: 'reducing', type, reduce: reduce as (a: unknown, b: unknown) => unknown }, options),
  /** Values of one type go in, an accumulator keeps them, a result of another type comes out. */
  aggregating: <In, Acc, Out>(
    definition: Aggregating<In, Acc, Out>,
    options?: StateOptions<NoInfer<Acc>>,
  ): StateDeclaration<AccumulatingState<In, Out>> =>
    declare(
      {
        kind: 'aggregating',
        accumulator: definition.accumulator,
        init: () => definition.init(),
        add: (accumulator, value) => definition.add(accumulator as Acc, value as In),
        result: (accumulator) => definition.result(accumulator as Acc),
      },
      options,
    ),
}
