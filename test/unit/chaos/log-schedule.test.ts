import { afterEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../../../core/platform/disk.ts'
import { describeLogKills, killPoints, planLogKills } from '../../chaos/log/schedule.ts'
import { SyncJournal } from '../../chaos/log/sync-journal.ts'

describe('the schedule of a chaos run of logs', () => {
  it('is the same for the same seed, and another for another', () => {
    const text = (seed: number) => describeLogKills(planLogKills({ seed, kills: 40 }))
    expect(text(1)).toBe(text(1))
    expect(text(1)).not.toBe(text(2))
  })

  it('comes to every point, with and without power, and only to those that are asked for', () => {
    const kills = planLogKills({ seed: 3, kills: 400 })
    expect(new Set(kills.map(({ at }) => at))).toEqual(new Set([...killPoints, 'random']))
    expect(new Set(kills.map(({ power }) => power)).size).toBe(2)
    const some = planLogKills({ seed: 3, kills: 50, at: ['roll'], powerPercent: 0 })
    expect(some.every(({ at, power }) => at === 'roll' && !power)).toBe(true)
  })
})

describe('the journal of what is synced', () => {
  let directory = ''

  afterEach(() => systemDisk.remove(directory))

  it('tells the next process what the one before had not synced', () => {
    directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-sync-journal-')
    const path = (name: string) => `${directory}/${name}`
    const first = new SyncJournal(path('journal'))
    for (const name of ['a', 'b', 'c']) {
      first.note({ kind: 'made', path: path(name) })
      systemDisk.write(path(name), '0123456789')
    }
    first.note({ kind: 'synced', path: path('a'), bytes: 4 })
    first.note({ kind: 'renamed', path: path('b'), to: path('d') })
    systemDisk.rename(path('b'), path('d'))
    first.note({ kind: 'removed', path: path('c') })
    first.note({ kind: 'names-synced', directory })
    const second = new SyncJournal(path('journal'))
    expect([...second.files.values()]).toEqual([
      { path: path('a'), syncedBytes: 4, sizeBytes: 10, nameSynced: true },
      { path: path('d'), syncedBytes: 0, sizeBytes: 10, nameSynced: true },
    ])
    second.note({ kind: 'cut', path: path('a'), bytes: 2 })
    expect(second.files.get(path('a'))).toMatchObject({ syncedBytes: 2, sizeBytes: 2 })
    second.restart()
    expect(new SyncJournal(path('journal')).files.size).toBe(0)
  })
})
