/**
 * The head of a source vertex: splits, their reader, event times and watermarks. A poll emits at most one batch per
 * output. Offsets are asked of the reader between polls only, so a snapshot always matches what was emitted before it.
 */
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { SourceBody } from '../../sdk/graph/nodes.ts'
import type { SourceContext, SourceReader, SplitState } from '../../sdk/source.ts'
import { SourceAlignment } from './alignment.ts'
import { EventTimes } from './event-time.ts'
import { type AlignedTime, type OperatorContext, type SourceOperator, setWaiting } from './operator.ts'
import { noSegment, SourceBatches } from './source-output.ts'
import { forwardIdle, forwardWatermark } from './stateless.ts'
import { WatermarkTracker } from './watermarks.ts'

/** How long a source without memory leaves the processor to those that can give some back. */
const starvedRetryMs = 2

export class SplitSourceOperator implements SourceOperator {
  readonly #context: OperatorContext
  readonly #body: SourceBody
  readonly #sourceContext: SourceContext
  readonly #reader: SourceReader<unknown>
  readonly #watermarks: WatermarkTracker
  readonly #output: SourceBatches
  /** Splits of the checkpoint that nobody has been given yet, by id. */
  readonly #restored: Map<string, SplitState>
  readonly #known = new Set<string>()
  readonly #alignment: SourceAlignment | undefined
  #readerWaits: string | undefined
  #idle = false
  /** The last poll had nothing to read. */
  #resting = false
  /** The last poll found no free segment. */
  #starved = false
  #opened = false
  #discovering = false
  #discoverAt = Number.POSITIVE_INFINITY
  /** A failed discovery, thrown at the next poll. */
  #failure: unknown

  constructor(context: OperatorContext, body: SourceBody) {
    this.#context = context
    this.#body = body
    this.#sourceContext = {
      subtask: context.subtask,
      parallelism: context.parallelism,
      uid: context.operator.uid,
      restored: context.restored !== undefined,
      wake: () => context.wake(),
      now: () => context.now(),
      waiting: (what) => {
        this.#readerWaits = what
        this.#tellWaiting()
      },
    }
    this.#restored = new Map((context.restored?.splits ?? []).map((split) => [split.splitId, split as SplitState]))
    this.#watermarks = new WatermarkTracker(body, () => context.now())
    this.#output = new SourceBatches(context, body.source, new EventTimes(body.eventTime), this.#watermarks)
    this.#reader = body.source.createReader(this.#sourceContext)
    if (body.alignment !== undefined)
      this.#alignment = new SourceAlignment(body.alignment, this.#watermarks, this.#reader, context.plan)
  }

  async open(): Promise<void> {
    await this.#discover()
    this.#opened = true
  }

  poll(): 'more' | 'idle' | 'end' {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#alignment?.stands === true) return 'idle'
    const status = this.#output.prepare() ? this.#poll() : 'starved'
    if (status === 'starved') return this.#starve()
    this.#align()
    // A bounded source that still looks for splits has not ended.
    const unfinished = status === 'end' && (this.#discovering || this.#body.source.discoveryIntervalMs !== undefined)
    this.#resting = unfinished || status === 'idle'
    return unfinished ? 'idle' : status
  }

  /** No memory now: the segments in flight come back as others read them, and none of them rings for that. */
  #starve(): 'idle' {
    this.#resting = false
    this.#starved = true
    this.#context.wakeAt(this.#context.now() + starvedRetryMs)
    return 'idle'
  }

  #poll(): 'more' | 'idle' | 'end' | 'starved' {
    try {
      return this.#reader.poll(this.#output)
    } catch (error) {
      if (error === noSegment) return 'starved'
      throw error
    } finally {
      this.#output.flush()
    }
  }

  get aligned(): AlignedTime | undefined {
    const reached = this.#alignment?.reached
    // Without splits only because it has not looked for them yet, it holds the others back all the same.
    return reached === undefined || this.#opened ? reached : { group: reached.group, timeMs: Number.NEGATIVE_INFINITY }
  }

  align(groups: readonly AlignedTime[]): void {
    this.#alignment?.heard(groups)
    this.#align()
  }

  #align(): void {
    if (this.#alignment?.update() !== true) return
    this.#tellWaiting()
    this.#context.wake()
  }

  #tellWaiting(): void {
    setWaiting(this.#context.metrics, this.#readerWaits ?? this.#alignment?.waitsFor, this.#context.now())
  }

  advanceWatermark(): void {
    // A split may have become idle.
    if (this.#alignment !== undefined) this.#align()
    const next = this.#watermarks.advance()
    if (next === 'idle') {
      // Without splits it may be about to end, and what ends must not be passed by others first.
      if (this.#watermarks.empty && !this.#resting) return
      if (!this.#idle) forwardIdle(this.#context, true)
      this.#idle = true
      return
    }
    if (this.#idle) forwardIdle(this.#context, false)
    this.#idle = false
    if (next !== 'active') forwardWatermark(this.#context, next)
  }

  processTime(nowMs: number): void {
    if (this.#starved) {
      this.#starved = false
      this.#context.wake()
      // The earliest time asked for was the one that counted.
      if (nowMs < this.#discoverAt && this.#discoverAt !== Number.POSITIVE_INFINITY)
        this.#context.wakeAt(this.#discoverAt)
    }
    if (nowMs >= this.#discoverAt && !this.#discovering) {
      this.#discover().then(
        () => this.#context.wake(),
        (error: unknown) => {
          this.#failure = error
          this.#context.wake()
        },
      )
    }
  }

  processBatch(): void {
    throw new Error('a source has no input')
  }

  processRows(): void {
    throw new Error('a source has no input')
  }

  /** The end of a bounded source, or a drain: the loop sends Infinity through here. */
  processWatermark(timestampMs: number): boolean {
    if (this.#idle) forwardIdle(this.#context, false)
    this.#idle = false
    forwardWatermark(this.#context, timestampMs)
    return true
  }

  processIdle(): void {
    // Idleness is the source's own.
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    return {
      node: this.#context.operator.node,
      uid: this.#context.operator.uid,
      runs: [],
      operatorState: [],
      // What another subtask owns after a rescale is not carried by this one.
      splits: [...this.#reader.snapshot(checkpointId)],
      committables: [],
    }
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#reader.notifyCheckpointComplete?.(checkpointId)
  }

  async close(): Promise<void> {
    this.#output.close()
    await this.#reader.close()
  }

  async #discover(): Promise<void> {
    const { source } = this.#body
    const { subtask, parallelism } = this.#context
    this.#discovering = true
    try {
      const found = await source.discoverSplits(this.#sourceContext)
      const mine: SplitState[] = []
      const take = (split: SplitState): void => {
        if (this.#known.has(split.splitId) || source.owner(split.splitId, parallelism) !== subtask) return
        this.#known.add(split.splitId)
        mine.push(split)
      }
      // A split of the checkpoint goes on from its offset even when it is not found any more.
      for (const split of this.#restored.values()) take(split)
      this.#restored.clear()
      for (const split of found) take(split)
      for (const split of mine) if (!split.finished) this.#watermarks.add(split.splitId)
      if (mine.length > 0) await this.#reader.addSplits(mine)
    } finally {
      this.#discovering = false
      if (source.discoveryIntervalMs !== undefined) {
        this.#discoverAt = this.#context.now() + source.discoveryIntervalMs
        this.#context.wakeAt(this.#discoverAt)
      }
    }
  }
}
