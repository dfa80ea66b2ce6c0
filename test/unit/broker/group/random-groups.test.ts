import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JoinResult, SyncResult } from '../../../../broker/group/member.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { type Asked, GroupHarness, groupId } from './harness.ts'

/** A client of the classic protocol, as far as it can be told by its answers. */
class Client {
  memberId = ''
  generationId = -1
  assignment: string | undefined
  joining: Asked<JoinResult> | undefined
  syncing: Asked<SyncResult> | undefined
  readonly instance: string | null
  constructor(instance: string | null) {
    this.instance = instance
  }
}

const step = fc.record({
  what: fc.constantFrom('join', 'join', 'sync', 'sync', 'beat', 'leave', 'time', 'long', 'restart', 'commit', 'refuse'),
  who: fc.integer({ min: 0, max: 4 }),
  size: fc.integer({ min: 1, max: 12_000 }),
})

/** What a restart has to find. */
function shape(broker: GroupHarness) {
  const group = broker.group
  if (group === undefined) return undefined
  return {
    generation: group.generationId,
    leader: group.leaderId,
    protocol: group.protocolName,
    members: [...group.members.values()].map((m) => `${m.memberId} ${m.groupInstanceId} ${m.assignment.toString()}`),
  }
}

function check(broker: GroupHarness, before: number): number {
  const group = broker.group
  if (group === undefined) return before
  expect(group.generationId).toBeGreaterThanOrEqual(before)
  if (group.isEmpty) expect(group.leaderId).toBeNull()
  else expect(group.has(group.leaderId as string)).toBe(true)
  expect(group.staticMembers.size).toBe([...group.members.values()].filter((m) => m.groupInstanceId !== null).length)
  for (const [instance, id] of group.staticMembers) expect(group.members.get(id)?.groupInstanceId).toBe(instance)
  for (const [id, member] of group.members) expect(member.memberId).toBe(id)
  if (group.state === 'Empty') expect(group.isEmpty).toBe(true)
  if (group.state === 'Stable') {
    for (const member of group.members.values()) {
      expect(member.awaitingSync).toBeUndefined()
      expect(member.awaitingJoin).toBeUndefined()
    }
  }
  return group.generationId
}

describe('groups under any order of events', () => {
  it('keep one leader, growing generations, one place per member; a replay gives the live state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        let broker = await GroupHarness.start({ initialRebalanceDelayMs: 500 })
        const clients = [null, null, null, 'static-1', 'static-2'].map((instance) => new Client(instance))
        let generation = 0
        let refused = false
        const learn = (): void => {
          for (const client of clients) {
            const joined = client.joining?.answer
            if (joined !== undefined) {
              expect(client.joining?.answers).toBe(1)
              client.joining = undefined
              if (joined.error === 0 || joined.error === kafkaError.MEMBER_ID_REQUIRED)
                client.memberId = joined.memberId
              else if (joined.error !== kafkaError.REBALANCE_IN_PROGRESS) client.memberId = ''
              client.generationId = joined.error === 0 ? joined.generationId : -1
              if (joined.error === 0 && joined.members.length > 0) expect(joined.leader).toBe(joined.memberId)
            }
            const synced = client.syncing?.answer
            if (synced !== undefined) {
              expect(client.syncing?.answers).toBe(1)
              client.syncing = undefined
              if (synced.error === 0)
                expect(synced.assignment.toString()).toBe(`${client.generationId}:${client.memberId}`)
              else if (synced.error !== kafkaError.REBALANCE_IN_PROGRESS) client.memberId = ''
            }
          }
        }
        for (const { what, who, size } of steps) {
          const client = clients[who] as Client
          const { memberId, generationId, instance } = client
          if (what === 'join' && client.joining === undefined && client.syncing === undefined) {
            client.joining = broker.join({
              memberId,
              groupInstanceId: instance,
              memberIdRequired: instance === null && who > 0,
            })
          } else if (
            what === 'sync' &&
            client.syncing === undefined &&
            client.joining === undefined &&
            memberId !== ''
          ) {
            const members = [...(broker.group?.members.values() ?? [])]
            const assignments = new Map(members.map((m) => [m.memberId, Buffer.from(`${generationId}:${m.memberId}`)]))
            // Static members that were replaced meanwhile have another id than the assignment says: they sync anew.
            client.syncing = await broker.sync({ memberId, generationId, groupInstanceId: instance, assignments })
            if (instance !== null && client.syncing.answer?.error === 0) {
              const assigned = client.syncing.answer.assignment.toString()
              if (!assigned.endsWith(memberId)) client.syncing = undefined
            }
          } else if (what === 'beat' && memberId !== '') {
            const error = broker.heartbeat(memberId, generationId, instance)
            if (error === kafkaError.UNKNOWN_MEMBER_ID || error === kafkaError.FENCED_INSTANCE_ID) client.memberId = ''
          } else if (what === 'leave' && memberId !== '') {
            broker.coordinator.leave(groupId, [{ memberId, groupInstanceId: instance }])
          } else if (what === 'time') {
            await broker.clock.advanceAsync(size)
          } else if (what === 'long') {
            await broker.clock.advanceAsync(size * 4)
          } else if (what === 'commit') {
            await broker.commit(size, { memberId, generationId, groupInstanceId: instance })
          } else if (what === 'refuse') {
            const log = broker.logs[0] as (typeof broker.logs)[number]
            refused = true
            log.refusal = log.refusal === undefined ? kafkaError.NOT_ENOUGH_REPLICAS : undefined
          } else if (what === 'restart') {
            const steady = !refused && (broker.group?.state === 'Stable' || broker.group?.state === 'Empty')
            const live = steady && broker.group?.generationId !== 0 ? shape(broker) : undefined
            const offset = await broker.committed()
            refused = false
            broker = await broker.restart()
            if (live !== undefined) expect(shape(broker)).toEqual(live)
            if (offset?.errorCode === 0)
              expect((await broker.committed())?.committedOffset).toBe(offset.committedOffset)
            // Generations that nobody had an assignment of may be given again.
            generation = 0
          }
          await broker.settle()
          learn()
          generation = check(broker, generation)
        }
        // Everybody who still waits is answered in the end.
        await broker.clock.advanceAsync(10 * 60_000)
        learn()
        for (const client of clients) expect([client.joining, client.syncing]).toEqual([undefined, undefined])
        expect(broker.group === undefined || broker.group.isEmpty).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})
