/**
 * Values of fixed-width types, flat in the entries of the key table: numbers, booleans, times, int64, and structs of them.
 * Eight bytes a field, and eight more for the time of the last write where entries expire.
 */
import type { DataType, Field } from '../../core/columns/schema.ts'
import { ValueWriter } from '../../core/columns/value-codec.ts'
import type { ValueStore } from './api.ts'
import { stateErrors } from './errors.ts'
import type { KeyTable } from './key-table.ts'
import type { Expiry, ValuePiece } from './snapshot/flat-encoder.ts'
import type { FlatState } from './snapshot/flat-part.ts'
import { decodeStateValue, type Lifetime } from './values.ts'

export type Scalar = 'float64' | 'int32' | 'int64' | 'boolean' | 'timestamp' | 'date'

const scalars: readonly string[] = ['float64', 'int32', 'int64', 'boolean', 'timestamp', 'date'] satisfies Scalar[]

/** Whether values of a type can be flat. */
export function isFlat(type: DataType | undefined): type is DataType {
  if (type === undefined) return false
  if (type.kind !== 'struct') return scalars.includes(type.kind)
  return (
    type.fields.length > 0 &&
    type.fields.every((field) => !field.nullable && !field.optional && scalars.includes(field.type.kind))
  )
}

/** Bytes of a flat value in an entry. */
export function flatBytes(type: DataType, lifetime: Lifetime): number {
  return 8 * ((type.kind === 'struct' ? type.fields.length : 1) + (lifetime.limited ? 1 : 0))
}

export class FlatValues implements ValueStore, FlatState {
  readonly state: number
  readonly presence: number
  readonly #name: string
  readonly #type: DataType
  readonly #fields: readonly Field[] | undefined
  readonly #offset: number
  readonly #timeOffset: number
  readonly #lifetime: Lifetime
  #table!: KeyTable

  /** `offset`: of the value in an entry. */
  constructor(state: number, name: string, type: DataType, presence: number, offset: number, lifetime: Lifetime) {
    this.state = state
    this.presence = presence
    this.#name = name
    this.#type = type
    this.#fields = type.kind === 'struct' ? type.fields : undefined
    this.#offset = offset
    this.#timeOffset = offset + flatBytes(type, lifetime) - 8
    this.#lifetime = lifetime
  }

  /** The table that holds the entries; before anything else. */
  attach(table: KeyTable): void {
    this.#table = table
  }

  get(id: number): unknown {
    const entry = this.#table.entry(id)
    const { u32, f64 } = this.#table.memory
    if ((u32[(entry >>> 2) + 3] & this.presence) === 0) return undefined
    if (this.#lifetime.expired(f64[(entry + this.#timeOffset) >>> 3])) {
      this.clear(id)
      return undefined
    }
    return this.#read(entry)
  }

  set(id: number, value: unknown): void {
    if (value === undefined) {
      this.clear(id)
      return
    }
    // Checked before anything is marked.
    if (!this.#fits(value)) {
      const expected = this.#type.kind === 'struct' ? 'a struct' : this.#type.kind
      throw stateErrors.create('WRONG_VALUE', { state: this.#name, expected, value: String(value) })
    }
    this.#write(this.#table.touchOne(id, this.presence), value)
  }

  clear(id: number): void {
    const { u32 } = this.#table.memory
    if ((u32[(this.#table.entry(id) >>> 2) + 3] & this.presence) === 0) return
    const entry = this.#table.touchOne(id, 0)
    this.#table.memory.u32[(entry >>> 2) + 3] &= ~this.presence
  }

  /** What `encodeStateValue` would write. */
  get pieces(): readonly ValuePiece[] {
    const time: ValuePiece[] = this.#lifetime.limited
      ? [literal([1]), { kind: 'raw', offset: this.#timeOffset, bytes: 8 }]
      : [literal([0])]
    const fields = this.#fields
    if (fields === undefined) return [...time, scalarPiece(this.#type.kind as Scalar, this.#offset)]
    // In the order of an object's properties: names that are numbers go first.
    const places = Object.entries(Object.fromEntries(fields.map((field, i) => [field.name, i])))
    const writer = new ValueWriter()
    writer.writeObjectHead(places.length)
    const pieces: ValuePiece[] = []
    for (const [name, i] of places) {
      writer.write(name)
      pieces.push(literal(writer.buffer.subarray(0, writer.end)))
      pieces.push(scalarPiece(fields[i].type.kind as Scalar, this.#offset + 8 * i))
      writer.end = 0
    }
    return [...time, ...pieces]
  }

  get expiry(): Expiry | undefined {
    return this.#lifetime.limited ? { offset: this.#timeOffset, lifetime: this.#lifetime } : undefined
  }

  decode(bytes: Uint8Array, start: number, end: number, address: number): boolean {
    const { value, writtenMs } = decodeStateValue(bytes.subarray(start, end), this.#name)
    if (this.#lifetime.expired(writtenMs)) return false
    const widened = this.#widen(value)
    if (!this.#fits(widened))
      throw stateErrors.create('MALFORMED', { state: this.#name, reason: 'a value is of another type' })
    this.#write(address, widened)
    if (this.#lifetime.limited && !Number.isNaN(writtenMs))
      this.#table.memory.f64[(address + this.#timeOffset) >>> 3] = writtenMs
    return true
  }

  #fits(value: unknown): boolean {
    if (this.#fields === undefined) return fitsScalar(this.#type.kind as Scalar, value)
    if (typeof value !== 'object' || value === null) return false
    for (const field of this.#fields) {
      if (!fitsScalar(field.type.kind as Scalar, (value as Record<string, unknown>)[field.name])) return false
    }
    return Object.keys(value).length === this.#fields.length
  }

  /** Snapshots may hold a narrower number than is declared now. */
  #widen(value: unknown): unknown {
    if (this.#fields === undefined) return widenScalar(this.#type.kind as Scalar, value)
    if (typeof value !== 'object' || value === null) return value
    const result: Record<string, unknown> = {}
    for (const field of this.#fields) {
      result[field.name] = widenScalar(field.type.kind as Scalar, (value as Record<string, unknown>)[field.name])
    }
    return result
  }

  #read(entry: number): unknown {
    const at = entry + this.#offset
    if (this.#fields === undefined) return this.#readScalar(this.#type.kind as Scalar, at)
    const result: Record<string, unknown> = {}
    for (let i = 0; i < this.#fields.length; i++) {
      const field = this.#fields[i]
      result[field.name] = this.#readScalar(field.type.kind as Scalar, at + 8 * i)
    }
    return result
  }

  #write(entry: number, value: unknown): void {
    const at = entry + this.#offset
    if (this.#fields === undefined) this.#writeScalar(this.#type.kind as Scalar, at, value)
    else {
      for (let i = 0; i < this.#fields.length; i++) {
        const field = this.#fields[i]
        this.#writeScalar(field.type.kind as Scalar, at + 8 * i, (value as Record<string, unknown>)[field.name])
      }
    }
    if (this.#lifetime.limited) this.#table.memory.f64[(entry + this.#timeOffset) >>> 3] = this.#lifetime.stamp()
  }

  #readScalar(kind: Scalar, at: number): unknown {
    const { f64, i64 } = this.#table.memory
    switch (kind) {
      case 'int64':
        return i64[at >>> 3]
      case 'boolean':
        return f64[at >>> 3] !== 0
      case 'date':
        return new Date(f64[at >>> 3])
      default:
        return f64[at >>> 3]
    }
  }

  #writeScalar(kind: Scalar, at: number, value: unknown): void {
    const { f64, i64 } = this.#table.memory
    if (kind === 'int64') i64[at >>> 3] = value as bigint
    else if (kind === 'date') f64[at >>> 3] = (value as Date).getTime()
    else f64[at >>> 3] = Number(value)
  }
}

const literal = (bytes: Uint8Array | readonly number[]): ValuePiece => ({
  kind: 'literal',
  bytes: Uint8Array.from(bytes),
})

function scalarPiece(kind: Scalar, offset: number): ValuePiece {
  return { kind: kind === 'int64' || kind === 'boolean' || kind === 'date' ? kind : 'number', offset }
}

export function fitsScalar(kind: Scalar, value: unknown): boolean {
  switch (kind) {
    case 'int64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
    case 'boolean':
      return typeof value === 'boolean'
    case 'date':
      return value instanceof Date
    case 'int32':
      return typeof value === 'number' && (value | 0) === value
    default:
      return typeof value === 'number'
  }
}

export function widenScalar(kind: Scalar, value: unknown): unknown {
  return kind === 'int64' && typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
}
