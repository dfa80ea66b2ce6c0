/**
 * What keyed state costs per row: running count against a JavaScript Map, a sliding count as in Nexmark query 5, sessions as
 * in query 11, and the pause of a snapshot. `node bench/micro/state.ts`, under 20 seconds. Trust ratios, not nanoseconds.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import { hashValue } from '../../core/columns/hash.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { ResultColumn } from '../../taskmanager/state/aggregates/result-column.ts'
import type { StateBackendOptions } from '../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../taskmanager/state/backend.ts'
import { createSessionStore } from '../../taskmanager/state/sessions/session-store.ts'
import { createWindowStore } from '../../taskmanager/state/windows/window-store.ts'

const rowsPerBatch = 2048
const arena = Arena.create({ bytes: 1024 * 1024 * 1024 })
const root = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))

let seed = 1
const random = (n: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0
  return Math.floor(((seed >>> 0) / 4294967296) * n)
}

const options = (type: 'number' | 'string', tracked: boolean): StateBackendOptions => ({
  key: { type, fields: ['key'], single: true },
  range: { from: 0, to: 65536 },
  states: [],
  target: tracked
    ? { root, jobId: 'bench', epoch: Math.round(performance.now() * 1000), node: 0, subtask: 0 }
    : undefined,
  restored: undefined,
  clock: systemClock,
})

function batches(
  count: number,
  type: 'number' | 'string',
  keyAt: (row: number) => number | string,
  timeAt: (row: number) => number,
): RecordBatch[] {
  const schema: Schema = {
    record: 'object',
    fields: [
      { name: 'key', type: { kind: type === 'number' ? 'float64' : 'string' } },
      { name: 'v', type: { kind: 'float64' } },
    ],
  }
  return Array.from({ length: count }, (_, b) => {
    const rows = Array.from({ length: rowsPerBatch }, (__, i) => ({ key: keyAt(b * rowsPerBatch + i), v: i }))
    const times = Float64Array.from(rows, (__, i) => timeAt(b * rowsPerBatch + i))
    const hashes = Int32Array.from(rows, ({ key }) => hashValue(key))
    const encoded = encodeRows(arena, 0, schema, rows, 0, rowsPerBatch, times, hashes)
    if (encoded === undefined || encoded.consumed !== rowsPerBatch) throw new Error('the arena is too small')
    return encoded.batch
  })
}

const free = (list: readonly RecordBatch[]): void => {
  for (const batch of list) batch.release()
}

function perRow(name: string, rows: number, run: () => void, passes = 3): void {
  let best = Number.POSITIVE_INFINITY
  for (let pass = 0; pass < passes; pass++) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  console.log(`${name.padEnd(58)} ${((best * 1e6) / rows).toFixed(1)} ns a row`)
}

for (const keys of [1000, 1_000_000]) {
  const list = batches(
    500,
    'number',
    () => random(keys),
    (row) => row,
  )
  const rows = list.length * rowsPerBatch
  const map = new Map<number, number>()
  perRow(`count, ${keys} number keys, Map`, rows, () => {
    for (const batch of list) for (const key of batch.float64('key')) map.set(key, (map.get(key) ?? 0) + 1)
  })
  for (const tracked of [false, true]) {
    const backend = createKeyedStateBackend(options('number', tracked))
    const counts = backend.accumulators('count', [{ as: 'n', fn: 'count' }])
    await backend.open()
    perRow(`count, ${keys} number keys${tracked ? ', changes marked' : ''}`, rows, () => {
      for (const batch of list)
        counts.update(backend.resolve(batch, undefined, rowsPerBatch), rowsPerBatch, batch, undefined)
    })
    backend.close()
  }
  const backend = createKeyedStateBackend(options('number', true))
  const all = backend.accumulators('all', [
    { as: 'n', fn: 'count' },
    { as: 's', fn: 'sum', field: 'v' },
    { as: 'lo', fn: 'min', field: 'v' },
    { as: 'hi', fn: 'max', field: 'v' },
  ])
  await backend.open()
  const out = [0, 1, 2, 3].map(() => new ResultColumn(rowsPerBatch))
  perRow(`count, sum, min, max, ${keys} number keys, running output`, rows, () => {
    for (const batch of list) {
      const ids = backend.resolve(batch, undefined, rowsPerBatch)
      all.update(ids, rowsPerBatch, batch, undefined, out)
      backend.releaseUnused(ids, rowsPerBatch)
    }
  })
  const objects = createKeyedStateBackend(options('number', true))
  const value = objects.value('v', { kind: 'float64' })
  const object = objects.value('o')
  await objects.open()
  perRow(`value state get and set, ${keys} keys, flat`, rows, () => {
    for (const batch of list) {
      const ids = objects.resolve(batch, undefined, rowsPerBatch)
      for (let i = 0; i < rowsPerBatch; i++) value.set(ids[i], ((value.get(ids[i]) as number | undefined) ?? 0) + 1)
    }
  })
  perRow(`value state get and set, ${keys} keys, object`, rows, () => {
    for (const batch of list) {
      const ids = objects.resolve(batch, undefined, rowsPerBatch)
      for (let i = 0; i < rowsPerBatch; i++)
        object.set(ids[i], { n: ((object.get(ids[i]) as { n: number } | undefined)?.n ?? 0) + 1 })
    }
  })
  objects.close()
  if (keys > 1000) {
    // Steady writes while the snapshot is taken: the freeze, the slowest batch after it, and how long it takes.
    const { syncMs, result } = backend.snapshot(1)
    let slowest = 0
    let done = false
    const started = performance.now()
    const finished = result.then(() => {
      done = true
    })
    for (let b = 0; !done; b = (b + 1) % list.length) {
      const start = performance.now()
      all.update(backend.resolve(list[b], undefined, rowsPerBatch), rowsPerBatch, list[b], undefined)
      slowest = Math.max(slowest, performance.now() - start)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await finished
    console.log(
      `snapshot of ${backend.size} entries: freeze ${syncMs.toFixed(2)} ms, slowest batch meanwhile ${slowest.toFixed(2)} ms, ${(performance.now() - started).toFixed(0)} ms in all`,
    )
  }
  backend.close()
  free(list)
}

{
  const list = batches(
    300,
    'string',
    () => `channel-${random(10_000)}`,
    (row) => row,
  )
  const rows = list.length * rowsPerBatch
  const backend = createKeyedStateBackend(options('string', true))
  const counts = backend.accumulators('count', [{ as: 'n', fn: 'count' }])
  await backend.open()
  perRow('count, 10000 string keys', rows, () => {
    for (const batch of list)
      counts.update(backend.resolve(batch, undefined, rowsPerBatch), rowsPerBatch, batch, undefined)
  })
  backend.close()
  free(list)
}

{
  // As Nexmark bids: half on the hot auction, the others on one of the last hundred. 10,000 bids a second.
  const count = 500
  const last = (row: number): number => Math.floor((row * 3) / 46)
  const auction = (row: number): number =>
    random(2) > 0 ? Math.floor(last(row) / 100) * 100 : Math.max(0, last(row) - 100 + random(111))
  const list = batches(count, 'number', auction, (row) => Math.floor(row / 10))
  const rows = count * rowsPerBatch
  let emitted = 0
  const run = (): void => {
    const store = createWindowStore({
      ...options('number', true),
      name: 'w',
      aggregate: { kind: 'declared', aggregates: [{ as: 'n', fn: 'count' }] },
      paneMs: 2000,
      offsetMs: 0,
    })
    const late = new Int32Array(rowsPerBatch)
    let end = 2000
    list.forEach((batch, b) => {
      store.add(batch, undefined, rowsPerBatch, Number.NEGATIVE_INFINITY, late)
      const watermark = ((b + 1) * rowsPerBatch) / 10 - 1
      for (; end <= watermark; end += 2000) {
        store.fire(end - 10_000, end, (slice) => {
          emitted += slice.count
          return true
        })
        store.dropBefore(end - 8000)
      }
    })
    store.close()
  }
  perRow('sliding count, 10 s every 2 s, firing included', rows, run)
  console.log(`  (${(emitted / 3 / rows).toFixed(2)} results a row)`)
  const bidder = (row: number): number =>
    random(4) > 0 ? Math.floor(row / 50 / 100) * 100 + 1 : Math.max(0, Math.floor(row / 50) - random(1000))
  const bids = batches(200, 'number', bidder, (row) => Math.floor(row / 10))
  perRow('session count of 10 s', bids.length * rowsPerBatch, () => {
    const store = createSessionStore({
      ...options('number', true),
      name: 's',
      aggregate: { kind: 'declared', aggregates: [{ as: 'n', fn: 'count' }] },
      gapMs: 10_000,
    })
    const late = new Int32Array(rowsPerBatch)
    bids.forEach((batch, b) => {
      store.add(batch, undefined, rowsPerBatch, Number.NEGATIVE_INFINITY, late)
      store.fire(((b + 1) * rowsPerBatch) / 10 - 1, () => true)
    })
    store.close()
  })
}
