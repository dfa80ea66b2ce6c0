/** Options of the log. What a topic may decide for itself is in config.ts. */
import { boolean, duration, integer, option, size } from '../../core/config/index.ts'

const mb = 1024 * 1024

export const tailSize = option({
  key: 'broker.log.tail-size',
  type: size(),
  default: 64 * mb,
  scope: 'broker',
  doc: 'Memory for the ends of all logs together: what was written last is served from there.',
})
export const openFilesMax = option({
  key: 'broker.log.open-files.max',
  type: integer({ min: 16, max: 1_000_000 }),
  default: 2000,
  scope: 'broker',
  doc: 'Segment files that are open at a time. One not used for longest is closed to open another.',
})
export const syncConcurrency = option({
  key: 'broker.log.sync.concurrency',
  type: integer({ min: 1, max: 64 }),
  default: 3,
  scope: 'broker',
  doc: 'Syncs on their way at a time, two of one partition at most. The other threads of the pool are left for reads.',
})
export const verifyReads = option({
  key: 'broker.log.read.verify',
  type: boolean(),
  default: true,
  scope: 'broker',
  doc: 'Check the checksum of batches that are read from the disk before they are sent.',
})
export const readAheadPieces = option({
  key: 'broker.log.read.pieces',
  type: integer({ min: 1, max: 10_000 }),
  default: 32,
  scope: 'broker',
  doc: 'Pieces of up to 1 MB kept for consumers that read old data in order.',
})
export const checkpointInterval = option({
  key: 'broker.log.checkpoint.interval',
  type: duration(),
  default: 60_000,
  scope: 'broker',
  doc: 'How often the point is moved from which a restart after a crash reads the logs.',
})
export const retentionInterval = option({
  key: 'broker.log.retention.check-interval',
  type: duration(),
  default: 5 * 60_000,
  scope: 'broker',
  doc: 'How often segments are looked for that are too old or too many.',
})
export const cleanerEnabled = option({
  key: 'broker.log.cleaner.enabled',
  type: boolean(),
  default: true,
  scope: 'broker',
  doc: 'Compact logs whose clean-up policy says so.',
})
export const cleanerInterval = option({
  key: 'broker.log.cleaner.interval',
  type: duration(),
  default: 15_000,
  scope: 'broker',
  doc: 'Pause between looks for logs to compact.',
})
export const cleanerBuffer = option({
  key: 'broker.log.cleaner.buffer-size',
  type: size(),
  default: 32 * mb,
  scope: 'broker',
  doc: 'Memory for the keys of a log that is being compacted: 32 bytes per key. A log with more keys is compacted in several rounds.',
})
export const producerExpiration = option({
  key: 'broker.log.producer-id.expiration',
  type: duration(),
  default: 24 * 3_600_000,
  scope: 'broker',
  doc: 'A producer that wrote nothing for so long is forgotten, with its sequence numbers.',
})

/** Everything that the log reads. */
export const logOptions = [
  tailSize,
  openFilesMax,
  syncConcurrency,
  verifyReads,
  readAheadPieces,
  checkpointInterval,
  retentionInterval,
  cleanerEnabled,
  cleanerInterval,
  cleanerBuffer,
  producerExpiration,
]

/** The same as values, for whoever opens a directory. Sizes in bytes, times in milliseconds. */
export interface LogDirectoryOptions {
  readonly tailBytes: number
  readonly openFilesMax: number
  readonly syncConcurrency: number
  readonly verifyReads: boolean
  readonly readAheadPieces: number
  readonly checkpointIntervalMs: number
  readonly retentionIntervalMs: number
  readonly cleanerEnabled: boolean
  readonly cleanerIntervalMs: number
  readonly cleanerBufferBytes: number
  readonly producerExpirationMs: number
}

export const defaultLogDirectoryOptions: LogDirectoryOptions = logDirectoryOptions({ get: (each) => each.default })

/** From a configuration that knows `logOptions`. */
export function logDirectoryOptions(config: {
  get<T>(declared: { readonly key: string; readonly default: T }): T
}): LogDirectoryOptions {
  return {
    tailBytes: config.get(tailSize),
    openFilesMax: config.get(openFilesMax),
    syncConcurrency: config.get(syncConcurrency),
    verifyReads: config.get(verifyReads),
    readAheadPieces: config.get(readAheadPieces),
    checkpointIntervalMs: config.get(checkpointInterval),
    retentionIntervalMs: config.get(retentionInterval),
    cleanerEnabled: config.get(cleanerEnabled),
    cleanerIntervalMs: config.get(cleanerInterval),
    cleanerBufferBytes: config.get(cleanerBuffer),
    producerExpirationMs: config.get(producerExpiration),
  }
}
