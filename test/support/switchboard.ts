/**
 * The network between the processes of a test: processes with `process-hook.ts` make all their connections through it, and
 * say who they are and where they want to go. So the connections between any two can be hurt.
 *
 * Promises: without faults it passes bytes on as they come, ends included. `close` leaves no connection behind.
 */
import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/**
 *   cut        connections break, and no new ones are made
 *   stall      nothing passes; what was sent arrives afterwards
 *   slow       little pieces, late
 *   half-open  connections that are there are dead for ever, without anybody being told; new ones work
 */
export const linkFaults = ['cut', 'stall', 'slow', 'half-open'] as const
export type LinkFault = (typeof linkFaults)[number]

/** Two names of processes; either may have made the connection. */
export type Link = readonly [string, string]

const slowMs = 60
const slowBytes = 16 << 10

interface Line {
  readonly from: string
  readonly to: string
  readonly sockets: readonly [Socket, Socket]
  dead: boolean
}

export class Switchboard {
  readonly port: number
  readonly #server: Server
  readonly #names = new Map<string, string>()
  readonly #sockets = new Set<Socket>()
  readonly #lines = new Set<Line>()
  readonly #faults = new Set<{ readonly link: Link; readonly fault: LinkFault }>()
  /** Called when a fault ends. */
  readonly #waiting = new Set<() => void>()

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as { port: number }).port
    server.on('connection', (socket) => this.#accept(socket))
  }

  static async start(): Promise<Switchboard> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Switchboard(server)
  }

  /** Whose a port is, or an address of loopback with all its ports. */
  name(name: string, place: { readonly port: number } | { readonly host: string }): void {
    this.#names.set('port' in place ? `:${place.port}` : place.host, name)
  }

  /** How many connections there are between two. */
  count(link: Link): number {
    return [...this.#lines].filter((line) => joins(link, line)).length
  }

  /** From now on; gives the end of it. */
  hurt(link: Link, fault: LinkFault): () => void {
    const entry = { link, fault }
    const hit = [...this.#lines].filter((line) => joins(link, line))
    if (fault === 'half-open') {
      for (const line of hit) this.#kill(line)
      return () => undefined
    }
    this.#faults.add(entry)
    if (fault === 'cut') for (const line of hit) for (const socket of line.sockets) socket.destroy()
    return () => {
      this.#faults.delete(entry)
      for (const go of this.#waiting) go()
    }
  }

  async close(): Promise<void> {
    this.#faults.clear()
    for (const go of this.#waiting) go()
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #faultOf(line: Pick<Line, 'from' | 'to'>): LinkFault | undefined {
    return [...this.#faults].find(({ link }) => joins(link, line))?.fault
  }

  #accept(socket: Socket): void {
    this.#watch(socket)
    let head = Buffer.alloc(0)
    const read = (piece: Buffer): void => {
      head = Buffer.concat([head, piece])
      const end = head.indexOf(10)
      if (end < 0) return
      socket.off('data', read)
      socket.pause()
      const [from = '', host = '', port = ''] = head.subarray(0, end).toString().split(' ')
      this.#open(socket, from, host, Number(port), head.subarray(end + 1))
    }
    socket.on('data', read)
    socket.resume()
  }

  #open(near: Socket, from: string, host: string, port: number, first: Buffer): void {
    const to = this.#names.get(`:${port}`) ?? this.#names.get(host) ?? `${host}:${port}`
    if (this.#faultOf({ from, to }) === 'cut') return void near.destroy()
    const far = dial({ host, port, noDelay: true, allowHalfOpen: true })
    near.setNoDelay(true)
    this.#watch(far)
    const line: Line = { from, to, sockets: [near, far], dead: false }
    this.#lines.add(line)
    far.once('connect', () => {
      if (first.length > 0) far.write(first)
      this.#pump(line, near, far)
      this.#pump(line, far, near)
    })
    // Nobody listens there, or whoever asked has gone before it was made.
    far.once('error', () => line.dead || near.destroy())
    for (const socket of line.sockets) {
      socket.once('close', () => {
        this.#lines.delete(line)
        if (far.connecting) far.destroy()
      })
    }
  }

  #pump(line: Line, from: Socket, to: Socket): void {
    let last = Promise.resolve()
    from.on('data', (piece: Buffer) => {
      if (line.dead) return
      const fault = this.#faultOf(line)
      if (fault === undefined && to.write(piece)) return
      from.pause()
      last = this.#deliver(line, to, fault === undefined ? Buffer.alloc(0) : piece).then(() => void from.resume())
    })
    // The other end of a dead line is not told. An end comes behind all that was sent before it.
    const ended = (): void => void last.then(() => line.dead || to.destroyed || to.end())
    // It may have come with the first words.
    if (from.readableEnded) ended()
    else from.on('end', ended)
    from.on('close', () => {
      if (!line.dead && !from.readableEnded) to.destroy()
    })
    from.resume()
  }

  /** Resolves when the next piece may come. */
  async #deliver(line: Line, to: Socket, piece: Buffer): Promise<void> {
    let at = 0
    while (at < piece.length && !to.destroyed && !line.dead) {
      const fault = this.#faultOf(line)
      if (fault === 'stall') {
        await new Promise<void>((resolve) => {
          const go = (): void => {
            this.#waiting.delete(go)
            resolve()
          }
          this.#waiting.add(go)
        })
        continue
      }
      if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, slowMs))
      to.write(piece.subarray(at, at + slowBytes))
      at += slowBytes
    }
    while (to.writableNeedDrain && !to.destroyed) {
      await new Promise<void>((resolve) => {
        to.once('drain', resolve)
        to.once('close', resolve)
      })
    }
  }

  #kill(line: Line): void {
    line.dead = true
    this.#lines.delete(line)
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // What is wrong with one end shows at the other: it is closed.
    socket.on('error', () => socket.destroy())
  }
}

const joins = ([a, b]: Link, { from, to }: Pick<Line, 'from' | 'to'>): boolean =>
  (from === a && to === b) || (from === b && to === a)
