/**
 * What the control thread of a TaskManager and a slot thread say to each other over a MessagePort. Control only: records
 * never pass here. Every message to a slot carries the attempt it is meant for; a slot ignores what is not for its own.
 */
import type { ArenaHandle } from '../../core/arena/arena.ts'
import type { MessagePort } from '../../core/platform/threads.ts'
import type { SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { RestoreAssignment } from '../../proto/checkpoint/restore-plan.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { AlignedTime } from '../operators/operator.ts'

/** `workerData` of a slot thread. */
export interface SlotStart {
  readonly taskManagerId: string
  readonly slot: number
  /** Owner number of this slot in the arena, 1 to 63; 0 is the control thread. */
  readonly owner: number
  readonly arena: ArenaHandle
  readonly config: Readonly<Record<string, string>>
  readonly dataHost: string
  /** A data connection on which nothing came for so long is lost; 0: none is. */
  readonly dataSilenceMs: number
  /** Takes the place of one that ended: a deployment will come soon, and finds the engine loaded. */
  readonly warm: boolean
  /** The same as in each deployment. */
  readonly doorbells: SharedArrayBuffer
}

/** Where one subtask of the job runs, for those who exchange data with it. */
export interface SubtaskLocation {
  readonly vertex: number
  readonly subtask: number
  readonly taskManagerId: string
  readonly slot: number
  /** Data listener of that slot. */
  readonly host: string
  readonly port: number
}

/** Shared ring of one channel between two slots of this TaskManager, made by the control thread. */
export interface LocalRing {
  readonly edge: number
  readonly from: number
  readonly to: number
  readonly ring: SharedArrayBuffer
}

export interface Deployment {
  readonly jobId: string
  readonly jobName: string
  /** Rises with each restart of the job; stands in every data connection and acknowledgement. */
  readonly attempt: number
  /** Fencing epoch of the leader. */
  readonly epoch: number
  readonly plan: JobPlan
  readonly bundlePath: string
  /** Subtasks that run in this slot: at most one per vertex. */
  readonly subtasks: readonly { readonly vertex: number; readonly subtask: number }[]
  readonly locations: readonly SubtaskLocation[]
  /** Rings to and from other slots of the same TaskManager. */
  readonly rings: readonly LocalRing[]
  /** Owner number in the arena of each slot of this TaskManager. */
  readonly owners: readonly number[]
  /** Doorbells of the slots of this TaskManager: Int32Array, one word per slot, then the words of `SlotPulse` (pulse.ts). */
  readonly doorbells: SharedArrayBuffer
  /** By 'vertex/subtask'. Absent: a fresh start. */
  readonly restore?: { readonly checkpointId: number; readonly subtasks: Readonly<Record<string, RestoreAssignment>> }
  /** Where checkpoints of this job go; absent: none are taken. */
  readonly checkpointRoot?: string
  readonly options: Readonly<Record<string, string>>
}

/**
 * Order of a deployment: `deploy`; each subtask reports `deploying`, then `initializing` when everything of it is in place
 * (bundle imported, state restored, listening for its channels). When all subtasks of the job are `initializing`, `start`
 * comes; each reports `running`. A slot that may take no more part (canceled, failed, finished) reports that state for each
 * subtask, and `released` last. `released` answers every `deploy` exactly once, also after `cancel` of an unknown attempt.
 *
 * With checkpoints a bounded job ends so: sources report `ended` and keep answering barriers; when all have, the last
 * checkpoint is triggered with `stop: 'drain'`; after its `checkpoint-complete` sinks commit and subtasks report
 * `finished`. Stopping with a savepoint ends the same way. `checkpoint-complete` stands for all earlier checkpoints too,
 * and is not sent for a savepoint that does not stop the job.
 */
export type ToSlot =
  | { readonly kind: 'deploy'; readonly deployment: Deployment }
  | { readonly kind: 'start'; readonly attempt: number }
  | {
      readonly kind: 'trigger-checkpoint'
      readonly attempt: number
      readonly checkpointId: number
      readonly savepoint: boolean
      readonly stop?: 'drain' | 'suspend'
    }
  | { readonly kind: 'abort-checkpoint'; readonly attempt: number; readonly checkpointId: number }
  | { readonly kind: 'checkpoint-complete'; readonly attempt: number; readonly checkpointId: number }
  /** `newest`: the job ends for good, and this is the newest snapshot that counts (0: none): sinks settle what they prepared. */
  | { readonly kind: 'cancel'; readonly attempt: number; readonly newest?: number }
  | {
      readonly kind: 'results-read'
      readonly attempt: number
      readonly uid: string
      readonly subtask: number
      readonly next: number
    }
  | { readonly kind: 'align-sources'; readonly attempt: number; readonly groups: readonly AlignedTime[] }
  /** A deployment may come soon: load the engine. */
  | { readonly kind: 'warm' }
  /** The other end of a doorbell: another slot of this TaskManager put something into a ring. */
  | { readonly kind: 'doorbells'; readonly ports: Readonly<Record<number, MessagePort>> }

export type SubtaskState = 'deploying' | 'initializing' | 'running' | 'finished' | 'canceled' | 'failed'

export interface SubtaskMetrics {
  readonly vertex: number
  readonly subtask: number
  readonly recordsIn: number
  readonly recordsOut: number
  readonly busyMs: number
  readonly idleMs: number
  readonly backpressuredMs: number
  /** Epoch ms, or null while unknown. */
  readonly watermark: number | null
  /** Input channel that holds the watermark back, for people. */
  readonly heldBy?: string
  readonly lateDropped: number
  readonly errorsSkipped: number
  /** What outside of the cluster it waits for, for people, and since when (epoch ms). */
  readonly waitingFor?: string
  readonly waitingSinceMs?: number
  /** Of each of its sources that is aligned with others. */
  readonly aligned?: readonly AlignedTime[]
}

export interface FailureCause {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly operator?: string
  readonly uid?: string
  /** User's frames first, `.ts` positions. */
  readonly stack?: string
  /** State cannot be restored, and another attempt would fail in the same way. */
  readonly fatal?: boolean
}

export type FromSlot =
  /** The slot thread is up; `port` is its data listener. */
  | { readonly kind: 'ready'; readonly port: number }
  /** For the log of the TaskManager. */
  | { readonly kind: 'warning'; readonly text: string; readonly fields: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'state'
      readonly attempt: number
      readonly vertex: number
      readonly subtask: number
      readonly state: SubtaskState
      readonly cause?: FailureCause
    }
  | {
      readonly kind: 'ack'
      readonly attempt: number
      readonly checkpointId: number
      readonly vertex: number
      readonly subtask: number
      readonly snapshot: SubtaskSnapshot
    }
  | {
      readonly kind: 'decline'
      readonly attempt: number
      readonly checkpointId: number
      readonly vertex: number
      readonly subtask: number
      readonly reason: string
    }
  /** A source subtask has no more input (with checkpoints only). */
  | { readonly kind: 'ended'; readonly attempt: number; readonly vertex: number; readonly subtask: number }
  | { readonly kind: 'metrics'; readonly attempt: number; readonly subtasks: readonly SubtaskMetrics[] }
  | { readonly kind: 'print'; readonly attempt: number; readonly uid: string; readonly lines: readonly string[] }
  /** `sequence`: number of the first of `records` among all that this subtask ever delivers; what was delivered is not delivered again. */
  | {
      readonly kind: 'results'
      readonly attempt: number
      readonly uid: string
      readonly subtask: number
      readonly sequence: number
      readonly records: readonly unknown[]
    }
  /** Everything of the attempt is gone: the slot is free. */
  | { readonly kind: 'released'; readonly attempt: number }
