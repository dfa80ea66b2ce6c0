import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../../core/config/index.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { cron, nextTime } from '../../../../jobmanager/ha/cron.ts'
import { LocalWork } from '../../../../jobmanager/ha/local-work.ts'
import { haOptions } from '../../../../jobmanager/ha/options.ts'
import { redisOptions, redisTlsPaths } from '../../../../jobmanager/ha/redis-options.ts'

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
    const tls = { servername: 'host', ca: undefined, cert: undefined, key: undefined }
    expect(redisOptions(given)).toEqual({ host: 'host', port: 7000, db: 2, username: 'user', password: 'p@ss', tls })
    expect(redisOptions({ ...given, password: 'other' }).password).toBe('other')
    expect(redisOptions({ ...given, url: 'redis://[::1]' })).toEqual({ host: '::1', port: 6379 })
    // An address is no name to choose a certificate by.
    expect(redisOptions({ ...given, url: 'rediss://10.0.0.1' }).tls).not.toHaveProperty('servername')
  })

  it('does not say where Redis is when Sentinels do', () => {
    const sentinel = { addresses: 'one, two:7001,[::1]:7002', master: 'm', username: undefined, password: 's' }
    const given = { url: 'rediss:///3', username: undefined, password: 'p', sentinel }
    expect(redisOptions(given)).toMatchObject({
      sentinels: [
        { host: 'one', port: 26379 },
        { host: 'two', port: 7001 },
        { host: '::1', port: 7002 },
      ],
      name: 'm',
      sentinelPassword: 's',
      password: 'p',
      db: 3,
      enableTLSForSentinelMode: true,
    })
    expect(redisOptions(given)).not.toHaveProperty('host')
    for (const addresses of ['one,', 'one:0', 'one:70000', 'redis://one', 'one:two', '::1:7002']) {
      const parse = (): unknown => redisOptions({ ...given, sentinel: { ...sentinel, addresses } })
      expect(parse, addresses).toThrow(expect.objectContaining({ code: 'HA_BAD_SENTINEL' }))
    }
  })

  it('must be rediss where files for TLS are set, and a key has a certificate', () => {
    const paths = (values: Readonly<Record<string, string>>): unknown =>
      redisTlsPaths(loadConfig(haOptions, [{ name: 'test', values }]))
    const url = { 'high-availability.redis.url': 'rediss://h' }
    const ca = { 'high-availability.redis.tls.ca': 'ca.pem' }
    expect(paths({ ...url, ...ca })).toMatchObject({ ca: { path: 'ca.pem' }, cert: undefined, key: undefined })
    expect(() => paths(ca)).toThrow(/tls\.ca is set, and it does not begin with rediss:/)
    expect(() => paths({ ...url, 'high-availability.redis.tls.key': 'k' })).toThrow(/tls\.cert is not set/)
    expect(() => paths({ ...url, 'high-availability.redis.tls.cert': 'c' })).toThrow(/tls\.key is not set/)
  })

  it.each(['http://h', 'redis://', 'redis://h/x', 'redis://:secret@h:99999', 'redis:///1'])(
    '%s is refused without its secrets',
    (url) => {
      const parse = (): unknown => redisOptions({ url, username: undefined, password: undefined })
      expect(parse).toThrow(expect.objectContaining({ code: 'HA_BAD_REDIS_URL' }))
      expect(parse).not.toThrow(/secret/)
    },
  )
})
