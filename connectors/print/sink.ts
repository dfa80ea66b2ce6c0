/** One line per record for people, at the client and in the TaskManager's log. After a failure lines may come twice. */
import type { Sink } from '../../sdk/sink.ts'
import { checkOptions } from '../errors.ts'

export interface PrintOptions<T> {
  /** Stands before each line. */
  readonly prefix?: string
  /** A record as a line; JSON unless given. */
  readonly format?: (record: T) => string
}

export function print<T = unknown>(options: PrintOptions<T> = {}): Sink<T> {
  checkOptions('sink.print', options, ['prefix', 'format'])
  const prefix = options.prefix === undefined ? '' : `${options.prefix} `
  const format = options.format ?? lineOf
  return {
    kind: 'sink',
    name: 'print',
    guarantee: 'none',
    createWriter: (context) => ({
      write: (records) => {
        for (const record of records) context.print(prefix + format(record))
      },
      close: () => undefined,
    }),
  }
}

/** A text as it is, everything else as JSON; what JSON has no form for is named. */
export function lineOf(record: unknown): string {
  if (typeof record === 'string') return record
  return JSON.stringify(record, readable) ?? String(record)
}

function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  if (value instanceof Uint8Array) return `<${value.length} bytes>`
  return value
}
