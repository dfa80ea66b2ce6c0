/** Blob storage on a file system: what it promises about whole objects, conditional creation and registers. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Disk, systemDisk } from '../../../../core/platform/disk.ts'
import { fileStorage } from '../../../../core/storage/file-storage.ts'
import { openStorage, storageUrl } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'

let directory: string
let storage: BlobStorage
const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = (data: Uint8Array): string => Buffer.from(data).toString()

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-storage-'))
  storage = openStorage(directory)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** The system's disk with some calls replaced. */
function diskWith(overrides: Partial<Disk>): Disk {
  return new Proxy(systemDisk, {
    get: (target, name) => {
      const own = overrides[name as keyof Disk] ?? target[name as keyof Disk]
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}
const systemError = (code: string): Error => Object.assign(new Error(`${code}: made up`), { code })

describe('objects', () => {
  it('come back as they were put, whole or by range, in one piece or several', async () => {
    await storage.put('a/b/one', [bytes('hello '), bytes('world')])
    expect(text(await storage.get('a/b/one'))).toBe('hello world')
    expect(text(await storage.getRange('a/b/one', 6, 3))).toBe('wor')
    expect(await storage.size('a/b/one')).toBe(11)
    await storage.put('a/b/one', bytes('again'))
    expect(text(await storage.get('a/b/one'))).toBe('again')
  })

  it('can be written and read without waiting', () => {
    storage.sync?.put('x/y', bytes('sync'))
    expect(text(storage.sync?.get('x/y') ?? bytes(''))).toBe('sync')
    expect(text(storage.sync?.getRange('x/y', 1, 2) ?? bytes(''))).toBe('yn')
    expect(storage.sync?.size('x/y')).toBe(4)
  })

  it('appear when their writer finishes, and never when it aborts', async () => {
    const writer = await storage.openWriter('big')
    await writer.write(bytes('one '))
    expect(await storage.exists('big')).toBe(false)
    expect(await storage.list('')).toEqual([])
    await writer.write(bytes('two'))
    await writer.finish()
    expect(text(await storage.get('big'))).toBe('one two')
    const other = await storage.openWriter('other')
    await other.write(bytes('x'))
    await other.abort()
    expect(readdirSync(directory)).toEqual(['big'])
  })

  it('are listed by prefix, sorted, without unfinished writes', async () => {
    for (const path of ['j/runs/2.run', 'j/runs/1.run', 'j/chk-1/manifest', 'k/x', 'jj'])
      await storage.put(path, bytes(path))
    writeFileSync(join(directory, 'j', '.tmp-1234'), 'left behind')
    const paths = async (prefix: string): Promise<string[]> => (await storage.list(prefix)).map((entry) => entry.path)
    expect(await paths('j/')).toEqual(['j/chk-1/manifest', 'j/runs/1.run', 'j/runs/2.run'])
    expect(await paths('j/runs/1')).toEqual(['j/runs/1.run'])
    expect(await paths('j')).toEqual(['j/chk-1/manifest', 'j/runs/1.run', 'j/runs/2.run', 'jj'])
    expect(await paths('')).toHaveLength(5)
    expect(await paths('none/at/all')).toEqual([])
    expect((await storage.list('k/'))[0].bytes).toBe(3)
  })

  it('are gone after delete, with the directories that held nothing else', async () => {
    await storage.put('j/chk-1/manifest', bytes('1'))
    await storage.put('j/keep', bytes('2'))
    await storage.delete('j/chk-1/manifest')
    await storage.delete('j/chk-1/manifest')
    expect(existsSync(join(directory, 'j', 'chk-1'))).toBe(false)
    expect(await storage.exists('j/keep')).toBe(true)
    await storage.put('j/chk-1/manifest', bytes('3'))
    expect(text(await storage.get('j/chk-1/manifest'))).toBe('3')
  })

  it('are not taken along when the directory that they are written to becomes empty', async () => {
    await storage.put('j/runs/old', bytes('1'))
    const deleting = fileStorage(directory, {
      disk: diskWith({
        // Somebody writes at the very moment at which the last object is gone.
        remove: (path) => {
          systemDisk.remove(path)
          storage.sync?.put('j/runs/new', bytes('2'))
        },
        list: () => [],
      }),
    })
    await deleting.delete('j/runs/old')
    expect(text(await storage.get('j/runs/new'))).toBe('2')
  })

  it('are not deleted when the path names a directory of objects', async () => {
    await storage.put('j/keep', bytes('2'))
    await storage.delete('j')
    expect(await storage.exists('j/keep')).toBe(true)
    expect(await storage.exists('j')).toBe(false)
  })
})

describe('conditional creation', () => {
  it('succeeds for exactly one of many callers', async () => {
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, i) => storage.putIfAbsent('once', bytes(String(i)))),
    )
    expect(results.filter(Boolean)).toHaveLength(1)
    expect(text(await storage.get('once'))).toBe(String(results.indexOf(true)))
    expect(readdirSync(directory)).toEqual(['once'])
  })
})

describe('registers', () => {
  it('change only from the value that was expected', async () => {
    expect(await storage.compareAndSet('r', bytes('x'), bytes('1'))).toBe(false)
    expect(await storage.compareAndSet('r', null, bytes('1'))).toBe(true)
    expect(await storage.compareAndSet('r', null, bytes('2'))).toBe(false)
    expect(await storage.compareAndSet('r', bytes('1'), bytes('2'))).toBe(true)
    expect(await storage.compareAndSet('r', bytes('1'), bytes('3'))).toBe(false)
    expect(text(await storage.get('r'))).toBe('2')
    expect(text(storage.sync?.get('r') ?? bytes(''))).toBe('2')
    expect((await storage.list('')).map((entry) => [entry.path, entry.bytes])).toEqual([['r', 1]])
    await storage.delete('r')
    expect(await storage.exists('r')).toBe(false)
    await expect(storage.get('r')).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
  })

  it('count every increment of many writers exactly once', async () => {
    const increment = async (): Promise<void> => {
      for (;;) {
        const now = (await storage.exists('n')) ? await storage.get('n') : null
        const next = String(Number(now === null ? 0 : text(now)) + 1)
        if (await storage.compareAndSet('n', now, bytes(next))) return
      }
    }
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 5; i++) await increment()
      }),
    )
    expect(text(await storage.get('n'))).toBe('40')
    expect(readdirSync(join(directory, 'n')).length).toBeLessThanOrEqual(2)
  })

  it('ignore a writer that was stopped while others went on', async () => {
    await storage.compareAndSet('r', null, bytes('0'))
    let late: (() => Promise<void>) | undefined
    const slow = fileStorage(directory, {
      disk: diskWith({
        // Between reading the register and setting it, others set it five times.
        syncAsync: async (file) => {
          await late?.()
          return systemDisk.syncAsync(file)
        },
      }),
    })
    late = async () => {
      late = undefined
      for (let i = 0; i < 5; i++) await storage.compareAndSet('r', bytes(String(i)), bytes(String(i + 1)))
    }
    expect(await slow.compareAndSet('r', bytes('0'), bytes('late'))).toBe(false)
    expect(text(await storage.get('r'))).toBe('5')
  })

  it('know of a value that was set although others were set on top of it while the directory was synced', async () => {
    await storage.compareAndSet('r', null, bytes('0'))
    let syncs = 0
    const slow = fileStorage(directory, {
      disk: diskWith({
        // The first is that of the new value, the second that of the directory.
        syncAsync: async (file) => {
          if (++syncs === 2)
            for (let i = 1; i < 5; i++) await storage.compareAndSet('r', bytes(String(i)), bytes(String(i + 1)))
          return systemDisk.syncAsync(file)
        },
      }),
    })
    expect(await slow.compareAndSet('r', bytes('0'), bytes('1'))).toBe(true)
    expect(text(await storage.get('r'))).toBe('5')
  })
})

describe('failures', () => {
  it('name what is missing', async () => {
    await expect(storage.get('no/such')).rejects.toMatchObject({
      code: 'STORAGE_NOT_FOUND',
      message: expect.stringContaining('no/such'),
    })
    await expect(storage.getRange('no', 0, 1)).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
    await expect(storage.size('no')).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
  })

  it('tell a range behind the end of an object from a missing object', async () => {
    await storage.put('short', bytes('abc'))
    await expect(storage.getRange('short', 2, 2)).rejects.toMatchObject({ code: 'STORAGE_SHORT_READ' })
  })

  it.each(['../up', '/abs', 'a//b', 'a/./b', '', 'a/.tmp-1', 'a/.cas-1', 'a\\b'])(
    'refuse the path %j',
    async (path) => {
      await expect(storage.put(path, bytes('x'))).rejects.toMatchObject({ code: 'STORAGE_BAD_PATH' })
    },
  )

  it.each([
    ['ENOSPC', 'STORAGE_DISK_FULL'],
    ['EACCES', 'STORAGE_PERMISSION'],
    ['EROFS', 'STORAGE_READ_ONLY'],
    ['EMFILE', 'STORAGE_TOO_MANY_FILES'],
    ['EIO', 'STORAGE_IO'],
  ])('of the system (%s) say what to do, and leave the old object and no litter', async (code, expected) => {
    await storage.put('a/kept', bytes('old'))
    const failing = fileStorage(directory, {
      disk: diskWith({
        syncAsync: () => Promise.reject(systemError(code)),
        sync: () => {
          throw systemError(code)
        },
      }),
    })
    await expect(failing.put('a/kept', bytes('new'))).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining('kept'),
    })
    await expect(failing.putIfAbsent('a/other', bytes('new'))).rejects.toMatchObject({ code: expected })
    expect(() => failing.sync?.put('a/kept', bytes('new'))).toThrow(expect.objectContaining({ code: expected }))
    const writer = await failing.openWriter('a/kept')
    await writer.write(bytes('new'))
    await expect(writer.finish()).rejects.toMatchObject({ code: expected })
    expect(text(await storage.get('a/kept'))).toBe('old')
    expect(readdirSync(join(directory, 'a'))).toEqual(['kept'])
  })

  it('name a file that stands where a directory is needed', async () => {
    await storage.put('file', bytes('x'))
    await expect(storage.put('file/below', bytes('y'))).rejects.toMatchObject({ code: 'STORAGE_NOT_A_DIRECTORY' })
  })
})

describe('addresses', () => {
  it('are file URLs or paths, and have one written form', () => {
    expect(openStorage('file:///var/lib/x/').url).toBe('file:///var/lib/x')
    expect(storageUrl('/var/lib/x')).toBe('file:///var/lib/x')
    expect(storageUrl('file:///var/lib/x')).toBe('file:///var/lib/x')
    expect(storageUrl('rel').endsWith('/rel')).toBe(true)
    expect(storageUrl('s3://bucket//a/b/')).toBe('s3://bucket/a/b')
    expect(openStorage('S3://bucket').url).toBe('s3://bucket')
  })

  it('of unknown kinds are refused with a sentence', () => {
    expect(() => openStorage('gs://bucket/x')).toThrow(expect.objectContaining({ code: 'STORAGE_UNKNOWN_SCHEME' }))
    for (const location of ['s3://', 's3:bucket', 's3://UPPER/x', 's3://ab/x', 's3://bucket/a/../b'])
      expect(() => openStorage(location)).toThrow(expect.objectContaining({ code: 'STORAGE_BAD_S3_LOCATION' }))
    expect(() => openStorage('')).toThrow(expect.objectContaining({ code: 'STORAGE_EMPTY_LOCATION' }))
    expect(() => openStorage('file://elsewhere/x')).toThrow(expect.objectContaining({ code: 'STORAGE_BAD_LOCATION' }))
  })
})
