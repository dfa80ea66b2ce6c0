/**
 * Records without a key, and key functions that fail: said of the operator whose key it is, with what the record was. A
 * key that is undefined would gather all such records in one place unnoticed. Pure.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { describe } from '../../core/columns/encode-values.ts'
import { readValue } from '../../core/columns/rows.ts'
import { isMillraceError } from '../../core/errors.ts'
import type { OperatorPlan } from '../../proto/jobgraph/plan.ts'
import type { KeySelector } from '../../sdk/graph/nodes.ts'
import type { Selection } from '../operators/operator.ts'
import { OperatorFailure } from '../operators/operator-failure.ts'
import { networkErrors } from './errors.ts'

/** The error for a record whose key is undefined. */
export function noKey(selector: KeySelector, record: unknown): Error {
  const problem =
    selector.kind === 'function'
      ? `its function gave undefined for ${describe(record)}`
      : `there is no ${selector.fields.map((field) => `"${field}"`).join(' and no ')} in ${describe(record)}`
  return networkErrors.create('NO_KEY', { problem })
}

/** What came of `error`, which taking the key of `record` threw: the failure of the operator whose key it is. */
export function blamedOn(operator: OperatorPlan | undefined, record: unknown, error: unknown): unknown {
  const gone = record === undefined || record === null
  const cause =
    gone && !isMillraceError(error, 'NETWORK_NO_KEY')
      ? networkErrors.create('NO_KEY', { problem: `a record is ${describe(record)}` }, { cause: error })
      : error
  return operator === undefined ? cause : new OperatorFailure(operator, cause)
}

/** Throws when a row that counts has no value in a key column. */
export function checkKeys(
  batch: RecordBatch,
  fields: readonly string[],
  selection: Selection | undefined,
  operator: OperatorPlan | undefined,
): void {
  for (const field of fields) {
    const column = batch.columns.find((each) => each.field.name === field)
    if (column?.missing === 0) continue
    const count = selection?.count ?? batch.rowCount
    for (let i = 0; i < count; i++) {
      const row = selection?.rows[i] ?? i
      if (column !== undefined && readValue(batch.arena, column, row) !== undefined) continue
      const selector: KeySelector = { kind: 'fields', fields: [field], single: true }
      const record = Object.fromEntries(
        batch.columns.map((each) => [each.field.name, readValue(batch.arena, each, row)]),
      )
      throw blamedOn(operator, record, noKey(selector, record))
    }
  }
}
