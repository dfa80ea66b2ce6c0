/** A JobManager and TaskManagers as processes that talk TLS, for tests; their data in a temporary directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClusterClient, createClusterClient } from '../../proto/client.ts'
import type { ChannelTls } from '../../proto/rpc/tls.ts'
import { freePort } from './ports.ts'
import { conditionLimitMs } from './until.ts'

const cliMain = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

export class TlsCluster {
  readonly directory: string
  readonly port: number
  readonly client: ClusterClient
  readonly #processes = new Map<string, ChildProcess>()
  readonly #options: Readonly<Record<string, string>>

  private constructor(directory: string, port: number, options: Readonly<Record<string, string>>, tls: ChannelTls) {
    this.directory = directory
    this.port = port
    this.#options = options
    this.client = createClusterClient({ address: `localhost:${port}`, tls })
  }

  /** A JobManager and two TaskManagers with two slots each, registered. */
  static async start(options: Readonly<Record<string, string>>, tls: ChannelTls): Promise<TlsCluster> {
    const cluster = new TlsCluster(mkdtempSync(join(tmpdir(), 'millrace-tls-')), await freePort(), options, tls)
    try {
      for (const name of ['jobmanager', 'tm-1', 'tm-2']) cluster.start(name)
      await cluster.until('all slots', async () => (await cluster.client.cluster()).slotsTotal === 4)
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  start(name: string, more: Readonly<Record<string, string>> = {}): void {
    const role = name === 'jobmanager' ? 'jobmanager' : 'taskmanager'
    const config = {
      'jobmanager.rpc.port': String(this.port),
      'cluster.registration.max-timeout': '200ms',
      'execution.checkpointing.dir': `file://${join(this.directory, 'checkpoints')}`,
      'jobmanager.data-dir': join(this.directory, 'jobmanager'),
      'taskmanager.data-dir': join(this.directory, name),
      'taskmanager.memory.network.size': '32mb',
      'taskmanager.memory.task.heap.size': '96mb',
      'taskmanager.numberOfTaskSlots': '2',
      ...(role === 'taskmanager' ? { 'taskmanager.resource-id': name } : {}),
      ...this.#options,
      ...more,
    }
    const definitions = Object.entries(config).flatMap(([key, value]) => ['-D', `${key}=${value}`])
    const argv = ['--conditions=source', cliMain, 'start', '--role', role, ...definitions]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.directory })
    child.stderr.on('data', (data: Buffer) => appendFileSync(join(this.directory, `${name}.log`), data))
    this.#processes.set(name, child)
  }

  /** kill -9, and waits until it is gone. */
  async kill(name: string): Promise<void> {
    const child = this.#processes.get(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })
  }

  logOf(name: string): string {
    try {
      return readFileSync(join(this.directory, `${name}.log`), 'utf8')
    } catch {
      // It has said nothing yet.
      return ''
    }
  }

  /** Waits until `condition` gives something; what it throws meanwhile counts when it goes on too long. */
  async until<T>(what: string, condition: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
    const deadline = performance.now() + conditionLimitMs
    let last: unknown
    for (;;) {
      try {
        const found = await condition()
        if (found !== undefined && found !== false) return found
      } catch (error) {
        last = error
      }
      if (performance.now() > deadline) {
        const logs = [...this.#processes.keys()].map((name) => `--- ${name}\n${this.logOf(name).slice(-2000)}`)
        throw new Error(`waited for ${what}: ${String(last)}\n${logs.join('\n')}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async close(): Promise<void> {
    this.client.close()
    await Promise.all([...this.#processes.keys()].map((name) => this.kill(name)))
    rmSync(this.directory, { recursive: true, force: true })
  }
}
