/**
 * The demo: a cluster of real processes works on real data, from topic to topic; a TaskManager and the broker are killed with
 * kill -9, and nothing is lost. Everything it says was measured or counted in this run; the exit code is 0 only if the
 * result is exactly right.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadJob } from '../../cli/load-job.ts'
import { type ClusterClient, createClusterClient, type JobInfo } from '../../proto/client.ts'
import { type Expected, expectedOf, lineOf } from './expected.ts'
import { type DemoProcess, endProcesses, startProcess } from './processes.ts'
import { endsOf, client as kafkaClient, makeTopics, produceFlights, readCommitted } from './topics.ts'

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
  say(bold('Millrace demo: 20,000 real flights, two killed processes, nothing lost'))
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
  const startBroker = (port: string): Promise<DemoProcess> =>
    startProcess('broker', 'broker', directory, {
      'broker.listeners': `127.0.0.1:${port}`,
      'broker.data-dir': join(directory, 'broker'),
      // The check at the end reads alone: it need not wait for others to join.
      'broker.group.initial.rebalance.delay': '0ms',
    })
  const [broker, ...workers] = await Promise.all([
    startBroker('0'),
    taskManager('taskmanager-1'),
    taskManager('taskmanager-2'),
  ])
  const brokerAddress = broker.ready.split(' ').at(-1) as string
  step(
    `four processes: JobManager ${dim(`pid ${jobManager.child.pid} at ${address}`)}, broker ${dim(`pid ${broker.child.pid} at ${brokerAddress}`)}, TaskManagers ${dim(`pid ${workers.map(({ child }) => child.pid).join(' and ')}`)}`,
  )
  const kafka = kafkaClient(brokerAddress)
  await makeTopics(kafka)

  const client = createClusterClient({ address })
  try {
    const expecting = expectedOf(flightsPath, airportsPath)
    const jobId = await submit(client, brokerAddress, expecting.flights)
    const seen = watchJob(client, jobId)
    await until('the job to run', () => seen.state === 'running')
    const flights = JSON.parse(readFileSync(flightsPath, 'utf8')) as object[]
    const producing = produceFlights(kafka, flights, flightsPerSecond)
    step(
      `job ${bold('flights')} is running, from topic to topics; kafkajs sends ${count(expecting.flights)} flights of 2001, ${count(flightsPerSecond)} a second; a checkpoint every half second`,
    )

    const halfway = await waitForProgress(client, jobId, expecting)
    step(`${count(halfway.flights)} flights in, ${halfway.checkpoints} checkpoints complete`)
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

    await until('two thirds of the flights', () => producing.sent >= (expecting.flights * 2) / 3)
    const checkpointsBefore = Number((await client.info(jobId)).checkpointCounts?.completed ?? 0)
    step(`${red(`kill -9 ${broker.child.pid}`)} ${dim(`(the broker; ${count(producing.sent)} flights acknowledged)`)}`)
    const brokerKilled = performance.now()
    broker.child.kill('SIGKILL')
    await until('the end of the broker', () => broker.child.signalCode === 'SIGKILL')
    const again = await startBroker(brokerAddress.slice(brokerAddress.lastIndexOf(':') + 1))
    const sentBefore = producing.sent
    step(
      `started again ${dim(`pid ${again.child.pid}`)}: takes requests ${(performance.now() - brokerKilled).toFixed(0)} ms after the kill`,
    )
    await until('flights to go on', () => producing.sent > sentBefore)
    await until('a checkpoint to complete', async () => {
      const { checkpointCounts } = await client.info(jobId)
      return Number(checkpointCounts?.completed ?? 0) > checkpointsBefore
    })
    step(green(`flights and checkpoints go on after ${(performance.now() - brokerKilled).toFixed(0)} ms`))

    await producing.done
    await until('the end of the job', () => ['finished', 'failed', 'canceled'].includes(seen.state), 40_000)
    if (seen.state !== 'finished') {
      const { failures } = await client.info(jobId)
      step(red(`the job ${seen.state}: ${JSON.stringify(failures[0])}`))
      return false
    }
    step('the job has finished: every flight is read, every report is committed')
    say()
    const written = {
      reports: await readCommitted(kafka, 'reports', expecting.reports.length),
      alerts: await readCommitted(kafka, 'alerts', expecting.alerts.length),
    }
    return compare(written, expecting)
  } finally {
    client.close()
  }
}

async function submit(client: ClusterClient, broker: string, flights: number): Promise<string> {
  const file = fileURLToPath(new URL('./flights.ts', import.meta.url))
  const { plan, bundle, options } = await loadJob(
    file,
    {
      'kafka.brokers': broker,
      'demo.ends': endsOf(flights),
      'demo.airports': airportsPath,
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

interface Written {
  readonly reports: readonly string[]
  readonly alerts: readonly string[]
}

function compare(written: Written, expected: Expected): boolean {
  say('The same, computed in one plain loop over the files, against what kafkajs reads (committed records only):')
  let right = true
  for (const name of ['reports', 'alerts'] as const) {
    const wanted = expected[name]
    const given = written[name].map((text) => lineOf(JSON.parse(text) as object))
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
  const last = written.alerts.at(-1)
  if (last !== undefined) say(dim(`  an alert: ${(JSON.parse(last) as { text: string }).text}`))
  return right
}

async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 40_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1000} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

// kafkajs counts a time from the year 1970 on, and Node warns of it; nothing is wrong here.
process.removeAllListeners('warning')
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
