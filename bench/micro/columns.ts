/**
 * What a row costs in core/columns: Nexmark bids (4 numbers, 3 strings, about 200 bytes), ns per row as median and best
 * of passes. Each pass goes over 48 different batches of random rows (about 10 MB), because one batch repeated stays in
 * the cache and teaches the branch predictor its string lengths. `node bench/micro/columns.ts`.
 */
import { Arena } from '../../core/arena/arena.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import { gather } from '../../core/columns/gather.ts'
import { hashColumns, partition } from '../../core/columns/hash.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { BatchWriters } from '../../core/columns/writer.ts'

const arena = Arena.create({ bytes: 128 * 1024 * 1024, owner: 1 })
const text = { kind: 'string' } as const
const number = { kind: 'float64' } as const
const schema: Schema = {
  record: 'object',
  fields: [
    { name: 'auction', type: number },
    { name: 'bidder', type: number },
    { name: 'price', type: number },
    { name: 'channel', type: text },
    { name: 'url', type: text },
    { name: 'dateTime', type: { kind: 'timestamp' } },
    { name: 'extra', type: text },
  ],
}
const rows = 1024
const pool = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(40000))
const names = Array.from({ length: 10000 }, (_, i) => `channel-${i}`)
const urls = names.map((_, i) => `https://www.nexmark.com/abc/def/ghij/item.htm?query=1&channel_id=${i * 7919}`)
const dictionary = (values: string[]): { values: string[]; bytes: Buffer; offsets: Int32Array } => {
  const offsets = new Int32Array(values.length + 1)
  values.forEach((value, i) => {
    offsets[i + 1] = offsets[i] + value.length
  })
  return { values, bytes: Buffer.from(values.join('')), offsets }
}
const channels = dictionary(names)
const links = dictionary(urls)
// The same rows in every run.
let seed = 42
function int(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0
  return Math.floor(((seed >>> 0) / 2 ** 32) * below)
}
const variants = 48
const inputs = Array.from({ length: variants }, () =>
  Array.from({ length: rows }, (_, i) => {
    const extra = int(1_000_000)
    return {
      auction: 1000 + int(100_000),
      bidder: 1000 + int(100_000),
      price: int(10_000),
      channel: names[int(10000)],
      url: urls[int(10000)],
      dateTime: 1.7e12 + i,
      extra: pool.toString('latin1', extra, extra + 30 + int(80)),
    }
  }),
)

/** Runs once per variant and pass; `run` returns the rows it handled. */
function measure(name: string, run: (variant: number) => number): void {
  const passes: number[] = []
  for (let pass = 0; pass < 15; pass++) {
    let handled = 0
    const started = process.hrtime.bigint()
    for (let variant = 0; variant < variants; variant++) handled += run(variant)
    passes.push(Number(process.hrtime.bigint() - started) / handled)
  }
  passes.sort((a, b) => a - b)
  process.stdout.write(
    `${name.padEnd(44)} ${passes[7].toFixed(1).padStart(6)} median ${passes[0].toFixed(1).padStart(6)} best\n`,
  )
}

function encoded(declared: Schema | undefined, variant: number): NonNullable<ReturnType<typeof encodeRows>> {
  const out = encodeRows(arena, 1, declared, inputs[variant], 0, rows)
  if (out === undefined) throw new Error('no free segment')
  return out
}

function encodeOnce(declared: Schema | undefined, variant: number): number {
  const { batch, consumed } = encoded(declared, variant)
  batch.release()
  return consumed
}

measure('encode, declared', (variant) => encodeOnce(schema, variant))
measure('encode, adaptive', (variant) => encodeOnce(undefined, variant))
const batches = inputs.map((_, variant) => encoded(schema, variant).batch)
const out: unknown[] = []
for (const [name, fields] of [
  ['all fields', undefined],
  ['two numbers', ['bidder', 'price']],
  ['a number and a string', ['price', 'channel']],
] as const) {
  const read = rowReader(schema, fields)
  measure(`materialise ${name}`, (variant) => read(batches[variant], out))
}
const halves = batches.map(({ rowCount }) =>
  Int32Array.from({ length: rowCount }, (_, row) => row).filter(() => int(2) === 0),
)
function gatherOnce(variant: number, selection: Int32Array | undefined): number {
  const made = gather(
    arena,
    1,
    [{ batch: batches[variant], selection, count: selection?.length ?? batches[variant].rowCount }],
    schema,
  )
  if (made === undefined) throw new Error('no free segment')
  made.batch.release()
  return made.consumed
}
measure('gather all fields, random half of the rows', (variant) => gatherOnce(variant, halves[variant]))
measure('gather all rows', (variant) => gatherOnce(variant, undefined))
const hashes = arena.scratch(1, 3)
for (const fields of [['bidder'], ['channel'], ['url'], ['bidder', 'channel']]) {
  measure(`hash ${fields.join(' and ')}`, (variant) => {
    hashColumns(batches[variant], fields, hashes)
    return batches[variant].rowCount
  })
}
const parts: Int32Array[] = []
measure('hash bidder, partition to 2 channels', (variant) => {
  hashColumns(batches[variant], ['bidder'], hashes)
  partition(arena, 1, hashes, 0, batches[variant].rowCount, 2, parts)
  return batches[variant].rowCount
})

const writers = new BatchWriters({ arena, owner: 1, schema, timestampField: 'dateTime', rowsMax: rows })
const column = (below: number, from = 0): Int32Array => Int32Array.from({ length: rows }, () => from + int(below))
const sources = inputs.map(() => ({
  starts: column(1_000_000),
  lengths: column(80, 30),
  names: column(10000),
  urls: column(10000),
}))
measure('writer: 4 numbers, 2 picks, 1 slice', (variant) => {
  const source = sources[variant]
  const writer = writers.open((made) => made.release())
  if (writer === undefined) throw new Error('no free segment')
  const n = writer.capacity
  const auction = writer.float64('auction')
  const bidder = writer.float64('bidder')
  const price = writer.float64('price')
  const dateTime = writer.float64('dateTime')
  for (let i = 0; i < n; i++) {
    auction[i] = 1000 + i
    bidder[i] = 2000 + i
    price[i] = i * 3
    dateTime[i] = 1.7e12 + i
  }
  writer.pick('channel', channels, source.names, n)
  writer.pick('url', links, source.urls, n)
  writer.slices('extra', pool, source.starts, source.lengths, n)
  writer.commit(n)
  return n
})
