import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { cron, nextTime } from '../../../../jobmanager/ha/cron.ts'
import { LocalWork } from '../../../../jobmanager/ha/local-work.ts'
import { redisOptions } from '../../../../jobmanager/ha/redis.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

describe('work without Redis', () => {
  it('tries a deletion again, with growing pauses, until it is done, and once at a time', async () => {
    const clock = new ManualClock()
    const at: number[] = []
    const work = new LocalWork({
      clock,
      handlers: {
        clean: async () => {
          at.push(clock.now())
          if (at.length < 4) throw new Error('storage is away')
        },
        savepoint: async () => undefined,
      },
      trouble: () => undefined,
    })
    const task = { kind: 'savepoint', location: 'file:///s' } as const
    work.cleanLater(task)
    work.cleanLater(task)
    for (let ms = 0; ms < 20_000; ms += 100) {
      await settle()
      clock.advance(100)
    }
    expect(at).toHaveLength(4)
    const pauses = at.slice(1).map((each, index) => each - (at[index] as number))
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
  })

  it('takes savepoints at their times, of jobs that want them only, and none after its end', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1, 2, 59, 0))
    const taken: string[] = []
    const handlers = {
      clean: async () => undefined,
      savepoint: async (jobId: string) => {
        taken.push(`${jobId} ${new Date(clock.now()).toISOString().slice(0, 16)}`)
        throw new Error('the job does not run')
      },
    }
    const work = new LocalWork({ clock, handlers, trouble: () => undefined })
    work.schedule(
      new Map([
        ['a', '0 3 * * *'],
        ['b', '0 3 * * *'],
      ]),
    )
    work.schedule(new Map([['a', '0 3 * * *']]))
    clock.advance(2 * 86_400_000)
    expect(taken).toEqual(['a 2026-01-01T03:00', 'a 2026-01-02T03:00'])
    await work.close()
    clock.advance(86_400_000)
    expect(taken).toHaveLength(2)
  })
})

describe('cron', () => {
  it('is in UTC, whatever the machine says', () => {
    expect(new Date(nextTime('0 3 * * *', Date.UTC(2026, 2, 29, 12))).toISOString()).toBe('2026-03-30T03:00:00.000Z')
  })

  it.each(['', '* * *', '99 * * * *', 'soon', '* * * * * * *'])('refuses %s with a sentence', (text) => {
    expect(() => cron().parse(text)).toThrow(/is not a cron expression such as/)
  })
})

describe('the URL of Redis', () => {
  it('gives host, port, database, TLS and credentials, and options win', () => {
    const given = { url: 'rediss://user:p%40ss@host:7000/2', username: undefined, password: undefined }
    const tls = { servername: 'host' }
    expect(redisOptions(given)).toEqual({ host: 'host', port: 7000, db: 2, username: 'user', password: 'p@ss', tls })
    expect(redisOptions({ ...given, password: 'other' }).password).toBe('other')
    expect(redisOptions({ ...given, url: 'redis://[::1]' })).toEqual({ host: '::1', port: 6379 })
  })

  it.each(['http://h', 'redis://', 'redis://h/x', 'redis://:secret@h:99999'])(
    '%s is refused without its secrets',
    (url) => {
      const parse = (): unknown => redisOptions({ url, username: undefined, password: undefined })
      expect(parse).toThrow(expect.objectContaining({ code: 'HA_BAD_REDIS_URL' }))
      expect(parse).not.toThrow(/secret/)
    },
  )
})
