// Generated from the .proto files by scripts/build-proto.ts. Do not edit.
import { millrace } from './messages.js'
import type * as shapes from './shapes.ts'
import { method } from '../rpc/method.ts'

export const clientMethods = {
  /** The first message is the header, the bundle follows in pieces. */
  submit: method<shapes.SubmitRequest, shapes.SubmitReply>('/millrace.client.Client/Submit', true, false, millrace.client.SubmitRequest, millrace.client.SubmitReply),
  /** All jobs the JobManager knows, the newest first. */
  list: method<shapes.ListRequest, shapes.ListReply>('/millrace.client.Client/List', false, false, millrace.client.ListRequest, millrace.client.ListReply),
  /** Everything about one job. */
  info: method<shapes.JobRequest, shapes.JobInfo>('/millrace.client.Client/Info', false, false, millrace.client.JobRequest, millrace.client.JobInfo),
  /** Gives a job up. Answers when the request is accepted. */
  cancel: method<shapes.JobRequest, shapes.JobStatus>('/millrace.client.Client/Cancel', false, false, millrace.client.JobRequest, millrace.client.JobStatus),
  /** Takes a savepoint and ends the job. Answers when the job has ended. */
  stop: method<shapes.StopRequest, shapes.SnapshotReply>('/millrace.client.Client/Stop', false, false, millrace.client.StopRequest, millrace.client.SnapshotReply),
  /** Takes a savepoint. Answers when it is complete. */
  savepoint: method<shapes.SavepointRequest, shapes.SnapshotReply>('/millrace.client.Client/Savepoint', false, false, millrace.client.SavepointRequest, millrace.client.SnapshotReply),
  /** Takes a checkpoint now. Answers when it is complete. */
  checkpoint: method<shapes.JobRequest, shapes.SnapshotReply>('/millrace.client.Client/Checkpoint', false, false, millrace.client.JobRequest, millrace.client.SnapshotReply),
  /** Takes a checkpoint and goes on from it with another parallelism. Answers when the job runs again, or waits for slots. */
  rescale: method<shapes.RescaleRequest, shapes.RescaleReply>('/millrace.client.Client/Rescale', false, false, millrace.client.RescaleRequest, millrace.client.RescaleReply),
  /** Deletes a savepoint. */
  disposeSavepoint: method<shapes.DisposeRequest, shapes.DisposeReply>('/millrace.client.Client/DisposeSavepoint', false, false, millrace.client.DisposeRequest, millrace.client.DisposeReply),
  /** What a job was submitted with, so that it can be submitted again: the header, then the bundle in pieces. */
  code: method<shapes.JobRequest, shapes.CodePiece>('/millrace.client.Client/Code', false, true, millrace.client.JobRequest, millrace.client.CodePiece),
  /** Lines that the job printed and what happened to it. */
  logs: method<shapes.LogsRequest, shapes.LogLine>('/millrace.client.Client/Logs', false, true, millrace.client.LogsRequest, millrace.client.LogLine),
  /** Records of the collecting sinks behind the given positions. Waits a few seconds for some. A position says that the reader has what is before it. */
  results: method<shapes.ResultsRequest, shapes.ResultsReply>('/millrace.client.Client/Results', false, false, millrace.client.ResultsRequest, millrace.client.ResultsReply),
  /** The status now and after each change; ends with the job. */
  watch: method<shapes.JobRequest, shapes.JobStatus>('/millrace.client.Client/Watch', false, true, millrace.client.JobRequest, millrace.client.JobStatus),
  /** What the cluster has. */
  cluster: method<shapes.ClusterRequest, shapes.ClusterInfo>('/millrace.client.Client/Cluster', false, false, millrace.client.ClusterRequest, millrace.client.ClusterInfo),
}

export const controlMethods = {
  /** The one stream of a TaskManager. Its first message is Register, the first answer Registered or the call fails. */
  connect: method<shapes.FromTaskManager, shapes.ToTaskManager>('/millrace.control.Control/Connect', true, true, millrace.control.FromTaskManager, millrace.control.ToTaskManager),
  /** A bundle in pieces, for a TaskManager that does not have it yet. */
  fetchBundle: method<shapes.FetchBundleRequest, shapes.BundleChunk>('/millrace.control.Control/FetchBundle', false, true, millrace.control.FetchBundleRequest, millrace.control.BundleChunk),
}
