/** All APIs of groups and their coordinators, as one table. */
import type { GroupAdmin } from '../../group/group-admin.ts'
import type { GroupCoordinator } from '../../group/group-coordinator.ts'
import type { Offsets } from '../../group/offsets.ts'
import type { HandlerTable } from '../handler.ts'
import { createGroupAdminHandlers, type GroupAdminHandlerOptions } from './admin-handlers.ts'
import { createMembershipHandlers } from './membership-handlers.ts'
import { createOffsetHandlers } from './offset-handlers.ts'
import type { TopicNames } from './topic-names.ts'

export interface GroupHandlerOptions extends Omit<GroupAdminHandlerOptions, 'admin'> {
  readonly groups: GroupCoordinator
  readonly offsets: Offsets
  readonly admin: GroupAdmin
  readonly names: TopicNames
  hasPartition(topic: string, partition: number): boolean
}

export function createGroupHandlers(options: GroupHandlerOptions): HandlerTable {
  return {
    ...createMembershipHandlers(options.groups),
    ...createOffsetHandlers(options),
    ...createGroupAdminHandlers(options),
  }
}
