/** What a slot takes from the options of its job. */
import { loadConfig } from '../../core/config/index.ts'
import {
  bufferTimeout,
  rocksdbMemory,
  slotJobOptions,
  stateBackend,
  watermarkInterval,
} from '../../proto/jobgraph/options.ts'

/** Options that are not for slots are none of their business. */
export function slotConfig(options: Readonly<Record<string, string>>): {
  bufferTimeoutMs: number
  watermarkIntervalMs: number
  /** Undefined: keyed state is in memory. */
  rocksdbMemoryBytes: number | undefined
} {
  const values = Object.fromEntries(
    Object.entries(options).filter(([key]) => slotJobOptions.some((each) => each.key === key)),
  )
  const config = loadConfig(slotJobOptions, [{ name: 'job', values }])
  return {
    bufferTimeoutMs: config.get(bufferTimeout),
    watermarkIntervalMs: config.get(watermarkInterval),
    rocksdbMemoryBytes: config.get(stateBackend) === 'rocksdb' ? config.get(rocksdbMemory) : undefined,
  }
}
