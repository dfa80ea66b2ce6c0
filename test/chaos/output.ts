/** What a chaos job has committed: the rows of all files that are not hidden, or those of topics, by their markers and as a client reads them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTopic } from '../support/kafka-clients/read-topic.ts'
import { committedRows } from './committed-rows.ts'
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

/** The rows of a topic as a client reads it: to its end, and on until there are `enough`. */
export async function readRows(address: string, topic: string, enough = 0): Promise<unknown[]> {
  const records = await readTopic(address, topic, enough)
  return records.map(({ place, value }) => ({ ...(parse(value) as object), place }))
}

/** The rows of a topic whose transactions were committed, by what stands in the log. */
export async function readByMarkers(address: string, topic: string): Promise<unknown[]> {
  const partitions = await committedRows(address, topic)
  return partitions.flatMap((rows, partition) =>
    rows.map(({ offset, value }) => ({ ...(parse(value) as object), place: `${partition}/${offset}` })),
  )
}

/** As `sink.kafka` writes them: times are numbers or texts. */
export const asWindows = (rows: readonly unknown[]): WindowRow[] =>
  (rows as (WindowRow & { windowStart: number | string })[]).map((row) => ({
    ...row,
    windowStart: new Date(row.windowStart).getTime(),
  }))

/** A line that is cut off is a corrupted row, not the end of the judge. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return { key: Number.NaN, sequence: Number.NaN, line }
  }
}
