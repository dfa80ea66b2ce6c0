/**
 * Which attempt each subtask is of. The same for all, until a region begins again alone. Of an attempt that this JobManager has
 * not deployed itself nothing is known but its number.
 */
import type { Placement } from '../cluster/assign.ts'
import { subtaskKey } from './state.ts'

export class Attempts {
  readonly #newest: () => number
  #base: number | undefined
  readonly #regional = new Map<string, number>()

  /** `newest`: the number of the newest attempt. */
  constructor(newest: () => number) {
    this.#newest = newest
  }

  /** The whole job begins anew. */
  begin(attempt: number): void {
    this.#base = attempt
    this.#regional.clear()
  }

  beginRegion(attempt: number, { slots }: Placement): void {
    this.#base ??= attempt - 1
    for (const { subtasks } of slots) {
      for (const { vertex, subtask } of subtasks) this.#regional.set(subtaskKey(vertex, subtask), attempt)
    }
  }

  of(vertex: number, subtask: number): number {
    return this.#regional.get(subtaskKey(vertex, subtask)) ?? this.#base ?? this.#newest()
  }

  /** Some subtask is of that attempt. */
  has(attempt: number): boolean {
    return attempt === (this.#base ?? this.#newest()) || [...this.#regional.values()].includes(attempt)
  }

  /** By id of the TaskManager: the attempts of the slots there. */
  byTaskManager({ slots }: Placement): ReadonlyMap<string, ReadonlySet<number>> {
    const attempts = new Map<string, Set<number>>()
    for (const { taskManagerId, subtasks } of slots) {
      const set = attempts.get(taskManagerId) ?? new Set()
      attempts.set(taskManagerId, set)
      for (const { vertex, subtask } of subtasks) set.add(this.of(vertex, subtask))
    }
    return attempts
  }
}
