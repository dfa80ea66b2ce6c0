import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { LeaseKeeper, type LeasePort } from '../../../../jobmanager/ha/lease.ts'

const leaseMs = 3000

/** The lease as Redis keeps it, by a clock of its own. */
class Lease {
  readonly #clock: ManualClock
  #holder: string | undefined
  #untilMs = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  get holder(): string | undefined {
    if (this.#clock.monotonic() >= this.#untilMs) this.#holder = undefined
    return this.#holder
  }

  forget(): void {
    this.#holder = undefined
  }

  set(holder: string, ms: number): void {
    this.#holder = holder
    this.#untilMs = this.#clock.monotonic() + ms
  }
}

interface Process {
  readonly keeper: LeaseKeeper
  readonly events: string[]
  leads: boolean
  reachable: boolean
  /** Answers are held back, as by a slow network. */
  slow: boolean
  readonly held: (() => void)[]
}

function start(name: string, clock: ManualClock, lease: Lease, stillOurs = true): Process {
  const ask = async <T>(decide: () => T): Promise<T> => {
    if (!made.reachable) throw new Error('no connection')
    const answer = decide()
    if (made.slow) await new Promise<void>((resolve) => made.held.push(resolve))
    return answer
  }
  const port: LeasePort = {
    acquire: (ms) =>
      ask(() => {
        if (lease.holder !== undefined && lease.holder !== name) return false
        lease.set(name, ms)
        return true
      }),
    renew: (ms) =>
      ask(() => {
        const { holder } = lease
        if (holder === undefined) return 'missing'
        if (holder !== name) return 'taken'
        lease.set(name, ms)
        return 'held'
      }),
    release: () =>
      ask(() => {
        if (lease.holder === name) lease.forget()
      }),
  }
  const events: string[] = []
  const note = (event: string, leads: boolean): void => {
    events.push(event)
    made.leads = leads
  }
  const keeper = new LeaseKeeper({
    clock,
    port,
    leaseMs,
    events: {
      elected: () => note('elected', true),
      regained: () => events.push('regained'),
      deposed: () => note('deposed', false),
      unreachable: () => events.push('unreachable'),
      reachable: () => events.push('reachable'),
    },
    stillOurs: async () => stillOurs,
    eligible: async () => true,
  })
  const made: Process = { keeper, events, leads: false, reachable: true, slow: false, held: [] }
  keeper.start()
  return made
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

async function pass(clock: ManualClock, ms: number, stepMs = 50): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed))
    await settle()
  }
}

describe('a lease', () => {
  it('has one holder, who keeps it by renewing', async () => {
    const clock = new ManualClock()
    const lease = new Lease(clock)
    const first = start('first', clock, lease)
    await settle()
    const second = start('second', clock, lease)
    await pass(clock, 20_000)
    expect([first.leads, second.leads]).toEqual([true, false])
    expect(first.events).toEqual(['elected'])
  })

  it('is given up before it ends when it cannot be renewed, and another takes it', async () => {
    const clock = new ManualClock()
    const lease = new Lease(clock)
    const first = start('first', clock, lease)
    await settle()
    const second = start('second', clock, lease)
    first.reachable = false
    let gap = false
    for (let ms = 0; ms < leaseMs + 1000; ms += 50) {
      await pass(clock, 50)
      expect(first.leads && second.leads).toBe(false)
      // It stops while the lease is still its own.
      if (!first.leads && lease.holder === 'first') gap = true
    }
    expect(gap).toBe(true)
    expect(second.leads).toBe(true)
    expect(first.events).toEqual(['elected', 'unreachable', 'deposed'])
  })

  it('is known to be over at the first look after the process was stopped', async () => {
    const clock = new ManualClock()
    const lease = new Lease(clock)
    const first = start('first', clock, lease)
    await settle()
    expect(first.keeper.holds).toBe(true)
    first.reachable = false
    const before = first.events.length
    // No timer has fired yet: the clock alone says it.
    const stopped = new ManualClock(0)
    expect(stopped.pending).toBe(0)
    clock.advance(leaseMs)
    expect(first.keeper.holds).toBe(false)
    expect(first.events.slice(before)).toEqual(['deposed'])
  })

  it('counts from the question, not from the answer', async () => {
    const clock = new ManualClock()
    const lease = new Lease(clock)
    const first = start('first', clock, lease)
    first.slow = true
    await settle()
    await pass(clock, leaseMs)
    for (const answer of first.held.splice(0)) answer()
    await settle()
    // What it was granted so long ago has passed.
    expect(first.leads).toBe(false)
  })

  it('that was lost with everything is taken again, unless another has led since', async () => {
    for (const stillOurs of [true, false]) {
      const clock = new ManualClock()
      const lease = new Lease(clock)
      const first = start('first', clock, lease, stillOurs)
      await settle()
      lease.forget()
      await pass(clock, 1000)
      expect(first.events.slice(0, 2)).toEqual(['elected', stillOurs ? 'regained' : 'deposed'])
    }
  })

  it('never has two holders at once, whatever becomes of connections', async () => {
    const step = fc.record({
      ms: fc.integer({ min: 10, max: 4000 }),
      who: fc.nat({ max: 2 }),
      what: fc.constantFrom('cut', 'mend', 'slow', 'quick', 'step down', 'nothing'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const clock = new ManualClock()
        const lease = new Lease(clock)
        const all = ['a', 'b', 'c'].map((name) => start(name, clock, lease))
        for (const { ms, who, what } of steps) {
          const one = all[who] as Process
          if (what === 'cut') one.reachable = false
          if (what === 'mend') one.reachable = true
          if (what === 'slow') one.slow = true
          if (what === 'quick') {
            one.slow = false
            for (const answer of one.held.splice(0)) answer()
          }
          if (what === 'step down') one.keeper.stepDown('asked to')
          for (let passed = 0; passed < ms; passed += 50) {
            await pass(clock, 50)
            expect(all.filter(({ leads }) => leads).length).toBeLessThanOrEqual(1)
            for (const { keeper, leads } of all) if (leads) expect(keeper.holds).toBe(true)
          }
        }
        // With every connection mended somebody leads before long.
        for (const each of all) {
          each.reachable = true
          each.slow = false
          for (const answer of each.held.splice(0)) answer()
        }
        await pass(clock, 2 * leaseMs)
        expect(all.filter(({ leads }) => leads).length).toBe(1)
      }),
      { numRuns: 60 },
    )
  })
})
