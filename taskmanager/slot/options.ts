/** What a slot takes from the options of its job. */
import { loadConfig } from '../../core/config/index.ts'
import {
  alignedCheckpointTimeout,
  bufferTimeout,
  checkpointMode,
  localRecovery,
  rocksdbMemory,
  slotJobOptions,
  stateBackend,
  unalignedCheckpoints,
  watermarkInterval,
} from '../../proto/jobgraph/options.ts'

/** Options that are not for slots are none of their business. */
export function slotConfig(options: Readonly<Record<string, string>>): {
  bufferTimeoutMs: number
  watermarkIntervalMs: number
  /** Undefined: keyed state is in memory. */
  rocksdbMemoryBytes: number | undefined
  /** Runs are kept on the local disk as well. */
  localCopies: boolean
  /** Inputs wait for the barriers of others. */
  barriersBlock: boolean
  /** Time after the trigger at which barriers overtake; undefined: they never do. */
  overtakeAfterMs: number | undefined
} {
  const values = Object.fromEntries(
    Object.entries(options).filter(([key]) => slotJobOptions.some((each) => each.key === key)),
  )
  const config = loadConfig(slotJobOptions, [{ name: 'job', values }])
  const exactlyOnce = config.get(checkpointMode) === 'exactly-once'
  const overtakes = exactlyOnce && config.get(unalignedCheckpoints)
  return {
    localCopies: config.get(localRecovery),
    barriersBlock: exactlyOnce,
    overtakeAfterMs: overtakes ? config.get(alignedCheckpointTimeout) : undefined,
    bufferTimeoutMs: config.get(bufferTimeout),
    watermarkIntervalMs: config.get(watermarkInterval),
    rocksdbMemoryBytes: config.get(stateBackend) === 'rocksdb' ? config.get(rocksdbMemory) : undefined,
  }
}
