import { describe, expect, it } from 'vitest'
import { OffsetExpiry } from '../../../../broker/group/expiry.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { GroupHarness, groupId, subscription } from './harness.ts'

const day = 24 * 60 * 60_000

function txnCommit(broker: GroupHarness, offset: number, producerId = 5, verify = () => 0, partition = 0) {
  const who = { groupId, memberId: '', groupInstanceId: null, generationId: -1 }
  const partitions = [
    { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: null },
  ]
  return broker.offsets
    .commitTransactional(who, [{ name: 'flights', partitions }], () => true, { producerId, producerEpoch: 0, verify })
    .then((results) => results[0]?.partitions[0]?.errorCode)
}

describe('a commit', () => {
  it('is read back with metadata and leader epoch, also after a restart', async () => {
    const broker = await GroupHarness.start()
    expect(await broker.commit(42, {}, { metadata: 'note' })).toBe(0)
    const expected = { committedOffset: 42, committedLeaderEpoch: 3, metadata: 'note', errorCode: 0 }
    expect(await broker.committed()).toMatchObject(expected)
    expect(await (await broker.restart()).committed()).toMatchObject(expected)
  })

  it('is told to nobody before it is durable', async () => {
    const broker = await GroupHarness.start()
    const log = broker.logs[0] as (typeof broker.logs)[number]
    log.commitsAtOnce = false
    let done = false
    const commit = broker.commit(42).then(() => {
      done = true
    })
    let read: unknown
    const fetch = broker.committed().then((result) => {
      read = result
    })
    await broker.settle()
    expect([done, read]).toEqual([false, undefined])
    log.commit()
    await Promise.all([commit, fetch])
    expect(read).toMatchObject({ committedOffset: 42 })
  })

  it('of a member counts for its generation only', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1)) as [string]
    expect(await broker.commit(1, { memberId, generationId: 1 })).toBe(0)
    expect(await broker.commit(2, { memberId, generationId: 2 })).toBe(kafkaError.ILLEGAL_GENERATION)
    expect(await broker.commit(2, { memberId: 'stranger', generationId: 1 })).toBe(kafkaError.UNKNOWN_MEMBER_ID)
    expect((await broker.committed())?.committedOffset).toBe(1)
  })

  it('is taken while members join, and not before they have their assignments', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1)) as [string]
    const added = broker.join()
    expect(await broker.commit(1, { memberId, generationId: 1 })).toBe(0)
    broker.join({ memberId })
    expect(added.answer?.error).toBe(0)
    expect(await broker.commit(2, { memberId, generationId: 2 })).toBe(kafkaError.REBALANCE_IN_PROGRESS)
  })

  it('keeps the session of its member alive', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1)) as [string]
    for (let beat = 0; beat < 3; beat++) {
      broker.clock.advance(9000)
      expect(await broker.commit(beat, { memberId, generationId: 1 })).toBe(0)
    }
  })

  it('without a member is for groups without members', async () => {
    const broker = await GroupHarness.start()
    expect(await broker.commit(1)).toBe(0)
    const [memberId] = (await broker.stable(1)) as [string]
    expect(await broker.commit(2)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
    broker.coordinator.leave(groupId, [{ memberId, groupInstanceId: null }])
    expect(await broker.commit(3)).toBe(0)
    expect(await broker.commit(3, { groupId: 'no group', generationId: 1 })).toBe(kafkaError.ILLEGAL_GENERATION)
  })

  it('of a static member that was replaced is fenced', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1, { groupInstanceId: 'one' })) as [string]
    broker.join({ groupInstanceId: 'one' })
    await broker.settle()
    const late = { memberId, generationId: 1, groupInstanceId: 'one' }
    expect(await broker.commit(2, late)).toBe(kafkaError.FENCED_INSTANCE_ID)
  })

  it('has an error of its own for each partition', async () => {
    const broker = await GroupHarness.start({ offsetMetadataMaxBytes: 4 })
    expect(await broker.commit(1, {}, { metadata: 'äöü' })).toBe(kafkaError.OFFSET_METADATA_TOO_LARGE)
    expect(await broker.commit(1, {}, { topic: 'nowhere' })).toBe(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    expect(await broker.commit(1, {}, { metadata: 'fine' })).toBe(0)
  })

  it('says so when the log refuses, and changes nothing', async () => {
    const broker = await GroupHarness.start()
    await broker.commit(1)
    const log = broker.logs[0] as (typeof broker.logs)[number]
    log.refusal = kafkaError.NOT_ENOUGH_REPLICAS
    expect(await broker.commit(2)).toBe(kafkaError.COORDINATOR_NOT_AVAILABLE)
    expect((await broker.committed())?.committedOffset).toBe(1)
  })

  it('is bounded in groups', async () => {
    const broker = await GroupHarness.start({ maxGroups: 0 })
    expect(await broker.commit(1)).toBe(kafkaError.GROUP_MAX_SIZE_REACHED)
  })
})

describe('reading offsets', () => {
  it('gives all partitions for null, and -1 where nothing is', async () => {
    const broker = await GroupHarness.start()
    await broker.commit(1, {}, { topic: 'a' })
    await broker.commit(2, {}, { topic: 'a', partition: 7 })
    await broker.commit(3, {}, { topic: 'b' })
    const { topics } = await broker.offsets.fetch(groupId, null, false)
    const flat = topics.flatMap(({ name, partitions }) =>
      partitions.map((p) => `${name}-${p.partitionIndex}@${p.committedOffset}`),
    )
    expect(flat).toEqual(['a-0@1', 'a-7@2', 'b-0@3'])
    expect(await broker.committed('c')).toEqual({
      partitionIndex: 0,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode: 0,
    })
    expect(await broker.offsets.fetch('nobody', null, false)).toEqual({ error: 0, topics: [] })
    expect((await broker.offsets.fetch('', null, false)).error).toBe(kafkaError.INVALID_GROUP_ID)
  })
})

describe('an offset in a transaction', () => {
  it('is seen once the commit marker is written, and never after an abort', async () => {
    const broker = await GroupHarness.start()
    await broker.commit(1)
    expect(await txnCommit(broker, 10)).toBe(0)
    expect((await broker.committed())?.committedOffset).toBe(1)
    expect(await broker.coordinator.onMarker(0, 5, 0, 0, 'abort')).toBe(0)
    expect((await broker.committed())?.committedOffset).toBe(1)
    await txnCommit(broker, 20)
    await broker.coordinator.onMarker(0, 5, 0, 0, 'commit')
    expect((await broker.committed())?.committedOffset).toBe(20)
    expect((await (await broker.restart()).committed())?.committedOffset).toBe(20)
  })

  it('makes the partition unstable for who asks, also over a restart', async () => {
    const broker = await GroupHarness.start()
    await broker.commit(1)
    await txnCommit(broker, 10)
    for (const restarts of [false, true]) {
      const each = restarts ? await broker.restart() : broker
      expect(await each.committed('flights', 0, true)).toMatchObject({
        committedOffset: -1,
        errorCode: kafkaError.UNSTABLE_OFFSET_COMMIT,
      })
      expect(await each.committed('flights', 1, true)).toMatchObject({ committedOffset: -1, errorCode: 0 })
      expect(await each.committed('flights', 0, false)).toMatchObject({ committedOffset: 1, errorCode: 0 })
    }
  })

  it('does not replace a commit that came later in the log', async () => {
    const broker = await GroupHarness.start()
    await txnCommit(broker, 10)
    await broker.commit(11)
    await broker.coordinator.onMarker(0, 5, 0, 0, 'commit')
    expect((await broker.committed())?.committedOffset).toBe(11)
    expect((await (await broker.restart()).committed())?.committedOffset).toBe(11)
  })

  it('is refused when the group does not belong to the ongoing transaction', async () => {
    const broker = await GroupHarness.start()
    expect(await txnCommit(broker, 10, 5, () => kafkaError.INVALID_TXN_STATE)).toBe(kafkaError.INVALID_TXN_STATE)
    expect(broker.logs[0]?.batches.length).toBe(0)
  })

  it('is checked against member and generation where the client says them', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1)
    const commit = (memberId: string, generationId: number) =>
      broker.offsets
        .commitTransactional(
          { groupId, memberId, groupInstanceId: null, generationId },
          [
            {
              name: 'flights',
              partitions: [{ partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: 0, committedMetadata: '' }],
            },
          ],
          () => true,
          { producerId: 5, producerEpoch: 0, verify: () => 0 },
        )
        .then((results) => results[0]?.partitions[0]?.errorCode)
    const [memberId] = [...(broker.group?.members.keys() ?? [])] as [string]
    expect(await commit('stranger', 1)).toBe(kafkaError.UNKNOWN_MEMBER_ID)
    expect(await commit(memberId, 9)).toBe(kafkaError.ILLEGAL_GENERATION)
    expect(await commit(memberId, 1)).toBe(0)
    // Old clients do not say.
    expect(await commit('', -1)).toBe(0)
  })
})

describe('offsets past their retention', () => {
  it('go seven days after their group became empty, with the group', async () => {
    const broker = await GroupHarness.start()
    const expiry = new OffsetExpiry(broker.coordinator)
    const [memberId] = (await broker.stable(1, { sessionTimeoutMs: 1_800_000 })) as [string]
    await broker.commit(1, { memberId, generationId: 1 })
    for (let time = 0; time < 8 * day; time += 1_000_000) {
      broker.clock.advance(1_000_000)
      broker.heartbeat(memberId, 1)
    }
    expect(await expiry.run()).toBe(0)
    broker.coordinator.leave(groupId, [{ memberId, groupInstanceId: null }])
    broker.clock.advance(7 * day - 1)
    expect(await expiry.run()).toBe(0)
    broker.clock.advance(1)
    expect(await expiry.run()).toBe(1)
    expect(broker.group).toBeUndefined()
    const next = await broker.restart()
    expect(next.coordinator.shardOf(groupId).knows(groupId)).toBe(false)
  })

  it('of a group without members count each for itself', async () => {
    const broker = await GroupHarness.start()
    const expiry = new OffsetExpiry(broker.coordinator)
    await broker.commit(1)
    broker.clock.advance(4 * day)
    await broker.commit(1, {}, { partition: 1 })
    broker.clock.advance(3 * day)
    expect(await expiry.run()).toBe(1)
    expect((await broker.committed())?.committedOffset).toBe(-1)
    expect((await broker.committed('flights', 1))?.committedOffset).toBe(1)
  })

  it('of topics that nobody of a stable group reads any more go too', async () => {
    const broker = await GroupHarness.start()
    const expiry = new OffsetExpiry(broker.coordinator)
    await broker.commit(1, {}, { topic: 'old' })
    await broker.commit(1, {}, { topic: 'flights' })
    const protocols = [{ name: 'range', metadata: subscription('flights') }]
    const [memberId] = (await broker.stable(1, { protocols, sessionTimeoutMs: 1_800_000 })) as [string]
    for (let time = 0; time < 8 * day; time += 1_000_000) {
      broker.clock.advance(1_000_000)
      broker.heartbeat(memberId, 1)
    }
    expect(await expiry.run()).toBe(1)
    expect((await broker.committed('flights'))?.committedOffset).toBe(1)
  })

  it('stay while a transaction would change them', async () => {
    const broker = await GroupHarness.start()
    await broker.commit(1)
    await txnCommit(broker, 2)
    broker.clock.advance(8 * day)
    expect(await new OffsetExpiry(broker.coordinator).run()).toBe(0)
  })

  it('leave no group behind that nobody ever joined', async () => {
    const broker = await GroupHarness.start()
    broker.join({ memberIdRequired: true })
    broker.clock.advance(10_000)
    await new OffsetExpiry(broker.coordinator).run()
    expect(broker.coordinator.groupCount).toBe(0)
    expect(broker.logs[0]?.batches.length).toBe(0)
  })
})

describe('administration', () => {
  it('lists groups by state and type', async () => {
    const broker = await GroupHarness.start({}, undefined)
    await broker.stable(1)
    await broker.commit(1, { groupId: 'simple' })
    const list = (states: string[], types: string[]) =>
      broker.admin.list(states, types).groups.map((each) => each.groupId)
    expect(list([], [])).toEqual([groupId, 'simple'])
    expect(list(['stable'], [])).toEqual([groupId])
    expect(list(['Empty'], ['Classic'])).toEqual(['simple'])
    expect(list([], ['share'])).toEqual([])
    expect(broker.admin.list([], []).groups[0]).toEqual({
      groupId,
      protocolType: 'consumer',
      groupState: 'Stable',
      groupType: 'classic',
    })
  })

  it('describes members with their assignments, and what is not there as dead', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1)) as [string]
    const described = broker.admin.describe(groupId)
    expect(described).toMatchObject({ error: 0, groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' })
    expect(described.members).toMatchObject([{ memberId, clientId: 'client', clientHost: '/127.0.0.1' }])
    expect(described.members[0]?.memberAssignment.toString()).toBe('part-0')
    broker.join()
    expect(broker.admin.describe(groupId)).toMatchObject({ groupState: 'PreparingRebalance', protocolData: '' })
    expect(broker.admin.describe('nobody')).toMatchObject({ error: 0, groupState: 'Dead' })
  })

  it('deletes groups that are empty, with all they have', async () => {
    const broker = await GroupHarness.start()
    const [memberId] = (await broker.stable(1)) as [string]
    await broker.commit(1, { memberId, generationId: 1 })
    expect(await broker.admin.delete(groupId)).toBe(kafkaError.NON_EMPTY_GROUP)
    broker.coordinator.leave(groupId, [{ memberId, groupInstanceId: null }])
    expect(await broker.admin.delete(groupId)).toBe(0)
    expect(await broker.admin.delete(groupId)).toBe(kafkaError.GROUP_ID_NOT_FOUND)
    expect(await broker.admin.delete('')).toBe(kafkaError.INVALID_GROUP_ID)
    const next = await broker.restart()
    expect(next.coordinator.shardOf(groupId).knows(groupId)).toBe(false)
  })

  it('deletes offsets of topics that nobody is subscribed to', async () => {
    const broker = await GroupHarness.start()
    await broker.commit(1, {}, { topic: 'old' })
    await broker.commit(1, {}, { topic: 'flights' })
    await broker.stable(1, { protocols: [{ name: 'range', metadata: subscription('flights') }] })
    const results = await broker.offsets.delete(groupId, [
      { name: 'old', partitionIndexes: [0] },
      { name: 'flights', partitionIndexes: [0] },
    ])
    expect(results).toMatchObject([
      { partitions: [{ errorCode: 0 }] },
      { partitions: [{ errorCode: kafkaError.GROUP_SUBSCRIBED_TO_TOPIC }] },
    ])
    expect((await broker.committed('old'))?.committedOffset).toBe(-1)
    expect(await broker.offsets.delete('nobody', [])).toBe(kafkaError.GROUP_ID_NOT_FOUND)
  })

  it('deletes no offsets of members that do not say what they read', async () => {
    const broker = await GroupHarness.start()
    await broker.stable(1, { protocolType: 'connect' })
    expect(await broker.offsets.delete(groupId, [])).toBe(kafkaError.NON_EMPTY_GROUP)
  })

  it('forgets offsets of deleted topics', async () => {
    const broker = await GroupHarness.start()
    await broker.commit(1)
    expect(await broker.admin.topicDeleted('flights')).toBe(0)
    expect((await broker.committed())?.committedOffset).toBe(-1)
  })
})
