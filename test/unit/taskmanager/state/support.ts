/**
 * What the tests of state share: a directory for checkpoints, hashes, and backends over split ranges that restore from each
 * other's snapshots.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../../../core/platform/clock.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import { rangesOf } from '../../../../proto/checkpoint/ranges.ts'
import type { RestoredOperator } from '../../../../proto/checkpoint/restore-plan.ts'
import type { DeclaredAggregate } from '../../../../sdk/graph/nodes.ts'
import type { KeyShape, Snapshotting, StateBackendOptions, WindowSlice } from '../../../../taskmanager/state/api.ts'
import { canonicalKey } from '../../../../taskmanager/state/keys.ts'
import { restoredRuns } from '../../../support/restored.ts'

/** Every declared aggregate once: over the numbers `v`, and over the int64 `big`. */
export const everyAggregate = [
  { as: 'n', fn: 'count' },
  { as: 's', fn: 'sum', field: 'v' },
  { as: 'lo', fn: 'min', field: 'v' },
  { as: 'hi', fn: 'max', field: 'v' },
  { as: 'mean', fn: 'avg', field: 'v' },
  { as: 'exact', fn: 'sum', field: 'big', int64: true },
  { as: 'least', fn: 'min', field: 'big', int64: true },
  { as: 'most', fn: 'max', field: 'big', int64: true },
] as const

/** Any hash will do, as long as equal keys have equal ones. FNV-1a, finished so that all bits depend on all bytes. */
export function testHash(key: unknown): number {
  let h = 0x811c9dc5
  for (const byte of canonicalKey(key)) h = Math.imul(h ^ byte, 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Row `i` of a slice of a window, as `AccumulatorStore.get` has it. */
export function resultsAt(
  { values }: Pick<WindowSlice, 'values'>,
  aggregates: readonly DeclaredAggregate[],
  i: number,
): (number | bigint | null)[] {
  return aggregates.map(({ fn, int64 }, a) => {
    if (int64 !== true) return values[a].numbers[i] + 0
    return fn !== 'sum' && values[a].none[i] === 1 ? null : values[a].bigints[i]
  })
}

export function checkpointDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-state-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A clock that goes when it is told to; what is to run at once does. */
export class HandClock extends ManualClock {
  override setImmediate(task: () => void): void {
    setImmediate(task)
  }
}

/** Where state is: in memory, in RocksDB with a cache for a few entries, or in one after the other. */
export const places = ['memory', 'rocksdb', 'in turn'] as const
export type Place = (typeof places)[number]

let opened = 0

/** Options for stores in this place. */
export function inPlace(root: string, place: Place): (options: StateBackendOptions) => StateBackendOptions {
  let made = 0
  return (options) => {
    const number = made++
    if (place === 'memory' || (place === 'in turn' && number % 2 === 0)) return options
    // Room for one or two entries, or for some.
    const memoryBytes = number % 3 === 0 ? 8192 : 600
    // Now and then the log is given up as soon as there is something in it.
    const log = number % 5 === 1 ? { logBytesMin: 0 } : {}
    return { ...options, rocksdb: { directory: join(root, `rocksdb-${opened++}`), memoryBytes, ...log } }
  }
}

export const shapeOf = (type: KeyShape['type']): KeyShape => ({ type, fields: ['key'], single: true })

let epochs = 0

/** Several subtasks of one operator: snapshots of all together, and the next set of subtasks from a snapshot. */
export class Subtasks<S extends Snapshotting> {
  readonly stores: S[] = []
  readonly root: string
  readonly #make: (options: StateBackendOptions) => S
  readonly #type: KeyShape['type']
  readonly #clock: Clock
  parallelism = 0
  /** Runs of all subtasks after the last complete checkpoint. */
  complete: readonly RunHandle[] | undefined
  #checkpoint = 0

  constructor(
    root: string,
    type: KeyShape['type'],
    make: (options: StateBackendOptions) => S,
    clock: Clock = systemClock,
  ) {
    this.root = root
    this.#type = type
    this.#make = make
    this.#clock = clock
  }

  /** `runs` of a snapshot: one, or, unless that is asked for, many now and then. */
  async start(parallelism: number, rewrite = false, runs: 'one' | 'any' = 'any'): Promise<void> {
    for (const store of this.stores) store.close()
    this.stores.length = 0
    this.parallelism = parallelism
    const epoch = ++epochs
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const range = rangesOf(subtask, parallelism)
      const owned = (this.complete ?? []).flatMap((run): RunHandle[] => {
        const from = Math.max(run.from, range.from)
        const to = Math.min(run.to, range.to)
        return from < to ? [{ ...run, from, to }] : []
      })
      const restored: RestoredOperator | undefined =
        this.complete === undefined ? undefined : { ...restoredRuns(this.root, owned), rewrite }
      const runBytes = runs === 'one' || epoch % 2 === 0 ? {} : { runBytesMax: 150 }
      const target = { root: this.root, jobId: 'job', epoch, node: 1, subtask, ...runBytes }
      const store = this.#make({ key: shapeOf(this.#type), range, states: [], target, restored, clock: this.#clock })
      await store.open()
      this.stores.push(store)
    }
  }

  subtaskOf(hash: number): number {
    return Math.floor(((hash >>> 16) * this.parallelism) / 65536)
  }

  /** Begins a checkpoint of all; `end` completes or aborts it. */
  begin(): { end: (how: 'complete' | 'abort' | 'late-abort') => Promise<void> } {
    const checkpointId = ++this.#checkpoint
    const snapshots = this.stores.map((store) => store.snapshot(checkpointId))
    return {
      end: async (how) => {
        if (how === 'abort') {
          for (const store of this.stores) store.notifyCheckpointAborted(checkpointId)
          await Promise.allSettled(snapshots.map((snapshot) => snapshot.result))
          return
        }
        const chains = await Promise.all(snapshots.map((snapshot) => snapshot.result))
        if (how === 'late-abort') {
          for (const store of this.stores) store.notifyCheckpointAborted(checkpointId)
          return
        }
        this.complete = chains.flat()
        for (const store of this.stores) store.notifyCheckpointComplete(checkpointId)
      },
    }
  }
}
