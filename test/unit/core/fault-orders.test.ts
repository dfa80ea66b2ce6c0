import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { obeyFaultOrders, passPoint, standingOrder } from '../../../core/fault-orders.ts'
import { openStorage } from '../../../core/storage/open-storage.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-orders-'))
  obeyFaultOrders(directory)
})
afterEach(() => {
  obeyFaultOrders('')
  rmSync(directory, { recursive: true, force: true })
})

describe('fault orders', () => {
  it('strike once, and say that they did', () => {
    passPoint('commit')
    writeFileSync(join(directory, 'commit'), 'fail')
    passPoint('restore')
    expect(() => passPoint('commit')).toThrow(/at the point "commit"/)
    expect(existsSync(join(directory, 'commit.done'))).toBe(true)
    passPoint('commit')
  })

  it('are not looked for unless a directory is named', () => {
    writeFileSync(join(directory, 'commit'), 'fail')
    obeyFaultOrders('')
    passPoint('commit')
    expect(standingOrder('storage')).toBeUndefined()
    expect(existsSync(join(directory, 'commit'))).toBe(true)
  })

  it('let every access to storage fail for as long as they stand', async () => {
    const storage = openStorage(join(directory, 'objects'))
    await storage.put('a', Buffer.from('1'))
    writeFileSync(join(directory, 'storage'), 'fail')
    await expect(storage.get('a')).rejects.toMatchObject({ code: 'STORAGE_IO' })
    await expect(storage.put('b', Buffer.from('2'))).rejects.toMatchObject({ code: 'STORAGE_IO' })
    await expect(storage.compareAndSet('r', null, Buffer.from('3'))).rejects.toMatchObject({ code: 'STORAGE_IO' })
    rmSync(join(directory, 'storage'))
    expect(Buffer.from(await storage.get('a')).toString()).toBe('1')
    expect(await storage.exists('b')).toBe(false)
    expect(await storage.compareAndSet('r', null, Buffer.from('3'))).toBe(true)
  })

  it('take back an object that was not finished', async () => {
    const storage = openStorage(join(directory, 'objects'))
    const writer = await storage.openWriter('a')
    await writer.write(Buffer.from('1'))
    writeFileSync(join(directory, 'storage'), 'fail')
    await expect(writer.finish()).rejects.toMatchObject({ code: 'STORAGE_IO' })
    rmSync(join(directory, 'storage'))
    expect(await storage.list('')).toEqual([])
  })
})
