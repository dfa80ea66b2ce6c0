/**
 * What a row costs on its way between two subtasks: hashed, split, gathered, carried, opened. Nexmark-like bids of seven
 * fields, whole and with the key only; ns of CPU of the process per row, both ends in one thread. `node bench/micro/exchange.ts [name]`.
 */
import process from 'node:process'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { createRouter } from '../../taskmanager/network/create-router.ts'
import { EdgeWriter } from '../../taskmanager/network/edge-writer.ts'
import { InputGate } from '../../taskmanager/task/input-gate.ts'
import { type Carrier, link, turn } from '../../test/unit/taskmanager/network/support.ts'

const bid: Schema = {
  record: 'object',
  fields: [
    { name: 'auction', type: { kind: 'float64' } },
    { name: 'bidder', type: { kind: 'float64' } },
    { name: 'price', type: { kind: 'float64' } },
    { name: 'channel', type: { kind: 'string' } },
    { name: 'url', type: { kind: 'string' } },
    { name: 'dateTime', type: { kind: 'timestamp' } },
    { name: 'extra', type: { kind: 'string' } },
  ],
}
const keyOnly: Schema = { record: 'object', fields: bid.fields.slice(0, 1) }
const only = process.argv[2]
const rowsPerBatch = 1024
const batches = 32
const passes = 60
const warmUp = 15

async function measure(
  carrier: Carrier,
  channels: number,
  what: 'bid' | 'key',
  how: 'columns' | 'rows',
): Promise<void> {
  const name = `${carrier} ${channels} ${what} ${how}`
  if (only !== undefined && !name.includes(only)) return
  const edge = what === 'bid' ? bid : keyOnly
  const between = await link(carrier, channels, edge, 256, 256 * 1024)
  const { arena } = between
  const writer = new EdgeWriter({
    arena,
    schema: edge,
    channels: between.outputs,
    router: createRouter(
      { kind: 'hash', arena, selector: { kind: 'fields', fields: ['auction'], single: true }, schema: edge },
      channels,
    ),
    bufferTimeoutMs: 5,
    monotonic: () => performance.now(),
  })
  let received = 0
  const receiver = {
    batch: (batch: RecordBatch, selection: { count: number } | undefined) => {
      received += selection?.count ?? batch.rowCount
    },
    rows: (rows: { count: number }) => {
      received += rows.count
    },
    watermark: () => undefined,
    idle: () => undefined,
    ended: () => undefined,
  }
  const gates = between.inputs.map(
    (channel) => new InputGate([{ channel, input: 0, name: '', computedKey: false }], () => performance.now()),
  )
  const plain = Array.from({ length: batches }, (_, b) =>
    Array.from({ length: rowsPerBatch }, (_, i) => row(b * rowsPerBatch + i)),
  )
  const times = new Float64Array(rowsPerBatch).fill(1)
  const made = plain.map(
    (rows) => encodeRows(arena, arena.owner, bid, rows, 0, rows.length, times)?.batch as RecordBatch,
  )
  let cpu = process.cpuUsage()
  let began = performance.now()
  for (let pass = 0; pass < passes + warmUp; pass++) {
    if (pass === warmUp) {
      cpu = process.cpuUsage()
      began = performance.now()
      received = 0
    }
    for (let b = 0; b < batches; b++) {
      while (!writer.available()) {
        for (const gate of gates) while (gate.step(receiver));
        if (carrier === 'tcp') await turn()
      }
      if (how === 'columns') writer.batch(made[b], undefined)
      else writer.rows({ rows: plain[b], count: rowsPerBatch, timestamps: times })
      for (const gate of gates) while (gate.step(receiver));
    }
    if (carrier === 'tcp') await turn()
  }
  writer.flush()
  const sent = passes * batches * rowsPerBatch
  while (received < sent) {
    writer.flush()
    for (const gate of gates) while (gate.step(receiver));
    await turn()
  }
  const used = process.cpuUsage(cpu)
  const wallMs = performance.now() - began
  const cpuNs = ((used.user + used.system) * 1000) / sent
  console.log(
    `${name.padEnd(24)} ${cpuNs.toFixed(0).padStart(6)} ns of CPU a row   ${(sent / wallMs / 1000).toFixed(1).padStart(6)} M rows/s`,
  )
  writer.close()
  for (const input of between.inputs) input.close()
  for (const batch of made) batch.release()
  await between.close()
}

function row(i: number): Record<string, unknown> {
  return {
    auction: 1000 + ((i * 7919) % 5000),
    bidder: 1000 + ((i * 104729) % 9000),
    price: (i * 31) % 100_000,
    channel: `channel-${i % 10_000}`,
    url: `https://www.nexmark.com/${i % 977}/${i % 353}/item.htm?query=1&channel_id=${i % 10_000}`,
    dateTime: 1_700_000_000_000 + i,
    extra: 'abcdefghij'.repeat(5).slice(0, 20 + (i % 30)),
  }
}

for (const carrier of ['local', 'ring', 'tcp'] as const) {
  for (const what of ['key', 'bid'] as const) {
    await measure(carrier, 2, what, 'columns')
    await measure(carrier, 2, what, 'rows')
  }
  await measure(carrier, 8, 'bid', 'columns')
}
