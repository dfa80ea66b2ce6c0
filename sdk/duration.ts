/** Durations as users write them: a number and a unit, checked by the compiler and again when the graph is built. */

import { sdkErrors } from './errors.ts'
import { atText, userPosition } from './graph/position.ts'

/** `'250ms'`, `'5s'`, `'1m'`, `'1h'`, `'1d'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration, 0 or more. Throws SDK_BAD_DURATION. */
export function durationMs(value: Duration): number {
  const found = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  const ms = found === null ? Number.NaN : Number(found[1]) * unitsMs[found[2]]
  if (!Number.isSafeInteger(ms)) {
    throw sdkErrors.create('BAD_DURATION', { value: String(value), at: atText(userPosition()) })
  }
  return ms
}
