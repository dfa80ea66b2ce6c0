/** A cluster of processes that runs the state job, filled with as many keys as make a given size of flat state. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadJob } from '../../cli/load-job.ts'
import type { CheckpointInfo, ClusterClient, JobInfo, Snapshot } from '../../proto/client.ts'
import { ChaosCluster } from '../../test/chaos/cluster.ts'
import { usageOf } from '../lib/processes.ts'
import { type Control, type Output, readOutputs, totalOf, writeControl } from '../lib/state-control.ts'

/** Shapes of the state job, with the bytes of a key in memory: its entry and its slot, or its text. */
const bytesPerKey: Readonly<Record<string, number>> = { three: 80, text: 1024 }
export const keysOf = (
  megabytes: number,
  { 'large.shape': shape = 'three' }: Readonly<Record<string, string>>,
): number => Math.floor((megabytes * 2 ** 20) / (bytesPerKey[shape] ?? 80))

export interface LargeShape {
  readonly taskManagers: number
  readonly slots: number
  readonly parallelism: number
  readonly keys: number
  /** Of the job. */
  readonly options?: Readonly<Record<string, string>>
}

/** A checkpoint as its caller and its subtasks saw it. */
export type Taken = Snapshot & Pick<CheckpointInfo, 'syncMs' | 'asyncMs'> & { readonly cpuSeconds: number }

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export class LargeJob {
  readonly cluster: ChaosCluster
  readonly keys: number
  readonly jobId: string
  readonly directory: string

  private constructor(cluster: ChaosCluster, keys: number, jobId: string, directory: string) {
    this.cluster = cluster
    this.keys = keys
    this.jobId = jobId
    this.directory = directory
  }

  /** Resolves when each key has been counted once and the source waits. */
  static async start({ taskManagers, slots, parallelism, keys, options = {} }: LargeShape): Promise<LargeJob> {
    const cluster = await ChaosCluster.start({
      taskManagers,
      slots,
      options: { 'taskmanager.memory.network.size': '128mb', 'taskmanager.memory.task.heap.size': '1gb' },
    })
    try {
      const directory = join(cluster.directory, 'state-job')
      mkdirSync(directory)
      writeControl(directory, { until: keys })
      const jobId = await submitStateJob(cluster.client, directory, parallelism, {
        'large.keys': String(keys),
        ...options,
      })
      const job = new LargeJob(cluster, keys, jobId, directory)
      await job.until('all keys', () => totalOf(job.outputs()) >= keys, 600_000)
      return job
    } catch (error) {
      process.stderr.write(`${cluster.lastWords()}\n`)
      await cluster.close()
      throw error
    }
  }

  get client(): ClusterClient {
    return this.cluster.client
  }

  tell(control: Control): void {
    writeControl(this.directory, control)
  }

  outputs(): readonly Output[] {
    return readOutputs(this.directory)
  }

  info(): Promise<JobInfo> {
    return this.client.info(this.jobId)
  }

  /** Gives a function that tells what the processes that run now have used since. */
  cpuMeter(): () => number {
    const { pids } = this.cluster
    const before = pids.map((pid) => usageOf([pid]).cpuSeconds)
    // One that was just killed has nothing to tell any more.
    return () =>
      round(
        pids.reduce((sum, pid, i) => sum + Math.max(0, usageOf([pid]).cpuSeconds - (before[i] ?? 0)), 0),
        2,
      )
  }

  async checkpoint(): Promise<Taken> {
    const cpuOf = this.cpuMeter()
    const snapshot = await this.client.checkpoint(this.jobId)
    const cpuSeconds = cpuOf()
    const { checkpoints } = await this.info()
    const { syncMs, asyncMs } = checkpoints.find(({ checkpointId }) => checkpointId === snapshot.checkpointId) ?? {}
    return { ...snapshot, syncMs, asyncMs, cpuSeconds }
  }

  /** Changes the first part of all keys, once each. */
  async change(share: number): Promise<void> {
    const before = totalOf(this.outputs())
    const records = Math.floor(this.keys * share)
    this.tell({ until: before + records })
    await this.until('the changed keys', () => totalOf(this.outputs()) >= before + records, 120_000)
  }

  until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<true> {
    return this.cluster.until(
      what,
      async () => {
        this.#checkRunning(await this.info())
        return (await condition()) && (true as const)
      },
      limitMs,
    )
  }

  #checkRunning({ status, failures }: JobInfo): void {
    if (status.terminal) throw new Error(`the job is ${status.state}: ${JSON.stringify(failures)}`)
  }

  async close(): Promise<void> {
    await this.cluster.close()
  }
}

export async function submitStateJob(
  client: ClusterClient,
  directory: string,
  parallelism: number,
  options: Readonly<Record<string, string>>,
): Promise<string> {
  const file = fileURLToPath(new URL('../lib/state-job.ts', import.meta.url))
  const given = {
    'large.directory': directory,
    'restart-strategy.exponential-delay.initial-backoff': '20ms',
    // Only when asked for.
    'execution.checkpointing.interval': '1h',
    'execution.checkpointing.timeout': '10min',
    ...options,
  }
  const { plan, bundle, options: submitted } = await loadJob(file, given, parallelism)
  const { jobId } = await client.submit({ plan, bundle: Buffer.from(bundle.code), options: submitted })
  return jobId
}

export const round = (value: number, digits = 0): number => Number(value.toFixed(digits))
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
