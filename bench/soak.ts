/**
 * Does memory stay flat behind a sink that is slower than its source, and do checkpoints still complete? Runs for
 * `--minutes`, prints a line every half minute, then one line of JSON with the growth of resident memory from the first
 * quarter of the run to the last.
 */
import { fileURLToPath } from 'node:url'
import { loadJob } from '../cli/load-job.ts'
import { configureLogging } from '../core/log.ts'
import { parseArguments } from './lib/arguments.ts'
import { startCluster } from './lib/cluster.ts'

configureLogging({ format: 'text', level: 'error' })
const given = parseArguments(process.argv.slice(2), {
  minutes: 'length of the run (10)',
  rate: 'records per second and subtask that the sink takes (20000)',
  parallelism: 'subtasks (2)',
})
const minutes = Number(given.minutes ?? 10)
const parallelism = Number(given.parallelism ?? 2)
const cluster = await startCluster({ slots: parallelism, taskManagers: 1 })
const options = { 'soak.rate': given.rate ?? '20000', 'execution.checkpointing.interval': '5s' }
const file = fileURLToPath(new URL('./lib/soak-job.ts', import.meta.url))
const { plan, bundle, options: submitted } = await loadJob(file, options, parallelism)
const { jobId } = await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options: submitted })

const samples: number[] = []
const startedMs = performance.now()
const rssMb = (): number => Math.round(process.memoryUsage.rss() / 1e6)
for (let next = 30; performance.now() - startedMs < minutes * 60_000; ) {
  await new Promise((resolve) => setTimeout(resolve, 1000))
  samples.push(rssMb())
  if (samples.length < next) continue
  next += 30
  const { checkpoints } = await cluster.client.info(jobId)
  const completed = checkpoints.filter(({ state }) => state === 'completed').length
  process.stderr.write(
    `${samples.length} s  ${rssMb()} MB resident, ${completed} of the last ${checkpoints.length} checkpoints complete\n`,
  )
}
const info = await cluster.client.info(jobId)
const quarter = Math.floor(samples.length / 4)
const mean = (values: readonly number[]): number =>
  Math.round(values.reduce((sum, each) => sum + each, 0) / values.length)
const first = mean(samples.slice(quarter, 2 * quarter))
const last = mean(samples.slice(-quarter))
const newest = info.checkpoints.findLast(({ state }) => state === 'completed')
const result = {
  minutes,
  secondQuarterMb: first,
  lastQuarterMb: last,
  peakMb: Math.max(...samples),
  checkpointsComplete: info.checkpoints.filter(({ state }) => state === 'completed').length,
  checkpointsFailed: info.checkpoints.filter(({ state }) => state === 'failed').length,
  lastCheckpointMs: newest?.endedMs === undefined ? undefined : newest.endedMs - newest.triggeredMs,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
await cluster.client.cancel(jobId)
await cluster.close()
