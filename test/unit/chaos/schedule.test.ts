import { describe, expect, it } from 'vitest'
import { usualConfiguration } from '../../chaos/environment.ts'
import { faultKinds } from '../../chaos/faults/index.ts'
import { allPossible, describeFaults, killMix, planFaults } from '../../chaos/schedule.ts'

const mix = allPossible(usualConfiguration)

describe('the schedule of faults', () => {
  it('is the same for the same seed and another for another', () => {
    const options = { seed: 7, faults: 50, mix }
    expect(planFaults(options)).toEqual(planFaults(options))
    expect(planFaults(options)).not.toEqual(planFaults({ ...options, seed: 8 }))
  })

  it('holds every kind of the mix by its share before one comes more often, within its times', () => {
    const times = { afterMinMs: 10, afterMaxMs: 20, holdMinMs: 30, holdMaxMs: 40 }
    const faults = planFaults({ seed: 1, faults: 20, mix: killMix, ...times })
    for (const part of [faults.slice(0, 10), faults.slice(10)])
      expect(
        part
          .map(({ kind }) => kind)
          .sort()
          .join(' '),
      ).toMatch(/^(leader ){2}(slot ){3}(taskmanager ?){5}$/)
    expect(faults.every(({ afterMs, holdMs }) => afterMs >= 10 && afterMs <= 20 && holdMs >= 30 && holdMs <= 40)).toBe(
      true,
    )
  })

  it('draws only what the mix names, and says what it drew', () => {
    const faults = planFaults({ seed: 1, faults: 20, mix: { slot: 1 } })
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['slot']))
    expect(describeFaults(faults.slice(0, 1))).toMatch(/^\d+:slot\/\d+\/\d+$/)
    expect(() => planFaults({ seed: 1, faults: 1, mix: {} })).toThrow(/no kind of fault/)
  })

  it('hurts only what a configuration has', () => {
    expect(Object.keys(mix)).not.toContain('broker')
    const large = allPossible({ ...usualConfiguration, io: 'kafka', storage: 's3', jobManagers: 2 })
    expect(faultKinds.filter((kind) => !(kind in large))).toEqual(['storage-fails', 'storage-slow'])
  })
})
