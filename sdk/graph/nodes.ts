/**
 * The graph that a job builds: nodes with their functions and options. Pure data made by the fluent surface
 * (stream.ts and siblings), turned into a plan by compile.ts, and into running operators by the TaskManager, which builds
 * the same graph from the bundle and finds each node by the number that the plan gives.
 */
import type { Field } from '../../core/columns/schema.ts'
import type { AggregateFunctions, ElementContext, Emit, Emitted, Key, TimerContext } from '../functions.ts'
import type { Migration } from '../migration.ts'
import type { Sink } from '../sink.ts'
import type { Source } from '../source.ts'
import type { TypeDef } from '../types.ts'

export type ErrorPolicy = 'fail' | 'skip' | 'dead-letter'

/** What every node has. */
export interface NodeBase {
  /** Number of the node: order of creation, 0 first. */
  readonly id: number
  readonly uid: string
  /** True when the user gave the uid. */
  readonly uidGiven: boolean
  /** Uids that the operator had before. */
  readonly was?: readonly string[]
  /** Of the keys of its state; and of its state, where it has one that the operator itself declares. */
  readonly migrateKey?: Migration<unknown>
  readonly migrate?: Migration<unknown>
  readonly name: string
  readonly parallelism: number | undefined
  readonly inputs: readonly NodeInput[]
  /** 'never': stands alone; 'head': starts a chain. */
  readonly chaining: 'always' | 'head' | 'never'
  /** Declared type of the main output. */
  readonly type: TypeDef<unknown> | undefined
  /** Side outputs that the node may emit to, with their declared types; absent: none. */
  readonly sides?: Readonly<Record<string, TypeDef<unknown> | undefined>>
  readonly onError: ErrorPolicy
  /**
   * Fields of the input record that the node's functions read, when that could be told from their source; undefined:
   * all. Of a source: those that its `eventTime` reads.
   */
  readonly reads: readonly string[] | undefined
  /** Where in the user's file the node was made, for messages. */
  readonly at: string | undefined
}

/** An edge into a node. `node` is the producer, `output` '' or a side output's tag. */
export interface NodeInput {
  readonly node: number
  readonly output: string
  readonly exchange: Exchange
  /** Of a node that two streams are connected to: carries records of the second. */
  readonly second?: true
}

export type Exchange =
  | { readonly kind: 'forward' }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'rescale' }
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'custom'; readonly partition: (record: unknown, channels: number) => number }
  | { readonly kind: 'hash'; readonly key: KeySelector }

export type KeySelector =
  /** `single`: keyBy('a') has the bare value as key; keyBy(['a', 'b']) an object {a, b}. */
  | { readonly kind: 'fields'; readonly fields: readonly string[]; readonly single: boolean }
  /** `field`: the function does nothing but return this field of the record ('': the record itself), so its column is the key. `type`: of the key, where known. */
  | {
      readonly kind: 'function'
      readonly select: (record: unknown) => Key
      readonly reads: readonly string[] | undefined
      readonly field?: string
      readonly type?: TypeDef<unknown> | undefined
    }

export type GraphNode = NodeBase & NodeBody

export type NodeBody =
  | SourceBody
  /** `columns`: what the function does, where it could be told from its source; counts where batches have such columns. */
  | {
      readonly kind: 'map'
      readonly fn: (record: unknown) => unknown
      readonly columns?: readonly FunctionColumn[]
    }
  /** `condition`: the same of a filter. */
  | { readonly kind: 'filter'; readonly fn: (record: unknown) => boolean; readonly condition?: Condition }
  | { readonly kind: 'flatMap'; readonly fn: (record: unknown, emit: Emit<unknown>) => Emitted<unknown> }
  | { readonly kind: 'project'; readonly fields: readonly string[] }
  /** A declared condition: runs as a kernel. */
  | { readonly kind: 'where'; readonly condition: Condition }
  /** Declared new columns: input fields of `keep` and computed ones. */
  | { readonly kind: 'select'; readonly columns: readonly SelectedColumn[] }
  | ProcessBody
  | ReduceBody
  | RunningAggregateBody
  | WindowBody
  | { readonly kind: 'sink'; readonly sink: Sink<unknown> }

export interface SourceBody {
  readonly kind: 'source'
  readonly source: Source<unknown>
  /** Event time of a record, by function or by the name of a field. */
  readonly eventTime: ((record: unknown) => number) | string | undefined
  readonly maxOutOfOrdernessMs: number
  readonly idleAfterMs: number | undefined
  /** 'bounded': highest event time - maxOutOfOrderness - 1; 'none'; or the user's. */
  readonly watermarks: 'bounded' | 'none' | (() => { onEvent(timestampMs: number): void; current(): number })
  /** Sources of one group of the job stay together in event time. */
  readonly alignment?: { readonly group: string; readonly maxDriftMs: number }
}

export interface ProcessBody {
  readonly kind: 'process'
  readonly keyed: boolean
  readonly state: Readonly<Record<string, StateSpec>>
  readonly onElement: OnElement
  /** What is done with the records of the second stream, where two are connected, and which of their fields it reads. */
  readonly second?: { readonly onElement: OnElement; readonly reads: readonly string[] | undefined }
  readonly onTimer:
    | ((timestampMs: number, context: TimerContext<unknown, unknown>, emit: Emit<unknown>) => void)
    | undefined
}

export type OnElement = (record: unknown, context: ElementContext<unknown, unknown>, emit: Emit<unknown>) => void

export type StateSpec = StateKind & {
  readonly ttlMs?: number
  /** Names that it had before. */
  readonly was?: readonly string[]
  readonly migrate?: Migration<unknown>
}
export type StateKind =
  | { readonly kind: 'value'; readonly type: TypeDef<unknown> | undefined }
  | { readonly kind: 'list'; readonly type: TypeDef<unknown> | undefined }
  | { readonly kind: 'map'; readonly key: TypeDef<unknown> | undefined; readonly value: TypeDef<unknown> | undefined }
  | {
      readonly kind: 'reducing'
      readonly type: TypeDef<unknown> | undefined
      readonly reduce: (a: unknown, b: unknown) => unknown
    }
  | {
      readonly kind: 'aggregating'
      readonly accumulator: TypeDef<unknown> | undefined
      readonly init: () => unknown
      readonly add: (acc: unknown, value: unknown) => unknown
      readonly result: (acc: unknown) => unknown
    }

/** Running reduce per key: emits the new value for each record. */
export interface ReduceBody {
  readonly kind: 'reduce'
  readonly reduce: (a: unknown, b: unknown) => unknown
}

/** Running aggregate per key: one output per input. */
export interface RunningAggregateBody {
  readonly kind: 'aggregate'
  readonly aggregate: AggregateSpec
}

export type AggregateSpec =
  /** Declared: kernels over columns. Output: the key field(s), then one field per aggregate (and windowStart, windowEnd in windows). */
  | { readonly kind: 'declared'; readonly aggregates: readonly DeclaredAggregate[] }
  | {
      readonly kind: 'functions'
      readonly functions: AggregateFunctions<unknown, unknown, unknown, unknown, unknown>
      readonly accumulator: TypeDef<unknown> | undefined
    }

export interface DeclaredAggregate {
  /** Name of the output field. */
  readonly as: string
  readonly fn: 'count' | 'sum' | 'min' | 'max' | 'avg'
  /** Input field; absent for count. */
  readonly field?: string
  /** The field is declared int64: sum, min and max are, and so are their accumulators. */
  readonly int64?: true
  /** Of the output, where it is known; the key beside it may be of any type. */
  readonly result?: Field
}

export interface WindowBody {
  readonly kind: 'window'
  readonly assigner: WindowAssigner
  readonly allowedLatenessMs: number
  /** Tag of the side output for late records; absent: late records are dropped and counted. */
  readonly lateOutput: string | undefined
  readonly aggregate: AggregateSpec
}

export type WindowAssigner =
  | { readonly kind: 'tumbling'; readonly sizeMs: number; readonly offsetMs: number }
  | { readonly kind: 'sliding'; readonly sizeMs: number; readonly slideMs: number; readonly offsetMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }

/** `field('price').gt(100)` and what can be built from it. */
export type Condition =
  | {
      readonly kind: 'compare'
      readonly op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }

export type Expression =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'constant'; readonly value: number | string | boolean | null }
  | {
      readonly kind: 'arithmetic'
      readonly op: 'add' | 'sub' | 'mul' | 'div' | 'mod'
      readonly left: Expression
      readonly right: Expression
    }

export interface SelectedColumn {
  readonly name: string
  readonly expression: Expression
}

/** `{ ...record, name: expression }`: a later column of a name stands in the place of the earlier. */
export type FunctionColumn = SelectedColumn | 'all fields'

export interface JobGraph {
  readonly name: string
  readonly nodes: readonly GraphNode[]
  /** Of every node that has none of its own. Absent: 1. */
  readonly parallelism?: number
  readonly options: Readonly<Record<string, string>>
}
