/**
 * Columns that nobody reads: a source that writes them meets the same checks of names and kinds, and nothing is kept or
 * copied. The arrays are lent to one fill at a time and hold what was written last.
 *
 * Concurrency: belongs to one thread.
 */
import { columnErrors } from './errors.ts'
import type { DataType, Field } from './schema.ts'

/** Rows of a writer that has no memory to run out of. */
const capacity = 4096

type NumberArray = Float64Array | Int32Array | BigInt64Array | Uint8Array

export class UnreadColumns {
  readonly capacity = capacity
  readonly #kinds: ReadonlyMap<string, DataType['kind']>
  readonly #arrays = new Map<string, NumberArray>()
  #marks: Uint8Array | undefined
  readonly #passed: ((count: number) => void) | undefined

  /** `passed` is told how many rows were committed. */
  constructor(fields: readonly Field[], passed?: (count: number) => void) {
    this.#kinds = new Map(fields.map(({ name, type }) => [name, type.kind]))
    this.#passed = passed
  }

  has(field: string): boolean {
    return this.#kinds.has(field)
  }

  wants(field?: string): boolean {
    if (field !== undefined) this.#check(field)
    return false
  }

  float64(field: string): Float64Array {
    this.#check(field, 'float64', 'timestamp', 'date')
    return this.#array(field, Float64Array)
  }

  int32(field: string): Int32Array {
    this.#check(field, 'int32')
    return this.#array(field, Int32Array)
  }

  int64(field: string): BigInt64Array {
    this.#check(field, 'int64')
    return this.#array(field, BigInt64Array)
  }

  boolean(field: string): Uint8Array {
    this.#check(field, 'boolean')
    return this.#array(field, Uint8Array)
  }

  slices(field: string): void {
    this.#check(field, 'string')
  }

  pick(field: string): void {
    this.#check(field, 'string')
  }

  utf8(field: string): void {
    this.#check(field, 'string')
  }

  strings(field: string): void {
    this.#check(field, 'string')
  }

  nulls(field: string): Uint8Array {
    this.#check(field)
    this.#marks ??= new Uint8Array(capacity)
    return this.#marks
  }

  values(field: string): void {
    this.#check(field, 'struct', 'list', 'bytes', 'any')
  }

  commit(rows: number): void {
    this.#passed?.(rows)
  }

  #check(field: string, ...kinds: DataType['kind'][]): void {
    const kind = this.#kinds.get(field)
    if (kind === undefined) throw columnErrors.create('NO_FIELD', { field, fields: [...this.#kinds.keys()].join(', ') })
    if (kinds.length > 0 && !kinds.includes(kind))
      throw columnErrors.create('WRONG_COLUMN', { field, actual: kind, expected: kinds[0] })
  }

  #array<A extends NumberArray>(field: string, make: new (length: number) => A): A {
    const known = this.#arrays.get(field)
    if (known instanceof make) return known
    const made = new make(capacity)
    this.#arrays.set(field, made)
    return made
  }
}
