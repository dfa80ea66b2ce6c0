/** A real redis-server, Debian's, as a process on a free port of loopback. It keeps nothing on disk: started again it is empty. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authority, internalFiles } from './certificates.ts'
import { debian, installOnce, onPath } from './install.ts'
import { freePort } from './ports.ts'

export const installRedisServer = (): void =>
  installOnce('redis-server', () => onPath('redis-server') || debian('redis-server'))

export interface RedisServerOptions {
  readonly password?: string | undefined
  /** Options of redis-server. */
  readonly more?: readonly string[]
  /** Instead of the plain port; both sides show certificates. */
  readonly tls?: { readonly authority: Authority } | undefined
}

export class RedisServer {
  readonly port: number
  readonly password: string | undefined
  readonly directory: string
  readonly #options: RedisServerOptions
  #child: ChildProcess | undefined

  private constructor(port: number, options: RedisServerOptions) {
    this.port = port
    this.password = options.password
    this.#options = options
    this.directory = mkdtempSync(join(tmpdir(), 'millrace-redis-'))
  }

  static async start(given: string | RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), typeof given === 'string' ? { password: given } : given)
    await server.start()
    return server
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${this.port}`
  }

  /** Empty, on the same port. `more`: options of this time. */
  async start(more: readonly string[] = []): Promise<void> {
    const { password, tls } = this.#options
    const secret = password === undefined ? [] : ['--requirepass', password, '--masterauth', password]
    const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...secret]
    const listen = listenOptions(this.port, tls?.authority, this.directory).flatMap(([key, value]) => [
      `--${key}`,
      value,
    ])
    const argv = [...options, ...listen, '--dir', this.directory, ...(this.#options.more ?? []), ...more]
    this.#child = await startRedis(argv, 'Ready to accept connections')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** As by the loss of its machine: everything in it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    await killed(child)
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Where a Redis or a Sentinel listens, as its options; under TLS both sides show certificates. Writes files into `directory`. */
export function listenOptions(
  port: number,
  authority: Authority | undefined,
  directory: string,
): readonly (readonly [string, string])[] {
  if (authority === undefined) return [['port', String(port)]]
  const files = internalFiles(directory, 'redis', authority, authority.issue('redis'))
  return [
    ['port', '0'],
    ['tls-port', String(port)],
    ['tls-key-file', files['security.ssl.internal.key']],
    ['tls-cert-file', files['security.ssl.internal.cert']],
    ['tls-ca-cert-file', files['security.ssl.internal.ca']],
    ['tls-replication', 'yes'],
  ]
}

/** Of a JobManager whose Redis is of that authority. Writes files into `directory`. */
export function redisTlsOptions(directory: string, authority: Authority): Readonly<Record<string, string>> {
  const files = internalFiles(directory, 'client', authority)
  return {
    'high-availability.redis.tls.ca': files['security.ssl.internal.ca'],
    'high-availability.redis.tls.cert': files['security.ssl.internal.cert'],
    'high-availability.redis.tls.key': files['security.ssl.internal.key'],
  }
}

/** Resolves when it says `ready`. */
export async function startRedis(argv: readonly string[], ready: string): Promise<ChildProcess> {
  const child = spawn('redis-server', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)))
    child.stdout.on('data', (piece: Buffer) => {
      said += piece.toString()
      if (said.includes(ready)) resolve()
    })
  })
  return child
}

export async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
