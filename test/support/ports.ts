/**
 * Ports for servers that have to be told theirs: those that keep it over kills and restarts, or that others must know before they
 * start. A port that the system has just given and got back may be gone by the time it is used: the next connection of anybody,
 * which includes the client that tries to reach a server that was killed, can take it. So these lie below the range from which
 * the system gives, and each process of tests has a hundred of its own, for as long as it listens on the first of them.
 */
import { createServer, type Server } from 'node:net'

const blockSize = 100
/** Below are ports of well-known servers, above begins what Linux gives to connections. */
const blocks = { first: 10_000, count: 220 }

let block: Promise<number> | undefined
let taken = 0

/** A port of loopback on which nothing listens and that nobody else is given. */
export async function freePort(): Promise<number> {
  block ??= ownBlock()
  const first = await block
  for (let tried = 0; tried < blockSize; tried++) {
    const port = first + 1 + (taken++ % (blockSize - 1))
    const server = await listen(port)
    if (server === undefined) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
  throw new Error(`none of the ports from ${first} is free`)
}

/** They differ. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  return ports
}

async function ownBlock(): Promise<number> {
  const begin = process.pid % blocks.count
  for (let tried = 0; tried < blocks.count; tried++) {
    const first = blocks.first + ((begin + tried) % blocks.count) * blockSize
    const server = await listen(first)
    if (server === undefined) continue
    server.unref()
    return first
  }
  throw new Error('all ports for tests are taken')
}

/** Undefined where somebody listens already. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
