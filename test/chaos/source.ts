/**
 * The source of a chaos run. All records of a key are in one split, so each key's sequence arrives in order. A reader
 * gives the lowest number of its splits next and keeps to its share of the rate, so that event time stays in step.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Source, SourceContext, SourceOutput, SourceReader, SplitState, TypeDef } from 'millrace'
import type { ChaosRecord, ChaosShape } from './shape.ts'
import { recordAt } from './shape.ts'

export interface NumberedOptions {
  readonly type: TypeDef<ChaosRecord>
  readonly shape: ChaosShape
  /** Must divide the keys of the shape. */
  readonly splits: number
  /** Records per second over all subtasks. */
  readonly rate: number
  /** When this file appears it holds the number of records after all; what is missing comes as fast as it can. */
  readonly endFile?: string
}

interface Split {
  readonly splitId: string
  /** Next number: numbers of a split are `splits` apart. */
  next: number
  finished: boolean
}

export function numbered(options: NumberedOptions): Source<ChaosRecord> {
  const { shape, splits, type } = options
  if (shape.keys % splits !== 0) throw new Error(`${splits} splits do not divide ${shape.keys} keys`)
  return {
    kind: 'source',
    name: 'numbered',
    bounded: true,
    type,
    discoverSplits: () => Array.from({ length: splits }, (_, i) => ({ splitId: String(i), offset: i })),
    owner: (splitId, parallelism) => Number(splitId) % parallelism,
    createReader: (context) => new NumberedReader(options, context),
  }
}

const recordsPerPoll = 64
const lookEveryMs = 100

class NumberedReader implements SourceReader<ChaosRecord> {
  readonly #options: NumberedOptions
  readonly #context: SourceContext
  readonly #splits: Split[] = []
  #timer: NodeJS.Timeout | undefined
  #records: number
  #hurries = false
  #lookedMs = 0
  #startNumber = Number.NaN
  #startMs = 0

  constructor(options: NumberedOptions, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#records = options.shape.records
    this.#look()
  }

  addSplits(splits: readonly SplitState[]): void {
    for (const { splitId, offset } of splits) {
      const next = offset as number
      this.#splits.push({ splitId, next, finished: next >= this.#records })
    }
  }

  poll(output: SourceOutput<ChaosRecord>): 'more' | 'idle' | 'end' {
    const { shape, splits, rate } = this.#options
    if (performance.now() - this.#lookedMs > lookEveryMs) this.#look()
    for (let i = Math.min(recordsPerPoll, output.room); i > 0; i--) {
      const split = this.#lowest()
      if (split === undefined) return 'end'
      // Not the wall clock: a run lets that jump.
      const now = performance.now()
      if (Number.isNaN(this.#startNumber)) {
        this.#startNumber = split.next
        this.#startMs = now
      }
      if (!this.#hurries && split.next >= this.#startNumber + ((now - this.#startMs) * rate) / 1000) {
        this.#wakeSoon()
        return 'idle'
      }
      output.collect(recordAt(shape, split.next), split.splitId)
      split.next += splits
      if (split.next < this.#records) continue
      split.finished = true
      output.splitFinished?.(split.splitId)
    }
    return 'more'
  }

  snapshot(): readonly SplitState[] {
    return this.#splits.map(({ splitId, next, finished }) => ({ splitId, offset: next, finished }))
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    const { endFile } = this.#options
    this.#lookedMs = performance.now()
    if (this.#hurries || endFile === undefined || !existsSync(endFile)) return
    this.#records = Number(readFileSync(endFile, 'latin1'))
    this.#hurries = true
  }

  #lowest(): Split | undefined {
    let lowest: Split | undefined
    for (const split of this.#splits)
      if (!split.finished && (lowest === undefined || split.next < lowest.next)) lowest = split
    return lowest
  }

  #wakeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#context.wake()
    }, 2)
  }
}
