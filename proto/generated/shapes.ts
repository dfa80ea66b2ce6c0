// Generated from the .proto files by scripts/build-proto.ts. Do not edit.

export type SubmitRequest =
  /** First message. */
  | ({ readonly kind: 'header' } & SubmitHeader)
  /** The next piece of the bundle. */
  | ({ readonly kind: 'bundle' } & { readonly value: Uint8Array })

export interface SubmitHeader {
  /** JobPlan. */
  readonly planJson: Uint8Array
  /** Options by key; they win over the plan's. */
  readonly options: Readonly<Record<string, string>>
  /** Snapshot to start from; empty for a fresh start. */
  readonly savepointPath: string
  /** State of the snapshot that the plan does not have may be lost. */
  readonly allowNonRestoredState: boolean
  /** Size of the bundle that follows. */
  readonly bundleBytes: number
  /** Id of the new job, 16 hex digits, so that it can be sent again; empty: the JobManager chooses. */
  readonly jobId: string
}

export interface SubmitReply {
  /** Id of the new job. */
  readonly jobId: string
  /** What becomes of each state of the snapshot, for people. */
  readonly restoreLines: readonly string[]
}

export interface ListRequest {
}

export interface ListReply {
  /** The newest first. */
  readonly jobs: readonly JobStatus[]
}

export interface JobRequest {
  /** Id, unique prefix of an id, or name. */
  readonly job: string
}

export interface JobStatus {
  /** Id. */
  readonly jobId: string
  /** Name. */
  readonly name: string
  /** created, waiting-for-resources, deploying, running, redeploying, restarting, stopping, canceling, failing, finished, canceled, failed. */
  readonly state: string
  /** The state will not change any more. */
  readonly terminal: boolean
  /** 1 for the first run, rises with each restart. */
  readonly attempt: number
  /** Epoch ms. */
  readonly submittedMs: number
  /** Epoch ms at which the state was entered. */
  readonly stateSinceMs: number
  /** Epoch ms at which the job ended. */
  readonly endedMs?: number | undefined
  /** Why it is in this state: which slots are missing, when it restarts. For people. */
  readonly detail: string
  /** The newest failure. */
  readonly failure?: Failure | undefined
  /** Subtasks that run now. */
  readonly runningSubtasks: number
  /** Subtasks of the plan. */
  readonly totalSubtasks: number
  /** Restarts after a failure. */
  readonly restarts: number
  /** The savepoint that the job was stopped with. */
  readonly savepointPath: string
}

export interface Failure {
  /** Epoch ms. */
  readonly timeMs: number
  /** Attempt that failed. */
  readonly attempt: number
  /** Code of the error. */
  readonly code: string
  /** A sentence. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string | undefined
  /** Name of the operator. */
  readonly operator?: string | undefined
  /** Its uid. */
  readonly uid?: string | undefined
  /** Frames of the user first. */
  readonly stack?: string | undefined
  /** Subtask and TaskManager, for people. */
  readonly where: string
}

export interface JobInfo {
  /** As in a list. */
  readonly status?: JobStatus | undefined
  /** In the order of the plan. */
  readonly vertices: readonly VertexInfo[]
  /** The newest first; bounded. */
  readonly checkpoints: readonly CheckpointInfo[]
  /** The newest first; bounded. */
  readonly failures: readonly Failure[]
  /** JobPlan. */
  readonly planJson: Uint8Array
  /** Options the job runs with. */
  readonly options: Readonly<Record<string, string>>
  /** Since the JobManager knows the job. */
  readonly checkpointCounts?: CheckpointCounts | undefined
  /** Snapshot that the newest attempt started from; absent: it started without. */
  readonly restored?: RestoredFrom | undefined
  /** In the order of the plan. */
  readonly sinks: readonly SinkInfo[]
}

export interface SinkInfo {
  /** The sink. */
  readonly uid: string
  /** Its name. */
  readonly name: string
  /** How often a record of the input shows in what it writes: none, at-least-once or exactly-once. */
  readonly guarantee: string
}

export interface RestoredFrom {
  /** Rises within a job. */
  readonly checkpointId: number
  /** Where its manifest is. */
  readonly path: string
  /** checkpoint or savepoint. */
  readonly kind: string
  /** Job that the snapshot is of. */
  readonly jobId: string
}

export interface VertexInfo {
  /** Index in the plan. */
  readonly vertex: number
  /** Name. */
  readonly name: string
  /** Number of subtasks. */
  readonly parallelism: number
  /** Sum over subtasks. */
  readonly recordsIn: number
  /** Sum over subtasks. */
  readonly recordsOut: number
  /** Sum over subtasks. */
  readonly busyMs: number
  /** Sum over subtasks. */
  readonly idleMs: number
  /** Sum over subtasks. */
  readonly backpressuredMs: number
  /** The lowest of the subtasks; absent while one is unknown. */
  readonly watermark?: number | undefined
  /** Who holds the lowest watermark back, for people. */
  readonly heldBy?: string | undefined
  /** Sum over subtasks. */
  readonly lateDropped: number
  /** Sum over subtasks. */
  readonly errorsSkipped: number
  /** In order. */
  readonly subtasks: readonly SubtaskInfo[]
  /** What outside of the cluster the subtask that waits longest waits for, for people. */
  readonly waitingFor?: string | undefined
  /** Epoch ms. */
  readonly waitingSinceMs?: number | undefined
}

export interface SubtaskInfo {
  /** Index in the vertex. */
  readonly subtask: number
  /** State, or none while the job does not run. */
  readonly state: string
  /** Where it runs. */
  readonly taskManagerId: string
  /** Slot there. */
  readonly slot: number
  /** Since the attempt started. */
  readonly recordsIn: number
  /** Since the attempt started. */
  readonly recordsOut: number
  /** Since the attempt started. */
  readonly busyMs: number
  /** Since the attempt started. */
  readonly idleMs: number
  /** Since the attempt started. */
  readonly backpressuredMs: number
  /** Epoch ms. */
  readonly watermark?: number | undefined
  /** Input that holds it back. */
  readonly heldBy?: string | undefined
  /** Since the attempt started. */
  readonly lateDropped: number
  /** Since the attempt started. */
  readonly errorsSkipped: number
  /** What outside of the cluster it waits for, for people. */
  readonly waitingFor?: string | undefined
  /** Epoch ms. */
  readonly waitingSinceMs?: number | undefined
}

export interface CheckpointInfo {
  /** Rises within the job. */
  readonly checkpointId: number
  /** checkpoint, savepoint or final. */
  readonly kind: string
  /** pending, completed, failed. */
  readonly state: string
  /** Epoch ms. */
  readonly triggeredMs: number
  /** Epoch ms. */
  readonly endedMs?: number | undefined
  /** Written for it. */
  readonly bytes: number
  /** Subtasks that acknowledged. */
  readonly acknowledged: number
  /** Subtasks that have to. */
  readonly total: number
  /** Where its manifest is. */
  readonly path?: string | undefined
  /** Why it failed. */
  readonly reason?: string | undefined
  /** The longest of the subtasks. */
  readonly alignmentMs?: number | undefined
  /** The longest of the subtasks. */
  readonly syncMs?: number | undefined
  /** The longest of the subtasks. */
  readonly asyncMs?: number | undefined
  /** Records that barriers overtook, in bytes; part of bytes. */
  readonly inFlightBytes?: number | undefined
  /** Subtasks whose barriers overtook. */
  readonly unaligned?: number | undefined
  /** Epoch ms at which all subtasks had acknowledged: since then it is being stored. */
  readonly storingSinceMs?: number | undefined
}

export interface CheckpointCounts {
  /** Started. */
  readonly triggered: number
  /** Complete. */
  readonly completed: number
  /** Declined, expired or not stored. */
  readonly failed: number
}

export interface StopRequest {
  /** Id, unique prefix of an id, or name. */
  readonly job: string
  /** Directory; empty for the configured one. */
  readonly savepointPath: string
  /** The stream ends first: windows fire. */
  readonly drain: boolean
}

export interface SavepointRequest {
  /** Id, unique prefix of an id, or name. */
  readonly job: string
  /** Directory; empty for the configured one. */
  readonly path: string
}

export interface SnapshotReply {
  /** Where the snapshot is. */
  readonly path: string
  /** Its number. */
  readonly checkpointId: number
  /** Written for it. */
  readonly bytes: number
  /** From trigger to complete. */
  readonly durationMs: number
}

export interface RescaleRequest {
  /** Id, unique prefix of an id, or name. */
  readonly job: string
  /** Of all operators that the job gives none of their own; 0: they stay as they are. */
  readonly parallelism: number
  /** Of single operators. */
  readonly operators: readonly OperatorParallelism[]
}

export interface OperatorParallelism {
  /** uid. */
  readonly operator: string
  /** Number of subtasks. */
  readonly parallelism: number
}

export interface RescaleReply {
  /** Of the job now. */
  readonly status?: JobStatus | undefined
  /** In the order of the plan. */
  readonly vertices: readonly VertexChange[]
  /** From the request to the answer. */
  readonly durationMs: number
  /** While no task ran; 0 when nothing had to be changed. */
  readonly interruptedMs: number
}

export interface VertexChange {
  /** Name of the vertex. */
  readonly name: string
  /** Parallelism. */
  readonly before: number
  /** Parallelism. */
  readonly after: number
}

export interface DisposeRequest {
  /** Directory of the savepoint. */
  readonly path: string
}

export interface DisposeReply {
}

export type CodePiece =
  /** First message. */
  | ({ readonly kind: 'header' } & CodeHeader)
  /** The next piece of the bundle. */
  | ({ readonly kind: 'bundle' } & { readonly value: Uint8Array })

export interface CodeHeader {
  /** JobPlan as it was submitted. */
  readonly planJson: Uint8Array
  /** Options that were given beside the plan's. */
  readonly options: Readonly<Record<string, string>>
  /** Size of the bundle that follows. */
  readonly bundleBytes: number
}

export interface LogsRequest {
  /** Id, unique prefix of an id, or name. */
  readonly job: string
  /** Stay until the job ends. */
  readonly follow: boolean
}

export interface LogLine {
  /** Epoch ms. */
  readonly timeMs: number
  /** uid of the sink that printed, or jobmanager. */
  readonly source: string
  /** Without a line end. */
  readonly text: string
}

export interface ResultsRequest {
  /** Id, unique prefix of an id, or name. */
  readonly job: string
  /** How far the reader is; of others it takes what there is. */
  readonly positions: readonly ResultPosition[]
}

export interface ResultPosition {
  /** The sink. */
  readonly uid: string
  /** Index in its vertex. */
  readonly subtask: number
  /** Number of the next record. */
  readonly next: number
}

export interface ResultsReply {
  /** In order per subtask. */
  readonly batches: readonly ResultBatch[]
  /** The job has ended and the reader has everything. */
  readonly ended: boolean
}

export interface ResultBatch {
  /** The sink. */
  readonly uid: string
  /** Index in its vertex. */
  readonly subtask: number
  /** Number of the first record among all of this subtask. */
  readonly sequence: number
  /** Array of records. */
  readonly recordsJson: Uint8Array
}

export interface ClusterRequest {
}

export interface ClusterInfo {
  /** Version of the package. */
  readonly version: string
  /** Fencing epoch. */
  readonly epoch: number
  /** Epoch ms. */
  readonly startedMs: number
  /** host:port. */
  readonly address: string
  /** By id. */
  readonly taskManagers: readonly TaskManagerInfo[]
  /** All slots. */
  readonly slotsTotal: number
  /** Slots without a job. */
  readonly slotsFree: number
  /** Jobs that have not ended. */
  readonly jobsRunning: number
}

export interface TaskManagerInfo {
  /** Id. */
  readonly id: string
  /** Where its slots listen for data. */
  readonly host: string
  /** All slots. */
  readonly slotsTotal: number
  /** Slots without a job. */
  readonly slotsFree: number
  /** Epoch ms. */
  readonly registeredMs: number
  /** Epoch ms. */
  readonly lastHeartbeatMs: number
  /** Resident memory. */
  readonly rssBytes: number
  /** Shared memory for batches. */
  readonly arenaBytes: number
  /** In use. */
  readonly arenaUsedBytes: number
  /** Process. */
  readonly processId: number
  /** Version of the package. */
  readonly version: string
  /** It ends as soon as nothing runs there, and gets no more work. */
  readonly leaving: boolean
}

export type FromTaskManager =
  /** First message of the stream. */
  | ({ readonly kind: 'register' } & Register)
  /** Every heartbeat.interval, from the control thread. */
  | ({ readonly kind: 'heartbeat' } & Heartbeat)
  /** A new slot thread took the place of one that ended. */
  | ({ readonly kind: 'slotReady' } & SlotReady)
  /** Everything of an attempt is gone from a slot. */
  | ({ readonly kind: 'slotReleased' } & SlotReleased)
  /** A subtask changed its state. */
  | ({ readonly kind: 'taskState' } & TaskState)
  /** A source subtask has no more input. */
  | ({ readonly kind: 'inputEnded' } & InputEnded)
  /** A subtask has its part of a checkpoint in storage. */
  | ({ readonly kind: 'ack' } & Ack)
  /** A subtask cannot take its part of a checkpoint. */
  | ({ readonly kind: 'decline' } & Decline)
  /** Totals of the subtasks of a job here. */
  | ({ readonly kind: 'metrics' } & MetricsReport)
  /** Lines for people. */
  | ({ readonly kind: 'print' } & Print)
  /** Records for the client that waits. */
  | ({ readonly kind: 'results' } & Results)
  /** This TaskManager is about to end: its tasks are to go elsewhere. */
  | ({ readonly kind: 'leaving' } & Leaving)

/** Who a TaskManager is, and what still runs there. */
export interface Register {
  /** Unique in the cluster; a second one with the same id replaces the first. */
  readonly id: string
  /** Where its slots listen for data. */
  readonly host: string
  /** Version of this file. */
  readonly protocol: number
  /** Version of the package. */
  readonly version: string
  /** Shared memory for batches. */
  readonly arenaBytes: number
  /** For people. */
  readonly processId: number
  /** All slots, in order. */
  readonly slots: readonly SlotStatus[]
  /** Name of the machine, for people. */
  readonly hostName: string
}

export interface SlotStatus {
  /** Index in the TaskManager. */
  readonly slot: number
  /** Data listener of the slot thread. */
  readonly port: number
  /** Job that runs in it; empty when the slot is free. */
  readonly jobId: string
  /** Attempt of that job. */
  readonly attempt: number
  /** Subtasks of that attempt here, for a JobManager that did not see it begin. */
  readonly subtasks: readonly SubtaskStatus[]
  /** The highest checkpoint that was triggered here. */
  readonly checkpointId: number
}

export interface SubtaskStatus {
  /** Vertex in the plan. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
  /** As in TaskState; or why no other JobManager can go on with it: ending, delivering, canceling. */
  readonly state: string
  /** A source without more input. */
  readonly inputEnded: boolean
}

export interface Heartbeat {
  /** Wall clock of the sender. */
  readonly timeMs: number
  /** Resident memory of the process. */
  readonly rssBytes: number
  /** Bytes of segments in use. */
  readonly arenaUsedBytes: number
  /** Segments that are free. */
  readonly arenaFreeSegments: number
}

export interface SlotReady {
  /** Index in the TaskManager. */
  readonly slot: number
  /** Data listener of the new thread; 0 when there will be none. */
  readonly port: number
}

export interface Leaving {
  /** It waits so long for its slots to become free. */
  readonly timeoutMs: number
}

export interface SlotReleased {
  /** Index in the TaskManager. */
  readonly slot: number
  /** Job whose attempt is gone. */
  readonly jobId: string
  /** The attempt. */
  readonly attempt: number
}

export interface TaskState {
  /** Job of the subtask. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** Vertex in the plan. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
  /** deploying, initializing, running, finished, canceled or failed. */
  readonly state: string
  /** Only when failed. */
  readonly cause?: FailureCause | undefined
}

export interface FailureCause {
  /** Code of the error, UNKNOWN for one that is not ours. */
  readonly code: string
  /** A sentence. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string | undefined
  /** Name of the operator it came from. */
  readonly operator?: string | undefined
  /** Its uid. */
  readonly uid?: string | undefined
  /** Frames of the user first. */
  readonly stack?: string | undefined
  /** State cannot be restored, and another attempt would fail in the same way. */
  readonly fatal?: boolean | undefined
}

export interface InputEnded {
  /** Job of the subtask. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** Vertex of the source. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
}

export interface Ack {
  /** Job of the subtask. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** The checkpoint. */
  readonly checkpointId: number
  /** Vertex in the plan. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
  /** SubtaskSnapshot. */
  readonly snapshotJson: Uint8Array
}

export interface Decline {
  /** Job of the subtask. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** The checkpoint. */
  readonly checkpointId: number
  /** Vertex in the plan. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
  /** A sentence. */
  readonly reason: string
}

export interface MetricsReport {
  /** Job of the subtasks. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** Totals since the attempt started. */
  readonly subtasks: readonly SubtaskMetrics[]
}

export interface SubtaskMetrics {
  /** Vertex in the plan. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
  /** Records received. */
  readonly recordsIn: number
  /** Records given on. */
  readonly recordsOut: number
  /** Time in operators. */
  readonly busyMs: number
  /** Time without input. */
  readonly idleMs: number
  /** Time blocked by a slow consumer. */
  readonly backpressuredMs: number
  /** Epoch ms; absent while unknown. */
  readonly watermark?: number | undefined
  /** Input that holds the watermark back, for people. */
  readonly heldBy?: string | undefined
  /** Records that came after their windows. */
  readonly lateDropped: number
  /** Records that the error policy skipped. */
  readonly errorsSkipped: number
  /** What outside of the cluster the subtask waits for, for people. */
  readonly waitingFor?: string | undefined
  /** Epoch ms. */
  readonly waitingSinceMs?: number | undefined
  /** Of each source here that is aligned with others. */
  readonly aligned: readonly AlignedTime[]
}

export interface AlignedTime {
  /** Sources of one group stay together in event time. */
  readonly group: string
  /** Event time that the source has reached; absent: it is idle or has ended, and holds nobody back. */
  readonly timeMs?: number | undefined
}

export interface Print {
  /** Job that printed. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** Sink that printed. */
  readonly uid: string
  /** Without line ends. */
  readonly lines: readonly string[]
}

export interface Results {
  /** Job of the sink. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** The sink. */
  readonly uid: string
  /** Index in its vertex. */
  readonly subtask: number
  /** Number of the first record among all that this subtask ever delivers. */
  readonly sequence: number
  /** Array of records. */
  readonly recordsJson: Uint8Array
}

export type ToTaskManager =
  /** First message of the stream. */
  | ({ readonly kind: 'registered' } & Registered)
  /** Put subtasks into slots; they wait for Start. */
  | ({ readonly kind: 'deploy' } & Deploy)
  /** All subtasks of the job are in place. */
  | ({ readonly kind: 'start' } & Start)
  /** Give up an attempt and release its slots. */
  | ({ readonly kind: 'cancel' } & Cancel)
  /** Sources emit barriers. */
  | ({ readonly kind: 'triggerCheckpoint' } & TriggerCheckpoint)
  /** A checkpoint will not complete. */
  | ({ readonly kind: 'abortCheckpoint' } & AbortCheckpoint)
  /** A checkpoint is stored: sinks commit. */
  | ({ readonly kind: 'checkpointComplete' } & CheckpointComplete)
  /** A client has results: their sink need not keep them. */
  | ({ readonly kind: 'resultsRead' } & ResultsRead)
  /** How far sources of a group are. */
  | ({ readonly kind: 'alignSources' } & AlignSources)
  /** Give up a part of an attempt: that of some slots. */
  | ({ readonly kind: 'cancelSlots' } & CancelSlots)

export interface AlignSources {
  /** Job of the sources. */
  readonly jobId: string
  /** Attempt of the job. */
  readonly attempt: number
  /** The lowest event time of each group; absent: none of its sources holds others back. */
  readonly groups: readonly AlignedTime[]
}

export interface Registered {
  /** Fencing epoch of this JobManager; a TaskManager refuses an older one. */
  readonly epoch: number
  /** How often to send Heartbeat. */
  readonly heartbeatIntervalMs: number
  /** Version of the package there. */
  readonly version: string
  /** Some jobs have not ended: slots may be wanted soon. */
  readonly jobs: boolean
}

export interface Deploy {
  /** The job. */
  readonly jobId: string
  /** Its name. */
  readonly jobName: string
  /** Rises with each restart of the job. */
  readonly attempt: number
  /** Fencing epoch of the sender. */
  readonly epoch: number
  /** JobPlan. */
  readonly planJson: Uint8Array
  /** Hex SHA-256 of the bundle. */
  readonly bundleId: string
  /** Size of the bundle. */
  readonly bundleBytes: number
  /** Slots of this TaskManager that take part. */
  readonly slots: readonly SlotDeployment[]
  /** All subtasks of the job. */
  readonly locations: readonly SubtaskLocation[]
  /** Checkpoint to start from; 0 for a fresh start. */
  readonly restoreCheckpointId: number
  /** RestoreAssignment by 'vertex/subtask' for the subtasks here; empty for a fresh start. */
  readonly restoreJson: Uint8Array
  /** Where checkpoints of the job go; empty: none are taken. */
  readonly checkpointRoot: string
  /** Options of the job by key. */
  readonly options: Readonly<Record<string, string>>
}

export interface SlotDeployment {
  /** Index in the TaskManager. */
  readonly slot: number
  /** At most one of each vertex. */
  readonly subtasks: readonly Subtask[]
}

export interface Subtask {
  /** Vertex in the plan. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
}

export interface SubtaskLocation {
  /** Vertex in the plan. */
  readonly vertex: number
  /** Index in the vertex. */
  readonly subtask: number
  /** TaskManager that runs it. */
  readonly taskManagerId: string
  /** Slot there. */
  readonly slot: number
  /** Host of the data listener. */
  readonly host: string
  /** Port of the data listener. */
  readonly port: number
}

export interface Start {
  /** The job. */
  readonly jobId: string
  /** Its attempt. */
  readonly attempt: number
}

export interface Cancel {
  /** The job. */
  readonly jobId: string
  /** Its attempt. */
  readonly attempt: number
  /** The job ends for good; absent: it may begin again. */
  readonly end?: JobEnd | undefined
}

export interface JobEnd {
  /** The newest snapshot that counts, 0 for none: sinks commit up to it and drop what is behind it. */
  readonly checkpointId: number
}

export interface CancelSlots {
  /** The job. */
  readonly jobId: string
  /** The attempt in these slots. */
  readonly attempt: number
  /** Indexes in the TaskManager. */
  readonly slots: readonly number[]
}

export interface TriggerCheckpoint {
  /** The job. */
  readonly jobId: string
  /** Its attempt. */
  readonly attempt: number
  /** Rises within the job. */
  readonly checkpointId: number
  /** Nothing may refer to files of an earlier snapshot's owner. */
  readonly savepoint: boolean
  /** Empty, or what sources do after the barrier: drain (end the stream first) or suspend. */
  readonly stop: string
}

export interface AbortCheckpoint {
  /** The job. */
  readonly jobId: string
  /** Its attempt. */
  readonly attempt: number
  /** The checkpoint. */
  readonly checkpointId: number
}

export interface CheckpointComplete {
  /** The job. */
  readonly jobId: string
  /** Its attempt. */
  readonly attempt: number
  /** The checkpoint. */
  readonly checkpointId: number
}

export interface ResultsRead {
  /** The job. */
  readonly jobId: string
  /** Its attempt. */
  readonly attempt: number
  /** The sink. */
  readonly uid: string
  /** Index in its vertex. */
  readonly subtask: number
  /** Number of the first record that nobody has. */
  readonly next: number
}

export interface FetchBundleRequest {
  /** Hex SHA-256 of the bundle. */
  readonly bundleId: string
}

export interface BundleChunk {
  /** The next piece. */
  readonly data: Uint8Array
}
