/**
 * One chaos run: an environment, the job of job.ts, a schedule of faults, and the oracle's verdict on what the job committed.
 *
 * A fault strikes while the job is well: it runs, and a checkpoint that began after the fault before was healed is complete.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { JobInfo } from '../../proto/client.ts'
import { type Configuration, Environment, splitsDefault, usualConfiguration } from './environment.ts'
import type { World } from './faults/fault.ts'
import { type FaultKind, faults } from './faults/index.ts'
import { type CheckedRow, judge, type Verdict, violations } from './oracle.ts'
import { asWindows, filesLeftBehind, readByMarkers, readChecked, readRows, readWindows } from './output.ts'
import type { PlannedFault } from './schedule.ts'
import { createShape } from './shape.ts'

export interface ChaosOptions {
  readonly faults: readonly PlannedFault[]
  /** What differs from `usualConfiguration`. */
  readonly configuration?: Partial<Configuration>
  /** Absent: records come until the last fault is healed. */
  readonly records?: number
  readonly rate: number
  readonly keys?: number
  readonly splits?: number
  readonly parallelism?: number
  readonly checkpointInterval?: string
  /** A job that has not ended so long after the last fault is judged as it is: with a bug in the engine it may never end. */
  readonly patienceMs?: number
  /** Options of the processes beside the usual ones. */
  readonly options?: Readonly<Record<string, string>>
  /** A run that was right leaves nothing behind; one that was not keeps its directory, unless this is false. */
  readonly keepFailed?: boolean
  /** Hears of each step. */
  progress?(line: string): void
  /** Ends the run early and tidily. */
  readonly signal?: AbortSignal
}

export interface FaultReport {
  readonly kind: FaultKind
  readonly what: string
  /** Fault to the JobManager's knowledge of a failure; absent: it knows of none. */
  readonly detectionMs?: number
  /** Fault to all subtasks of a new attempt running; absent: the attempt went on. */
  readonly recoveryMs?: number
  /** End of the fault to the end of the first checkpoint that began after it. */
  readonly healthyMs: number
  /** Where the time of the newest attempt's start went, in the words of the JobManager. */
  readonly phases: string
  /** All TaskManagers were there: the job did not have to wait for one that still starts. */
  readonly spare: boolean
}

export interface ChaosResult {
  readonly verdict: Verdict
  readonly violations: number
  /** Files that no checkpoint holds and nobody removed: untidy, but not wrong. */
  readonly leftBehind: readonly string[]
  readonly faults: readonly FaultReport[]
  readonly records: number
  readonly restarts: number
  readonly checkpoints: number
  readonly wallMs: number
  readonly outcome: string
  /** Where a run that went wrong left its data. */
  readonly directory: string | undefined
}

const healthyLimitMs = 120_000
const tries = 10
const endless = 2 ** 40
const jobFile = fileURLToPath(new URL('./job.ts', import.meta.url))

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { progress = () => undefined, signal } = options
  const begun = performance.now()
  const configuration = { ...usualConfiguration, ...options.configuration }
  const environment = await Environment.start(configuration, options.options)
  const { cluster } = environment
  const stop = (): void => void cluster.close()
  signal?.addEventListener('abort', stop)
  let right = false
  try {
    progress(`cluster: ${cluster.pids.length} processes, pids ${cluster.pids.join(' ')}, in ${environment.directory}`)
    const run = new ChaosRun(environment, options, progress)
    await run.submit()
    for (const [index, planned] of options.faults.entries()) if (!(await run.strike(planned, index))) break
    const outcome = await run.finish()
    const { verdict, leftBehind } = await run.judge()
    const count = violations(verdict)
    right = count === 0 && outcome === 'finished' && run.reports.length === options.faults.length
    return {
      verdict,
      violations: count,
      leftBehind,
      faults: run.reports,
      records: run.records,
      restarts: run.restarts,
      checkpoints: run.checkpoints,
      wallMs: performance.now() - begun,
      outcome,
      directory: right || options.keepFailed === false ? undefined : environment.directory,
    }
  } catch (error) {
    if (signal?.aborted) right = true
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    await environment.close(!right && options.keepFailed !== false)
  }
}

class ChaosRun implements World {
  readonly environment: Environment
  readonly slotKill: string
  readonly parallelismMax: number
  readonly reports: FaultReport[] = []
  records: number
  restarts = 0
  checkpoints = 0
  job = ''
  readonly #options: ChaosOptions
  readonly #progress: (line: string) => void
  readonly #out: string
  readonly #endFile: string
  readonly #keys: number
  readonly #rate: number
  /** The job that fills the topic, if that is how the records come. */
  #filling: string | undefined
  #submittedMs = 0

  constructor(environment: Environment, options: ChaosOptions, progress: (line: string) => void) {
    const { taskManagers, slots, io } = environment.configuration
    this.environment = environment
    this.#options = options
    this.#progress = progress
    this.#out = join(environment.directory, 'out')
    this.slotKill = join(environment.directory, 'slot-kill')
    this.#endFile = join(environment.directory, 'end')
    this.records = options.records ?? endless
    this.#keys = options.keys ?? 256
    this.#rate = options.rate
    // One TaskManager may be missing and the job runs all the same; who fills the topic has a slot too.
    const room = Math.max(1, taskManagers - 1) * slots - (io === 'kafka' ? 1 : 0)
    this.parallelismMax = Math.max(1, options.parallelism ?? room)
  }

  async submit(): Promise<void> {
    this.#submittedMs = performance.now()
    if (this.environment.broker === undefined) this.job = await this.#submit('all', this.parallelismMax)
    else {
      this.job = await this.#submit('count', this.parallelismMax)
      this.#filling = await this.#submit('fill', 1)
    }
    await this.#healthy()
  }

  /** False: the job ended before. */
  async strike({ afterMs, kind, draw, holdMs }: PlannedFault, index: number): Promise<boolean> {
    const { cluster } = this.environment
    for (let tried = 0; tried < tries; tried++) {
      // When a fault strikes and how long it lasts is the schedule's: these are no waits for anything.
      await sleep(afterMs)
      const before = await this.#healthy()
      if (before.status.terminal) return false
      const { slotsTotal } = await cluster.until('the cluster to answer', () => cluster.client.cluster())
      const calledMs = Date.now()
      const injected = await faults[kind].inject(this, draw)
      // It could not strike: the job restarted meanwhile, say.
      if (injected === undefined) continue
      await sleep(holdMs)
      await injected.heal()
      const healedMs = performance.now()
      const info = await this.#healthy()
      const report: FaultReport = {
        kind,
        what: injected.what,
        healthyMs: performance.now() - healedMs,
        spare: slotsTotal === cluster.slotsTotal,
        phases: await this.#phases(),
        ...timesOf(before, info, injected.atMs ?? calledMs),
      }
      this.reports.push(report)
      this.#say(report, index, holdMs)
      return true
    }
    throw new Error(`${kind} could not strike in ${tries} tries`)
  }

  /** Waits for the end of the jobs. */
  async finish(): Promise<string> {
    const { patienceMs, rate, records } = this.#options
    const { cluster } = this.environment
    if (records === undefined) {
      // More than any attempt can have given: each keeps to the rate.
      const seconds = (performance.now() - this.#submittedMs) / 1000
      this.records = Math.ceil((seconds + 2) * rate)
      writeFileSync(`${this.#endFile}.new`, String(this.records))
      renameSync(`${this.#endFile}.new`, this.#endFile)
    }
    // What is left is known: the rate sets how long it takes at most.
    const limitMs = patienceMs ?? 90_000 + (this.records / rate) * 2000
    const deadline = performance.now() + limitMs
    const left = (): number => Math.max(1000, deadline - performance.now())
    if (this.#filling !== undefined) {
      const filling = this.#filling
      const ended = await this.within(left(), async () => (await cluster.client.info(filling)).status.terminal)
      if (ended === undefined) return 'unfinished'
      await this.#drain(left())
    }
    const info = await this.within(left(), async () => {
      const found = await this.info()
      return found.status.terminal && found
    })
    if (info === undefined) return 'unfinished'
    const { state, failure } = info.status
    return failure === undefined || state === 'finished' ? state : `${state}: ${failure.message}`
  }

  async judge(): Promise<{ verdict: Verdict; leftBehind: readonly string[] }> {
    const shape = createShape({ records: this.records, keys: this.#keys })
    const { broker } = this.environment
    if (broker === undefined) {
      const verdict = judge(shape, readChecked(this.#out), readWindows(this.#out))
      return { verdict, leftBehind: filesLeftBehind(this.#out) }
    }
    const { address } = broker
    const seen = (await readRows(address, 'checked')) as CheckedRow[]
    const seenWindows = asWindows(await readRows(address, 'windows'))
    // What the job committed first: a client that reads it wrongly is another matter.
    const checked = (await readByMarkers(address, 'checked')) as CheckedRow[]
    const verdict = judge(shape, checked, asWindows(await readByMarkers(address, 'windows')))
    if (violations(verdict) > 0) return { verdict, leftBehind: [] }
    const read = judge(shape, seen, seenWindows)
    if (violations(read) > 0)
      read.examples.unshift('the topics are right by their markers, but not as kafkajs reads them:')
    return { verdict: read, leftBehind: [] }
  }

  async info(): Promise<JobInfo> {
    const info = await this.environment.cluster.client.info(this.job)
    this.restarts = info.status.restarts
    this.checkpoints = Math.max(this.checkpoints, ...info.checkpoints.map(({ checkpointId }) => checkpointId))
    return info
  }

  async users(): Promise<readonly string[]> {
    const { vertices } = await this.info()
    const names = vertices.flatMap(({ subtasks }) => subtasks.map((task) => task.taskManagerId))
    return [...new Set(names)].filter((name) => name !== '').sort()
  }

  async within<T>(
    limitMs: number,
    condition: () => Promise<T | false | undefined> | T | false,
  ): Promise<T | undefined> {
    const deadline = performance.now() + limitMs
    for (;;) {
      try {
        const found = await condition()
        if (found !== undefined && found !== false) return found
      } catch (error) {
        // A JobManager is missing; whoever waits sees what came of it.
        if (performance.now() > deadline) throw error
      }
      if (performance.now() > deadline) return undefined
      await sleep(10)
    }
  }

  #submit(role: 'all' | 'fill' | 'count', parallelism: number): Promise<string> {
    const { checkpointInterval = '200ms', splits = splitsDefault } = this.#options
    const { broker, cluster, configuration } = this.environment
    const given = {
      'chaos.role': role,
      'chaos.records': String(this.records),
      'chaos.keys': String(this.#keys),
      'chaos.window-ms': String(createShape({ records: 1, keys: 1 }).windowMs),
      'chaos.splits': String(splits),
      'chaos.rate': String(this.#rate),
      'chaos.out': this.#out,
      'chaos.sink': configuration.io,
      'chaos.slot-kill': this.slotKill,
      'chaos.end-file': this.#endFile,
      ...(broker !== undefined && { 'kafka.brokers': broker.address }),
      'execution.checkpointing.interval': checkpointInterval,
      'execution.checkpointing.tolerable-failed-checkpoints': '1',
      // A data connection that is dead without a word shows only here.
      'execution.checkpointing.timeout': '5s',
    }
    return cluster.submit(jobFile, given, parallelism)
  }

  /** A checkpoint that begins after this call is complete and the job runs; or it has ended. Both jobs, if there are two. */
  async #healthy(): Promise<JobInfo> {
    const { cluster } = this.environment
    const well = async (job: string, info: () => Promise<JobInfo>): Promise<JobInfo> => {
      let known: number | undefined
      return cluster.until(
        `job ${job} to be well`,
        async () => {
          cluster.checkAlive()
          const found = await info()
          if (found.status.terminal) return found
          const newest = Math.max(0, ...found.checkpoints.map(({ checkpointId }) => checkpointId))
          known ??= newest
          const after = known
          const fresh = found.checkpoints.some((each) => each.state === 'completed' && each.checkpointId > after)
          return fresh && found.status.state === 'running' && found
        },
        healthyLimitMs,
      )
    }
    const filling = this.#filling
    if (filling !== undefined) await well(filling, () => cluster.client.info(filling))
    return well(this.job, () => this.info())
  }

  /** Stops the job that reads the topic when it has given all, so that its last windows come. */
  async #drain(limitMs: number): Promise<void> {
    const { broker, cluster, directory } = this.environment
    if (broker === undefined) return
    await readRows(broker.address, 'checked', this.records)
    await this.within(limitMs, async () => {
      if ((await this.info()).status.terminal) return true
      await cluster.client.stop(this.job, { drain: true, savepointPath: `file://${join(directory, 'savepoints')}` })
      return true
    })
  }

  async #phases(): Promise<string> {
    let found = ''
    try {
      for await (const { text } of this.environment.cluster.client.logs(this.job))
        found = /^attempt \d+ runs, .*: (.*)$/.exec(text)?.[1] ?? found
    } catch {
      // Told for people only.
      return ''
    }
    return found
  }

  #say({ kind, what, detectionMs, recoveryMs, healthyMs, phases }: FaultReport, index: number, holdMs: number): void {
    const done = `${index + 1}/${this.#options.faults.length}`.padStart(7)
    const known = detectionMs === undefined ? '' : `, known after ${detectionMs} ms`
    const running = recoveryMs === undefined ? '' : `, new attempt after ${recoveryMs} ms (${phases})`
    const well = `, held ${holdMs} ms, well ${Math.round(healthyMs)} ms later`
    this.#progress(`fault ${done} ${kind.padEnd(18)} ${what}${known}${running}${well}`)
  }
}

/** By the JobManager's own clock, which is this machine's unless it was moved: what cannot be is left out. */
function timesOf(before: JobInfo, after: JobInfo, atMs: number): { detectionMs?: number; recoveryMs?: number } {
  const passedMs = Date.now() - atMs
  const plausible = (ms: number): boolean => ms >= -1 && ms <= passedMs
  // The newest first: what this fault brought about first is the last of those that came after it.
  const known = after.failures.map(({ timeMs }) => timeMs - atMs).findLast(plausible)
  const running = after.status.stateSinceMs - atMs
  const restarted = after.status.attempt > before.status.attempt && plausible(running)
  return {
    ...(known !== undefined && { detectionMs: Math.max(0, known) }),
    ...(restarted && { recoveryMs: Math.max(0, running) }),
  }
}
