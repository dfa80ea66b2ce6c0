/** A real redis-server, Debian's, as a process on a free port of loopback. It keeps nothing on disk: started again it is empty. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debian, installOnce, onPath } from './install.ts'

export const installRedisServer = (): void =>
  installOnce('redis-server', () => onPath('redis-server') || debian('redis-server'))

export class RedisServer {
  readonly port: number
  readonly password: string | undefined
  readonly #directory: string
  #child: ChildProcess | undefined

  private constructor(port: number, password: string | undefined) {
    this.port = port
    this.password = password
    this.#directory = mkdtempSync(join(tmpdir(), 'millrace-redis-'))
  }

  static async start(password?: string): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), password)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Empty, on the same port. */
  async start(): Promise<void> {
    const secret = this.password === undefined ? [] : ['--requirepass', this.password]
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...secret]
    const child = spawn('redis-server', [...options, '--dir', this.#directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      let said = ''
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)))
      child.stdout?.on('data', (piece: Buffer) => {
        said += piece.toString()
        if (said.includes('Ready to accept connections')) resolve()
      })
    })
  }

  /** As by the loss of its machine: everything in it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address === null || typeof address === 'string' ? reject() : resolve(address.port)))
    })
  })
}
