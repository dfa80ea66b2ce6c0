/**
 * What outlives the JobManager. For a single one in a local directory; several JobManagers keep it in storage that all of
 * them reach (ha/blob-job-store.ts).
 *
 *
 *   epoch                   fencing epoch of the last leader, decimal
 *   jobs/<id>/plan.json     JobPlan as it was submitted
 *   jobs/<id>/results-<sha256>.json   results that nobody had read when the job ended (job/kept-results.ts)
 *   jobs/<id>/record.json   JobRecord, replaced as a whole at each change that must be recovered
 *   bundles/<id>.js         by content
 *
 * Promises: after a crash a record is the old or the new one; an epoch is never used twice. Concurrency: the JobManager is
 * the only writer; it holds the port, so a second one on the same machine and configuration does not start.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Disk } from '../core/platform/disk.ts'
import { makeDurableDirectory } from '../core/platform/durable-directory.ts'
import type { Failure } from '../proto/generated/shapes.ts'
import type { JobPlan } from '../proto/jobgraph/plan.ts'
import { errors } from './errors.ts'
import type { ResultTotal } from './job/results.ts'
import type { JobStateKind } from './job/state.ts'

export const recordVersion = 1

export interface JobRecord {
  readonly version: typeof recordVersion
  readonly jobId: string
  readonly name: string
  readonly submittedMs: number
  readonly bundleId: string
  readonly bundleBytes: number
  /** Options that were given beside the plan's. */
  readonly options: Readonly<Record<string, string>>
  readonly state: JobStateKind
  /** Attempts so far: numbers are never used again. */
  readonly attempt: number
  readonly restarts: number
  /** TaskManagers that the newest attempt was put into. */
  readonly taskManagers?: readonly string[] | undefined
  /** Epoch of the leader that put it there: its tasks write runs under it. */
  readonly epoch?: number | undefined
  /** New parallelism of vertices, by their number; the plan in the store stays as it was submitted. */
  readonly parallelism?: Readonly<Record<number, number>> | undefined
  /** Attempts that no failure led to. */
  readonly redeployments?: number | undefined
  readonly endedMs?: number | undefined
  readonly detail?: string | undefined
  readonly failure?: Failure | undefined
  /** Snapshot that the job was submitted with. */
  readonly savepointPath?: string | undefined
  readonly allowNonRestoredState?: boolean | undefined
  /** Savepoint that the job stopped, or was about to stop, with. */
  readonly stoppedWith?: string | undefined
  /** What collecting sinks had delivered when the job ended. */
  readonly results?: readonly ResultTotal[] | undefined
  /** Id of what nobody had read of them, in the store. */
  readonly unread?: string | undefined
  /** Snapshot that the newest attempt started from. */
  readonly restored?: RestoredFrom | undefined
}

export interface RestoredFrom {
  readonly checkpointId: number
  readonly path: string
  readonly kind: string
  /** Job that the snapshot is of. */
  readonly jobId: string
}

export interface StoredJob {
  readonly record: JobRecord
  readonly plan: JobPlan
}

/** Where jobs outlive their JobManager. One leader writes; calls take effect in order. */
export interface JobStore {
  /** All jobs. Throws JOBMANAGER_STORE_UNREADABLE rather than forget one. */
  load(): StoredJob[]
  create(record: JobRecord, plan: JobPlan): void
  save(record: JobRecord): void
  remove(jobId: string): void
  /** Stores results of a job; gives their id. They go with the job. */
  putResults(jobId: string, bytes: Uint8Array): string
  /** Throws JOBMANAGER_STORE_UNREADABLE when they are not what was stored. */
  getResults(jobId: string, id: string): Uint8Array | Promise<Uint8Array>
  removeResults(jobId: string, id: string): void
  /** Stores a bundle; gives its id. */
  putBundle(bytes: Uint8Array): string
  /** Throws JOBMANAGER_NO_SUCH_BUNDLE. */
  getBundle(id: string): Uint8Array | Promise<Uint8Array>
  /** Deletes bundles that no job needs. */
  sweepBundles(needed: ReadonlySet<string>): void
  /** Resolves when all that was saved so far survives this process; rejects when it never will. */
  flushed(): Promise<void>
}

/** Hex SHA-256 of a bundle: its name everywhere. */
export function bundleIdOf(bytes: Uint8Array): string {
  return contentId(bytes)
}

/** Hex SHA-256: the name of what is stored by its content. */
export function contentId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Throws JOBMANAGER_STORE_UNREADABLE. */
export function checkContent(bytes: Uint8Array, id: string, path: string): Uint8Array {
  if (contentId(bytes) !== id) throw errors.create('STORE_UNREADABLE', { path, reason: 'it was altered' })
  return bytes
}

export class LocalJobStore implements JobStore {
  readonly #disk: Disk
  readonly #directory: string

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** An epoch higher than all before. */
  nextEpoch(): number {
    makeDurableDirectory(this.#disk, this.#directory)
    const path = join(this.#directory, 'epoch')
    let last = 0
    if (this.#disk.exists(path)) {
      last = Number(this.#disk.read(path).toString().trim())
      if (!Number.isSafeInteger(last)) throw errors.create('STORE_UNREADABLE', { path, reason: 'not a number' })
    }
    this.#disk.writeAtomic(path, `${last + 1}\n`)
    return last + 1
  }

  load(): StoredJob[] {
    const directory = join(this.#directory, 'jobs')
    if (!this.#disk.exists(directory)) return []
    const jobs: StoredJob[] = []
    for (const jobId of this.#disk.list(directory)) {
      const path = join(directory, jobId, 'record.json')
      // A submission that was cut off before it was answered.
      if (!this.#disk.exists(path)) continue
      const record = this.#readJson(path) as JobRecord
      if (record?.version !== recordVersion) {
        throw errors.create('STORE_UNREADABLE', { path, reason: `version ${record?.version} is not ${recordVersion}` })
      }
      jobs.push({ record, plan: this.#readJson(join(directory, jobId, 'plan.json')) as JobPlan })
    }
    return jobs
  }

  create(record: JobRecord, plan: JobPlan): void {
    makeDurableDirectory(this.#disk, this.#jobDirectory(record.jobId))
    this.#disk.writeAtomic(join(this.#jobDirectory(record.jobId), 'plan.json'), JSON.stringify(plan))
    this.save(record)
  }

  save(record: JobRecord): void {
    this.#disk.writeAtomic(join(this.#jobDirectory(record.jobId), 'record.json'), JSON.stringify(record, null, 2))
  }

  remove(jobId: string): void {
    this.#disk.remove(this.#jobDirectory(jobId))
  }

  putResults(jobId: string, bytes: Uint8Array): string {
    const id = contentId(bytes)
    this.#disk.writeAtomic(this.#resultsPath(jobId, id), bytes)
    return id
  }

  getResults(jobId: string, id: string): Uint8Array {
    const path = this.#resultsPath(jobId, id)
    if (!this.#disk.exists(path)) throw errors.create('STORE_UNREADABLE', { path, reason: 'it is gone' })
    return checkContent(this.#disk.read(path), id, path)
  }

  removeResults(jobId: string, id: string): void {
    this.#disk.remove(this.#resultsPath(jobId, id))
  }

  putBundle(bytes: Uint8Array): string {
    const id = bundleIdOf(bytes)
    const path = this.#bundlePath(id)
    if (!this.#disk.exists(path)) {
      makeDurableDirectory(this.#disk, join(this.#directory, 'bundles'))
      this.#disk.writeAtomic(path, bytes)
    }
    return id
  }

  getBundle(id: string): Uint8Array {
    const path = this.#bundlePath(id)
    if (!/^[0-9a-f]{64}$/.test(id) || !this.#disk.exists(path)) throw errors.create('NO_SUCH_BUNDLE', { bundle: id })
    return this.#disk.read(path)
  }

  sweepBundles(needed: ReadonlySet<string>): void {
    const directory = join(this.#directory, 'bundles')
    if (!this.#disk.exists(directory)) return
    for (const name of this.#disk.list(directory)) {
      if (!needed.has(name.replace(/\.js$/, ''))) this.#disk.remove(join(directory, name))
    }
  }

  /** Nothing waits: each call returns when the disk has it. */
  flushed(): Promise<void> {
    return Promise.resolve()
  }

  #jobDirectory(jobId: string): string {
    return join(this.#directory, 'jobs', jobId)
  }

  #resultsPath(jobId: string, id: string): string {
    return join(this.#jobDirectory(jobId), `results-${id}.json`)
  }

  #bundlePath(id: string): string {
    return join(this.#directory, 'bundles', `${id}.js`)
  }

  #readJson(path: string): unknown {
    try {
      return JSON.parse(this.#disk.read(path).toString())
    } catch (cause) {
      throw errors.create('STORE_UNREADABLE', { path, reason: (cause as Error).message }, { cause })
    }
  }
}
