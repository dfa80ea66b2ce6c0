/**
 * The checkpoints of one subtask: freezes all operators between two records, sends the barrier on, and acknowledges when
 * the asynchronous parts are done. Also tells the operators what became of a checkpoint.
 *
 * Concurrency: one thread. A failed snapshot declines the checkpoint; a failed commit fails the subtask.
 */
import { isMillraceError } from '../../core/errors.ts'
import type { ChannelsHandle } from '../../proto/checkpoint/channels.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { Chain } from './chain.ts'
import { taskErrors } from './errors.ts'
import type { TaskEvents } from './task-options.ts'

export class SnapshotTaker {
  readonly #chain: Chain
  readonly #names: readonly string[]
  readonly #events: TaskEvents
  readonly #monotonic: () => number
  /** Files of the last snapshot: what is not among them was written for the next one. */
  #knownRuns = new Set<string>()
  readonly #aborted = new Set<number>()
  #last = 0
  #completed = 0
  /** Commits that run. */
  #commits = 0

  constructor(chain: Chain, names: readonly string[], events: TaskEvents, monotonic: () => number) {
    this.#chain = chain
    this.#names = names
    this.#events = events
    this.#monotonic = monotonic
  }

  /**
   * `sendBarrier` is called as soon as the state is frozen. A checkpoint that was taken or aborted before is ignored.
   * `channels`: what the barrier overtakes; the acknowledgement waits until it is stored.
   */
  take(
    checkpointId: number,
    alignmentMs: number,
    finished: boolean,
    sendBarrier: () => void,
    channels?: Promise<ChannelsHandle | undefined>,
  ): void {
    // Whoever records them is told by the same word that this checkpoint is given up.
    channels?.catch(() => undefined)
    if (checkpointId <= this.#last || this.#aborted.has(checkpointId)) return
    this.#last = checkpointId
    const begin = this.#monotonic()
    const parts: Promise<OperatorSnapshot>[] = []
    for (const [index, operator] of this.#chain.operators.entries()) {
      if (operator.snapshot === undefined) continue
      parts.push(operator.snapshot(checkpointId).catch((error: unknown) => this.#fail(checkpointId, index, error)))
    }
    sendBarrier()
    const syncMs = this.#monotonic() - begin
    const acknowledged = Promise.all([Promise.all(parts), channels]).then(([operators, inFlight]) => {
      if (this.#aborted.has(checkpointId)) return
      const asyncMs = this.#monotonic() - begin - syncMs
      const bytes = this.#bytesOf(operators) + (inFlight?.bytes ?? 0)
      this.#events.acknowledge(checkpointId, {
        operators,
        alignmentMs,
        syncMs,
        asyncMs,
        bytes,
        ...(finished && { finished }),
        ...(channels !== undefined && { unaligned: true }),
        ...(inFlight !== undefined && { channels: inFlight }),
      })
    })
    acknowledged.catch((error: unknown) => {
      if (!this.#aborted.has(checkpointId))
        this.#events.decline(checkpointId, error instanceof Error ? error.message : String(error))
    })
  }

  /** The newest checkpoint that was taken, complete or not. */
  get newest(): number {
    return this.#last
  }

  /** Files of state that the newest acknowledged one names. */
  get runs(): Iterable<string> {
    return this.#knownRuns
  }

  /** Neither taken nor given up yet. */
  isDue(checkpointId: number): boolean {
    return checkpointId > this.#last && !this.#aborted.has(checkpointId)
  }

  complete(checkpointId: number): void {
    for (const id of this.#aborted) if (id <= checkpointId) this.#aborted.delete(id)
    const commits: Promise<void>[] = []
    for (const operator of this.#chain.operators) {
      const commit = operator.notifyCheckpointComplete?.(checkpointId)
      if (commit !== undefined) commits.push(commit)
    }
    if (commits.length === 0) {
      this.#completed = Math.max(this.#completed, checkpointId)
      return
    }
    this.#commits++
    Promise.all(commits).then(
      () => {
        this.#commits--
        this.#completed = Math.max(this.#completed, checkpointId)
        this.#events.wake()
      },
      (error: unknown) => {
        this.#commits--
        this.#events.failed(error)
      },
    )
  }

  aborted(checkpointId: number): void {
    this.#aborted.add(checkpointId)
    for (const operator of this.#chain.operators) operator.notifyCheckpointAborted?.(checkpointId)
  }

  /** This checkpoint is complete and committed here, and no commit runs. */
  settledUpTo(checkpointId: number): boolean {
    return this.#completed >= checkpointId && this.#commits === 0
  }

  get committing(): boolean {
    return this.#commits > 0
  }

  #fail(checkpointId: number, index: number, error: unknown): never {
    const reason = error instanceof Error || isMillraceError(error) ? error.message : String(error)
    throw taskErrors.create(
      'SNAPSHOT_FAILED',
      { checkpointId, operator: this.#names[index] ?? '', reason },
      { cause: error },
    )
  }

  #bytesOf(operators: readonly OperatorSnapshot[]): number {
    const runs = new Set<string>()
    let bytes = 0
    for (const { runs: chain } of operators) {
      for (const run of chain) {
        const name = run.path === '' ? `${run.crc}/${run.bytes}/${run.entries}` : run.path
        if (runs.has(name)) continue
        runs.add(name)
        if (!this.#knownRuns.has(name)) bytes += run.bytes
      }
    }
    this.#knownRuns = runs
    return bytes
  }
}
