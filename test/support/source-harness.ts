/** Runs a source without an engine: every subtask in turn, records kept per subtask; checkpoint and restore on demand. */
import type {
  ColumnWriter,
  Source,
  SourceContext,
  SourceOutput,
  SourceReader,
  SplitState,
  StringDictionary,
} from '../../sdk/source.ts'

export interface Emitted {
  readonly record: unknown
  readonly splitId: string
}

export class SourceHarness<T, Side extends Record<string, unknown> = Record<string, unknown>> {
  readonly emitted: Emitted[] = []
  readonly sides = new Map<string, unknown[]>()
  readonly rejected: { error: Error; raw: string; where: string }[] = []
  readonly finished: string[] = []
  readonly #source: Source<T, Side>
  readonly #readers: SourceReader<T>[] = []
  readonly #roomPerPoll: number
  nowMs = 0
  wakes = 0

  constructor(source: Source<T, Side>, roomPerPoll = 100) {
    this.#source = source
    this.#roomPerPoll = roomPerPoll
  }

  get records(): unknown[] {
    return this.emitted.map(({ record }) => record)
  }

  /** Starts `parallelism` readers, from a checkpoint when given. */
  async start(parallelism = 1, restored: readonly SplitState[] = []): Promise<this> {
    this.close()
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const context: SourceContext = {
        subtask,
        parallelism,
        uid: 'source',
        wake: () => this.wakes++,
        now: () => this.nowMs,
      }
      const reader = this.#source.createReader(context)
      const known = new Set(restored.map(({ splitId }) => splitId))
      const found = await this.#source.discoverSplits(context)
      const all = [...restored, ...found.filter(({ splitId }) => !known.has(splitId))]
      await reader.addSplits(all.filter(({ splitId }) => this.#source.owner(splitId, parallelism) === subtask))
      this.#readers.push(reader)
    }
    return this
  }

  /** Polls subtask by subtask `turns` times (default: until all have ended or are idle). True: all have ended. */
  run(turns = Number.POSITIVE_INFINITY): boolean {
    const states = this.#readers.map((): string => 'more')
    for (let turn = 0; turn < turns && states.includes('more'); turn++) {
      this.#readers.forEach((reader, i) => {
        if (states[i] === 'more') states[i] = reader.poll(this.#output())
      })
    }
    return states.every((state) => state === 'end')
  }

  /** As it would stand in a checkpoint: through JSON. */
  snapshot(): SplitState[] {
    return JSON.parse(JSON.stringify(this.#readers.flatMap((reader) => reader.snapshot()))) as SplitState[]
  }

  close(): void {
    for (const reader of this.#readers) void reader.close()
    this.#readers.length = 0
  }

  #output(): SourceOutput<T> {
    const { emitted, rejected, finished, sides } = this
    const roomPerPoll = this.#roomPerPoll
    let room = roomPerPoll
    const side = (tag: string): unknown[] => {
      const rows = sides.get(tag) ?? []
      sides.set(tag, rows)
      return rows
    }
    return {
      get room() {
        return room
      },
      collect(record, splitId) {
        room--
        emitted.push({ record, splitId })
      },
      reject: (error, raw, where) => void rejected.push({ error, raw, where }),
      columns: (splitId) => new RecordingWriter(roomPerPoll, (record) => emitted.push({ record, splitId })),
      sideColumns: (tag) => new RecordingWriter(roomPerPoll, (record) => side(tag).push(record)),
      collectSide: (tag, record) => void side(tag).push(record),
      splitFinished: (splitId) => void finished.push(splitId),
    }
  }
}

/** Turns the columns written into records, in the order in which the fields were first written. `wanted`: the fields that are read; absent: all. */
export class RecordingWriter implements ColumnWriter {
  readonly capacity: number
  readonly #emit: (record: unknown) => void
  readonly #wanted: readonly string[] | undefined
  readonly #columns = new Map<string, ArrayLike<unknown> | ((row: number) => unknown)>()
  readonly #marks = new Map<string, Uint8Array>()

  constructor(capacity: number, emit: (record: unknown) => void, wanted?: readonly string[]) {
    this.capacity = capacity
    this.#wanted = wanted
    this.#emit = emit
  }

  wants(field?: string): boolean {
    const wanted = this.#wanted
    return wanted === undefined || (field === undefined ? wanted.length > 0 : wanted.includes(field))
  }

  float64(field: string): Float64Array {
    return this.#array(field, new Float64Array(this.capacity))
  }

  int32(field: string): Int32Array {
    return this.#array(field, new Int32Array(this.capacity))
  }

  int64(field: string): BigInt64Array {
    return this.#array(field, new BigInt64Array(this.capacity))
  }

  boolean(field: string): Uint8Array {
    return this.#array(field, new Uint8Array(this.capacity))
  }

  slices(field: string, pool: Uint8Array, starts: Int32Array, lengths: Int32Array, rows: number): void {
    const bytes = Buffer.from(pool.buffer, pool.byteOffset, pool.byteLength)
    this.#columns.set(
      field,
      Array.from({ length: rows }, (_, i) => bytes.toString('utf8', starts[i], starts[i] + lengths[i])),
    )
  }

  pick(field: string, dictionary: StringDictionary, indices: Int32Array, rows: number): void {
    const { bytes, offsets } = dictionary
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#columns.set(
      field,
      Array.from({ length: rows }, (_, i) => buffer.toString('utf8', offsets[indices[i]], offsets[indices[i] + 1])),
    )
  }

  utf8(field: string, bytes: Uint8Array, offsets: Int32Array, rows: number): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#columns.set(
      field,
      Array.from({ length: rows }, (_, i) => buffer.toString('utf8', offsets[i], offsets[i + 1])),
    )
  }

  strings(field: string, values: readonly string[], rows: number): void {
    this.#columns.set(field, values.slice(0, rows))
  }

  nulls(field: string): Uint8Array {
    const marks = this.#marks.get(field) ?? new Uint8Array(this.capacity)
    this.#marks.set(field, marks)
    return marks
  }

  values(field: string, values: readonly unknown[], rows: number): void {
    this.#columns.set(field, values.slice(0, rows))
  }

  commit(rows: number): void {
    const columns = [...this.#columns].filter(([name]) => this.wants(name))
    for (let i = 0; i < rows; i++) {
      const entries: [string, unknown][] = []
      for (const [name, column] of columns) {
        const mark = this.#marks.get(name)?.[i] ?? 0
        const value = typeof column === 'function' ? column(i) : column[i]
        if (mark !== 2 && value !== undefined) entries.push([name, mark === 1 ? null : value])
      }
      this.#emit(Object.fromEntries(entries))
    }
  }

  #array<A extends ArrayLike<unknown>>(field: string, array: A): A {
    this.#columns.set(field, array)
    return array
  }
}
