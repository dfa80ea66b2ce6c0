/**
 * `npm run chaos -- --kills 100 --seed S [--records N] [--rate N] [--taskmanagers 3] [--faults LIST] [--state rocksdb] [--json]`: kills
 * parts of a real cluster at random while a job runs, and says whether what the job committed is exactly right. Leaves
 * with 0 only then. The same seed draws the same schedule.
 */
import { parseArgs } from 'node:util'
import { type ChaosResult, runChaos } from './run.ts'
import { describeKills, planKills } from './schedule.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string' },
    records: { type: 'string' },
    rate: { type: 'string', default: '6000' },
    taskmanagers: { type: 'string', default: '3' },
    faults: { type: 'string', default: '' },
    state: { type: 'string', default: 'hashmap' },
    json: { type: 'boolean', default: false },
  },
})

function whole(name: string, text: string, min: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < min) {
    process.stderr.write(`chaos: --${name} must be a whole number, ${min} or more; it is ${text}\n`)
    process.exit(2)
  }
  return value
}

const kills = whole('kills', values.kills, 0)
const seed = whole('seed', values.seed ?? String(Date.now() % 1_000_000), 0)
const rate = whole('rate', values.rate, 1)
const taskManagers = whole('taskmanagers', values.taskmanagers, 1)
// Between two kills the job runs for about 0.4 s and loses what came after its last checkpoint.
const records = whole('records', values.records ?? String(Math.max(10_000, rate * (2 + Math.ceil(kills * 0.45)))), 1)

const json = values.json
const begun = performance.now()
const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`)
const progress = (line: string): void =>
  say(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`)

const schedule = planKills({ seed, kills, taskManagers })
say(`seed ${seed}: ${kills} kills, ${records} records at ${rate}/s, ${taskManagers} TaskManagers of 2 slots`)
say(`schedule (ms of running before:victim): ${describeKills(schedule)}`)

const controller = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => controller.abort())

try {
  const result = await runChaos({
    kills: schedule,
    records,
    rate,
    taskManagers,
    // One TaskManager may be missing and the job runs all the same.
    parallelism: Math.max(1, taskManagers - 1) * 2,
    progress,
    signal: controller.signal,
    options: {
      'state.backend.type': values.state,
      ...(values.faults === '' ? {} : { 'test.faults': values.faults }),
    },
  })
  report(result)
} catch (error) {
  say(controller.signal.aborted ? 'interrupted; everything is tidied up' : `chaos: ${(error as Error).stack}`)
  process.exitCode = controller.signal.aborted ? 130 : 1
}

function report(result: ChaosResult): void {
  const { verdict, violations, outcome, directory } = result
  const recovery = percentiles(result.kills.map(({ recoveryMs }) => recoveryMs))
  const detection = percentiles(
    result.kills.flatMap(({ kind, detectionMs }) => (kind === 'jobmanager' ? [] : (detectionMs ?? []))),
  )
  const right = violations === 0 && outcome === 'finished' && result.kills.length === kills
  const seconds = Math.round(result.wallMs / 100) / 10
  const { lost, duplicated, corrupted, outOfOrder, wrongWindows, examples } = verdict
  const kinds = Object.groupBy(result.kills, ({ kind }) => kind)
  const byKind = Object.fromEntries(Object.entries(kinds).map(([kind, each]) => [kind, each.length]))
  if (json) {
    const counts = { lost, duplicated, corrupted, outOfOrder, wrongWindows }
    const facts = { seed, records, rate, taskManagers, kills: result.kills.length, byKind, seconds, outcome, right }
    const { restarts, checkpoints } = result
    const leftBehind = result.leftBehind.length
    process.stdout.write(
      `${JSON.stringify({ ...facts, ...counts, violations, restarts, checkpoints, leftBehind, recovery, detection, examples })}\n`,
    )
  } else {
    say('')
    say(`job        ${outcome}, ${result.restarts} restarts, ${result.checkpoints} checkpoints, ${seconds} s`)
    const each = Object.entries(byKind).map(([kind, count]) => `${count} ${kind}`)
    say(`kills      ${result.kills.length} of ${kills}: ${each.join(', ')}`)
    say(`detected   ${describe(detection)} (TaskManagers and slots)`)
    say(`recovered  ${describe(recovery)} (kill to all tasks running)`)
    for (const [kind, reports] of Object.entries(kinds)) {
      const spare = reports.filter((each) => each.spare)
      const all = describe(percentiles(reports.map(({ recoveryMs }) => recoveryMs)))
      const alone = describe(percentiles(spare.map(({ recoveryMs }) => recoveryMs)))
      say(`  ${kind.padEnd(12)}${all}; with all TaskManagers there (${spare.length}): ${alone}`)
    }
    say(
      `records    ${lost} lost, ${duplicated} duplicated, ${corrupted} corrupted, ${outOfOrder} out of order; ${wrongWindows} wrong windows`,
    )
    for (const example of examples) say(`  ${example}`)
    if (result.leftBehind.length > 0) say(`left       ${result.leftBehind.length} hidden files`)
    if (result.kills.length < kills && outcome === 'finished')
      say('The job ended before the last kill: raise --records.')
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
