/** Rows of flows of tests: each source numbers its records, so that one that is missing, twice or out of order is seen. */
import type { Schema } from '../../core/columns/schema.ts'

export interface NumberedRow {
  readonly key: number
  readonly from: string
  readonly seq: number
  readonly pad: string
}

export const numberedRows: Schema = {
  record: 'object',
  fields: [
    { name: 'key', type: { kind: 'float64' } },
    { name: 'from', type: { kind: 'string' } },
    { name: 'seq', type: { kind: 'float64' } },
    { name: 'pad', type: { kind: 'string' } },
  ],
}
