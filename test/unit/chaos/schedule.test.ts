import { describe, expect, it } from 'vitest'
import { describeKills, planKills } from '../../chaos/schedule.ts'

describe('the schedule of kills', () => {
  it('is the same for the same seed and another for another', () => {
    const options = { seed: 7, kills: 50, taskManagers: 3 }
    expect(planKills(options)).toEqual(planKills(options))
    expect(planKills(options)).not.toEqual(planKills({ ...options, seed: 8 }))
  })

  it('holds every kind of victim, each TaskManager among them, within its times', () => {
    const kills = planKills({ seed: 1, kills: 100, taskManagers: 3, afterMinMs: 10, afterMaxMs: 20 })
    const victims = new Set(kills.map(({ victim }) => ('index' in victim ? `tm${victim.index}` : victim.kind)))
    expect([...victims].sort()).toEqual(['jobmanager', 'slot', 'tm0', 'tm1', 'tm2'])
    expect(kills.every(({ afterMs }) => afterMs >= 10 && afterMs <= 20)).toBe(true)
  })

  it('draws only what the mix names', () => {
    const kills = planKills({ seed: 1, kills: 20, taskManagers: 2, mix: { slot: 1 } })
    expect(new Set(kills.map(({ victim }) => victim.kind))).toEqual(new Set(['slot']))
    expect(describeKills(kills.slice(0, 1))).toMatch(/^\d+:slot$/)
  })
})
