/** What the operators on keyed streams share: how the key stands in their input, and where their state lives. */
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { readColumn } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { rangesOf } from '../../proto/checkpoint/ranges.ts'
import type { KeyShape, StateBackendOptions } from '../state/api.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'

/** Declared schema of the keyed input; undefined when an input describes itself batch by batch. */
function inputSchema(context: OperatorContext): Schema | undefined {
  const edges = context.plan.edges.filter((edge) => edge.to.vertex === context.vertex)
  return edges[0]?.schema
}

export function keyShapeOf(context: OperatorContext): KeyShape {
  assert(context.key !== undefined, 'a keyed operator has a key')
  const { selector } = context.key
  if (selector.kind === 'function') return { type: 'any', fields: ['$key'], single: true }
  const { fields, single } = selector
  if (!single) return { type: 'any', fields, single }
  const field = inputSchema(context)?.fields.find((each) => each.name === fields[0])
  const plain = field !== undefined && !field.nullable && !field.optional
  const kind = plain ? field.type.kind : 'any'
  const type =
    kind === 'float64' || kind === 'int32' || kind === 'timestamp' ? 'number' : kind === 'string' ? 'string' : 'any'
  return { type, fields, single }
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
          },
    restored: context.restored,
    clock: context.clock,
  }
}

/** Keys and hashes that a keyed edge gives with plain rows. */
export function keyedRows(rows: RowBatch): { keys: readonly unknown[]; hashes: Int32Array } {
  assert(rows.keys !== undefined && rows.hashes !== undefined, 'rows on a keyed input carry keys and hashes')
  return { keys: rows.keys, hashes: rows.hashes }
}
