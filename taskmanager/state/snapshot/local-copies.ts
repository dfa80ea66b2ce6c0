/**
 * Copies of runs on the machine that wrote them (`state.backend.local-recovery`): what a subtask wrote it reads again from
 * the local disk when it is restored there, and from the storage when the copy is missing or not as it was written. Used
 * through `openStorage`, with the location of the storage behind `copied:`.
 *
 * Promises: the storage alone decides whether a snapshot counts; a copy that fails costs nothing but itself. Only ranges come from
 * copies, and are not checked here: whoever reads ranges of a run checks them, and says so when they are not what they
 * should be (`distrust`). Copies of runs that no chain of the subtask needs are removed with the checkpoint
 * that did without them, and what nobody came back for by age.
 *
 * Concurrency: one thread per instance; TaskManagers of a machine may share the directory.
 */
import { sha256 } from '../../../core/bytes/index.ts'
import { isMillraceError } from '../../../core/errors.ts'
import { createLogger } from '../../../core/log.ts'
import { systemDisk } from '../../../core/platform/disk.ts'
import { openStorage, registerStorage } from '../../../core/storage/open-storage.ts'
import type { BlobBytes, BlobEntry, BlobStorage, BlobWriter } from '../../../core/storage/storage.ts'
import { parseRunPath, runsPrefix } from '../../../proto/checkpoint/paths.ts'

const scheme = 'copied'
/** A restart comes back to its copies soon or never. */
const forgottenAfterMs = 86_400_000
const log = createLogger('local-copies')

/** `taskmanager.state.local.root-dir`, or the default. */
export function localStateRoot(config: Readonly<Record<string, string>>): string {
  const own = config['taskmanager.state.local.root-dir']
  return systemDisk.absolute(own ?? `${config['taskmanager.data-dir'] ?? '.millrace/taskmanager'}/local-state`)
}

/** From now on `copied:LOCATION` is the storage at LOCATION with copies below `directory`. */
export function useLocalCopies(directory: string): void {
  registerStorage(scheme, (location) => {
    const storage = openStorage(location.slice(scheme.length + 1))
    return new CopiedStorage(storage, openStorage(`${directory}/${keyOf(storage)}`))
  })
}

/** The same storage, with copies. */
export const withCopies = (location: string): string => `${scheme}:${location}`

const keyOf = ({ url }: BlobStorage): string =>
  Buffer.from(sha256(Buffer.from(url)))
    .toString('hex')
    .slice(0, 16)

export class CopiedStorage implements BlobStorage {
  readonly url: string
  readonly #storage: BlobStorage
  readonly #copies: BlobStorage
  /** Objects of which there is no copy, or none that is as it was written. */
  readonly #storageOnly = new Set<string>()
  #broken = false

  constructor(storage: BlobStorage, copies: BlobStorage) {
    this.url = storage.url
    this.#storage = storage
    this.#copies = copies
  }

  async put(path: string, bytes: BlobBytes): Promise<void> {
    await this.#storage.put(path, bytes)
    await this.#quietly(path, () => this.#copies.put(path, bytes))
  }

  async openWriter(path: string): Promise<BlobWriter> {
    const writer = await this.#storage.openWriter(path)
    let copy: BlobWriter | undefined
    await this.#quietly(path, async () => {
      copy = await this.#copies.openWriter(path)
    })
    return {
      write: async (bytes) => {
        await writer.write(bytes)
        await this.#quietly(path, async () => copy?.write(bytes))
      },
      finish: async () => {
        await writer.finish()
        await this.#quietly(path, async () => copy?.finish())
      },
      abort: async () => {
        await this.#quietly(path, async () => copy?.abort())
        await writer.abort()
      },
    }
  }

  get(path: string): Promise<Uint8Array> {
    return this.#storage.get(path)
  }
  size(path: string): Promise<number> {
    return this.#storage.size(path)
  }

  async getRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    if (!this.#storageOnly.has(path)) {
      try {
        return await this.#copies.getRange(path, offset, length)
      } catch (error) {
        if (isMillraceError(error, 'STORAGE_NOT_FOUND')) this.#storageOnly.add(path)
        else await this.distrust(path)
      }
    }
    return this.#storage.getRange(path, offset, length)
  }

  async distrust(path: string): Promise<void> {
    if (this.#storageOnly.has(path)) return
    this.#storageOnly.add(path)
    log.warn({ path }, 'a local copy is not as it was written: the storage is read')
    await this.#quietly(path, () => this.#copies.delete(path))
  }

  putIfAbsent(path: string, bytes: BlobBytes): Promise<boolean> {
    return this.#storage.putIfAbsent(path, bytes)
  }
  list(prefix: string): Promise<BlobEntry[]> {
    return this.#storage.list(prefix)
  }
  delete(path: string): Promise<void> {
    return this.#storage.delete(path)
  }
  exists(path: string): Promise<boolean> {
    return this.#storage.exists(path)
  }
  compareAndSet(path: string, expected: Uint8Array | null, bytes: Uint8Array): Promise<boolean> {
    return this.#storage.compareAndSet(path, expected, bytes)
  }

  /** After the first failure no more copies are made: the disk is full, or not ours. */
  async #quietly(path: string, work: () => Promise<void>): Promise<void> {
    if (this.#broken) return
    try {
      await work()
    } catch (error) {
      this.#broken = true
      log.warn({ path, error: (error as Error).message }, 'no more local copies are made: a restart reads the storage')
    }
  }
}

/** Removes copies of runs of these subtasks that no chain needs: neither `keep` nor of a checkpoint after `upTo`. */
export async function forgetCopies(
  directory: string,
  root: string,
  jobId: string,
  subtasks: ReadonlySet<string>,
  keep: ReadonlySet<string>,
  upTo: number,
): Promise<void> {
  const copies = openStorage(`${directory}/${keyOf(openStorage(root))}`)
  for (const { path } of await copies.list(runsPrefix(jobId))) {
    const run = parseRunPath(path)
    if (run === undefined || !subtasks.has(`${run.node}/${run.subtask}`)) continue
    if (run.checkpointId <= upTo && !keep.has(path)) await copies.delete(path)
  }
}

/** Removes copies that nobody came back for. Never throws: it is called where a TaskManager starts. */
export async function forgetOldCopies(directory: string, nowMs: number): Promise<void> {
  try {
    const copies = openStorage(directory)
    for (const { path, modifiedMs } of await copies.list(''))
      if (nowMs - modifiedMs > forgottenAfterMs) await copies.delete(path)
  } catch (error) {
    log.warn({ directory, error: (error as Error).message }, 'old local copies could not be removed')
  }
}
