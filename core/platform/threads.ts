/** Threads and the ports between them: the one door to `node:worker_threads`. */
export {
  isMainThread,
  MessageChannel,
  MessagePort,
  parentPort,
  type ResourceLimits,
  receiveMessageOnPort,
  resourceLimits,
  type Transferable,
  threadId,
  Worker,
  type WorkerOptions,
  workerData,
} from 'node:worker_threads'
