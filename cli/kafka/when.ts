/** Places in a topic as people write them: `earliest`, `latest`, an offset, the last so many, a time, an age. Pure. */

import { parseDuration } from '../../core/config/index.ts'
import { isMillraceError } from '../../core/errors.ts'
import { cliErrors } from '../errors.ts'

export type Place =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many before the end of each partition. */
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'time'; readonly ms: number }

const expected =
  'expected earliest, latest, an offset (120), the last of each partition (-10), a time (2026-11-21T08:00:00Z), or an age (15m)'

/** Throws CLI_BAD_ARGUMENT. `nowMs`: what ages count from. */
export function parsePlace(text: string, nowMs: number, flag = '--from'): Place {
  const word = text.trim()
  if (word === 'earliest' || word === 'latest') return { kind: word }
  if (/^\d+$/.test(word)) return { kind: 'offset', offset: safe(Number(word), text, flag) }
  if (/^-\d+$/.test(word)) return { kind: 'last', count: safe(-Number(word), text, flag) }
  return { kind: 'time', ms: parseTime(word, nowMs, flag, expected) }
}

/** An ISO time, an age such as `15m`, or `@` and epoch milliseconds. Throws CLI_BAD_ARGUMENT. */
export function parseTime(
  text: string,
  nowMs: number,
  flag: string,
  hint = 'expected a time (2026-11-21T08:00:00Z, @1795248000000) or an age (15m)',
): number {
  if (/^@\d+$/.test(text)) return safe(Number(text.slice(1)), text, flag)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return Date.parse(text)
  try {
    // A number alone is no age: it would be milliseconds, which nobody means.
    if (!/[a-z]$/.test(text)) throw new Error('no unit')
    return nowMs - parseDuration(text)
  } catch (cause) {
    if (isMillraceError(cause)) throw cause
    throw cliErrors.create('BAD_ARGUMENT', { problem: `${flag} ${text}: ${hint}` }, { cause })
  }
}

function safe(value: number, text: string, flag: string): number {
  if (Number.isSafeInteger(value)) return value
  throw cliErrors.create('BAD_ARGUMENT', { problem: `${flag} ${text}: the number is too large` })
}
