/**
 * The classic rebalance protocol of one group over time: who joins, who leaves, who is late, when a generation begins.
 *
 * Promises: everybody who waits is answered once; a generation begins when all known members joined or the longest
 * rebalance time-out passed; it is stable once its assignments are durable. `persist` is called for each state that a
 * restart has to find again.
 *
 * Single-threaded; answers may be given inside of the call that asked, or from a timer.
 */
import type { Clock } from '../../core/platform/clock.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { Deadline } from '../coordinator/deadline.ts'
import type { Group } from './group.ts'
import { type JoinResult, joinFailure, type Member, noBytes } from './member.ts'
import type { GroupConfig } from './options.ts'

/** A member whose first JoinGroup has been waiting for this long has gone away without closing its request. */
export const newMemberSessionMs = 5 * 60_000

export interface MembershipOptions {
  readonly clock: Clock
  readonly config: Pick<GroupConfig, 'initialRebalanceDelayMs'>
  /**
   * Writes the group as it is, with the assignments where given; resolves with 0 when durable, else with a Kafka error.
   */
  persist(group: Group, assignments: ReadonlyMap<string, Buffer>): Promise<number>
}

export class Membership {
  readonly #clock: Clock
  readonly #options: MembershipOptions

  constructor(options: MembershipOptions) {
    this.#clock = options.clock
    this.#options = options
  }

  /** Puts the end of the member's session off. */
  heartbeat(group: Group, member: Member): void {
    this.#startSession(group, member, member.sessionTimeoutMs)
  }

  /** Remembers an id that was given out. */
  addPending(group: Group, memberId: string, sessionTimeoutMs: number): void {
    const deadline = new Deadline(this.#clock, () => this.removePending(group, memberId))
    group.pendingMembers.set(memberId, deadline)
    deadline.set(sessionTimeoutMs)
  }

  removePending(group: Group, memberId: string): void {
    if (group.dropPending(memberId) && group.state === 'PreparingRebalance') this.#completeJoinIfAll(group)
  }

  /** A member is new and waits for the next generation. */
  admit(group: Group, member: Member, protocolType: string): void {
    member.isNew = true
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true
    group.add(member, protocolType)
    this.#startSession(group, member, newMemberSessionMs)
    this.rebalanceOrComplete(group)
  }

  /** A member is gone; `error` answers what it may be waiting for. */
  expel(group: Group, memberId: string, error: number): void {
    const member = group.remove(memberId)
    if (member === undefined) return
    member.dismiss(error)
    if (group.pendingSync.size === 0) group.syncDeadline?.clear()
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') this.rebalanceOrComplete(group)
    else if (group.state === 'PreparingRebalance') this.#completeJoinIfAll(group)
  }

  /** Begins a rebalance where one may begin; completes one that only waited for this. */
  rebalanceOrComplete(group: Group): void {
    if (group.state === 'Stable' || group.state === 'CompletingRebalance' || group.state === 'Empty') {
      this.#prepareRebalance(group)
    } else {
      this.#completeJoinIfAll(group)
    }
  }

  /** The leader brought the assignments: durable first, then everybody is told. */
  async assign(group: Group, assignments: ReadonlyMap<string, Buffer>): Promise<void> {
    const generation = group.generationId
    const error = await this.#options.persist(group, assignments)
    // Another rebalance began while the disk was busy: those who wait were answered then.
    if (group.state !== 'CompletingRebalance' || group.generationId !== generation) return
    if (error !== kafkaError.NONE) {
      group.unassign(error)
      this.#prepareRebalance(group)
      return
    }
    const waiting = [...group.members.values()].filter((member) => member.awaitingSync !== undefined)
    group.assign(assignments)
    group.transition('Stable', this.#clock.now())
    for (const member of waiting) this.heartbeat(group, member)
    if (group.pendingSync.size === 0) group.syncDeadline?.clear()
  }

  /** A member asked for its assignment. */
  synced(group: Group, memberId: string): void {
    group.pendingSync.delete(memberId)
    if (group.pendingSync.size === 0) group.syncDeadline?.clear()
  }

  /** Answers a JoinGroup that changes nothing with the generation there is. */
  answerCurrent(group: Group, member: Member): void {
    member.answerJoin(this.joinResult(group, member))
  }

  joinResult(group: Group, member: Member): JoinResult {
    return {
      error: kafkaError.NONE,
      memberId: member.memberId,
      generationId: group.generationId,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      leader: group.leaderId ?? '',
      skipAssignment: false,
      members: group.isLeader(member.memberId) ? group.joinedMembers() : [],
    }
  }

  /** A group was replayed: its members have their session time-out to be heard of again. */
  resume(group: Group): void {
    for (const member of group.members.values()) this.heartbeat(group, member)
  }

  /** Stops all timers and answers everybody who waits. */
  dissolve(group: Group, error: number): void {
    for (const member of group.members.values()) member.dismiss(error)
    for (const deadline of group.pendingMembers.values()) deadline.clear()
    group.pendingMembers.clear()
    group.joinDeadline?.clear()
    group.syncDeadline?.clear()
  }

  #startSession(group: Group, member: Member, timeoutMs: number): void {
    member.session ??= new Deadline(this.#clock, () => this.#sessionEnded(group, member))
    member.session.set(timeoutMs)
  }

  #sessionEnded(group: Group, member: Member): void {
    if (group.members.get(member.memberId) !== member) return
    // It waits for us, not we for it; the answer starts its session again.
    if (!member.isNew && (member.awaitingJoin !== undefined || member.awaitingSync !== undefined)) return
    this.expel(group, member.memberId, kafkaError.UNKNOWN_MEMBER_ID)
  }

  #prepareRebalance(group: Group): void {
    if (group.state === 'CompletingRebalance') {
      const waiting = [...group.members.values()].filter((member) => member.awaitingSync !== undefined)
      group.unassign(kafkaError.REBALANCE_IN_PROGRESS)
      for (const member of waiting) this.heartbeat(group, member)
    }
    group.syncDeadline?.clear()
    group.pendingSync.clear()
    const isInitial = group.state === 'Empty'
    group.transition('PreparingRebalance', this.#clock.now())
    if (isInitial) this.#waitForMore(group)
    else if (!this.#completeJoinIfAll(group)) this.#scheduleJoin(group)
  }

  /** The first generation waits a little, so that members which start together get one rebalance and not many. */
  #waitForMore(group: Group): void {
    const delayMs = this.#options.config.initialRebalanceDelayMs
    if (delayMs === 0) {
      this.#completeJoin(group)
      return
    }
    group.newMemberAdded = false
    this.#extend(group, delayMs, Math.max(0, group.rebalanceTimeoutMs - delayMs))
  }

  #extend(group: Group, delayMs: number, remainingMs: number): void {
    group.joinDeadline?.clear()
    group.joinDeadline = new Deadline(this.#clock, () => {
      if (!group.newMemberAdded || remainingMs === 0) {
        this.#completeJoin(group)
        return
      }
      group.newMemberAdded = false
      const nextMs = Math.min(this.#options.config.initialRebalanceDelayMs, remainingMs)
      this.#extend(group, nextMs, remainingMs - nextMs)
    })
    group.joinDeadline.set(delayMs)
  }

  #scheduleJoin(group: Group): void {
    group.joinDeadline?.clear()
    group.joinDeadline = new Deadline(this.#clock, () => this.#completeJoin(group))
    group.joinDeadline.set(group.rebalanceTimeoutMs)
  }

  #completeJoinIfAll(group: Group): boolean {
    // The initial delay ends by its timer, or when the last one who joined has left.
    if (group.state !== 'PreparingRebalance' || !group.allJoined) return false
    if (group.previousState === 'Empty' && !group.isEmpty) return false
    this.#completeJoin(group)
    return true
  }

  #completeJoin(group: Group): void {
    group.joinDeadline?.clear()
    if (group.state !== 'PreparingRebalance') return
    for (const member of [...group.members.values()]) {
      if (member.awaitingJoin !== undefined || member.groupInstanceId !== null) continue
      group.remove(member.memberId)
      member.dismiss(kafkaError.UNKNOWN_MEMBER_ID)
    }
    if (!group.isEmpty && !group.electJoinedLeader()) {
      // Static members only, and none has come back yet: their sessions decide.
      this.#scheduleJoin(group)
      return
    }
    group.nextGeneration(this.#clock.now())
    if (group.isEmpty) {
      void this.#options.persist(group, new Map())
      return
    }
    for (const member of group.members.values()) {
      group.pendingSync.add(member.memberId)
      member.isNew = false
      this.heartbeat(group, member)
    }
    for (const member of [...group.members.values()]) member.answerJoin(this.joinResult(group, member))
    this.#scheduleSync(group)
  }

  /** Members that took the generation and never asked for their assignment have to go. */
  #scheduleSync(group: Group): void {
    const generation = group.generationId
    group.syncDeadline?.clear()
    group.syncDeadline = new Deadline(this.#clock, () => {
      if (group.generationId !== generation || group.pendingSync.size === 0) return
      if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
      for (const memberId of [...group.pendingSync]) {
        group.remove(memberId)?.dismiss(kafkaError.UNKNOWN_MEMBER_ID)
      }
      this.#prepareRebalance(group)
    })
    group.syncDeadline.set(group.rebalanceTimeoutMs)
  }
}

/** A static instance came back under a new id: its former self is fenced, its place and vote stay. */
export function replaceStatic(group: Group, member: Member, newMemberId: string): void {
  const oldMemberId = member.memberId
  member.answerJoin(joinFailure(kafkaError.FENCED_INSTANCE_ID, oldMemberId))
  member.answerSync({
    error: kafkaError.FENCED_INSTANCE_ID,
    protocolType: null,
    protocolName: null,
    assignment: noBytes,
  })
  group.rename(member, newMemberId)
}
