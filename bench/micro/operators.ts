/**
 * What a row costs in an operator, without exchange: ns of the thread's CPU per row, which a busy machine
 * changes least, over different batches so that neither caches nor predictors learn them by heart. `node bench/micro/operators.ts [name [passes]]`.
 */
import { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { count, field, sum, t, window } from '../../sdk/index.ts'
import type { Stream } from '../../sdk/stream.ts'
import type { Output } from '../../taskmanager/operators/operator.ts'
import { OperatorHarness } from '../../test/support/operator-harness.ts'

const Bid = t.object({ auction: t.float64(), price: t.float64(), channel: t.string(), at: t.timestamp() })
interface Bid {
  auction: number
  price: number
  channel: string
  at: number
}
const only = process.argv[2]
const rows = 4096
const batches = 64
const passes = Number(process.argv[3] ?? 20)
const warmUp = 3

// The same rows in every run.
let seed = 42
function int(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0
  return Math.floor(((seed >>> 0) / 2 ** 32) * below)
}

const sink: Output & { rowsOut: number } = {
  rowsOut: 0,
  batch(batch, selection) {
    this.rowsOut += selection?.count ?? batch.rowCount
  },
  rows({ count: n }) {
    this.rowsOut += n
  },
  watermark: () => undefined,
  idle: () => undefined,
}

async function measure(
  name: string,
  keys: number,
  build: (stream: Stream<Bid>) => Stream<unknown>,
  how: 'columns' | 'rows' = 'columns',
): Promise<void> {
  if (only !== undefined && !name.includes(only)) return
  const arena = Arena.create({ bytes: 96 * 1024 * 1024 })
  const harness = OperatorHarness.of<Bid>(build, { type: Bid, output: sink, arena, checkpoints: false })
  await harness.start()
  const { operator } = harness.subtasks[0]
  const made: RecordBatch[] = []
  const plain: Bid[][] = []
  for (let b = 0; b < batches; b++) {
    const bids = Array.from({ length: rows }, (_, i) => ({
      auction: int(keys),
      price: int(10_000) / 2,
      channel: `channel-${int(100)}`,
      at: b * 1000 + Math.floor((i * 1000) / rows),
    }))
    plain.push(bids)
    const keyed = harness.node.inputs[0].exchange.kind === 'hash'
    const part = {
      records: bids,
      timestamps: bids.map((x) => x.at),
      keys: keyed ? bids.map((x) => x.auction) : undefined,
    }
    harness.encode(part, (batch) => void made.push(batch.retain()))
  }
  let handled = 0
  let started = process.threadCpuUsage()
  for (let pass = 0; pass < warmUp + passes; pass++) {
    if (pass === warmUp) {
      handled = 0
      started = process.threadCpuUsage()
    }
    if (how === 'rows')
      for (const bids of plain) {
        operator.processRows({ rows: bids, count: bids.length, timestamps: undefined }, 0)
        handled += bids.length
      }
    else
      for (const batch of made) {
        // Time goes on from pass to pass.
        const shifted = batch.with({ timestamps: shiftedTimes(arena, batch, pass) })
        operator.processBatch(shifted, undefined, 0)
        operator.processWatermark(arena.f64[shifted.timestamps >>> 3] - 1)
        handled += batch.rowCount
      }
  }
  const { user, system } = process.threadCpuUsage(started)
  const nanoseconds = ((user + system) * 1000) / handled
  process.stdout.write(`${name.padEnd(44)} ${nanoseconds.toFixed(1).padStart(6)}\n`)
  for (const batch of made) batch.release()
  await harness.close()
}

/** Event times of this pass, in place. */
function shiftedTimes(arena: Arena, batch: RecordBatch, pass: number): number {
  const from = batch.timestamps >>> 3
  if (pass > 0) for (let i = from; i < from + batch.rowCount; i++) arena.f64[i] += batches * 1000
  return batch.timestamps
}

await measure('map to an object, columns in', 1000, (s) => s.map((x) => ({ auction: x.auction, euros: x.price * 0.9 })))
await measure(
  'map to an object, rows in',
  1000,
  (s) => s.map((x) => ({ auction: x.auction, euros: x.price * 0.9 })),
  'rows',
)
await measure('map of the whole record', 1000, (s) => s.map((x) => ({ ...x, price: x.price * 0.9 })))
await measure('select', 1000, (s) => s.select({ auction: 'auction', euros: field('price').times(0.9) }))
await measure('project', 1000, (s) => s.project('auction', 'price'))
await measure('filter by a function', 1000, (s) => s.filter((x) => x.price > 2500))
await measure('where numbers', 1000, (s) => s.filter(field('price').gt(2500).and(field('auction').mod(2).eq(0))))
await measure('where a string', 1000, (s) => s.filter(field('channel').eq('channel-7')))
await measure('flatMap to two', 1000, (s) => s.flatMap((x) => [x.auction, x.price]))
await measure('running count, 1 K keys', 1000, (s) => s.keyBy('auction').count({ uid: 'c' }))
await measure('running count, 1 M keys', 1_000_000, (s) => s.keyBy('auction').count({ uid: 'c' }))
await measure('running count and sum, 1 K keys', 1000, (s) =>
  s.keyBy('auction').aggregate({ n: count(), total: sum('price') }, { uid: 'c' }),
)
await measure('running count by a function, 1 K keys', 1000, (s) => s.keyBy((x) => x.auction).count({ uid: 'c' }))
await measure('reduce, 1 K keys', 1000, (s) =>
  s.keyBy('auction').reduce((a, b) => (a.price > b.price ? a : b), { uid: 'r' }),
)
await measure('process with a value, 1 K keys', 1000, (s) =>
  s.keyBy('auction').process({
    uid: 'p',
    state: { n: t.float64().state() },
    onElement(_, { state }, emit: (x: number) => void) {
      const n = (state.n.get() ?? 0) + 1
      state.n.set(n)
      emit(n)
    },
  }),
)
await measure('tumbling window count, 10 s, 1 K keys', 1000, (s) =>
  s.keyBy('auction').window(window.tumbling('10s')).count({ uid: 'w' }),
)
await measure('sliding window count, 10 s by 2 s, 1 K keys', 1000, (s) =>
  s.keyBy('auction').window(window.sliding('10s', '2s')).count({ uid: 'w' }),
)
await measure('sliding window count, 10 s by 2 s, 100 K keys', 100_000, (s) =>
  s.keyBy('auction').window(window.sliding('10s', '2s')).count({ uid: 'w' }),
)
