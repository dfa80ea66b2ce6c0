/** What the operators on keyed streams share: how the key stands in their input, and where their state lives. */
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { readColumn } from '../../core/columns/rows.ts'
import type { DataType, Field, Schema } from '../../core/columns/schema.ts'
import { rangesOf } from '../../proto/checkpoint/ranges.ts'
import type { KeyShape, StateBackendOptions } from '../state/api.ts'
import { canonicalKey } from '../state/keys.ts'
import { snapshotPatienceMs } from './checkpoint-times.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'

/** Declared schema of the keyed input; undefined when an input describes itself batch by batch. */
function inputSchema(context: OperatorContext): Schema | undefined {
  const edges = context.plan.edges.filter((edge) => edge.to.vertex === context.vertex)
  return edges[0]?.schema
}

export function keyShapeOf(context: OperatorContext): KeyShape {
  assert(context.key !== undefined, 'a keyed operator has a key')
  const { selector } = context.key
  if (selector.kind === 'function') {
    const { type } = selector
    return { type: shapeOf(type?.dataType, type?.nullable || type?.optional), fields: ['$key'], single: true }
  }
  const { fields, single } = selector
  if (!single) return { type: 'any', fields, single }
  const field = inputSchema(context)?.fields.find((each) => each.name === fields[0])
  return { type: shapeOf(field?.type, field?.nullable || field?.optional), fields, single }
}

function shapeOf(type: DataType | undefined, gaps: boolean | undefined): KeyShape['type'] {
  if (type === undefined || gaps) return 'any'
  const { kind } = type
  if (kind === 'float64' || kind === 'int32' || kind === 'timestamp') return 'number'
  return kind === 'string' ? 'string' : 'any'
}

/** What is equal for keys that are equal, and for no others: for use in a Map. */
export function identityOf(key: unknown): unknown {
  if (typeof key === 'number' || typeof key === 'string') return key
  const bytes = canonicalKey(key)
  // A string key that looks like this one is not mistaken for it: it would have to start with this character.
  return `\0${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')}`
}

/** A field of the operator's output as the job declares it; a number where it does not. */
export function outputField(context: OperatorContext, name: string, known?: Field): Field {
  const declared = context.operator.schema?.fields.find((field) => field.name === name)
  return declared ?? known ?? { name, type: { kind: 'float64' } }
}

/** Fields of the output that are the key: those of the input, or `key` when a function computed it. */
export function keyFieldsOf(context: OperatorContext): readonly string[] {
  const selector = context.key?.selector
  return selector?.kind === 'fields' ? selector.fields : ['key']
}

/** Makes the record's key fields from a key: {auction: key}, {channel, day} or {key}. */
export function keyRecord(context: OperatorContext): (key: unknown) => Record<string, unknown> {
  const selector = context.key?.selector
  if (selector?.kind === 'fields' && !selector.single) return (key) => ({ ...(key as Record<string, unknown>) })
  const name = keyFieldsOf(context)[0]
  return (key) => ({ [name]: key })
}

/** Keys of the rows of a batch, in the form that a key selector gives. */
export function readKeys(context: OperatorContext, batch: RecordBatch, selection: Selection | undefined): unknown[] {
  const { fields, single } = keyShapeOf(context)
  const pick = (values: readonly unknown[]): unknown[] =>
    selection === undefined
      ? values.slice(0, batch.rowCount)
      : Array.from(selection.rows.subarray(0, selection.count), (row) => values[row])
  const columns = fields.map((field) => pick(readColumn(batch, field)))
  if (single) return columns[0]
  return columns[0].map((_, row) => Object.fromEntries(fields.map((field, at) => [field, columns[at][row]])))
}

export function stateOptions(context: OperatorContext): StateBackendOptions {
  return {
    key: keyShapeOf(context),
    range: rangesOf(context.subtask, context.parallelism),
    states: context.operator.state,
    target:
      context.checkpointRoot === undefined
        ? undefined
        : {
            root: context.checkpointRoot,
            jobId: context.jobId,
            epoch: context.epoch,
            node: context.operator.node,
            subtask: context.subtask,
            patienceMs: snapshotPatienceMs(context.options),
          },
    restored: context.restored,
    clock: context.clock,
    ...(context.rocksdb === undefined ? {} : { rocksdb: context.rocksdb }),
  }
}

/** Keys and hashes that a keyed edge gives with plain rows. */
export function keyedRows(rows: RowBatch): { keys: readonly unknown[]; hashes: Int32Array } {
  assert(rows.keys !== undefined && rows.hashes !== undefined, 'rows on a keyed input carry keys and hashes')
  return { keys: rows.keys, hashes: rows.hashes }
}
