/** All faults by name, as schedules have them. */
import { clockJumps } from './clock.ts'
import type { Fault } from './fault.ts'
import { freezeLeader, freezeTaskManager, zombie } from './freeze.ts'
import { killBroker, killLeader, killRedis, killS3, killStandby, killTaskManager } from './kill.ts'
import { cut, halfOpen, slow, stall } from './network.ts'
import { failAtClose, failAtCommit, failAtPrepare, failAtRescale, failAtRestore, failAtSnapshot } from './points.ts'
import { rescale } from './rescale.ts'
import { killSlot } from './slot.ts'
import { storageFails, storageIsSlow } from './storage.ts'

export const faults = {
  taskmanager: killTaskManager,
  slot: killSlot,
  leader: killLeader,
  standby: killStandby,
  broker: killBroker,
  redis: killRedis,
  s3: killS3,
  'freeze-leader': freezeLeader,
  'freeze-taskmanager': freezeTaskManager,
  zombie,
  cut,
  stall,
  slow,
  'half-open': halfOpen,
  'storage-fails': storageFails,
  'storage-slow': storageIsSlow,
  'at-snapshot': failAtSnapshot,
  'at-prepare': failAtPrepare,
  'at-commit': failAtCommit,
  'at-restore': failAtRestore,
  'at-close': failAtClose,
  'at-rescale': failAtRescale,
  clock: clockJumps,
  rescale,
} as const satisfies Readonly<Record<string, Fault>>

export type FaultKind = keyof typeof faults
export const faultKinds = Object.keys(faults) as readonly FaultKind[]
