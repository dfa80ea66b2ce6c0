/** Finds the log that needs compaction most and compacts it; one at a time, in the background. A log that cannot be is left alone, one that cannot be now is tried in the next round. */

import type { LogHost } from '../directory/log-host.ts'
import { passes } from '../passing-failure.ts'
import type { SegmentedLog } from '../segmented-log.ts'
import { type Cleanable, cleanable, compactLog } from './compaction.ts'
import { OffsetMap } from './offset-map.ts'

export type CleanerHost = LogHost & { list(): Iterable<SegmentedLog> }

export class Cleaner {
  readonly #host: CleanerHost
  readonly #bufferBytes: number
  readonly #hopeless = new WeakSet<SegmentedLog>()
  #running: Promise<number> | undefined
  #stopped = false

  constructor(host: CleanerHost, bufferBytes: number) {
    this.#host = host
    this.#bufferBytes = bufferBytes
  }

  /** Compacts until no log needs it; returns how often. Joins the round that is on its way. */
  round(): Promise<number> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #work(): Promise<number> {
    let map: OffsetMap | undefined
    let count = 0
    for (;;) {
      const next = this.#stopped ? undefined : this.#dirtiest()
      if (next === undefined) return count
      map ??= new OffsetMap(this.#bufferBytes)
      try {
        await compactLog(next.log, next.work, map)
        count++
      } catch (error) {
        const later = passes(error)
        this.#host.note(`${next.log.directory} cannot be compacted${later ? ' now' : ''}`, error)
        if (later) return count
        this.#hopeless.add(next.log)
      }
    }
  }

  #dirtiest(): { log: SegmentedLog; work: Cleanable } | undefined {
    const nowMs = this.#host.clock.now()
    let best: { log: SegmentedLog; work: Cleanable } | undefined
    let bestShare = -1
    for (const log of this.#host.list()) {
      if (!log.config.cleanup.compact || this.#hopeless.has(log)) continue
      const work = cleanable(log, nowMs)
      if (work === undefined) continue
      const share = work.dirtyBytes / (work.dirtyBytes + work.cleanBytes)
      if (!work.overdue && share <= log.config.minCleanableDirtyRatio) continue
      if (share > bestShare) {
        best = { log, work }
        bestShare = share
      }
    }
    return best
  }
}
