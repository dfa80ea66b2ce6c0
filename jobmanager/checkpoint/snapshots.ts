/**
 * The snapshots of one job in storage: which one a new attempt starts from, and making a new one count.
 *
 * Promises: an attempt starts from the newest snapshot whose effects may be visible outside, or not at all; an unreadable
 * one is an error. Concurrency: one per job and leader.
 */
import type { Clock } from '../../core/platform/clock.ts'
import { withDeadline } from '../../core/storage/deadline.ts'
import { openStorage } from '../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import { buildManifest, type Manifest } from '../../proto/checkpoint/manifest.ts'
import { checkpointDirectory } from '../../proto/checkpoint/paths.ts'
import { probeSnapshot } from '../../proto/checkpoint/probe.ts'
import { checkChannels } from '../../proto/checkpoint/restore-channels.ts'
import {
  assignRestore,
  checkRestore,
  type RestoreAssignment,
  type RestoreLine,
} from '../../proto/checkpoint/restore-plan.ts'
import { disposeSavepoint, readSnapshot, savepointLocation, writeSavepoint } from '../../proto/checkpoint/savepoint.ts'
import { CompletedCheckpointStore } from '../../proto/checkpoint/store.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { PendingSnapshot } from './coordinator.ts'

export { disposeSavepoint }

export interface SnapshotsOptions {
  readonly jobId: string
  readonly epoch: number
  readonly clock: Clock
  /** Storage of checkpoints. */
  readonly root: string
  /** Directory for savepoints that name none. */
  readonly savepoints: string
  readonly retained: number
  /** How long storage may take to store a checkpoint, or to answer once while a savepoint is copied. */
  readonly timeoutMs: number
}

export interface RestorePoint {
  readonly checkpointId: number
  /** Location, for people and for a second attempt. */
  readonly location: string
  readonly root: string
  readonly manifest: Manifest
}

export class JobSnapshots {
  readonly #options: SnapshotsOptions
  readonly #store: CompletedCheckpointStore
  /** A savepoint that sinks committed by: newer than every checkpoint. */
  #stopped: RestorePoint | undefined

  constructor(options: SnapshotsOptions) {
    this.#options = options
    const storage = openStorage(options.root)
    const { jobId, epoch, clock, retained, timeoutMs } = options
    this.#store = new CompletedCheckpointStore({ storage, jobId, epoch, clock, retained, timeoutMs })
  }

  get root(): string {
    return openStorage(this.#options.root).url
  }

  /** Newest checkpoint that counts; 0 when there is none. */
  get latestId(): number {
    return this.#store.latest?.checkpointId ?? 0
  }

  /**
   * Claims the job for this leader. Gives the id of the next checkpoint. To be called first. `writers`: epoch under which
   * tasks that run on write.
   */
  async recover(writers?: number): Promise<number> {
    await this.#store.recover(writers)
    return this.#store.nextCheckpointId()
  }

  /**
   * What the next attempt starts from. `stoppedWith`: a savepoint that the job was about to stop with; `submitted`: the
   * snapshot that the job was submitted with.
   */
  async restorePoint(
    stoppedWith: string | undefined,
    submitted: string | undefined,
  ): Promise<RestorePoint | undefined> {
    if (this.#stopped === undefined && stoppedWith !== undefined) this.#stopped = await readPoint(stoppedWith)
    const latest = this.#store.latest
    const stopped = this.#stopped
    if (latest !== undefined && (stopped === undefined || latest.checkpointId > stopped.checkpointId)) {
      const location = `${this.root}/${checkpointDirectory(latest.jobId, latest.checkpointId)}`
      return { checkpointId: latest.checkpointId, location, root: this.root, manifest: latest }
    }
    if (stopped !== undefined) return stopped
    return submitted === undefined ? undefined : readPoint(submitted)
  }

  /** Makes an acknowledged snapshot count. `plan`: of the attempt that it is of. Gives its location. */
  async save(pending: PendingSnapshot, plan: JobPlan): Promise<string> {
    const { jobId, epoch, clock, timeoutMs } = this.#options
    const { checkpointId, acks, request } = pending
    const kind = request.kind === 'savepoint' ? 'savepoint' : 'checkpoint'
    const manifest = buildManifest({ jobId, checkpointId, kind, epoch, timeMs: clock.now(), plan, acks })
    if (kind === 'checkpoint') {
      await this.#store.add(manifest)
      return `${this.root}/${checkpointDirectory(jobId, checkpointId)}`
    }
    const release = this.#store.hold()
    try {
      const target = savepointLocation(request.path ?? this.#options.savepoints, jobId, checkpointId)
      const open = (at: string): BlobStorage => withDeadline(openStorage(at), clock, () => timeoutMs)
      const { location, root, manifest: moved } = await writeSavepoint(open(this.root), manifest, target, open)
      if (request.stop !== undefined) this.#stopped = { checkpointId, location, root, manifest: moved }
      return location
    } finally {
      release()
    }
  }

  /** Throws STORAGE_… when nothing can be written where a savepoint is to go. Leaves nothing there. */
  async checkTarget(path: string | undefined): Promise<void> {
    const { jobId, savepoints, clock, timeoutMs } = this.#options
    const storage = withDeadline(openStorage(path ?? savepoints), clock, () => timeoutMs)
    const probe = `probe-${jobId}`
    await storage.put(probe, Buffer.from('a savepoint is about to be stored here'))
    await storage.delete(probe)
  }

  sweep(): Promise<string[]> {
    return this.#store.sweep()
  }
}

async function readPoint(location: string): Promise<RestorePoint> {
  const { manifest, root, location: found } = await readSnapshot(location)
  return { checkpointId: manifest.checkpointId, location: found, root, manifest }
}

/** What would become of each state of the snapshot. Throws when the restore is refused. */
export async function checkSnapshot(
  location: string,
  plan: JobPlan,
  allowNonRestoredState: boolean,
): Promise<readonly RestoreLine[]> {
  const snapshot = await readSnapshot(location)
  // Rather than find out in every slot, again and again.
  await probeSnapshot(snapshot)
  const { manifest } = snapshot
  const { lines, refused } = checkRestore(manifest, plan, { allowNonRestoredState })
  if (refused !== undefined) throw refused
  checkChannels(manifest, plan)
  return lines
}

/** By 'vertex/subtask'. `jobId`: the job that starts; snapshots of any other are copied into its first checkpoint. */
export function assignmentsOf(
  point: RestorePoint,
  plan: JobPlan,
  jobId: string,
): ReadonlyMap<string, RestoreAssignment> {
  const source = { root: point.root, jobId }
  const result = new Map<string, RestoreAssignment>()
  for (const { id, parallelism } of plan.vertices) {
    for (let subtask = 0; subtask < parallelism; subtask++) {
      result.set(`${id}/${subtask}`, assignRestore(point.manifest, plan, id, subtask, source))
    }
  }
  return result
}
