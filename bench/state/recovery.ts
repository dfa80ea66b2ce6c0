/** A TaskManager with a part of a large state is killed: how long nothing comes out. A spare one takes its place. */
import { interruption, writeControl } from '../lib/state-control.ts'
import { keysOf, LargeJob, pause } from './large-job.ts'

export interface RecoveryShape {
  readonly megabytes: number
  readonly rounds: number
  readonly options: Readonly<Record<string, string>>
}

export async function recovery({ megabytes, rounds, options }: RecoveryShape): Promise<unknown> {
  const job = await LargeJob.start({
    taskManagers: 3,
    slots: 1,
    parallelism: 2,
    keys: keysOf(megabytes, options),
    options,
  })
  const results: Record<string, number>[] = []
  try {
    for (let i = 0; i < rounds; i++) {
      const { durationMs, cpuSeconds: checkpointCpuSeconds } = await job.checkpoint()
      writeControl(job.directory, { rate: 50_000 })
      await pause(1000)
      const { vertices } = await job.info()
      const victim = job.cluster.taskManager(vertices[0]?.subtasks[0]?.taskManagerId ?? '')
      const killedMs = job.cluster.kill(victim)
      const cpuOf = job.cpuMeter()
      let found: ReturnType<typeof interruption>
      const back = (): boolean => {
        found = interruption(job.outputs(), killedMs, 2)
        return found !== undefined
      }
      await job.until('output after the kill', back, 180_000)
      if (found === undefined) continue
      results.push({
        checkpointMs: durationMs,
        checkpointCpuSeconds,
        firstOutputMs: found.firstMs - killedMs,
        allOutputMs: found.allMs - killedMs,
        sinceLastOutputMs: found.allMs - found.lastMs,
        cpuSeconds: cpuOf(),
      })
      process.stderr.write(`${JSON.stringify(results.at(-1))}\n`)
      await job.cluster.restart(victim)
      await job.cluster.until('the slots', async () => (await job.client.cluster()).slotsFree === 1)
    }
    return { keys: job.keys, rounds: results }
  } finally {
    await job.close()
  }
}
