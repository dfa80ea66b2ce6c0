/** What an operator emits, as plain records in the order in which they came. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { Output, RowBatch, Selection } from '../../taskmanager/operators/operator.ts'

export interface Emission {
  readonly record: unknown
  /** NaN: none. */
  readonly timestamp: number
  /** Whether it came in a batch of columns. */
  readonly columns: boolean
}

export class RecordedOutput implements Output {
  readonly emissions: Emission[] = []
  readonly watermarks: number[] = []
  readonly idles: boolean[] = []
  /** Everything in the order in which it came: a number is a count of records. */
  readonly events: (number | string)[] = []

  get records(): unknown[] {
    return this.emissions.map(({ record }) => record)
  }

  batch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    const records: unknown[] = []
    rowReader(batch.schema)(batch, records, selection?.rows, count)
    const times = batch.timestampArray()
    for (let i = 0; i < count; i++) {
      const row = selection === undefined ? i : selection.rows[i]
      this.emissions.push({ record: records[i], timestamp: times?.[row] ?? Number.NaN, columns: true })
    }
    this.events.push(count)
  }

  rows(rows: RowBatch): void {
    for (let i = 0; i < rows.count; i++)
      this.emissions.push({ record: rows.rows[i], timestamp: rows.timestamps?.[i] ?? Number.NaN, columns: false })
    this.events.push(rows.count)
  }

  watermark(timestampMs: number): void {
    this.watermarks.push(timestampMs)
    this.events.push(`watermark ${timestampMs}`)
  }

  idle(idle: boolean): void {
    this.idles.push(idle)
    this.events.push(idle ? 'idle' : 'active')
  }
}
