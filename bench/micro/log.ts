/**
 * What the broker's log costs: appends of small and of large batches with each durability, reads of the tail and of old data, a start
 * with many partitions. `node bench/micro/log.ts`, under 20 seconds. Trust ratios, not nanoseconds.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseLogConfig } from '../../broker/log/config.ts'
import { LogDirectory } from '../../broker/log/directory/log-directory.ts'
import type { PartitionLog } from '../../broker/log/partition-log.ts'
import { createLogger } from '../../core/log.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { buildBatch } from '../../proto/kafka/records/index.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-log-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))
const topicId = 'AAAAAAAAAAAAAAAAAAAAAg'

function open(name: string, tailBytes = 64 << 20): Promise<LogDirectory> {
  return LogDirectory.open(join(root, name), {
    clock: systemClock,
    disk: systemDisk,
    log: createLogger('bench', { level: 'error' }),
    process: { id: process.pid, isAlive: () => false },
    newClusterId: () => 'bench',
    options: { tailBytes },
  })
}

function batchOf(records: number, bytes: number): Buffer {
  const value = Buffer.alloc(bytes, 'x')
  return buildBatch({
    records: Array.from({ length: records }, () => ({ key: null, value, timestamp: Date.now() })),
  })
}

interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

async function measured(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const used = process.cpuUsage(cpu)
  return { ms: performance.now() - start, cpuMs: (used.user + used.system) / 1000 }
}

function show(name: string, count: number, bytes: number, { ms, cpuMs }: Cost): void {
  const each = ((ms * 1e6) / count).toFixed(0).padStart(8)
  const rate = (bytes / 1e3 / ms).toFixed(0).padStart(6)
  const cpu = ((cpuMs / bytes) * 1e6).toFixed(2)
  process.stdout.write(`${name.padEnd(52)} ${each} ns/batch ${rate} MB/s  cpu ${cpu} s/GB\n`)
}

/** Appends `perTurn` batches in each turn of the event loop and waits for the last. */
async function produce(log: PartitionLog, template: Buffer, count: number, perTurn: number): Promise<void> {
  let last = 0
  for (let i = 0; i < count; i++) {
    // As a request brings it: a buffer of its own.
    const batch = Buffer.allocUnsafeSlow(template.length)
    template.copy(batch)
    const result = log.append(batch, { origin: 'client' })
    if (result.kind === 'refused') throw new Error(result.message)
    last = result.lastOffset
    if (i % perTurn === perTurn - 1) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise<void>((resolve, reject) =>
    log.onCommitted(last, (error) => (error === 0 ? resolve() : reject(new Error(`error ${error}`)))),
  )
}

async function consume(log: PartitionLog, from: number, maxBytes: number): Promise<number> {
  let bytes = 0
  for (let offset = from; ; ) {
    const read = await log.read(offset, maxBytes, { isolation: 'read-uncommitted', atLeastOne: true })
    if (read.kind !== 'data') throw new Error(read.kind)
    if (read.sizeBytes === 0) return bytes
    bytes += read.sizeBytes
    offset = read.nextOffset
  }
}

const directory = await open('appends')
let topics = 0
for (const durability of ['os', 'group'] as const) {
  for (const [name, records, size, count, perTurn] of [
    ['one record of 100 B', 1, 100, 100_000, 50],
    ['16 KB batches', 150, 100, 15_000, 10],
    ['128 KB batches', 1150, 100, 3000, 5],
  ] as const) {
    const log = directory.create(`t${topics++}`, topicId, 0, parseLogConfig({ 'millrace.durability': durability }))
    const template = batchOf(records, size)
    const cost = await measured(() => produce(log, template, count, perTurn))
    show(`append, ${name}, ${durability}`, count, count * template.length, cost)
  }
}
{
  const log = directory.create('one-by-one', topicId, 0, parseLogConfig({}))
  const template = batchOf(1, 100)
  const cost = await measured(() => produceOneByOne(log, template, 500))
  show('append and wait for the sync, one at a time', 500, 500 * template.length, cost)
}

async function produceOneByOne(log: PartitionLog, template: Buffer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await produce(log, template, 1, 1)
}

{
  const log = directory.create('hot', topicId, 0, parseLogConfig({ 'millrace.durability': 'os' }))
  const template = batchOf(10, 100)
  await produce(log, template, 30_000, 50)
  for (const maxBytes of [16_384, 1 << 20]) {
    let bytes = 0
    const cost = await measured(async () => {
      for (let i = 0; i < 10; i++) bytes += await consume(log, log.logStartOffset, maxBytes)
    })
    show(`read the tail, 1 KB batches, ${maxBytes} B at a time`, 300_000, bytes, cost)
  }
}
await directory.close()
{
  const cold = await open('appends', 1)
  for (const [topic, name] of [
    ['t2', '128 KB batches'],
    ['hot', '1 KB batches'],
  ] as const) {
    const log = cold.create(topic, topicId, 0, parseLogConfig({}))
    let bytes = 0
    const cost = await measured(async () => {
      bytes = await consume(log, 0, 1 << 20)
    })
    show(`read from the page cache, ${name}, 1 MB at a time`, bytes / batchOf(10, 100).length, bytes, cost)
  }
  await cold.close()
}
{
  const many = await open('many')
  const template = batchOf(10, 100)
  for (let i = 0; i < 1000; i++) {
    many.create('many', topicId, i, parseLogConfig({ 'millrace.durability': 'os' })).append(Buffer.from(template), {
      origin: 'client',
    })
  }
  const closing = await measured(() => many.close())
  const opening = await measured(() => open('many'))
  process.stdout.write(
    `1000 partitions: close ${closing.ms.toFixed(0)} ms, start ${opening.ms.toFixed(0)} ms, resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB\n`,
  )
}
process.exit(0)
