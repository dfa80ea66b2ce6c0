/**
 * The completed checkpoints of one job: makes them count, keeps the newest few, and deletes what nobody refers to.
 *
 * Promises:
 * - A checkpoint counts when the pointer was moved by compare-and-set, after its runs were seen and its manifest was
 *   created. When storage answers neither yes nor no, it is asked again what there is.
 * - The newest checkpoint is given back or an error is thrown; an older one is never taken instead.
 * - A leader claims the pointer with its epoch; from then on an older leader can complete nothing and deletes nothing.
 * - A file is deleted when no kept checkpoint refers to it, no checkpoint under way can, and it has been like this for the
 *   grace time. Deletion happens in `sweep` alone, never after an unclear answer.
 *
 * Concurrency: one store per job and leader; calls of `add` and `sweep` are queued.
 */
import { assert } from '../../core/assert.ts'
import { isMillraceError } from '../../core/errors.ts'
import { faulty } from '../../core/faults.ts'
import type { Clock } from '../../core/platform/clock.ts'
import { withDeadline } from '../../core/storage/deadline.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import { errors } from './errors.ts'
import { fileHandles, type Manifest, runPaths } from './manifest.ts'
import { decodeManifest, encodeManifest } from './manifest-codec.ts'
import {
  checkpointManifestPath,
  checkpointsPrefix,
  parseCheckpointPath,
  parseRunPath,
  pointerPath,
  runsPrefix,
} from './paths.ts'
import { decodePointer, encodePointer, type Pointer } from './pointer.ts'

const lastLookMs = 1000

export interface CheckpointStoreOptions {
  readonly storage: BlobStorage
  readonly jobId: string
  /** Fencing epoch of this leader; higher than that of every leader before it. */
  readonly epoch: number
  readonly clock: Clock
  /** Checkpoints that are kept, at least 1. Default 3. */
  readonly retained?: number
  /** How long a file must have been superfluous. Default 60 s. */
  readonly graceMs?: number
  /** How long one call may take, whatever the storage does; its outcome may be unclear then. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined
}

export class CompletedCheckpointStore {
  readonly #options: CheckpointStoreOptions
  /** Of the call under way. */
  #storage: BlobStorage
  readonly #retainedMax: number
  readonly #graceMs: number
  /** Bytes of the pointer as this leader set it last. */
  #pointerBytes: Uint8Array | undefined
  #retained: readonly number[] = []
  #latest: Manifest | undefined
  /** Runs under this epoch and later ones may belong to a checkpoint under way. */
  #writersEpoch: number
  readonly #manifests = new Map<number, Manifest>()
  readonly #superfluousSince = new Map<string, number>()
  #holds = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: CheckpointStoreOptions) {
    this.#options = options
    this.#storage = options.storage
    this.#writersEpoch = options.epoch
    this.#retainedMax = Math.max(1, options.retained ?? 3)
    this.#graceMs = options.graceMs ?? 60_000
  }

  /** The newest completed checkpoint, as this leader knows it. */
  get latest(): Manifest | undefined {
    return this.#latest
  }

  /** Ids of the checkpoints that are kept, newest first. */
  get retained(): readonly number[] {
    return this.#retained
  }

  /**
   * Claims the job for this leader and gives its newest checkpoint; undefined when it has none. To be called first.
   * `writers`: epoch of an earlier leader whose tasks run on, and write their runs under it. Throws
   * CHECKPOINT_POINTER_MOVED when a later leader is at work, and what is wrong with the newest checkpoint when it cannot be
   * read.
   */
  recover(writers?: number): Promise<Manifest | undefined> {
    return this.#enqueue(async () => {
      this.#writersEpoch = writers ?? this.#options.epoch
      const { jobId, epoch } = this.#options
      for (;;) {
        const found = await this.#readPointer()
        if (found !== undefined && found.pointer.epoch > epoch) throw this.#moved(found.pointer)
        const pointer: Pointer = { jobId, epoch, retained: found?.pointer.retained ?? [] }
        const newest = pointer.retained[0]
        const manifest = newest === undefined ? undefined : await this.#readManifest(newest)
        if (!(await this.#setPointer(found?.bytes ?? null, pointer))) continue
        this.#latest = manifest
        return manifest
      }
    })
  }

  /** The lowest id that no checkpoint of the job has used, complete or not. */
  async nextCheckpointId(): Promise<number> {
    const { jobId } = this.#options
    const storage = this.#bounded()
    let highest = this.#retained[0] ?? 0
    for (const entry of await storage.list(checkpointsPrefix(jobId))) {
      highest = Math.max(highest, parseCheckpointPath(entry.path)?.checkpointId ?? 0)
    }
    for (const entry of await storage.list(runsPrefix(jobId))) {
      highest = Math.max(highest, parseRunPath(entry.path)?.checkpointId ?? 0)
    }
    return highest + 1
  }

  /** Makes a checkpoint count. When it throws, the checkpoint does not count, or this leader no longer does. */
  add(manifest: Manifest): Promise<void> {
    return this.#enqueue(async () => {
      const { jobId, checkpointId, kind } = manifest
      assert(jobId === this.#options.jobId && kind === 'checkpoint', 'a store takes checkpoints of its job')
      assert(checkpointId > (this.#retained[0] ?? 0), 'ids of checkpoints rise')
      await this.#checkRuns(manifest)
      await this.#createManifest(manifest)
      await this.#movePointer(checkpointId)
      this.#manifests.set(checkpointId, manifest)
      this.#latest = manifest
    })
  }

  async #movePointer(checkpointId: number): Promise<void> {
    const { jobId, epoch } = this.#options
    for (;;) {
      const retained = [checkpointId, ...this.#retained].slice(0, this.#retainedMax)
      if (await this.#setPointer(this.#pointerBytes ?? null, { jobId, epoch, retained })) return
      const found = await this.#readPointer()
      if (found === undefined) throw errors.create('POINTER_MOVED', { job: jobId, epoch: 'unknown', own: epoch })
      // Ours, and not what we know: a call that was given up for lost has taken effect after all.
      const late = found.pointer.epoch === epoch && this.#pointerBytes !== undefined
      if (!late || (found.pointer.retained[0] ?? 0) >= checkpointId) throw this.#moved(found.pointer)
      this.#pointerBytes = found.bytes
      this.#retained = found.pointer.retained
    }
  }

  /** Until the function that it gives is called, nothing is deleted: for a savepoint that is copied, a restore. */
  hold(): () => void {
    this.#holds++
    let held = true
    return () => {
      if (held) this.#holds--
      held = false
    }
  }

  /** Deletes what has been superfluous for the grace time; gives the paths. To be called now and then. */
  sweep(): Promise<string[]> {
    return this.#enqueue(async () => {
      const superfluous = await this.#superfluous()
      const now = this.#options.clock.now()
      for (const path of this.#superfluousSince.keys())
        if (!superfluous.includes(path)) this.#superfluousSince.delete(path)
      for (const path of superfluous) if (!this.#superfluousSince.has(path)) this.#superfluousSince.set(path, now)
      const due = superfluous.filter((path) => now - (this.#superfluousSince.get(path) ?? now) >= this.#graceMs)
      if (due.length === 0 || this.#holds > 0) return []
      await this.#checkLeader()
      for (const path of due) {
        await this.#storage.delete(path)
        this.#superfluousSince.delete(path)
      }
      return due
    })
  }

  /** Deletes all checkpoints of the job: for a job that ended and keeps none. */
  deleteAll(): Promise<void> {
    return this.#enqueue(async () => {
      const { jobId, epoch } = this.#options
      const storage = this.#storage
      await this.#checkLeader()
      if (!(await this.#setPointer(this.#pointerBytes ?? null, { jobId, epoch, retained: [] })))
        await this.#checkLeader()
      this.#latest = undefined
      for (const prefix of [checkpointsPrefix(jobId), runsPrefix(jobId)]) {
        for (const entry of await storage.list(prefix)) await storage.delete(entry.path)
      }
      await storage.delete(pointerPath(jobId))
      this.#pointerBytes = undefined
    })
  }

  /** Superfluous manifests first: a run must not go before what may still name it. */
  async #superfluous(): Promise<string[]> {
    const { jobId, epoch } = this.#options
    const storage = this.#storage
    const latest = this.#retained[0]
    if (latest === undefined) return []
    const referenced = new Set<string>()
    for (const id of this.#retained) {
      for (const path of runPaths(this.#manifests.get(id) ?? (await this.#readManifest(id)))) referenced.add(path)
    }
    const paths: string[] = []
    for (const { path } of await storage.list(checkpointsPrefix(jobId))) {
      const id = parseCheckpointPath(path)?.checkpointId
      if (id !== undefined && id < latest && !this.#retained.includes(id)) paths.push(path)
    }
    for (const { path } of await storage.list(runsPrefix(jobId))) {
      const run = parseRunPath(path)
      if (run === undefined || (referenced.has(path) && !faulty('sweep-needed'))) continue
      // A chain under way consists of runs of the newest checkpoint and of later ones.
      if (run.epoch < this.#writersEpoch || (run.epoch <= epoch && run.checkpointId <= latest)) paths.push(path)
    }
    return paths
  }

  async #checkRuns(manifest: Manifest): Promise<void> {
    const { jobId } = this.#options
    const storage = this.#storage
    const known = this.#latest === undefined ? new Set<string>() : runPaths(this.#latest)
    for (const run of fileHandles(manifest)) {
      if (run.path === '' || known.has(run.path)) continue
      const names = { checkpoint: manifest.checkpointId, job: jobId, path: run.path }
      if (!run.path.startsWith(runsPrefix(jobId))) throw errors.create('FOREIGN_RUN', names)
      const found = await sizeOf(storage, run.path)
      if (found !== run.bytes && !faulty('unseen-runs'))
        throw errors.create('RUN_MISSING', { ...names, found: found ?? 'no', expected: run.bytes })
      known.add(run.path)
    }
  }

  async #createManifest(manifest: Manifest): Promise<void> {
    const { jobId } = this.#options
    const storage = this.#storage
    const path = checkpointManifestPath(jobId, manifest.checkpointId)
    const bytes = encodeManifest(manifest)
    let failure: unknown
    try {
      if (await storage.putIfAbsent(path, bytes)) return
    } catch (error) {
      failure = error
    }
    // Either somebody was faster, or it was we, in a call whose answer was lost.
    const found = (await storage.exists(path)) ? await storage.get(path) : undefined
    if (found !== undefined && Buffer.compare(found, bytes) === 0) return
    // Whose it is, the pointer says: a later leader's, or one of before that this leader has not seen.
    if (found !== undefined) await this.#checkEpoch()
    throw failure ?? errors.create('ID_TAKEN', { checkpoint: manifest.checkpointId, job: jobId })
  }

  /** False when the pointer holds something else than expected. */
  async #setPointer(expected: Uint8Array | null, pointer: Pointer): Promise<boolean> {
    const { jobId } = this.#options
    const storage = this.#storage
    const path = pointerPath(jobId)
    const bytes = encodePointer(pointer)
    let failure: unknown
    let set = false
    try {
      set = await storage.compareAndSet(path, expected, bytes)
    } catch (error) {
      failure = error
    }
    if (!set) {
      // The same bytes there mean that an earlier answer was lost: they name this leader.
      const found = (await storage.exists(path)) ? await storage.get(path) : undefined
      if (found === undefined || Buffer.compare(found, bytes) !== 0) {
        if (failure !== undefined) throw failure
        return false
      }
    }
    this.#pointerBytes = bytes
    this.#retained = pointer.retained
    for (const id of this.#manifests.keys()) if (!pointer.retained.includes(id)) this.#manifests.delete(id)
    return true
  }

  async #readPointer(): Promise<{ pointer: Pointer; bytes: Uint8Array } | undefined> {
    const { jobId } = this.#options
    const storage = this.#storage
    const path = pointerPath(jobId)
    if (!(await storage.exists(path))) return undefined
    const bytes = await storage.get(path)
    return { pointer: decodePointer(bytes, `${storage.url}/${path}`), bytes }
  }

  async #readManifest(checkpointId: number): Promise<Manifest> {
    const { jobId } = this.#options
    const storage = this.#storage
    const path = checkpointManifestPath(jobId, checkpointId)
    const manifest = decodeManifest(await storage.get(path), `${storage.url}/${path}`)
    this.#manifests.set(checkpointId, manifest)
    return manifest
  }

  async #checkEpoch(): Promise<void> {
    const found = await this.#readPointer()
    if (found !== undefined && found.pointer.epoch > this.#options.epoch) throw this.#moved(found.pointer)
  }

  async #checkLeader(): Promise<void> {
    const { jobId, epoch } = this.#options
    const found = await this.#readPointer()
    if (found === undefined) throw errors.create('POINTER_MOVED', { job: jobId, epoch: 'unknown', own: epoch })
    const own = this.#pointerBytes
    if (own === undefined || Buffer.compare(found.bytes, own) !== 0) throw this.#moved(found.pointer)
  }

  #moved(pointer: Pointer): Error {
    return errors.create('POINTER_MOVED', { job: pointer.jobId, epoch: pointer.epoch, own: this.#options.epoch })
  }

  /** Storage for a call that begins now. Once its time is over a moment is left to ask what has taken effect. */
  #bounded(): BlobStorage {
    const { storage, clock, timeoutMs } = this.#options
    if (timeoutMs === undefined) return storage
    const endMs = clock.monotonic() + timeoutMs
    return withDeadline(storage, clock, () => Math.max(Math.min(lastLookMs, timeoutMs), endMs - clock.monotonic()))
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      this.#storage = this.#bounded()
      return work()
    })
    this.#queue = result.catch(() => undefined)
    return result
  }
}

async function sizeOf(storage: BlobStorage, path: string): Promise<number | undefined> {
  try {
    return await storage.size(path)
  } catch (error) {
    if (isMillraceError(error, 'STORAGE_NOT_FOUND')) return undefined
    throw error
  }
}
