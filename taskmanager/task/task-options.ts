/** What a subtask (task.ts) is made of, and whom it tells what. */
import type { Arena } from '../../core/arena/arena.ts'
import type { ChannelsHandle } from '../../proto/checkpoint/channels.ts'
import type { SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { EdgeWriter } from '../network/edge-writer.ts'
import type { OperatorMetrics, SourceOperator } from '../operators/operator.ts'
import type { Chain } from './chain.ts'
import type { Recording } from './gate-lane.ts'
import type { InputGate } from './input-gate.ts'

export interface TaskEvents {
  /** A source has no more input and waits for the checkpoint that ends the job (`awaitsDrain`). */
  inputEnded(): void
  finished(): void
  acknowledge(checkpointId: number, snapshot: SubtaskSnapshot): void
  decline(checkpointId: number, reason: string): void
  failed(error: unknown): void
  /** The loop should look again. */
  wake(): void
}

export interface TaskOptions {
  readonly vertex: number
  readonly subtask: number
  readonly chain: Chain
  /** Names of the operators, for messages. */
  readonly names: readonly string[]
  /** Node of the head of the chain. */
  readonly node: number
  readonly gate: InputGate | undefined
  readonly source: SourceOperator | undefined
  /** With checkpoints, a source that has ended goes on answering triggers until one says drain: what it read is committed with that. */
  readonly awaitsDrain: boolean
  readonly writers: readonly EdgeWriter[]
  readonly metrics: readonly OperatorMetrics[]
  readonly events: TaskEvents
  /** Stores what a barrier has overtaken; undefined: there was nothing. Absent: barriers never overtake. */
  readonly storeChannels?: StoreChannels | undefined
  /** Where its output takes segments, and for which account (core/arena/reserves.ts). */
  readonly arena?: Arena | undefined
  readonly account?: number | undefined
  monotonic(): number
}

export type StoreChannels = (
  checkpointId: number,
  recordings: readonly Recording[],
) => Promise<ChannelsHandle | undefined>
