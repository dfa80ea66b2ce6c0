/** Which options each operator has, so that one that is misspelled is an error and not a silence. */
import { nearest } from '../../core/config/nearest.ts'
import { sdkErrors } from '../errors.ts'
import type { AggregateDefinition } from '../keyed-stream.ts'
import type { ConnectedProcessDefinition, KeyedProcessDefinition } from '../process.ts'
import type { Sink } from '../sink.ts'
import type { Source } from '../source.ts'
import type { KeyedStateOptions } from './builder.ts'
import type { NodeBody } from './nodes.ts'
import { atText } from './position.ts'

const ofAll = ['uid', 'name', 'parallelism', 'chaining', 'onError', 'was', 'migrateKey']
const ofKind = {
  source: ['eventTime', 'maxOutOfOrderness', 'idleAfter', 'alignment', 'watermarks'],
  map: ['returns'],
  flatMap: ['returns'],
  filter: [],
  project: [],
  where: [],
  select: [],
  sink: [],
  reduce: ['migrate'],
} satisfies Record<Exclude<NodeBody['kind'], 'process' | 'aggregate' | 'window'>, readonly string[]>

/** Names of what a definition with functions has beside the options of all operators. */
type Own<Definition> = Readonly<Record<Exclude<keyof Definition, keyof KeyedStateOptions>, true>>
type Definition = AggregateDefinition<unknown, unknown, unknown, unknown, unknown>

const ofAggregate: Own<Definition> = {
  init: true,
  add: true,
  merge: true,
  emit: true,
  accumulator: true,
  migrate: true,
  returns: true,
}
type None = Record<never, never>
const ofProcess: Own<KeyedProcessDefinition<unknown, unknown, None, unknown, None>> = {
  state: true,
  onElement: true,
  onTimer: true,
  emits: true,
  sides: true,
}
const { onElement: _, ...ofEveryProcess } = ofProcess
const ofConnected: Own<ConnectedProcessDefinition<unknown, unknown, unknown, None, unknown, None>> = {
  ...ofEveryProcess,
  onElement1: true,
  onElement2: true,
}
const ofSource: Readonly<Record<keyof Source<unknown>, true>> = {
  kind: true,
  name: true,
  bounded: true,
  type: true,
  sideOutputs: true,
  discoverSplits: true,
  discoveryIntervalMs: true,
  owner: true,
  createReader: true,
  $side: true,
}
const ofSink: Readonly<Record<keyof Sink<unknown>, true>> = {
  kind: true,
  name: true,
  type: true,
  guarantee: true,
  leavesOpen: true,
  createWriter: true,
  commit: true,
}

/** The options of an operator. Pure. */
function optionsOf(body: NodeBody): readonly string[] {
  if (body.kind === 'process') return [...ofAll, ...Object.keys(body.second === undefined ? ofProcess : ofConnected)]
  if (body.kind !== 'aggregate' && body.kind !== 'window') return [...ofAll, ...ofKind[body.kind]]
  return [...ofAll, ...(body.aggregate.kind === 'declared' ? ['as'] : Object.keys(ofAggregate))]
}

/** Throws SDK_UNKNOWN_OPTION. */
export function checkOptionNames(body: NodeBody, options: object, what: string, at: string | undefined): void {
  if (isWritten(options)) refuseUnknown(options, optionsOf(body), what, at)
  if (body.kind === 'source' && isWritten(body.source))
    refuseUnknown(body.source, Object.keys(ofSource), `source ${body.source.name}`, at)
  if (body.kind === 'sink' && isWritten(body.sink))
    refuseUnknown(body.sink, Object.keys(ofSink), `sink ${body.sink.name}`, at)
}

/** Not an instance of a class, which may have fields of its own. */
function isWritten(definition: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(definition)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Throws SDK_UNKNOWN_OPTION for the first name that is not known. */
export function refuseUnknown(options: object, known: readonly string[], what: string, at: string | undefined): void {
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue
    const near = nearest(option, known)
    throw sdkErrors.create('UNKNOWN_OPTION', {
      what,
      option,
      at: atText(at),
      suggestion: near === undefined ? '' : `; did you mean "${near}"?`,
      options: known.join(', '),
    })
  }
}
