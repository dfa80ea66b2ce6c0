/**
 * Latency of a keyed count at a fixed rate: from the moment at which a record should have been sent to its result at the
 * sink. No coordinated omission: a record that is sent late counts from when it was due. Prints one JSON line.
 */
import { fileURLToPath } from 'node:url'
import { loadJob } from '../cli/load-job.ts'
import { configureLogging } from '../core/log.ts'
import { parseArguments } from './lib/arguments.ts'
import { startCluster } from './lib/cluster.ts'
import { usageOf } from './lib/processes.ts'

// Equal to the job's: importing it here would make a second copy of the job.
const bucketMs = 0.01

configureLogging({ format: 'text', level: 'error' })
const given = parseArguments(process.argv.slice(2), {
  rate: 'records per second (700000)',
  seconds: 'length of the run (15)',
  warmup: 'seconds at the start that do not count (5)',
  keys: 'different keys, a multiple of the parallelism (100000)',
  parallelism: 'subtasks (2)',
  taskmanagers: '1: in this process; more: processes of their own, over TCP (1)',
  checkpoint: 'interval of checkpoints (10s; none: off)',
  define: 'key=value of the job, several with commas',
  'json!': 'only the JSON line (it is printed anyway)',
})
const rate = Number(given.rate ?? 700_000)
const seconds = Number(given.seconds ?? 15)
const warmup = Number(given.warmup ?? 5)
const parallelism = Number(given.parallelism ?? 2)
const checkpoint = given.checkpoint ?? '10s'

const cluster = await startCluster({ slots: parallelism, taskManagers: Number(given.taskmanagers ?? 1) })
const file = fileURLToPath(new URL('./lib/latency-job.ts', import.meta.url))
const options: Record<string, string> = {
  // The job has this long to get going before the first record is due.
  'latency.start': String(Date.now() + 2000),
  'latency.rate': String(rate),
  'latency.seconds': String(seconds),
  'latency.warmup': String(warmup),
  'latency.keys': given.keys ?? '100000',
  ...(checkpoint === 'none' ? {} : { 'execution.checkpointing.interval': checkpoint }),
  ...Object.fromEntries(
    (given.define ?? '')
      .split(',')
      .filter(Boolean)
      .map((each) => each.split('=') as [string, string]),
  ),
}
const { plan, bundle, options: submitted } = await loadJob(file, options, parallelism)
const { jobId } = await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options: submitted })
const counts = new Map<number, number>()
const before = usageOf(cluster.pids).cpuSeconds
const collecting = (async () => {
  for await (const { records } of cluster.client.results(jobId)) {
    for (const histogram of records as number[][]) {
      for (let i = 0; i < histogram.length; i += 2)
        counts.set(histogram[i], (counts.get(histogram[i]) ?? 0) + histogram[i + 1])
    }
  }
})()
for await (const { state } of cluster.client.watch(jobId)) {
  if (state === 'failed') throw new Error(JSON.stringify((await cluster.client.info(jobId)).failures, undefined, 1))
}
await collecting
const { cpuSeconds, peakRssMb } = usageOf(cluster.pids)
const sorted = [...counts].sort(([a], [b]) => a - b)
const records = sorted.reduce((sum, [, n]) => sum + n, 0)

/** Upper edge of the bucket in which the share falls, in ms. */
function percentile(share: number): number {
  let left = records * share
  for (const [bucket, n] of sorted) {
    left -= n
    if (left <= 0) return Number(((bucket + 1) * bucketMs).toFixed(2))
  }
  return Number.NaN
}

const result = {
  rate,
  seconds,
  warmup,
  parallelism,
  taskManagers: Number(given.taskmanagers ?? 1),
  checkpoint,
  records,
  p50Ms: percentile(0.5),
  p90Ms: percentile(0.9),
  p99Ms: percentile(0.99),
  p999Ms: percentile(0.999),
  maxMs: percentile(1),
  cpuNsPerRecord: Math.round(((cpuSeconds - before) * 1e9) / (rate * seconds)),
  peakRssMb: Math.round(peakRssMb),
}
process.stdout.write(`${JSON.stringify(result)}\n`)
await cluster.close()
process.exit(0)
