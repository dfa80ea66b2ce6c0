/**
 * Values of fixed-width types behave the same in either backend: checked when they are set, widened when they were stored as
 * a narrower number, and copied, so that nobody changes them in place. Pure.
 */
import type { DataType, Field } from '../../../core/columns/schema.ts'
import { stateErrors } from '../errors.ts'
import { fitsScalar, isFlat, type Scalar, widenScalar } from '../flat-values.ts'

export interface ValueCheck {
  /** The value to keep. Throws STATE_WRONG_VALUE. */
  accept(value: unknown): unknown
  copy(value: unknown): unknown
  /** Throws STATE_MALFORMED. */
  widen(value: unknown): unknown
}

/** Undefined: any value will do, and is kept as it is. */
export function checkedType(type: DataType | undefined, state: string): ValueCheck | undefined {
  if (!isFlat(type)) return undefined
  return type.kind === 'struct' ? structCheck(type.fields, state) : scalarCheck(type.kind as Scalar, state)
}

const malformed = (state: string): Error =>
  stateErrors.create('MALFORMED', { state, reason: 'a value is of another type' })
const copyScalar = (value: unknown): unknown => (value instanceof Date ? new Date(value) : value)

function scalarCheck(kind: Scalar, state: string): ValueCheck {
  return {
    accept: (value) => {
      if (!fitsScalar(kind, value))
        throw stateErrors.create('WRONG_VALUE', { state, expected: kind, value: String(value) })
      return copyScalar(value)
    },
    copy: copyScalar,
    widen: (value) => {
      const widened = widenScalar(kind, value)
      if (!fitsScalar(kind, widened)) throw malformed(state)
      return widened
    },
  }
}

function structCheck(fields: readonly Field[], state: string): ValueCheck {
  const read = (value: unknown, each: (kind: Scalar, value: unknown) => unknown): Record<string, unknown> => {
    const result: Record<string, unknown> = {}
    for (const { name, type } of fields)
      result[name] = each(type.kind as Scalar, (value as Record<string, unknown>)[name])
    return result
  }
  const fits = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === fields.length &&
    fields.every(({ name, type }) => fitsScalar(type.kind as Scalar, (value as Record<string, unknown>)[name]))
  return {
    accept: (value) => {
      if (!fits(value)) throw stateErrors.create('WRONG_VALUE', { state, expected: 'a struct', value: String(value) })
      return read(value, (_, field) => copyScalar(field))
    },
    copy: (value) => read(value, (_, field) => copyScalar(field)),
    widen: (value) => {
      if (typeof value !== 'object' || value === null) throw malformed(state)
      const widened = read(value, widenScalar)
      if (!fits(widened)) throw malformed(state)
      return widened
    },
  }
}
