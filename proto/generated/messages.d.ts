// Generated from the .proto files by scripts/build-proto.ts. Do not edit.

export interface Message {
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): object
  fromObject(value: object): object
  toObject(message: object, options: object): Record<string, unknown>
}

export const millrace: {
  readonly client: {
    readonly SubmitRequest: Message
    readonly SubmitHeader: Message
    readonly SubmitReply: Message
    readonly ListRequest: Message
    readonly ListReply: Message
    readonly JobRequest: Message
    readonly JobStatus: Message
    readonly Failure: Message
    readonly JobInfo: Message
    readonly SinkInfo: Message
    readonly RestoredFrom: Message
    readonly VertexInfo: Message
    readonly SubtaskInfo: Message
    readonly CheckpointInfo: Message
    readonly CheckpointCounts: Message
    readonly StopRequest: Message
    readonly SavepointRequest: Message
    readonly SnapshotReply: Message
    readonly RescaleRequest: Message
    readonly OperatorParallelism: Message
    readonly RescaleReply: Message
    readonly VertexChange: Message
    readonly DisposeRequest: Message
    readonly DisposeReply: Message
    readonly CodePiece: Message
    readonly CodeHeader: Message
    readonly LogsRequest: Message
    readonly LogLine: Message
    readonly ResultsRequest: Message
    readonly ResultPosition: Message
    readonly ResultsReply: Message
    readonly ResultBatch: Message
    readonly ClusterRequest: Message
    readonly ClusterInfo: Message
    readonly TaskManagerInfo: Message
  }
  readonly control: {
    readonly FromTaskManager: Message
    readonly Register: Message
    readonly SlotStatus: Message
    readonly SubtaskStatus: Message
    readonly Heartbeat: Message
    readonly SlotReady: Message
    readonly Leaving: Message
    readonly SlotReleased: Message
    readonly TaskState: Message
    readonly FailureCause: Message
    readonly InputEnded: Message
    readonly Ack: Message
    readonly Decline: Message
    readonly MetricsReport: Message
    readonly SubtaskMetrics: Message
    readonly AlignedTime: Message
    readonly Print: Message
    readonly Results: Message
    readonly ToTaskManager: Message
    readonly AlignSources: Message
    readonly Registered: Message
    readonly Deploy: Message
    readonly SlotDeployment: Message
    readonly Subtask: Message
    readonly SubtaskLocation: Message
    readonly Start: Message
    readonly Cancel: Message
    readonly JobEnd: Message
    readonly CancelSlots: Message
    readonly TriggerCheckpoint: Message
    readonly AbortCheckpoint: Message
    readonly CheckpointComplete: Message
    readonly ResultsRead: Message
    readonly FetchBundleRequest: Message
    readonly BundleChunk: Message
  }
}
