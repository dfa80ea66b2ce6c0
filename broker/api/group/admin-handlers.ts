/** FindCoordinator, ListGroups, DescribeGroups and DeleteGroups over the wire. */
import { kafkaError, kafkaErrorMessage } from '../../../proto/kafka/error-codes.ts'
import type { DeleteGroupsRequest, DeleteGroupsResponse } from '../../../proto/kafka/messages/delete-groups.ts'
import type { DescribeGroupsRequest, DescribeGroupsResponse } from '../../../proto/kafka/messages/describe-groups.ts'
import type {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  FindCoordinatorResponseCoordinator,
} from '../../../proto/kafka/messages/find-coordinator.ts'
import type { ListGroupsRequest, ListGroupsResponse } from '../../../proto/kafka/messages/list-groups.ts'
import type { GroupAdmin, GroupDescription } from '../../group/group-admin.ts'
import {
  type AclOperation,
  aclOperation,
  clusterResource,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from '../handler.ts'
import { operationsNotAsked } from '../view.ts'

const coordinatorKey = { group: 0, transaction: 1 } as const
const batchedFrom = 4

export interface GroupAdminHandlerOptions {
  readonly admin: GroupAdmin
  readonly brokerId: number
  endpoint(listenerName: string): { readonly host: string; readonly port: number }
  /** Makes the topic that keeps the state of this kind of coordinator, when it is not there. */
  prepare(kind: 'group' | 'transaction'): Promise<void>
  /** Kafka error of a coordinator that does not serve this key now, 0 when it does. */
  unavailable(kind: 'group' | 'transaction', key: string): number
}

export function createGroupAdminHandlers(options: GroupAdminHandlerOptions): HandlerTable {
  const { admin } = options
  return {
    FindCoordinator: handlerEntry<FindCoordinatorRequest, FindCoordinatorResponse>({
      minVersion: 0,
      maxVersion: 5,
      async handle(request, context) {
        const keys = context.version >= batchedFrom ? request.coordinatorKeys : [request.key]
        const coordinators: FindCoordinatorResponseCoordinator[] = []
        for (const key of keys) coordinators.push(await find(options, request.keyType, key, context))
        const [first] = coordinators
        const alone = context.version < batchedFrom && first !== undefined ? first : nowhere('', kafkaError.NONE)
        const { errorCode, errorMessage, nodeId, host, port } = alone
        return { throttleTimeMs: 0, errorCode, errorMessage, nodeId, host, port, coordinators }
      },
      failed(request, errorCode) {
        const coordinators = request.coordinatorKeys.map((key) => nowhere(key, errorCode))
        return { throttleTimeMs: 0, errorCode, errorMessage: null, nodeId: -1, host: '', port: -1, coordinators }
      },
    }),
    ListGroups: handlerEntry<ListGroupsRequest, ListGroupsResponse>({
      minVersion: 0,
      maxVersion: 5,
      handle(request, context) {
        const { error, groups } = admin.list(request.statesFilter, request.typesFilter)
        const all = context.authorize(aclOperation.DESCRIBE, resourceType.CLUSTER, clusterResource)
        return {
          throttleTimeMs: 0,
          errorCode: error,
          groups: all ? groups : groups.filter(({ groupId }) => mayDo(context, aclOperation.DESCRIBE, groupId)),
        }
      },
      failed: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, groups: [] }),
    }),
    DescribeGroups: handlerEntry<DescribeGroupsRequest, DescribeGroupsResponse>({
      minVersion: 0,
      maxVersion: 6,
      handle({ groups, includeAuthorizedOperations }, context) {
        const described = groups.map((groupId) => {
          const description: GroupDescription = mayDo(context, aclOperation.DESCRIBE, groupId)
            ? admin.describe(groupId)
            : { ...unknownGroup, groupId, error: kafkaError.GROUP_AUTHORIZATION_FAILED }
          const { error, ...rest } = description
          const tell = includeAuthorizedOperations && error === kafkaError.NONE
          return {
            ...rest,
            errorCode: error,
            errorMessage: error === kafkaError.NONE ? null : kafkaErrorMessage(error),
            authorizedOperations: tell ? groupOperationsOf(context, groupId) : operationsNotAsked,
          }
        })
        return { throttleTimeMs: 0, groups: described }
      },
      failed: ({ groups }, errorCode) => ({
        throttleTimeMs: 0,
        groups: groups.map((groupId) => ({
          ...unknownGroup,
          groupId,
          errorCode,
          errorMessage: null,
          authorizedOperations: operationsNotAsked,
        })),
      }),
    }),
    DeleteGroups: handlerEntry<DeleteGroupsRequest, DeleteGroupsResponse>({
      minVersion: 0,
      maxVersion: 2,
      async handle({ groupsNames }, context) {
        const results = await Promise.all(
          groupsNames.map(async (groupId) => ({
            groupId,
            errorCode: mayDo(context, aclOperation.DELETE, groupId)
              ? await admin.delete(groupId)
              : kafkaError.GROUP_AUTHORIZATION_FAILED,
          })),
        )
        return { throttleTimeMs: 0, results }
      },
      failed: ({ groupsNames }, errorCode) => ({
        throttleTimeMs: 0,
        results: groupsNames.map((groupId) => ({ groupId, errorCode })),
      }),
    }),
  }
}

const unknownGroup = { error: 0, groupState: '', protocolType: '', protocolData: '', members: [] }

const groupOperations: readonly AclOperation[] = [aclOperation.READ, aclOperation.DELETE, aclOperation.DESCRIBE]

function groupOperationsOf(context: RequestContext, groupId: string): number {
  return groupOperations.reduce<number>((bits, each) => (mayDo(context, each, groupId) ? bits | (1 << each) : bits), 0)
}

function mayDo(context: RequestContext, operation: AclOperation, groupId: string): boolean {
  return context.authorize(operation, resourceType.GROUP, groupId)
}

function nowhere(key: string, errorCode: number): FindCoordinatorResponseCoordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage: null }
}

async function find(
  options: GroupAdminHandlerOptions,
  keyType: number,
  key: string,
  context: RequestContext,
): Promise<FindCoordinatorResponseCoordinator> {
  if (keyType !== coordinatorKey.group && keyType !== coordinatorKey.transaction) {
    return nowhere(key, kafkaError.INVALID_REQUEST)
  }
  const kind = keyType === coordinatorKey.group ? 'group' : 'transaction'
  const resource = kind === 'group' ? resourceType.GROUP : resourceType.TRANSACTIONAL_ID
  if (!context.authorize(aclOperation.DESCRIBE, resource, key)) {
    return nowhere(
      key,
      kind === 'group' ? kafkaError.GROUP_AUTHORIZATION_FAILED : kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    )
  }
  // The coordinator of any key is here; whether the key is a good one, it says itself.
  const unavailable = options.unavailable(kind, key)
  if (unavailable === kafkaError.COORDINATOR_LOAD_IN_PROGRESS || unavailable === kafkaError.NOT_COORDINATOR) {
    return nowhere(key, kafkaError.COORDINATOR_NOT_AVAILABLE)
  }
  await options.prepare(kind)
  const { host, port } = options.endpoint(context.connection.listenerName)
  return { key, nodeId: options.brokerId, host, port, errorCode: kafkaError.NONE, errorMessage: null }
}
