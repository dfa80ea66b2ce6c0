/**
 * What a restore of much state takes: `node bench/micro/state-restore.ts [MB] [flat|strings|objects|texts|maps] [hashmap|rocksdb]`. Writes a
 * base and two deltas of a tenth each, then restores them, and reads what is not flat once. MB are those of the entries in memory.
 * Trust ratios, not milliseconds.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashValue } from '../../core/columns/hash.ts'
import { systemClock } from '../../core/platform/clock.ts'
import type { RunHandle } from '../../proto/checkpoint/manifest.ts'
import type {
  AccumulatorStore,
  KeyedStateBackend,
  MapStore,
  StateBackendOptions,
  ValueStore,
} from '../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../taskmanager/state/backend.ts'
import { restoredRuns } from '../../test/support/restored.ts'

const megabytes = Number(process.argv[2] ?? 256)
const kind = process.argv[3] ?? 'flat'
const where = process.argv[4] ?? 'hashmap'
const rowsPerBatch = 2048
const bytesPerKey = { flat: 80, strings: 80, objects: 500, texts: 1024, maps: 1024 }[kind] ?? 80
const keyCount = Math.floor((megabytes * 2 ** 20) / bytesPerKey / rowsPerBatch) * rowsPerBatch

const root = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))

const options: StateBackendOptions = {
  key: { type: kind === 'strings' ? 'string' : 'number', fields: ['key'], single: true },
  range: { from: 0, to: 65536 },
  states: [],
  target: { root, jobId: 'bench', epoch: 1, node: 0, subtask: 0 },
  restored: undefined,
  clock: systemClock,
}
const aggregates = [
  { as: 'n', fn: 'count' },
  { as: 'total', fn: 'sum', field: 'v' },
  { as: 'high', fn: 'max', field: 'v' },
] as const
const megabytesNow = (): string => (process.memoryUsage.rss() / 2 ** 20).toFixed(0)

function declared(backend: KeyedStateBackend): { flat?: AccumulatorStore; objects?: ValueStore; maps?: MapStore } {
  if (kind === 'objects' || kind === 'texts') return { objects: backend.value('objects') }
  if (kind === 'maps') return { maps: backend.map('maps') }
  return { flat: backend.accumulators('flat', aggregates) }
}

/** What hardly compresses. */
const letters = Buffer.alloc(64 << 10)
for (let i = 0; i < letters.length; i++) letters[i] = 32 + ((hashValue(i) >>> 8) % 95)
const same = 'x'.repeat(240)

function textOf(n: number): string {
  if (kind !== 'texts') return same
  const at = (hashValue(n) >>> 0) % (letters.length - 980)
  return letters.latin1Slice(at, at + 980)
}

async function written(): Promise<readonly RunHandle[]> {
  const backend = createKeyedStateBackend(options)
  const { flat, objects, maps } = declared(backend)
  await backend.open()
  const rows = Array.from({ length: rowsPerBatch }, (_, v) => ({ v }))
  const hashes = new Int32Array(rowsPerBatch)
  let chain: readonly RunHandle[] = []
  for (let checkpoint = 1; checkpoint <= 3; checkpoint++) {
    const step = checkpoint === 1 ? 1 : 10
    for (let from = 0; from + rowsPerBatch * step <= keyCount; from += rowsPerBatch * step) {
      const keys = Array.from({ length: rowsPerBatch }, (_, i) => {
        const n = from + i * step
        return kind === 'strings' ? `user-${n}` : n
      })
      keys.forEach((key, i) => {
        hashes[i] = hashValue(key)
      })
      const ids = backend.resolveRows({ keys, hashes }, rowsPerBatch)
      flat?.updateRows(ids, rowsPerBatch, rows)
      for (let i = 0; i < rowsPerBatch; i++) {
        const n = from + i * step
        objects?.set(ids[i], { n: i, text: `${textOf(n)}${keys[i]}`, at: i + 0.5 })
        if (checkpoint === 1) for (let field = 0; field < 10; field++) maps?.set(ids[i], `field ${field}`, `text ${n}`)
        else maps?.set(ids[i], `field ${n % 10}`, { checkpoint })
      }
    }
    chain = await backend.snapshot(checkpoint).result
    backend.notifyCheckpointComplete(checkpoint)
  }
  backend.close()
  return chain
}

const chain = await written()
const bytes = chain.reduce((sum, run) => sum + run.bytes, 0)
console.log(
  `${keyCount} keys, ${chain.length} runs of ${(bytes / 2 ** 20).toFixed(0)} MB, ${megabytesNow()} MB resident`,
)
const again = createKeyedStateBackend({
  ...options,
  restored: restoredRuns(root, chain),
  ...(where === 'rocksdb' && { rocksdb: { directory: join(root, 'rocksdb'), memoryBytes: 128 << 20 } }),
})
const { objects, maps } = declared(again)
const cpu = process.cpuUsage()
const thread = process.threadCpuUsage()
const started = performance.now()
await again.open()
const ms = performance.now() - started
const used = process.cpuUsage(cpu)
const own = process.threadCpuUsage(thread)
console.log(
  `restored in ${ms.toFixed(0)} ms (${((own.user + own.system) / 1000).toFixed(0)} ms of CPU of this thread, ${((used.user + used.system) / 1000).toFixed(0)} of all), ${((ms * 1e6) / keyCount).toFixed(0)} ns per key, ${megabytesNow()} MB resident`,
)
const read = performance.now()
for (const id of again.ids()) {
  objects?.get(id)
  maps?.size(id)
}
console.log(`read all in ${(performance.now() - read).toFixed(0)} ms, ${megabytesNow()} MB resident`)
again.close()
