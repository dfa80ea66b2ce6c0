/** What the logs of a data directory share. One thread. */
import type { Clock } from '../../../core/platform/clock.ts'
import type { Disk } from '../../../core/platform/disk.ts'
import type { ColdReader } from '../cold-read.ts'
import type { Flusher } from '../flush.ts'
import type { OpenFiles } from '../open-files.ts'
import type { SegmentedLog } from '../segmented-log.ts'
import type { TailMemory } from '../tail.ts'

export interface LogHost {
  readonly disk: Disk
  readonly clock: Clock
  /** The data directory. */
  readonly root: string
  readonly files: OpenFiles
  readonly tail: TailMemory
  readonly flusher: Flusher
  readonly cold: ColdReader
  readonly leaderEpoch: number
  /** A log takes nothing until the system has room. Told once each time. */
  waits(log: SegmentedLog, cause: Error): void
  goesOn(log: SegmentedLog): void
  /** A log takes nothing any more. */
  failed(log: SegmentedLog, error: Error): void
  /** Makes the directory of a log and says in it whose it is. Throws the system's error. */
  createDirectory(log: SegmentedLog): void
  /** Resolves when the names of all logs made so far are durable. */
  syncRoot(): Promise<void>
  partitionFileOf(log: SegmentedLog): string
  /** Index files and producer snapshot of `log`, in the background. */
  checkpointSoon(log: SegmentedLog): void
  /** Writes where the log starts; resolves when it is durable. */
  saveLogStarts(): Promise<void>
  /** Writes up to where logs are compacted. */
  saveCleanerOffsets(): Promise<void>
  /** A line in the log of the broker. */
  note(message: string, error: unknown): void
  /** At most `maxMs`, always the same for the same log and segment. */
  jitter(maxMs: number, baseOffset: number): number
}
