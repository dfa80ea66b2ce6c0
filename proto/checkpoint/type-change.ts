/**
 * What becomes of a value when its declared type changes: nothing, an automatic conversion, or neither, with the reason in
 * words; and the conversion itself.
 *
 * Automatic: a number widens (int32 to int64 or float64, timestamp to float64), anything becomes `any`, a value becomes nullable or
 * optional, and a struct loses fields, gains fields that are optional or nullable, renames fields that say so (`was`), or
 * changes their order. Pure.
 */
import type { DataType, Field } from '../../core/columns/schema.ts'

export interface Difference {
  readonly same: boolean
  /** A conversion exists. True when nothing differs. */
  readonly possible: boolean
  readonly reason: string
}

/** `undefined`: never declared, which is any value. */
export const anyField: Field = { name: '', type: { kind: 'any' } }

const same: Difference = { same: true, possible: true, reason: '' }
const automatic = (reason: string): Difference => ({ same: false, possible: true, reason })
const impossible = (reason: string): Difference => ({ same: false, possible: false, reason })

function combine(parts: readonly Difference[]): Difference {
  const different = parts.filter((part) => !part.same)
  if (different.length === 0) return same
  const blocking = different.filter((part) => !part.possible)
  const chosen = blocking.length > 0 ? blocking : different
  return { same: false, possible: blocking.length === 0, reason: chosen.map((part) => part.reason).join('; ') }
}

/** How two declarations of a value differ. Their own names do not count. */
export function compareFields(was: Field, now: Field, path = ''): Difference {
  const name = path === '' ? 'value' : path
  const parts: Difference[] = [compareTypes(was.type, now.type, path)]
  for (const flag of ['nullable', 'optional'] as const) {
    if ((was[flag] ?? false) === (now[flag] ?? false) || now.type.kind === 'any') continue
    parts.push(now[flag] === true ? automatic(`${name} became ${flag}`) : impossible(`${name} is no longer ${flag}`))
  }
  return combine(parts)
}

const widenings: Readonly<Record<string, readonly DataType['kind'][]>> = {
  int32: ['int64', 'float64'],
  timestamp: ['float64'],
}

function compareTypes(was: DataType, now: DataType, path: string): Difference {
  const name = path === '' ? 'type' : path
  if (was.kind === 'struct' && now.kind === 'struct') return compareStructs(was.fields, now.fields, path)
  if (was.kind === 'list' && now.kind === 'list') return compareFields(was.item, now.item, `${path}[]`)
  if (was.kind === now.kind) return same
  if (now.kind === 'any') return automatic(`${name} ${was.kind} became any`)
  if ((widenings[was.kind] ?? []).includes(now.kind))
    return automatic(`${name} widened from ${was.kind} to ${now.kind}`)
  return impossible(`${name} changed from ${was.kind} to ${now.kind}`)
}

/** The field that a field of today was: of its own name, else of one that it says it had. */
export function formerField(was: readonly Field[], now: readonly Field[], field: Field): Field | undefined {
  const own = was.find((old) => old.name === field.name)
  if (own !== undefined || field.was === undefined) return own
  return was.find((old) => field.was?.includes(old.name) === true && !now.some((each) => each.name === old.name))
}

function compareStructs(was: readonly Field[], now: readonly Field[], path: string): Difference {
  const parts: Difference[] = []
  const prefix = path === '' ? '' : `${path}.`
  const found = new Set<Field>()
  for (const field of now) {
    const old = formerField(was, now, field)
    if (old === undefined) {
      const fits = field.optional === true || field.nullable === true || field.type.kind === 'any'
      const added = `field ${prefix}${field.name} added`
      parts.push(fits ? automatic(added) : impossible(`${added}, neither optional nor nullable`))
      continue
    }
    if (found.has(old)) parts.push(impossible(`two fields say that they were ${prefix}${old.name}`))
    found.add(old)
    if (old.name !== field.name) parts.push(automatic(`field ${prefix}${old.name} renamed to ${field.name}`))
    parts.push(compareFields(old, field, `${prefix}${field.name}`))
  }
  for (const old of was) if (!found.has(old)) parts.push(automatic(`field ${prefix}${old.name} removed`))
  const reordered =
    was.length === now.length && parts.every((part) => part.same) && was.some((old, i) => old.name !== now[i].name)
  if (reordered) parts.push(automatic(`fields of ${path === '' ? 'the value' : path} changed their order`))
  return combine(parts)
}

/** Whether two declarations are the same, whatever they were called before. */
export const sameFields = (was: Field, now: Field): boolean => compareFields(was, now).same

export type Conversion = (value: unknown) => unknown

/** The automatic conversion between declarations that `compareFields` finds possible; undefined: values stay as they are. */
export function conversionOf(was: Field, now: Field): Conversion | undefined {
  const convert = typeConversion(was.type, now.type)
  if (convert === undefined) return undefined
  return (value) => (value === undefined || value === null ? value : convert(value))
}

function typeConversion(was: DataType, now: DataType): Conversion | undefined {
  if (was.kind === 'struct' && now.kind === 'struct') return structConversion(was.fields, now.fields)
  if (was.kind === 'list' && now.kind === 'list') {
    const convert = conversionOf(was.item, now.item)
    return convert && ((value) => (value as unknown[]).map(convert))
  }
  return was.kind === 'int32' && now.kind === 'int64' ? (value) => BigInt(value as number) : undefined
}

function structConversion(was: readonly Field[], now: readonly Field[]): Conversion | undefined {
  const fields = now.map((field) => {
    const old = formerField(was, now, field)
    return { field, from: old?.name, convert: old && conversionOf(old, field) }
  })
  const asItWas = fields.every(({ field, from, convert }, i) => {
    return convert === undefined && from === field.name && was[i]?.name === from
  })
  if (asItWas && was.length === now.length) return undefined
  return (value) => {
    const old = value as Readonly<Record<string, unknown>>
    const result: Record<string, unknown> = {}
    for (const { field, from, convert } of fields) {
      if (from === undefined) {
        if (field.optional !== true) result[field.name] = field.nullable === true ? null : undefined
      } else if (Object.hasOwn(old, from)) result[field.name] = convert === undefined ? old[from] : convert(old[from])
    }
    return result
  }
}

/** A type for people, as short as it can be said. */
export function typeText(field: Field | undefined): string {
  if (field === undefined) return 'undeclared'
  const { type } = field
  const text =
    type.kind === 'struct'
      ? `{ ${type.fields.map((each) => `${each.name}${each.optional === true ? '?' : ''}: ${typeText({ ...each, optional: false })}`).join(', ')} }`
      : type.kind === 'list'
        ? `${typeText(type.item)}[]`
        : type.kind
  return `${text}${field.nullable === true ? ' | null' : ''}${field.optional === true ? ' | undefined' : ''}`
}

/** What is wrong with a value of this type; undefined: nothing. */
export function misfit(field: Field, value: unknown, path = ''): string | undefined {
  if (value === undefined && (field.optional === true || field.type.kind === 'any')) return undefined
  if (value === null && (field.nullable === true || field.type.kind === 'any')) return undefined
  const { type } = field
  const wrong = (): string => `${path === '' ? 'it' : path} is ${kindOf(value)}, not ${typeText(field)}`
  switch (type.kind) {
    case 'float64':
    case 'timestamp':
      return typeof value === 'number' ? undefined : wrong()
    case 'int32':
      return typeof value === 'number' && (value | 0) === value ? undefined : wrong()
    case 'int64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? undefined : wrong()
    case 'boolean':
    case 'string':
      return typeof value === type.kind ? undefined : wrong()
    case 'bytes':
      return value instanceof Uint8Array ? undefined : wrong()
    case 'date':
      return value instanceof Date ? undefined : wrong()
    case 'list':
      if (!Array.isArray(value)) return wrong()
      for (let i = 0; i < value.length; i++) {
        const problem = misfit(type.item, value[i], `${path}[${i}]`)
        if (problem !== undefined) return problem
      }
      return undefined
    case 'struct': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong()
      for (const each of type.fields) {
        const at = path === '' ? each.name : `${path}.${each.name}`
        const problem = misfit(each, (value as Record<string, unknown>)[each.name], at)
        if (problem !== undefined) return problem
      }
      const more = Object.keys(value).find((name) => !type.fields.some((each) => each.name === name))
      return more === undefined
        ? undefined
        : `${path === '' ? 'it' : path} has a property ${more}, which ${typeText(field)} has not`
    }
    case 'any':
      return typeof value === 'function' || typeof value === 'symbol' || value instanceof Promise ? wrong() : undefined
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value instanceof Promise) return 'a promise'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value
}
