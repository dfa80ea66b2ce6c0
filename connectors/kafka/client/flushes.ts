/**
 * Those who wait for what a producer has been given so far. What it is given meanwhile is not waited for: there may be no end of it.
 * One thread.
 */
import { type Deferred, deferred } from '../../../core/async/index.ts'
import type { OutgoingPartition } from './outgoing.ts'

interface Flush {
  /** How many records of a partition must have arrived; without those that have enough. */
  readonly records: Map<OutgoingPartition, number>
  readonly done: Deferred<void>
}

export class Flushes {
  #open: Flush[] = []

  /** Resolves when the records that these partitions have now have arrived; undefined: they have. */
  add(partitions: readonly OutgoingPartition[]): Promise<void> | undefined {
    const behind = partitions.filter(({ appended, arrived }) => arrived < appended)
    if (behind.length === 0) return undefined
    const done = deferred<void>()
    this.#open.push({ records: new Map(behind.map((each) => [each, each.appended])), done })
    return done.promise
  }

  /** Some records have arrived. */
  look(): void {
    for (const { records, done } of this.#open) {
      for (const [each, count] of records) if (each.arrived >= count) records.delete(each)
      if (records.size === 0) done.resolve()
    }
    this.#open = this.#open.filter(({ records }) => records.size > 0)
  }

  /** There is nothing left to wait for; `error`: and never will be. */
  end(error: Error | undefined): void {
    for (const { done } of this.#open.splice(0)) {
      if (error === undefined) done.resolve()
      else done.reject(error)
    }
  }
}
