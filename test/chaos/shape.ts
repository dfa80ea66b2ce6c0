/**
 * The input of a chaos run as pure functions, shared by the job that produces it and the oracle that judges the output.
 * Record n belongs to key `n % keys` and is that key's record number `floor(n / keys) + 1`; its event time is `n` times
 * a fixed step.
 */
export const baseTimeMs = 1_700_000_000_000

export interface ChaosShape {
  readonly records: number
  readonly keys: number
  readonly stepMs: number
  readonly windowMs: number
  digest(key: number, sequence: number): number
}

export function createShape(options: {
  records: number
  keys: number
  stepMs?: number
  windowMs?: number
}): ChaosShape {
  return {
    records: options.records,
    keys: options.keys,
    stepMs: options.stepMs ?? 1,
    windowMs: options.windowMs ?? 1000,
    digest,
  }
}

export interface ChaosRecord {
  readonly key: number
  readonly sequence: number
  readonly at: number
  readonly digest: number
}

export function recordAt(shape: ChaosShape, n: number): ChaosRecord {
  const key = n % shape.keys
  const sequence = Math.floor(n / shape.keys) + 1
  return { key, sequence, at: baseTimeMs + n * shape.stepMs, digest: digest(key, sequence) }
}

export function expectedPerKey(shape: ChaosShape): (key: number) => number {
  const whole = Math.floor(shape.records / shape.keys)
  const rest = shape.records % shape.keys
  return (key) => (Number.isInteger(key) && key >= 0 && key < shape.keys ? whole + (key < rest ? 1 : 0) : 0)
}

/** By 'key@windowStart'. */
export function expectedWindows(shape: ChaosShape): Map<string, { count: number; sum: number }> {
  const windows = new Map<string, { count: number; sum: number }>()
  for (let n = 0; n < shape.records; n++) {
    const record = recordAt(shape, n)
    const id = `${record.key}@${Math.floor(record.at / shape.windowMs) * shape.windowMs}`
    const window = windows.get(id)
    if (window === undefined) windows.set(id, { count: 1, sum: record.sequence })
    else {
      window.count++
      window.sum += record.sequence
    }
  }
  return windows
}

/** Mixes both numbers so that a record put together from two others shows. */
function digest(key: number, sequence: number): number {
  let h = Math.imul(key + 1, 0x9e3779b1) ^ Math.imul(sequence, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return (h ^ (h >>> 13)) >>> 0
}
