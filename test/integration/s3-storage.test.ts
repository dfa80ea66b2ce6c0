import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isMillraceError } from '../../core/errors.ts'
import { openS3 } from '../../core/storage/s3/client.ts'
import { type S3Settings, s3Settings } from '../../core/storage/s3/options.ts'
import { S3Storage } from '../../core/storage/s3/s3-storage.ts'
import { installS3Server, type S3Server, startS3Server } from '../support/s3-server.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const code = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    if (isMillraceError(error)) return error.code
    throw error
  }
  return 'none'
}

installS3Server()

describe('storage in a real S3 server', () => {
  let server: S3Server
  let settings: S3Settings
  let storage: S3Storage
  let prefix = 0

  beforeAll(async () => {
    server = await startS3Server()
    settings = s3Settings(server.options)
    const { sdk, client } = await openS3(settings)
    await client.send(new sdk.CreateBucketCommand({ Bucket: 'states' }))
  })
  afterAll(() => server.close())
  const fresh = (): S3Storage => {
    storage = new S3Storage({ bucket: 'states', prefix: `test/${prefix++}` }, settings)
    return storage
  }

  it('gives objects back as they were put, whole and in ranges', async () => {
    const s3 = fresh()
    await s3.put('a/b', [bytes('hello '), bytes('world')])
    expect(Buffer.from(await s3.get('a/b')).toString()).toBe('hello world')
    expect(Buffer.from(await s3.getRange('a/b', 6, 5)).toString()).toBe('world')
    expect(await s3.size('a/b')).toBe(11)
    expect([await s3.exists('a/b'), await s3.exists('a')]).toEqual([true, false])
    await s3.put('a/b', bytes(''))
    expect(await s3.size('a/b')).toBe(0)
  })

  it('puts large objects in parts, and makes each of them appear once', async () => {
    const s3 = fresh()
    const large = Buffer.alloc((20 << 20) + 17, 'Millrace ')
    await s3.put('large', [large.subarray(0, 5), large.subarray(5)])
    expect(Buffer.from(await s3.get('large')).equals(large)).toBe(true)
    expect(await s3.putIfAbsent('large', large)).toBe(false)
    expect(await s3.putIfAbsent('other', large)).toBe(true)
    expect(Buffer.from(await s3.getRange('other', 20 << 20, 17)).equals(large.subarray(20 << 20))).toBe(true)
  })

  it('shows what a writer wrote when it finishes, and nothing when it aborts', async () => {
    const s3 = fresh()
    for (const size of [3, 9 << 20]) {
      const kept = await s3.openWriter(`kept-${size}`)
      await kept.write(Buffer.alloc(size, 1))
      await kept.write(Buffer.alloc(size, 2))
      expect(await s3.exists(`kept-${size}`)).toBe(false)
      await kept.finish()
      const whole = Buffer.from(await s3.get(`kept-${size}`))
      expect(whole.equals(Buffer.concat([Buffer.alloc(size, 1), Buffer.alloc(size, 2)]))).toBe(true)
      const left = await s3.openWriter(`left-${size}`)
      await left.write(Buffer.alloc(size))
      await left.abort()
    }
    expect((await s3.list('')).map(({ path }) => path)).toEqual([`kept-${3}`, `kept-${9 << 20}`])
  })

  it('lists by prefix beyond one page, sorted, and deletes', async () => {
    const s3 = fresh()
    const names = Array.from({ length: 1100 }, (_, index) => `many/${String(index).padStart(4, '0')}`)
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map((name) => s3.put(name, bytes(name))))
    await s3.put('else', bytes('x'))
    expect((await s3.list('many/')).map(({ path }) => path)).toEqual(names)
    expect(await s3.list('many/0007')).toMatchObject([{ path: 'many/0007', bytes: 9 }])
    await s3.delete('else')
    await s3.delete('else')
    expect(await s3.exists('else')).toBe(false)
  })

  it('lets exactly one of many create an object, and registers count every increment once', async () => {
    const s3 = fresh()
    const made = await Promise.all(Array.from({ length: 8 }, (_, index) => s3.putIfAbsent('one', bytes(`${index}`))))
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(Buffer.from(await s3.get('one')).toString()).toBe(String(made.indexOf(true)))
    expect(await s3.compareAndSet('register', bytes('0'), bytes('1'))).toBe(false)
    expect(await s3.compareAndSet('register', null, bytes('0'))).toBe(true)
    const increment = async (): Promise<void> => {
      for (;;) {
        const now = await s3.get('register')
        if (await s3.compareAndSet('register', now, bytes(String(Number(Buffer.from(now).toString()) + 1)))) return
      }
    }
    await Promise.all(Array.from({ length: 10 }, increment))
    expect(Buffer.from(await s3.get('register')).toString()).toBe('10')
  })

  it('says what is wrong', async () => {
    const s3 = fresh()
    await s3.put('short', bytes('abc'))
    expect(await code(s3.get('none'))).toBe('STORAGE_NOT_FOUND')
    expect(await code(s3.size('none'))).toBe('STORAGE_NOT_FOUND')
    expect(await code(s3.getRange('short', 1, 5))).toBe('STORAGE_SHORT_READ')
    expect(await code(s3.getRange('short', 3, 1))).toBe('STORAGE_SHORT_READ')
    expect(await code(s3.put('a//b', bytes('')))).toBe('STORAGE_BAD_PATH')
    const elsewhere = (change: Partial<S3Settings>, bucket = 'states') =>
      new S3Storage({ bucket, prefix: '' }, { ...settings, attempts: 2, ...change })
    expect(await code(elsewhere({}, 'no-such-bucket').put('a', bytes('')))).toBe('STORAGE_NO_BUCKET')
    expect(await code(elsewhere({}, 'no-such-bucket').putIfAbsent('a', bytes('')))).toBe('STORAGE_NO_BUCKET')
    expect(await code(elsewhere({ secretKey: 'wrong' }).list(''))).toBe('STORAGE_S3_CREDENTIALS')
    expect(await code(elsewhere({ endpoint: 'http://127.0.0.1:9' }).get('a'))).toBe('STORAGE_S3_UNREACHABLE')
  })
})
