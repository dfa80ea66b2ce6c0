/**
 * Options of a job that its slots read, and the check of all that a job sets. They stand here because the JobManager
 * refuses what is wrong before anything runs. Pure.
 */
import {
  type AnyOption,
  boolean,
  configErrors,
  didYouMean,
  duration,
  formatSize,
  integer,
  nearest,
  oneOf,
  option,
  size,
  type ValueType,
} from '../../core/config/index.ts'

export const bufferTimeout = option({
  key: 'execution.buffer-timeout',
  type: duration(),
  default: 5,
  scope: 'job',
  doc: 'Records wait this long at most for a batch to fill. What has drained is sent at once, whatever this says.',
})
export const watermarkInterval = option({
  key: 'pipeline.auto-watermark-interval',
  type: duration(),
  default: 200,
  scope: 'job',
  doc: 'Sources look this often whether an input has gone idle. Watermarks themselves follow each batch.',
})
export const parallelismDefault = option({
  key: 'parallelism.default',
  type: integer({ min: 1, max: 32_768 }),
  scope: 'job',
  doc: 'Parallelism of operators that have none of their own.',
})

export const checkpointMode = option({
  key: 'execution.checkpointing.mode',
  type: oneOf(['exactly-once', 'at-least-once']),
  default: 'exactly-once',
  scope: 'job',
  doc: 'exactly-once: a record counts once in state. at-least-once: inputs never wait for the barriers of others, and after a restore records between the barriers of two inputs count again.',
})
export const unalignedCheckpoints = option({
  key: 'execution.checkpointing.unaligned',
  type: boolean(),
  default: false,
  scope: 'job',
  doc: 'Barriers may overtake records, which then become part of the checkpoint: it completes under backpressure. Savepoints are always aligned. Without effect at least once, where barriers do not wait for each other.',
})
export const alignedCheckpointTimeout = option({
  key: 'execution.checkpointing.aligned-checkpoint-timeout',
  type: duration(),
  default: 0,
  scope: 'job',
  doc: 'With execution.checkpointing.unaligned: barriers wait their turn so long after the trigger before they overtake. 0: they overtake at once.',
})

export const stateBackend = option({
  key: 'state.backend.type',
  type: oneOf(['hashmap', 'rocksdb']),
  default: 'hashmap',
  scope: 'job',
  doc: 'Where keyed state lives. hashmap: in memory. rocksdb: on the local disk behind a cache, so that it may be larger than memory. A snapshot of either restores into either.',
})

const rocksdbMemoryMin = 8 * 1024 * 1024

/** A size with a least value. */
const rocksdbMemorySize: ValueType<number> = {
  ...size(),
  parse(text) {
    const bytes = size().parse(text)
    if (bytes < rocksdbMemoryMin) throw new Error(`"${text}" is less than ${formatSize(rocksdbMemoryMin)}`)
    return bytes
  },
}
export const rocksdbMemory = option({
  key: 'state.backend.rocksdb.memory',
  type: rocksdbMemorySize,
  default: 128 * 1024 * 1024,
  scope: 'job',
  doc: 'Memory of one subtask of a stateful operator with state.backend.type: rocksdb: cache of entries, write buffers and block cache together. At least 8mb.',
})

export const localRecovery = option({
  key: 'state.backend.local-recovery',
  type: boolean(),
  default: false,
  scope: 'job',
  doc: 'Runs of keyed state are kept on the local disk as well (taskmanager.state.local.root-dir), and a restart on the same machine reads them there.',
})

export const slotJobOptions: readonly AnyOption[] = [
  bufferTimeout,
  watermarkInterval,
  parallelismDefault,
  checkpointMode,
  unalignedCheckpoints,
  alignedCheckpointTimeout,
  stateBackend,
  rocksdbMemory,
  localRecovery,
]

/** What the configuration of the cluster says of them: the job's own values go before. */
export function slotDefaults(cluster: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    slotJobOptions.flatMap(({ key }) => (cluster[key] === undefined ? [] : [[key, cluster[key]]])),
  )
}

/** What begins like this is ours; every other key is the job's own affair, which it reads with `env.option`. */
const ourPrefixes = ['execution.', 'restart-strategy.', 'pipeline.', 'parallelism.', 'state.']
const processPrefixes = ['jobmanager.', 'taskmanager.']

/**
 * Checks what a job or a submission sets. Keys of its own pass, unless they are a slip away from one of ours. `known`:
 * options that a job may set; `ofProcesses`: those of a process, which mean nothing in a job. Throws CONFIG_UNKNOWN_KEY,
 * CONFIG_NOT_FOR_JOBS or CONFIG_BAD_VALUE.
 */
export function checkJobOptions(
  known: readonly AnyOption[],
  ofProcesses: readonly AnyOption[],
  values: Readonly<Record<string, string>>,
): void {
  const byKey = new Map(known.map((each) => [each.key, each]))
  for (const [key, value] of Object.entries(values)) {
    const declared = byKey.get(key)
    if (declared !== undefined) {
      try {
        declared.type.parse(value)
      } catch (cause) {
        throw configErrors.create('BAD_VALUE', { key, reason: (cause as Error).message, source: 'job' }, { cause })
      }
    } else if (
      ofProcesses.some((each) => each.key === key) ||
      processPrefixes.some((prefix) => key.startsWith(prefix))
    ) {
      throw configErrors.create('NOT_FOR_JOBS', { key })
    } else if (ourPrefixes.some((prefix) => key.startsWith(prefix)) || isSlip(key, byKey.keys())) {
      throw configErrors.create('UNKNOWN_KEY', { key, source: 'job', suggestion: didYouMean(key, byKey.keys()) })
    }
  }
}

/** Nearly one of ours, though it begins differently: `exection.buffer-timeout`. */
function isSlip(key: string, known: Iterable<string>): boolean {
  const near = nearest(key, known)
  return near !== undefined && near.length >= 12 && nearest(key, [near], 2) !== undefined
}
