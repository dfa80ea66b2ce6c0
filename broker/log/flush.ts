/**
 * The one path to the disk: whoever appended is written once per turn of the event loop, one call per partition, and whoever needs
 * it is synced, one fdatasync for everything that was queued meanwhile. Two of a partition may be on their way: what comes during the
 * first need not wait for its end. Partitions take turns; a few syncs run at a time, so that reads find threads.
 *
 * Writes are synchronous: a write to the page cache costs a fifth of one that goes through the thread pool. Syncs never block, except
 * with durability `always`. One thread.
 */
import type { Clock } from '../../core/platform/clock.ts'

/** What the flusher needs of a log. */
export interface Flushable {
  /** Writes what is queued; true when it has to be synced. Never throws: a log that fails says so in its state. */
  writePending(): boolean
  /** Syncs what is written. Never rejects. Nobody hears of it before `tellSynced`. */
  syncWritten(): Promise<void>
  tellSynced(): void
  flushQueued: boolean
  syncQueued: boolean
  /** Syncs on their way. */
  syncsRunning: number
}

/** Of one log at a time. */
const syncsPerLogMax = 2

export class Flusher {
  readonly #clock: Clock
  readonly #concurrency: number
  #dirty: Flushable[] = []
  #scheduled = false
  #syncs: Flushable[] = []
  #running = 0
  /** Syncs so far. */
  syncCount = 0

  constructor(clock: Clock, concurrency: number) {
    this.#clock = clock
    this.#concurrency = concurrency
  }

  /** Writes `log` at the end of this turn. */
  written(log: Flushable): void {
    if (log.flushQueued) return
    log.flushQueued = true
    this.#dirty.push(log)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.setImmediate(this.#turn)
  }

  /** Syncs `log` when its turn comes. */
  sync(log: Flushable): void {
    if (log.syncQueued) return
    log.syncQueued = true
    this.#syncs.push(log)
    this.#pump()
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    const logs = this.#dirty
    this.#dirty = []
    for (let i = 0; i < logs.length; i++) {
      logs[i].flushQueued = false
      if (logs[i].writePending()) this.sync(logs[i])
    }
  }

  #pump(): void {
    for (let place = 0; place < this.#syncs.length && this.#running < this.#concurrency; ) {
      const log = this.#syncs[place]
      if (log.syncsRunning === syncsPerLogMax) place++
      else {
        this.#syncs.splice(place, 1)
        void this.#run(log)
      }
    }
  }

  async #run(log: Flushable): Promise<void> {
    this.#running++
    this.syncCount++
    log.syncsRunning++
    log.syncQueued = false
    await log.syncWritten()
    this.#running--
    log.syncsRunning--
    // What came meanwhile goes with the next sync, and that is on its way before the answers of this one are made.
    if (log.writePending()) this.sync(log)
    this.#pump()
    log.tellSynced()
  }
}
