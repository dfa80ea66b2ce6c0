/** JoinGroup, SyncGroup, Heartbeat and LeaveGroup over the wire. What they mean is decided in broker/group. */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { HeartbeatRequest, HeartbeatResponse } from '../../../proto/kafka/messages/heartbeat.ts'
import type { JoinGroupRequest, JoinGroupResponse } from '../../../proto/kafka/messages/join-group.ts'
import type { LeaveGroupRequest, LeaveGroupResponse } from '../../../proto/kafka/messages/leave-group.ts'
import type { SyncGroupRequest, SyncGroupResponse } from '../../../proto/kafka/messages/sync-group.ts'
import type { GroupCoordinator } from '../../group/group-coordinator.ts'
import { type JoinResult, joinFailure, type SyncResult, syncFailure } from '../../group/member.ts'
import { aclOperation, type HandlerTable, handlerEntry, type RequestContext, resourceType } from '../handler.ts'

/** From this version on a new member is sent back with its id first. */
const memberIdRequiredFrom = 4
const skipAssignmentFrom = 9
const nullProtocolFrom = 7
const severalMembersFrom = 3

const mayRead = (context: RequestContext, groupId: string): boolean =>
  context.authorize(aclOperation.READ, resourceType.GROUP, groupId)

export function createMembershipHandlers(groups: GroupCoordinator): HandlerTable {
  return {
    JoinGroup: handlerEntry<JoinGroupRequest, JoinGroupResponse>({
      minVersion: 0,
      maxVersion: 9,
      handle(request, context) {
        if (!mayRead(context, request.groupId)) {
          const refused = joinFailure(kafkaError.GROUP_AUTHORIZATION_FAILED, request.memberId)
          return joinResponse(refused, context.version)
        }
        return new Promise((resolve) => {
          groups.join(
            {
              groupId: request.groupId,
              memberId: request.memberId,
              groupInstanceId: request.groupInstanceId,
              clientId: context.clientId ?? '',
              clientHost: `/${context.connection.host}`,
              sessionTimeoutMs: request.sessionTimeoutMs,
              // Version 0 knows one time-out for both.
              rebalanceTimeoutMs:
                request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
              protocolType: request.protocolType,
              // Members outlive the frame that they came in.
              protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
              memberIdRequired: context.version >= memberIdRequiredFrom,
              canSkipAssignment: context.version >= skipAssignmentFrom,
            },
            (result) => resolve(joinResponse(result, context.version)),
          )
        })
      },
      failed: (request, error, version) => joinResponse(joinFailure(error, request.memberId), version),
    }),
    SyncGroup: handlerEntry<SyncGroupRequest, SyncGroupResponse>({
      minVersion: 0,
      maxVersion: 5,
      handle(request, context) {
        if (!mayRead(context, request.groupId)) return syncResponse(syncFailure(kafkaError.GROUP_AUTHORIZATION_FAILED))
        return new Promise((resolve) => {
          groups.sync(
            {
              groupId: request.groupId,
              memberId: request.memberId,
              groupInstanceId: request.groupInstanceId,
              generationId: request.generationId,
              protocolType: request.protocolType,
              protocolName: request.protocolName,
              assignments: new Map(
                request.assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)]),
              ),
            },
            (result) => resolve(syncResponse(result)),
          )
        })
      },
      failed: (_request, error) => syncResponse(syncFailure(error)),
    }),
    Heartbeat: handlerEntry<HeartbeatRequest, HeartbeatResponse>({
      minVersion: 0,
      maxVersion: 4,
      handle({ groupId, memberId, groupInstanceId, generationId }, context) {
        const errorCode = mayRead(context, groupId)
          ? groups.heartbeat(groupId, memberId, groupInstanceId, generationId)
          : kafkaError.GROUP_AUTHORIZATION_FAILED
        return { throttleTimeMs: 0, errorCode }
      },
      failed: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode }),
    }),
    LeaveGroup: handlerEntry<LeaveGroupRequest, LeaveGroupResponse>({
      minVersion: 0,
      maxVersion: 5,
      handle(request, context) {
        const several = context.version >= severalMembersFrom
        const leaving = several ? request.members : [{ memberId: request.memberId, groupInstanceId: null }]
        const errors = mayRead(context, request.groupId)
          ? groups.leave(request.groupId, leaving)
          : kafkaError.GROUP_AUTHORIZATION_FAILED
        if (typeof errors === 'number') return { throttleTimeMs: 0, errorCode: errors, members: [] }
        if (!several) return { throttleTimeMs: 0, errorCode: errors[0] ?? kafkaError.NONE, members: [] }
        const members = leaving.map(({ memberId, groupInstanceId }, index) => ({
          memberId,
          groupInstanceId,
          errorCode: errors[index] as number,
        }))
        return { throttleTimeMs: 0, errorCode: kafkaError.NONE, members }
      },
      failed: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, members: [] }),
    }),
  }
}

function joinResponse(result: JoinResult, version: number): JoinGroupResponse {
  return {
    throttleTimeMs: 0,
    errorCode: result.error,
    generationId: result.generationId,
    protocolType: result.protocolType,
    protocolName: version >= nullProtocolFrom ? result.protocolName : (result.protocolName ?? ''),
    leader: result.leader,
    skipAssignment: result.skipAssignment,
    memberId: result.memberId,
    members: [...result.members],
  }
}

function syncResponse(result: SyncResult): SyncGroupResponse {
  return {
    throttleTimeMs: 0,
    errorCode: result.error,
    protocolType: result.protocolType,
    protocolName: result.protocolName,
    assignment: result.assignment,
  }
}
