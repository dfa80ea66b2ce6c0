/**
 * The judge of a chaos run. Input is (key, sequence) pairs; each key's sequence is 1, 2, 3, …; windows have contents that
 * can be computed. What the job wrote must be exactly what a fault-free run would have written: 0 lost, 0 duplicated,
 * 0 corrupted, 0 out of order per key. Pure.
 */
import type { ChaosShape } from './shape.ts'
import { expectedPerKey, expectedWindows } from './shape.ts'

export interface CheckedRow {
  readonly key: number
  readonly sequence: number
  /** What the job's own keyed state said the step to this record was: 1, or something was lost or repeated inside. */
  readonly step: number
  /** Digest of key and sequence, made at the source. */
  readonly digest: number
  /** Partition and offset, of a record in a topic. */
  readonly place?: string
}

export interface WindowRow {
  readonly key: number
  readonly count: number
  readonly sum: number
  readonly windowStart: number
}

export interface Verdict {
  lost: number
  duplicated: number
  corrupted: number
  outOfOrder: number
  wrongWindows: number
  /** The first few violations, in words. */
  readonly examples: string[]
}

const examplesMax = 10

export function judge(shape: ChaosShape, checked: Iterable<CheckedRow>, windows: Iterable<WindowRow>): Verdict {
  const verdict: Verdict = { lost: 0, duplicated: 0, corrupted: 0, outOfOrder: 0, wrongWindows: 0, examples: [] }
  const say = (text: string): void => {
    if (verdict.examples.length < examplesMax) verdict.examples.push(text)
  }
  const perKey = expectedPerKey(shape)
  const seen = new Map<number, Uint8Array>()
  for (const row of checked) {
    const expected = perKey(row.key)
    if (
      expected === 0 ||
      row.sequence < 1 ||
      row.sequence > expected ||
      row.digest !== shape.digest(row.key, row.sequence)
    ) {
      verdict.corrupted++
      say(`corrupted: ${JSON.stringify(row)}`)
      continue
    }
    let marks = seen.get(row.key)
    if (marks === undefined) {
      marks = new Uint8Array(expected + 1)
      seen.set(row.key, marks)
    }
    if (marks[row.sequence] > 0) {
      verdict.duplicated++
      say(`duplicated: key ${row.key} sequence ${row.sequence}${row.place === undefined ? '' : ` at ${row.place}`}`)
    }
    marks[row.sequence] = 1
    if (row.step !== 1) {
      verdict.outOfOrder++
      say(`step ${row.step} at key ${row.key} sequence ${row.sequence}`)
    }
  }
  for (let key = 0; key < shape.keys; key++) {
    const expected = perKey(key)
    const marks = seen.get(key)
    for (let sequence = 1; sequence <= expected; sequence++) {
      if (marks?.[sequence] === 1) continue
      verdict.lost++
      say(`lost: key ${key} sequence ${sequence}`)
    }
  }
  judgeWindows(shape, windows, verdict, say)
  return verdict
}

function judgeWindows(
  shape: ChaosShape,
  windows: Iterable<WindowRow>,
  verdict: Verdict,
  say: (text: string) => void,
): void {
  const expected = expectedWindows(shape)
  const found = new Map<string, WindowRow>()
  for (const row of windows) {
    const id = `${row.key}@${row.windowStart}`
    if (found.has(id)) {
      verdict.wrongWindows++
      say(`window ${id} written twice`)
    }
    found.set(id, row)
  }
  for (const [id, { count, sum }] of expected) {
    const row = found.get(id)
    if (row?.count === count && row.sum === sum) continue
    verdict.wrongWindows++
    say(
      `window ${id}: ${row === undefined ? 'missing' : `count ${row.count}, sum ${row.sum}`}; expected count ${count}, sum ${sum}`,
    )
  }
  for (const id of found.keys()) {
    if (expected.has(id)) continue
    verdict.wrongWindows++
    say(`window ${id} should not exist`)
  }
}

export const violations = (verdict: Verdict): number =>
  verdict.lost + verdict.duplicated + verdict.corrupted + verdict.outOfOrder + verdict.wrongWindows
