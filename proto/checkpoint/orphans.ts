/**
 * Files of checkpoints that nothing refers to and nobody will delete: of a leader that was killed, of a job whose last
 * clean-up failed. The leader of a job deletes its own (store.ts); this is for what it no longer knows.
 *
 * Promises: nothing is an orphan that a kept checkpoint names, that is not older than the age (so nothing that may belong to
 * one under way), or that stands in a savepoint. Where an answer is missing or unclear, all of that job stays. Before files of
 * a job go, its pointer is read again; if it has changed, they stay.
 */
import type { BlobEntry, BlobStorage } from '../../core/storage/storage.ts'
import { runPaths } from './manifest.ts'
import { decodeManifest } from './manifest-codec.ts'
import { checkpointManifestPath, parseCheckpointPath, parseRunPath, pointerPath } from './paths.ts'
import { decodePointer, type Pointer } from './pointer.ts'

export interface Orphan extends BlobEntry {
  readonly jobId: string
  readonly reason: 'superseded' | 'of-no-checkpoint' | 'of-no-job'
}

export interface OrphanProblem {
  readonly jobId: string
  readonly message: string
}

export interface Orphans {
  /** Jobs that have files there. */
  readonly jobs: number
  readonly orphans: readonly Orphan[]
  /** Jobs of which all was left. */
  readonly problems: readonly OrphanProblem[]
}

interface JobFiles {
  readonly pointer: boolean
  readonly files: BlobEntry[]
}

/** Throws STORAGE_* errors when the directory cannot be listed; it never deletes. `nowMs` and `olderThanMs`: epoch ms and ms. */
export async function findOrphans(storage: BlobStorage, nowMs: number, olderThanMs: number): Promise<Orphans> {
  const orphans: Orphan[] = []
  const problems: OrphanProblem[] = []
  const jobs = jobsOf(await storage.list(''))
  for (const [jobId, { pointer, files }] of jobs) {
    try {
      const isOld = ({ modifiedMs }: BlobEntry): boolean => modifiedMs > 0 && nowMs - modifiedMs >= olderThanMs
      if (pointer) orphans.push(...(await ofPointer(storage, jobId, files)).filter(isOld))
      // A job that begins has its pointer before any file: without one it is over. If anything of it is young, wait.
      else if (files.every(isOld))
        orphans.push(...files.map((file) => ({ ...file, jobId, reason: 'of-no-job' as const })))
    } catch (error) {
      problems.push({ jobId, message: error instanceof Error ? error.message : String(error) })
    }
  }
  return { jobs: jobs.size, orphans, problems }
}

/** Deletes them, manifests first: a run must not go before what names it. Gives those that are gone, and who was left. */
export async function removeOrphans(
  storage: BlobStorage,
  nowMs: number,
  olderThanMs: number,
): Promise<Orphans & { readonly removed: readonly Orphan[] }> {
  const found = await findOrphans(storage, nowMs, olderThanMs)
  const removed: Orphan[] = []
  const problems = [...found.problems]
  for (const jobId of new Set(found.orphans.map((orphan) => orphan.jobId))) {
    try {
      // Once more, from the storage: a checkpoint may have completed since, or a job may have begun.
      const now = await findOrphans(only(storage, jobId), nowMs, olderThanMs)
      const still = new Set(now.orphans.map(({ path }) => path))
      const due = found.orphans.filter((orphan) => orphan.jobId === jobId && still.has(orphan.path))
      const isManifest = ({ path }: Orphan): number => (parseRunPath(path) === undefined ? 0 : 1)
      for (const orphan of due.sort((a, b) => isManifest(a) - isManifest(b))) {
        await storage.delete(orphan.path)
        removed.push(orphan)
      }
      problems.push(...now.problems)
    } catch (error) {
      problems.push({ jobId, message: error instanceof Error ? error.message : String(error) })
    }
  }
  return { jobs: found.jobs, orphans: found.orphans, removed, problems }
}

/** The files of checkpoints by job. What is neither a pointer, a checkpoint nor a run of one is somebody else's. */
function jobsOf(entries: readonly BlobEntry[]): Map<string, JobFiles> {
  const jobs = new Map<string, { pointer: boolean; files: BlobEntry[] }>()
  const savepoints = entries
    .filter(({ path }) => path.endsWith('/manifest') && parseCheckpointPath(path) === undefined)
    .map(({ path }) => path.slice(0, -'manifest'.length))
  for (const entry of entries) {
    const { path } = entry
    const jobId = path.slice(0, path.indexOf('/'))
    if (jobId === '' || savepoints.some((directory) => path.startsWith(directory))) continue
    const isPointer = path === `${jobId}/pointer`
    const isFile =
      (parseCheckpointPath(path) !== undefined && path.endsWith('/manifest')) ||
      (path.startsWith(`${jobId}/runs/`) && parseRunPath(path) !== undefined)
    if (!isPointer && !isFile) continue
    const job = jobs.get(jobId) ?? { pointer: false, files: [] }
    if (isPointer) job.pointer = true
    else job.files.push(entry)
    jobs.set(jobId, job)
  }
  return jobs
}

async function ofPointer(storage: BlobStorage, jobId: string, files: readonly BlobEntry[]): Promise<Orphan[]> {
  const pointer = await readPointer(storage, jobId)
  const referenced = new Set<string>()
  for (const id of pointer.retained) {
    const path = checkpointManifestPath(jobId, id)
    referenced.add(path)
    for (const run of runPaths(decodeManifest(await storage.get(path), `${storage.url}/${path}`))) referenced.add(run)
  }
  const newest = pointer.retained[0] ?? 0
  const orphans: Orphan[] = []
  for (const file of files) {
    if (referenced.has(file.path)) continue
    const id = parseCheckpointPath(file.path)?.checkpointId ?? parseRunPath(file.path)?.checkpointId ?? 0
    orphans.push({ ...file, jobId, reason: id < newest ? 'superseded' : 'of-no-checkpoint' })
  }
  return orphans
}

async function readPointer(storage: BlobStorage, jobId: string): Promise<Pointer> {
  const path = pointerPath(jobId)
  return decodePointer(await storage.get(path), `${storage.url}/${path}`)
}

/** The storage as if it held one job. */
function only(storage: BlobStorage, jobId: string): BlobStorage {
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'list') return () => target.list(`${jobId}/`)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
