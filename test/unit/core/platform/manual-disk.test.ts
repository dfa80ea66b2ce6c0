import { expect, test } from 'vitest'
import { ManualDisk } from '../../../../core/platform/manual-disk.ts'

function written(): ManualDisk {
  const disk = new ManualDisk()
  disk.makeDirectory('/d')
  disk.syncDirectory('/')
  const file = disk.open('/d/a', 'wx+')
  disk.writeAt(file, Buffer.from('synced'), 0, 6, 0)
  disk.sync(file)
  disk.syncDirectory('/d')
  disk.writevAt(file, [Buffer.from(' and'), Buffer.from(' not')], 6)
  disk.write('/d/unsynced-name', 'x')
  return disk
}

test('a kill leaves everything that was written', () => {
  const left = written().crash('process')
  expect(left.read('/d/a').toString()).toBe('synced and not')
  expect(left.list('/d')).toEqual(['a', 'unsynced-name'])
})

test('a loss of power leaves what was synced; also after a kill before it', () => {
  for (const left of [written().crash('power'), written().crash('process').crash('power')]) {
    expect(left.read('/d/a').toString()).toBe('synced')
    expect(left.list('/d')).toEqual(['a'])
  }
})

test('after its crash it answers nothing', () => {
  const disk = written()
  disk.crash('process')
  expect(() => disk.read('/d/a')).toThrow('gone')
})

test('the last write before the end is torn', () => {
  const disk = new ManualDisk({ random: () => 0.5 })
  disk.makeDirectory('/d')
  disk.crashAt = disk.operations + 2
  expect(() => disk.write('/d/a', '12345678')).toThrow('ECRASHED')
  expect(disk.crash('process').read('/d/a').toString()).toBe('1234')
})

test('a sync that failed is not made good by the next one', () => {
  const disk = new ManualDisk()
  disk.write('/a', '')
  disk.syncDirectory('/')
  const file = disk.open('/a', 'r+')
  disk.writeAt(file, Buffer.from('lost'), 0, 4, 0)
  disk.fail = (operation) => (operation === 'sync' ? 'EIO' : undefined)
  expect(() => disk.sync(file)).toThrow('EIO')
  disk.fail = undefined
  disk.writeAt(file, Buffer.from('!'), 0, 1, 4)
  expect(disk.read('/a').toString()).toBe('lost!')
})
