/**
 * What a user's functions are given. Implemented by the TaskManager; described here so that a job compiles without it.
 */

/** The structure of primitives that a key may be. */
export type Key = string | number | bigint | boolean | null | readonly Key[] | { readonly [field: string]: Key }

export interface TimeWindow {
  /** Epoch ms, inclusive. */
  readonly start: number
  /** Epoch ms, exclusive. */
  readonly end: number
}

export interface ValueState<T> {
  get(): T | undefined
  set(value: T): void
  clear(): void
}

export interface ListState<T> {
  get(): T[]
  add(value: T): void
  set(values: readonly T[]): void
  clear(): void
}

export interface MapState<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
  has(key: K): boolean
  delete(key: K): boolean
  entries(): IterableIterator<[K, V]>
  keys(): IterableIterator<K>
  values(): IterableIterator<V>
  readonly size: number
  clear(): void
}

/** Reducing and aggregating state: values go in, one result comes out. */
export interface AccumulatingState<In, Out> {
  get(): Out | undefined
  add(value: In): void
  clear(): void
}

export interface Timers {
  /** Current watermark in epoch ms; -Infinity before the first. */
  readonly watermark: number
  /** Wall clock in epoch ms. */
  readonly now: number
  /** Event-time timer: fires when the watermark reaches `timestampMs`. The same key and time fire once. */
  at(timestampMs: number): void
  cancel(timestampMs: number): void
  /** Processing-time timer. */
  atProcessingTime(timestampMs: number): void
  cancelProcessingTime(timestampMs: number): void
}

/** `Sides`: record type of each side output by tag. */
export interface ElementContext<K, S, Sides extends object = Record<string, unknown>> {
  readonly key: K
  readonly state: S
  readonly timers: Timers
  /** Event time of the record in epoch ms; undefined without event time. */
  readonly timestamp: number | undefined
  /** Emits to a side output. */
  side<Tag extends keyof Sides & string>(tag: Tag, record: Sides[Tag]): void
}

export interface TimerContext<K, S, Sides extends object = Record<string, unknown>>
  extends ElementContext<K, S, Sides> {
  readonly timestamp: number
  readonly timeDomain: 'event' | 'processing'
}

export type Emit<T> = (record: T) => void

/** What a flatMap returns: records, or nothing when it has emitted them. */
export type Emitted<T> = Iterable<T> | void

/** An aggregate by functions. `merge` is needed for sliding windows (panes are shared) and sessions. */
export interface AggregateFunctions<In, Acc, Out, K, C> {
  init(): Acc
  add(accumulator: Acc, record: In): Acc
  merge?(a: Acc, b: Acc): Acc
  emit(accumulator: Acc, context: { readonly key: K } & C): Out
}
