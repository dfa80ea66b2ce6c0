import { describe, expect, it } from 'vitest'
import { BoundedQueue, backoffMs, inBackground, Mutex, sleep, withTimeout } from '../../../../core/async/index.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { seededRandom } from '../../../../core/platform/random.ts'

describe('waiting', () => {
  it('gives the value when it comes in time, and a coded error when it does not', async () => {
    const clock = new ManualClock()
    await expect(withTimeout(clock, Promise.resolve(5), 100, 'the answer')).resolves.toBe(5)
    let expired = 0
    const late = withTimeout(clock, new Promise(() => {}), 100, 'the answer', () => expired++)
    clock.advance(100)
    await expect(late).rejects.toMatchObject({ code: 'ASYNC_TIMEOUT', message: 'the answer took longer than 100 ms' })
    expect([expired, clock.pending]).toEqual([1, 0])
  })

  it('sleeps until the clock says so, or until it is given up', async () => {
    const clock = new ManualClock()
    const slept = sleep(clock, 10)
    clock.advance(10)
    await slept
    const controller = new AbortController()
    const aborted = sleep(clock, 10, controller.signal)
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'ASYNC_ABORTED' })
    expect(clock.pending).toBe(0)
  })

  it('hears of failures in the background, those thrown at once too', async () => {
    const heard: unknown[] = []
    inBackground(Promise.reject(new Error('a')), (error) => heard.push(error))
    inBackground(
      () => {
        throw new Error('b')
      },
      (error) => heard.push(error),
    )
    await Promise.resolve()
    await Promise.resolve()
    expect(heard.map((error) => (error as Error).message)).toEqual(['a', 'b'])
  })

  it('doubles the pause up to its bound, with jitter around it', () => {
    const policy = { initialMs: 100, maxMs: 1000, factor: 2, jitter: 0 }
    expect([1, 2, 3, 4, 5, 50].map((attempt) => backoffMs(policy, attempt, seededRandom(1)))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ])
    const pause = backoffMs({ ...policy, jitter: 0.5 }, 1, seededRandom(1))
    expect(pause).toBeGreaterThanOrEqual(50)
    expect(pause).toBeLessThanOrEqual(150)
  })
})

describe('the bounded queue', () => {
  it('holds back its producer while it is full', async () => {
    const queue = new BoundedQueue<number>(2)
    const pushed: number[] = []
    const produce = async () => {
      for (let i = 0; i < 5; i++) {
        await queue.push(i)
        pushed.push(i)
      }
      queue.close()
    }
    const producing = produce()
    await Promise.resolve()
    expect(queue.size).toBeLessThanOrEqual(2)
    const taken: number[] = []
    for await (const item of queue) {
      taken.push(item)
      expect(queue.size).toBeLessThanOrEqual(2)
    }
    await producing
    expect(taken).toEqual([0, 1, 2, 3, 4])
  })

  it('gives what is queued before the failure it was closed with', async () => {
    const queue = new BoundedQueue<string>(4)
    queue.offer('a')
    queue.close(new Error('gone'))
    expect(queue.offer('b')).toBe(false)
    expect(await queue.take()).toBe('a')
    await expect(queue.take()).rejects.toThrow('gone')
    await expect(queue.push('c')).rejects.toMatchObject({ code: 'ASYNC_CLOSED' })
  })

  it('frees a waiting producer when its reader leaves', async () => {
    const queue = new BoundedQueue<number>(1)
    await queue.push(1)
    const waiting = queue.push(2)
    for await (const _ of queue) break
    await expect(waiting.then(() => queue.push(3))).rejects.toMatchObject({ code: 'ASYNC_CLOSED' })
  })
})

describe('the mutex', () => {
  it('runs one after the other, in order, past failures', async () => {
    const mutex = new Mutex()
    const order: string[] = []
    const step = (name: string, fails = false) =>
      mutex.run(async () => {
        order.push(`${name} begins`)
        await Promise.resolve()
        order.push(`${name} ends`)
        if (fails) throw new Error(name)
      })
    const all = await Promise.allSettled([step('a'), step('b', true), step('c')])
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    expect(all.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})
