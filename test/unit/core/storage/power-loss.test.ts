/**
 * Power may fail between any two calls to the disk. The test cuts it at each of them, keeps only what was synced by then,
 * and looks at what storage makes of the rest.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Disk, systemDisk } from '../../../../core/platform/disk.ts'
import { fileStorage } from '../../../../core/storage/file-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-power-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

class PowerLoss extends Error {}

/** What is on the device: contents that were synced, and names in directories that were synced. */
class Device {
  /** Calls until the power fails. */
  callsLeft: number
  /** By inode: contents as of the last sync. */
  readonly contents = new Map<number, Buffer>()
  /** By directory: names as of its last sync, with their inodes; a directory's is 'directory'. */
  readonly names = new Map<string, Map<string, number | 'directory'>>()
  readonly disk: Disk
  readonly #open = new Map<number, string>()
  readonly #base: string

  constructor(base: string, callsLeft: number) {
    this.#base = base
    this.callsLeft = callsLeft
    this.names.set(base, new Map())
    const changing = [
      'open',
      'writeAt',
      'rename',
      'link',
      'remove',
      'removeDirectory',
      'makeDirectory',
      'sync',
      'syncAsync',
      'syncDirectory',
      'close',
    ]
    const overrides: Partial<Disk> = {
      open: (path, mode) => {
        const file = systemDisk.open(path, mode)
        this.#open.set(file, path)
        return file
      },
      sync: (file) => this.#sync(file),
      syncAsync: async (file) => this.#sync(file),
      syncDirectory: (path) => this.#syncNames(path),
    }
    this.disk = new Proxy(systemDisk, {
      get: (target, name: keyof Disk) => {
        const call = (overrides[name] ?? target[name]) as (...values: unknown[]) => unknown
        return (...values: unknown[]) => {
          if (changing.includes(name) && this.callsLeft-- <= 0) throw new PowerLoss('the power has failed')
          return call.apply(target, values)
        }
      },
    })
  }

  /** Makes a directory tree of what is on the device. */
  recoverTo(target: string): void {
    const visit = (directory: string): void => {
      mkdirSync(join(target, relative(this.#base, directory)), { recursive: true })
      for (const [name, inode] of this.names.get(directory) ?? []) {
        const path = join(directory, name)
        if (inode === 'directory') visit(path)
        // A name may be on the device before its contents: then the file is empty.
        else writeFileSync(join(target, relative(this.#base, path)), this.contents.get(inode) ?? '')
      }
    }
    visit(this.#base)
  }

  #sync(file: number): void {
    const path = this.#open.get(file) ?? expect.fail('an open file')
    if (systemDisk.stat(path)?.isDirectory === true) this.#syncNames(path)
    else this.contents.set(inodeOf(path), systemDisk.read(path))
  }

  #syncNames(path: string): void {
    const names = new Map<string, number | 'directory'>()
    for (const name of systemDisk.list(path)) {
      const full = join(path, name)
      names.set(name, systemDisk.stat(full)?.isDirectory === true ? 'directory' : inodeOf(full))
    }
    this.names.set(path, names)
  }
}

function inodeOf(path: string): number {
  return statSync(path).ino
}

/** Runs `work` with the power failing at every call in turn; `check` sees what is left, and whether `work` had returned. */
async function cutEverywhere(
  work: (storage: BlobStorage) => Promise<unknown>,
  check: (storage: BlobStorage, returned: boolean) => Promise<void>,
): Promise<number> {
  for (let calls = 0; ; calls++) {
    const base = join(root, `live-${calls}`)
    mkdirSync(base)
    const device = new Device(base, calls)
    let returned = true
    try {
      await work(fileStorage(join(base, 'data'), { disk: device.disk }))
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error
      returned = false
    }
    const left = join(root, `left-${calls}`)
    device.recoverTo(left)
    await check(fileStorage(join(left, 'data')), returned)
    if (returned) return calls
  }
}

const text = async (storage: BlobStorage, path: string): Promise<string | undefined> =>
  (await storage.exists(path)) ? Buffer.from(await storage.get(path)).toString() : undefined

describe('when the power fails', () => {
  it('an object is the old one or the new one, and the new one once put has returned', async () => {
    const work = async (storage: BlobStorage): Promise<void> => {
      await storage.put('a/b/object', Buffer.from('old'))
      await storage.put('a/b/object', [Buffer.from('ne'), Buffer.from('w')])
    }
    const calls = await cutEverywhere(work, async (storage, returned) => {
      const found = await text(storage, 'a/b/object')
      expect(returned ? ['new'] : [undefined, 'old', 'new']).toContain(found)
    })
    expect(calls).toBeGreaterThan(12)
  })

  it('a created object is whole or absent', async () => {
    await cutEverywhere(
      (storage) => storage.putIfAbsent('a/object', Buffer.from('whole')),
      async (storage, returned) =>
        expect(returned ? ['whole'] : [undefined, 'whole']).toContain(await text(storage, 'a/object')),
    )
  })

  it('an object that is written in pieces is whole or absent', async () => {
    const work = async (storage: BlobStorage): Promise<void> => {
      const writer = await storage.openWriter('a/object')
      await writer.write(Buffer.from('who'))
      await writer.write(Buffer.from('le'))
      await writer.finish()
    }
    await cutEverywhere(work, async (storage, returned) =>
      expect(returned ? ['whole'] : [undefined, 'whole']).toContain(await text(storage, 'a/object')),
    )
  })

  it('a register has a value that it was given, never an older one than was confirmed', async () => {
    let confirmed = 0
    const work = async (storage: BlobStorage): Promise<void> => {
      confirmed = 0
      for (let i = 1; i <= 4; i++) {
        const expected = i === 1 ? null : Buffer.from(String(i - 1))
        expect(await storage.compareAndSet('job/pointer', expected, Buffer.from(String(i)))).toBe(true)
        confirmed = i
      }
    }
    await cutEverywhere(work, async (storage) => {
      const found = Number((await text(storage, 'job/pointer')) ?? 0)
      expect([confirmed, confirmed + 1]).toContain(found)
    })
  })
})
