import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Connection, FrameHandler, ResponseSlot } from '../../../../broker/net/connection.ts'
import type { ListenerSpec } from '../../../../broker/net/listener-spec.ts'
import { BrokerServer, type ServerLimits } from '../../../../broker/net/server.ts'
import { createLogger } from '../../../../core/log.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { type Socket, systemNetwork } from '../../../../core/platform/net.ts'
import { KafkaWriter } from '../../../../proto/kafka/writer.ts'

const limits: ServerLimits = {
  frameBytesMax: 1000,
  unsentBytesMax: 100_000,
  pipelinedMax: 4,
  idleTimeoutMs: 60_000,
  writeTimeoutMs: 10_000,
  requestTimeoutMs: 5_000,
  authenticationTimeoutMs: 5_000,
  connectionsMax: 3,
  connectionsPerAddressMax: 3,
  heldBytesMax: 1e6,
}

/** Takes requests and answers when the test says so. The first byte of a frame is 1 for a pipelined one. */
class Handler implements FrameHandler {
  readonly started: { readonly text: string; readonly slot: ResponseSlot; readonly connection: Connection }[] = []
  readonly #writer = new KafkaWriter()
  #arrived: (() => void) | undefined

  isBorrowed(): boolean {
    return false
  }

  isPipelined(frame: Buffer): boolean {
    return frame[0] === 1
  }

  handle(connection: Connection, frame: Buffer, slot: ResponseSlot): void {
    this.started.push({ text: frame.toString('latin1', 1).trim(), slot, connection })
    this.#arrived?.()
  }

  async until(count: number): Promise<void> {
    while (this.started.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  /** As the dispatch answers: the next response is written into the same memory. */
  write(index: number, text: string): void {
    this.#writer.beginBare()
    this.#writer.rawPart(Buffer.from(text))
    this.started[index]?.slot.write(this.#writer)
    this.#writer.beginBare()
    this.#writer.rawPart(Buffer.alloc(100, '?'))
  }

  answer(index: number, text: string): void {
    this.started[index]?.slot.answer([Buffer.from(text)])
  }
}

function request(text: string, pipelined = false): Buffer {
  const body = Buffer.from(`${pipelined ? '\u0001' : '\u0000'}${text.padEnd(8)}`, 'latin1')
  const head = Buffer.alloc(4)
  head.writeInt32BE(body.length)
  return Buffer.concat([head, body])
}

class Client {
  readonly socket: Socket
  text = ''
  closed = false
  #changed: (() => void) | undefined

  constructor(port: number) {
    this.socket = systemNetwork.connect({ host: '127.0.0.1', port })
    this.socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1')
      this.#changed?.()
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.closed = true
      this.#changed?.()
    })
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }
}

const open: { close(): Promise<void> | void }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(changed: Partial<ServerLimits> = {}, protocol: ListenerSpec['protocol'] = 'PLAINTEXT') {
  const clock = new ManualClock()
  const handler = new Handler()
  const lines: string[] = []
  const log = createLogger('test', { level: 'warn', write: (line) => lines.push(line) })
  const server = new BrokerServer({
    clock,
    network: systemNetwork,
    log,
    handler,
    limits: { ...limits, ...changed },
    saslMechanisms: ['PLAIN'],
  })
  const { port } = await server.listen({ name: 'P', protocol, host: '127.0.0.1', port: 0 })
  open.push({
    close: async () => {
      const closing = server.close(0)
      clock.advance(1)
      await closing
    },
  })
  const connect = (): Client => {
    const client = new Client(port)
    open.push({ close: () => void client.socket.destroy() })
    return client
  }
  /** Resolves when the server has read so many bytes, of all connections. */
  const arrived = async (bytes: number): Promise<void> => {
    while (server.counts.bytesIn < bytes) await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, handler, lines, server, connect, arrived }
}

describe('a connection', () => {
  it('starts requests one after the other, and answers in their order', async () => {
    const { handler, connect } = await start()
    const client = connect()
    client.socket.write(Buffer.concat([request('a'), request('b')]))
    await handler.until(1)
    expect(handler.started.map((each) => each.text)).toEqual(['a'])
    handler.answer(0, 'A')
    await handler.until(2)
    handler.answer(1, 'B')
    await client.until(() => client.text === 'AB')
  })

  it('starts pipelined requests together, and still answers in their order', async () => {
    const { handler, connect } = await start()
    const client = connect()
    client.socket.write(Buffer.concat([request('a', true), request('b', true), request('c'), request('d', true)]))
    await handler.until(2)
    expect(handler.started.map((each) => each.text)).toEqual(['a', 'b'])
    handler.answer(1, 'B')
    handler.answer(0, 'A')
    await handler.until(3)
    // Not pipelined itself, so nothing starts behind it.
    expect(handler.started).toHaveLength(3)
    handler.answer(2, 'C')
    await handler.until(4)
    handler.answer(3, 'D')
    await client.until(() => client.text === 'ABCD')
  })

  it('starts no more pipelined requests than the limit', async () => {
    const { handler, connect } = await start({ pipelinedMax: 2 })
    const client = connect()
    client.socket.write(Buffer.concat(['a', 'b', 'c'].map((text) => request(text, true))))
    await handler.until(2)
    expect(handler.started).toHaveLength(2)
    handler.answer(0, 'A')
    await handler.until(3)
  })

  it('skips requests that want no answer', async () => {
    const { handler, connect } = await start()
    const client = connect()
    client.socket.write(Buffer.concat([request('a'), request('b')]))
    await handler.until(1)
    handler.started[0]?.slot.answer(undefined)
    await handler.until(2)
    handler.answer(1, 'B')
    await client.until(() => client.text === 'B')
  })

  it('starts nothing more for a client that does not read, and closes it in the end', async () => {
    const { handler, connect, clock, server } = await start({ unsentBytesMax: 1000, pipelinedMax: 100 })
    const client = connect()
    client.socket.pause()
    for (let index = 0; index < 3; index++) client.socket.write(request('x', true))
    await handler.until(3)
    // More than the buffers of both sockets take.
    handler.started[0]?.slot.answer([Buffer.alloc(64 * 1024 * 1024)])
    for (let index = 1; index < 3; index++) handler.started[index]?.slot.answer(undefined)
    client.socket.write(request('y', true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(handler.started).toHaveLength(3)
    expect(server.budget.usedBytes).toBeGreaterThan(60 * 1024 * 1024)
    for (let second = 0; second < 15; second++) clock.advance(1000)
    expect(server.connectionCount).toBe(0)
    expect(server.budget.usedBytes).toBe(0)
  })

  it('is closed soon when it does not read and others wait for the memory that it holds', async () => {
    const { handler, connect, clock, server } = await start({ writeTimeoutMs: 60_000 })
    const deaf = connect()
    deaf.socket.pause()
    deaf.socket.write(request('x'))
    await handler.until(1)
    handler.started[0]?.slot.answer([Buffer.alloc(64 * 1024 * 1024)])
    for (let second = 0; second < 20; second++) clock.advance(1000)
    // Nobody else wants anything: it has its time.
    expect(server.connectionCount).toBe(1)
    const other = connect()
    other.socket.write(request('o'))
    while (!server.budget.isShort) await new Promise((resolve) => setImmediate(resolve))
    for (let second = 0; second < 7; second++) clock.advance(1000)
    await handler.until(2)
    handler.answer(1, 'O')
    await other.until(() => other.text === 'O')
    expect(server.connectionCount).toBe(1)
  })

  it('closes when it has been silent for long, and not while a request waits', async () => {
    const { handler, connect, clock, server } = await start()
    const client = connect()
    client.socket.write(request('a'))
    await handler.until(1)
    for (let minute = 0; minute < 5; minute++) clock.advance(60_000)
    expect(server.connectionCount).toBe(1)
    handler.answer(0, 'A')
    await client.until(() => client.text === 'A')
    for (let minute = 0; minute < 5; minute++) clock.advance(60_000)
    await client.until(() => client.closed)
  })

  it('closes on a request of which the rest does not come, byte by byte or not at all', async () => {
    const { connect, clock, lines, server, arrived } = await start()
    const client = connect()
    const [head, rest] = [request('slow').subarray(0, 5), request('slow').subarray(5)]
    client.socket.write(head)
    await arrived(head.length)
    clock.advance(1000)
    for (let second = 0; second < 4; second++) {
      client.socket.write(rest.subarray(second, second + 1))
      await arrived(head.length + second + 1)
      clock.advance(1000)
      expect(server.connectionCount).toBe(1)
    }
    clock.advance(2000)
    await client.until(() => client.closed)
    expect(lines.join()).toContain('the rest of a request did not come')
  })

  it('is not slow while requests come one after the other, or while it is not read from', async () => {
    const { connect, handler, clock, server, arrived } = await start()
    const client = connect()
    let bytes = 0
    for (let count = 1; count < 12; count++) {
      // The end of one request and the start of the next, each time.
      const part =
        count === 1
          ? request('a').subarray(0, 6)
          : Buffer.concat([request('a').subarray(6), request('a').subarray(0, 6)])
      client.socket.write(part)
      bytes += part.length
      await arrived(bytes)
      if (count > 1) handler.answer(count - 2, 'A')
      clock.advance(2000)
    }
    expect(server.connectionCount).toBe(1)
    client.socket.write(Buffer.concat([request('a').subarray(6), request('b'), request('c').subarray(0, 6)]))
    await handler.until(11)
    for (let second = 0; second < 20; second++) clock.advance(1000)
    expect(server.connectionCount).toBe(1)
  })

  it('closes when nobody logs in', async () => {
    const { connect, clock, server, lines, arrived } = await start({}, 'SASL_PLAINTEXT')
    const client = connect()
    client.socket.write(request('a').subarray(0, 3))
    await arrived(3)
    clock.advance(4000)
    expect(server.connectionCount).toBe(1)
    clock.advance(3000)
    await client.until(() => client.closed)
    expect(lines.join()).toContain('it has not logged in within 5000 ms')
  })

  it('closes on what is no frame, with one line that names the peer', async () => {
    const { connect, lines, server } = await start()
    for (let index = 0; index < 2; index++) {
      const client = connect()
      client.socket.write('GET / HTTP/1.1\r\n\r\n')
      await client.until(() => client.closed)
    }
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('a frame of 1195725856 bytes')
    expect(lines[0]).toContain('127.0.0.1:')
    expect(server.counts.offences).toBe(2)
  })

  it('is refused above the limit, and taken again when another has gone', async () => {
    const { connect, server, handler } = await start()
    const clients = [connect(), connect(), connect()]
    for (const client of clients) client.socket.write(request('a'))
    await handler.until(3)
    const fourth = connect()
    await fourth.until(() => fourth.closed)
    expect(server.counts.refused).toBe(1)
    clients[0]?.socket.destroy()
    while (server.connectionCount > 2) await new Promise((resolve) => setImmediate(resolve))
    connect().socket.write(request('b'))
    await handler.until(4)
  })

  it('tells handlers when the peer has gone', async () => {
    const { handler, connect } = await start()
    const client = connect()
    client.socket.write(request('a'))
    await handler.until(1)
    const { slot } = handler.started[0] as { slot: ResponseSlot }
    const gone = new Promise<void>((resolve) => {
      slot.onClosed = resolve
    })
    client.socket.destroy()
    await gone
    handler.answer(0, 'A')
    handler.write(0, 'A')
  })

  it('sends short and long responses in the order of the requests, in whatever order they are written', async () => {
    const lengths = [1, 40, 2000, 2040, 2044, 2045, 3000, 70_000]
    const { handler, connect, server, arrived } = await start({ pipelinedMax: 64 })
    const response = fc.record({
      length: fc.oneof(fc.constantFrom(...lengths), fc.integer({ min: 1, max: 5000 })),
      byWriter: fc.boolean(),
      turns: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(response, { minLength: 1, maxLength: 30 }), fc.gen(), async (responses, gen) => {
        const client = connect()
        const first = handler.started.length
        const before = server.counts.bytesIn
        const requests = responses.map((_, index) => request(`${index}`, true))
        client.socket.write(Buffer.concat(requests))
        await arrived(before + requests.reduce((sum, each) => sum + each.length, 0))
        await handler.until(first + responses.length)
        const texts = responses.map(({ length }, index) => String.fromCharCode(65 + (index % 26)).repeat(length))
        const waiting = responses.map((_, index) => index)
        while (waiting.length > 0) {
          const [index = 0] = waiting.splice(gen(fc.nat, waiting.length - 1), 1)
          const { byWriter, turns } = responses[index] as (typeof responses)[number]
          if (byWriter) handler.write(first + index, texts[index] as string)
          else handler.answer(first + index, texts[index] as string)
          if (turns) await new Promise((resolve) => setImmediate(resolve))
        }
        const whole = texts.join('')
        await client.until(() => client.text.length >= whole.length)
        expect(client.text).toBe(whole)
        client.socket.destroy()
        await client.until(() => client.closed)
        while (server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve))
        expect(server.budget.usedBytes).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  it('answers what has begun when the server closes', async () => {
    const { handler, connect, server } = await start()
    const client = connect()
    client.socket.write(request('a'))
    await handler.until(1)
    const closing = server.close(1000)
    handler.answer(0, 'A')
    await closing
    await client.until(() => client.closed)
    expect(client.text).toBe('A')
  })
})
