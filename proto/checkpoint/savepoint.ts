/**
 * Savepoints: snapshots that belong to whoever asked for them. One is a directory with everything in it and relative paths,
 * so it can be moved and copied. Also the door through which any snapshot, checkpoint or savepoint, is read.
 *
 * Promises: a savepoint is there when its manifest is; one that could not be finished leaves nothing behind. Nothing that
 * stands at the target already is touched.
 */
import { isMillraceError } from '../../core/errors.ts'
import { openStorage, removeEmptyDirectory, storageUrl } from '../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import { errors } from './errors.ts'
import { type Manifest, type RunHandle, runHandles, runPaths } from './manifest.ts'
import { decodeManifest, encodeManifest } from './manifest-codec.ts'
import { parseRunPath, savepointManifestPath, savepointRunPath } from './paths.ts'
import { RunReader } from './runs/run-reader.ts'

const copyBytes = 4 << 20

/** A snapshot that was read, and the location that its paths are relative to. */
export interface Snapshot {
  /** Absolute URL of the savepoint's or checkpoint's directory. */
  readonly location: string
  readonly root: string
  readonly manifest: Manifest
}

/** A directory below `base` for a new savepoint of a job. */
export function savepointLocation(base: string, jobId: string, checkpointId: number): string {
  return `${storageUrl(base)}/savepoint-${jobId.slice(0, 12)}-${checkpointId}`
}

/**
 * Copies a snapshot with all its runs into the directory `target`, which must be empty or absent. `source` is the storage
 * that the manifest's paths are relative to. Throws CHECKPOINT_TARGET_TAKEN. `open`: for storage that is bounded in time.
 */
export async function writeSavepoint(
  source: BlobStorage,
  manifest: Manifest,
  target: string,
  open: (location: string) => BlobStorage = openStorage,
): Promise<Snapshot> {
  const storage = open(target)
  if ((await storage.list('')).length > 0) throw errors.create('TARGET_TAKEN', { where: storage.url })
  const savepoint: Manifest = { ...manifest, kind: 'savepoint', operators: manifest.operators.map(moved) }
  const copied: string[] = []
  try {
    for (const run of distinctRuns(manifest)) {
      const path = savepointRunPath(run.path)
      await copyRun(source, run.path, storage, path, run.bytes)
      copied.push(path)
      await RunReader.open(storage, { ...run, path })
    }
    if (!(await storage.putIfAbsent(savepointManifestPath, encodeManifest(savepoint)))) {
      throw errors.create('TARGET_TAKEN', { where: storage.url })
    }
  } catch (error) {
    for (const path of copied) await storage.delete(path)
    throw error
  }
  return { location: storage.url, root: storage.url, manifest: savepoint }
}

function moved(operator: Manifest['operators'][number]): Manifest['operators'][number] {
  const subtasks = operator.subtasks.map((subtask) => ({
    ...subtask,
    runs: subtask.runs.map((run) => (run.path === '' ? run : { ...run, path: savepointRunPath(run.path) })),
  }))
  return { ...operator, subtasks }
}

function distinctRuns(manifest: Manifest): RunHandle[] {
  const runs = new Map<string, RunHandle>()
  for (const run of runHandles(manifest)) if (run.path !== '') runs.set(run.path, run)
  return [...runs.values()]
}

async function copyRun(from: BlobStorage, path: string, to: BlobStorage, target: string, bytes: number): Promise<void> {
  const writer = await to.openWriter(target)
  try {
    for (let at = 0; at < bytes; at += copyBytes)
      await writer.write(await from.getRange(path, at, Math.min(copyBytes, bytes - at)))
    await writer.finish()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/**
 * Reads the snapshot at a location: the directory of a savepoint or of a checkpoint (`<root>/<jobId>/chk-<n>`), or the
 * manifest in it. Throws CHECKPOINT_NO_SNAPSHOT, or what is wrong with the manifest.
 */
export async function readSnapshot(location: string): Promise<Snapshot> {
  const url = storageUrl(location)
  const directory = url.endsWith('/manifest') ? url.slice(0, -'/manifest'.length) : url
  const storage = openStorage(directory)
  const manifest = await readManifest(storage)
  if (manifest.kind === 'savepoint') return { location: storage.url, root: storage.url, manifest }
  // A checkpoint's paths begin two directories above it.
  return { location: storage.url, root: storage.url.split('/').slice(0, -2).join('/'), manifest }
}

async function readManifest(storage: BlobStorage): Promise<Manifest> {
  try {
    return decodeManifest(await storage.get(savepointManifestPath), `${storage.url}/${savepointManifestPath}`)
  } catch (cause) {
    const absent = isMillraceError(cause, 'STORAGE_NOT_FOUND') || isMillraceError(cause, 'STORAGE_NOT_A_DIRECTORY')
    throw absent ? errors.create('NO_SNAPSHOT', { where: storage.url }, { cause }) : cause
  }
}

/** Deletes a savepoint: its manifest first, then its runs, then its directory. Anything else in the directory stays, and with it the directory. */
export async function disposeSavepoint(location: string): Promise<void> {
  const snapshot = await readSnapshot(location)
  const { manifest } = snapshot
  if (manifest.kind !== 'savepoint')
    throw errors.create('NOT_A_SAVEPOINT', { where: snapshot.location, job: manifest.jobId })
  const storage = openStorage(snapshot.location)
  await storage.delete(savepointManifestPath)
  for (const path of runPaths(manifest)) if (parseRunPath(path) !== undefined) await storage.delete(path)
  removeEmptyDirectory(snapshot.location)
}

export type SnapshotEntry =
  | { readonly location: string; readonly snapshot: Snapshot }
  /** It is there and cannot be read. */
  | { readonly location: string; readonly error: unknown }

/** Snapshots at and below a directory, those that cannot be read included; newest first, then the unreadable ones. */
export async function listSnapshots(base: string): Promise<SnapshotEntry[]> {
  const storage = openStorage(base)
  const entries: SnapshotEntry[] = []
  for (const { path } of await storage.list('')) {
    if (path !== savepointManifestPath && !path.endsWith(`/${savepointManifestPath}`)) continue
    const location = `${storage.url}/${path}`.slice(0, -`/${savepointManifestPath}`.length)
    try {
      entries.push({ location, snapshot: await readSnapshot(location) })
    } catch (error) {
      entries.push({ location, error })
    }
  }
  const time = (entry: SnapshotEntry): number =>
    'snapshot' in entry ? entry.snapshot.manifest.timeMs : Number.NEGATIVE_INFINITY
  return entries.sort((a, b) => time(b) - time(a))
}
