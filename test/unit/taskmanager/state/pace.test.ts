/** Long work takes what nobody else wants of a thread, and a third of it otherwise. */
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../../../core/platform/clock.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { paced } from '../../../../taskmanager/state/pace.ts'

/** A thread on which others take so many ms of each turn. */
function threadWith(othersMs: number): {
  clock: Clock
  work: (ms: number) => void
  shares: { work: number; others: number }
} {
  const time = new ManualClock()
  const shares = { work: 0, others: 0 }
  const clock: Clock = Object.create(time, {
    now: { value: () => time.now() },
    monotonic: { value: () => time.monotonic() },
    setImmediate: {
      value: (task: () => void) =>
        setImmediate(() => {
          time.advance(othersMs)
          shares.others += othersMs
          task()
        }),
    },
  })
  const work = (ms: number): void => {
    time.advance(ms)
    shares.work += ms
  }
  return { clock, work, shares }
}

describe('paced work', () => {
  test.each([0.2, 1, 5])('leaves two thirds of the thread to others whose turns take %s ms', async (othersMs) => {
    const { clock, work, shares } = threadWith(othersMs)
    function* steps(): Generator<void> {
      for (let i = 0; i < 300; i++) {
        work(0.5)
        yield
      }
    }
    await paced(clock, () => undefined)(steps())
    expect(shares.work).toBe(150)
    const share = shares.work / (shares.work + shares.others)
    expect(share).toBeLessThan(0.34)
    expect(share).toBeGreaterThan(othersMs === 5 ? 0.2 : 0.25)
  })

  test('waits for nobody when there is nothing else to do', async () => {
    const { clock, work, shares } = threadWith(0.01)
    function* steps(): Generator<void> {
      for (let i = 0; i < 300; i++) {
        work(0.5)
        yield
      }
    }
    await paced(clock, () => undefined)(steps())
    expect(shares.others).toBeLessThan(1)
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
    await expect(paced(clock, check)(steps())).rejects.toThrow('given up')
    // A turn for each step that waited, and two ms of others for each ms of work.
    expect(shares.others).toBeLessThan(100 + 2 * shares.work + 10)
  })
})
