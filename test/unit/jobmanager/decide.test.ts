import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignSlots, type FreeSlot, slotsNeeded } from '../../../jobmanager/cluster/assign.ts'
import { decide } from '../../../jobmanager/job/decide.ts'
import { decideRestart, noFailures, type RestartStrategy } from '../../../jobmanager/job/restart.ts'
import {
  isTerminal,
  type JobAction,
  type JobEvent,
  type JobFacts,
  type JobState,
  slotKey,
  type Transitions,
} from '../../../jobmanager/job/state.ts'
import type { FailureCause } from '../../../proto/generated/shapes.ts'
import { testPlan } from '../../support/plan.ts'

const legal: { readonly [K in keyof Transitions]: readonly string[] } = {
  created: ['waiting-for-resources', 'canceling'],
  'waiting-for-resources': ['deploying', 'canceling'],
  deploying: ['running', 'finished', 'restarting', 'failing', 'canceling'],
  running: ['stopping', 'redeploying', 'finished', 'restarting', 'failing', 'canceling'],
  stopping: ['finished', 'restarting', 'failing', 'canceling'],
  redeploying: ['restarting', 'waiting-for-resources', 'failing', 'canceling'],
  restarting: ['waiting-for-resources', 'canceling'],
  canceling: ['canceled'],
  failing: ['failed', 'canceling'],
  finished: [],
  canceled: [],
  failed: [],
}

const plan = testPlan('p', 2)
const strategy: RestartStrategy = { kind: 'fixed-delay', attempts: 2, delayMs: 10 }
const cause = { code: 'X', message: 'x' }
const slots: FreeSlot[] = [0, 1].map((slot) => ({ taskManagerId: 'tm', slot, host: 'h', port: 1 }))

const event: fc.Arbitrary<JobEvent> = fc.oneof(
  fc.constantFrom<JobEvent>(
    { kind: 'submitted' },
    { kind: 'stop' },
    { kind: 'delay-over' },
    { kind: 'redeploy', detail: 'a TaskManager leaves' },
    { kind: 'failure', cause, fatal: false },
    { kind: 'slots', free: slots, inUse: new Map(), total: 2 },
    { kind: 'slots', free: slots.slice(1), inUse: new Map([['tm', 1]]), total: 2 },
    { kind: 'slots-lost', slots: ['tm/0', 'tm/1'], cause },
    { kind: 'slots-lost', slots: [], cause },
  ),
  fc.constantFrom(0, 1).map((slot): JobEvent => ({ kind: 'released', slot: slotKey('tm', slot) })),
  fc
    .tuple(
      fc.constantFrom('0/0', '0/1', '1/0', '1/1'),
      fc.constantFrom('initializing', 'running', 'running', 'finished', 'failed'),
    )
    .map(([subtask, state]): JobEvent => ({ kind: 'subtask', subtask, state })),
)

function facts(history = noFailures): JobFacts {
  return { plan, subtasks: 4, strategy, history, nowMs: 0 }
}

describe('the life of a job', () => {
  test('takes legal edges only, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state: JobState = { kind: 'created' }
        let history = noFailures
        for (const each of events) {
          const next = decide(state, each, facts(history))
          if (next.state.kind !== state.kind) expect(legal[state.kind]).toContain(next.state.kind)
          for (const action of next.actions) if (action.kind === 'record-failure') history = action.history
          state = next.state
        }
      }),
    )
  })

  test('never asks for slots while something of the last attempt is left', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state: JobState = { kind: 'created' }
        for (const each of events) {
          const next = decide(state, each, facts())
          if (state.kind === 'restarting' && next.state.kind === 'waiting-for-resources') {
            const gone = each.kind === 'released' ? [each.slot] : each.kind === 'slots-lost' ? each.slots : []
            expect([...state.unreleased].filter((slot) => !gone.includes(slot))).toEqual([])
          }
          state = next.state
        }
      }),
    )
  })

  test('can be cancelled from everywhere, and then ends when its slots are released', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state: JobState = { kind: 'created' }
        for (const each of events) state = decide(state, each, facts()).state
        if (isTerminal(state.kind)) return
        state = decide(state, { kind: 'cancel' }, facts()).state
        state = decide(state, { kind: 'slots-lost', slots: ['tm/0', 'tm/1'], cause }, facts()).state
        expect(isTerminal(state.kind)).toBe(true)
      }),
    )
  })
})

describe('tasks that are to begin again', () => {
  const keys = ['0/0', '0/1', '1/0', '1/1']
  const all = (state: string): JobEvent[] => keys.map((subtask) => ({ kind: 'subtask', subtask, state }))
  const fresh: readonly JobEvent[] = [
    { kind: 'submitted' },
    { kind: 'slots', free: slots, inUse: new Map(), total: 2 },
    ...all('running'),
  ]
  const play = (events: readonly JobEvent[], more: Partial<JobFacts> = {}) => {
    let state: JobState = { kind: 'created' }
    const actions: JobAction[] = []
    for (const each of events) {
      const next = decide(state, each, { ...facts(), ...more })
      state = next.state
      actions.push(...next.actions)
    }
    return {
      state,
      actions: actions.map(({ kind }) => kind),
      deploys: actions.filter((each) => each.kind === 'deploy'),
    }
  }
  const redeploy: JobEvent = { kind: 'redeploy', detail: 'why' }
  const released = [0, 1].map((slot): JobEvent => ({ kind: 'released', slot: slotKey('tm', slot) }))

  test('end, leave their slots, and ask for slots at once, without a failure or a pause', () => {
    const { state, actions } = play([...fresh, redeploy, ...all('finished'), ...released])
    expect(state.kind).toBe('waiting-for-resources')
    expect(actions.slice(-2)).toEqual(['redeployed', 'request-slots'])
    expect(actions).not.toContain('record-failure')
    expect(actions).not.toContain('end')
  })

  test('wait until the last slot of the old attempt is free', () => {
    const { state } = play([...fresh, redeploy, ...all('finished'), ...released.slice(1)])
    expect(state).toMatchObject({ kind: 'restarting', delayOver: true, detail: 'why' })
  })

  test('restart as after any failure when one happens before', () => {
    const { state, actions } = play([...fresh, redeploy, { kind: 'failure', cause, fatal: false }])
    expect(state).toMatchObject({ kind: 'restarting', delayOver: false })
    expect(actions).toContain('record-failure')
    expect(actions).not.toContain('redeployed')
  })

  test('take the parallelism that they had when there are too few slots for the new one, and otherwise wait', () => {
    const large = { ...plan, vertices: plan.vertices.map((vertex) => ({ ...vertex, parallelism: 3 })) }
    const without = play(fresh.slice(0, 2), { plan: large })
    expect(without.state).toMatchObject({ kind: 'waiting-for-resources' })
    const { deploys } = play(fresh.slice(0, 2), { plan: large, fallback: plan })
    expect(deploys).toMatchObject([{ plan: { vertices: [{ parallelism: 2 }, { parallelism: 2 }] } }])
  })

  test('that follow the slots take all there are, up to their limits', () => {
    const many = Array.from({ length: 6 }, (_, slot) => ({ taskManagerId: 'tm', slot, host: 'h', port: 1 }))
    const own = {
      ...plan,
      vertices: plan.vertices.map((vertex) => (vertex.id === 1 ? { ...vertex, fixed: true as const } : vertex)),
    }
    const sizes = (free: number, reactiveMax: number): number[] => {
      const found = play(
        [{ kind: 'submitted' }, { kind: 'slots', free: many.slice(0, free), inUse: new Map(), total: 6 }],
        {
          plan: own,
          reactiveMax,
        },
      )
      return found.deploys.flatMap((each) =>
        each.kind === 'deploy' ? each.plan.vertices.map((v) => v.parallelism) : [],
      )
    }
    expect(sizes(6, 100)).toEqual([6, 2])
    expect(sizes(6, 4)).toEqual([4, 2])
    expect(sizes(1, 100)).toEqual([1, 1])
    expect(sizes(0, 100)).toEqual([])
  })
})

describe('a job that may leave something open outside', () => {
  const keys = ['0/0', '0/1', '1/0', '1/1']
  const all = (state: string): JobEvent[] => keys.map((subtask) => ({ kind: 'subtask', subtask, state }))
  const free: JobEvent = { kind: 'slots', free: slots, inUse: new Map(), total: 2 }
  const running: readonly JobEvent[] = [{ kind: 'submitted' }, free, ...all('running')]
  const released = [0, 1].map((slot): JobEvent => ({ kind: 'released', slot: slotKey('tm', slot) }))
  const failure: JobEvent = { kind: 'failure', cause, fatal: false }
  const cancel: JobEvent = { kind: 'cancel' }
  const lost: JobEvent = { kind: 'slots-lost', slots: ['tm/0'], cause }

  function play(events: readonly JobEvent[], more: Partial<JobFacts> = {}): { state: JobState; actions: JobAction[] } {
    let state: JobState = { kind: 'created' }
    const actions: JobAction[] = []
    for (const each of events) {
      const next = decide(state, each, { ...facts(), leavesOpen: true, newestKnown: true, ...more })
      state = next.state
      actions.push(...next.actions)
    }
    return { state, actions }
  }
  const ends = (actions: readonly JobAction[]) => actions.filter(({ kind }) => kind === 'cancel-tasks').at(-1)

  test('is canceled at once where all its tasks can be told', () => {
    expect(play([...running, cancel, ...released]).state).toEqual({ kind: 'canceled' })
    const elsewhere = play([...running, failure, ...released, cancel, lost], { leavesOpen: false })
    expect(elsewhere.state.kind).toBe('canceled')
  })

  test.each([
    ['between two attempts', [...running, failure, ...released, cancel, { ...lost, slots: [] }]],
    [
      'while it looks for slots',
      [...running, failure, ...released, { kind: 'delay-over' }, cancel, { ...lost, slots: [] }],
    ],
    ['and loses a slot on the way', [...running, cancel, lost, released[1]]],
  ] as [string, JobEvent[]][])(
    'gets a last attempt when it is canceled %s, which is only there to be canceled',
    (_, events) => {
      const wanted = play(events)
      expect(wanted.state).toMatchObject({ kind: 'canceling', detail: 'to end what was left open: looks for slots' })
      expect(wanted.actions.slice(-2)).toMatchObject([{ kind: 'request-slots' }, { kind: 'wait' }])
      const placed = play([...events, free, ...all('deploying'), ...all('initializing')])
      expect(placed.actions.slice(-3).map(({ kind }) => kind)).toEqual(['redeployed', 'deploy', 'cancel-tasks'])
      expect(ends(placed.actions)).toEqual({ kind: 'cancel-tasks', tidying: true })
      expect(placed.actions.filter(({ kind }) => kind === 'start-tasks')).toHaveLength(1)
      expect(play([...events, free, ...all('initializing'), ...all('canceled'), ...released]).state.kind).toBe(
        'canceled',
      )
      expect(play([...events, free, failure, lost, released[1] as JobEvent]).state.kind).toBe('canceled')
      for (const enough of [{ kind: 'delay-over' }, cancel] as const)
        expect(play([...events, enough]).state.kind).toBe('canceled')
    },
  )

  test('gets one when it fails for good and slots are gone, and keeps its reason', () => {
    const none: RestartStrategy = { kind: 'none' }
    const { state } = play([...running, lost, released[1] as JobEvent], { strategy: none })
    expect(state).toMatchObject({ kind: 'failing', detail: expect.stringContaining('x') })
    const rest = [free, ...all('initializing'), ...released]
    expect(play([...running, lost, released[1] as JobEvent, ...rest], { strategy: none }).state.kind).toBe('failed')
    expect(play([...running, failure, ...released], { strategy: none }).state.kind).toBe('failed')
  })

  test('gets one when nobody knows which snapshot counts', () => {
    expect(play([...running, cancel, ...released], { newestKnown: false }).state.kind).toBe('canceling')
  })

  test('ends whatever happens, when its slots are gone and the time is over', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.nat(60), (events, at) => {
        const { state } = play([...events.slice(0, at), cancel, ...events.slice(at)])
        if (isTerminal(state.kind) || state.kind === 'created') return
        const gone: JobEvent = { kind: 'slots-lost', slots: ['tm/0', 'tm/1'], cause }
        const end = [gone, { kind: 'delay-over' } as const, gone].reduce<JobState>(
          (before, each) => decide(before, each, { ...facts(), leavesOpen: true }).state,
          decide(state, cancel, { ...facts(), leavesOpen: true }).state,
        )
        expect(isTerminal(end.kind)).toBe(true)
      }),
    )
  })
})

describe('a subtask whose restore would fail again in the same way', () => {
  const hopeless: JobEvent = {
    kind: 'subtask',
    subtask: '1/0',
    state: 'failed',
    cause: { code: 'STATE_MIGRATION_FAILED', message: 'no such key', fatal: true },
  }
  const deployed: readonly JobEvent[] = [
    { kind: 'submitted' },
    { kind: 'slots', free: slots, inUse: new Map(), total: 2 },
  ]
  const all: JobEvent[] = ['0/0', '0/1', '1/0', '1/1'].map((subtask) => ({
    kind: 'subtask',
    subtask,
    state: 'running',
  }))
  const play = (events: readonly JobEvent[], more: Partial<JobFacts> = {}): JobState =>
    events.reduce<JobState>((state, each) => decide(state, each, { ...facts(), ...more }).state, { kind: 'created' })

  test('fails the job at once, with its reason and nothing about restarts, whatever the strategy', () => {
    expect(play([...deployed, hopeless])).toMatchObject({ kind: 'failing', detail: 'no such key' })
    expect(play([...deployed, ...all, hopeless])).toMatchObject({ kind: 'failing', detail: 'no such key' })
    expect(play([...deployed, ...all, hopeless], { regional: true })).toMatchObject({ kind: 'failing' })
    const redeployed: JobEvent = { kind: 'redeploy', detail: 'why' }
    expect(play([...deployed, ...all, redeployed, hopeless])).toMatchObject({ kind: 'failing' })
  })

  test('is told from one that may succeed', () => {
    const { fatal: _, ...cause } = hopeless.cause as FailureCause
    expect(play([...deployed, { ...hopeless, cause }])).toMatchObject({ kind: 'restarting' })
    expect(play([...deployed, { ...hopeless, cause: { ...cause, fatal: false } }])).toMatchObject({
      kind: 'restarting',
    })
  })
})

describe('a lost connection', () => {
  const lost: JobEvent = {
    kind: 'subtask',
    subtask: '0/0',
    state: 'failed',
    cause: { code: 'NETWORK_CONNECTION_LOST', message: 'the other end is gone' },
  }
  const reason: JobEvent = { kind: 'slots-lost', slots: ['tm/1'], cause }

  function recorded(kind: RestartStrategy, ...events: readonly JobEvent[]): string[] {
    let state: JobState = { kind: 'created' }
    const started: JobEvent[] = [
      { kind: 'submitted' },
      { kind: 'slots', free: slots, inUse: new Map(), total: 2 },
      ...['0/0', '0/1', '1/0', '1/1'].map((subtask): JobEvent => ({ kind: 'subtask', subtask, state: 'running' })),
    ]
    const codes: string[] = []
    for (const each of [...started, ...events]) {
      const next = decide(state, each, { ...facts(), strategy: kind })
      state = next.state
      for (const action of next.actions) if (action.kind === 'record-failure') codes.push(action.cause.code)
    }
    return codes
  }

  test('does not hide the reason that comes behind it, whether the job restarts or fails', () => {
    expect(recorded(strategy, lost, lost, reason, reason)).toEqual(['NETWORK_CONNECTION_LOST', 'X'])
    expect(recorded({ kind: 'none' }, lost, lost, reason)).toEqual(['NETWORK_CONNECTION_LOST', 'X'])
    const canceled = { kind: 'subtask', subtask: '0/1', state: 'canceled', cause: null } as unknown as JobEvent
    expect(recorded(strategy, lost, canceled, reason)).toEqual(['NETWORK_CONNECTION_LOST', 'X'])
  })

  test('that follows from a known reason is not recorded', () => {
    expect(recorded(strategy, reason, lost)).toEqual(['X'])
  })
})

describe('the scheduler', () => {
  test('places every subtask once, at most one of a vertex per slot, evenly over TaskManagers', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(sizes, sizes, (parallelisms, machines) => {
        const vertices = parallelisms.map((parallelism, id) => ({ ...plan.vertices[0], id, parallelism }))
        const wide = { ...plan, vertices, edges: [] }
        const free = machines.flatMap((count, tm) =>
          Array.from({ length: count }, (_, slot) => ({ taskManagerId: `tm-${tm}`, slot, host: 'h', port: 1 })),
        )
        const assignment = assignSlots(wide, free, new Map())
        if (free.length < slotsNeeded(wide)) {
          expect(assignment).toEqual({ kind: 'missing', needed: slotsNeeded(wide), free: free.length })
          return
        }
        if (assignment.kind !== 'assigned') throw new Error('there are enough slots')
        const placed = assignment.placement.slots.flatMap((slot) => {
          const ids = slot.subtasks.map(({ vertex }) => vertex)
          expect(new Set(ids).size).toBe(ids.length)
          return slot.subtasks.map(({ vertex, subtask }) => `${vertex}/${subtask}`)
        })
        const all = parallelisms.flatMap((count, id) =>
          Array.from({ length: count }, (_, subtask) => `${id}/${subtask}`),
        )
        expect(placed.sort()).toEqual(all.sort())
        const used = machines.map(
          (_, tm) => assignment.placement.slots.filter((s) => s.taskManagerId === `tm-${tm}`).length,
        )
        used.forEach((count, tm) => {
          // Nobody has two more than somebody who still has a free slot.
          if (count < machines[tm]) expect(Math.max(...used)).toBeLessThanOrEqual(count + 1)
        })
      }),
    )
  })
})

describe('restart strategies', () => {
  test('failure-rate forgets failures outside of the interval', () => {
    const rate: RestartStrategy = { kind: 'failure-rate', failuresMax: 2, intervalMs: 100, delayMs: 5 }
    let history = noFailures
    for (const at of [0, 90, 180, 270]) {
      const decision = decideRestart(rate, history, at)
      if (decision.kind !== 'restart') throw new Error('too early')
      history = decision.history
    }
    expect(decideRestart(rate, history, 275).kind).toBe('give-up')
  })

  test('exponential-delay doubles up to its maximum and begins anew after a quiet time', () => {
    const exponential: RestartStrategy = {
      kind: 'exponential-delay',
      initialMs: 100,
      maxMs: 500,
      multiplier: 2,
      resetMs: 1000,
      attempts: 100,
    }
    let history = noFailures
    const delays = [0, 1, 2, 3, 4, 2000].map((at) => {
      const decision = decideRestart(exponential, history, at)
      if (decision.kind !== 'restart') throw new Error('gives up')
      history = decision.history
      return decision.delayMs
    })
    expect(delays).toEqual([100, 200, 400, 500, 500, 100])
  })
})
