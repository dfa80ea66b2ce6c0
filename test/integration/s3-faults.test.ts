import { afterEach, describe, expect, it } from 'vitest'
import { isMillraceError } from '../../core/errors.ts'
import { seededRandom } from '../../core/platform/random.ts'
import { s3Settings } from '../../core/storage/s3/options.ts'
import { S3Storage } from '../../core/storage/s3/s3-storage.ts'
import { FaultyS3, type FaultyS3Options, type S3Fault } from '../support/faulty-s3.ts'

let s3: FaultyS3 | undefined

afterEach(async () => {
  await s3?.close()
  s3 = undefined
})

async function start(options: FaultyS3Options = {}): Promise<{ service: FaultyS3; storage: S3Storage }> {
  const service = await FaultyS3.start(options)
  s3 = service
  const storage = new S3Storage({ bucket: 'bucket', prefix: 'here' }, s3Settings(service.settings))
  return { service, storage }
}

/** The first requests fail so, of those that `matches` picks. */
function first(faults: readonly S3Fault[], matches: (method: string, key: string) => boolean): FaultyS3Options {
  const left = [...faults]
  return { fault: ({ method, key }) => (matches(method, key) ? left.shift() : undefined) }
}

const bytes = (text: string): Buffer => Buffer.from(text)
const text = (got: Uint8Array): string => Buffer.from(got).toString()
const puts = (name: string) => (method: string, key: string) => method === 'PUT' && key.endsWith(name)

async function code(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error)
  }
}

describe('S3 that fails', () => {
  it('is tried again through storms of errors', async () => {
    const { service, storage } = await start()
    service.configure(first(['error', 'slow-down', 'error', 'slow-down'], () => true))
    await storage.put('a', bytes('x'))
    expect(text(await storage.get('a'))).toBe('x')
  })

  it('is given up after the tries that were set, with an error that says what failed', async () => {
    const { service, storage } = await start()
    service.configure({ fault: () => 'slow-down' })
    expect(await code(storage.put('a', bytes('x')))).toBe('STORAGE_S3_FAILED')
    expect(service.requests).toBe(5)
  })

  it('that stalls is tried again when nothing was heard for the time that was set', async () => {
    const { service, storage } = await start()
    service.configure(first(['stall'], puts('/a')))
    await storage.put('a', bytes('x'))
    expect(service.objects.has('bucket/here/a')).toBe(true)
  })

  it('breaks off bodies, and they are read again', async () => {
    const { service, storage } = await start()
    await storage.put('a', bytes('0123456789'))
    service.configure(first(['short-read', 'short-read'], (method) => method === 'GET'))
    expect(text(await storage.get('a'))).toBe('0123456789')
    service.configure(first(['short-read'], (method) => method === 'GET'))
    expect(text(await storage.getRange('a', 2, 5))).toBe('23456')
    service.configure({ fault: ({ method }) => (method === 'GET' ? 'short-read' : undefined) })
    expect(await code(storage.get('a'))).toMatch(/^STORAGE_/)
  })

  it('lists pages in any order, and the list is sorted and whole', async () => {
    const { service, storage } = await start()
    for (const name of ['c', 'a', 'd/e', 'b']) await storage.put(name, bytes(name))
    service.configure({ pageSize: 1 })
    expect((await storage.list('')).map(({ path }) => path)).toEqual(['a', 'b', 'c', 'd/e'])
  })

  it('sends parts again, and leaves none behind when it gives up', async () => {
    const { service, storage } = await start()
    const large = Buffer.alloc((17 << 20) + 3, 'part')
    service.configure(first(['error', 'lost-success', 'slow-down'], (method) => method === 'PUT'))
    await storage.put('large', large)
    expect(Buffer.from(await storage.get('large')).equals(large)).toBe(true)
    service.configure({ fault: ({ method }) => (method === 'PUT' ? 'error' : undefined) })
    expect(await code(storage.put('lost', large))).toBe('STORAGE_S3_FAILED')
    expect([...service.uploads.keys()]).toEqual([])
    expect(service.objects.has('bucket/here/lost')).toBe(false)
  })
})

it('an object in parts is known to be there although the answer was lost, and not to be there when it is gone', async () => {
  const { service, storage } = await start()
  const large = Buffer.alloc((9 << 20) + 3, 'part')
  const completes = (method: string, key: string): boolean => method === 'POST' && key.endsWith('/large')
  let posts = 0
  service.configure({
    fault: ({ method, key }) => (completes(method, key) && ++posts === 2 ? 'lost-success' : undefined),
  })
  await storage.put('large', large)
  expect(posts).toBe(3)
  expect(Buffer.from(await storage.get('large')).equals(large)).toBe(true)
  // The bucket's rules removed the parts: what stands there is of an earlier write.
  posts = 0
  service.configure({
    fault: ({ method, key }) => {
      if (!completes(method, key) || ++posts < 2) return undefined
      service.uploads.clear()
      return posts === 2 ? 'error' : undefined
    },
  })
  expect(await code(storage.put('large', large))).toBe('STORAGE_S3_FAILED')
})

describe('a conditional write whose answer was lost', () => {
  it('is known to have created the object', async () => {
    const { service, storage } = await start()
    service.configure(first(['lost-success'], puts('/a')))
    expect(await storage.putIfAbsent('a', bytes('mine'))).toBe(true)
    expect(await storage.putIfAbsent('a', bytes('mine'))).toBe(false)
  })

  it('is known not to have created it when another did', async () => {
    const { service, storage } = await start()
    const other = new S3Storage({ bucket: 'bucket', prefix: 'here' }, s3Settings(service.settings))
    await other.putIfAbsent('a', bytes('theirs'))
    service.configure(first(['error', 'lost-success'], puts('/a')))
    expect(await storage.putIfAbsent('a', bytes('mine'))).toBe(false)
    expect(text(await storage.get('a'))).toBe('theirs')
  })

  it('is known to have set the register', async () => {
    const { service, storage } = await start()
    await storage.compareAndSet('register', null, bytes('1'))
    service.configure(first(['lost-success'], puts('/register')))
    expect(await storage.compareAndSet('register', bytes('1'), bytes('2'))).toBe(true)
  })

  it('is an error, not a guess, when another has set the register since', async () => {
    const { service, storage } = await start()
    await storage.compareAndSet('register', null, bytes('1'))
    const other = new S3Storage({ bucket: 'bucket', prefix: 'here' }, s3Settings(service.settings))
    let tries = 0
    service.configure({
      fault: ({ method, key }) => {
        if (!puts('/register')(method, key)) return undefined
        if (++tries === 1) return 'lost-success'
        // Between the try whose answer was lost and the next one somebody builds on it.
        if (tries === 2) service.objects.set('bucket/here/register', { bytes: bytes('3'), tag: '"3"', writer: 'other' })
        return undefined
      },
    })
    expect(await code(storage.compareAndSet('register', bytes('1'), bytes('2')))).toBe('STORAGE_UNKNOWN_OUTCOME')
    expect(text(await other.get('register'))).toBe('3')
  })

  it('is refused altogether by a service that ignores conditions', async () => {
    const { storage, service } = await start({ ignoresConditions: true })
    expect(await code(storage.putIfAbsent('a', bytes('x')))).toBe('STORAGE_NO_CONDITIONS')
    expect([...service.objects.keys()]).toEqual([])
  })

  it('counts every increment of several writers exactly once through random faults', async () => {
    const random = seededRandom(20)
    const faults: readonly (S3Fault | undefined)[] = ['error', 'slow-down', 'lost-success', 'short-read']
    const { service, storage } = await start()
    await storage.compareAndSet('count', null, bytes('0'))
    service.configure({ fault: () => (random.next() < 0.2 ? faults[random.integer(faults.length)] : undefined) })
    let certain = 0
    let unknown = 0
    const increment = async (): Promise<void> => {
      for (;;) {
        try {
          const now = await storage.get('count')
          if (!(await storage.compareAndSet('count', now, bytes(String(Number(text(now)) + 1))))) continue
          certain++
          return
        } catch (error) {
          // Neither done nor not done: what it says. It is not repeated here.
          if (isMillraceError(error) && error.code === 'STORAGE_UNKNOWN_OUTCOME') {
            unknown++
            return
          }
          if (!isMillraceError(error) || error.retry === 'never') throw error
        }
      }
    }
    for (let round = 0; round < 5; round++) await Promise.all([increment(), increment(), increment()])
    service.configure({})
    const count = Number(text(await storage.get('count')))
    expect(count).toBeGreaterThanOrEqual(certain)
    expect(count).toBeLessThanOrEqual(certain + unknown)
    expect(certain + unknown).toBe(15)
  })
})
