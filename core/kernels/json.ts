/**
 * Rows of JSON to columns, as memory: input, plan and columns of one reader. Promises the same for the kernel and its twin.
 *
 * Concurrency: belongs to one thread. What it gives out are views that the next `run` writes to.
 */
import type { Field } from '../columns/schema.ts'
import type { JsonKernels } from './json-signature.ts'
import { jsonField, jsonFieldBytes, jsonKinds, jsonNulls, jsonPlan, jsonPlanBytes } from './json-signature.ts'
import { createJsonTwin } from './json-twin.ts'
import { createKernels, instantiateKernels } from './kernels.ts'
import type { Kernels } from './signature.ts'

const pageBytes = 65_536
/** The first 64 KB of a memory are left alone. */
const firstByte = 65_536
/** What may be read behind a row, and then some. */
const slackBytes = 64
const patternBytes = 32
const orderPositions = 64
export const jsonFieldsMax = 64

const widths: Readonly<Record<number, number>> = {
  [jsonKinds.float64]: 8,
  [jsonKinds.int32]: 4,
  [jsonKinds.int64]: 8,
  [jsonKinds.boolean]: 1,
  [jsonKinds.string]: 4,
  [jsonKinds.date]: 8,
  [jsonKinds.timestamp]: 8,
  [jsonKinds.raw]: 4,
}

/** The kind of a field's column; undefined for types that JSON is not read into here. Of `raw` the kernel only tells the place. */
export function jsonKindOf({ type }: Field): number | undefined {
  switch (type.kind) {
    case 'float64':
    case 'timestamp':
    case 'int32':
    case 'int64':
    case 'boolean':
    case 'string':
    case 'date':
      return jsonKinds[type.kind]
    case 'struct':
    case 'list':
    case 'bytes':
      return jsonKinds.raw
    default:
      return undefined
  }
}

export interface JsonColumn {
  readonly kind: number
  readonly at: number
  /** Lengths of strings and raws; 0 for others. */
  readonly lengths: number
  /** One byte of `jsonNulls` a row; 0 for fields that always have a value. */
  readonly nulls: number
}

export interface JsonMemoryOptions {
  /** 1 to 64, each of a kind that `jsonKindOf` knows. */
  readonly fields: readonly Field[]
  readonly rowsMax: number
  readonly inputBytes: number
  /** Runs the twin, as on a machine without SIMD. */
  readonly twin?: boolean
}

export class JsonMemory {
  readonly u8: Uint8Array
  readonly i32: Int32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
  readonly buffer: Buffer
  readonly kernels: Kernels
  readonly columns: readonly JsonColumn[]
  readonly inputBytes: number
  readonly rowsMax: number
  /** Where rows go: their bytes, from here on. */
  readonly input: number
  /** Room for the bytes of one column of strings, and their offsets. */
  readonly packed: number
  readonly packedBytes: number
  readonly offsets: number
  /** One Int32 per row: where rows begin, from `input` on, and how long they are. */
  readonly starts: number
  readonly lengths: number
  /** One byte per row. */
  readonly states: number
  readonly #json: JsonKernels
  readonly #plan: number
  readonly #fieldsAt: number
  readonly #hasNulls: boolean

  constructor({ fields, rowsMax, inputBytes, twin = false }: JsonMemoryOptions) {
    let end = firstByte
    const take = (bytes: number): number => {
      const at = end
      end = (end + bytes + 63) & ~63
      return at
    }
    this.rowsMax = rowsMax
    this.inputBytes = inputBytes
    this.#plan = take(jsonPlanBytes)
    const order = take(orderPositions * 4)
    const records = take(fields.length * jsonFieldBytes)
    const names = fields.map(({ name }) => Buffer.from(name))
    const namesAt = names.map((name) => take(name.length))
    this.starts = take(rowsMax * 4)
    this.lengths = take(rowsMax * 4)
    this.states = take(rowsMax)
    this.offsets = take(rowsMax * 4 + 4)
    this.columns = fields.map((field) => {
      const kind = jsonKindOf(field) as number
      return {
        kind,
        at: take(rowsMax * widths[kind]),
        lengths: kind === jsonKinds.string || kind === jsonKinds.raw ? take(rowsMax * 4) : 0,
        nulls: field.nullable === true || field.optional === true ? take(rowsMax) : 0,
      }
    })
    this.input = take(inputBytes + slackBytes)
    this.packedBytes = inputBytes
    this.packed = take(this.packedBytes + slackBytes)
    const pages = Math.ceil(end / pageBytes)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    this.u8 = new Uint8Array(memory.buffer)
    this.i32 = new Int32Array(memory.buffer)
    this.f64 = new Float64Array(memory.buffer)
    this.i64 = new BigInt64Array(memory.buffer)
    this.buffer = Buffer.from(memory.buffer)
    this.kernels = createKernels(memory)
    const exports = twin ? undefined : instantiateKernels(memory)
    this.#json = exports === undefined ? createJsonTwin(memory) : (exports as unknown as JsonKernels)
    this.#fieldsAt = records
    this.#hasNulls = this.columns.some(({ nulls }) => nulls !== 0)
    this.#writePlan(fields, order, names, namesAt)
  }

  /** Reads `count` rows that were put into the input, and `starts` and `lengths`. Returns how many are not plain. */
  run(count: number): number {
    if (this.#hasNulls) this.#clearNulls(count)
    return this.#json.jsonRows(this.input, this.starts, this.lengths, count, this.#plan, this.states)
  }

  /** False: no row of this field lacks a value. True: perhaps some do. */
  mayLack(field: number): boolean {
    return this.i32[(this.#fieldsAt + field * jsonFieldBytes + jsonField.marked) >>> 2] !== 0
  }

  /** `jsonNulls` of a row that was not read here. The field is nullable or optional. */
  mark(field: number, row: number, why: number): void {
    this.u8[this.columns[field].nulls + row] = why
    if (why !== jsonNulls.value) this.i32[(this.#fieldsAt + field * jsonFieldBytes + jsonField.marked) >>> 2]++
  }

  #clearNulls(count: number): void {
    this.columns.forEach(({ nulls }, field) => {
      if (nulls === 0) return
      this.u8.fill(0, nulls, nulls + count)
      this.i32[(this.#fieldsAt + field * jsonFieldBytes + jsonField.marked) >>> 2] = 0
    })
  }

  #writePlan(fields: readonly Field[], order: number, names: readonly Buffer[], namesAt: readonly number[]): void {
    const records = this.#fieldsAt
    const { i32, u8, columns } = this
    const plan = this.#plan >>> 2
    i32[plan + jsonPlan.fieldCount] = names.length
    i32[plan + jsonPlan.order] = order
    i32[plan + jsonPlan.fields] = records
    const all = new BigUint64Array(i32.buffer, this.#plan + jsonPlan.allSeen * 4, 1)
    all[0] = (1n << BigInt(names.length)) - 1n
    const required = new BigUint64Array(i32.buffer, this.#plan + jsonPlan.required * 4, 1)
    fields.forEach(({ optional }, index) => {
      if (optional !== true) required[0] |= 1n << BigInt(index)
    })
    // Fields in their own order is a good first guess.
    for (let i = 0; i < orderPositions; i++) i32[(order >>> 2) + i] = i < names.length ? i : -1
    names.forEach((name, index) => {
      const at = records + index * jsonFieldBytes
      const pattern = Buffer.concat([Buffer.from('"'), name, Buffer.from('":')])
      const isShort = pattern.length <= patternBytes
      i32[(at + jsonField.kind) >>> 2] = columns[index].kind
      i32[(at + jsonField.patternLength) >>> 2] = isShort ? pattern.length : patternBytes + 1
      i32[(at + jsonField.out) >>> 2] = columns[index].at
      i32[(at + jsonField.lengths) >>> 2] = columns[index].lengths
      i32[(at + jsonField.nulls) >>> 2] = columns[index].nulls
      i32[(at + jsonField.flags) >>> 2] = fields[index].nullable === true ? 1 : 0
      i32[(at + jsonField.name) >>> 2] = namesAt[index]
      i32[(at + jsonField.nameLength) >>> 2] = name.length
      u8.set(name, namesAt[index])
      if (isShort) {
        u8.set(pattern, at + jsonField.pattern)
        u8.fill(255, at + jsonField.mask, at + jsonField.mask + pattern.length)
      } else {
        // No name begins like this: the way by names is taken.
        u8.fill(0, at + jsonField.pattern, at + jsonField.mask)
        u8.fill(255, at + jsonField.mask, at + jsonField.name)
      }
    })
  }
}
