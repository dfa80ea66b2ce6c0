import { execFile } from 'node:child_process'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hookVariable, type ProcessHook } from '../../support/process-hook.ts'
import { type LinkFault, Switchboard } from '../../support/switchboard.ts'
import { until } from '../../support/until.ts'

let board: Switchboard
let echo: Server
let port: number
const sockets: Socket[] = []

beforeEach(async () => {
  board = await Switchboard.start()
  echo = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  port = (echo.address() as { port: number }).port
  board.name('echo', { port })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await board.close()
  await new Promise((resolve) => echo.close(resolve))
})

class Talk {
  readonly socket: Socket
  heard = ''
  closed = false

  constructor(name: string) {
    this.socket = connect(board.port, '127.0.0.1')
    sockets.push(this.socket)
    this.socket.on('error', () => undefined)
    this.socket.on('data', (piece) => {
      this.heard += piece.toString()
    })
    this.socket.on('close', () => {
      this.closed = true
    })
    this.socket.write(`${name} 127.0.0.1 ${port}\n`)
  }
}

it('passes bytes on in both directions, and the end of them', async () => {
  const talk = new Talk('a')
  const long = 'x'.repeat(3_000_000)
  talk.socket.end(long)
  await until(() => talk.closed)
  expect(talk.heard).toBe(long)
})

it('knows both ends by name, and hurts only those it is told', async () => {
  const [a, b] = [new Talk('a'), new Talk('b')]
  for (const talk of [a, b]) talk.socket.write('1')
  await until(() => a.heard === '1' && b.heard === '1')
  expect([board.count(['a', 'echo']), board.count(['echo', 'b']), board.count(['a', 'b'])]).toEqual([1, 1, 0])
  const heal = board.hurt(['echo', 'a'], 'cut')
  await until(() => a.closed)
  const refused = new Talk('a')
  await until(() => refused.closed)
  b.socket.write('2')
  await until(() => b.heard === '12')
  heal()
  const again = new Talk('a')
  again.socket.write('3')
  await until(() => again.heard === '3')
})

it.each(['stall', 'slow'] satisfies LinkFault[])(
  'a line that is hurt by %s loses nothing, ends included',
  async (fault) => {
    const talk = new Talk('a')
    talk.socket.write('1')
    await until(() => talk.heard === '1')
    const heal = board.hurt(['a', 'echo'], fault)
    talk.socket.end('2'.repeat(40_000))
    if (fault === 'stall') {
      const other = new Talk('b')
      other.socket.write('over and back')
      await until(() => other.heard === 'over and back')
      expect(talk.heard).toBe('1')
      heal()
    }
    await until(() => talk.closed)
    expect(talk.heard).toBe(`1${'2'.repeat(40_000)}`)
  },
)

it('a half-open line is dead without a word, a new one works', async () => {
  const talk = new Talk('a')
  talk.socket.write('1')
  await until(() => talk.heard === '1')
  board.hurt(['a', 'echo'], 'half-open')
  talk.socket.write('2')
  const fresh = new Talk('a')
  fresh.socket.write('3')
  await until(() => fresh.heard === '3')
  expect([talk.heard, talk.closed]).toEqual(['1', false])
  talk.socket.destroy()
  await until(() => talk.closed)
  expect(sockets.filter((socket) => !socket.destroyed && socket.localPort === port)).toHaveLength(2)
})

it('a process with the hook connects over it in all its threads, and its clock can be moved', async () => {
  const hook: ProcessHook = {
    name: 'child',
    switchboardPort: board.port,
    clockFile: fileURLToPath(new URL('./ahead.txt', import.meta.url)),
  }
  const talk = `const socket = require('node:net').connect(${port}, '127.0.0.1', () => socket.end('hello'))
    socket.on('data', (piece) => process.stdout.write(String(piece) + ' ' + new Date(5).getTime() + '\\n'))`
  const code = `${talk}; new (require('node:worker_threads').Worker)(${JSON.stringify(talk)}, { eval: true })`
  const seen = new Promise<void>((resolve) => {
    let count = 0
    echo.on('connection', () => ++count === 2 && resolve())
  })
  const main = fileURLToPath(new URL('../../support/process-hook.ts', import.meta.url))
  const env = { ...process.env, [hookVariable]: JSON.stringify(hook) }
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', main, '-e', code], { env })
  await seen
  expect(stdout).toBe('hello 5\nhello 5\n')
})
