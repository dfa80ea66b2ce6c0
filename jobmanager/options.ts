/**
 * Options of the JobManager and of jobs as far as the JobManager reads them. Names are Flink 2's where Flink has the option.
 */
import { duration, integer, oneOf, option, size, text } from '../core/config/index.ts'
import { testFaultOrders } from '../core/fault-orders.ts'
import { testFaults } from '../core/faults.ts'
import { monitorOptions } from '../core/monitor/options.ts'
import { s3Options } from '../core/storage/s3/options.ts'
import { slotJobOptions } from '../proto/jobgraph/options.ts'
import { allowInsecure, messageBytesMax, rpcAddress, rpcAddresses, rpcPort } from '../proto/rpc/options.ts'
import { clientAuthentication, clientTrusted, internalTlsOptions } from '../proto/rpc/tls-options.ts'
import { haOptions, scheduleOptions } from './ha/options.ts'

export { allowInsecure, messageBytesMax, rpcAddress, rpcPort }

export const bindHost = option({
  key: 'jobmanager.bind-host',
  type: text(),
  scope: 'jobmanager',
  doc: 'Host to listen on when it differs from jobmanager.rpc.address.',
})
export const dataDirectory = option({
  key: 'jobmanager.data-dir',
  type: text(),
  default: '.millrace/jobmanager',
  scope: 'jobmanager',
  doc: 'Directory of the job store: plans, bundles and the state of jobs, from which a restarted JobManager goes on.',
})
export const heartbeatInterval = option({
  key: 'heartbeat.interval',
  type: duration(),
  default: 1000,
  scope: 'cluster',
  doc: 'How often a TaskManager says that it is alive.',
})
export const heartbeatTimeout = option({
  key: 'heartbeat.timeout',
  type: duration(),
  default: 10_000,
  scope: 'cluster',
  doc: 'A TaskManager that was silent for so long counts as lost. A killed process is noticed at once by its closed connection.',
})
export const bundleBytesMax = option({
  key: 'jobmanager.bundle.max-size',
  type: size(),
  default: 32 * 1024 * 1024,
  scope: 'jobmanager',
  doc: 'Largest bundle of a job.',
})
export const jobsRetained = option({
  key: 'jobstore.max-capacity',
  type: integer({ min: 0, max: 100_000 }),
  default: 100,
  scope: 'jobmanager',
  doc: 'Jobs that are remembered after they ended.',
})
export const resultsBufferMax = option({
  key: 'jobmanager.results.buffer-size',
  type: size(),
  default: 64 * 1024 * 1024,
  scope: 'jobmanager',
  doc: 'Bytes of results per job that are kept until a client reads them. sink.collect stops before (its option buffer); of other sinks the oldest are dropped, and the client is told.',
})
export const resultsRetainedMax = option({
  key: 'jobmanager.results.retained-size',
  type: size(),
  default: 16 * 1024 * 1024,
  scope: 'jobmanager',
  doc: 'Bytes of results per job that are stored when it ends before a client has read them, so that they are there after a restart of the JobManager too. What is beyond goes with the JobManager, the oldest first.',
})
export const logLinesMax = option({
  key: 'jobmanager.logs.max-lines',
  type: integer({ min: 1, max: 1_000_000 }),
  default: 10_000,
  scope: 'jobmanager',
  doc: 'Lines per job that are kept for millrace logs.',
})

export const checkpointInterval = option({
  key: 'execution.checkpointing.interval',
  type: duration(),
  scope: 'job',
  doc: 'How often a checkpoint is taken. Without it there are none, and a failed job starts from the beginning.',
})
export const checkpointMinPause = option({
  key: 'execution.checkpointing.min-pause',
  type: duration(),
  default: 0,
  scope: 'job',
  doc: 'Least time between the end of a checkpoint and the start of the next.',
})
export const checkpointTimeout = option({
  key: 'execution.checkpointing.timeout',
  type: duration(),
  default: 600_000,
  scope: 'job',
  doc: 'A checkpoint that took longer is given up. Storing it, once all tasks have done their part, may take so long again.',
})
export const checkpointTolerableFailures = option({
  key: 'execution.checkpointing.tolerable-failed-checkpoints',
  type: integer({ min: 0, max: 1_000_000 }),
  default: 0,
  scope: 'job',
  doc: 'Checkpoints that may fail one after the other before the job is restarted.',
})
export const checkpointsRetained = option({
  key: 'execution.checkpointing.num-retained',
  type: integer({ min: 1, max: 1000 }),
  default: 1,
  scope: 'job',
  doc: 'Completed checkpoints that are kept.',
})
export const checkpointDirectory = option({
  key: 'execution.checkpointing.dir',
  type: text(),
  scope: 'job',
  doc: 'Storage of checkpoints, which JobManager and TaskManagers must both reach. Default: checkpoints in jobmanager.data-dir.',
})
export const savepointDirectory = option({
  key: 'execution.checkpointing.savepoint-dir',
  type: text(),
  scope: 'job',
  doc: 'Where savepoints go when none is named. Default: savepoints in jobmanager.data-dir.',
})
export const checkpointRetention = option({
  key: 'execution.checkpointing.externalized-checkpoint-retention',
  type: oneOf(['DELETE_ON_CANCELLATION', 'RETAIN_ON_CANCELLATION']),
  default: 'DELETE_ON_CANCELLATION',
  scope: 'job',
  doc: 'What becomes of checkpoints when a job is canceled. Those of a finished job are deleted, those of a failed one stay.',
})

export const schedulerMode = option({
  key: 'scheduler-mode',
  type: oneOf(['default', 'reactive']),
  default: 'default',
  scope: 'job',
  doc: 'With reactive, the parallelism of a job follows the slots of the cluster: it takes all there are, also those that come later. Operators with a parallelism of their own get at most that. It has the cluster for itself: jobs that are submitted later wait until it has ended, as it does for those before it.',
})
export const parallelismLimit = option({
  key: 'pipeline.max-parallelism',
  type: integer({ min: 1, max: 32_768 }),
  default: 32_768,
  scope: 'job',
  doc: 'Highest parallelism that scheduler-mode reactive gives an operator.',
})
export const stabilizationTimeout = option({
  key: 'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout',
  type: duration(),
  default: 10_000,
  scope: 'job',
  doc: 'With scheduler-mode reactive: a running job takes slots that were added when their number has been the same for so long. A job that has no slots takes what there is at once.',
})

export const restartStrategy = option({
  key: 'restart-strategy.type',
  type: oneOf(['none', 'fixed-delay', 'failure-rate', 'exponential-delay']),
  default: 'exponential-delay',
  scope: 'job',
  doc: 'Whether and when a failed job is started again.',
})
export const fixedDelayAttempts = option({
  key: 'restart-strategy.fixed-delay.attempts',
  type: integer({ min: 0, max: 1_000_000_000 }),
  default: 3,
  scope: 'job',
  doc: 'Restarts before the job is given up.',
})
export const fixedDelayDelay = option({
  key: 'restart-strategy.fixed-delay.delay',
  type: duration(),
  default: 1000,
  scope: 'job',
  doc: 'Pause before a restart.',
})
export const failureRateMax = option({
  key: 'restart-strategy.failure-rate.max-failures-per-interval',
  type: integer({ min: 0, max: 1_000_000_000 }),
  default: 3,
  scope: 'job',
  doc: 'Failures within the interval that the job survives.',
})
export const failureRateInterval = option({
  key: 'restart-strategy.failure-rate.failure-rate-interval',
  type: duration(),
  default: 60_000,
  scope: 'job',
  doc: 'The interval over which failures are counted.',
})
export const failureRateDelay = option({
  key: 'restart-strategy.failure-rate.delay',
  type: duration(),
  default: 1000,
  scope: 'job',
  doc: 'Pause before a restart.',
})
export const exponentialInitial = option({
  key: 'restart-strategy.exponential-delay.initial-backoff',
  type: duration(),
  default: 100,
  scope: 'job',
  doc: 'Pause before the first restart.',
})
export const exponentialMax = option({
  key: 'restart-strategy.exponential-delay.max-backoff',
  type: duration(),
  default: 60_000,
  scope: 'job',
  doc: 'Longest pause before a restart.',
})
export const exponentialMultiplier = option({
  key: 'restart-strategy.exponential-delay.backoff-multiplier',
  type: integer({ min: 1, max: 100 }),
  default: 2,
  scope: 'job',
  doc: 'By how much the pause grows with each failure.',
})
export const exponentialReset = option({
  key: 'restart-strategy.exponential-delay.reset-backoff-threshold',
  type: duration(),
  default: 60_000,
  scope: 'job',
  doc: 'After so long without a failure the pause begins anew.',
})
export const exponentialAttempts = option({
  key: 'restart-strategy.exponential-delay.attempts-before-reset-backoff',
  type: integer({ min: 0, max: 1_000_000_000 }),
  default: 1_000_000_000,
  scope: 'job',
  doc: 'Failures in a row before the job is given up.',
})

/** What a job may set for itself and the JobManager reads. */
export const jobOptions = [
  checkpointInterval,
  checkpointMinPause,
  checkpointTimeout,
  checkpointTolerableFailures,
  checkpointsRetained,
  checkpointDirectory,
  savepointDirectory,
  checkpointRetention,
  schedulerMode,
  parallelismLimit,
  stabilizationTimeout,
  restartStrategy,
  fixedDelayAttempts,
  fixedDelayDelay,
  failureRateMax,
  failureRateInterval,
  failureRateDelay,
  exponentialInitial,
  exponentialMax,
  exponentialMultiplier,
  exponentialReset,
  exponentialAttempts,
  ...scheduleOptions,
]

/** Everything that a JobManager reads. */
export const jobManagerOptions = [
  rpcAddress,
  rpcPort,
  rpcAddresses,
  bindHost,
  dataDirectory,
  allowInsecure,
  messageBytesMax,
  heartbeatInterval,
  heartbeatTimeout,
  bundleBytesMax,
  jobsRetained,
  resultsBufferMax,
  resultsRetainedMax,
  logLinesMax,
  testFaults,
  testFaultOrders,
  ...monitorOptions,
  ...internalTlsOptions,
  clientAuthentication,
  clientTrusted,
  ...s3Options,
  ...haOptions,
  ...jobOptions,
  ...slotJobOptions,
]
