/** Regions: which slots fail together, and that a region which begins again never mixes two attempts. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignSlots, type FreeSlot, type Placement, slotsNeeded } from '../../../jobmanager/cluster/assign.ts'
import { decide } from '../../../jobmanager/job/decide.ts'
import { regionOf } from '../../../jobmanager/job/regions.ts'
import { noFailures, type RestartStrategy } from '../../../jobmanager/job/restart.ts'
import { isTerminal, type JobEvent, type JobFacts, type JobState, slotKey } from '../../../jobmanager/job/state.ts'
import type { JobPlan, Partitioner } from '../../../proto/jobgraph/plan.ts'
import { consumersOf } from '../../../proto/jobgraph/topology.ts'
import { testPlan } from '../../support/plan.ts'

const slotsOf = (count: number): FreeSlot[] =>
  Array.from({ length: count }, (_, slot) => ({ taskManagerId: 'tm', slot, host: 'h', port: 1 }))

function placed(plan: JobPlan): Placement {
  const found = assignSlots(plan, slotsOf(slotsNeeded(plan)), new Map())
  if (found.kind !== 'assigned') throw new Error('there are enough')
  return found.placement
}

function planOf(parallelisms: readonly number[], edges: readonly (readonly [number, number, Partitioner])[]): JobPlan {
  const base = testPlan('p', 1)
  return {
    ...base,
    vertices: parallelisms.map(
      (parallelism, id) => ({ ...base.vertices[0], id, parallelism }) as JobPlan['vertices'][0],
    ),
    edges: edges.map(([from, to, partitioner], id) => ({
      id,
      from: { vertex: from, operator: 0, output: '' },
      to: { vertex: to },
      partitioner,
    })),
  }
}

const indexes = (region: readonly { readonly slot: number }[]): number[] => region.map(({ slot }) => slot)

describe('a region', () => {
  test('is one slot when records never leave it, and the whole job behind an edge by key', () => {
    const one = new Set([slotKey('tm', 1)])
    const forward = planOf([3, 3], [[0, 1, 'forward']])
    expect(indexes(regionOf(forward, placed(forward), one))).toEqual([1])
    const hash = planOf([3, 3], [[0, 1, 'hash']])
    expect(indexes(regionOf(hash, placed(hash), one))).toEqual([0, 1, 2])
    const groups = planOf([4, 2], [[0, 1, 'rescale']])
    expect(indexes(regionOf(groups, placed(groups), one))).toEqual([0, 1])
  })

  test('is what a search over all channels finds', () => {
    const partitioner = fc.constantFrom<Partitioner>('forward', 'rescale', 'hash', 'broadcast', 'rebalance')
    const arbitrary = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }).chain((sizes) => {
      const pairs = sizes.flatMap((_, to) => Array.from({ length: to }, (_none, from) => [from, to] as const))
      return fc.tuple(
        fc.constant(sizes),
        fc
          .subarray(pairs)
          .chain((some) => fc.tuple(...some.map(([a, b]) => partitioner.map((p) => [a, b, p] as const)))),
        fc.nat(),
      )
    })
    fc.assert(
      fc.property(arbitrary, ([sizes, edges, pick]) => {
        // Forward between unequal sides is never in a plan.
        const legal = edges.map(
          ([a, b, p]) => [a, b, p === 'forward' && sizes[a] !== sizes[b] ? 'rebalance' : p] as const,
        )
        const plan = planOf(sizes, legal)
        const placement = placed(plan)
        const start = pick % placement.slots.length
        const seen = new Set([start])
        const slotOf = (vertex: number, subtask: number): number =>
          placement.slots.findIndex(({ subtasks }) =>
            subtasks.some((at) => at.vertex === vertex && at.subtask === subtask),
          )
        for (let before = 0; before !== seen.size; ) {
          before = seen.size
          for (const [from, to, p] of legal) {
            for (let i = 0; i < (sizes[from] ?? 0); i++) {
              for (const j of consumersOf(p, i, sizes[from] ?? 0, sizes[to] ?? 0)) {
                const [a, b] = [slotOf(from, i), slotOf(to, j)]
                if (seen.has(a) || seen.has(b)) seen.add(a).add(b)
              }
            }
          }
        }
        const found = regionOf(plan, placement, new Set([slotKey('tm', start)]))
        expect(new Set(indexes(found))).toEqual(seen)
      }),
    )
  })
})

describe('a job of several regions', () => {
  const plan = planOf([3, 3], [[0, 1, 'forward']])
  const strategy: RestartStrategy = { kind: 'fixed-delay', attempts: 1000, delayMs: 10 }
  const cause = { code: 'X', message: 'x' }
  const keys = [0, 1, 2].flatMap((i) => [`0/${i}`, `1/${i}`])
  const facts: JobFacts = { plan, running: plan, regional: true, subtasks: 6, strategy, history: noFailures, nowMs: 0 }
  const fresh: readonly JobEvent[] = [
    { kind: 'submitted' },
    { kind: 'slots', free: slotsOf(3), inUse: new Map(), total: 5 },
    ...keys.map((subtask): JobEvent => ({ kind: 'subtask', subtask, state: 'running' })),
  ]
  const play = (events: readonly JobEvent[], from: JobState = { kind: 'created' }): JobState =>
    events.reduce((state, each) => decide(state, each, facts).state, from)

  const event: fc.Arbitrary<JobEvent> = fc.oneof(
    fc.constantFrom<JobEvent>({ kind: 'delay-over' }, { kind: 'failure', cause, fatal: false }),
    fc.integer({ min: 0, max: 4 }).map((slot): JobEvent => ({ kind: 'released', slot: slotKey('tm', slot) })),
    fc
      .subarray([0, 1, 2, 3, 4])
      .map((lost): JobEvent => ({ kind: 'slots-lost', slots: lost.map((slot) => slotKey('tm', slot)), cause })),
    fc.subarray(slotsOf(5)).map((free): JobEvent => ({ kind: 'slots', free, inUse: new Map(), total: 5 })),
    fc
      .tuple(fc.constantFrom(...keys), fc.constantFrom('initializing', 'running', 'running', 'failed', 'canceled'))
      .map(([subtask, state]): JobEvent => ({ kind: 'subtask', subtask, state })),
  )

  test('keeps the others running while one begins again', () => {
    const failed = play([...fresh, { kind: 'subtask', subtask: '0/1', state: 'failed', cause }])
    expect(failed).toMatchObject({ kind: 'running', detail: '1 of 3 slots begin again in 10 ms: x' })
    const waiting = play([{ kind: 'released', slot: 'tm/1' }, { kind: 'delay-over' }], failed)
    const [fourth] = slotsOf(4).slice(3)
    const next = decide(waiting, { kind: 'slots', free: [fourth as FreeSlot], inUse: new Map(), total: 5 }, facts)
    expect(next.actions).toMatchObject([{ kind: 'deploy-region', placement: { slots: [{ slot: 3 }] } }])
    const again = play(
      ['0/1', '1/1'].map((subtask): JobEvent => ({ kind: 'subtask', subtask, state: 'running' })),
      next.state,
    )
    expect(again).toMatchObject({ kind: 'running', detail: '', repair: undefined })
  })

  describe('of which one fails while another begins again', () => {
    const failedAt = (subtask: string): JobEvent => ({ kind: 'subtask', subtask, state: 'failed', cause })
    const released = (slot: number): JobEvent => ({ kind: 'released', slot: slotKey('tm', slot) })
    const offer: JobEvent = { kind: 'slots', free: slotsOf(5).slice(1), inUse: new Map(), total: 5 }
    const stages: Record<string, readonly JobEvent[]> = {
      'is cleared': [failedAt('0/1')],
      'waits for a slot': [failedAt('0/1'), released(1), { kind: 'delay-over' }],
      'is put in place': [
        failedAt('0/1'),
        released(1),
        { kind: 'delay-over' },
        { ...offer, free: slotsOf(4).slice(3) },
      ],
    }
    test.each(Object.entries(stages))('restarts both, and no other (the first %s)', (stage, events) => {
      const place = stage === 'is put in place' ? 3 : 1
      const cleared = stage === 'waits for a slot' ? [] : [place]
      const both = decide(play([...fresh, ...events]), failedAt('1/2'), facts)
      expect(both.state).toMatchObject({ kind: 'running', detail: '2 of 3 slots begin again in 10 ms: x' })
      const [recorded, cancel] = both.actions
      expect(recorded).toMatchObject({ kind: 'record-failure', cause })
      // Those that have not been told yet.
      const told = stage === 'is put in place' ? [3, 2] : [2]
      expect(cancel?.kind === 'cancel-region' && cancel.region.map(({ slot }) => slot)).toEqual(told)
      const early = play([{ kind: 'delay-over' }, ...cleared.map(released)], both.state)
      expect(decide(early, offer, facts).actions).toEqual([])
      const next = decide(play([released(2)], early), offer, facts)
      expect(next.actions).toMatchObject([{ kind: 'deploy-region', placement: { slots: [{}, {}] } }])
      const subtasks = ['0/1', '1/1', '0/2', '1/2']
      const runs = subtasks.map((subtask): JobEvent => ({ kind: 'subtask', subtask, state: 'running' }))
      expect(play(runs, next.state)).toMatchObject({ kind: 'running', detail: '', repair: undefined })
    })

    test('that fails itself while it is put in place begins again alone', () => {
      const again = play([...fresh, ...(stages['is put in place'] ?? []), failedAt('1/1')])
      expect(again).toMatchObject({ kind: 'running', detail: '1 of 3 slots begin again in 10 ms: x' })
    })

    test('ends with the job where the strategy gives up', () => {
      const once: JobFacts = { ...facts, strategy: { ...strategy, attempts: 1 }, history: { failuresMs: [0] } }
      const { state } = decide(play([...fresh, ...(stages['is cleared'] ?? [])]), failedAt('0/0'), once)
      expect(state).toMatchObject({ kind: 'failing', unreleased: new Set(['tm/0', 'tm/1', 'tm/2']) })
    })
  })

  test('never puts anything into slots that still hold something of the job', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = play(fresh)
        for (const each of events) {
          // Nobody is offered what is not free.
          const held = 'unreleased' in state ? new Set(state.unreleased) : new Set<string>()
          if (state.kind === 'running') for (const key of state.repair?.unreleased ?? []) held.add(key)
          if (each.kind === 'slots' && each.free.some((slot) => held.has(slotKey(slot.taskManagerId, slot.slot))))
            continue
          const next = decide(state, each, facts)
          for (const action of next.actions) {
            if (action.kind !== 'deploy-region' || state.kind !== 'running') continue
            expect(state.repair?.unreleased.size).toBe(0)
            expect(state.repair?.delayOver).toBe(true)
            const whole = action.whole.slots.flatMap(({ subtasks }) =>
              subtasks.map((at) => `${at.vertex}/${at.subtask}`),
            )
            expect(whole.toSorted()).toEqual(keys.toSorted())
            expect(new Set(action.whole.slots.map(({ slot }) => slot)).size).toBe(3)
          }
          state = next.state
        }
      }),
    )
  })

  test('does not put a region into the slot of another one that has finished', () => {
    const ended = play([
      ...fresh,
      { kind: 'subtask', subtask: '0/2', state: 'finished' },
      { kind: 'subtask', subtask: '1/2', state: 'finished' },
      { kind: 'released', slot: slotKey('tm', 2) },
      { kind: 'slots-lost', slots: [slotKey('tm', 1)], cause },
      { kind: 'delay-over' },
    ])
    const offered = (slots: readonly number[]) => {
      const free = slotsOf(5).filter(({ slot }) => slots.includes(slot))
      return decide(ended, { kind: 'slots', free, inUse: new Map(), total: 5 }, facts)
    }
    expect(offered([2]).actions).toEqual([])
    const [deploy] = offered([2, 4]).actions
    expect(deploy).toMatchObject({ kind: 'deploy-region', placement: { slots: [{ slot: 4 }] } })
  })

  test('can be cancelled at every moment, and ends when all its slots are free', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state = play(events, play(fresh))
        if (isTerminal(state.kind)) return
        state = play(
          [{ kind: 'cancel' }, { kind: 'slots-lost', slots: [0, 1, 2, 3, 4].map((s) => `tm/${s}`), cause }],
          state,
        )
        expect(isTerminal(state.kind)).toBe(true)
      }),
    )
  })
})
