/** Options of the TaskManager and of what runs in its slots. Names are Flink 2's where Flink has the option. */
import { duration, integer, option, size, text } from '../core/config/index.ts'
import { testFaultOrders } from '../core/fault-orders.ts'
import { testFaults } from '../core/faults.ts'
import { monitorOptions } from '../core/monitor/options.ts'
import { s3Options } from '../core/storage/s3/options.ts'
import { allowInsecure, messageBytesMax, rpcAddress, rpcAddresses, rpcPort } from '../proto/rpc/options.ts'
import { internalTlsOptions } from '../proto/rpc/tls-options.ts'

export { allowInsecure, messageBytesMax, rpcAddress, rpcAddresses, rpcPort }

export const taskManagerId = option({
  key: 'taskmanager.resource-id',
  type: text(),
  scope: 'taskmanager',
  doc: 'Name of the TaskManager, unique in the cluster. Default: one that was never used before.',
})
export const taskManagerHost = option({
  key: 'taskmanager.host',
  type: text(),
  default: '127.0.0.1',
  scope: 'taskmanager',
  doc: 'Host on which the slots listen for data and at which other TaskManagers find them.',
})
export const slotCount = option({
  key: 'taskmanager.numberOfTaskSlots',
  type: integer({ min: 1, max: 31 }),
  default: 1,
  scope: 'taskmanager',
  doc: 'Slots, each a thread that runs one subtask of every vertex of one job.',
})
export const networkMemory = option({
  key: 'taskmanager.memory.network.size',
  type: size(),
  default: 256 * 1024 * 1024,
  scope: 'taskmanager',
  doc: 'Shared memory for batches. Pages that are never used cost nothing. A job that needs more at least is refused with the number.',
})
export const segmentSize = option({
  key: 'taskmanager.memory.segment-size',
  type: size(),
  default: 256 * 1024,
  scope: 'taskmanager',
  doc: 'Size of a segment of the shared memory: the largest batch.',
})
export const slotHeap = option({
  key: 'taskmanager.memory.task.heap.size',
  type: size(),
  default: 1024 * 1024 * 1024,
  scope: 'taskmanager',
  doc: 'Limit of the JavaScript heap of one slot. A slot that needs more fails by itself; the others go on.',
})
export const slotYoungHeap = option({
  key: 'taskmanager.memory.task.young-generation.size',
  type: size(),
  default: 48 * 1024 * 1024,
  scope: 'taskmanager',
  doc: 'Limit of the part of a slot heap where objects are made.',
})
export const dataDirectory = option({
  key: 'taskmanager.data-dir',
  type: text(),
  default: '.millrace/taskmanager',
  scope: 'taskmanager',
  doc: 'Directory of bundles that were fetched. May be shared by the TaskManagers of a machine.',
})
export const stateDirectory = option({
  key: 'taskmanager.state.dir',
  type: text(),
  scope: 'taskmanager',
  doc: 'Directory for keyed state of jobs with state.backend.type: rocksdb. Nothing in it is needed after a restart. Shared by TaskManagers of one machine only. Default: state in taskmanager.data-dir.',
})
export const localStateDirectory = option({
  key: 'taskmanager.state.local.root-dir',
  type: text(),
  scope: 'taskmanager',
  doc: 'Directory for local copies of runs, of jobs with state.backend.local-recovery. May be shared by the TaskManagers of a machine, and outlive them. Default: local-state in taskmanager.data-dir.',
})
export const reconnectDelayMin = option({
  key: 'cluster.registration.initial-timeout',
  type: duration(),
  default: 50,
  scope: 'taskmanager',
  doc: 'Pause before a TaskManager tries to reach the JobManager again; it doubles each time.',
})
export const reconnectDelayMax = option({
  key: 'cluster.registration.max-timeout',
  type: duration(),
  default: 400,
  scope: 'taskmanager',
  doc: 'Longest pause before a TaskManager tries to reach the JobManager again.',
})
export const cancellationTimeout = option({
  key: 'task.cancellation.timeout',
  type: duration(),
  default: 10_000,
  scope: 'taskmanager',
  doc: 'A slot that has not given a cancelled job up after so long is ended and replaced.',
})
export const drainTimeout = option({
  key: 'taskmanager.drain.timeout',
  type: duration(),
  default: 15_000,
  scope: 'taskmanager',
  doc: 'A TaskManager that is told to end (SIGTERM, Ctrl-C) tells the JobManager, and waits so long for its tasks to go on elsewhere from a checkpoint. 0: it ends at once, and its tasks are restarted.',
})
export const watchdogTimeout = option({
  key: 'task.watchdog.timeout',
  type: duration(),
  default: 30_000,
  scope: 'taskmanager',
  doc: 'User code that has not returned after so long fails the job, with the name of the operator.',
})
export const dataSilence = option({
  key: 'taskmanager.network.silence-timeout',
  type: duration(),
  scope: 'taskmanager',
  doc: 'A connection between slots of two TaskManagers on which nothing came for so long is lost, and the job is restarted. Both ends say something four times in that time. A slot whose code has not returned says nothing, so it must be longer than any function may take. The same for all TaskManagers. 0: never. Default: task.watchdog.timeout and five seconds.',
})

export const openTimeout = option({
  key: 'task.open.timeout',
  type: duration(),
  default: 600_000,
  scope: 'taskmanager',
  doc: 'Longest time in which the operators of a slot restore their state, find splits and connect. After it the job fails.',
})

/** Everything that a TaskManager reads. */
export const taskManagerOptions = [
  rpcAddress,
  rpcPort,
  rpcAddresses,
  allowInsecure,
  messageBytesMax,
  taskManagerId,
  taskManagerHost,
  slotCount,
  networkMemory,
  segmentSize,
  slotHeap,
  slotYoungHeap,
  dataDirectory,
  stateDirectory,
  localStateDirectory,
  reconnectDelayMin,
  reconnectDelayMax,
  cancellationTimeout,
  drainTimeout,
  watchdogTimeout,
  dataSilence,
  openTimeout,
  testFaults,
  testFaultOrders,
  ...monitorOptions,
  ...internalTlsOptions,
  ...s3Options,
]
