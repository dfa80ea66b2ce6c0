/** Long work takes what nobody else wants of a thread, and its share of one that others want too. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../../../core/platform/clock.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { aThird, Pace, patient } from '../../../../taskmanager/state/snapshot/pace.ts'

const never = (): void => undefined

/** A thread on which others take so many ms of each turn. */
function threadWith(othersMs: number): {
  clock: Clock
  work: (ms: number) => void
  steps: (count: number, stepMs: number) => Generator<void>
  shares: { work: number; others: number }
} {
  const time = new ManualClock()
  const shares = { work: 0, others: 0 }
  const waiting: (() => void)[] = []
  const clock: Clock = Object.create(time, {
    now: { value: () => time.now() },
    monotonic: { value: () => time.monotonic() },
    setImmediate: {
      value: (task: () => void) => {
        if (waiting.push(task) > 1) return
        setImmediate(() => {
          time.advance(othersMs)
          shares.others += othersMs
          for (const each of waiting.splice(0)) each()
        })
      },
    },
  })
  const work = (ms: number): void => {
    time.advance(ms)
    shares.work += ms
  }
  function* steps(count: number, stepMs: number): Generator<void> {
    for (let i = 0; i < count; i++) {
      work(stepMs)
      yield
    }
  }
  return { clock, work, steps, shares }
}

/** How long so many ms of work take beside others who always have something to do. */
async function durationMs(workMs: number, patienceMs: number): Promise<number> {
  const { clock, steps } = threadWith(0.5)
  await new Pace(clock, never, patient(patienceMs)).run(steps(workMs, 1))
  return clock.monotonic()
}

describe('paced work', () => {
  test.each([0.2, 1, 5])('leaves two thirds of the thread to others whose turns take %s ms', async (othersMs) => {
    const { clock, steps, shares } = threadWith(othersMs)
    await new Pace(clock, never, aThird).run(steps(300, 0.5))
    expect(shares.work).toBe(150)
    const share = shares.work / (shares.work + shares.others)
    expect(share).toBeLessThan(0.34)
    expect(share).toBeGreaterThan(othersMs === 5 ? 0.2 : 0.25)
  })

  test('waits for nobody when there is nothing else to do', async () => {
    const { clock, steps, shares } = threadWith(0.01)
    await new Pace(clock, never, patient()).run(steps(3000, 0.5))
    expect(shares.others).toBeLessThan(20)
  })

  test('does not count what it waits for as its own, and stops when it is to be given up', async () => {
    const { clock, work, shares } = threadWith(1)
    let given = 0
    function* steps(): Generator<void | Promise<void>> {
      for (;;) {
        work(0.1)
        yield new Promise<void>((resolve) => clock.setImmediate(resolve))
        given++
      }
    }
    const check = (): void => {
      if (given === 100) throw new Error('given up')
    }
    await expect(new Pace(clock, check, aThird).run(steps())).rejects.toThrow('given up')
    // A turn for each step that waited, and two ms of others for each ms of work.
    expect(shares.others).toBeLessThan(100 + 2 * shares.work + 10)
  })

  test('has one share of a thread, however much of it there is', async () => {
    const { clock, steps, shares } = threadWith(0.2)
    await Promise.all([1, 2, 3, 4].map(() => new Pace(clock, never, aThird).run(steps(100, 0.5))))
    expect(shares.work).toBe(200)
    expect(shares.work / (shares.work + shares.others)).toBeLessThan(0.36)
  })
})

describe('a patient share', () => {
  test('is a third for what is small', async () => {
    expect(await durationMs(10, 30_000)).toBeLessThan(35)
  })

  test('is a sixteenth while the work is young', async () => {
    const took = await durationMs(100, 30_000)
    expect(took).toBeGreaterThan(30 + 88 * 16)
    expect(took).toBeLessThan(30 + 92 * 16)
  })

  test('is larger the older the work is, and half in the end', async () => {
    const ages = [0.05, 1, 3, 10, 20, 40, 400].map((seconds) => patient(30_000)(1000, seconds * 1000))
    expect(ages).toEqual([15, 15, 10, 3, 1.5, 1, 1])
  })

  test('ends within its patience what could end in a seventh of it alone, and what is longer at half of the speed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 100, max: 30_000 }),
        async (workMs, patienceMs) => {
          const took = await durationMs(workMs, patienceMs)
          expect(took).toBeGreaterThanOrEqual(2 * workMs - 5)
          expect(took).toBeLessThan(Math.max(patienceMs, 100) + 2 * Math.max(0, workMs - patienceMs / 7) + 100)
        },
      ),
      { numRuns: 20 },
    )
  })
})
