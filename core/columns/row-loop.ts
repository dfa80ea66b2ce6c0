/**
 * Loops over the records of a batch with code of the caller's in them: the record is made in the loop, next to what is
 * done with it, so that a function which is called with it can be inlined and the object need not exist at all. Code is
 * generated per schema; strings are cut from one joined string per column.
 *
 * Records are plain objects with own properties in schema order; they and their strings are the caller's for ever.
 * Concurrency: a loop uses the scratch memory of the batch's owner (part 3) and belongs to one thread.
 */
import { type Arena, scratchPartBytes } from '../arena/arena.ts'
import { type Column, internSchema, type RecordBatch } from './batch.ts'
import { absent } from './encode-values.ts'
import type { Field, Schema } from './schema.ts'
import { joinStrings } from './strings.ts'
import { columnValues, valueReader } from './values.ts'

/** What is done with each record. All parts are JavaScript and see `target`, `from`, `to`, `i` (the record's number) and the bindings. */
export interface RowLoopCode {
  readonly bindings?: Readonly<Record<string, unknown>>
  /** Before the first record. */
  readonly head?: string
  /** For each record. `record` is the expression that makes it; to be used once. */
  body(record: string): string
  /** After the last record, or when the body throws. */
  readonly tail?: string
}

/** Selections below this share of the rows read strings one by one instead of joining the column. */
const sparse = 8

type Run<T> = (target: T, from: number, to: number, input: Input) => void

/** What the generated code reads records from. */
interface Input {
  /** Undefined where records are plain rows. */
  readonly arena: Arena | undefined
  readonly sources: readonly Source[]
  readonly selection: Int32Array | undefined
  readonly rows: readonly unknown[]
}

/** What it reads a column through. */
interface Source {
  /** Word or byte index of the data; of the offsets for joined strings. */
  readonly at: number
  readonly text: string
  readonly values: readonly unknown[]
  readonly read: (row: number) => unknown
}

/** How each column of this batch is read; the generated code is one per combination met. */
type Mode = 'number' | 'int32' | 'int64' | 'boolean' | 'text' | 'values' | 'read' | 'gaps'

/** The loops of one schema. */
interface Compiled<T> {
  readonly picked: readonly number[]
  readonly runs: Map<string, Run<T>>
}

/** `prepare` with records, `run` over any part of them in turn, `done`. */
export class RowLoop<T> {
  readonly #fields: readonly string[] | undefined
  readonly #code: RowLoopCode
  readonly #compiled = new WeakMap<Schema, Compiled<T>>()
  #ofRows: Run<T> | undefined
  #run: Run<T> | undefined
  #input: Input | undefined
  /** Scratch memory is in use, which others may have written to since. */
  #scratched: (() => void) | undefined

  /**
   * `fields`: the only properties to make, in schema order; names that a schema does not have are left out. Undefined:
   * all. A record that is a bare value is read as such.
   */
  constructor(fields: readonly string[] | undefined, code: RowLoopCode) {
    this.#fields = fields
    this.#code = code
  }

  /** The next records: those of a batch, or `count` selected ones. The batch must stay as it is until `done`. */
  prepare(batch: RecordBatch, selection: Int32Array | undefined, count: number): void {
    const { schema, arena } = batch
    const compiled = this.#compiled.get(schema) ?? this.#compile(schema)
    const sources: Source[] = []
    const start = arena.scratch(batch.owner, 3)
    const scratch = { at: start, end: start + scratchPartBytes }
    const modes: Mode[] = []
    let key = selection === undefined ? '' : 'selected'
    for (const index of compiled.picked) {
      const column = batch.columns[index]
      let mode = modeOf(column, count)
      const source = sourceOf(arena, column, mode, scratch)
      // A column whose strings cannot be joined is read one by one.
      if (mode === 'text' && source.read !== unread) mode = 'read'
      key += mode
      modes.push(mode)
      sources.push(source)
    }
    let run = compiled.runs.get(key)
    if (run === undefined) {
      const fields = compiled.picked.map((index) => schema.fields[index])
      run = generate<T>(this.#code, recordCode(fields, modes, schema.record === 'value'), selection !== undefined)
      compiled.runs.set(key, run)
    }
    this.#run = run
    this.#input = { arena, sources, selection, rows: nothing }
    this.#scratched = scratch.at === start ? undefined : () => this.prepare(batch, selection, count)
  }

  /** The next records: these, as they are. */
  prepareRows(rows: readonly unknown[]): void {
    this.#ofRows ??= generate<T>(this.#code, { head: '', each: '', record: 'rows[i]' }, false)
    this.#run = this.#ofRows
    this.#input = { arena: undefined, sources: [], selection: undefined, rows }
    this.#scratched = undefined
  }

  /** Runs over the records `from` to `to` - 1. Throws what the code throws; may be called again then. */
  run(from: number, to: number, target: T): void {
    if (from > 0) this.#scratched?.()
    if (this.#run !== undefined && this.#input !== undefined) this.#run(target, from, to, this.#input)
  }

  /** Forgets the records. */
  done(): void {
    this.#input = undefined
    this.#scratched = undefined
  }

  /** Schemas of the same content share their code. */
  #compile(schema: Schema): Compiled<T> {
    const own = internSchema(schema)
    const compiled = this.#compiled.get(own) ?? { picked: pick(own, this.#fields), runs: new Map() }
    this.#compiled.set(own, compiled)
    this.#compiled.set(schema, compiled)
    return compiled
  }
}

/** Numbers of the columns that become properties. */
function pick(schema: Schema, fields: readonly string[] | undefined): readonly number[] {
  const value = schema.record === 'value'
  return schema.fields
    .map((_, index) => index)
    .filter((index) => value || fields === undefined || fields.includes(schema.fields[index].name))
}

const nothing: readonly unknown[] = []
const unread = (): unknown => undefined

function modeOf(column: Column, count: number): Mode {
  if (column.validity !== 0) return 'gaps'
  switch (column.field.type.kind) {
    case 'float64':
    case 'timestamp':
      return 'number'
    case 'int32':
    case 'int64':
    case 'boolean':
      return column.field.type.kind
    case 'string':
      return count * sparse < column.rowCount ? 'read' : 'text'
    case 'struct':
    case 'list':
      return 'values'
    default:
      return 'read'
  }
}

function sourceOf(arena: Arena, column: Column, mode: Mode, scratch: { at: number; end: number }): Source {
  switch (mode) {
    case 'number':
    case 'int64':
      return { at: column.data >>> 3, text: '', values: nothing, read: unread }
    case 'int32':
      return { at: column.data >>> 2, text: '', values: nothing, read: unread }
    case 'boolean':
      return { at: column.data, text: '', values: nothing, read: unread }
    case 'text': {
      const bytes = (column.rowCount + 1) * 4
      const joined = joinStrings(arena, column, scratch.at + bytes <= scratch.end ? scratch.at : 0)
      if (joined === undefined) break
      if (joined.at === scratch.at >>> 2) scratch.at += bytes
      return { at: joined.at, text: joined.text, values: nothing, read: unread }
    }
    default:
  }
  const { kind } = column.field.type
  if (kind !== 'struct' && kind !== 'list')
    return { at: 0, text: '', values: nothing, read: valueReader(arena, column) }
  const values = columnValues(arena, column)
  return { at: 0, text: '', values, read: (row) => values[row] }
}

/** How a record is made: before the loop, before its use, and as an expression. */
interface RecordCode {
  readonly head: string
  readonly each: string
  readonly record: string
}

function recordCode(fields: readonly Field[], modes: readonly Mode[], value: boolean): RecordCode {
  const heads = modes.map(
    (_, c) =>
      `const s${c} = input.sources[${c}], a${c} = s${c}.at, t${c} = s${c}.text, v${c} = s${c}.values, r${c} = s${c}.read`,
  )
  const head = `const { i32, f64, i64, u8 } = input.arena, { selection } = input\n${heads.join('\n')}`
  const expressions = modes.map((mode, c) => {
    switch (mode) {
      case 'number':
        return `f64[a${c} + row]`
      case 'int32':
        return `i32[a${c} + row]`
      case 'int64':
        return `i64[a${c} + row]`
      case 'boolean':
        return `((u8[a${c} + (row >>> 3)] >>> (row & 7)) & 1) === 1`
      case 'text':
        return `t${c}.substring(i32[a${c} + row], i32[a${c} + row + 1])`
      case 'values':
        return `v${c}[row]`
      default:
        return `r${c}(row)`
    }
  })
  if (value)
    return modes[0] === 'gaps'
      ? { head, each: `const x = ${expressions[0]}`, record: 'x === absent ? undefined : x' }
      : { head, each: '', record: expressions[0] }
  if (!modes.includes('gaps')) {
    const properties = fields.map(({ name }, c) => `${propertyName(name)}: ${expressions[c]}`)
    return { head, each: '', record: `{ ${properties.join(', ')} }` }
  }
  const steps = fields.map(({ name }, c) => {
    const text = JSON.stringify(name)
    const set = (x: string): string =>
      name === '__proto__'
        ? `Object.defineProperty(o, ${text}, { value: ${x}, writable: true, enumerable: true, configurable: true })`
        : `o[${text}] = ${x}`
    return modes[c] === 'gaps' ? `x = ${expressions[c]}; if (x !== absent) ${set('x')}` : set(expressions[c])
  })
  return { head, each: `const o = {}; let x; ${steps.join('; ')}`, record: 'o' }
}

/** A name for a literal; a computed one where the plain one would set the prototype. */
const propertyName = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) && name !== '__proto__' ? name : `[${JSON.stringify(name)}]`

function generate<T>(code: RowLoopCode, record: RecordCode, selected: boolean): Run<T> {
  const { bindings = {}, head = '', tail = '' } = code
  const loop = `for (; i < to; i++) { const row = ${selected ? 'selection[i]' : 'i'}; ${record.each}; ${code.body(record.record)} }`
  const source = `'use strict'
return function rowLoop(target, from, to, input) {
  const { rows } = input
  ${record.head}
  ${head}
  let i = from
  ${tail === '' ? loop : `try { ${loop} } finally { ${tail} }`}
}`
  const names = Object.keys(bindings)
  return new Function('absent', ...names, source)(absent, ...names.map((name) => bindings[name])) as Run<T>
}
