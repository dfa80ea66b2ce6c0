/**
 * `npm run chaos -- --faults-count 25 --seed S`: hurts a real cluster at random while a job runs, and says whether what the job
 * committed is exactly right. Leaves with 0 only then. The same seed and configuration draw the same schedule.
 *
 *     --state hashmap|rocksdb  --barriers aligned|unaligned  --storage file|s3|faulty-s3  --io files|ledger|kafka
 *     --jobmanagers 1|2  --taskmanagers 3        the configuration
 *     --kinds a,b,c                              only these faults; default: all that the configuration has
 *     --kills 100                                the same as --faults-count 100 with kills of TaskManagers, slots and the leader
 *     --rate 3000  [--records N]                 records per second; how many, default: until the last fault is healed
 *     --faults LIST                              bugs to put into the engine (test.faults)
 */
import { parseArgs } from 'node:util'
import { type Configuration, describeConfiguration, usualConfiguration } from './environment.ts'
import { type FaultKind, faultKinds, faults } from './faults/index.ts'
import { type ChaosResult, runChaos } from './run.ts'
import { allPossible, describeFaults, killMix, type Mix, planFaults } from './schedule.ts'

const { values } = parseArgs({
  options: {
    'faults-count': { type: 'string', default: '25' },
    kills: { type: 'string' },
    kinds: { type: 'string' },
    seed: { type: 'string' },
    records: { type: 'string' },
    rate: { type: 'string', default: '3000' },
    taskmanagers: { type: 'string', default: String(usualConfiguration.taskManagers) },
    jobmanagers: { type: 'string', default: '1' },
    faults: { type: 'string', default: '' },
    state: { type: 'string', default: usualConfiguration.state },
    barriers: { type: 'string', default: usualConfiguration.barriers },
    storage: { type: 'string', default: usualConfiguration.storage },
    io: { type: 'string', default: usualConfiguration.io },
    json: { type: 'boolean', default: false },
  },
})

function refuse(text: string): never {
  process.stderr.write(`chaos: ${text}\n`)
  process.exit(2)
}

function whole(name: string, text: string, min: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  return refuse(`--${name} must be a whole number, ${min} or more; it is ${text}`)
}

function one<T extends string>(name: string, text: string, known: readonly T[]): T {
  return known.find((each) => each === text) ?? refuse(`--${name} must be one of ${known.join(', ')}; it is ${text}`)
}

const configuration: Configuration = {
  state: one('state', values.state, ['hashmap', 'rocksdb']),
  barriers: one('barriers', values.barriers, ['aligned', 'unaligned']),
  storage: one('storage', values.storage, ['file', 's3', 'faulty-s3']),
  io: one('io', values.io, ['files', 'ledger', 'kafka']),
  jobManagers: one('jobmanagers', values.jobmanagers, ['1', '2']) === '2' ? 2 : 1,
  taskManagers: whole('taskmanagers', values.taskmanagers, 1),
  slots: usualConfiguration.slots,
}

function mixOf(kinds: string | undefined): Mix {
  if (kinds === undefined) return values.kills === undefined ? allPossible(configuration) : killMix
  const named = kinds.split(',').map((kind): FaultKind => one('kinds', kind, faultKinds))
  const missing = named.find((kind) => !faults[kind].possible(configuration))
  if (missing !== undefined) refuse(`there is nothing in this configuration for ${missing} to hurt`)
  return Object.fromEntries(named.map((kind) => [kind, 1]))
}

const count = whole('faults-count', values.kills ?? values['faults-count'], 0)
const seed = whole('seed', values.seed ?? String(Date.now() % 1_000_000), 0)
const rate = whole('rate', values.rate, 1)

const json = values.json
const begun = performance.now()
const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`)
const progress = (line: string): void =>
  say(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`)

const schedule = planFaults({ seed, faults: count, mix: mixOf(values.kinds) })
say(`seed ${seed}: ${count} faults, ${rate} records/s; ${describeConfiguration(configuration)}`)
say(`schedule (ms before:kind/draw/ms until healed): ${describeFaults(schedule)}`)

const controller = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => controller.abort())

try {
  const result = await runChaos({
    configuration,
    faults: schedule,
    ...(values.records !== undefined && { records: whole('records', values.records, 1) }),
    rate,
    progress,
    signal: controller.signal,
    options: values.faults === '' ? {} : { 'test.faults': values.faults },
  })
  report(result)
} catch (error) {
  say(controller.signal.aborted ? 'interrupted; everything is tidied up' : `chaos: ${(error as Error).stack}`)
  process.exitCode = controller.signal.aborted ? 130 : 1
}

function report(result: ChaosResult): void {
  const { verdict, violations, outcome, directory, records } = result
  const recovery = percentiles(result.faults.flatMap(({ recoveryMs }) => recoveryMs ?? []))
  const detection = percentiles(result.faults.flatMap(({ detectionMs }) => detectionMs ?? []))
  const healthy = percentiles(result.faults.map(({ healthyMs }) => healthyMs))
  const right = violations === 0 && outcome === 'finished' && result.faults.length === count
  const seconds = Math.round(result.wallMs / 100) / 10
  const { lost, duplicated, corrupted, outOfOrder, wrongWindows, examples } = verdict
  const kinds = Object.groupBy(result.faults, ({ kind }) => kind)
  const byKind = Object.fromEntries(Object.entries(kinds).map(([kind, each]) => [kind, each.length]))
  if (json) {
    const counts = { lost, duplicated, corrupted, outOfOrder, wrongWindows }
    const facts = { seed, configuration, records, rate, faults: result.faults.length, byKind, seconds, outcome, right }
    const { restarts, checkpoints } = result
    const leftBehind = result.leftBehind.length
    const times = { recovery, detection, healthy }
    process.stdout.write(
      `${JSON.stringify({ ...facts, ...counts, violations, restarts, checkpoints, leftBehind, ...times, examples })}\n`,
    )
  } else {
    say('')
    say(`job        ${outcome}, ${result.restarts} restarts, ${result.checkpoints} checkpoints, ${seconds} s`)
    const each = Object.entries(byKind).map(([kind, times]) => `${times} ${kind}`)
    say(`faults     ${result.faults.length} of ${count}: ${each.join(', ')}`)
    say(`detected   ${describe(detection)} (those that made the job fail)`)
    say(`recovered  ${describe(recovery)} (fault to all tasks of the new attempt running)`)
    say(`well       ${describe(healthy)} (end of the fault to the end of a checkpoint that began after it)`)
    for (const [kind, reports] of Object.entries(kinds)) {
      const all = percentiles(reports.flatMap(({ recoveryMs }) => recoveryMs ?? []))
      const alone = percentiles(reports.flatMap(({ spare, recoveryMs }) => (spare ? (recoveryMs ?? []) : [])))
      if (all.max > 0) say(`  ${kind.padEnd(20)}${describe(all)}; with all TaskManagers there: ${describe(alone)}`)
    }
    say(
      `records    ${records}: ${lost} lost, ${duplicated} duplicated, ${corrupted} corrupted, ${outOfOrder} out of order; ${wrongWindows} wrong windows`,
    )
    for (const example of examples) say(`  ${example}`)
    if (result.leftBehind.length > 0) say(`left       ${result.leftBehind.length} hidden files`)
    if (result.faults.length < count && outcome === 'finished')
      say('The job ended before the last fault: leave --records out.')
    say(right ? 'exactly once' : `NOT RIGHT${directory === undefined ? '' : `: everything is kept in ${directory}`}`)
  }
  process.exitCode = right ? 0 : 1
}

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0)
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

function describe({ p50, p99, max }: Percentiles): string {
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`
}
