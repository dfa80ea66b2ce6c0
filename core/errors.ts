/**
 * Operating failures. Each room declares its failures as a table (code, text, who has to act, whether to try again) and
 * throws from it. Errors are recognised by a brand that survives two copies of this module, and travel between
 * processes as plain JSON (`errorToWire`, `errorFromWire`).
 *
 * The tables register themselves when their module is loaded, so that `millrace explain` and the reference page know
 * every code. No other state.
 */

/** Who has to act: the author of the job, whoever runs the outside system or machine, or we. */
export type Blame = 'user' | 'external' | 'internal'

/** What a caller may do without knowing more: nothing, try again at once, or try again after a pause. */
export type Retry = 'never' | 'now' | 'backoff'

export interface ErrorRow {
  /** A sentence with `{placeholders}` that `create` fills from the context. */
  readonly text: string
  /** What the reader can do. May have placeholders too. */
  readonly hint?: string
  readonly blame: Blame
  readonly retry: Retry
}

// Braces with a space inside are code in the sentence, not a place to fill.
type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${string} ${string}` ? never : Name) | Placeholders<Rest>
  : never

type RowPlaceholders<Row extends ErrorRow> =
  | Placeholders<Row['text']>
  | (Row extends { readonly hint: infer Hint extends string } ? Placeholders<Hint> : never)

type Context<Row extends ErrorRow> = Readonly<Record<RowPlaceholders<Row>, unknown>> & Readonly<Record<string, unknown>>

type CreateArguments<Row extends ErrorRow> = [RowPlaceholders<Row>] extends [never]
  ? [context?: Readonly<Record<string, unknown>>, options?: { readonly cause?: unknown }]
  : [context: Context<Row>, options?: { readonly cause?: unknown }]

export interface ErrorTable<Room extends string, Table extends Readonly<Record<string, ErrorRow>>> {
  readonly room: Room
  readonly table: Table
  /** Makes (does not throw) the error of a row; its text is filled from `context`, which stays readable on the error. */
  create<Code extends keyof Table & string>(code: Code, ...rest: CreateArguments<Table[Code]>): MillraceError
  /** Whether `error` came from this table, and from this row when a code is given. */
  is(error: unknown, code?: keyof Table & string): error is MillraceError
}

const brand = Symbol.for('millrace.error')

export interface MillraceErrorInit {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly blame: Blame
  readonly retry: Retry
  readonly context?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

/** A failure with a code. `code` is `ROOM_CODE`, stable between versions. */
export class MillraceError extends Error {
  override readonly name: string = 'MillraceError'
  readonly code: string
  readonly hint?: string
  readonly blame: Blame
  readonly retry: Retry
  /** Ids and values that the text was filled from. */
  readonly context: Readonly<Record<string, unknown>>

  constructor(init: MillraceErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    Object.defineProperty(this, brand, { value: true })
    this.code = init.code
    if (init.hint !== undefined) this.hint = init.hint
    this.blame = init.blame
    this.retry = init.retry
    this.context = init.context ?? {}
  }
}

/** True for any error of ours, whichever copy of this module made it; with `code`, only for that one. */
export function isMillraceError(error: unknown, code?: string): error is MillraceError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || (error as unknown as MillraceError).code === code
}

const registry = new Map<string, ErrorRow>()

/** Every row of every table loaded so far, by full code. */
export function allErrors(): ReadonlyMap<string, ErrorRow> {
  return registry
}

/** Declares the failures of a room. Call once per table, at the top of a module. */
export function defineErrors<const Room extends string, const Table extends Readonly<Record<string, ErrorRow>>>(
  room: Room,
  table: Table,
): ErrorTable<Room, Table> {
  const rows: Readonly<Record<string, ErrorRow>> = table
  for (const code of Object.keys(rows)) registry.set(`${room}_${code}`, rows[code] as ErrorRow)
  return {
    room,
    table,
    create(code, ...[context, options]) {
      const row: ErrorRow = table[code] as ErrorRow
      const values: Readonly<Record<string, unknown>> = context ?? {}
      const error = new MillraceError({
        code: `${room}_${code}`,
        message: fill(row.text, values),
        hint: row.hint === undefined ? undefined : fill(row.hint, values),
        blame: row.blame,
        retry: row.retry,
        context: values,
        cause: options?.cause,
      })
      // The stack starts at whoever threw.
      if (Error.captureStackTrace !== undefined) Error.captureStackTrace(error, this.create)
      return error
    },
    is(error, code): error is MillraceError {
      if (!isMillraceError(error)) return false
      return code === undefined ? error.code.startsWith(`${room}_`) : error.code === `${room}_${code}`
    },
  }
}

function fill(text: string, context: Readonly<Record<string, unknown>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in context ? show(context[name]) : whole))
}

function show(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return value.message
  if (Array.isArray(value)) return value.map(show).join(', ')
  if (typeof value === 'object' && value !== null) {
    try {
      return JSON.stringify(value)
    } catch {
      // A cycle or a bigint inside: the class name must do.
      return Object.prototype.toString.call(value)
    }
  }
  return String(value)
}

/** An error as it travels: JSON. Causes follow up to a depth of eight. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly blame: Blame
  readonly retry: Retry
  readonly context?: Readonly<Record<string, unknown>>
  readonly stack?: string
  readonly cause?: WireError
}

/** Code of an error that no table knows, after it has travelled. */
export const unknownErrorCode = 'UNKNOWN'

/** Any thrown value as JSON. Foreign errors become code `UNKNOWN`, blame `internal`. */
export function errorToWire(error: unknown, depth = 8): WireError {
  const ours = isMillraceError(error)
  const isError = error instanceof Error || ours
  const cause = isError ? (error as Error).cause : undefined
  const stack = isError ? (error as Error).stack : undefined
  return {
    code: ours ? error.code : unknownErrorCode,
    message: isError ? (error as Error).message : show(error),
    blame: ours ? error.blame : 'internal',
    retry: ours ? error.retry : 'never',
    ...(ours && error.hint !== undefined ? { hint: error.hint } : {}),
    ...(ours && Object.keys(error.context).length > 0 ? { context: plain(error.context) } : {}),
    ...(stack !== undefined ? { stack } : {}),
    ...(cause !== undefined && depth > 1 ? { cause: errorToWire(cause, depth - 1) } : {}),
  }
}

/** The error again. Its stack is that of the process where it happened. */
export function errorFromWire(wire: WireError): MillraceError {
  const error = new MillraceError({
    code: wire.code,
    message: wire.message,
    hint: wire.hint,
    blame: wire.blame,
    retry: wire.retry,
    context: wire.context,
    cause: wire.cause === undefined ? undefined : errorFromWire(wire.cause),
  })
  if (wire.stack !== undefined) error.stack = wire.stack
  return error
}

function plain(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(context)) {
    const type = typeof value
    result[name] = value === null || type === 'string' || type === 'number' || type === 'boolean' ? value : show(value)
  }
  return result
}
