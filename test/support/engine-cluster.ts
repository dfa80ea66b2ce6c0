/**
 * A JobManager and TaskManagers with real slot threads in this process, their data in a temporary directory. For tests of
 * what the whole engine does when nothing is killed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LoadedJob, loadJob } from '../../cli/load-job.ts'
import { startJobManager } from '../../jobmanager/main.ts'
import { type ClusterClient, createClusterClient, type JobStatus } from '../../proto/client.ts'
import { startTaskManager } from '../../taskmanager/main.ts'
import { conditionLimitMs } from './until.ts'

export interface EngineClusterOptions {
  readonly taskManagers: number
  /** Of each TaskManager. */
  readonly slots: number
  readonly options?: Readonly<Record<string, string>>
}

export interface EngineCluster {
  readonly client: ClusterClient
  readonly directory: string
  /** A job by its file; the same file, options and parallelism are bundled once. */
  load(file: string, options: Readonly<Record<string, string>>, parallelism: number): Promise<LoadedJob>
  submit(job: LoadedJob): Promise<string>
  /** The last status; throws with the job's failures when it did not finish, and with its state when it takes too long. */
  finished(jobId: string): Promise<JobStatus>
  close(): Promise<void>
}

export async function startEngineCluster({
  taskManagers,
  slots,
  options,
}: EngineClusterOptions): Promise<EngineCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-engine-'))
  const jobManager = await startJobManager({
    ...options,
    'jobmanager.rpc.port': '0',
    'jobmanager.data-dir': join(directory, 'jobmanager'),
    'execution.checkpointing.dir': `file://${join(directory, 'checkpoints')}`,
  })
  const port = jobManager.address.slice(jobManager.address.lastIndexOf(':') + 1)
  const started = await Promise.all(
    Array.from({ length: taskManagers }, (_, i) =>
      startTaskManager({
        'taskmanager.memory.network.size': '64mb',
        'taskmanager.memory.task.heap.size': '256mb',
        ...options,
        'jobmanager.rpc.port': port,
        'taskmanager.resource-id': `tm-${i + 1}`,
        'taskmanager.numberOfTaskSlots': String(slots),
        'taskmanager.data-dir': join(directory, `tm-${i + 1}`),
      }),
    ),
  )
  const client = createClusterClient({ address: jobManager.address })
  const loaded = new Map<string, Promise<LoadedJob>>()

  return {
    client,
    directory,
    load(file, given, parallelism) {
      const key = JSON.stringify([file, given, parallelism])
      const job = loaded.get(key) ?? loadJob(file, given, parallelism)
      loaded.set(key, job)
      return job
    },
    async submit({ plan, bundle, options: given }) {
      return (await client.submit({ plan, bundle: Buffer.from(bundle.code), options: given })).jobId
    },
    async finished(jobId) {
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(async () => {
        const info = await client.info(jobId)
        const vertices = info.vertices.map(({ name, subtasks }) => ({ name, subtasks }))
        reject(
          new Error(
            `job ${jobId} is ${info.status.state} after ${conditionLimitMs} ms: ${JSON.stringify(vertices, undefined, 1)}`,
          ),
        )
      }, conditionLimitMs)
      const watched = (async () => {
        let last: JobStatus | undefined
        for await (const status of client.watch(jobId)) last = status
        if (last?.state === 'finished') return last
        const { failures } = await client.info(jobId)
        throw new Error(`job ${jobId} is ${last?.state}: ${JSON.stringify(failures, undefined, 1)}`)
      })()
      try {
        return await Promise.race([watched, late])
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      client.close()
      for (const taskManager of started) await taskManager.close()
      await jobManager.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
