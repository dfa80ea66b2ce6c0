/**
 * The pause of a checkpoint with much state: the freeze at the barrier, and what the batches after it take while the run is
 * written. `node bench/micro/state-snapshot.ts [MB] [flat|objects]`, under a minute and 3 GB of memory for 1024 MB. Trust
 * ratios, not milliseconds.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashValue } from '../../core/columns/hash.ts'
import { systemClock } from '../../core/platform/clock.ts'
import type { RunHandle } from '../../proto/checkpoint/manifest.ts'
import type { StateBackendOptions } from '../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../taskmanager/state/backend.ts'
import { restoredRuns } from '../../test/support/restored.ts'

const megabytes = Number(process.argv[2] ?? 1024)
const kind = process.argv[3] ?? 'flat'
const rowsPerBatch = 2048
/** Of a key, roughly: its entry and its slot, or its objects. */
const bytesPerKey = kind === 'flat' ? 80 : 500
const keyCount = Math.floor((megabytes * 2 ** 20) / bytesPerKey / rowsPerBatch) * rowsPerBatch
const checkpoints = Number(process.argv[4] ?? 4)

const root = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))

const options: StateBackendOptions = {
  key: { type: 'number', fields: ['key'], single: true },
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
const backend = createKeyedStateBackend(options)
const flat = backend.accumulators('flat', aggregates)
const objects = backend.value('objects')
await backend.open()

const keys = new Array<number>(rowsPerBatch)
const hashes = new Int32Array(rowsPerBatch)
const rows = Array.from({ length: rowsPerBatch }, (_, v) => ({ v }))
const text = 'x'.repeat(240)

/** One batch of rows; how long it took, in ms. */
function batch(keyAt: (i: number) => number): number {
  for (let i = 0; i < rowsPerBatch; i++) {
    keys[i] = keyAt(i)
    hashes[i] = hashValue(keys[i])
  }
  const start = performance.now()
  const ids = backend.resolveRows({ keys, hashes }, rowsPerBatch)
  if (kind === 'flat') flat.updateRows(ids, rowsPerBatch, rows)
  else {
    for (let i = 0; i < rowsPerBatch; i++) {
      const old = objects.get(ids[i]) as { n: number } | undefined
      objects.set(ids[i], { n: (old?.n ?? 0) + 1, text: `${text}${keys[i]}`, at: i + 0.5 })
    }
  }
  return performance.now() - start
}

let seed = 1
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0
  return Math.floor(((seed >>> 0) / 4294967296) * keyCount)
}
const percentile = (values: number[], share: number): string => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(2)
}
const line = (name: string, values: number[]): void =>
  console.log(
    `${name.padEnd(44)} p50 ${percentile(values, 0.5)}, p99 ${percentile(values, 0.99)}, max ${percentile(values, 1)} ms`,
  )
const megabytesNow = (): string => (process.memoryUsage.rss() / 2 ** 20).toFixed(0)

for (let from = 0; from < keyCount; from += rowsPerBatch) batch((i) => from + i)
console.log(
  `${keyCount} keys, ${(backend.usedBytes / 2 ** 20).toFixed(0)} MB of flat memory, ${megabytesNow()} MB resident`,
)

const quiet = Array.from({ length: 300 }, () => batch(random))
line('a batch of 2048 random keys', quiet)
const freezes: number[] = []
for (let checkpoint = 1; checkpoint <= checkpoints; checkpoint++) {
  const { syncMs, result } = backend.snapshot(checkpoint)
  freezes.push(syncMs)
  const during: number[] = []
  const turns: number[] = []
  let done = false
  const started = performance.now()
  const finished = result.then((chain) => {
    done = true
    return chain
  })
  for (let last = performance.now(); !done; ) {
    during.push(batch(random))
    await new Promise((resolve) => setImmediate(resolve))
    const now = performance.now()
    turns.push(now - last)
    last = now
  }
  const chain = await finished
  backend.notifyCheckpointComplete(checkpoint)
  const bytes = chain.reduce((sum, run) => sum + run.bytes, 0)
  console.log(
    `checkpoint ${checkpoint}: freeze ${syncMs.toFixed(2)} ms, written after ${(performance.now() - started).toFixed(0)} ms, chain ${(bytes / 2 ** 20).toFixed(0)} MB, ${megabytesNow()} MB resident`,
  )
  line('  a batch meanwhile', during)
  line('  a turn of the loop meanwhile, slice included', turns)
}
if (freezes.length > 0) line('freeze', freezes)

/** A checkpoint while nothing else runs: what it adds, how long it takes, and what an entry costs in CPU: this thread, and all. */
let next = checkpoints
let complete: readonly RunHandle[] = []
const alone = async (what: string): Promise<void> => {
  next++
  const started = performance.now()
  const [thread, all] = [process.threadCpuUsage(), process.cpuUsage()]
  const { syncMs, result } = backend.snapshot(next)
  const chain = await result
  const nanoseconds = [process.threadCpuUsage(thread), process.cpuUsage(all)].map(
    (cpu) => (cpu.user + cpu.system) * 1000,
  )
  complete = chain
  backend.notifyCheckpointComplete(next)
  const runs = chain.filter((run) => run.path.includes(`-${next}-`))
  const added = runs.reduce((sum, run) => sum + run.bytes, 0)
  const entries = runs.reduce((sum, run) => sum + run.entries, 0)
  const perEntry = nanoseconds.map((ns) => (ns / Math.max(1, entries)).toFixed(0)).join(' and ')
  console.log(
    `${what}: freeze ${syncMs.toFixed(2)} ms, ${(performance.now() - started).toFixed(0)} ms, ${(added / 2 ** 20).toFixed(2)} MB in ${chain.length} runs, ${entries} entries, ${perEntry} ns of CPU each`,
  )
}
await alone('what the last ones left')
await alone('nothing changed')
for (let from = 0; from < keyCount / 10; from += rowsPerBatch) batch((i) => from + i)
await alone('a tenth changed')
// The pause alone, often: snapshots that are given up at once, with batches in between.
const pauses: number[] = []
const pausesCpu: number[] = []
for (let i = 0; i < 200; i++) {
  for (let more = 0; more < 4; more++) batch(random)
  next++
  const thread = process.threadCpuUsage()
  const { syncMs, result } = backend.snapshot(next)
  const cpu = process.threadCpuUsage(thread)
  pauses.push(syncMs)
  pausesCpu.push((cpu.user + cpu.system) / 1000)
  backend.notifyCheckpointAborted(next)
  await result.catch(() => undefined)
}
line('freeze, 200 times', pauses)
line('  of these on the processor', pausesCpu)
backend.close()

const again = createKeyedStateBackend({
  ...options,
  restored: restoredRuns(root, complete),
})
again.accumulators('flat', aggregates)
again.value('objects')
const restoring = performance.now()
await again.open()
console.log(
  `restored ${again.size} keys in ${(performance.now() - restoring).toFixed(0)} ms, ${megabytesNow()} MB resident`,
)
again.close()
