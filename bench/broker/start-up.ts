/** Start of a broker: empty, with what it takes when idle; and with many partitions and much data, after a clean end and a kill. */

import { residentMb, usageOf } from '../lib/processes.ts'
import { type Broker, type System, startBroker } from './brokers.ts'
import { createTopic, produce } from './clients.ts'
import type { Table } from './table.ts'

const settleMs = 3000
const watchedMs = 5000
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function startRows(table: Table, system: System): Promise<void> {
  const broker = await startBroker(system)
  await pause(settleMs)
  const before = usageOf([broker.pid]).cpuSeconds
  await pause(watchedMs)
  const idleCpuPercent = ((usageOf([broker.pid]).cpuSeconds - before) / watchedMs) * 100_000
  table.add('start to the first answer, empty', system, { ...ready(broker), idleCpuPercent })
  await broker.stop()
}

function ready(broker: Broker): { readyMs: number; readyCpuSeconds: number; rssMb: number } {
  const { readyMs, readyCpuSeconds, pid } = broker
  return { readyMs, readyCpuSeconds, rssMb: residentMb(pid) }
}

/** A topic of 1,000 partitions filled with `gb` of payload; then two restarts. */
export async function fullRows(table: Table, system: System, gb: number): Promise<void> {
  let broker = await startBroker(system)
  await createTopic(broker, 'full', 1000, system === 'ours' ? { 'millrace.durability': 'os' } : {})
  const properties = ['acks=all', 'batch.size=131072', 'linger.ms=20', 'buffer.memory=134217728']
  // A few large records cost the client little, and the broker what the bytes cost.
  const recordBytes = 50_000
  const records = Math.round(1e9 / recordBytes)
  for (let filled = 0; filled < gb; filled++) await produce(broker, 'full', { records, recordBytes, properties })
  table.add(`1,000 partitions, ${gb} GB: resident`, system, { rssMb: residentMb(broker.pid) })
  const ends: readonly [string, NodeJS.Signals][] = [
    ['a clean end', 'SIGTERM'],
    ['kill -9', 'SIGKILL'],
  ]
  for (const [name, signal] of ends) {
    const { directory, address } = broker
    await broker.stop(true, signal)
    const port = Number(address.slice(address.lastIndexOf(':') + 1))
    broker = await startBroker(system, { left: { directory, port } })
    table.add(`1,000 partitions, ${gb} GB: start after ${name}`, system, ready(broker))
  }
  await broker.stop()
}
