/** What a chaos job has committed: the rows of all files that are not hidden, or those of topics, by their markers and as a client reads them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
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

/**
 * The rows of a topic: reads until `enough`, and some time longer for those that should not be there; gives up when nothing
 * came for long.
 */
export async function readTopic(address: string, topic: string, enough: number): Promise<unknown[]> {
  // By place: a client may be given a record again, and that is no second record.
  const rows = new Map<string, unknown>()
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `oracle-${topic}-${performance.now()}`, readUncommitted: false })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { offset, value } of batch.messages) {
          const place = `${batch.partition}/${offset}`
          rows.set(place, { ...(parse(String(value)) as object), place })
        }
      },
    })
    let seen = 0
    let sinceMs = performance.now()
    while (rows.size < enough && performance.now() - sinceMs < quietMs) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      if (rows.size > seen) sinceMs = performance.now()
      seen = rows.size
    }
    await new Promise((resolve) => setTimeout(resolve, 1500))
  } finally {
    await consumer.disconnect()
  }
  return [...rows.values()]
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

const quietMs = 20_000

/** A line that is cut off is a corrupted row, not the end of the judge. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return { key: Number.NaN, sequence: Number.NaN, line }
  }
}
