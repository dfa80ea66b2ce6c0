import { describe, expect, it } from 'vitest'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { GroupHarness, groupId } from './harness.ts'

const protocols = (...names: string[]) => names.map((name) => ({ name, metadata: Buffer.from(`of ${name}`) }))

describe('joining a group', () => {
  it('sends a new member back with the id that it has to use', async () => {
    const broker = await GroupHarness.start()
    const first = broker.join({ memberIdRequired: true })
    expect(first.answer).toMatchObject({
      error: kafkaError.MEMBER_ID_REQUIRED,
      memberId: expect.stringMatching(/^client-/),
    })
    const memberId = first.answer?.memberId as string
    expect(broker.join({ memberIdRequired: true, memberId }).answer).toMatchObject({
      error: 0,
      memberId,
      generationId: 1,
    })
  })

  it('forgets an id that nobody came back with', async () => {
    const broker = await GroupHarness.start()
    const memberId = broker.join({ memberIdRequired: true }).answer?.memberId as string
    broker.clock.advance(10_000)
    expect(broker.join({ memberIdRequired: true, memberId }).answer?.error).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })

  it('waits for more members before the first generation, longer while they come, never longer than a rebalance', async () => {
    const broker = await GroupHarness.start({ initialRebalanceDelayMs: 3000 })
    const first = broker.join({ rebalanceTimeoutMs: 7000 })
    broker.clock.advance(2000)
    const second = broker.join({ rebalanceTimeoutMs: 7000 })
    broker.clock.advance(2000)
    expect(first.answer).toBeUndefined()
    broker.clock.advance(2000)
    expect(first.answer).toMatchObject({ error: 0, generationId: 1 })
    expect(second.answer).toMatchObject({ error: 0, generationId: 1 })
  })

  it('ends the wait after the longest rebalance time-out although members keep coming', async () => {
    const broker = await GroupHarness.start({ initialRebalanceDelayMs: 3000 })
    const first = broker.join({ rebalanceTimeoutMs: 7000 })
    for (let second = 0; second < 7; second++) {
      expect(first.answer).toBeUndefined()
      broker.join({ rebalanceTimeoutMs: 7000 })
      broker.clock.advance(1000)
    }
    expect(first.answer?.error).toBe(0)
  })

  it('tells only the leader who the members are', async () => {
    const broker = await GroupHarness.start({ initialRebalanceDelayMs: 1000 })
    const joins = [broker.join(), broker.join(), broker.join()]
    broker.clock.advance(3000)
    const leader = joins[0]?.answer?.leader
    for (const { answer } of joins) {
      expect(answer?.leader).toBe(leader)
      expect(answer?.members.length).toBe(answer?.memberId === leader ? 3 : 0)
    }
  })

  it('chooses the protocol that most prefer among those that all know', async () => {
    const broker = await GroupHarness.start({ initialRebalanceDelayMs: 1000 })
    const joins = [
      broker.join({ protocols: protocols('range', 'sticky') }),
      broker.join({ protocols: protocols('sticky', 'range', 'own') }),
      broker.join({ protocols: protocols('own', 'sticky', 'range') }),
    ]
    broker.clock.advance(3000)
    expect(joins[0]?.answer).toMatchObject({ protocolType: 'consumer', protocolName: 'sticky' })
    expect(joins[0]?.answer?.members[1]?.metadata.toString()).toBe('of sticky')
  })

  it('refuses a member that has no protocol in common, another kind, or none', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1)
    const error = kafkaError.INCONSISTENT_GROUP_PROTOCOL
    expect(broker.join({ protocols: protocols('other') }).answer?.error).toBe(error)
    expect(broker.join({ protocolType: 'connect' }).answer?.error).toBe(error)
    expect(broker.join({ groupId: 'fresh', protocols: [] }).answer?.error).toBe(error)
    expect(broker.join({ groupId: 'fresh', protocolType: '' }).answer?.error).toBe(error)
  })

  it('refuses session time-outs out of range and groups without a name', async () => {
    const broker = await GroupHarness.start()
    expect(broker.join({ sessionTimeoutMs: 5999 }).answer?.error).toBe(kafkaError.INVALID_SESSION_TIMEOUT)
    expect(broker.join({ sessionTimeoutMs: 1_800_001 }).answer?.error).toBe(kafkaError.INVALID_SESSION_TIMEOUT)
    expect(broker.join({ groupId: '' }).answer?.error).toBe(kafkaError.INVALID_GROUP_ID)
  })

  it('knows nobody in a group that is not there', async () => {
    const broker = await GroupHarness.start()
    expect(broker.join({ memberId: 'me' }).answer?.error).toBe(kafkaError.UNKNOWN_MEMBER_ID)
    expect(broker.heartbeat('me', 1)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
    expect((await broker.sync({ memberId: 'me', generationId: 1 })).answer?.error).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })

  it('bounds the members of a group and the groups', async () => {
    const broker = await GroupHarness.start({ maxSize: 2, maxGroups: 1 })
    await broker.stable(2)
    expect(broker.join().answer?.error).toBe(kafkaError.GROUP_MAX_SIZE_REACHED)
    expect(broker.join({ memberIdRequired: true }).answer?.error).toBe(kafkaError.GROUP_MAX_SIZE_REACHED)
    expect(broker.join({ groupId: 'another' }).answer?.error).toBe(kafkaError.GROUP_MAX_SIZE_REACHED)
  })
})

describe('a rebalance', () => {
  it('waits for all members and begins the next generation with them', async () => {
    const broker = await GroupHarness.start()
    const [old] = await broker.stable(1)
    const added = broker.join()
    expect(added.answer).toBeUndefined()
    expect(broker.heartbeat(old as string, 1)).toBe(kafkaError.REBALANCE_IN_PROGRESS)
    const again = broker.join({ memberId: old as string })
    expect(again.answer).toMatchObject({ error: 0, generationId: 2 })
    expect(added.answer).toMatchObject({ error: 0, generationId: 2, leader: old })
  })

  it('goes on without those who did not come back in time', async () => {
    const broker = await GroupHarness.start()
    const [old] = await broker.stable(1, { sessionTimeoutMs: 60_000 })
    const added = broker.join()
    broker.clock.advance(29_999)
    expect(added.answer).toBeUndefined()
    broker.clock.advance(1)
    expect(added.answer).toMatchObject({ error: 0, generationId: 2 })
    expect(added.answer?.leader).toBe(added.answer?.memberId)
    expect(broker.heartbeat(old as string, 1)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })

  it('begins when the leader comes again, or a member with other protocols', async () => {
    const broker = await GroupHarness.start()
    const [leader, follower] = (await broker.stable(2)) as [string, string]
    expect(broker.join({ memberId: follower }).answer).toMatchObject({ error: 0, generationId: 2 })
    broker.join({ memberId: leader })
    expect(broker.group?.state).toBe('PreparingRebalance')
    broker.join({ memberId: follower })
    expect(broker.group?.generationId).toBe(3)
  })

  it('interrupts members that wait for their assignment', async () => {
    const broker = await GroupHarness.start()
    const [leader, follower] = (await broker.stable(2)) as [string, string]
    broker.join({ memberId: leader })
    broker.join({ memberId: follower })
    const sync = await broker.sync({ memberId: follower, generationId: 3 })
    expect(sync.answer).toBeUndefined()
    broker.join()
    expect(sync.answer?.error).toBe(kafkaError.REBALANCE_IN_PROGRESS)
  })

  it('removes members that took a generation and never asked for their assignment', async () => {
    const broker = await GroupHarness.start()
    const [leader, follower] = (await broker.stable(2, { sessionTimeoutMs: 100_000 })) as [string, string]
    broker.join({ memberId: leader, sessionTimeoutMs: 100_000 })
    broker.join({ memberId: follower, sessionTimeoutMs: 100_000 })
    await broker.sync({ memberId: leader, generationId: 3, assignments: new Map() })
    expect(broker.group?.state).toBe('Stable')
    broker.clock.advance(30_000)
    expect(broker.heartbeat(follower, 3)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
    expect(broker.heartbeat(leader, 3)).toBe(kafkaError.REBALANCE_IN_PROGRESS)
  })

  it('begins when a member leaves or is not heard of', async () => {
    const broker = await GroupHarness.start()
    const [first, second, third] = (await broker.stable(3)) as [string, string, string]
    expect(broker.coordinator.leave(groupId, [{ memberId: second, groupInstanceId: null }])).toEqual([0])
    expect(broker.heartbeat(first, 2)).toBe(kafkaError.ILLEGAL_GENERATION)
    const generation = broker.group?.generationId as number
    expect(broker.heartbeat(first, generation)).toBe(kafkaError.REBALANCE_IN_PROGRESS)
    broker.clock.advance(6000)
    broker.heartbeat(first, generation)
    broker.clock.advance(6000)
    expect(broker.heartbeat(third, generation)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })

  it('answers a request that came twice, both times, and keeps the later', async () => {
    const broker = await GroupHarness.start()
    const [leader, follower] = (await broker.stable(2)) as [string, string]
    const once = broker.join({ memberId: leader })
    const twice = broker.join({ memberId: leader })
    expect(once.answer?.error).toBe(kafkaError.REBALANCE_IN_PROGRESS)
    broker.join({ memberId: follower })
    expect(twice.answer).toMatchObject({ error: 0 })
    expect([once.answers, twice.answers]).toEqual([1, 1])
  })
})

describe('an assignment', () => {
  it('reaches each member, also one that asks later', async () => {
    const broker = await GroupHarness.start()
    const ids = await broker.stable(2)
    const generationId = broker.group?.generationId as number
    for (const [index, memberId] of ids.entries()) {
      const { answer } = await broker.sync({ memberId, generationId, protocolType: 'consumer', protocolName: 'range' })
      expect(answer).toMatchObject({ error: 0, protocolName: 'range' })
      expect(answer?.assignment.toString()).toBe(`part-${index}`)
    }
  })

  it('is durable before a member gets it', async () => {
    const broker = await GroupHarness.start()
    const memberId = broker.join().answer?.memberId as string
    const log = broker.logs[0] as (typeof broker.logs)[number]
    log.commitsAtOnce = false
    const sync = await broker.sync({
      memberId,
      generationId: 1,
      assignments: new Map([[memberId, Buffer.from('all')]]),
    })
    expect(sync.answer).toBeUndefined()
    expect(broker.heartbeat(memberId, 1)).toBe(0)
    log.commit()
    await broker.settle()
    expect(sync.answer?.assignment.toString()).toBe('all')
  })

  it('that cannot be written is asked for again', async () => {
    const broker = await GroupHarness.start()
    const memberId = broker.join().answer?.memberId as string
    const log = broker.logs[0] as (typeof broker.logs)[number]
    log.refusal = kafkaError.NOT_ENOUGH_REPLICAS
    const sync = await broker.sync({ memberId, generationId: 1 })
    expect(sync.answer?.error).toBe(kafkaError.COORDINATOR_NOT_AVAILABLE)
    expect(broker.group?.state).toBe('PreparingRebalance')
  })

  it('is refused for another generation, another protocol and while members join', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1)) as [string]
    const ask = async (more: object) => (await broker.sync({ memberId, generationId: 1, ...more })).answer?.error
    expect(await ask({ generationId: 2 })).toBe(kafkaError.ILLEGAL_GENERATION)
    expect(await ask({ protocolName: 'sticky' })).toBe(kafkaError.INCONSISTENT_GROUP_PROTOCOL)
    expect(await ask({ protocolType: 'connect' })).toBe(kafkaError.INCONSISTENT_GROUP_PROTOCOL)
    broker.join()
    expect(await ask({})).toBe(kafkaError.REBALANCE_IN_PROGRESS)
  })
})

describe('a session', () => {
  it('ends when the member is not heard of, and is kept by heartbeats in every state', async () => {
    const broker = await GroupHarness.start()
    const [leader, follower] = (await broker.stable(2)) as [string, string]
    for (let beat = 0; beat < 5; beat++) {
      broker.clock.advance(9000)
      expect([broker.heartbeat(leader, 2), broker.heartbeat(follower, 2)]).toEqual([0, 0])
    }
    broker.join({ memberId: leader })
    broker.clock.advance(9000)
    expect(broker.heartbeat(follower, 2)).toBe(kafkaError.REBALANCE_IN_PROGRESS)
    broker.clock.advance(9000)
    broker.join({ memberId: follower })
    // The generation is there, the assignment is not: heartbeats are fine.
    expect(broker.group?.state).toBe('CompletingRebalance')
    expect(broker.heartbeat(follower, 3)).toBe(0)
    broker.clock.advance(10_000)
    expect(broker.heartbeat(follower, 3)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })

  it('does not end while the member waits for us', async () => {
    const broker = await GroupHarness.start()
    const [leader, follower] = (await broker.stable(2)) as [string, string]
    const join = broker.join({ memberId: leader })
    for (let second = 0; second < 25; second++) {
      broker.clock.advance(1000)
      broker.heartbeat(follower, 2)
    }
    broker.join({ memberId: follower })
    expect(join.answer).toMatchObject({ error: 0, generationId: 3 })
  })

  it('of a new member that waits ends after five minutes, for its client may be gone', async () => {
    const broker = await GroupHarness.start()
    const [old] = (await broker.stable(1, { rebalanceTimeoutMs: 1_000_000 })) as [string]
    const added = broker.join({ rebalanceTimeoutMs: 1_000_000 })
    for (let second = 0; second < 300; second++) {
      expect(added.answer).toBeUndefined()
      broker.clock.advance(1000)
      broker.heartbeat(old, 1)
    }
    expect(added.answer?.error).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })

  it('of the last member leaves an empty group with its generation', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1)
    broker.clock.advance(10_000)
    expect(broker.group).toMatchObject({ state: 'Empty', generationId: 2, protocolName: null, leaderId: null })
  })
})

describe('leaving', () => {
  it('answers for each member by itself', async () => {
    const broker = await GroupHarness.start()
    const [member] = (await broker.stable(1)) as [string]
    const pending = broker.join({ memberIdRequired: true }).answer?.memberId as string
    const leave = [member, pending, 'stranger'].map((memberId) => ({ memberId, groupInstanceId: null }))
    expect(broker.coordinator.leave(groupId, leave)).toEqual([0, 0, kafkaError.UNKNOWN_MEMBER_ID])
    expect(broker.coordinator.leave('nobody', [])).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })
})

describe('a static member', () => {
  const me = { groupInstanceId: 'rack-1' }

  it('comes back under a new id without a rebalance, with its assignment', async () => {
    const broker = await GroupHarness.start()
    const [old] = (await broker.stable(1, me)) as [string]
    const again = broker.join(me)
    await broker.settle()
    expect(again.answer).toMatchObject({ error: 0, generationId: 1, skipAssignment: true })
    const memberId = again.answer?.memberId as string
    expect(again.answer?.members.map((each) => each.memberId)).toEqual([memberId])
    expect(memberId).not.toBe(old)
    const sync = await broker.sync({ ...me, memberId, generationId: 1 })
    expect(sync.answer?.assignment.toString()).toBe('part-0')
    expect(broker.heartbeat(old, 1, 'rack-1')).toBe(kafkaError.FENCED_INSTANCE_ID)
    expect((await broker.sync({ ...me, memberId: old, generationId: 1 })).answer?.error).toBe(
      kafkaError.FENCED_INSTANCE_ID,
    )
    expect(broker.join({ ...me, memberId: old }).answer?.error).toBe(kafkaError.FENCED_INSTANCE_ID)
  })

  it('that leads and cannot skip the assignment is not told that it leads', async () => {
    const broker = await GroupHarness.start()
    const [old] = (await broker.stable(1, me)) as [string]
    const again = broker.join({ ...me, canSkipAssignment: false })
    await broker.settle()
    expect(again.answer).toMatchObject({ error: 0, leader: old, members: [], skipAssignment: false })
  })

  it('is found again under its new id after a restart', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1, me)
    const again = broker.join(me)
    await broker.settle()
    const next = await broker.restart()
    expect(next.heartbeat(again.answer?.memberId as string, 1, 'rack-1')).toBe(0)
  })

  it('begins a rebalance when it comes back with another subscription', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1, me)
    const again = broker.join({ ...me, protocols: [{ name: 'range', metadata: Buffer.from('other topics') }] })
    await broker.settle()
    expect(again.answer).toMatchObject({ error: 0, generationId: 2 })
  })

  it('fences its former self where that waits', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1)
    const first = broker.join(me)
    const second = broker.join(me)
    expect(first.answer?.error).toBe(kafkaError.FENCED_INSTANCE_ID)
    expect(second.answer).toBeUndefined()
  })

  it('keeps its place in a rebalance that it missed, until its session ends', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1, { ...me, sessionTimeoutMs: 60_000 })
    const added = broker.join({ sessionTimeoutMs: 60_000 })
    broker.clock.advance(30_000)
    expect(added.answer?.members.length).toBe(2)
    expect(broker.group?.staticMembers.has('rack-1')).toBe(true)
  })

  it('is removed by its instance alone', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1, me)
    const leave = (groupInstanceId: string) => broker.coordinator.leave(groupId, [{ memberId: '', groupInstanceId }])
    expect(leave('rack-2')).toEqual([kafkaError.UNKNOWN_MEMBER_ID])
    expect(leave('rack-1')).toEqual([0])
    expect(broker.group?.isEmpty).toBe(true)
  })
})

describe('a restart', () => {
  it('finds the generation, its members and their assignments again', async () => {
    const broker = await GroupHarness.start()
    const ids = await broker.stable(2)
    const next = await broker.restart()
    const generationId = next.group?.generationId as number
    for (const [index, memberId] of ids.entries()) {
      expect(next.heartbeat(memberId, generationId)).toBe(0)
      expect((await next.sync({ memberId, generationId })).answer?.assignment.toString()).toBe(`part-${index}`)
    }
  })

  it('gives members one session time-out to be heard of', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1)) as [string]
    const next = await broker.restart()
    next.clock.advance(9999)
    expect(next.heartbeat(memberId, 1)).toBe(0)
    next.clock.advance(10_000)
    expect(next.heartbeat(memberId, 1)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
  })

  it('answers everybody who waited', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1)
    const join = broker.join()
    broker.coordinator.close()
    expect(join.answer?.error).toBe(kafkaError.NOT_COORDINATOR)
    expect(broker.clock.pending).toBe(0)
  })
})
