/**
 * A keyed count on RocksDB whose state is many times its memory: each key once, then keys by chance. "Steady" is the
 * last three quarters of the records, as in the other benchmarks. Resident memory is that of the TaskManager's process, the mean of each
 * third of the run.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ChaosCluster } from '../../test/chaos/cluster.ts'
import { residentMb, usageOf } from '../lib/processes.ts'
import { bytesOf, readOutputs, totalOf, writeControl } from '../lib/state-control.ts'
import { round, submitStateJob } from './large-job.ts'

export interface TenTimesShape {
  /** Of one subtask, in MB. */
  readonly memoryMb: number
  readonly keys: number
  readonly records: number
  readonly parallelism: number
  readonly options: Readonly<Record<string, string>>
}

export async function tenTimes(shape: TenTimesShape): Promise<unknown> {
  const cluster = await ChaosCluster.start({
    taskManagers: 1,
    slots: shape.parallelism,
    options: {
      'taskmanager.memory.task.heap.size': '1gb',
      'taskmanager.memory.task.young-generation.size': '48mb',
    },
  })
  const taskManager = cluster.taskManagers[0]?.child.pid ?? 0
  try {
    const directory = join(cluster.directory, 'job')
    mkdirSync(directory)
    writeControl(directory, { hot: shape.keys })
    const jobId = await submitStateJob(cluster.client, directory, shape.parallelism, {
      'large.shape': 'count',
      'large.keys': String(shape.keys),
      'large.records': String(shape.records),
      'state.backend.type': 'rocksdb',
      'state.backend.rocksdb.memory': `${shape.memoryMb}mb`,
      'execution.checkpointing.interval': '10s',
      ...shape.options,
    })
    const moment = () => ({ ms: performance.now(), cpuSeconds: usageOf(cluster.pids).cpuSeconds, records: 0 })
    let started = moment()
    let quarter: ReturnType<typeof moment> | undefined
    let diskBytes = 0
    const resident: number[] = []
    const look = setInterval(() => {
      const records = totalOf(readOutputs(directory))
      if (quarter === undefined && records >= shape.records / 4) quarter = { ...moment(), records }
      resident.push(residentMb(taskManager))
      if (resident.length % 20 === 0) diskBytes = Math.max(diskBytes, bytesOf(join(cluster.directory, 'taskmanagers')))
    }, 100)
    let running = false
    for await (const status of cluster.client.watch(jobId)) {
      if (status.state === 'running' && !running) {
        running = true
        started = moment()
      }
      if (status.state === 'failed') throw new Error(`the job failed: ${status.detail}`)
    }
    clearInterval(look)
    const ended = moment()
    const from = quarter ?? started
    const records = shape.records - from.records
    return {
      keys: shape.keys,
      records: shape.records,
      memoryMbPerSubtask: shape.memoryMb,
      diskMb: round(diskBytes / 1e6),
      eventsPerSecond: round(shape.records / ((ended.ms - started.ms) / 1000)),
      steadyEventsPerSecond: round(records / ((ended.ms - from.ms) / 1000)),
      steadyCpuNsPerEvent: round(((ended.cpuSeconds - from.cpuSeconds) * 1e9) / records),
      residentMb: thirdsOf(resident).map((each) => round(each)),
      peakRssMb: round(usageOf([taskManager]).peakRssMb),
    }
  } finally {
    await cluster.close()
  }
}

/** Means. */
function thirdsOf(samples: readonly number[]): readonly number[] {
  return [0, 1, 2].map((i) => {
    const third = samples.slice(Math.floor((samples.length * i) / 3), Math.floor((samples.length * (i + 1)) / 3))
    return third.reduce((sum, each) => sum + each, 0) / Math.max(1, third.length)
  })
}
