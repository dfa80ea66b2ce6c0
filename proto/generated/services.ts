// Generated from the .proto files by scripts/build-proto.ts. Do not edit.
import { millrace } from './messages.js'
import type * as shapes from './shapes.ts'
import { type Method, method } from '../rpc/method.ts'

export const clientMethods = {
  /** The first message is the header, the bundle follows in pieces. */
  submit: method('/millrace.client.Client/Submit', true, false, millrace.client.SubmitRequest, millrace.client.SubmitReply) as Method<shapes.SubmitRequest, shapes.SubmitReply>,
  /** All jobs the JobManager knows, the newest first. */
  list: method('/millrace.client.Client/List', false, false, millrace.client.ListRequest, millrace.client.ListReply) as Method<shapes.ListRequest, shapes.ListReply>,
  /** Everything about one job. */
  info: method('/millrace.client.Client/Info', false, false, millrace.client.JobRequest, millrace.client.JobInfo) as Method<shapes.JobRequest, shapes.JobInfo>,
  /** Gives a job up. Answers when the request is accepted. */
  cancel: method('/millrace.client.Client/Cancel', false, false, millrace.client.JobRequest, millrace.client.JobStatus) as Method<shapes.JobRequest, shapes.JobStatus>,
  /** Takes a savepoint and ends the job. Answers when the job has ended. */
  stop: method('/millrace.client.Client/Stop', false, false, millrace.client.StopRequest, millrace.client.SnapshotReply) as Method<shapes.StopRequest, shapes.SnapshotReply>,
  /** Takes a savepoint. Answers when it is complete. */
  savepoint: method('/millrace.client.Client/Savepoint', false, false, millrace.client.SavepointRequest, millrace.client.SnapshotReply) as Method<shapes.SavepointRequest, shapes.SnapshotReply>,
  /** Takes a checkpoint now. Answers when it is complete. */
  checkpoint: method('/millrace.client.Client/Checkpoint', false, false, millrace.client.JobRequest, millrace.client.SnapshotReply) as Method<shapes.JobRequest, shapes.SnapshotReply>,
  /** Deletes a savepoint. */
  disposeSavepoint: method('/millrace.client.Client/DisposeSavepoint', false, false, millrace.client.DisposeRequest, millrace.client.DisposeReply) as Method<shapes.DisposeRequest, shapes.DisposeReply>,
  /** Lines that the job printed and what happened to it. */
  logs: method('/millrace.client.Client/Logs', false, true, millrace.client.LogsRequest, millrace.client.LogLine) as Method<shapes.LogsRequest, shapes.LogLine>,
  /** Records of the collecting sinks, each once and in order per subtask; ends with the job. */
  results: method('/millrace.client.Client/Results', false, true, millrace.client.JobRequest, millrace.client.ResultBatch) as Method<shapes.JobRequest, shapes.ResultBatch>,
  /** The status now and after each change; ends with the job. */
  watch: method('/millrace.client.Client/Watch', false, true, millrace.client.JobRequest, millrace.client.JobStatus) as Method<shapes.JobRequest, shapes.JobStatus>,
  /** What the cluster has. */
  cluster: method('/millrace.client.Client/Cluster', false, false, millrace.client.ClusterRequest, millrace.client.ClusterInfo) as Method<shapes.ClusterRequest, shapes.ClusterInfo>,
}

export const controlMethods = {
  /** The one stream of a TaskManager. Its first message is Register, the first answer Registered or the call fails. */
  connect: method('/millrace.control.Control/Connect', true, true, millrace.control.FromTaskManager, millrace.control.ToTaskManager) as Method<shapes.FromTaskManager, shapes.ToTaskManager>,
  /** A bundle in pieces, for a TaskManager that does not have it yet. */
  fetchBundle: method('/millrace.control.Control/FetchBundle', false, true, millrace.control.FetchBundleRequest, millrace.control.BundleChunk) as Method<shapes.FetchBundleRequest, shapes.BundleChunk>,
}
