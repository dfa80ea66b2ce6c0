/** Two ends of an edge for tests: producers with edge writers, consumers with input gates, over each kind of channel. */
import { Arena } from '../../../../core/arena/arena.ts'
import { rowReader } from '../../../../core/columns/rows.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { systemClock } from '../../../../core/platform/clock.ts'
import type { EdgePlan, JobPlan } from '../../../../proto/jobgraph/plan.ts'
import type { InputChannel, OutputChannel } from '../../../../taskmanager/network/channel.ts'
import { Doorbells } from '../../../../taskmanager/network/doorbell.ts'
import { LocalChannel } from '../../../../taskmanager/network/local.ts'
import { createRing } from '../../../../taskmanager/network/ring.ts'
import { RingInput, RingOutput } from '../../../../taskmanager/network/ring-channel.ts'
import { DataListener, type TcpExchange } from '../../../../taskmanager/network/tcp/listener.ts'
import type { Deployment, SubtaskLocation } from '../../../../taskmanager/slot/messages.ts'
import { type GateInput, type GateReceiver, InputGate } from '../../../../taskmanager/task/input-gate.ts'

export type Carrier = 'local' | 'ring' | 'tcp'

export interface Link {
  /** The producer's. */
  readonly arena: Arena
  readonly outputs: readonly OutputChannel[]
  readonly inputs: readonly InputChannel[]
  /** Failures of connections, as the two ends reported them. */
  readonly failures: unknown[]
  /** Lets sockets move. */
  turn(): Promise<void>
  close(): Promise<void>
  /** Segments that somebody still holds. */
  held(): number
}

const plan = { name: 'test', vertices: [], edges: [], options: {}, hash: '', version: 1 } as JobPlan

export const edgeOf = (schema: Schema | undefined): EdgePlan => ({
  id: 0,
  from: { vertex: 0, operator: 0, output: '' },
  to: { vertex: 1 },
  partitioner: 'hash',
  ...(schema === undefined ? {} : { schema }),
})

export const deploymentOf = (attempt: number): Deployment => ({
  jobId: 'job',
  jobName: 'test',
  attempt,
  epoch: 1,
  plan,
  bundlePath: '',
  subtasks: [],
  locations: [],
  rings: [],
  owners: [],
  doorbells: new SharedArrayBuffer(8),
  options: {},
})

export const turn = (): Promise<void> => new Promise((resolve) => systemClock.setImmediate(resolve))

export const locationOf = (port: number): SubtaskLocation => ({
  vertex: 0,
  subtask: 0,
  taskManagerId: 'tm-1',
  slot: 0,
  host: '127.0.0.1',
  port,
})

export async function link(
  carrier: Carrier,
  channels: number,
  schema: Schema | undefined,
  segments = 64,
  segmentBytes = 64 * 1024,
): Promise<Link> {
  const bytes = segments * segmentBytes
  const arena = Arena.create({ bytes, segmentBytes, largeSegments: 0, owner: 1 })
  const failures: unknown[] = []
  const numbers = Array.from({ length: channels }, (_, i) => i)
  const heldIn = (of: Arena): number =>
    Array.from({ length: of.segments }, (_, i) => of.references(i)).filter((n) => n > 0).length
  if (carrier === 'local') {
    const both = numbers.map(() => new LocalChannel(arena, schema, 8))
    return {
      arena,
      outputs: both,
      inputs: both,
      failures,
      turn,
      close: async () => undefined,
      held: () => heldIn(arena),
    }
  }
  if (carrier === 'ring') {
    const there = Arena.attach(arena.handle, 2)
    const words = new SharedArrayBuffer(8)
    const rings = numbers.map(() => createRing())
    return {
      arena,
      outputs: rings.map((ring) => new RingOutput(ring, arena, new Doorbells(words, 0), { slot: 1, owner: 2 })),
      inputs: rings.map((ring) => new RingInput(ring, there, new Doorbells(words, 1), { slot: 0, owner: 1 }, schema)),
      failures,
      turn,
      close: async () => undefined,
      held: () => heldIn(arena),
    }
  }
  const there = Arena.create({ bytes, segmentBytes, largeSegments: 0, owner: 1 })
  const events = { wake: () => undefined, failed: (error: unknown) => void failures.push(error) }
  const [producer, consumer] = await Promise.all([
    DataListener.open(arena, '127.0.0.1'),
    DataListener.open(there, '127.0.0.1'),
  ])
  const sending: TcpExchange = producer.exchange(deploymentOf(1), events)
  const receiving: TcpExchange = consumer.exchange(deploymentOf(1), events)
  const outputs = numbers.map((to) => sending.output(edgeOf(schema), 0, to))
  const inputs = numbers.map((to) => receiving.input(edgeOf(schema), 0, to, locationOf(producer.port)))
  await receiving.connect()
  return {
    arena,
    outputs,
    inputs,
    failures,
    turn,
    close: async () => {
      sending.close(true)
      receiving.close()
      producer.close()
      consumer.close()
      for (let i = 0; i < 20; i++) await turn()
    },
    held: () => heldIn(arena) + heldIn(there),
  }
}

/** What one consumer subtask saw, in order. */
export type Seen =
  | {
      readonly kind: 'row'
      readonly row: unknown
      readonly timestamp: number | undefined
      readonly key: unknown
      readonly hash: number | undefined
    }
  | { readonly kind: 'watermark'; readonly value: number }
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'barrier'; readonly id: number }
  | { readonly kind: 'end' }

export class Recorder implements GateReceiver {
  readonly seen: Seen[] = []
  readonly gate: InputGate

  constructor(inputs: readonly Omit<GateInput, 'input' | 'name'>[]) {
    this.gate = new InputGate(
      inputs.map((each, at) => ({ ...each, input: 0, name: `producer ${at}` })),
      () => systemClock.monotonic(),
    )
  }

  /** Takes all there is. */
  drain(): boolean {
    let worked = false
    for (;;) {
      if (this.gate.aligned !== 0) {
        this.seen.push({ kind: 'barrier', id: this.gate.aligned })
        this.gate.resume()
      } else if (!this.gate.step(this)) return worked
      worked = true
    }
  }

  get records(): unknown[] {
    return this.seen.flatMap((each) => (each.kind === 'row' ? [each.row] : []))
  }

  batch: GateReceiver['batch'] = (batch, selection) => {
    const count = selection?.count ?? batch.rowCount
    const rows: unknown[] = []
    const keys: unknown[] = []
    rowReader(batch.schema, undefined)(batch, rows, selection?.rows, count)
    const key = batch.columns.find(({ field }) => field.name === '$key')
    if (key !== undefined) {
      const schema: Schema = { record: 'value', fields: [{ ...key.field, name: '' }] }
      const only = batch.with({ schema, columns: [{ ...key, field: schema.fields[0] }] })
      rowReader(schema, undefined)(only, keys, selection?.rows, count)
    }
    const times = batch.timestampArray()
    const hashes = batch.hashArray()
    for (let i = 0; i < count; i++) {
      const at = selection === undefined ? i : selection.rows[i]
      this.seen.push({ kind: 'row', row: rows[i], timestamp: times?.[at], key: keys[i], hash: hashes?.[at] })
    }
  }

  rows: GateReceiver['rows'] = (rows) => {
    for (let i = 0; i < rows.count; i++) {
      this.seen.push({
        kind: 'row',
        row: rows.rows[i],
        timestamp: rows.timestamps?.[i],
        key: rows.keys?.[i],
        hash: rows.hashes?.[i],
      })
    }
  }

  watermark(value: number): void {
    this.seen.push({ kind: 'watermark', value })
  }

  idle(idle: boolean): void {
    this.seen.push({ kind: 'idle', idle })
  }

  ended(): void {
    this.seen.push({ kind: 'end' })
  }
}
