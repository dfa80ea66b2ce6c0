/**
 * The shape of a record: what the columns of a batch are. Plain JSON, so that a plan, a snapshot and a batch can carry it.
 *
 * A record is either an object (one column per field) or a bare value (one column, its field named ''). Types follow
 * JavaScript's values, not SQL's: `float64` is a number, `int64` a bigint, `timestamp` a number of epoch milliseconds,
 * `date` a Date. `any` holds whatever a structured value codec can round-trip, and is what an adaptive batch uses for
 * fields that do not keep one type.
 */
export type DataType =
  | { readonly kind: 'float64' }
  | { readonly kind: 'int32' }
  | { readonly kind: 'int64' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'string' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'date' }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'list'; readonly item: Field }
  | { readonly kind: 'any' }

export interface Field {
  readonly name: string
  readonly type: DataType
  /** The value may be `null`. */
  readonly nullable?: boolean
  /** The property may be absent or `undefined`. */
  readonly optional?: boolean
  /** Names that the field had in older types of the same state. Never part of the schema of a batch. */
  readonly was?: readonly string[]
}

export interface Schema {
  /** `object`: a record is an object of these fields. `value`: the record itself is the single field ''. */
  readonly record: 'object' | 'value'
  readonly fields: readonly Field[]
}
