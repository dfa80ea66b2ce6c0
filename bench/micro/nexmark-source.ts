/**
 * What it costs to make Nexmark events as columns: all columns of all events, through the writer that the engine uses; and
 * the same when somebody reads the strings, which copies them. Prints nanoseconds per event, best and median of passes.
 */
import { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { BatchWriters } from '../../core/columns/writer.ts'
import { fillEvents } from '../../examples/nexmark/columns.ts'
import { Auction, Bid, Person } from '../../examples/nexmark/model.ts'
import { bid } from '../../examples/nexmark/rows.ts'
import type { TypeDef } from '../../sdk/types.ts'

const events = 1_000_000
const rate = 100_000
const arena = Arena.create({ bytes: 256 * 1024 * 1024 })
const owner = 1

function writersOf(type: TypeDef<unknown>): BatchWriters {
  if (type.dataType.kind !== 'struct') throw new Error('an object type is expected')
  return new BatchWriters({
    arena,
    owner,
    schema: { record: 'object', fields: type.dataType.fields },
    timestampField: 'dateTime',
  })
}

const bids = writersOf(Bid)
const sides = { person: writersOf(Person), auction: writersOf(Auction) }
const fill = fillEvents(rate)
let rows = 0
let read = false
const drop = (batch: RecordBatch): void => {
  rows += batch.rowCount
  // Whoever keeps a batch has its strings copied.
  if (read) batch.retain().release()
  batch.release()
}

function open(writers: BatchWriters): NonNullable<ReturnType<BatchWriters['open']>> {
  const writer = writers.open(drop)
  if (writer === undefined) throw new Error('no segment is free')
  return writer
}

function pass(): number {
  const started = performance.now()
  for (let from = 0; from < events; ) {
    const writer = open(bids)
    const to = Math.min(events, from + Math.min(2048 - (from % 2048), writer.capacity))
    fill(writer, from, to, (tag) => open(sides[tag]))
    from = to
  }
  return ((performance.now() - started) * 1e6) / events
}

const passes = (): number[] => Array.from({ length: 7 }, pass).sort((a, b) => a - b)
const written = passes()
read = true
const copied = passes()
const started = performance.now()
let sum = 0
for (let n = 0; n < events; n++) sum += bid(n, rate).price
const objects = ((performance.now() - started) * 1e6) / events
const shown = (times: readonly number[]): string => `best ${times[0].toFixed(0)} ns, median ${times[3].toFixed(0)} ns`
process.stdout.write(
  `all columns of every event: ${shown(written)}; strings read: ${shown(copied)}; one bid object: ${objects.toFixed(0)} ns (${rows} rows, ${sum})\n`,
)
