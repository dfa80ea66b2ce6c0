/** What a chaos job has committed: the rows of all files that are not hidden. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckedRow, WindowRow } from './oracle.ts'

export function* readChecked(out: string): Generator<CheckedRow> {
  yield* rowsIn(join(out, 'checked')) as Generator<CheckedRow>
}

export function* readWindows(out: string): Generator<WindowRow> {
  for (const row of rowsIn(join(out, 'windows')) as Generator<WindowRow & { windowStart: number | string }>) {
    yield { ...row, windowStart: new Date(row.windowStart).getTime() }
  }
}

/** Hidden files: what was being written or waited for its checkpoint when its writer went. */
export function filesLeftBehind(out: string): readonly string[] {
  return ['checked', 'windows'].flatMap((name) => {
    const directory = join(out, name)
    return existsSync(directory) ? readdirSync(directory).filter((file) => file.startsWith('.')) : []
  })
}

function* rowsIn(directory: string): Generator<unknown> {
  if (!existsSync(directory)) return
  for (const file of readdirSync(directory)) {
    if (file.startsWith('.')) continue
    for (const line of readFileSync(join(directory, file), 'utf8').split('\n')) if (line !== '') yield parse(line)
  }
}

/** A line that is cut off is a corrupted row, not the end of the judge. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return { key: Number.NaN, sequence: Number.NaN, line }
  }
}
