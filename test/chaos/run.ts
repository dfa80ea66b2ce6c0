/**
 * One chaos run: a cluster, the job of job.ts, a schedule of kills, and the oracle's verdict on what the job committed.
 *
 * A kill counts when the job was running and at least one checkpoint had completed since it last began to run. Times are
 * the JobManager's own: it stamps failures and changes of state with the clock of this machine.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadJob } from '../../cli/load-job.ts'
import type { JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from './cluster.ts'
import { judge, type Verdict, violations } from './oracle.ts'
import { filesLeftBehind, readChecked, readWindows } from './output.ts'
import type { PlannedKill, VictimKind } from './schedule.ts'
import { createShape } from './shape.ts'

export interface ChaosOptions {
  readonly kills: readonly PlannedKill[]
  readonly records: number
  readonly rate: number
  readonly keys?: number
  readonly splits?: number
  readonly parallelism?: number
  readonly taskManagers?: number
  readonly slots?: number
  readonly checkpointInterval?: string
  /** What the job writes with; absent: `sink.files`. */
  readonly sink?: 'files' | 'ledger'
  /** A job that has not ended so long after the last kill is judged as it is: with a bug in the engine it may never end. */
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

export interface KillReport {
  readonly victim: string
  readonly kind: VictimKind
  /** Kill to the JobManager's knowledge of it; absent for a kill of the JobManager. */
  readonly detectionMs?: number
  /** Kill to all subtasks running again. */
  readonly recoveryMs: number
  /** Where the time went, in the words of the JobManager. */
  readonly phases: string
  /** All TaskManagers were there: the job did not have to wait for one that still starts. */
  readonly spare: boolean
}

export interface ChaosResult {
  readonly verdict: Verdict
  readonly violations: number
  /** Files that no checkpoint holds and nobody removed: untidy, but not wrong. */
  readonly leftBehind: readonly string[]
  readonly kills: readonly KillReport[]
  readonly restarts: number
  readonly checkpoints: number
  readonly wallMs: number
  readonly outcome: string
  /** Where a run that went wrong left its data. */
  readonly directory: string | undefined
}

const recoveryLimitMs = 30_000
const jobFile = fileURLToPath(new URL('./job.ts', import.meta.url))

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { taskManagers = 3, slots = 2, progress = () => undefined, signal } = options
  const begun = performance.now()
  const cluster = await ChaosCluster.start({ taskManagers, slots, options: { ...usual, ...options.options } })
  const stop = (): void => void cluster.close()
  signal?.addEventListener('abort', stop)
  let right = false
  try {
    progress(`cluster: ${cluster.pids.length} processes, pids ${cluster.pids.join(' ')}, in ${cluster.directory}`)
    const run = new ChaosRun(cluster, options, progress)
    await run.submit()
    for (const [index, kill] of options.kills.entries()) if (!(await run.kill(kill, index))) break
    const outcome = await run.finish()
    const { verdict, leftBehind } = run.judge()
    const count = violations(verdict)
    right = count === 0 && outcome === 'finished' && run.reports.length === options.kills.length
    return {
      verdict,
      violations: count,
      leftBehind,
      kills: run.reports,
      restarts: run.restarts,
      checkpoints: run.checkpoints,
      wallMs: performance.now() - begun,
      outcome,
      directory: right || options.keepFailed === false ? undefined : cluster.directory,
    }
  } catch (error) {
    if (signal?.aborted) right = true
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    await cluster.close(!right && options.keepFailed !== false)
  }
}

const usual: Readonly<Record<string, string>> = {
  'heartbeat.interval': '100ms',
  'heartbeat.timeout': '3s',
  'cluster.registration.max-timeout': '200ms',
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': '1000000',
  'restart-strategy.fixed-delay.delay': '20ms',
}

class ChaosRun {
  readonly reports: KillReport[] = []
  restarts = 0
  checkpoints = 0
  readonly #cluster: ChaosCluster
  readonly #options: ChaosOptions
  readonly #progress: (line: string) => void
  readonly #out: string
  readonly #slotKill: string
  readonly #shape: ReturnType<typeof createShape>
  #job = ''

  constructor(cluster: ChaosCluster, options: ChaosOptions, progress: (line: string) => void) {
    this.#cluster = cluster
    this.#options = options
    this.#progress = progress
    this.#out = join(cluster.directory, 'out')
    this.#slotKill = join(cluster.directory, 'slot-kill')
    this.#shape = createShape({ records: options.records, keys: options.keys ?? 256 })
  }

  async submit(): Promise<void> {
    const { rate, splits = 8, parallelism = 4, checkpointInterval = '200ms', sink = 'files' } = this.#options
    const given = {
      'chaos.records': String(this.#shape.records),
      'chaos.keys': String(this.#shape.keys),
      'chaos.window-ms': String(this.#shape.windowMs),
      'chaos.splits': String(splits),
      'chaos.rate': String(rate),
      'chaos.out': this.#out,
      'chaos.sink': sink,
      'chaos.slot-kill': this.#slotKill,
      'execution.checkpointing.interval': checkpointInterval,
      'execution.checkpointing.tolerable-failed-checkpoints': '10',
      'execution.checkpointing.timeout': '10s',
    }
    const { plan, bundle, options } = await loadJob(jobFile, given, parallelism)
    const { jobId } = await this.#cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options })
    this.#job = jobId
  }

  /** False: the job ended before. */
  async kill({ afterMs, victim }: PlannedKill, index: number): Promise<boolean> {
    const cluster = this.#cluster
    for (;;) {
      const ready = await this.#ready(afterMs)
      if (ready === undefined) return false
      const users = [
        ...new Set(ready.vertices.flatMap((each) => each.subtasks.map((task) => task.taskManagerId))),
      ].sort()
      const { slotsTotal } = await cluster.client.cluster()
      const spare = slotsTotal === cluster.slotsTotal
      let name: string
      let killedMs: number | undefined
      if (victim.kind === 'slot') {
        name = 'slot'
        killedMs = await this.#killSlot()
      } else if (victim.kind === 'jobmanager') {
        name = 'jobmanager'
        killedMs = cluster.kill(cluster.jobManager)
        await cluster.restart(cluster.jobManager)
      } else {
        name = users[victim.index % users.length] ?? ''
        const member = cluster.taskManager(name)
        if (victim.kind === 'freeze') killedMs = await this.#freeze(name)
        else if (victim.kind === 'zombie') killedMs = await this.#zombie(name)
        else {
          killedMs = cluster.kill(member)
          cluster.restartSoon(member)
        }
      }
      // Nobody died: the job restarted or ended meanwhile.
      if (killedMs === undefined) continue
      this.reports.push(await this.#recovered(victim.kind, name, killedMs, spare))
      const { detectionMs, recoveryMs, phases } = this.reports[this.reports.length - 1] as KillReport
      const known = detectionMs === undefined ? '' : `known after ${detectionMs} ms, `
      const done = `${index + 1}/${this.#options.kills.length}`
      this.#progress(
        `kill ${done.padStart(7)} ${name.padEnd(10)} ${known}running again after ${recoveryMs} ms (${phases})`,
      )
      return true
    }
  }

  /** Waits for the end of the job. */
  async finish(): Promise<string> {
    // What is left is known: the rate sets how long it takes at most.
    const limitMs = 60_000 + (this.#options.records / this.#options.rate) * 2000
    const { patienceMs } = this.#options
    const deadline = performance.now() + (patienceMs ?? Number.POSITIVE_INFINITY)
    const info = await this.#cluster.until(
      'the end of the job',
      async () => {
        const found = await this.#info()
        return (found.status.terminal || performance.now() > deadline) && found
      },
      limitMs,
    )
    this.#note(info)
    if (!info.status.terminal) return 'unfinished'
    const { state, failure } = info.status
    return failure === undefined || state === 'finished' ? state : `${state}: ${failure.message}`
  }

  judge(): { verdict: Verdict; leftBehind: readonly string[] } {
    const verdict = judge(this.#shape, readChecked(this.#out), readWindows(this.#out))
    return { verdict, leftBehind: filesLeftBehind(this.#out) }
  }

  /** The job has run for so long, with a checkpoint since it began to; undefined when it has ended. */
  #ready(afterMs: number): Promise<JobInfo | undefined> {
    return this.#cluster
      .until(
        'a running job with a checkpoint',
        async () => {
          this.#cluster.checkAlive()
          const info = await this.#info()
          const { status } = info
          if (status.terminal) return { ended: true as const }
          if (status.state !== 'running' || Date.now() < status.stateSinceMs + afterMs) return false
          const complete = info.checkpoints.some(
            ({ state, triggeredMs }) => state === 'completed' && triggeredMs >= status.stateSinceMs,
          )
          return complete && { ended: false as const, info }
        },
        recoveryLimitMs,
      )
      .then((found) => (found.ended ? undefined : found.info))
  }

  async #killSlot(): Promise<number | undefined> {
    const at = `${this.#slotKill}.at`
    rmSync(at, { force: true })
    // Appears in full or not at all: it has no content.
    writeFileSync(this.#slotKill, '')
    try {
      return await this.#cluster.until(
        'a slot that ends itself',
        async () => existsSync(at) && Number(readFileSync(at, 'utf8')) > 0 && Number(readFileSync(at, 'utf8')),
        2000,
      )
    } catch (error) {
      rmSync(this.#slotKill, { force: true })
      if (existsSync(at)) return Number(readFileSync(at, 'utf8'))
      const { status } = await this.#info()
      if (status.terminal || status.state !== 'running') return undefined
      throw error
    }
  }

  async #freeze(name: string): Promise<number> {
    const member = this.#cluster.taskManager(name)
    const frozenMs = Date.now()
    this.#cluster.freeze(member, true)
    try {
      await this.#cluster.until(
        'the JobManager to give a frozen TaskManager up',
        async () => !(await this.#cluster.client.cluster()).taskManagers.some(({ id }) => id === name),
        recoveryLimitMs,
      )
      await this.#runsAgain(frozenMs)
    } finally {
      this.#cluster.freeze(member, false)
    }
    return frozenMs
  }

  /** Gives the time of the kills that follow the thaw. */
  async #zombie(name: string): Promise<number> {
    const cluster = this.#cluster
    await this.#freeze(name)
    await cluster.until(
      'the TaskManager that was frozen to register again',
      async () => (await cluster.client.cluster()).taskManagers.some(({ id }) => id === name),
      recoveryLimitMs,
    )
    const { vertices } = await this.#info()
    const users = new Set(vertices.flatMap(({ subtasks }) => subtasks.map((task) => task.taskManagerId)))
    if (users.has(name)) throw new Error(`the job went back to ${name} although that was frozen`)
    const killed = [...users].map((id) => cluster.taskManager(id))
    const killedMs = Math.min(...killed.map((member) => cluster.kill(member)))
    // First the job must be where the old attempt was, or it would go to those that are started again.
    await this.#runsAgain(killedMs)
    for (const member of killed) cluster.restartSoon(member)
    return killedMs
  }

  async #recovered(kind: VictimKind, victim: string, killedMs: number, spare: boolean): Promise<KillReport> {
    const info = await this.#runsAgain(killedMs)
    const recoveryMs = Math.max(0, info.status.stateSinceMs - killedMs)
    const phases = await this.#phases()
    if (kind === 'jobmanager') return { kind, victim, recoveryMs, spare, phases }
    // The newest first: what this kill brought about first is the last of those that came after it.
    const failure = info.failures.filter(({ timeMs }) => timeMs >= killedMs - 1).at(-1)
    return failure === undefined
      ? { kind, victim, recoveryMs, spare, phases }
      : { kind, victim, recoveryMs, spare, phases, detectionMs: Math.max(0, failure.timeMs - killedMs) }
  }

  async #phases(): Promise<string> {
    let found = ''
    for await (const { text } of this.#cluster.client.logs(this.#job))
      found = /^attempt \d+ runs, .*: (.*)$/.exec(text)?.[1] ?? found
    return found
  }

  #runsAgain(sinceMs: number): Promise<JobInfo> {
    return this.#cluster.until(
      'the job to run again',
      async () => {
        const info = await this.#info()
        const { state, stateSinceMs, terminal } = info.status
        return stateSinceMs > sinceMs && (state === 'running' || terminal) && info
      },
      recoveryLimitMs,
    )
  }

  async #info(): Promise<JobInfo> {
    const info = await this.#cluster.client.info(this.#job)
    this.#note(info)
    return info
  }

  #note(info: JobInfo): void {
    this.restarts = info.status.restarts
    this.checkpoints = Math.max(this.checkpoints, ...info.checkpoints.map(({ checkpointId }) => checkpointId))
  }
}
