/** The newest snapshots of a job as people see them, and how many there were. Bounded. */
import type { SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { CheckpointCounts, CheckpointInfo } from '../../proto/generated/shapes.ts'

const entriesMax = 50

type Entry = { -readonly [K in keyof CheckpointInfo]: CheckpointInfo[K] }

export class CheckpointHistory {
  readonly #entries: Entry[] = []
  #triggered = 0
  #completed = 0
  #failed = 0

  get counts(): CheckpointCounts {
    return { triggered: this.#triggered, completed: this.#completed, failed: this.#failed }
  }

  /** The newest first. */
  get entries(): readonly CheckpointInfo[] {
    return this.#entries.toReversed()
  }

  triggered(checkpointId: number, kind: string, triggeredMs: number, total: number): void {
    this.#triggered++
    this.#entries.push({ checkpointId, kind, state: 'pending', triggeredMs, bytes: 0, acknowledged: 0, total })
    if (this.#entries.length > entriesMax) this.#entries.shift()
  }

  acknowledged(checkpointId: number, snapshot: SubtaskSnapshot): void {
    const entry = this.#find(checkpointId)
    if (entry === undefined) return
    entry.acknowledged++
    entry.bytes += snapshot.bytes
    entry.alignmentMs = Math.max(entry.alignmentMs ?? 0, snapshot.alignmentMs)
    entry.syncMs = Math.max(entry.syncMs ?? 0, snapshot.syncMs)
    if (snapshot.unaligned === true) entry.unaligned = (entry.unaligned ?? 0) + 1
    if (snapshot.channels !== undefined) entry.inFlightBytes = (entry.inFlightBytes ?? 0) + snapshot.channels.bytes
    entry.asyncMs = Math.max(entry.asyncMs ?? 0, snapshot.asyncMs)
  }

  /** All subtasks have acknowledged. */
  storing(checkpointId: number, sinceMs: number): void {
    const entry = this.#find(checkpointId)
    if (entry !== undefined) entry.storingSinceMs = sinceMs
  }

  completed(checkpointId: number, endedMs: number, path: string): void {
    this.#completed++
    const entry = this.#find(checkpointId)
    if (entry !== undefined) Object.assign(entry, { state: 'completed', endedMs, path })
  }

  failed(checkpointId: number, endedMs: number, reason: string): void {
    this.#failed++
    const entry = this.#find(checkpointId)
    if (entry !== undefined) Object.assign(entry, { state: 'failed', endedMs, reason })
  }

  #find(checkpointId: number): Entry | undefined {
    return this.#entries.find((entry) => entry.checkpointId === checkpointId)
  }
}
