/**
 * A keyed count in RocksDB with much more state than memory, in one thread, with checkpoints: each key once, then keys at random.
 * `node bench/micro/state-count.ts [memory MB] [keys] [records] [records per checkpoint]`, about 20 s. Prints the CPU of the
 * records behind the first ones by thread, where RocksDB works in threads of its own, and what is resident.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashValue } from '../../core/columns/hash.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { ResultColumn } from '../../taskmanager/state/aggregates/result-column.ts'
import { createKeyedStateBackend } from '../../taskmanager/state/backend.ts'

const [memoryMb = 8, keyCount = 400_000, records = 400_000, checkpointEvery = 200_000] = process.argv
  .slice(2)
  .map(Number)
const rowsPerBatch = 1024
const root = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))
const backend = createKeyedStateBackend({
  key: { type: 'number', fields: ['key'], single: true },
  range: { from: 0, to: 65536 },
  states: [],
  target: { root: join(root, 'checkpoints'), jobId: 'bench', epoch: 1, node: 0, subtask: 0 },
  restored: undefined,
  clock: systemClock,
  rocksdb: { directory: join(root, 'rocksdb'), memoryBytes: memoryMb << 20 },
})
const count = backend.accumulators('count', [{ as: 'n', fn: 'count' }])
await backend.open()

/** CPU ms by the name of the thread. */
function threads(): Map<string, number> {
  const result = new Map<string, number>()
  for (const id of readdirSync('/proc/self/task')) {
    const text = readFileSync(`/proc/self/task/${id}/stat`, 'latin1')
    const name = id === String(process.pid) ? 'main' : text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    result.set(name, (result.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) * 10)
  }
  return result
}
let seed = 1
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0
  return Math.floor(((seed >>> 0) / 4294967296) * below)
}
const rows = new Array(rowsPerBatch).fill({})
const out = [new ResultColumn(rowsPerBatch)]
let done = 0
let sum = 0
let checkpoints = 0
const resident: number[] = []
let pending: Promise<void> | undefined
async function run(from: number, to: number, keyOf: (i: number) => number): Promise<void> {
  for (let at = from; at < to; at += rowsPerBatch) {
    const keys = Array.from({ length: rowsPerBatch }, (_, i) => keyOf(at + i))
    const ids = backend.resolveRows({ keys, hashes: Int32Array.from(keys, (key) => hashValue(key)) }, rowsPerBatch)
    count.updateRows(ids, rowsPerBatch, rows, out)
    for (const value of out[0].numbers) sum += value
    done += rowsPerBatch
    if (Math.floor(done / checkpointEvery) > checkpoints && pending === undefined) {
      const id = ++checkpoints
      pending = backend.snapshot(id).result.then(() => {
        backend.notifyCheckpointComplete(id)
        pending = undefined
      })
    }
    await new Promise((resolve) => setImmediate(resolve))
    if ((at / rowsPerBatch) % 32 === 0) resident.push(process.memoryUsage.rss())
  }
}
await run(0, keyCount, (i) => i % keyCount)
const before = threads()
const start = performance.now()
const first = done
await run(0, records, () => random(keyCount))
await pending
const n = done - first
const wallMs = performance.now() - start
const by = [...threads()].map(([name, ms]) => [name, (1000 * (ms - (before.get(name) ?? 0))) / n] as const)
const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)
console.log(
  `${(by.reduce((total, [, each]) => total + each, 0)).toFixed(2)} us of CPU a record (${by
    .filter(([, each]) => each > 0.05)
    .map(([name, each]) => `${name} ${each.toFixed(2)}`)
    .join(', ')}); ${(n / wallMs).toFixed(1)} K records/s; resident ${[0.25, 0.5, 0.75, 0.99]
    .map((share) => megabytes(resident[Math.floor(resident.length * share)]))
    .join(', ')} MB, known ${megabytes(backend.usedBytes)} MB; sum ${sum}`,
)
backend.close()
