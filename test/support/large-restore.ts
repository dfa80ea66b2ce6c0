/**
 * A process that restores a run much larger than the memory it may use, changes some of it and snapshots all again, from
 * and to storage that cannot block, like one behind a network. Prints what it took as JSON.
 * Arguments: directory, bytes of state, memory of RocksDB.
 */
import { join } from 'node:path'
import { hashValue } from '../../core/columns/hash.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { openStorage, registerStorage } from '../../core/storage/open-storage.ts'
import type { RestoredOperator } from '../../proto/checkpoint/restore-plan.ts'
import { compactChain, RunReader } from '../../proto/checkpoint/runs/run.ts'
import type { StateBackendOptions } from '../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../taskmanager/state/backend.ts'
import { restoredRuns } from './restored.ts'

const directory = process.argv[2]
const stateBytes = Number(process.argv[3])
const memoryBytes = Number(process.argv[4])
const valueBytes = 1024
const count = Math.floor(stateBytes / valueBytes)
const batch = 256

registerStorage('slow', (location) => {
  const storage = openStorage(location.slice('slow:'.length))
  return new Proxy(storage, {
    get: (target, name) => {
      if (name === 'sync') return undefined
      if (name === 'url') return location
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
})

const root = `slow:${join(directory, 'checkpoints')}`
const options = (name: string, restored: RestoredOperator | undefined): StateBackendOptions => ({
  key: { type: 'number', fields: ['key'], single: true },
  range: { from: 0, to: 65_536 },
  states: [],
  target: { root, jobId: 'large', epoch: 1, node: 1, subtask: 0, runBytesMax: 8 << 20 },
  restored,
  clock: systemClock,
  rocksdb: { directory: join(directory, name), memoryBytes },
})

let peakBytes = 0
const look = (): void => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
}
/** Most memory since the last one, by what was done. */
const peaks: Record<string, number> = {}
const did = (what: string): void => {
  look()
  peaks[what] = peakBytes
  peakBytes = 0
}
setInterval(look, 20).unref()

let seed = 1
const value = (): string => {
  const bytes = Buffer.allocUnsafe((valueBytes * 3) / 4)
  for (let at = 0; at < bytes.length; at += 4) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0
    bytes.writeInt32LE(seed ^ (seed >>> 15), at)
  }
  return bytes.toString('base64')
}

async function open(name: string, restored: RestoredOperator | undefined) {
  const backend = createKeyedStateBackend(options(name, restored))
  const state = backend.value('v')
  await backend.open()
  const keys = (from: number): readonly number[] => Array.from({ length: batch }, (_, i) => from + i)
  const idsOf = (of: readonly number[]): Int32Array =>
    backend.resolveRows({ keys: of, hashes: Int32Array.from(of, (key) => hashValue(key)) }, of.length)
  return { backend, state, keys, idsOf }
}

const first = await open('first', undefined)
did('start')
const startBytes = process.memoryUsage.rss()
for (let from = 0; from < count; from += batch) {
  const ids = first.idsOf(first.keys(from))
  for (let i = 0; i < batch; i++) first.state.set(ids[i], value())
  if (from % (64 * batch) === 0) await new Promise((resolve) => setImmediate(resolve))
}
did('write')
const chain = await first.backend.snapshot(1).result
first.backend.notifyCheckpointComplete(1)
first.backend.close()
did('snapshot')
const stored = chain.reduce((sum, run) => sum + run.bytes, 0)

const restored: RestoredOperator = restoredRuns(root, chain)
const second = await open('second', restored)
did('restore')
let found = 0
for (let from = 0; from < count; from += batch * 64) {
  const ids = second.idsOf(second.keys(from))
  for (let i = 0; i < batch; i++) if (second.state.get(ids[i]) !== undefined) found++
}
second.backend.close()
did('read')

const [base] = await compactChain(openStorage(root), chain, { from: 0, to: 65_536, path: 'large/runs/compact.run' })
const entries = (await RunReader.open(openStorage(root), base)).footer.entries
did('compact')
const grownBytes = Math.max(...Object.values(peaks)) - startBytes
console.log(JSON.stringify({ stored, runs: chain.length, count, found, entries, startBytes, grownBytes, peaks }))
