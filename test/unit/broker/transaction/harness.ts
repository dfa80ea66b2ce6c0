/** A transaction coordinator on a manual clock, with its log and the partitions of its transactions in memory. */
import type { MarkerTarget } from '../../../../broker/transaction/markers.ts'
import { defaultTransactionConfig, type TransactionConfig } from '../../../../broker/transaction/options.ts'
import { ProducerIds } from '../../../../broker/transaction/producer-ids.ts'
import type { TransactionPartitions } from '../../../../broker/transaction/state.ts'
import { TransactionCoordinator } from '../../../../broker/transaction/transaction-coordinator.ts'
import { createLogger } from '../../../../core/log.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { MemoryLog, sourceOf } from '../../../support/memory-log.ts'

/** The partitions of topics: markers as text, `commit 1000/0`, or `commit 1000/1 raised`. */
export class Partitions implements MarkerTarget {
  readonly markers = new Map<string, string[]>()
  /** Error that this partition answers with. */
  readonly errors = new Map<string, number>()
  /** Called before each marker. */
  before: (() => void) | undefined
  /** Holds markers back until it resolves. */
  gate: Promise<void> | undefined

  async writeMarker(
    topic: string,
    partition: number,
    producerId: number,
    epoch: number,
    _by: number,
    kind: 'commit' | 'abort',
    raised: boolean,
  ) {
    if (this.gate !== undefined) await this.gate
    const name = `${topic}-${partition}`
    const error = this.errors.get(name)
    if (error !== undefined) return error
    this.before?.()
    this.markers.set(name, [
      ...(this.markers.get(name) ?? []),
      `${kind} ${producerId}/${epoch}${raised ? ' raised' : ''}`,
    ])
    return 0
  }

  of(name: string): string[] {
    return this.markers.get(name) ?? []
  }
}

/** Blocks that survive restarts. */
export class Blocks {
  next = 1000
  allocate = async () => {
    const first = this.next
    this.next += 10
    return { first, count: 10 }
  }
}

export class TransactionHarness {
  readonly clock: ManualClock
  readonly log: MemoryLog
  readonly partitions: Partitions
  readonly blocks: Blocks
  readonly coordinator: TransactionCoordinator
  readonly warnings: string[] = []

  private constructor(
    config: Partial<TransactionConfig>,
    log: MemoryLog,
    partitions: Partitions,
    clock: ManualClock,
    blocks: Blocks,
  ) {
    this.clock = clock
    this.log = log
    this.partitions = partitions
    this.blocks = blocks
    this.coordinator = new TransactionCoordinator({
      clock,
      config: { ...defaultTransactionConfig, partitionCount: 1, ...config },
      producerIds: new ProducerIds(blocks.allocate),
      logs: () => sourceOf(log),
      markers: partitions,
      logger: createLogger('test', { level: 'warn', write: (line) => this.warnings.push(line) }),
    })
  }

  static async start(
    config: Partial<TransactionConfig> = {},
    log = new MemoryLog(),
    partitions = new Partitions(),
    clock = new ManualClock(1_000_000),
    blocks = new Blocks(),
  ): Promise<TransactionHarness> {
    const harness = new TransactionHarness(config, log, partitions, clock, blocks)
    await harness.coordinator.load()
    return harness
  }

  /** After kill and start, with the log as it is or its first `batches`. */
  async restart(
    config: Partial<TransactionConfig> = {},
    batches = this.log.batches.length,
  ): Promise<TransactionHarness> {
    this.coordinator.close()
    return TransactionHarness.start(config, this.log.prefix(batches), this.partitions, this.clock, this.blocks)
  }

  init(
    more: {
      transactionalId?: string
      timeoutMs?: number
      expected?: { producerId: number; producerEpoch: number }
    } = {},
  ) {
    return this.coordinator.initProducer({ transactionalId: 'job', timeoutMs: 60_000, expected: undefined, ...more })
  }

  /** Waits for a promise while time stands still, then while it moves as far as waits may take. */
  async eventually<T>(promise: Promise<T>): Promise<T> {
    let result: { value: T } | undefined
    const watched = promise.then((value) => {
      result = { value }
    })
    await this.clock.advanceAsync(0)
    if (result === undefined) await this.clock.advanceAsync(2000)
    await watched
    return (result as unknown as { value: T }).value
  }

  settle(): Promise<void> {
    return this.clock.advanceAsync(0)
  }

  get state() {
    return this.coordinator.stateOf('job')
  }
}

/** `flights-0`, `flights-1`, … as partitions of a transaction. */
export function at(...names: string[]): TransactionPartitions {
  const result = new Map<string, Set<number>>()
  for (const name of names) {
    const dash = name.lastIndexOf('-')
    const topic = name.slice(0, dash)
    result.set(topic, (result.get(topic) ?? new Set()).add(Number(name.slice(dash + 1))))
  }
  return result
}
