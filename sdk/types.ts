/**
 * `t.*`: type and codec at once. A `TypeDef<T>` carries the TypeScript type for inference and the column type at run time.
 */
import type { DataType } from '../core/columns/schema.ts'

export interface TypeDef<T> {
  readonly dataType: DataType
  readonly nullable?: boolean
  readonly optional?: boolean
  /** Not at run time: carries the type for inference. */
  readonly $type?: T
}

export type TypeOf<D> = D extends TypeDef<infer T> ? T : never
