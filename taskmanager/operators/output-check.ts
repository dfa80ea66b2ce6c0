/**
 * Holds what a user's function returns to the declared type, also where the record stays in its chain and never becomes
 * columns. Accepts what the encoder of columns accepts, so that the function is told and not who comes later; what is
 * inside of a value of type `any` is not looked at.
 *
 * The check is code to be put where the record is, so that it costs a comparison per field. Pure.
 */
import { wrongType } from '../../core/columns/encode-values.ts'
import type { DataType, Field } from '../../core/columns/schema.ts'
import { schemaOf } from '../../sdk/schema.ts'
import type { TypeDef } from '../../sdk/types.ts'

type Check = (record: unknown) => void

/** A check as statements about the variable `record`, and the values they use. Empty for what is not declared. */
export interface OutputCheckCode {
  readonly code: string
  readonly bindings: Readonly<Record<string, unknown>>
}

const unchecked: OutputCheckCode = { code: '', bindings: {} }

/** The code throws COLUMNS_WRONG_TYPE. */
export function outputCheckCode(type: TypeDef<unknown> | undefined, record: string): OutputCheckCode {
  if (type === undefined) return unchecked
  const schema = schemaOf(type)
  const bindings: Record<string, unknown> = {}
  const steps: string[] = []
  const refuse = (path: string, { type: expected }: Field, value: unknown): never => {
    throw wrongType(path, expected, value)
  }
  if (schema.record === 'object') {
    bindings.$refuseRecord = (value: unknown): never => refuse('', { name: '', type: type.dataType }, value)
    steps.push(`if (${record} === null || typeof ${record} !== 'object') $refuseRecord(${record})`)
  }
  schema.fields.forEach((field, at) => {
    const condition = conditionOf(field, `$v${at}`, `$f${at}`, field.name, bindings)
    const value = schema.record === 'object' ? `${record}[${JSON.stringify(field.name)}]` : record
    bindings[`$refuse${at}`] = (wrong: unknown): never => refuse(field.name, field, wrong)
    steps.push(`const $v${at} = ${value}; if (!(${condition})) $refuse${at}($v${at})`)
  })
  return { code: `{ ${steps.join('; ')} }`, bindings }
}

/** The same as a function; undefined for what is not declared. */
export function outputCheck(type: TypeDef<unknown> | undefined): Check | undefined {
  const { code, bindings } = outputCheckCode(type, 'record')
  if (code === '') return undefined
  const names = Object.keys(bindings)
  const make = new Function(...names, `return function outputCheck(record) ${code}`)
  return make(...names.map((name) => bindings[name])) as Check
}

/** Whether the value of variable `v` fits the field. What is nested is a function of its own, bound under `name`. */
function conditionOf(field: Field, v: string, name: string, path: string, bindings: Record<string, unknown>): string {
  const condition = conditionOfType(field.type, v, name, path, bindings)
  // Of anything that is data, null and undefined are part.
  if (field.type.kind === 'any') return condition
  const gaps = `${field.nullable === true ? ` || ${v} === null` : ''}${field.optional === true ? ` || ${v} === undefined` : ''}`
  return gaps === '' ? condition : `(${condition})${gaps}`
}

function conditionOfType(
  type: DataType,
  v: string,
  name: string,
  path: string,
  bindings: Record<string, unknown>,
): string {
  switch (type.kind) {
    case 'float64':
    case 'timestamp':
      return `typeof ${v} === 'number'`
    case 'int32':
      // Also not -0, which would come back as 0.
      return `typeof ${v} === 'number' && (${v} | 0) === ${v} && (${v} !== 0 || 1 / ${v} > 0)`
    case 'int64':
      return `typeof ${v} === 'bigint' && BigInt.asIntN(64, ${v}) === ${v}`
    case 'boolean':
    case 'string':
      return `typeof ${v} === '${type.kind}'`
    case 'date':
      return `${v} instanceof Date`
    case 'bytes':
      return `${v} instanceof Uint8Array`
    case 'any':
      return `typeof ${v} !== 'function' && typeof ${v} !== 'symbol'`
    case 'list': {
      bindings[name] = listCheck(type.item, `${path}[]`)
      return `Array.isArray(${v}) && ${name}(${v})`
    }
    case 'struct': {
      bindings[name] = structCheck(type.fields, path)
      return `typeof ${v} === 'object' && ${v} !== null && !Array.isArray(${v}) && ${name}(${v})`
    }
  }
}

/** Checks a nested value and throws for the part of it that does not fit. */
type Nested = (value: never) => true

function listCheck(item: Field, path: string): Nested {
  return nested(item, path, (check) => `for (let n = 0; n < value.length; n++) { const v = value[n]; ${check} }`)
}

function structCheck(fields: readonly Field[], path: string): Nested {
  const checks = fields.map(
    (field) =>
      nested(field, `${path}.${field.name}`, (check) => `const v = value[${JSON.stringify(field.name)}]; ${check}`) as (
        value: unknown,
      ) => true,
  )
  return (value: unknown) => {
    for (const check of checks) check(value)
    return true
  }
}

function nested(field: Field, path: string, around: (check: string) => string): Nested {
  const bindings: Record<string, unknown> = {
    refuse: (wrong: unknown): never => {
      throw wrongType(path, field.type, wrong)
    },
  }
  const condition = conditionOf(field, 'v', 'inner', path, bindings)
  const code = `return (value) => { ${around(`if (!(${condition})) refuse(v)`)}; return true }`
  const names = Object.keys(bindings)
  return new Function(...names, code)(...names.map((name) => bindings[name])) as Nested
}
