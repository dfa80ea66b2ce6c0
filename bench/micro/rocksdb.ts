/**
 * RocksDB and the state backend on it. `node bench/micro/rocksdb.ts [memory MB] [keys] [updates]`, about 20 s and 300 MB of
 * disk by default. First the library alone (batched writes and multi-gets, scans), then a keyed count whose state is many
 * times the memory: rate, CPU of all threads, resident memory and disk as it grows. Trust ratios, not rates.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashValue } from '../../core/columns/hash.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { createRocksDbBackend } from '../../taskmanager/state/rocksdb/backend.ts'
import { openKeyValues } from '../../taskmanager/state/rocksdb/binding.ts'

const memoryBytes = Number(process.argv[2] ?? 8) * 1024 * 1024
const keyCount = Number(process.argv[3] ?? 1_000_000)
const updates = Number(process.argv[4] ?? 2_000_000)
const batch = 1024

const root = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))

let startMs = performance.now()
let cpu = process.cpuUsage()
function lap(name: string, operations: number): void {
  const used = process.cpuUsage(cpu)
  const perSecond = operations / (performance.now() - startMs)
  const nanoseconds = ((used.user + used.system) * 1000) / operations
  const resident = process.memoryUsage.rss() / 1e6
  console.log(
    `${name.padEnd(30)} ${perSecond.toFixed(0).padStart(6)} K/s ${nanoseconds.toFixed(0).padStart(7)} ns CPU ${resident.toFixed(0).padStart(5)} MB resident`,
  )
  startMs = performance.now()
  cpu = process.cpuUsage()
}

const random = (below: number): number => Math.floor(Math.random() * below)
const keyAt = (n: number): Buffer => {
  const key = Buffer.alloc(20, 1)
  key.writeUInt32BE(Math.imul(n, 0x9e3779b1) >>> 0, 1)
  key.writeUInt32BE(n, 8)
  return key
}

async function library(): Promise<void> {
  const store = await openKeyValues(join(root, 'library'), memoryBytes)
  const entries = Math.min(keyCount, 300_000)
  const value = Buffer.alloc(16, 7)
  startMs = performance.now()
  for (let i = 0; i < entries; i += batch) {
    for (let j = 0; j < batch; j++) store.put(keyAt(i + j), value)
    store.flush()
  }
  lap('library: batched writes', entries)
  const gets = 100 * batch
  for (let i = 0; i < gets; i += batch) store.getMany(Array.from({ length: batch }, () => keyAt(random(entries))))
  lap('library: multi-get', gets)
  for (let i = 0; i < gets; i += batch)
    store.getMany(Array.from({ length: batch }, () => keyAt(entries * 2 + random(entries))))
  lap('library: multi-get, absent', gets)
  const scan = store.scan(Buffer.of(0), Buffer.of(255))
  let scanned = 0
  for (let found = scan.next(batch); found.length > 0; found = scan.next(batch)) scanned += found.length / 2
  scan.close()
  lap('library: scan', scanned)
  const scans = 5000
  for (let i = 0; i < scans; i++) {
    const from = keyAt(random(entries))
    const short = store.scan(from, Buffer.concat([from, Buffer.of(255)]))
    short.next(64)
    short.close()
  }
  lap('library: scan of one prefix', scans)
  await store.close()
}

const diskBytes = (directory: string): number =>
  readdirSync(directory).reduce(
    (sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )

async function keyedCount(): Promise<void> {
  const directory = join(root, 'backend')
  const backend = createRocksDbBackend(
    {
      key: { type: 'number', fields: ['key'], single: true },
      range: { from: 0, to: 65_536 },
      states: [],
      target: undefined,
      restored: undefined,
      clock: systemClock,
    },
    { directory, memoryBytes },
  )
  const count = backend.accumulators('count', [{ as: 'n', fn: 'count' }])
  await backend.open()
  const rows = new Array(batch).fill({})
  const hashes = new Int32Array(batch)
  startMs = performance.now()
  cpu = process.cpuUsage()
  const share = Math.ceil(updates / 8 / batch) * batch
  for (let i = 0; i < updates; i += batch) {
    const keys = Array.from({ length: batch }, (_, j) => (i < keyCount ? i + j : random(keyCount)))
    for (let j = 0; j < batch; j++) hashes[j] = hashValue(keys[j])
    const ids = backend.resolveRows({ keys, hashes }, batch)
    count.updateRows(ids, batch, rows)
    if ((i + batch) % share !== 0) continue
    const disk = (diskBytes(directory) / 1e6).toFixed(0)
    lap(`count: ${((i + batch) / 1e6).toFixed(2)} M, ${disk} MB of disk`, share)
  }
  backend.close()
}

await library()
await keyedCount()
