/**
 * One Nexmark query on a cluster, measured: prints one JSON line. "Steady" is the last three quarters of the events, from
 * the moment at which a source passes the first quarter to the end of the job; CPU is that of all processes of the cluster.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadJob } from '../cli/load-job.ts'
import { configureLogging } from '../core/log.ts'
import { Checksum, type ChecksumParts } from '../examples/nexmark/checksum.ts'
import { parseArguments } from './lib/arguments.ts'
import { type BenchCluster, startCluster } from './lib/cluster.ts'
import { resetPeak, usageOf } from './lib/processes.ts'

const queries = ['q0', 'q1', 'q2', 'q4', 'q5', 'q8', 'q9', 'q11', 'kc', 'kcb']

configureLogging({ format: 'text', level: 'error' })
const given = parseArguments(process.argv.slice(2), {
  query: `one of ${queries.join(', ')}; several with commas`,
  events: 'number of events (2000000)',
  rate: 'events per second of event time (100000)',
  parallelism: 'subtasks (2)',
  taskmanagers: '1: in this process; more: processes of their own, over TCP (1)',
  checkpoint: 'interval of checkpoints, such as 10s (none)',
  source: 'columns or rows (columns)',
  'whole!': 'all fields of all events are made, also those that the query does not read',
  throttle: 'events per second of wall time (none)',
  state: 'hashmap or rocksdb (hashmap)',
  'tls!': 'between the processes of the cluster',
  'check!': 'checksum of the results instead of discarding them',
  'json!': 'one line of JSON per query and nothing else',
  define: 'key=value of the job, several with commas',
})

const events = Number(given.events ?? 2_000_000)
const rate = Number(given.rate ?? 100_000)
const parallelism = Number(given.parallelism ?? 2)
const source = given.source ?? 'columns'

interface Moment {
  readonly ms: number
  readonly cpuSeconds: number
}

const momentOf = (cluster: BenchCluster): Moment => ({
  ms: performance.now(),
  cpuSeconds: usageOf(cluster.pids).cpuSeconds,
})

async function measure(query: string): Promise<Record<string, unknown>> {
  resetPeak()
  const cluster = await startCluster({
    slots: parallelism,
    taskManagers: Number(given.taskmanagers ?? 1),
    tls: given.tls !== undefined,
  })
  try {
    const markPath = join(cluster.directory, 'quarter')
    const options: Record<string, string> = {
      'nexmark.events': String(events),
      'nexmark.rate': String(rate),
      'nexmark.source': source,
      'nexmark.mark': markPath,
      ...(given.throttle === undefined ? {} : { 'nexmark.throttle': given.throttle }),
      ...(given.whole === undefined ? {} : { 'nexmark.whole': 'true' }),
      ...(given.check === undefined ? {} : { 'nexmark.check': 'true' }),
      ...(given.state === undefined ? {} : { 'state.backend.type': given.state }),
      ...(given.checkpoint === undefined ? {} : { 'execution.checkpointing.interval': given.checkpoint }),
      ...Object.fromEntries(
        (given.define ?? '')
          .split(',')
          .filter(Boolean)
          .map((each) => each.split('=') as [string, string]),
      ),
    }
    const file = fileURLToPath(new URL(`../examples/nexmark/${query}.ts`, import.meta.url))
    const { plan, bundle, options: submitted } = await loadJob(file, options, parallelism)
    const { jobId } = await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options: submitted })

    let started = momentOf(cluster)
    let quarter: Moment | undefined
    const look = setInterval(() => {
      if (quarter !== undefined || !existsSync(markPath)) return
      quarter = momentOf(cluster)
      clearInterval(look)
    }, 5)
    const checksum = new Checksum()
    const collecting = given.check === undefined ? Promise.resolve() : collect(cluster, jobId, checksum)
    let running = false
    for await (const status of cluster.client.watch(jobId)) {
      if (status.state === 'running' && !running) {
        running = true
        started = momentOf(cluster)
      }
      if (status.state === 'failed' || status.state === 'canceled') throw await failureOf(cluster, jobId)
    }
    const ended = momentOf(cluster)
    clearInterval(look)
    await collecting

    const wallSeconds = (ended.ms - started.ms) / 1000
    const cpuSeconds = ended.cpuSeconds - started.cpuSeconds
    const steady = quarter ?? started
    const steadyEvents = quarter === undefined ? events : events * 0.75
    return {
      query,
      events,
      rate,
      parallelism,
      source,
      whole: given.whole !== undefined || source === 'rows',
      state: given.state ?? 'hashmap',
      taskManagers: Number(given.taskmanagers ?? 1),
      wallSeconds: round(wallSeconds, 3),
      cpuSeconds: round(cpuSeconds, 2),
      eventsPerSecond: Math.round(events / wallSeconds),
      steadyEventsPerSecond: Math.round(steadyEvents / ((ended.ms - steady.ms) / 1000)),
      steadyCpuNsPerEvent: Math.round(((ended.cpuSeconds - steady.cpuSeconds) * 1e9) / steadyEvents),
      peakRssMb: Math.round(usageOf(cluster.pids).peakRssMb),
      ...(given.check === undefined ? {} : { checksum: String(checksum) }),
    }
  } finally {
    await cluster.close()
  }
}

async function collect(cluster: BenchCluster, jobId: string, checksum: Checksum): Promise<void> {
  for await (const { records } of cluster.client.results(jobId)) {
    for (const parts of records as ChecksumParts[]) checksum.merge(parts)
  }
}

async function failureOf(cluster: BenchCluster, jobId: string): Promise<Error> {
  const { failures } = await cluster.client.info(jobId)
  return new Error(`the job failed: ${JSON.stringify(failures, undefined, 1)}`)
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

for (const query of (given.query ?? 'q0').split(',')) {
  if (!queries.includes(query)) throw new Error(`there is no query ${query}; there are ${queries.join(', ')}`)
  const result = await measure(query)
  if (given.json !== undefined) process.stdout.write(`${JSON.stringify(result)}\n`)
  else
    process.stdout.write(
      `${Object.entries(result)
        .map(([name, value]) => `${name.padEnd(24)} ${value}`)
        .join('\n')}\n\n`,
    )
}
// The slot threads may still be winding down.
process.exit(0)
