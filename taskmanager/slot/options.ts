/** Options of a job that its slots read. */
import { type AnyOption, duration, loadConfig, option } from '../../core/config/index.ts'

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

/** What a job may set for itself and its slots read. */
export const slotJobOptions: readonly AnyOption[] = [bufferTimeout, watermarkInterval]

/** Options that are not for slots are none of their business. */
export function slotConfig(options: Readonly<Record<string, string>>): {
  bufferTimeoutMs: number
  watermarkIntervalMs: number
} {
  const values = Object.fromEntries(
    Object.entries(options).filter(([key]) => slotJobOptions.some((each) => each.key === key)),
  )
  const config = loadConfig(slotJobOptions, [{ name: 'job', values }])
  return { bufferTimeoutMs: config.get(bufferTimeout), watermarkIntervalMs: config.get(watermarkInterval) }
}
