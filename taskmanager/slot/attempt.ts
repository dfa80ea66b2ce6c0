/**
 * One deployment in a slot, from the bundle to its release: imports the job, builds the same graph, puts the subtasks
 * together, restores, and runs them in the slot's loop. Whatever goes wrong ends all subtasks of the slot, is reported
 * once with its reason, and gives back every segment, socket and timer before the slot counts as free.
 *
 * Concurrency: the slot's thread; messages come between turns of the loop.
 */
import { pathToFileURL } from 'node:url'
import type { Arena } from '../../core/arena/arena.ts'
import { deferred, withTimeout } from '../../core/async/index.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { provideOwnPackage } from '../../core/platform/modules.ts'
import type { SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import { jobOf, rebuildGraph } from '../../sdk/graph/load.ts'
import type { Doorbells } from '../network/doorbell.ts'
import { processDirectory, stateRoot } from '../state/rocksdb/directories.ts'
import { forgetCopies, localStateRoot, useLocalCopies } from '../state/snapshot/local-copies.ts'
import { SlotLoop } from '../task/loop.ts'
import type { Task } from '../task/task.ts'
import type { TaskEvents } from '../task/task-options.ts'
import { type BuiltTask, buildTask } from './build-task.ts'
import { type RemoteChannels, SlotChannels } from './channels.ts'
import { failureCause, isHopeless } from './failure.ts'
import type { Deployment, FailureCause, FromSlot, SlotStart, SubtaskMetrics, SubtaskState, ToSlot } from './messages.ts'
import { claimNetworkMemory } from './network-memory.ts'
import { slotConfig } from './options.ts'
import type { SlotPulse } from './pulse.ts'

/** Channels to other TaskManagers for one deployment. */
export interface RemoteExchange extends RemoteChannels {
  /** All inputs are declared: connect to the producers. */
  connect(): Promise<void>
  /** `orderly`: what was sent still arrives. */
  close(orderly: boolean): void
}

export interface AttemptSurroundings {
  readonly start: SlotStart
  readonly arena: Arena
  readonly bells: Doorbells
  readonly pulse: SlotPulse
  openRemote(deployment: Deployment, events: { wake(): void; failed(error: unknown): void }): RemoteExchange
  say(message: FromSlot): void
  released(): void
}

const metricsIntervalMs = 1000
const openBeatMs = 100
/** How long an attempt that has failed waits to hear whether there will be another one: a snapshot may be being stored. */
const verdictMs = 6000

export class Attempt {
  readonly deployment: Deployment
  readonly #at: AttemptSurroundings
  readonly #tasks: BuiltTask[] = []
  readonly #loop: SlotLoop
  /** Resolved by the cancellation: the newest snapshot when the job ends for good. */
  readonly #verdict = deferred<number | undefined>()
  #remote: RemoteExchange | undefined
  #phase: 'deploying' | 'ready' | 'running' | 'over' = 'deploying'
  #metricsTimer: ReturnType<typeof systemClock.setInterval> | undefined
  #overtakeTimer: ReturnType<typeof systemClock.setTimeout> | undefined
  #prints = new Map<string, string[]>()
  /** Where the operator of a node was made, once the graph is there. */
  #madeAt: ((node: number) => string | undefined) | undefined

  constructor(deployment: Deployment, at: AttemptSurroundings) {
    this.deployment = deployment
    this.#at = at
    const { watermarkIntervalMs } = slotConfig(deployment.options)
    this.#loop = new SlotLoop({
      clock: systemClock,
      bells: at.bells,
      pulse: at.pulse,
      watermarkIntervalMs,
      failed: (task, error) => this.fail(error, task),
    })
  }

  /** Everything up to `start`. Failures are reported, not thrown. */
  async deploy(): Promise<void> {
    this.#all('deploying')
    // Before the start as well: what an operator waits for while it opens is to be seen.
    this.#metricsTimer = systemClock.setInterval(() => this.#report(), metricsIntervalMs)
    try {
      await this.#build()
    } catch (error) {
      const fatal = isHopeless(error, this.deployment.restore?.subtasks ?? {})
      this.#end('failed', { ...failureCause(error, undefined, this.#madeAt), ...(fatal && { fatal }) })
      return
    }
    if (this.#phase !== 'deploying') return
    this.#phase = 'ready'
    this.#all('initializing')
  }

  handle(message: Exclude<ToSlot, { kind: 'deploy' | 'doorbells' | 'warm' }>): void {
    switch (message.kind) {
      case 'start':
        this.#start().catch((error: unknown) => this.fail(error))
        return
      case 'trigger-checkpoint':
        for (const { task } of this.#tasks) task.trigger(message.checkpointId, message.stop)
        if (!message.savepoint && message.stop !== 'drain') this.#overtakeLater(message.checkpointId)
        return
      case 'abort-checkpoint':
        for (const { task } of this.#tasks) task.checkpointAborted(message.checkpointId)
        return
      case 'checkpoint-complete':
        for (const { task } of this.#tasks) task.checkpointComplete(message.checkpointId)
        this.#forgetCopies(message.checkpointId)
        return
      case 'results-read':
        for (const { task } of this.#tasks) {
          const { vertex, subtask, chain } = task.options
          const at = this.deployment.plan.vertices[vertex].operators.findIndex(({ uid }) => uid === message.uid)
          if (subtask === message.subtask && at >= 0) chain.operators[at].resultsRead?.(message.next)
        }
        return
      case 'align-sources':
        for (const { task } of this.#tasks) task.options.chain.head.align?.(message.groups)
        return
      case 'cancel':
        this.#verdict.resolve(message.newest)
        this.#end('canceled')
    }
  }

  wake(): void {
    this.#loop.wake()
  }

  /** `task`: the subtask it happened in; absent: all of them. */
  fail(error: unknown, task?: Task): void {
    const where = task === undefined ? undefined : this.#placeOf(task)
    this.#end('failed', failureCause(error, where, this.#madeAt), task)
  }

  async #build(): Promise<void> {
    const { deployment } = this
    provideOwnPackage()
    const { pulse } = this.#at
    pulse.enterPhase('importing')
    const exported: unknown = await import(pathToFileURL(deployment.bundlePath).href)
    const graph = rebuildGraph(jobOf(exported, `the bundle of ${deployment.jobName}`), deployment.plan)
    this.#madeAt = (node) => graph.nodes[node]?.at
    if (this.#phase !== 'deploying') return
    pulse.enterPhase('opening')
    const { arena, bells, start } = this.#at
    const events = { wake: () => this.#loop.wake(), failed: (error: unknown) => this.fail(error) }
    claimNetworkMemory(arena, deployment, start.taskManagerId, start.owner)
    this.#remote = this.#at.openRemote(deployment, events)
    const place = { taskManagerId: start.taskManagerId, slot: start.slot, arena, bells }
    const channels = new SlotChannels(deployment, place, this.#remote)
    const { bufferTimeoutMs, rocksdbMemoryBytes, barriersBlock, overtakeAfterMs, localCopies } = slotConfig(
      deployment.options,
    )
    if (localCopies) useLocalCopies(localStateRoot(start.config))
    const inOrder = [...deployment.subtasks].sort((a, b) => a.vertex - b.vertex)
    // To wait is no standstill: the event loop turns.
    const beat = systemClock.setInterval(() => pulse.beat(), openBeatMs)
    try {
      for (const { vertex, subtask } of inOrder) {
        const built = await buildTask(
          {
            deployment,
            graph,
            arena,
            owner: start.owner,
            channels,
            clock: systemClock,
            disk: systemDisk,
            deadLetters: deadLetterDirectory(deployment, start),
            bufferTimeoutMs,
            barriersBlock,
            localCopies,
            unaligned: overtakeAfterMs !== undefined,
            rocksdb:
              rocksdbMemoryBytes === undefined
                ? undefined
                : {
                    directory: processDirectory(stateRoot(start.config), start.taskManagerId),
                    memoryBytes: rocksdbMemoryBytes,
                  },
            events: this.#eventsOf(vertex, subtask),
            print: (uid, lines) => this.#print(uid, lines),
            deliver: (uid, of, sequence, records) =>
              this.#say({ kind: 'results', attempt: deployment.attempt, uid, subtask: of, sequence, records }),
          },
          vertex,
          subtask,
        )
        if (this.#phase !== 'deploying') {
          await built.task.close()
          return
        }
        this.#tasks.push(built)
      }
      // Consumers first: a producer's records find everyone open.
      for (const { task } of this.#tasks.toReversed()) {
        await task.open()
        if (this.#phase !== 'deploying') return
      }
    } finally {
      systemClock.clearTimeout(beat)
    }
    pulse.leave()
  }

  async #start(): Promise<void> {
    if (this.#phase !== 'ready') return
    this.#phase = 'running'
    await this.#remote?.connect()
    if (this.#phase !== 'running') return
    this.#all('running')
    this.#loop.start(this.#tasks.map(({ task }) => task))
  }

  #eventsOf(vertex: number, subtask: number): TaskEvents {
    const { attempt } = this.deployment
    return {
      inputEnded: () => this.#say({ kind: 'ended', attempt, vertex, subtask }),
      finished: () => {
        this.#flushDeadLetters(vertex, subtask)
        this.#report()
        // Who follows the job hears nothing behind its end.
        this.#flushPrints()
        this.#say({ kind: 'state', attempt, vertex, subtask, state: 'finished' })
        if (this.#tasks.every(({ task }) => task.over)) this.#end('finished')
      },
      acknowledge: (checkpointId: number, snapshot: SubtaskSnapshot) => {
        this.#flushDeadLetters(vertex, subtask)
        this.#say({ kind: 'ack', attempt, checkpointId, vertex, subtask, snapshot })
      },
      decline: (checkpointId, reason) => this.#say({ kind: 'decline', attempt, checkpointId, vertex, subtask, reason }),
      failed: (error) =>
        this.fail(
          error,
          this.#tasks.find(({ task }) => task.options.vertex === vertex && task.options.subtask === subtask)?.task,
        ),
      wake: () => this.#loop.wake(),
    }
  }

  /** Local copies of runs that this checkpoint does without. */
  #forgetCopies(checkpointId: number): void {
    const { deployment } = this
    const { checkpointRoot, jobId, plan } = deployment
    if (checkpointRoot === undefined || !slotConfig(deployment.options).localCopies) return
    const keep = new Set<string>()
    const subtasks = new Set<string>()
    for (const { task } of this.#tasks) {
      // What its newest snapshot names is known of none that is being taken.
      if (task.snapshots.newest > checkpointId) continue
      for (const run of task.snapshots.runs) keep.add(run)
      for (const { node } of plan.vertices[task.options.vertex].operators)
        subtasks.add(`${node}/${task.options.subtask}`)
    }
    forgetCopies(localStateRoot(this.#at.start.config), checkpointRoot, jobId, subtasks, keep, checkpointId).catch(
      (error: unknown) =>
        this.#say({ kind: 'warning', text: 'local copies could not be removed', fields: { reason: String(error) } }),
    )
  }

  /**
   * Each slot counts the time from the trigger for itself and none waits for a barrier then: the slowest task would be the
   * last that one comes to.
   */
  #overtakeLater(checkpointId: number): void {
    const { overtakeAfterMs } = slotConfig(this.deployment.options)
    if (overtakeAfterMs === undefined) return
    systemClock.clearTimeout(this.#overtakeTimer)
    this.#overtakeTimer = systemClock.setTimeout(() => {
      if (this.#phase === 'running') for (const { task } of this.#tasks) task.overtake(checkpointId)
    }, overtakeAfterMs)
  }

  /** The end of the attempt here, once: reports, gives everything back, then says that the slot is free. */
  #end(state: 'finished' | 'canceled' | 'failed', cause?: FailureCause, failed?: Task): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#loop.stop()
    systemClock.clearTimeout(this.#metricsTimer)
    systemClock.clearTimeout(this.#overtakeTimer)
    this.#at.pulse.leave()
    const { attempt, subtasks } = this.deployment
    this.#flushPrints()
    if (state !== 'finished') {
      const isGuilty = (vertex: number, subtask: number): boolean =>
        failed === undefined || (failed.options.vertex === vertex && failed.options.subtask === subtask)
      // The first that is heard of counts as the reason.
      const guiltyFirst = subtasks.toSorted(
        (a, b) => Number(isGuilty(b.vertex, b.subtask)) - Number(isGuilty(a.vertex, a.subtask)),
      )
      for (const { vertex, subtask } of guiltyFirst) {
        const guilty = isGuilty(vertex, subtask)
        const own: SubtaskState = state === 'failed' && !guilty ? 'canceled' : state
        this.#say({
          kind: 'state',
          attempt,
          vertex,
          subtask,
          state: own,
          ...(guilty && cause !== undefined ? { cause } : {}),
        })
      }
    }
    this.#release(state)
      .catch(() => undefined)
      .finally(() => {
        this.#say({ kind: 'released', attempt })
        this.#at.released()
      })
  }

  async #release(state: 'finished' | 'canceled' | 'failed'): Promise<void> {
    if (state !== 'finished') await this.#settle(state)
    for (const built of this.#tasks) {
      for (const error of await closed(built))
        this.#print('close', [`closing failed: ${error instanceof Error ? error.message : String(error)}`])
    }
    this.#remote?.close(state === 'finished')
    this.#at.arena.reserves.disclaim(this.#at.start.owner)
    this.#flushPrints()
  }

  /** For sinks that have to know whether the job ends for good. After a failure here that is about to be decided elsewhere. */
  async #settle(state: 'canceled' | 'failed'): Promise<void> {
    const operators = this.#tasks.flatMap(({ task }) => task.options.chain.operators)
    const wants = operators.some((operator) => operator.wantsVerdict === true)
    if (state === 'failed' && !wants) return
    const decided = withTimeout(systemClock, this.#verdict.promise, verdictMs, 'decision about a failed attempt')
    const newest = await decided.catch(() => undefined)
    // All at once: each may have to wait for its time.
    if (newest !== undefined) await Promise.all(operators.map((operator) => operator.settle?.(newest)))
  }

  #placeOf(task: Task): { operator: string; uid: string } {
    const [head] = this.deployment.plan.vertices[task.options.vertex].operators
    return { operator: task.options.names.join(' -> '), uid: head.uid }
  }

  #all(state: SubtaskState): void {
    const { attempt, subtasks } = this.deployment
    for (const { vertex, subtask } of subtasks) this.#say({ kind: 'state', attempt, vertex, subtask, state })
  }

  #print(uid: string, lines: readonly string[]): void {
    const waiting = this.#prints.get(uid)
    if (waiting !== undefined) {
      waiting.push(...lines)
      return
    }
    if (this.#prints.size === 0) systemClock.setImmediate(() => this.#flushPrints())
    this.#prints.set(uid, [...lines])
  }

  #flushPrints(): void {
    for (const [uid, lines] of this.#prints) this.#say({ kind: 'print', attempt: this.deployment.attempt, uid, lines })
    this.#prints.clear()
  }

  #flushDeadLetters(vertex: number, subtask: number): void {
    for (const built of this.#tasks) {
      if (built.task.options.vertex === vertex && built.task.options.subtask === subtask) built.flushDeadLetters()
    }
  }

  #report(): void {
    const subtasks = this.#tasks.map(({ task, metrics }): SubtaskMetrics => {
      const { busyMs, idleMs, backpressuredMs } = task.time.snapshot(systemClock.monotonic())
      const { heldBy, currentWatermark } = task
      const { aligned } = task.options.chain.head
      const waiting = metrics.find((each) => each.waiting !== undefined)?.waiting
      return {
        vertex: task.options.vertex,
        subtask: task.options.subtask,
        recordsIn: task.recordsIn,
        recordsOut: task.recordsOut,
        busyMs,
        idleMs,
        backpressuredMs,
        watermark: Number.isFinite(currentWatermark) ? currentWatermark : null,
        ...(heldBy === undefined ? {} : { heldBy }),
        lateDropped: metrics.reduce((sum, each) => sum + each.lateDropped, 0),
        errorsSkipped: metrics.reduce((sum, each) => sum + each.errorsSkipped, 0),
        ...(waiting === undefined ? {} : { waitingFor: waiting.what, waitingSinceMs: waiting.sinceMs }),
        ...(aligned === undefined ? {} : { aligned: [aligned] }),
      }
    })
    this.#say({ kind: 'metrics', attempt: this.deployment.attempt, subtasks })
  }

  #say(message: FromSlot): void {
    this.#at.say(message)
  }
}

/** Closes a subtask, and gives what went wrong. */
async function closed({ task, flushDeadLetters }: BuiltTask): Promise<readonly unknown[]> {
  const errors: unknown[] = []
  try {
    flushDeadLetters()
  } catch (error) {
    errors.push(error)
  }
  return [...errors, ...(await task.close())]
}

function deadLetterDirectory(deployment: Deployment, start: SlotStart): string {
  const directory = start.config['taskmanager.data-dir'] ?? '.millrace/taskmanager'
  return `${directory}/dead-letter/${deployment.jobId}`
}
