/** A JobManager and TaskManagers with fake slots, in this process or as processes of their own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configureLogging } from '../../core/log.ts'
import { type RunningJobManager, startJobManager } from '../../jobmanager/main.ts'
import { type ClusterClient, createClusterClient, type JobStateName, type JobStatus } from '../../proto/client.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { type RunningTaskManager, startTaskManager } from '../../taskmanager/main.ts'
import { freePort } from './ports.ts'

export { testPlan } from './plan.ts'

configureLogging({ level: 'silent' })

export const fakeSlot = new URL('./fake-slot.ts', import.meta.url)

const defaults: Readonly<Record<string, string>> = {
  'taskmanager.memory.network.size': '16mb',
  'taskmanager.memory.task.heap.size': '64mb',
  'taskmanager.memory.task.young-generation.size': '4mb',
}

export class ControlCluster {
  readonly directory: string
  readonly config: Readonly<Record<string, string>>
  client: ClusterClient
  #jobManager: RunningJobManager
  #taskManagers: RunningTaskManager[] = []
  #processes: ChildProcess[] = []

  private constructor(config: Readonly<Record<string, string>>, jobManager: RunningJobManager, directory: string) {
    this.config = config
    this.directory = directory
    this.#jobManager = jobManager
    this.client = createClusterClient({ address: jobManager.address })
  }

  static async start(extra: Readonly<Record<string, string>> = {}): Promise<ControlCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-control-'))
    const config = {
      ...defaults,
      'jobmanager.rpc.port': String(await freePort()),
      'jobmanager.data-dir': join(directory, 'jobmanager'),
      'taskmanager.data-dir': join(directory, 'taskmanager'),
      ...extra,
    }
    return new ControlCluster(config, await startJobManager(config), directory)
  }

  async taskManager(
    id: string,
    slots: number,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<RunningTaskManager> {
    const config = {
      ...this.config,
      'taskmanager.resource-id': id,
      'taskmanager.numberOfTaskSlots': `${slots}`,
      ...extra,
    }
    const taskManager = await startTaskManager(config, { slotWorker: fakeSlot })
    this.#taskManagers.push(taskManager)
    return taskManager
  }

  /** A TaskManager in a process of its own, registered. */
  async taskManagerProcess(id: string, slots: number): Promise<ChildProcess> {
    const config = { ...this.config, 'taskmanager.resource-id': id, 'taskmanager.numberOfTaskSlots': `${slots}` }
    const main = fileURLToPath(new URL('./fake-task-manager.ts', import.meta.url))
    const child = spawn(process.execPath, [main, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#processes.push(child)
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    return child
  }

  /** Ends the JobManager without a word to the jobs, and starts another on the same port. */
  async restartJobManager(): Promise<void> {
    this.client.close()
    await this.#jobManager.close()
    this.#jobManager = await startJobManager(this.config)
    this.client = createClusterClient({ address: this.#jobManager.address })
  }

  async submit(plan: JobPlan, savepointPath?: string): Promise<string> {
    const { jobId } = await this.client.submit({ plan, bundle: Buffer.from(`// ${plan.name}`), savepointPath })
    return jobId
  }

  /** Waits until the job is in that state and, when given, in that attempt or a later one. */
  async until(job: string, state: JobStateName, attempt = 0): Promise<JobStatus> {
    let seen: JobStatus | undefined
    for await (const status of this.client.watch(job)) {
      seen = status
      if (status.state === state && status.attempt >= attempt) return status
    }
    throw new Error(
      `job ${job} ended as ${seen?.state} and never was ${state}: ${seen?.detail} ${seen?.failure?.message}`,
    )
  }

  /** Waits for a line of the job that contains `text`. */
  async line(job: string, text: string): Promise<string> {
    for await (const line of this.client.logs(job, { follow: true })) if (line.text.includes(text)) return line.text
    throw new Error(`the job ended without a line "${text}"`)
  }

  async close(): Promise<void> {
    this.client.close()
    for (const child of this.#processes) child.kill('SIGKILL')
    await Promise.all(this.#taskManagers.map((each) => each.close()))
    await this.#jobManager.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
