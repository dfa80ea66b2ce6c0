/** Channels when memory or room is scarce: nothing is lost, and nothing is taken for lost. */
import { afterEach, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { BroadcastChannel } from '../../../../taskmanager/network/broadcast.ts'
import type { OutputChannel } from '../../../../taskmanager/network/channel.ts'
import { createRouter } from '../../../../taskmanager/network/create-router.ts'
import { EdgeWriter } from '../../../../taskmanager/network/edge-writer.ts'
import { frameKind } from '../../../../taskmanager/network/frame.ts'
import { LocalChannel } from '../../../../taskmanager/network/local.ts'
import { DataListener } from '../../../../taskmanager/network/tcp/listener.ts'
import { until } from '../../../support/until.ts'
import { deploymentOf, edgeOf, link, locationOf, Recorder, turn } from './support.ts'

const schema: Schema = { record: 'object', fields: [{ name: 'n', type: { kind: 'float64' } }] }
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const newArena = (): Arena =>
  Arena.create({ bytes: 16 * 64 * 1024, segmentBytes: 64 * 1024, largeSegments: 0, owner: 1 })

function takeAll(arena: Arena): () => void {
  const taken: number[] = []
  for (let segment = arena.allocate(2); segment >= 0; segment = arena.allocate(2)) taken.push(segment)
  return () => {
    for (const segment of taken) arena.release(segment, 2)
  }
}

const rowsOf = (from: number, count: number) => ({
  rows: Array.from({ length: count }, (_, i) => ({ n: from + i })),
  count,
  timestamps: undefined,
})

it('a producer that has sent everything may go while its consumer waits for memory', async () => {
  const [there, here] = [newArena(), newArena()]
  const [producer, consumer] = await Promise.all([
    DataListener.open(there, '127.0.0.1'),
    DataListener.open(here, '127.0.0.1'),
  ])
  closing.push(
    () => producer.close(),
    () => consumer.close(),
  )
  const failures: unknown[] = []
  const events = { wake: () => undefined, failed: (error: unknown) => void failures.push(error) }
  const sending = producer.exchange(deploymentOf(1), events)
  const receiving = consumer.exchange(deploymentOf(1), events)
  const output = sending.output(edgeOf(schema), 0, 0)
  const input = receiving.input(edgeOf(schema), 0, 0, locationOf(producer.port))
  await receiving.connect()
  const giveBack = takeAll(here)
  for (let i = 0; i < 3; i++) output.sendBatch(encodeRows(there, 1, schema, [{ n: i }], 0, 1)?.batch.segments[0] ?? -1)
  output.sendControl(frameKind.end, 0, 0)
  sending.close(true)
  for (let i = 0; i < 2000; i++) await turn()
  expect(failures).toEqual([])
  giveBack()
  const recorder = new Recorder([{ channel: input, computedKey: false }])
  await until(() => recorder.drain() && recorder.seen.some(({ kind }) => kind === 'end'))
  expect(recorder.records).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
  expect(failures).toEqual([])
})

it.each(['ring', 'tcp', 'local'] as const)(
  'rows written while no segment is free arrive by %s when one is',
  async (carrier) => {
    const between = await link(carrier, 2, schema, 8)
    const { arena } = between
    const writer = new EdgeWriter({
      arena,
      schema,
      channels: between.outputs,
      router: createRouter(
        { kind: 'hash', arena, selector: { kind: 'fields', fields: ['n'], single: true }, schema },
        2,
      ),
      bufferTimeoutMs: 5,
      flushRows: 16,
      monotonic: () => 0,
    })
    const giveBack = takeAll(arena)
    writer.rows(rowsOf(0, 100))
    writer.watermark(7)
    writer.barrier(1)
    const recorders = between.inputs.map((channel) => new Recorder([{ channel, computedKey: false }]))
    for (let i = 0; i < 10; i++) {
      writer.available()
      for (const recorder of recorders) recorder.drain()
      await between.turn()
    }
    giveBack()
    await until(() => {
      writer.available()
      for (const recorder of recorders) recorder.drain()
      return recorders.every(({ seen }) => seen.at(-1)?.kind === 'barrier')
    })
    const all = recorders.flatMap(({ records }) => records as { n: number }[]).map(({ n }) => n)
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    for (const { seen } of recorders) expect(seen.slice(-2).map(({ kind }) => kind)).toEqual(['watermark', 'barrier'])
    writer.close()
    await between.close()
    expect(between.held()).toBe(0)
  },
)

it('a batch that fills its segment to the last byte crosses a connection where there are no larger ones', async () => {
  const words: Schema = { record: 'value', fields: [{ name: '', type: { kind: 'string' } }] }
  const between = await link('tcp', 1, words, 4)
  const { arena } = between
  const recorder = new Recorder([{ channel: between.inputs[0], computedKey: false }])
  const usedBytesAt = 8
  let sizes = 0
  for (let spare = 400; spare >= 0; spare -= 4) {
    // Longer strings until the batch does not fit any more.
    let segment = -1
    try {
      segment = encodeRows(arena, arena.owner, words, ['x'.repeat(64 * 1024 - spare)], 0, 1)?.batch.segments[0] ?? -1
    } catch {
      break
    }
    sizes = Math.max(sizes, arena.u32[(arena.address(segment) + usedBytesAt) >>> 2])
    await until(() => between.outputs[0].room() > 0)
    const before = recorder.seen.length
    between.outputs[0].sendBatch(segment)
    await until(() => recorder.drain() && recorder.seen.length > before)
  }
  expect(64 * 1024 - sizes).toBeLessThan(16)
  expect(between.failures).toEqual([])
  recorder.gate.close()
  await between.close()
  expect(between.held()).toBe(0)
})

/** Takes control frames only while it is `open`. */
class Gated implements OutputChannel {
  open = true
  readonly behind: LocalChannel
  constructor(behind: LocalChannel) {
    this.behind = behind
  }
  room = (): number => this.behind.room()
  sendBatch = (segment: number): void => this.behind.sendBatch(segment)
  sendControl: OutputChannel['sendControl'] = (kind, detail, value) =>
    this.open && this.behind.sendControl(kind, detail, value)
}

it('a newer watermark reaches all consumers of a broadcast when only some had room for the one before', () => {
  const arena = newArena()
  const channels = [0, 1].map(() => new Gated(new LocalChannel(arena, schema, 8)))
  const broadcast = new BroadcastChannel(arena, channels)
  channels[1].open = false
  expect(broadcast.sendControl(frameKind.watermark, 0, 1)).toBe(false)
  channels[1].open = true
  expect(broadcast.sendControl(frameKind.watermark, 0, 2)).toBe(true)
  for (const { behind } of channels) {
    let last = 0
    for (let frame = behind.take(); frame !== undefined; frame = behind.take()) last = frame.value
    expect(last).toBe(2)
  }
})
