/**
 * What it costs to make Nexmark events as columns: all columns of all events, through the writer that the engine uses.
 * Prints nanoseconds per event, best and median of passes.
 */
import { Arena } from '../../core/arena/arena.ts'
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
const drop = (batch: { rowCount: number; release(): void }): void => {
  rows += batch.rowCount
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

const passes = Array.from({ length: 7 }, pass).sort((a, b) => a - b)
const started = performance.now()
let sum = 0
for (let n = 0; n < events; n++) sum += bid(n, rate).price
const objects = ((performance.now() - started) * 1e6) / events
process.stdout.write(
  `columns, all of every event: best ${passes[0].toFixed(0)} ns, median ${passes[3].toFixed(0)} ns; one bid object: ${objects.toFixed(0)} ns (${rows} rows, ${sum})\n`,
)
