import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../../../../core/platform/disk.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { ownModule, ownVersion } from '../../../../core/platform/modules.ts'
import { seededRandom, systemRandom } from '../../../../core/platform/random.ts'

describe('the manual clock', () => {
  it('fires timers in order of time, then of creation', () => {
    const clock = new ManualClock(1000)
    const fired: string[] = []
    clock.setTimeout(() => fired.push(`late ${clock.now()}`), 20)
    clock.setTimeout(() => fired.push(`first ${clock.now()}`), 10)
    clock.setTimeout(() => fired.push(`second ${clock.now()}`), 10)
    clock.advance(15)
    expect(fired).toEqual(['first 1010', 'second 1010'])
    clock.advance(5)
    expect(fired).toEqual(['first 1010', 'second 1010', 'late 1020'])
    expect([clock.now(), clock.monotonic(), clock.pending]).toEqual([1020, 20, 0])
  })

  it('fires what timers set meanwhile, repeats intervals, forgets what was cleared', () => {
    const clock = new ManualClock()
    const fired: number[] = []
    clock.setTimeout(() => clock.setTimeout(() => fired.push(clock.now()), 5), 5)
    const interval = clock.setInterval(() => fired.push(-clock.now()), 4)
    clock.clearTimeout(clock.setTimeout(() => fired.push(999), 1))
    clock.advance(10)
    expect(fired).toEqual([-4, -8, 10])
    clock.clearTimeout(interval)
    clock.advance(100)
    expect(fired).toHaveLength(3)
  })

  it('lets promises run between timers', async () => {
    const clock = new ManualClock()
    const steps: number[] = []
    const work = async () => {
      for (let step = 0; step < 3; step++) {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 10))
        steps.push(clock.now())
      }
    }
    const done = work()
    await clock.advanceAsync(30)
    await done
    expect(steps).toEqual([10, 20, 30])
  })
})

describe('the disk', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('says so where no directory can be made, instead of trying for ever', async () => {
    expect(() => systemDisk.makeDirectory('/proc/none/below')).toThrow(/ENOENT/)
    await expect(systemDisk.makeDirectoryAsync('/proc/none/below')).rejects.toThrow(/ENOENT/)
    systemDisk.makeDirectory(join(directory, 'a/b/c'))
    systemDisk.makeDirectory(join(directory, 'a/b/c'))
    expect(existsSync(join(directory, 'a/b/c'))).toBe(true)
  })

  it('replaces a file whole and leaves nothing beside it', async () => {
    const path = join(directory, 'a')
    systemDisk.writeAtomic(path, 'one')
    systemDisk.writeAtomic(path, Buffer.from('two'))
    await systemDisk.writeAtomicAsync(path, 'three')
    expect(readFileSync(path, 'utf8')).toBe('three')
    expect(readdirSync(directory)).toEqual(['a'])
  })

  it('reads and writes at positions', () => {
    const file = systemDisk.open(join(directory, 'b'), 'w+')
    const bytes = Buffer.from('hello world')
    systemDisk.writeAt(file, bytes, 0, 5, null)
    systemDisk.writeAt(file, bytes, 5, 6, null)
    systemDisk.writeAt(file, Buffer.from('J'), 0, 1, 0)
    systemDisk.sync(file)
    const into = new Uint8Array(20)
    expect(systemDisk.readAt(file, into, 0, 20, 0)).toBe(11)
    expect(Buffer.from(into.subarray(0, 11)).toString()).toBe('Jello world')
    expect(systemDisk.readAt(file, into, 0, 20, 11)).toBe(0)
    systemDisk.truncate(file, 4)
    expect(systemDisk.sizeOf(file)).toBe(4)
    systemDisk.close(file)
  })

  it('says undefined of what is not there, and removes it all the same', async () => {
    expect(systemDisk.stat(join(directory, 'none'))).toBeUndefined()
    expect(await systemDisk.statAsync(join(directory, 'none'))).toBeUndefined()
    systemDisk.remove(join(directory, 'none'))
    systemDisk.makeDirectory(join(directory, 'x/y'))
    expect(systemDisk.stat(join(directory, 'x/y'))?.isDirectory).toBe(true)
    systemDisk.remove(join(directory, 'x'))
    expect(existsSync(join(directory, 'x'))).toBe(false)
  })

  it('sees a file that an editor replaces', async () => {
    const path = join(directory, 'job.ts')
    systemDisk.write(path, 'a')
    const changed = new Promise<void>((resolve) => {
      const watcher = systemDisk.watch(path, () => {
        watcher.close()
        resolve()
      })
    })
    systemDisk.writeAtomic(path, 'b')
    await changed
  })
})

describe('randomness', () => {
  it('repeats from its seed', () => {
    const [a, b] = [seededRandom(7), seededRandom(7)]
    expect(Array.from({ length: 20 }, () => a.integer(100))).toEqual(Array.from({ length: 20 }, () => b.integer(100)))
    expect(a.hex(8)).toBe(b.hex(8))
    expect(a.next()).toBeLessThan(1)
  })

  it('gives ids of the length asked for', () => {
    expect(systemRandom.hex(16)).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('our own package', () => {
  it('is found under its own name, from the sources', () => {
    expect(ownModule('millrace')).toMatch(/\/millrace\.ts$/)
    expect(ownModule('pino')).toBeUndefined()
    expect(ownVersion()).toMatch(/^\d+\.\d+\.\d+/)
  })
})
