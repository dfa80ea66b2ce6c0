/**
 * A cluster of real processes on loopback that can be hurt: JobManagers and TaskManagers, started as a user would start
 * them, with all their data and logs in one temporary directory. With a switchboard all connections that they make go over it,
 * and their clocks can be moved.
 *
 * Promises: only processes that were started here are ever signalled; `close` leaves none of them behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadJob } from '../../cli/load-job.ts'
import { type ClusterClient, createClusterClient, type JobInfo } from '../../proto/client.ts'
import { launchedEnvironment } from '../support/launched.ts'
import { freePorts } from '../support/ports.ts'
import { hookVariable, type ProcessHook } from '../support/process-hook.ts'
import type { Switchboard } from '../support/switchboard.ts'

/** As the command does it: code is compiled once, not in every process and thread. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/millrace', import.meta.url))
const cliMain = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const hookMain = fileURLToPath(new URL('../support/process-hook.ts', import.meta.url))
const startTimeoutMs = 120_000

export interface ChaosClusterOptions {
  readonly taskManagers: number
  readonly slots: number
  /** For all processes. */
  readonly options: Readonly<Record<string, string>>
  /** Default 1. More need the options of high availability. */
  readonly jobManagers?: number
  readonly switchboard?: Switchboard
  /** Default: one of its own below the directory for temporary files, which `close` removes. */
  readonly directory?: string
}

type Role = 'jobmanager' | 'taskmanager'

/** A process of the cluster that is started again when it was killed. */
export interface Member {
  readonly name: string
  readonly role: Role
  readonly config: Readonly<Record<string, string>>
  /** Of a JobManager. */
  readonly port: number | undefined
  readonly hook: ProcessHook | undefined
  child: ChildProcess
}

export class ChaosCluster {
  readonly directory: string
  readonly address: string
  readonly jobManagers: readonly Member[]
  readonly taskManagers: readonly Member[]
  readonly slotsTotal: number
  client: ClusterClient
  #closed = false
  /** Starts that are under way. */
  readonly #starting = new Set<Promise<void>>()

  private constructor(
    directory: string,
    address: string,
    jobManagers: readonly Member[],
    taskManagers: readonly Member[],
    slotsTotal: number,
  ) {
    this.slotsTotal = slotsTotal
    this.directory = directory
    this.address = address
    this.jobManagers = jobManagers
    this.taskManagers = taskManagers
    this.client = createClusterClient({ address })
  }

  /** Resolves when all slots are there. */
  static async start(given: ChaosClusterOptions): Promise<ChaosCluster> {
    const { taskManagers, slots, options, jobManagers = 1, switchboard } = given
    const directory = given.directory ?? mkdtempSync(join(tmpdir(), 'millrace-chaos-'))
    const ports = await freePorts(jobManagers)
    const address = ports.map((port) => `127.0.0.1:${port}`).join(',')
    const common = {
      ...(jobManagers === 1 ? { 'jobmanager.rpc.port': String(ports[0]) } : { 'jobmanager.rpc.addresses': address }),
      'execution.checkpointing.dir': `file://${join(directory, 'checkpoints')}`,
      'taskmanager.memory.network.size': '32mb',
      'taskmanager.memory.task.heap.size': '256mb',
      'taskmanager.memory.task.young-generation.size': '8mb',
      ...options,
    }
    const member = (name: string, role: Role, own: Readonly<Record<string, string>>, port?: number): Member => {
      const clockFile = join(directory, `${name}.clock`)
      const hook = switchboard && { name, switchboardPort: switchboard.port, clockFile }
      const made = { name, role, config: { ...common, ...own }, port, hook }
      return { ...made, child: spawnMember(directory, made) }
    }
    const leaders = ports.map((port, i) => {
      const name = jobManagers === 1 ? 'jobmanager' : `jobmanager-${i + 1}`
      switchboard?.name(name, { port })
      const own = { 'jobmanager.rpc.port': String(port), 'jobmanager.data-dir': join(directory, name) }
      return member(name, 'jobmanager', own, port)
    })
    const others = Array.from({ length: taskManagers }, (_, i) => {
      const name = `tm-${i + 1}`
      // An address of its own tells the switchboard whose a connection is.
      const host = `127.0.1.${i + 1}`
      switchboard?.name(name, { host })
      return member(name, 'taskmanager', {
        'taskmanager.resource-id': name,
        'taskmanager.numberOfTaskSlots': String(slots),
        'taskmanager.data-dir': join(directory, 'taskmanagers'),
        ...(switchboard !== undefined && { 'taskmanager.host': host }),
      })
    })
    const cluster = new ChaosCluster(directory, address, leaders, others, taskManagers * slots)
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

  /** The only one, or the first. */
  get jobManager(): Member {
    return this.jobManagers[0] as Member
  }

  get members(): readonly Member[] {
    return [...this.jobManagers, ...this.taskManagers]
  }

  /** The JobManager that leads, by what clients are told. */
  async leader(): Promise<Member> {
    if (this.jobManagers.length === 1) return this.jobManager
    const { address } = await this.client.cluster()
    const found = this.jobManagers.find(({ port }) => address.endsWith(`:${port}`))
    if (found === undefined) throw new Error(`nobody started a JobManager at ${address}`)
    return found
  }

  /** Process ids of what runs now. */
  get pids(): readonly number[] {
    return this.members.flatMap(({ child }) => (alive(child) ? (child.pid ?? []) : []))
  }

  /** Members that do not run. */
  get killed(): readonly Member[] {
    return this.members.filter(({ child }) => !alive(child))
  }

  /** Throws when a process has ended that nobody killed. */
  checkAlive(): void {
    for (const { name, child } of this.members) {
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
    member.child = spawnMember(this.directory, member)
    if (member.role === 'jobmanager' && this.jobManagers.length === 1) {
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
    return this.members
      .map((member) => {
        const text = readFileSync(this.logOf(member), 'utf8').trimEnd().split('\n')
        return [`--- ${member.name}`, ...text.slice(-lines).map((line) => line.slice(0, 600))].join('\n')
      })
      .join('\n')
  }

  /** Submits the job of a file; gives its id. */
  async submit(
    file: string,
    given: Readonly<Record<string, string>>,
    parallelism: number,
    savepointPath?: string,
  ): Promise<string> {
    const { plan, bundle, options } = await loadJob(file, given, parallelism)
    const from = savepointPath === undefined ? {} : { savepointPath }
    return (await this.client.submit({ plan, bundle: Buffer.from(bundle.code), options, ...from })).jobId
  }

  /** Waits until what the JobManager says of a job is so. */
  untilJob(
    what: string,
    jobId: string,
    condition: (info: JobInfo) => boolean,
    limitMs = startTimeoutMs,
  ): Promise<JobInfo> {
    const look = async (): Promise<JobInfo | false> => {
      const info = await this.client.info(jobId)
      return condition(info) && info
    }
    return this.until(what, look, limitMs)
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
    const members = this.members
    for (const { child } of members) if (alive(child)) child.kill('SIGKILL')
    await Promise.all(members.map(({ child }) => gone(child)))
    if (!keep) rmSync(this.directory, { recursive: true, force: true })
  }
}

/** No use in waiting any longer. */
class MemberEnded extends Error {}

function spawnMember(directory: string, { name, role, config, hook }: Omit<Member, 'child'>): ChildProcess {
  const definitions = Object.entries(config).flatMap(([key, value]) => ['-D', `${key}=${value}`])
  const first = hook === undefined ? [] : ['--import', hookMain]
  const path = join(directory, `${name}.log`)
  appendFileSync(path, '')
  const log = openSync(path, 'a')
  try {
    return spawn(
      process.execPath,
      ['--conditions=source', ...first, cliMain, 'start', '--role', role, ...definitions],
      {
        stdio: ['ignore', log, log],
        cwd: directory,
        env: {
          NODE_COMPILE_CACHE: compileCache,
          ...launchedEnvironment(),
          ...(hook !== undefined && { [hookVariable]: JSON.stringify(hook) }),
        },
      },
    )
  } finally {
    closeSync(log)
  }
}

const alive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

function gone(child: ChildProcess): Promise<void> {
  if (!alive(child)) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
