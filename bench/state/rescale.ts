/** From 2 to 4 subtasks with a large state under load: how long nothing comes out. */
import { interruption } from '../lib/state-control.ts'
import { keysOf, LargeJob, pause } from './large-job.ts'

export interface RescaleShape {
  readonly megabytes: number
  readonly options: Readonly<Record<string, string>>
}

export async function rescale({ megabytes, options }: RescaleShape): Promise<unknown> {
  const job = await LargeJob.start({
    taskManagers: 2,
    slots: 2,
    parallelism: 2,
    keys: keysOf(megabytes, options),
    options,
  })
  try {
    const { durationMs: checkpointMs } = await job.checkpoint()
    job.tell({ rate: 50_000 })
    await pause(2000)
    const askedMs = Date.now()
    const cpuOf = job.cpuMeter()
    const { durationMs, interruptedMs } = await job.client.rescale(job.jobId, { parallelism: 4 })
    let found: ReturnType<typeof interruption>
    const back = (): boolean => {
      found = interruption(job.outputs(), askedMs, 4)
      return found !== undefined
    }
    await job.until('output of four subtasks', back, 180_000)
    return {
      keys: job.keys,
      checkpointMs,
      cpuSeconds: cpuOf(),
      rescaleMs: durationMs,
      noTaskMs: interruptedMs,
      firstOutputMs: found === undefined ? undefined : found.firstMs - found.lastMs,
      allOutputMs: found === undefined ? undefined : found.allMs - found.lastMs,
    }
  } finally {
    await job.close()
  }
}
