/** The operators of the small job of flow.ts. The counts throw when a record of a key comes twice, or out of order. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { Partitioner } from '../../proto/jobgraph/plan.ts'
import type { Operator, RowBatch, Selection } from '../../taskmanager/operators/operator.ts'
import type { FlowWindows } from './flow-windows.ts'
import type { NumberedRow } from './numbered-rows.ts'
import { type Outputs, SourceHead } from './source-head.ts'

export interface FlowShape {
  readonly carrier: 'local' | 'ring'
  readonly counts: number
  readonly sinks: number
  /** Of the edge from the counts to the sink. */
  readonly partitioner: Extract<Partitioner, 'rebalance' | 'broadcast' | 'custom' | 'hash'>
  /** Records of each source subtask. */
  readonly records: number
  readonly keys: number
  readonly segments: number
  /** Storage of the checkpoints. */
  readonly root: string
  readonly declared: boolean
  /** Some records are this long. */
  readonly padding: number
  /** In place of the counts. */
  readonly windows?: FlowWindows | undefined
}

export interface Output {
  readonly key: number
  readonly n: number
  /** Of windows. */
  readonly windowStart?: number
  readonly windowEnd?: number
}

export class Source extends SourceHead {
  next: number
  readonly #name: string
  readonly #shape: FlowShape

  constructor(name: string, shape: FlowShape, outputs: Outputs, restored: unknown) {
    super(outputs)
    this.#name = name
    this.#shape = shape
    this.next = typeof restored === 'number' ? restored : 0
  }
  poll(): 'more' | 'idle' | 'end' {
    const { records, keys, padding } = this.#shape
    if (this.next >= records) return 'end'
    const rows: NumberedRow[] = []
    for (let i = 0; i < 3 && this.next < records; i++, this.next++) {
      const pad = this.next % 5 === 0 ? 'x'.repeat(padding) : ''
      rows.push({ key: this.next % keys, from: this.#name, seq: Math.floor(this.next / keys), pad })
    }
    const timestamps = Float64Array.from(rows, (_, i) => this.next - rows.length + i + 1)
    this.outputs.output.rows({ rows, count: rows.length, timestamps })
    return 'more'
  }
  advanceWatermark(): void {
    this.outputs.output.watermark(this.next)
  }
  async snapshot(): Promise<OperatorSnapshot> {
    return { node: 0, uid: '', runs: [], operatorState: this.next }
  }
  close(): void {
    // Holds nothing.
  }
}

abstract class Reading<T> implements Operator {
  readonly rows: unknown[] = []
  watermark = Number.NEGATIVE_INFINITY
  abstract take(rows: readonly T[]): void
  abstract snapshot(): Promise<OperatorSnapshot>
  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const rows: unknown[] = []
    const count = selection?.count ?? batch.rowCount
    rowReader(batch.schema, undefined)(batch, rows, selection?.rows, count)
    this.take(rows.slice(0, count) as T[])
  }
  processRows(rows: RowBatch): void {
    this.take(rows.rows.slice(0, rows.count) as T[])
  }
  processWatermark(timestampMs: number): boolean {
    if (timestampMs <= this.watermark) throw new Error('watermarks rise')
    this.watermark = timestampMs
    return true
  }
  processIdle(): void {
    // Nothing to do.
  }
  close(): void {
    // Holds nothing.
  }
}

export type CountEntry = [key: number, n: number, last: Record<string, number>]

export class Counts extends Reading<NumberedRow> {
  readonly #outputs: Outputs
  readonly #state = new Map<number, CountEntry>()
  constructor(outputs: Outputs, restored: readonly CountEntry[]) {
    super()
    this.#outputs = outputs
    for (const entry of restored) this.#state.set(entry[0], structuredClone(entry))
  }
  take(rows: readonly NumberedRow[]): void {
    const out: Output[] = []
    for (const { key, from, seq } of rows) {
      const entry = this.#state.get(key) ?? [key, 0, {}]
      const due = (entry[2][from] ?? -1) + 1
      if (seq !== due) throw new Error(`key ${key} of ${from}: record ${seq} where ${due} was due`)
      entry[2][from] = seq
      entry[1]++
      this.#state.set(key, entry)
      out.push({ key, n: entry[1] })
    }
    this.#outputs.output.rows({ rows: out, count: out.length, timestamps: undefined })
  }
  override processWatermark(timestampMs: number): boolean {
    super.processWatermark(timestampMs)
    this.#outputs.output.watermark(timestampMs)
    return true
  }
  async snapshot(): Promise<OperatorSnapshot> {
    return { node: 2, uid: '', runs: [], operatorState: structuredClone([...this.#state.values()]) }
  }
}

export class Results extends Reading<Output> {
  readonly seen: Output[]
  constructor(restored: readonly Output[]) {
    super()
    this.seen = [...restored]
  }
  take(rows: readonly Output[]): void {
    this.seen.push(...rows)
  }
  async snapshot(): Promise<OperatorSnapshot> {
    return { node: 3, uid: '', runs: [], operatorState: [...this.seen] }
  }
}
