/**
 * Windows and sessions in RocksDB with much more state than memory. `node bench/micro/state-large.ts [windows|sessions]
 * [memory MB] [keys]`, about 20 s. Prints rows per second and what is resident: flat, whatever the number of keys.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashValue } from '../../core/columns/hash.ts'
import { systemClock } from '../../core/platform/clock.ts'
import type { StateBackendOptions, WindowAggregate, WindowSlice } from '../../taskmanager/state/api.ts'
import { createSessionStore } from '../../taskmanager/state/sessions/session-store.ts'
import { createWindowStore } from '../../taskmanager/state/windows/window-store.ts'

const kind = process.argv[2] ?? 'windows'
const memoryMegabytes = Number(process.argv[3] ?? 16)
const keyCount = Number(process.argv[4] ?? 1_000_000)
const rowsPerBatch = 2048
const root = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))

const options: StateBackendOptions = {
  key: { type: 'number', fields: ['key'], single: true },
  range: { from: 0, to: 65536 },
  states: [],
  target: { root: join(root, 'checkpoints'), jobId: 'bench', epoch: 1, node: 0, subtask: 0 },
  restored: undefined,
  clock: systemClock,
  rocksdb: { directory: join(root, 'rocksdb'), memoryBytes: memoryMegabytes << 20 },
}
const aggregate: WindowAggregate = {
  kind: 'declared',
  aggregates: [
    { as: 'n', fn: 'count' },
    { as: 'total', fn: 'sum', field: 'v' },
    { as: 'high', fn: 'max', field: 'v' },
  ],
}
const sizeMs = 1000
const windows =
  kind === 'windows' ? createWindowStore({ ...options, name: 's', aggregate, paneMs: sizeMs, offsetMs: 0 }) : undefined
const sessions =
  kind === 'windows' ? undefined : createSessionStore({ ...options, name: 's', aggregate, gapMs: sizeMs })
const store = windows ?? sessions
await store?.open()

const rows = Array.from({ length: rowsPerBatch }, (_, v) => ({ v }))
const late = new Int32Array(rowsPerBatch)
const timestamps = new Float64Array(rowsPerBatch)
let seed = 1
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0
  return Math.floor(((seed >>> 0) / 4294967296) * below)
}
const startBytes = process.memoryUsage.rss()
let added = 0
let emitted = 0
let peak = 0
const say = (what: string, since: number, count: number): void => {
  const rss = process.memoryUsage.rss()
  peak = Math.max(peak, rss)
  console.log(
    `${what.padEnd(28)} ${(count / (performance.now() - since)).toFixed(0).padStart(6)} K/s, ${((rss - startBytes) / 2 ** 20).toFixed(0)} MB more resident, ${((store?.usedBytes ?? 0) / 2 ** 20).toFixed(0)} MB known`,
  )
}
// Each key once in order, then as many at random: what has left the cache is met again.
for (const again of [false, true]) {
  const start = performance.now()
  for (let from = 0; from < keyCount; from += rowsPerBatch) {
    const keys = Array.from({ length: rowsPerBatch }, (_, i) => (again ? random(keyCount) : from + i))
    for (let i = 0; i < rowsPerBatch; i++) timestamps[i] = 500 + random(400)
    const source = { keys, hashes: Int32Array.from(keys, (key) => hashValue(key)), rows, timestamps }
    store?.addRows(source, rowsPerBatch, Number.NEGATIVE_INFINITY, late)
    added += rowsPerBatch
    if (from % (256 * rowsPerBatch) === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      peak = Math.max(peak, process.memoryUsage.rss())
    }
  }
  say(
    again ? 'keys again at random' : 'keys for the first time',
    start,
    Math.ceil(keyCount / rowsPerBatch) * rowsPerBatch,
  )
}
const checkpoint = performance.now()
await store?.snapshot(1).result
store?.notifyCheckpointComplete(1)
say('a checkpoint of all', checkpoint, keyCount)
const start = performance.now()
let sum = 0
const take = (slice: WindowSlice): boolean => {
  emitted += slice.count
  for (let i = 0; i < slice.count; i++) sum += slice.values[0].numbers[i]
  return true
}
if (windows !== undefined) {
  windows.fire(0, sizeMs, take)
  windows.dropBefore(sizeMs)
} else sessions?.fire(1e6, take)
say('fired', start, emitted)
console.log(
  `${emitted} results of ${added} rows, ${sum} counted; at most ${((peak - startBytes) / 2 ** 20).toFixed(0)} MB more`,
)
if (sum !== added) process.exitCode = 1
store?.close()
