/**
 * A member of a classic group: what it asked for, what it was given, and the two answers that it may be waiting for.
 * Owned by its group. Holds timers; knows no time itself.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { Deadline } from '../coordinator/deadline.ts'

export interface MemberProtocol {
  readonly name: string
  /** Opaque to the broker, copied from the request. */
  readonly metadata: Buffer
}

/** Answer to JoinGroup, in terms of the group. */
export interface JoinResult {
  readonly error: number
  readonly memberId: string
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  /** The leader need not compute an assignment: the one before stays. */
  readonly skipAssignment: boolean
  /** All members, for the leader only. */
  readonly members: readonly JoinedMember[]
}

export interface JoinedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

/** Answer to SyncGroup. */
export interface SyncResult {
  readonly error: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export type JoinResponder = (result: JoinResult) => void
export type SyncResponder = (result: SyncResult) => void

export const noBytes = Buffer.alloc(0)

export function joinFailure(error: number, memberId: string): JoinResult {
  return {
    error,
    memberId,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    members: [],
  }
}

export function syncFailure(error: number): SyncResult {
  return { error, protocolType: null, protocolName: null, assignment: noBytes }
}

export interface MemberInit {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocols: readonly MemberProtocol[]
}

export class Member {
  memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  /** In the member's order of preference. */
  protocols: readonly MemberProtocol[]
  assignment: Buffer = noBytes
  /** Waits for the answer to its first JoinGroup: only then may its session end while it waits. */
  isNew = false
  awaitingJoin: JoinResponder | undefined
  awaitingSync: SyncResponder | undefined
  /** Ends the session; undefined while the group is not led. */
  session: Deadline | undefined

  constructor(init: MemberInit) {
    this.memberId = init.memberId
    this.groupInstanceId = init.groupInstanceId
    this.clientId = init.clientId
    this.clientHost = init.clientHost
    this.rebalanceTimeoutMs = init.rebalanceTimeoutMs
    this.sessionTimeoutMs = init.sessionTimeoutMs
    this.protocols = init.protocols
  }

  /** Whether it lists exactly these protocols with exactly these bytes, in this order. */
  matches(protocols: readonly MemberProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every((each, index) => {
        const own = this.protocols[index] as MemberProtocol
        return own.name === each.name && own.metadata.equals(each.metadata)
      })
    )
  }

  /** What it said with the protocol, no bytes when it does not list it. */
  metadataFor(protocolName: string | null): Buffer {
    return this.protocols.find((each) => each.name === protocolName)?.metadata ?? noBytes
  }

  answerJoin(result: JoinResult): void {
    const respond = this.awaitingJoin
    this.awaitingJoin = undefined
    respond?.(result)
  }

  answerSync(result: SyncResult): void {
    const respond = this.awaitingSync
    this.awaitingSync = undefined
    respond?.(result)
  }

  /** Answers whatever it waits for: it is out. */
  dismiss(error: number): void {
    this.session?.clear()
    this.session = undefined
    this.answerJoin(joinFailure(error, error === kafkaError.MEMBER_ID_REQUIRED ? this.memberId : ''))
    this.answerSync(syncFailure(error))
  }
}
