/** What a broker takes from outside; a test gives others. */
import type { Logger } from '../core/log.ts'
import type { Clock } from '../core/platform/clock.ts'
import type { Disk } from '../core/platform/disk.ts'
import type { Network } from '../core/platform/net.ts'
import type { Random } from '../core/platform/random.ts'

export interface BrokerPlatform {
  readonly clock: Clock
  readonly disk: Disk
  readonly network: Network
  readonly random: Random
  readonly log: Logger
  /** Files and sockets that the process may have open; undefined: nobody knows. */
  readonly descriptorLimit: number | undefined
}
