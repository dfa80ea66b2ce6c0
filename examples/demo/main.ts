/**
 * The demo: a cluster of real processes works on real data, loses one of them to kill -9, and loses nothing. Everything it
 * says was measured or counted in this run; the exit code is 0 only if the result is exactly right.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadJob } from '../../cli/load-job.ts'
import { type ClusterClient, createClusterClient, type JobInfo } from '../../proto/client.ts'
import { type Expected, expectedOf, lineOf } from './expected.ts'
import { type DemoProcess, endProcesses, startProcess } from './processes.ts'

const started = performance.now()
const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined
const paint = (code: number) => (text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
const [bold, dim, red, green] = [paint(1), paint(2), paint(31), paint(32)]
const say = (text = ''): void => void process.stdout.write(`${text}\n`)
const step = (text: string): void =>
  say(`${dim(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`)}  ${text}`)
const count = (n: number): string => n.toLocaleString('en-US')

const flightsPerSecond = 1500
const data = join(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '..', 'data')
const flightsPath = join(data, 'flights-20k.json')
const airportsPath = join(data, 'airports.csv')

async function demo(directory: string): Promise<boolean> {
  say(bold('Millrace demo: 20,000 real flights, one killed process, nothing lost'))
  say()
  const storage = { 'execution.checkpointing.dir': `file://${join(directory, 'checkpoints')}` }
  const jobManager = await startProcess('jobmanager', 'jobmanager', directory, {
    'jobmanager.rpc.port': '0',
    'jobmanager.data-dir': join(directory, 'jobmanager'),
    ...storage,
  })
  const address = jobManager.ready.split(' ').at(-1) as string
  const taskManager = (name: string): Promise<DemoProcess> =>
    startProcess(name, 'taskmanager', directory, {
      'jobmanager.rpc.port': address.slice(address.lastIndexOf(':') + 1),
      'taskmanager.numberOfTaskSlots': '2',
      'taskmanager.data-dir': join(directory, name),
    })
  const workers = await Promise.all([taskManager('taskmanager-1'), taskManager('taskmanager-2')])
  step(
    `three processes: JobManager ${dim(`pid ${jobManager.child.pid} at ${address}`)}, TaskManagers ${dim(`pid ${workers.map(({ child }) => child.pid).join(' and ')}`)}`,
  )

  const client = createClusterClient({ address })
  try {
    const out = join(directory, 'out')
    const jobId = await submit(client, out)
    const expecting = expectedOf(flightsPath, airportsPath)
    const seen = watchJob(client, jobId)
    await until('the job to run', () => seen.state === 'running')
    step(
      `job ${bold('flights')} is running: ${count(expecting.flights)} flights of 2001, replayed at ${count(flightsPerSecond)} a second, a checkpoint every half second`,
    )

    const halfway = await waitForProgress(client, jobId, expecting)
    step(
      `${count(halfway.flights)} flights in, ${count(linesIn(out, 'reports').length)} reports committed, ${halfway.checkpoints} checkpoints complete`,
    )
    const victim = workers[1]
    const before = await client.info(jobId)
    const all = before.vertices.flatMap(({ subtasks }) => subtasks)
    const there = all.filter(({ taskManagerId }) => victim.ready.endsWith(taskManagerId)).length
    if (there === 0) throw new Error(`${victim.name} runs no part of the job, so killing it would show nothing`)
    step(
      `${red(`kill -9 ${victim.child.pid}`)} ${dim(`(${victim.name}, which runs ${there} of the job's ${all.length} subtasks)`)}`,
    )
    const failuresBefore = seen.failures
    const killed = performance.now()
    victim.child.kill('SIGKILL')
    await until('the failure to be noticed', () => seen.failures > failuresBefore)
    const noticed = performance.now() - killed
    await until('the job to run again', () => seen.state === 'running')
    const recovered = performance.now() - killed
    await until('the end of the process', () => victim.child.signalCode === 'SIGKILL')
    const { failures, checkpoints } = await client.info(jobId)
    // The newest that was complete when the process died is the one that the job went back to.
    const restored = checkpoints.find((each) => isComplete(each) && each.triggeredMs < failures[0].timeMs)
    step(`noticed after ${noticed.toFixed(0)} ms`)
    step(
      `${green(`running again after ${recovered.toFixed(0)} ms`)} from checkpoint ${restored?.checkpointId ?? 'none'}, on the TaskManager that is left`,
    )

    await until('the end of the job', () => ['finished', 'failed', 'canceled'].includes(seen.state), 40_000)
    if (seen.state !== 'finished') {
      const { failures } = await client.info(jobId)
      step(red(`the job ${seen.state}: ${JSON.stringify(failures[0])}`))
      return false
    }
    step('the job has finished: every flight is read, every report is committed')
    say()
    return compare(out, expecting)
  } finally {
    client.close()
  }
}

async function submit(client: ClusterClient, out: string): Promise<string> {
  const file = fileURLToPath(new URL('./flights.ts', import.meta.url))
  const { plan, bundle, options } = await loadJob(
    file,
    {
      'demo.flights': flightsPath,
      'demo.airports': airportsPath,
      'demo.out': out,
      'demo.rate': String(flightsPerSecond),
      'execution.checkpointing.interval': '500ms',
    },
    2,
  )
  const { jobId } = await client.submit({ plan, bundle: Buffer.from(bundle.code), options })
  return jobId
}

interface Seen {
  state: string
  /** Times that the job left the state running for anything but its end. */
  failures: number
}

function watchJob(client: ClusterClient, jobId: string): Seen {
  const seen: Seen = { state: 'created', failures: 0 }
  const watch = async (): Promise<void> => {
    for await (const { state } of client.watch(jobId)) {
      if (seen.state === 'running' && (state === 'restarting' || state === 'failing')) seen.failures++
      seen.state = state
    }
  }
  watch().catch((error: unknown) => {
    seen.state = 'failed'
    say(red(String(error)))
  })
  return seen
}

const isComplete = ({ state }: { readonly state: string }): boolean => state === 'completed'

/** Waits until a third of the flights is in and something is committed. */
async function waitForProgress(
  client: ClusterClient,
  jobId: string,
  { flights }: Expected,
): Promise<{ flights: number; checkpoints: number }> {
  let progress = { flights: 0, checkpoints: 0 }
  await until('a third of the flights', async () => {
    const info = await client.info(jobId)
    progress = { flights: flightsIn(info), checkpoints: Number(info.checkpointCounts?.completed ?? 0) }
    return progress.flights >= flights / 3 && progress.checkpoints >= 2
  })
  return progress
}

/** Records that the source of flights has given so far. */
function flightsIn({ plan, vertices }: JobInfo): number {
  const vertex = plan.vertices.find(({ operators }) => operators.some(({ uid }) => uid === 'flights'))
  const running = vertices.find(({ vertex: id }) => id === vertex?.id)
  return running?.subtasks.reduce((sum, { recordsOut }) => sum + Number(recordsOut), 0) ?? 0
}

function linesIn(out: string, name: string): string[] {
  const directory = join(out, name)
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((file) => !file.startsWith('.'))
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').trimEnd().split('\n'))
    .map((line) => lineOf(JSON.parse(line) as object))
}

function compare(out: string, expected: Expected): boolean {
  say('The same, computed in one plain loop over the files, against what the cluster wrote:')
  let right = true
  for (const [name, wanted] of [
    ['reports', expected.reports],
    ['alerts', expected.alerts],
  ] as const) {
    const given = linesIn(out, name)
    const left = new Map<string, number>()
    for (const line of wanted) left.set(line, (left.get(line) ?? 0) + 1)
    let surplus = 0
    for (const line of given) {
      const n = left.get(line) ?? 0
      if (n === 0) surplus++
      else left.set(line, n - 1)
    }
    const lost = [...left.values()].reduce((a, b) => a + b, 0)
    const verdict = `${lost} lost, ${surplus} duplicated or wrong`
    say(
      `  ${name.padEnd(8)} ${count(given.length).padStart(7)} written, ${count(wanted.length).padStart(7)} expected: ${lost + surplus === 0 ? green(verdict) : red(verdict)}`,
    )
    right &&= lost + surplus === 0 && wanted.length > 0
  }
  const alerts = linesIn(out, 'alerts')
  const last = alerts.map((line) => Object.fromEntries(JSON.parse(line) as [string, string][])).at(-1)
  if (last !== undefined) say(dim(`  an alert: ${last.text}`))
  return right
}

async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1000} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const directory = mkdtempSync(join(tmpdir(), 'millrace-demo-'))
let right = false
try {
  right = await demo(directory)
} catch (error) {
  say(red(`The demo failed: ${error instanceof Error ? error.message : String(error)}`))
} finally {
  await endProcesses()
}
say()
if (right) {
  rmSync(directory, { recursive: true, force: true })
  step(green('0 lost, 0 duplicated.'))
  say()
  say('Next: read the job, examples/demo/flights.ts; run one that you can change while it runs:')
  say('  npx millrace dev examples/fraud-alert.ts')
} else say(`Logs of the processes and what they wrote: ${directory}`)
process.exit(right ? 0 : 1)
