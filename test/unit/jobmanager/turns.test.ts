/** Who is offered slots, when jobs follow the slots of the cluster and others do not. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Candidate, turnsOf } from '../../../jobmanager/cluster/turns.ts'

const candidate = fc.record({
  name: fc.string(),
  terminal: fc.boolean(),
  reactive: fc.boolean(),
  begun: fc.boolean(),
})

it('lets nobody begin beside a job that follows the slots, and always somebody', () => {
  fc.assert(
    fc.property(fc.array(candidate), (jobs) => {
      const turns = turnsOf(jobs)
      const going = turns.filter(({ behind }) => behind === undefined).map((turn) => turn.candidate)
      const fresh = going.filter(({ begun }) => !begun)
      if (fresh.length > 0 && going.length > 1) expect(going.filter(({ reactive }) => reactive)).toEqual([])
      expect(going.length > 0).toBe(jobs.some(({ terminal }) => !terminal))
      // Those that have had slots are never held back.
      expect(turns.filter((turn) => turn.candidate.begun && turn.behind !== undefined)).toEqual([])
    }),
  )
})

it('holds nobody back where no job follows the slots, and puts those first that have run', () => {
  const job = (name: string, begun: boolean): Candidate => ({ name, begun, terminal: false, reactive: false })
  const turns = turnsOf([job('old', false), job('older', true), { ...job('ended', true), terminal: true }])
  expect(turns.map((turn) => [turn.candidate.name, turn.behind])).toEqual([
    ['older', undefined],
    ['old', undefined],
  ])
})

it('says for whom a job waits', () => {
  const job = (name: string, reactive: boolean, begun = false): Candidate => ({
    name,
    begun,
    terminal: false,
    reactive,
  })
  const behind = (...jobs: readonly Candidate[]): string | undefined => turnsOf(jobs).at(-1)?.behind
  expect(behind(job('follows', true, true), job('plain', false))).toMatch(/job follows takes all that there are/)
  expect(behind(job('plain', false, true), job('follows', true))).toMatch(/for itself .* when job plain has ended/)
})
