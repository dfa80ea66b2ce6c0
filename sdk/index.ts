/** What a job imports, without the connectors: those are added at the door of the package (millrace.ts). */
export { type AggregateColumn, avg, count, max, min, sum } from './aggregates.ts'
export { ConnectedStreams } from './connected-streams.ts'
export type { Duration } from './duration.ts'
export { type FieldReference, field, type NumberExpression, type Where } from './field.ts'
export type {
  AccumulatingState,
  AggregateFunctions,
  ElementContext,
  Emit,
  Key,
  ListState,
  MapState,
  TimerContext,
  Timers,
  TimeWindow,
  ValueState,
} from './functions.ts'
export type { OperatorOptions, StatefulOptions } from './graph/builder.ts'
export { graphWarnings } from './graph/check.ts'
export { compilePlan, edgeInput } from './graph/compile.ts'
export { buildGraph, jobOf, rebuildGraph } from './graph/load.ts'
export { defineJob, Environment, type FromOptions, isJob, type Job, type JobOptions } from './job.ts'
export { KeyedStream } from './keyed-stream.ts'
export type { Migration, MigrationContext, MigrationFrom, MigrationStep } from './migration.ts'
export type { Sink, SinkContext, SinkWriter } from './sink.ts'
export type {
  ColumnWriter,
  Source,
  SourceContext,
  SourceOutput,
  SourceReader,
  SplitState,
  StringDictionary,
} from './source.ts'
export type { StandardSchema } from './standard-schema.ts'
export { type MapEntry, type StateDeclaration, type StateOptions, state } from './state.ts'
export { Stream } from './stream.ts'
export { type ObjectOf, type Type, type TypeDef, type TypeOf, t } from './types.ts'
export { window } from './window.ts'
export { WindowedStream } from './windowed-stream.ts'
