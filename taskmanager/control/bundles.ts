/**
 * Bundles on disk, by the hash of their content: fetched once, checked whenever this process uses one for the first time.
 *
 * Concurrency: several TaskManagers may share the directory, since files appear whole.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Disk } from '../../core/platform/disk.ts'
import { errors } from './errors.ts'

export class BundleCache {
  readonly #disk: Disk
  readonly #directory: string
  readonly #ready = new Map<string, Promise<string>>()

  /** `directory` must be absolute. */
  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** Path of the bundle. `fetch` gets it when it is not there. Throws TASKMANAGER_BUNDLE_ALTERED. */
  path(id: string, fetch: () => Promise<Uint8Array>): Promise<string> {
    const known = this.#ready.get(id)
    if (known !== undefined) return known
    const found = this.#find(id, fetch)
    this.#ready.set(id, found)
    found.catch(() => this.#ready.delete(id))
    return found
  }

  /** Whether a file URL is that of a bundle of this cache. */
  holds(url: string): boolean {
    return url.startsWith(`${pathToFileURL(this.#directory).href}/`)
  }

  async #find(id: string, fetch: () => Promise<Uint8Array>): Promise<string> {
    // .mjs: a module, whatever package.json stands above.
    const path = join(this.#directory, `${id}.mjs`)
    if (this.#disk.exists(path) && hash(await this.#disk.readAsync(path)) === id) return path
    const bytes = await fetch()
    if (hash(bytes) !== id) throw errors.create('BUNDLE_ALTERED', { bundle: id })
    await this.#disk.makeDirectoryAsync(this.#directory)
    await this.#disk.writeAtomicAsync(path, bytes)
    return path
  }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
