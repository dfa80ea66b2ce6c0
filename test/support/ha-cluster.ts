/** Several JobManagers as processes, a real Redis, and TaskManagers with fake slots in this process. For tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configureLogging } from '../../core/log.ts'
import { type ClusterClient, createClusterClient, type JobStateName, type JobStatus } from '../../proto/client.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { type RunningTaskManager, startTaskManager } from '../../taskmanager/main.ts'
import { freePorts } from './ports.ts'
import { RedisServer } from './redis-server.ts'

configureLogging({ level: process.env.MILLRACE_TEST_LOG === '1' ? 'info' : 'silent' })

const main = fileURLToPath(new URL('./job-manager-process.ts', import.meta.url))
const fakeSlot = new URL('./fake-slot.ts', import.meta.url)

export interface Started {
  readonly address?: string
  readonly code?: string
  readonly message?: string
}

export class HaCluster {
  readonly directory: string
  readonly redis: RedisServer
  readonly options: Readonly<Record<string, string>>
  readonly ports: readonly number[]
  readonly client: ClusterClient
  readonly processes: (ChildProcess | undefined)[] = []
  readonly taskManagers: RunningTaskManager[] = []

  private constructor(redis: RedisServer, ports: readonly number[], extra: Readonly<Record<string, string>>) {
    this.directory = mkdtempSync(join(tmpdir(), 'millrace-ha-'))
    this.redis = redis
    this.ports = ports
    this.options = {
      'high-availability.type': 'redis',
      'high-availability.redis.url': redis.url,
      ...(redis.password === undefined ? {} : { 'high-availability.redis.password': redis.password }),
      'high-availability.storage-dir': `file://${join(this.directory, 'ha')}`,
      ...extra,
    }
    this.client = createClusterClient({ address: this.addresses })
  }

  /** `given`: a password of Redis, or a Redis, which is closed with it. */
  static async start(
    count: number,
    extra: Readonly<Record<string, string>> = {},
    given?: string | RedisServer,
  ): Promise<HaCluster> {
    const redis = given instanceof RedisServer ? given : await RedisServer.start(given)
    const ports = await freePorts(count)
    const cluster = new HaCluster(redis, ports, extra)
    for (let index = 0; index < count; index++) await cluster.startJobManager(index)
    return cluster
  }

  get addresses(): string {
    return this.ports.map((port) => `127.0.0.1:${port}`).join(',')
  }

  address(index: number): string {
    return `127.0.0.1:${this.ports[index]}`
  }

  async startJobManager(index: number, extra: Readonly<Record<string, string>> = {}): Promise<Started> {
    const config = {
      ...this.options,
      'jobmanager.rpc.port': String(this.ports[index]),
      'jobmanager.data-dir': join(this.directory, `jobmanager-${index}`),
      ...extra,
    }
    const child = spawn(process.execPath, ['--conditions=source', main, JSON.stringify(config)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.processes[index] = child
    const line = await new Promise<string>((resolve) =>
      child.stdout?.once('data', (data: Buffer) => resolve(data.toString())),
    )
    return JSON.parse(
      line.split('\n').find((each) => each.startsWith('{"address') || each.startsWith('{"code')) ?? '{}',
    ) as Started
  }

  async taskManager(id: string, slots: number): Promise<RunningTaskManager> {
    const taskManager = await startTaskManager(
      {
        'taskmanager.memory.network.size': '16mb',
        'taskmanager.memory.task.heap.size': '64mb',
        'taskmanager.memory.task.young-generation.size': '4mb',
        'taskmanager.data-dir': join(this.directory, id),
        'jobmanager.rpc.addresses': this.addresses,
        'taskmanager.resource-id': id,
        'taskmanager.numberOfTaskSlots': String(slots),
      },
      { slotWorker: fakeSlot },
    )
    this.taskManagers.push(taskManager)
    return taskManager
  }

  /** Index of the JobManager that leads. */
  async leader(): Promise<number> {
    const { address } = await this.client.cluster()
    return this.ports.findIndex((port) => address.endsWith(`:${port}`))
  }

  async submit(plan: JobPlan, client: ClusterClient = this.client): Promise<string> {
    const { jobId } = await client.submit({ plan, bundle: Buffer.from(`// ${plan.name}`) })
    return jobId
  }

  async until(job: string, state: JobStateName, attempt = 0): Promise<JobStatus> {
    let seen: JobStatus | undefined
    for await (const status of this.client.watch(job)) {
      seen = status
      if (status.state === state && status.attempt >= attempt) return status
    }
    throw new Error(`job ${job} ended as ${seen?.state} and never was ${state}: ${seen?.detail}`)
  }

  signal(index: number, signal: NodeJS.Signals): void {
    this.processes[index]?.kill(signal)
  }

  async kill(index: number): Promise<void> {
    const child = this.processes[index]
    this.processes[index] = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    this.client.close()
    await Promise.all(this.taskManagers.map((each) => each.close()))
    await Promise.all(this.processes.map((_, index) => this.kill(index)))
    await this.redis.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
