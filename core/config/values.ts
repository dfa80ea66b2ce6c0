/**
 * Types of configuration values: how a text becomes a value, how the value is shown, and what the text must look like.
 * `parse` throws a plain Error whose message completes "X is not ...": the loader adds key and source.
 */

export interface ValueType<T> {
  /** For the reference page: `duration`, `integer`, `one of a, b`. */
  readonly name: string
  /** Throws an Error that says what is expected. */
  parse(text: string): T
  format(value: T): string
}

const durationUnits: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]
const unitMs: ReadonlyMap<string, number> = new Map([...durationUnits, ['min', 60_000]])

/**
 * '5s', '1m 30s', '250 ms', '2h', '1d', '1.5s' as milliseconds; a bare number is milliseconds already. At least 0.
 * Throws an Error otherwise.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim().toLowerCase()
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed)
  let total = 0
  const rest = trimmed.replace(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy, (whole, amount: string, unit: string) => {
    const factor = unitMs.get(unit)
    if (factor === undefined) return whole
    total += Number(amount) * factor
    return ''
  })
  if (trimmed === '' || rest !== '') throw new Error(`"${text}" is not a duration such as 250ms, 5s, 1m, 2h or 1d`)
  return total
}

/** Milliseconds as text that `parseDuration` reads back: '1m 30s', '5s', '250ms'. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0ms'
  if (!Number.isInteger(ms)) return `${ms}ms`
  const parts: string[] = []
  let rest = ms
  for (const [unit, factor] of durationUnits) {
    const amount = Math.floor(rest / factor)
    if (amount > 0) parts.push(`${amount}${unit}`)
    rest -= amount * factor
  }
  return parts.join(' ')
}

const sizeUnits: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['k', 2 ** 10],
  ['kb', 2 ** 10],
  ['kib', 2 ** 10],
  ['m', 2 ** 20],
  ['mb', 2 ** 20],
  ['mib', 2 ** 20],
  ['g', 2 ** 30],
  ['gb', 2 ** 30],
  ['gib', 2 ** 30],
  ['t', 2 ** 40],
  ['tb', 2 ** 40],
  ['tib', 2 ** 40],
])

/** '64mb', '1 GB', '512' as bytes (1 kb = 1024). At least 0. Throws an Error otherwise. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.trim().toLowerCase())
  const factor = match === null ? undefined : sizeUnits.get(match[2] as string)
  if (match === null || factor === undefined) throw new Error(`"${text}" is not a size such as 512kb, 64mb or 1gb`)
  return Math.round(Number(match[1]) * factor)
}

/** Bytes as text that `parseSize` reads back when it is a whole number of units; else rounded for people: '1.4gb'. */
export function formatSize(bytes: number): string {
  let amount = bytes
  let unit = 'b'
  for (const next of ['kb', 'mb', 'gb', 'tb']) {
    if (amount < 1024) break
    amount /= 1024
    unit = next
  }
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)}${unit}`
}

/** A span of time; the value is milliseconds. */
export function duration(): ValueType<number> {
  return { name: 'duration', parse: parseDuration, format: formatDuration }
}

/** An amount of memory; the value is bytes. */
export function size(): ValueType<number> {
  return { name: 'size', parse: parseSize, format: (bytes) => (bytes % 1024 === 0 ? formatSize(bytes) : `${bytes}`) }
}

/** A whole number between `min` and `max`, both included. */
export function integer(limits: { readonly min?: number; readonly max?: number } = {}): ValueType<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = limits
  const range = limits.min === undefined ? '' : limits.max === undefined ? `, ${min} or more` : ` from ${min} to ${max}`
  return {
    name: `integer${range}`,
    parse(text) {
      const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN
      if (!(value >= min && value <= max)) throw new Error(`"${text}" is not a whole number${range}`)
      return value
    },
    format: String,
  }
}

/** `true` or `false`. */
export function boolean(): ValueType<boolean> {
  return {
    name: 'boolean',
    parse(text) {
      const word = text.trim().toLowerCase()
      if (word !== 'true' && word !== 'false') throw new Error(`"${text}" is not true or false`)
      return word === 'true'
    },
    format: String,
  }
}

/** One of the words given; case does not matter. */
export function oneOf<const Word extends string>(words: readonly Word[]): ValueType<Word> {
  return {
    name: `one of ${words.join(', ')}`,
    parse(text) {
      const found = words.find((word) => word.toLowerCase() === text.trim().toLowerCase())
      if (found === undefined) throw new Error(`"${text}" is not one of ${words.join(', ')}`)
      return found
    },
    format: String,
  }
}

/** Any text. */
export function text(): ValueType<string> {
  return { name: 'text', parse: (value) => value, format: (value) => value }
}
