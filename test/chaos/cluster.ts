/**
 * A cluster of real processes on loopback that can be hurt: a JobManager and TaskManagers, started as a user would start
 * them, with all their data and logs in one temporary directory.
 *
 * Promises: only processes that were started here are ever signalled; `close` leaves none of them behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClusterClient, createClusterClient } from '../../proto/client.ts'

/** As the command does it: code is compiled once, not in every process and thread. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/millrace', import.meta.url))
const cliMain = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const startTimeoutMs = 30_000

export interface ChaosClusterOptions {
  readonly taskManagers: number
  readonly slots: number
  /** For all processes. */
  readonly options: Readonly<Record<string, string>>
}

type Role = 'jobmanager' | 'taskmanager'

/** A process of the cluster that is started again when it was killed. */
export interface Member {
  readonly name: string
  readonly role: Role
  readonly config: Readonly<Record<string, string>>
  child: ChildProcess
}

export class ChaosCluster {
  readonly directory: string
  readonly address: string
  readonly jobManager: Member
  readonly taskManagers: readonly Member[]
  readonly slotsTotal: number
  client: ClusterClient
  #closed = false
  /** Starts that are under way. */
  readonly #starting = new Set<Promise<void>>()

  private constructor(
    directory: string,
    address: string,
    jobManager: Member,
    taskManagers: readonly Member[],
    slotsTotal: number,
  ) {
    this.slotsTotal = slotsTotal
    this.directory = directory
    this.address = address
    this.jobManager = jobManager
    this.taskManagers = taskManagers
    this.client = createClusterClient({ address })
  }

  /** Resolves when all slots are there. */
  static async start({ taskManagers, slots, options }: ChaosClusterOptions): Promise<ChaosCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-chaos-'))
    const port = String(await freePort())
    const common = {
      'jobmanager.rpc.port': port,
      'execution.checkpointing.dir': `file://${join(directory, 'checkpoints')}`,
      'taskmanager.memory.network.size': '32mb',
      'taskmanager.memory.task.heap.size': '256mb',
      'taskmanager.memory.task.young-generation.size': '8mb',
      ...options,
    }
    const member = (name: string, role: Role, own: Readonly<Record<string, string>>): Member => {
      const config = { ...common, ...own }
      return { name, role, config, child: spawnMember(directory, name, role, config) }
    }
    const jobManager = member('jobmanager', 'jobmanager', { 'jobmanager.data-dir': join(directory, 'jobmanager') })
    const others = Array.from({ length: taskManagers }, (_, i) =>
      member(`tm-${i + 1}`, 'taskmanager', {
        'taskmanager.resource-id': `tm-${i + 1}`,
        'taskmanager.numberOfTaskSlots': String(slots),
        'taskmanager.data-dir': join(directory, 'taskmanagers'),
      }),
    )
    const cluster = new ChaosCluster(directory, `127.0.0.1:${port}`, jobManager, others, taskManagers * slots)
    try {
      await cluster.until('all slots', async () => {
        cluster.checkAlive()
        return (await cluster.client.cluster()).slotsTotal === cluster.slotsTotal
      })
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  /** Process ids of what runs now. */
  get pids(): readonly number[] {
    return [this.jobManager, ...this.taskManagers].flatMap(({ child }) => (alive(child) ? (child.pid ?? []) : []))
  }

  /** Members that do not run. */
  get killed(): readonly Member[] {
    return [this.jobManager, ...this.taskManagers].filter(({ child }) => !alive(child))
  }

  /** Throws when a process has ended that nobody killed. */
  checkAlive(): void {
    for (const { name, child } of [this.jobManager, ...this.taskManagers]) {
      if (child.exitCode !== null)
        throw new MemberEnded(`${name} ended with exit code ${child.exitCode}\n${this.lastWords()}`)
    }
  }

  taskManager(name: string): Member {
    const found = this.taskManagers.find((each) => each.name === name)
    if (found === undefined) throw new Error(`there is no TaskManager ${name}`)
    return found
  }

  /** kill -9. Gives the time at which the signal went out, epoch ms. */
  kill(member: Member): number {
    const nowMs = Date.now()
    if (!alive(member.child)) throw new Error(`${member.name} does not run; its log: ${this.logOf(member)}`)
    member.child.kill('SIGKILL')
    return nowMs
  }

  /** Starts a member that was killed once more, as soon as it is gone. */
  async restart(member: Member): Promise<void> {
    await gone(member.child)
    if (this.#closed) return
    member.child = spawnMember(this.directory, member.name, member.role, member.config)
    if (member.role === 'jobmanager') {
      this.client.close()
      this.client = createClusterClient({ address: this.address })
    }
  }

  /** The same without waiting for it. */
  restartSoon(member: Member): void {
    const restarted = this.restart(member).finally(() => this.#starting.delete(restarted))
    this.#starting.add(restarted)
  }

  freeze(member: Member, frozen: boolean): void {
    if (alive(member.child)) member.child.kill(frozen ? 'SIGSTOP' : 'SIGCONT')
  }

  logOf(member: Member): string {
    return join(this.directory, `${member.name}.log`)
  }

  /** The last lines of the log of each member, for a run that went wrong. */
  lastWords(lines = 15): string {
    return [this.jobManager, ...this.taskManagers]
      .map((member) => {
        const text = readFileSync(this.logOf(member), 'utf8').trimEnd().split('\n')
        return [`--- ${member.name}`, ...text.slice(-lines).map((line) => line.slice(0, 600))].join('\n')
      })
      .join('\n')
  }

  /** Waits until `condition` gives something; what it throws while a JobManager is missing is passed over. */
  async until<T>(what: string, condition: () => Promise<T | false | undefined>, limitMs = startTimeoutMs): Promise<T> {
    const deadline = performance.now() + limitMs
    let last: unknown
    while (!this.#closed) {
      try {
        const found = await condition()
        if (found !== undefined && found !== false) return found
        last = undefined
      } catch (error) {
        if (error instanceof MemberEnded) throw error
        last = error
      }
      if (performance.now() > deadline) {
        const why = last instanceof Error ? `: ${last.message}` : ''
        throw new Error(`waited ${limitMs / 1000} s for ${what}${why}\n${this.lastWords()}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`the cluster was closed while waiting for ${what}`)
  }

  /** Ends all processes. `keep`: the directory stays. */
  async close(keep = false): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.client.close()
    await Promise.allSettled(this.#starting)
    const members = [this.jobManager, ...this.taskManagers]
    for (const { child } of members) if (alive(child)) child.kill('SIGKILL')
    await Promise.all(members.map(({ child }) => gone(child)))
    if (!keep) rmSync(this.directory, { recursive: true, force: true })
  }
}

/** No use in waiting any longer. */
class MemberEnded extends Error {}

function spawnMember(
  directory: string,
  name: string,
  role: Role,
  config: Readonly<Record<string, string>>,
): ChildProcess {
  const definitions = Object.entries(config).flatMap(([key, value]) => ['-D', `${key}=${value}`])
  const path = join(directory, `${name}.log`)
  appendFileSync(path, '')
  const log = openSync(path, 'a')
  try {
    return spawn(process.execPath, ['--conditions=source', cliMain, 'start', '--role', role, ...definitions], {
      stdio: ['ignore', log, log],
      cwd: directory,
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
    })
  } finally {
    closeSync(log)
  }
}

const alive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

function gone(child: ChildProcess): Promise<void> {
  if (!alive(child)) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

/** The JobManager keeps its port over restarts, so it cannot take any. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
