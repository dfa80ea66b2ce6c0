import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { frameKind } from '../../../../taskmanager/network/frame.ts'
import { inputCredit } from '../../../../taskmanager/network/tcp/consumer.ts'
import { DataListener, type TcpExchange } from '../../../../taskmanager/network/tcp/listener.ts'
import { encodeAnswer, encodeFrameHead, encodeHello, wireVersion } from '../../../../taskmanager/network/tcp/wire.ts'
import { until } from '../../../support/until.ts'
import { deploymentOf, edgeOf, locationOf, Recorder } from './support.ts'

const schema: Schema = { record: 'object', fields: [{ name: 'n', type: { kind: 'float64' } }] }
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const newArena = (): Arena => Arena.create({ bytes: 4 << 20, segmentBytes: 64 * 1024, largeSegments: 0, owner: 1 })
const heldIn = (arena: Arena): number =>
  Array.from({ length: arena.segments }, (_, i) => i).filter((i) => !arena.isFree(i)).length

interface End {
  readonly arena: Arena
  readonly listener: DataListener
  readonly failures: { code: string; message: string }[]
  exchange(attempt: number): TcpExchange
}

async function end(warnings: string[] = [], silenceMs = 0): Promise<End> {
  const arena = newArena()
  const listener = await DataListener.open(arena, '127.0.0.1', { warn: (text) => warnings.push(text), silenceMs })
  closing.push(() => listener.close())
  const failures: { code: string; message: string }[] = []
  const events = {
    wake: () => undefined,
    failed: (error: unknown) => void failures.push(error as { code: string; message: string }),
  }
  return { arena, listener, failures, exchange: (attempt) => listener.exchange(deploymentOf(attempt), events) }
}

function batch(arena: Arena, n: number): number {
  const encoded = encodeRows(arena, arena.owner, schema, [{ n }], 0, 1)
  if (encoded === undefined) throw new Error('no segment')
  return encoded.batch.segments[0]
}

/** What a peer answers to raw bytes until it closes the connection. */
function raw(port: number, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
}

const silenceMs = 400

/** Passes on what comes, and counts it, until it is dead. */
class Passage {
  readonly port: number
  /** There, and back. */
  readonly pieces = [0, 0]
  dead = false

  private constructor(port: number) {
    this.port = port
  }

  static async open(to: number): Promise<Passage> {
    const server = createServer((near) => {
      const far = connect(to, '127.0.0.1')
      for (const [index, [from, into]] of [[near, far] as const, [far, near] as const].entries()) {
        from.on('data', (piece) => {
          if (passage.dead) return
          passage.pieces[index]++
          into.write(piece)
        })
        from.on('error', () => undefined)
        from.on('close', () => passage.dead || into.destroy())
      }
      closing.push(() => {
        near.destroy()
        far.destroy()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const passage = new Passage((server.address() as AddressInfo).port)
    return passage
  }
}

describe('a data connection', () => {
  it('stops one channel without credit and not the other', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const [full, free] = [0, 1].map((to) => sending.output(edgeOf(schema), 0, to))
    const [slow, fast] = [0, 1].map((to) => receiving.input(edgeOf(schema), 0, to, locationOf(producer.listener.port)))
    expect(full.room()).toBe(0)
    await receiving.connect()
    for (let i = 0; i < inputCredit; i++) full.sendBatch(batch(producer.arena, i))
    expect(full.room()).toBe(0)
    const recorder = new Recorder([{ channel: fast, computedKey: false }])
    for (let i = 0; i < 100; i++) {
      await until(() => free.room() > 0)
      free.sendBatch(batch(producer.arena, i))
      await until(() => recorder.drain())
    }
    expect(recorder.records).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })))
    expect(full.room()).toBe(0)
    const late = new Recorder([{ channel: slow, computedKey: false }])
    await until(() => late.drain() && late.records.length === inputCredit)
    await until(() => full.room() === inputCredit)
  })

  it('is lost at both ends when nothing passes any more, and nobody was told', async () => {
    const [producer, consumer] = [await end([], silenceMs), await end([], silenceMs)]
    const passage = await Passage.open(producer.listener.port)
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const output = sending.output(edgeOf(schema), 0, 0)
    receiving.input(edgeOf(schema), 0, 0, locationOf(passage.port))
    await receiving.connect()
    await until(() => output.room() > 0)
    output.sendBatch(batch(producer.arena, 1))
    passage.dead = true
    const failures = (): { code: string; message: string }[] => [...producer.failures, ...consumer.failures]
    await expect.poll(failures).toHaveLength(2)
    for (const failure of failures()) {
      expect(failure).toMatchObject({
        code: 'NETWORK_CONNECTION_LOST',
        message: expect.stringContaining(`nothing came for ${silenceMs}ms`) as string,
      })
    }
  })

  it('is kept when nothing is sent for long, and when the consumer takes nothing', async () => {
    const [producer, consumer] = [await end([], silenceMs), await end([], silenceMs)]
    const passage = await Passage.open(producer.listener.port)
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const output = sending.output(edgeOf(schema), 0, 0)
    const input = receiving.input(edgeOf(schema), 0, 0, locationOf(passage.port))
    await receiving.connect()
    // Twice as long as it may be silent, seen by what passes in both directions.
    const pings = (): number => Math.min(...passage.pieces)
    await expect.poll(pings).toBeGreaterThan(8)
    for (let i = 0; i < inputCredit; i++) output.sendBatch(batch(producer.arena, i))
    const before = pings()
    await expect.poll(pings).toBeGreaterThan(before + 8)
    expect([...producer.failures, ...consumer.failures]).toEqual([])
    const recorder = new Recorder([{ channel: input, computedKey: false }])
    await until(() => recorder.drain() && recorder.records.length === inputCredit)
  })

  it('gives every segment back when it ends in the middle of traffic', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const output = sending.output(edgeOf(schema), 0, 0)
    const input = receiving.input(edgeOf(schema), 0, 0, locationOf(producer.listener.port))
    await receiving.connect()
    for (let i = 0; i < inputCredit; i++) output.sendBatch(batch(producer.arena, i))
    await until(() => input.ready())
    receiving.close()
    input.close()
    await until(() => producer.failures.length === 1)
    expect(producer.failures[0]).toMatchObject({ code: 'NETWORK_CONNECTION_LOST' })
    sending.close(false)
    await until(() => heldIn(producer.arena) === 0)
    expect(heldIn(consumer.arena)).toBe(0)
  })

  it('fails the consumer with the name of the TaskManager that is gone', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    sending.output(edgeOf(schema), 0, 0)
    receiving.input(edgeOf(schema), 0, 0, locationOf(producer.listener.port))
    await receiving.connect()
    sending.close(false)
    await until(() => consumer.failures.length === 1)
    expect(consumer.failures[0].message).toContain('connection to TaskManager tm-1 lost')
  })

  it('may end when every channel has', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const output = sending.output(edgeOf(schema), 0, 0)
    const input = receiving.input(edgeOf(schema), 0, 0, locationOf(producer.listener.port))
    await receiving.connect()
    output.sendBatch(batch(producer.arena, 1))
    expect(output.sendControl(frameKind.end, 0, 0)).toBe(true)
    sending.close(true)
    const recorder = new Recorder([{ channel: input, computedKey: false }])
    await until(() => recorder.drain() && recorder.seen.some(({ kind }) => kind === 'end'))
    await until(() => heldIn(producer.arena) === 0)
    expect(recorder.records).toEqual([{ n: 1 }])
    expect([...producer.failures, ...consumer.failures]).toEqual([])
  })

  it('is refused to another attempt, another channel, and a second consumer of a channel, with the reason', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(2)
    sending.output(edgeOf(schema), 0, 0)
    const old = consumer.exchange(1)
    old.input(edgeOf(schema), 0, 0, locationOf(producer.listener.port))
    await expect(old.connect()).rejects.toThrow('attempt 1 of job job (epoch 1) does not run here')
    const other = consumer.exchange(2)
    other.input(edgeOf(schema), 0, 7, locationOf(producer.listener.port))
    await expect(other.connect()).rejects.toThrow('there is no channel 0/0/7 here')
    const right = (await end()).exchange(2)
    right.input(edgeOf(schema), 0, 0, locationOf(producer.listener.port))
    await right.connect()
    const second = (await end()).exchange(2)
    second.input(edgeOf(schema), 0, 0, locationOf(producer.listener.port))
    await expect(second.connect()).rejects.toThrow('connected already')
    expect(producer.failures).toEqual([])
  })

  it('says where it could not connect', async () => {
    const [consumer, gone] = [await end(), await end()]
    const { port } = gone.listener
    gone.listener.close()
    const receiving = consumer.exchange(1)
    receiving.input(edgeOf(schema), 0, 0, locationOf(port))
    await expect(receiving.connect()).rejects.toThrow(
      `cannot connect to the data port 127.0.0.1:${port} of TaskManager tm-1`,
    )
  })

  it('closes garbage and goes on serving others', async () => {
    const producer = await end()
    const sending = producer.exchange(1)
    const output = sending.output(edgeOf(schema), 0, 0)
    const { port } = producer.listener
    const version = encodeHello({ version: wireVersion + 1, jobId: 'job', attempt: 1, epoch: 1, channels: [] })
    const huge = Buffer.from(version)
    huge.writeUInt16LE(0xffff, 20)
    const answers = await Promise.all([
      raw(port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')),
      raw(port, Buffer.alloc(100_000, 0x16)),
      raw(port, huge),
      raw(port, version),
    ])
    expect(answers.slice(0, 3).map((answer) => answer.length)).toEqual([0, 0, 0])
    expect(answers[3].toString()).toContain(`version ${wireVersion + 1}`)
    const consumer = await end()
    const receiving = consumer.exchange(1)
    receiving.input(edgeOf(schema), 0, 0, locationOf(port))
    await receiving.connect()
    expect(output.room()).toBe(inputCredit)
    expect(producer.failures).toEqual([])
  })

  const head = { bodyBytes: 0, kind: frameKind.watermark, channel: 0, sequence: 0, detail: 0, value: 1 }
  it.each([
    ['a gap in the sequence', encodeFrameHead({ ...head, sequence: 1 })],
    ['a channel that is not there', encodeFrameHead({ ...head, channel: 1 })],
    ['an unknown kind', encodeFrameHead({ ...head, kind: 9 })],
    ['a body longer than a segment', encodeFrameHead({ ...head, kind: frameKind.batch, bodyBytes: 0xffff_ffff })],
    ['a body where none belongs', encodeFrameHead({ ...head, bodyBytes: 8 })],
  ])('fails the attempt for %s', async (_, frame) => {
    const { createServer } = await import('node:net')
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(Buffer.concat([encodeAnswer(undefined), frame])))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const consumer = await end()
    const receiving = consumer.exchange(1)
    receiving.input(edgeOf(schema), 0, 0, locationOf((server.address() as { port: number }).port))
    await receiving.connect()
    await until(() => consumer.failures.length === 1)
    expect(consumer.failures[0].code).toBe('NETWORK_BAD_FRAME')
    expect(heldIn(consumer.arena)).toBe(0)
  })
})

describe('the data port', () => {
  it('says once who sent what is no greeting, however often it comes', async () => {
    const warnings: string[] = []
    const { listener } = await end(warnings)
    for (let i = 0; i < 20; i++) await raw(listener.port, Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/data port from 127\.0\.0\.1:\d+ was closed: .*does not begin as one of Millrace/)
  })
})

describe('without a free segment', () => {
  const rest = (arena: Arena): number[] => {
    const taken: number[] = []
    for (let segment = arena.allocate(2); segment >= 0; segment = arena.allocate(2)) taken.push(segment)
    return taken
  }

  it('barriers of one channel pass the batches of another that wait for memory', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const [full, free] = [0, 1].map((to) => sending.output(edgeOf(schema), 0, to))
    const [slow, fast] = [0, 1].map((to) => receiving.input(edgeOf(schema), 0, to, locationOf(producer.listener.port)))
    await receiving.connect()
    const taken = rest(consumer.arena)
    for (let i = 0; i < inputCredit; i++) full.sendBatch(batch(producer.arena, i))
    expect(free.sendControl(frameKind.barrier, 0, 7)).toBe(true)
    await until(() => fast.ready())
    expect(fast.take()).toMatchObject({ kind: frameKind.barrier, value: 7 })
    expect(slow.take()).toBeUndefined()
    for (const segment of taken) consumer.arena.release(segment, 2)
    const late = new Recorder([{ channel: slow, computedKey: false }])
    await until(() => late.drain() || late.records.length === inputCredit)
    await until(() => full.room() === inputCredit)
    expect(late.records).toEqual(Array.from({ length: inputCredit }, (_, n) => ({ n })))
    expect(heldIn(consumer.arena)).toBe(0)
    expect(consumer.failures).toEqual([])
  })

  it('batches behind a barrier give their segments to the channel that is waited for', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const [early, behind] = [0, 1].map((to) => sending.output(edgeOf(schema), 0, to))
    const inputs = [0, 1].map((to) => receiving.input(edgeOf(schema), 0, to, locationOf(producer.listener.port)))
    await receiving.connect()
    early.sendControl(frameKind.barrier, 0, 1)
    for (let i = 0; i < inputCredit; i++) early.sendBatch(batch(producer.arena, i))
    await until(() => (inputs[0] as unknown as { waiting: unknown[] }).waiting.length === inputCredit + 1)
    // Whatever is left belongs to others, who do not give it back.
    const taken = rest(consumer.arena)
    const gate = new Recorder(inputs.map((channel) => ({ channel, computedKey: false })))
    for (let i = 0; i < 3; i++) behind.sendBatch(batch(producer.arena, 100 + i))
    behind.sendControl(frameKind.barrier, 0, 1)
    await until(() => gate.drain() || gate.seen.some(({ kind }) => kind === 'barrier'))
    await until(() => gate.drain() || gate.records.length === 3 + inputCredit)
    const numbers = gate.records.map((record) => (record as { n: number }).n)
    expect(numbers).toEqual([100, 101, 102, ...Array.from({ length: inputCredit }, (_, n) => n)])
    for (const segment of taken) consumer.arena.release(segment, 2)
    expect(heldIn(consumer.arena)).toBe(0)
  })

  it('a producer that goes beyond its credit is turned away', async () => {
    const [producer, consumer] = [await end(), await end()]
    const sending = producer.exchange(1)
    const receiving = consumer.exchange(1)
    const output = sending.output(edgeOf(schema), 0, 0)
    receiving.input(edgeOf(schema), 0, 0, locationOf(producer.listener.port))
    await receiving.connect()
    for (let i = 0; i <= inputCredit; i++) output.sendBatch(batch(producer.arena, i))
    await until(() => consumer.failures.length > 0)
    expect(consumer.failures[0]).toMatchObject({ code: 'NETWORK_BAD_FRAME' })
    expect(consumer.failures[0].message).toContain('no credit')
  })
})
