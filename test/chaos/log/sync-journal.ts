/**
 * What of the files of a directory is synced, over processes: kept beside it, so that power that goes after a kill -9 also takes what the
 * killed process had written and not synced. It is not synced itself: the machine that it is about is only pretended to lose its power.
 */
import { systemDisk } from '../../../core/platform/disk.ts'

export interface Tracked {
  path: string
  syncedBytes: number
  sizeBytes: number
  nameSynced: boolean
}

type Entry =
  | { readonly kind: 'made'; readonly path: string }
  | { readonly kind: 'synced'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'names-synced'; readonly directory: string }
  | { readonly kind: 'cut'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'renamed'; readonly path: string; readonly to: string }
  | { readonly kind: 'removed'; readonly path: string }

export class SyncJournal {
  /** By path. A file that is not here is synced as it is. */
  readonly files = new Map<string, Tracked>()
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    if (!systemDisk.exists(path)) return
    for (const line of systemDisk.read(path).toString().split('\n')) {
      if (line !== '') this.#apply(JSON.parse(line) as Entry)
    }
    for (const file of this.files.values()) file.sizeBytes = systemDisk.stat(file.path)?.sizeBytes ?? 0
  }

  note(entry: Entry): void {
    this.#apply(entry)
    systemDisk.appendFile(this.#path, `${JSON.stringify(entry)}\n`)
  }

  /** The power has gone: what is there now is what there is. */
  restart(): void {
    this.files.clear()
    systemDisk.write(this.#path, '')
  }

  /** Of a file that was not made by a process of this journal. */
  adopt(path: string, sizeBytes: number): Tracked {
    const known = this.files.get(path)
    if (known !== undefined) return known
    const tracked = { path, syncedBytes: sizeBytes, sizeBytes, nameSynced: true }
    this.files.set(path, tracked)
    return tracked
  }

  #apply(entry: Entry): void {
    const { files } = this
    switch (entry.kind) {
      case 'made':
        files.set(entry.path, { path: entry.path, syncedBytes: 0, sizeBytes: 0, nameSynced: false })
        break
      case 'synced': {
        const file = this.adopt(entry.path, entry.bytes)
        file.syncedBytes = Math.max(file.syncedBytes, entry.bytes)
        break
      }
      case 'names-synced':
        for (const file of files.values()) {
          if (file.path.slice(0, file.path.lastIndexOf('/')) === entry.directory) file.nameSynced = true
        }
        break
      case 'cut': {
        const file = this.adopt(entry.path, entry.bytes)
        file.sizeBytes = entry.bytes
        file.syncedBytes = Math.min(file.syncedBytes, entry.bytes)
        break
      }
      case 'renamed':
        for (const file of [...files.values()]) {
          if (file.path !== entry.path && !file.path.startsWith(`${entry.path}/`)) continue
          files.delete(file.path)
          file.path = entry.to + file.path.slice(entry.path.length)
          files.set(file.path, file)
        }
        break
      case 'removed':
        for (const path of [...files.keys()]) {
          if (path === entry.path || path.startsWith(`${entry.path}/`)) files.delete(path)
        }
    }
  }
}
