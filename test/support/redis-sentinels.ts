/** A master of Redis, a replica, and three Sentinels that watch them, as processes on loopback. Sentinels have a password of their own. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Authority } from './certificates.ts'
import { freePort } from './ports.ts'
import { killed, listenOptions, RedisServer, redisTlsOptions, startRedis } from './redis-server.ts'
import { until } from './until.ts'

const count = 3
const master = 'the-master'
const password = 'secret of redis'
const sentinelPassword = 'secret of sentinels'

export class RedisSentinels {
  /** The first is the master at the start. */
  readonly servers: RedisServer[] = []
  readonly #ports: number[] = []
  readonly #children: ChildProcess[] = []
  readonly #directory = mkdtempSync(join(tmpdir(), 'millrace-sentinels-'))

  readonly #authority: Authority | undefined

  private constructor(authority: Authority | undefined) {
    this.#authority = authority
  }

  /** With an authority everybody speaks TLS, and shows a certificate. */
  static async start(authority?: Authority): Promise<RedisSentinels> {
    const all = new RedisSentinels(authority)
    try {
      await all.#start()
    } catch (error) {
      await all.close()
      throw error
    }
    return all
  }

  /** Of a JobManager. */
  get options(): Readonly<Record<string, string>> {
    return {
      'high-availability.redis.url': `${this.#authority === undefined ? 'redis' : 'rediss'}://not.counted:1/0`,
      'high-availability.redis.password': password,
      'high-availability.redis.sentinel.addresses': this.#ports.map((port) => `127.0.0.1:${port}`).join(', '),
      'high-availability.redis.sentinel.master': master,
      'high-availability.redis.sentinel.password': sentinelPassword,
      ...(this.#authority === undefined ? {} : redisTlsOptions(this.#directory, this.#authority)),
    }
  }

  /** Port of the master, as the first Sentinel has it. */
  async master(): Promise<number> {
    const sentinel = this.#ask(this.#ports[0] as number)
    try {
      const [, port] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master)) as [string, string]
      return Number(port)
    } finally {
      sentinel.disconnect()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(killed))
    await Promise.all(this.servers.map((each) => each.close()))
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #ask(port: number): Redis {
    const issued = this.#authority?.issue('test')
    const tls = issued === undefined ? {} : { tls: { ...issued, ca: this.#authority?.cert } }
    return new Redis({ host: '127.0.0.1', port, password: sentinelPassword, ...tls })
  }

  async #start(): Promise<void> {
    const tls = this.#authority && { authority: this.#authority }
    const first = await RedisServer.start({ password, tls })
    this.servers.push(first)
    const more = ['--replicaof', '127.0.0.1', String(first.port), '--repl-diskless-sync-delay', '0']
    this.servers.push(await RedisServer.start({ password, more, tls }))
    for (let index = 0; index < count; index++) {
      const port = await freePort()
      const file = join(this.#directory, `${index}.conf`)
      const lines = [
        ...listenOptions(port, this.#authority, this.#directory).map(([key, value]) => `${key} ${value}`),
        'bind 127.0.0.1',
        `dir ${this.#directory}`,
        `requirepass "${sentinelPassword}"`,
        `sentinel sentinel-pass "${sentinelPassword}"`,
        `sentinel monitor ${master} 127.0.0.1 ${first.port} 2`,
        `sentinel auth-pass ${master} "${password}"`,
        `sentinel down-after-milliseconds ${master} 2000`,
        `sentinel failover-timeout ${master} 3000`,
      ]
      writeFileSync(file, `${lines.join('\n')}\n`)
      this.#children.push(await startRedis([file, '--sentinel'], '+monitor master'))
      this.#ports.push(port)
    }
    await this.#whole()
  }

  /** A Sentinel that does not know the others, or the replica, can do nothing yet. */
  async #whole(): Promise<void> {
    for (const port of this.#ports) {
      const sentinel = this.#ask(port)
      const known = async (what: string): Promise<number> =>
        ((await sentinel.call('SENTINEL', what, master)) as unknown[]).length
      await until(async () => (await known('SENTINELS')) >= count - 1 && (await known('REPLICAS')) >= 1, 50)
      sentinel.disconnect()
    }
  }
}
