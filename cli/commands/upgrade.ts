/**
 * `millrace upgrade JOB job.ts`: a running job goes on as another version of itself. What would become of its state is looked at
 * first, and nothing is touched when that is refused; then the job is stopped with a savepoint and the new version started from it.
 * The new version counts when it has completed a checkpoint. When it fails before that, it is given up, and the old version
 * goes on from the same savepoint: nothing is lost, and nothing was committed twice.
 */
import { isMillraceError } from '../../core/errors.ts'
import { formatRestore } from '../../proto/checkpoint/inspect.ts'
import { checkRestore, type RestoreCheck, snapshotOfPlan } from '../../proto/checkpoint/restore-check.ts'
import type { ClusterClient, JobCode, JobInfo } from '../../proto/client.ts'
import { type ClusterFlags, cancelUnlessEnded, jobDefinitions, withCluster } from '../cluster.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts'
import { type LoadedJob, loadJob } from '../load-job.ts'
import { errorJson, showError, type Terminal } from '../terminal.ts'
import { checkJson } from './build.ts'
import { absolute } from './jobs.ts'
import { proveJob } from './prove-job.ts'

export interface UpgradeFlags extends ClusterFlags {
  readonly allowNonRestoredState?: boolean
  readonly parallelism?: number
  readonly define?: readonly string[]
  readonly savepointPath?: string
  /** For the new version to complete its first checkpoint. */
  readonly timeout?: number
}

const timeoutDefaultMs = 60_000

export async function upgrade(terminal: Terminal, job: string, file: string, flags: UpgradeFlags): Promise<ExitCode> {
  return withCluster(flags, async (client) => {
    const info = await client.info(job)
    if (info.status.terminal)
      throw cliErrors.create('NOT_UPGRADABLE', { job: info.status.name, state: info.status.state })
    const code = await client.code(info.status.jobId)
    // What the job was submitted with goes on to hold, unless it is given anew.
    const options = { ...code.options, ...jobDefinitions(flags.define) }
    const loaded = await loadJob(file, options, flags.parallelism)
    return new Upgrade(terminal, client, { file, flags, info, code, loaded }).run()
  })
}

interface Given {
  readonly file: string
  readonly flags: UpgradeFlags
  readonly info: JobInfo
  readonly code: JobCode
  readonly loaded: LoadedJob
}

class Upgrade {
  readonly #terminal: Terminal
  readonly #client: ClusterClient
  readonly #given: Given
  readonly #name: string
  readonly #oldId: string
  readonly #check: RestoreCheck
  #savepoint: string | undefined
  #newId: string | undefined
  #interrupted = false

  constructor(terminal: Terminal, client: ClusterClient, given: Given) {
    this.#terminal = terminal
    this.#client = client
    this.#given = given
    this.#name = given.info.status.name
    this.#oldId = given.info.status.jobId
    const { allowNonRestoredState } = given.flags
    this.#check = checkRestore(snapshotOfPlan(given.info.plan), given.loaded.plan, { allowNonRestoredState })
  }

  async run(): Promise<ExitCode> {
    const stopListening = this.#terminal.onInterrupt(() => {
      this.#interrupted = true
      this.#wake()
    })
    try {
      return await this.#run()
    } catch (error) {
      // That one says what can be done.
      if (!isMillraceError(error, 'CLI_NO_WAY_BACK')) this.#whereItStands()
      throw error
    } finally {
      stopListening()
    }
  }

  async #run(): Promise<ExitCode> {
    const { refused, lines } = this.#check
    for (const line of formatRestore(lines)) this.#note(line)
    if (refused !== undefined) {
      if (!this.#terminal.json) {
        showError(this.#terminal, refused)
        this.#note(`Nothing was changed: ${this.#name} runs on.`)
      }
      return this.#end('refused', exitCodeOf(refused), refused)
    }
    this.#hintParallelism()
    if (this.#interrupted) return this.#giveUp('check', exitCodes.failed, `Nothing was changed: ${this.#name} runs on.`)
    this.#note(`stopping ${this.#name} with a savepoint`)
    const { savepointPath } = this.#given.flags
    const directory = savepointPath === undefined ? undefined : absolute(savepointPath)
    const stopped = await this.#orInterrupt(this.#client.stop(this.#oldId, { savepointPath: directory }))
    if (stopped === 'interrupted') return this.#giveUpStopping()
    this.#savepoint = stopped.path
    this.#note(`savepoint ${stopped.path}`)
    return this.#start(stopped.path)
  }

  /** The request may be on its way still: what is said is what the cluster says. */
  async #giveUpStopping(): Promise<ExitCode> {
    const { status } = await this.#client.info(this.#oldId)
    const path = status.savepointPath === '' ? 'SAVEPOINT' : status.savepointPath
    const now =
      status.state === 'finished'
        ? `${this.#name} has stopped with the savepoint ${path}`
        : status.state === 'running'
          ? `${this.#name} runs, and may still stop with a savepoint`
          : `${this.#name} is ${status.state}, and goes on stopping with a savepoint`
    return this.#giveUp(
      'stop',
      exitCodes.stillRunning,
      `${now}; the new version was not started. Follow it with: millrace info ${this.#oldId}`,
      `When it has stopped, start the new version: millrace run -s ${path} ${this.#given.file}`,
      `or the old one again: millrace run -s ${path} ${this.#oldId}`,
    )
  }

  async #start(savepoint: string): Promise<ExitCode> {
    const { loaded, flags } = this.#given
    this.#note('starting the new version')
    let newId: string
    try {
      const submitted = await this.#client.submit({
        plan: loaded.plan,
        bundle: Buffer.from(loaded.bundle.code),
        options: loaded.options,
        savepointPath: savepoint,
        allowNonRestoredState: flags.allowNonRestoredState,
      })
      newId = submitted.jobId
    } catch (error) {
      return this.#fallBack(savepoint, error)
    }
    this.#newId = newId
    const proof = await this.#orInterrupt(
      proveJob({
        client: this.#client,
        clock: this.#terminal.clock,
        jobId: newId,
        timeoutMs: flags.timeout === undefined ? timeoutDefaultMs : flags.timeout * 1000,
        abandoned: () => this.#interrupted,
        progress: (line) => this.#note(line),
      }),
    )
    if (proof === 'interrupted') {
      return this.#giveUp(
        'start',
        exitCodes.stillRunning,
        `The new version goes on starting as ${newId}, and nobody goes back to the old one if it fails. Follow it with: millrace info ${newId}`,
        `Go back by hand: millrace cancel ${newId} && millrace run -s ${savepoint} ${this.#oldId}`,
      )
    }
    if (proof.kind === 'fails') return this.#fallBack(savepoint, proof.error, newId)
    if ('trouble' in proof) {
      this.#note('The new version completed a checkpoint, so there is no way back to the old one, and then it failed:')
      if (!this.#terminal.json) showError(this.#terminal, proof.trouble)
      return this.#end('upgraded', exitCodes.failed, proof.trouble)
    }
    if (!this.#terminal.json) this.#terminal.out(`Upgraded ${this.#name}: JobID ${newId}, from ${savepoint}`)
    return this.#end('upgraded', exitCodes.ok)
  }

  async #fallBack(savepoint: string, error: unknown, newId?: string): Promise<ExitCode> {
    this.#note('the new version does not run:')
    if (!this.#terminal.json) showError(this.#terminal, error)
    if (newId !== undefined && (await this.#endNew(newId))) {
      const both = { savepoint, job: newId }
      throw cliErrors.create('NO_WAY_BACK', both, { cause: error })
    }
    this.#note(`going back to the old version from ${savepoint}`)
    const { plan, bundle, options } = this.#given.code
    const { jobId } = await this.#client.submit({ plan, bundle, options, savepointPath: savepoint })
    this.#newId = jobId
    const proof = await this.#orInterrupt(
      proveJob({
        client: this.#client,
        clock: this.#terminal.clock,
        jobId,
        timeoutMs: timeoutDefaultMs,
        abandoned: () => this.#interrupted,
        progress: (line) => this.#note(line),
      }),
    )
    if (proof === 'interrupted') {
      const text = `The old version goes on starting as ${jobId}. Follow it with: millrace info ${jobId}`
      return this.#giveUp('fall-back', exitCodes.stillRunning, text)
    }
    if (proof.kind === 'fails') {
      this.#note(`the old version does not run either. The savepoint is whole: ${savepoint}`)
      if (!this.#terminal.json) showError(this.#terminal, proof.error)
      return this.#end('failed', exitCodes.failed, proof.error)
    }
    if (!this.#terminal.json) this.#note(`The old version of ${this.#name} runs again: JobID ${jobId}`)
    return this.#end('fell-back', exitCodes.failed, error)
  }

  /** Cancels the new version. True: it completed a checkpoint meanwhile, and what it did is visible outside. */
  async #endNew(newId: string): Promise<boolean> {
    const { status } = await this.#client.info(newId)
    if (!status.terminal) {
      await cancelUnlessEnded(this.#client, newId)
      let ended = false
      for await (const { terminal } of this.#client.watch(newId)) ended = terminal
      if (!ended) throw cliErrors.create('NOT_ENDED', { job: newId })
    }
    return ((await this.#client.info(newId)).checkpointCounts?.completed ?? 0) > 0
  }

  #hintParallelism(): void {
    const { info, code, flags } = this.#given
    if (flags.parallelism !== undefined) return
    const of = (plan: JobInfo['plan']): number => Math.max(...plan.vertices.map(({ parallelism }) => parallelism))
    if (of(info.plan) === of(code.plan)) return
    this.#note(
      `${this.#name} was rescaled to parallelism ${of(info.plan)}; the new version starts with its own. Keep it with: -p ${of(info.plan)}`,
    )
  }

  /** Before an error that nobody expected, such as a JobManager that is gone. */
  #whereItStands(): void {
    const savepoint = this.#savepoint
    if (savepoint === undefined) {
      this.#note(
        `It is not known whether ${this.#name} stops: look at millrace info ${this.#oldId}. The new version was not started.`,
      )
      return
    }
    const last =
      this.#newId === undefined ? '' : ` What was started last is ${this.#newId}: look at millrace info ${this.#newId}.`
    this.#note(`${this.#name} has stopped with the savepoint ${savepoint}.${last}`)
    this.#note(`The old version starts again with: millrace run -s ${savepoint} ${this.#oldId}`)
  }

  /** What Ctrl-C leaves behind, in sentences. */
  #giveUp(phase: string, code: ExitCode, ...lines: readonly string[]): ExitCode {
    for (const line of lines) this.#note(line)
    return this.#end('interrupted', code, undefined, { phase, detail: lines.join(' ') })
  }

  #end(outcome: string, code: ExitCode, error?: unknown, more: Record<string, unknown> = {}): ExitCode {
    if (!this.#terminal.json) return code
    this.#terminal.out(
      JSON.stringify({
        outcome,
        job: this.#name,
        oldJobId: this.#oldId,
        ...(this.#newId === undefined ? {} : { jobId: this.#newId }),
        ...(this.#savepoint === undefined ? {} : { savepoint: this.#savepoint }),
        ...checkJson(this.#check),
        ...(error === undefined ? {} : { error: errorJson(error) }),
        ...more,
      }),
    )
    return code
  }

  #note(line: string): void {
    if (!this.#terminal.json) this.#terminal.note(line)
  }

  #wake: () => void = () => undefined

  /** The work, or 'interrupted' at Ctrl-C: nobody waits for the work then, and it goes on. */
  async #orInterrupt<T>(work: Promise<T>): Promise<T | 'interrupted'> {
    const interrupted = new Promise<'interrupted'>((resolve) => {
      this.#wake = () => resolve('interrupted')
      if (this.#interrupted) resolve('interrupted')
    })
    const first = await Promise.race([work, interrupted])
    // What fails when the client closes is nobody's business any more.
    if (first === 'interrupted') work.catch(() => undefined)
    return first
  }
}
