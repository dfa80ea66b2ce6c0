/**
 * A classic group: its members, its generation and the votes on its protocol. Pure state: it decides nothing over time
 * (membership.ts does) and writes nothing (records.ts turns it into a record and back).
 *
 * Promises: the generation only grows; a leader is a member; a static instance belongs to one member; the members of a
 * stable generation all list its protocol.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { Deadline } from '../coordinator/deadline.ts'
import { type JoinedMember, type Member, type MemberProtocol, noBytes, syncFailure } from './member.ts'

export type GroupState = 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead' | 'Empty'

export class Group {
  readonly groupId: string
  state: GroupState = 'Empty'
  previousState: GroupState = 'Empty'
  /** When the state was entered, epoch ms. */
  stateSinceMs: number
  /** Null until a member brings it, and for groups that only keep offsets. */
  protocolType: string | null = null
  protocolName: string | null = null
  generationId = 0
  leaderId: string | null = null
  /** By member id, in order of joining. */
  readonly members = new Map<string, Member>()
  /** Member id of each static instance. */
  readonly staticMembers = new Map<string, string>()
  /** Ids that were given out and not used yet, with the end of their patience. */
  readonly pendingMembers = new Map<string, Deadline>()
  /** Members that have the new generation and have not asked for their assignment. */
  readonly pendingSync = new Set<string>()
  /** Someone joined while the first rebalance was being waited for. */
  newMemberAdded = false
  joinDeadline: Deadline | undefined
  syncDeadline: Deadline | undefined
  readonly #votes = new Map<string, number>()

  constructor(groupId: string, nowMs: number) {
    this.groupId = groupId
    this.stateSinceMs = nowMs
  }

  get isEmpty(): boolean {
    return this.members.size === 0
  }

  /** A group that manages members, not only offsets. */
  get isManaged(): boolean {
    return this.protocolType !== null
  }

  transition(state: GroupState, nowMs: number): void {
    this.previousState = this.state
    this.state = state
    this.stateSinceMs = nowMs
  }

  has(memberId: string): boolean {
    return this.members.has(memberId)
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId
  }

  isStatic(memberId: string): boolean {
    return this.members.get(memberId)?.groupInstanceId != null
  }

  /** The first member says what kind of group this is. */
  add(member: Member, protocolType: string): void {
    if (this.isEmpty) this.protocolType = protocolType
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.memberId)
    this.leaderId ??= member.memberId
    this.members.set(member.memberId, member)
    this.#vote(member.protocols, 1)
    this.dropPending(member.memberId)
  }

  /** Takes the member out; what it waits for is the caller's to answer. */
  remove(memberId: string): Member | undefined {
    const member = this.members.get(memberId)
    if (member === undefined) return undefined
    this.members.delete(memberId)
    this.#vote(member.protocols, -1)
    if (member.groupInstanceId !== null && this.staticMembers.get(member.groupInstanceId) === memberId) {
      this.staticMembers.delete(member.groupInstanceId)
    }
    if (this.isLeader(memberId)) this.leaderId = this.members.keys().next().value ?? null
    this.pendingSync.delete(memberId)
    return member
  }

  /** A static instance came back under another id: everything of the member stays, in its place. */
  rename(member: Member, newMemberId: string): void {
    const oldMemberId = member.memberId
    const entries = [...this.members]
    this.members.clear()
    for (const [id, each] of entries) this.members.set(id === oldMemberId ? newMemberId : id, each)
    member.memberId = newMemberId
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, newMemberId)
    if (this.isLeader(oldMemberId)) this.leaderId = newMemberId
    if (this.pendingSync.delete(oldMemberId)) this.pendingSync.add(newMemberId)
  }

  setProtocols(member: Member, protocols: readonly MemberProtocol[]): void {
    this.#vote(member.protocols, -1)
    member.protocols = protocols
    this.#vote(protocols, 1)
  }

  dropPending(memberId: string): boolean {
    this.pendingMembers.get(memberId)?.clear()
    return this.pendingMembers.delete(memberId)
  }

  /** Whether a member with these could join those that are here. */
  supports(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (protocolType === '' || protocols.length === 0) return false
    if (this.isEmpty) return true
    return (
      protocolType === this.protocolType && protocols.some((each) => this.#votes.get(each.name) === this.members.size)
    )
  }

  /** The protocol that most members prefer among those that all of them list. The members' order breaks ties. */
  selectProtocol(): string | null {
    const preferred = new Map<string, number>()
    for (const member of this.members.values()) {
      const choice = member.protocols.find((each) => this.#votes.get(each.name) === this.members.size)
      if (choice !== undefined) preferred.set(choice.name, (preferred.get(choice.name) ?? 0) + 1)
    }
    let best: string | null = null
    let most = 0
    for (const [name, count] of preferred) {
      if (count > most) {
        best = name
        most = count
      }
    }
    return best
  }

  get awaitingJoinCount(): number {
    let count = 0
    for (const member of this.members.values()) if (member.awaitingJoin !== undefined) count++
    return count
  }

  /** Everyone who is known waits for the next generation, and nobody holds an unused id. */
  get allJoined(): boolean {
    return this.pendingMembers.size === 0 && this.awaitingJoinCount === this.members.size
  }

  /** Longest time that any member asked for, ms. */
  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const member of this.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
    return longest
  }

  /** Makes sure that the leader is one who joined. False when no member joined. */
  electJoinedLeader(): boolean {
    const leader = this.leaderId === null ? undefined : this.members.get(this.leaderId)
    if (leader?.awaitingJoin !== undefined) return true
    for (const member of this.members.values()) {
      if (member.awaitingJoin !== undefined) {
        this.leaderId = member.memberId
        return true
      }
    }
    return false
  }

  /** The next generation, of those who are members now. */
  nextGeneration(nowMs: number): void {
    this.generationId += 1
    this.pendingSync.clear()
    if (this.isEmpty) {
      this.protocolName = null
      this.leaderId = null
      this.transition('Empty', nowMs)
    } else {
      this.protocolName = this.selectProtocol()
      this.transition('CompletingRebalance', nowMs)
    }
  }

  /** For the leader: who is here and what they said with the protocol. */
  joinedMembers(): JoinedMember[] {
    return [...this.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadataFor(this.protocolName),
    }))
  }

  /** Gives everybody an assignment and answers those who wait for it. */
  assign(assignments: ReadonlyMap<string, Buffer>): void {
    for (const member of this.members.values()) {
      member.assignment = assignments.get(member.memberId) ?? noBytes
      if (member.awaitingSync === undefined) continue
      this.pendingSync.delete(member.memberId)
      member.answerSync({
        error: kafkaError.NONE,
        protocolType: this.protocolType,
        protocolName: this.protocolName,
        assignment: member.assignment,
      })
    }
  }

  /** Takes all assignments back and answers those who wait for one with an error. */
  unassign(error: number): void {
    for (const member of this.members.values()) {
      member.assignment = noBytes
      member.answerSync(syncFailure(error))
    }
  }

  /** Kafka error of a request that speaks for a member, 0 when it may. */
  checkMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const known = this.staticMembers.get(groupInstanceId)
      if (known === undefined) return kafkaError.UNKNOWN_MEMBER_ID
      if (known !== memberId) return kafkaError.FENCED_INSTANCE_ID
    }
    return this.has(memberId) ? kafkaError.NONE : kafkaError.UNKNOWN_MEMBER_ID
  }

  #vote(protocols: readonly MemberProtocol[], by: number): void {
    for (const name of new Set(protocols.map((each) => each.name))) {
      const votes = (this.#votes.get(name) ?? 0) + by
      if (votes === 0) this.#votes.delete(name)
      else this.#votes.set(name, votes)
    }
  }
}
