/**
 * Collects the entries of one snapshot in any order and writes them as a sorted run. Entries are kept apart by stretches of
 * the key range, so that each sort and each write is short.
 *
 * Concurrency: on the slot's thread, in slices of about two milliseconds (`paced`); everything else runs between them. Blocks
 * are compressed on other threads.
 */
import type { Clock } from '../../core/platform/clock.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import { compressBlock } from '../../proto/checkpoint/compress.ts'
import type { RunHandle } from '../../proto/checkpoint/manifest.ts'
import { entryKind, type OpenBlock, RunBuilder, RunWriter, saveRun } from '../../proto/checkpoint/run.ts'

const entriesPerStretch = 2048
/** Room for an entry; a stretch that needs more grows. */
const entryBytes = 56
/** Blocks that wait for their compression. */
const blocksWaiting = 8
const stretchesMax = 4096
const sliceMs = 2

const nothing = new Uint8Array(0)

export interface KeyRange {
  readonly from: number
  readonly to: number
}

export class SnapshotRun {
  readonly kind: 'base' | 'delta'
  readonly #range: KeyRange
  readonly #stretches: (RunBuilder | undefined)[]
  readonly #perStretch: number
  readonly #drops: { state: number; namespace: Uint8Array }[] = []

  /** `expected`: about how many entries there will be. */
  constructor(range: KeyRange, kind: 'base' | 'delta', expected: number) {
    this.#range = range
    this.kind = kind
    const ranges = Math.max(1, range.to - range.from)
    this.#stretches = Array.from({
      length: Math.max(1, Math.min(ranges, stretchesMax, Math.ceil(expected / entriesPerStretch))),
    })
    // Some more than there will be on average: growing costs twice.
    this.#perStretch = Math.ceil((expected / this.#stretches.length) * 1.1) + 16
  }

  /** Bytes given are copied. `hash` may be signed. */
  put(hash: number, state: number, key: Uint8Array, namespace: Uint8Array, value: Uint8Array): void {
    this.#builder(hash).add(hash, state, entryKind.put, key, namespace, value)
  }

  /** The entry is gone. Nothing to say in a base. */
  tombstone(hash: number, state: number, key: Uint8Array, namespace: Uint8Array = nothing): void {
    if (this.kind === 'delta') this.#builder(hash).add(hash, state, entryKind.tombstone, key, namespace)
  }

  /** The same where this run may hold an older version that is to go with it. */
  gone(hash: number, state: number, key: Uint8Array, namespace: Uint8Array): void {
    this.#builder(hash).add(hash, state, entryKind.tombstone, key, namespace)
  }

  /** All older entries of the state and key are gone, whatever their namespace. */
  drop(hash: number, state: number, key: Uint8Array): void {
    if (this.kind === 'delta') this.#builder(hash).add(hash, state, entryKind.drop, key, nothing)
  }

  /** All older entries of the namespace are gone, whatever their key. */
  dropNamespace(state: number, namespace: Uint8Array): void {
    if (this.kind === 'delta') this.#drops.push({ state, namespace })
  }

  /** Stores the run; undefined when it would say nothing. */
  async write(storage: BlobStorage, path: string, pace: Pace): Promise<RunHandle | undefined> {
    const { from, to } = this.#range
    if (this.#drops.length === 0 && this.#stretches.every((builder) => builder === undefined)) return undefined
    const writer = new RunWriter({ from, to, kind: this.kind, compression: 'apart' })
    for (const { state, namespace } of this.#drops) writer.dropNamespace(state, namespace)
    await pace(this.#writeStretches(writer))
    return saveRun(storage, path, writer)
  }

  /** Blocks are compressed on other threads while the next are put together. */
  *#writeStretches(writer: RunWriter): Generator<void | Promise<void>> {
    const waiting: Promise<() => void>[] = []
    const begin = async (block: OpenBlock): Promise<() => void> => {
      const small = await compressBlock(block.raw)
      return () => writer.seal(block, small)
    }
    const sealed = async (next: Promise<() => void>): Promise<void> => (await next)()
    for (let i = 0; i < this.#stretches.length; i++) {
      this.#stretches[i]?.writeTo(writer, this.kind === 'base')
      this.#stretches[i] = undefined
      if (i + 1 === this.#stretches.length) writer.closeBlock()
      for (const block of writer.takeOpen()) {
        const next = begin(block)
        // Whoever gives up before its turn need not hear of it.
        next.catch(() => undefined)
        waiting.push(next)
      }
      for (let more = waiting.length - blocksWaiting; more > 0; more--)
        yield sealed(waiting.shift() as Promise<() => void>)
      yield
    }
    for (const next of waiting) yield sealed(next)
  }

  #builder(hash: number): RunBuilder {
    const { from, to } = this.#range
    const at = Math.floor((((hash >>> 16) - from) * this.#stretches.length) / (to - from))
    const builder = this.#stretches[at]
    if (builder !== undefined) return builder
    const made = new RunBuilder(this.#perStretch, entryBytes)
    this.#stretches[at] = made
    return made
  }
}

/** Runs steps in slices between turns of the event loop. A step that gives a promise is over when that is. */
export type Pace = (steps: Iterator<void | Promise<void>>) => Promise<void>

/** `check` is called before each slice and throws to give up. */
export function paced(clock: Clock, check: () => void): Pace {
  return async (steps) => {
    for (;;) {
      check()
      const end = clock.monotonic() + sliceMs
      do {
        const step = steps.next()
        if (step.done === true) return
        if (step.value !== undefined) {
          await step.value
          check()
        }
      } while (clock.monotonic() < end)
      await new Promise<void>((resolve) => clock.setImmediate(resolve))
    }
  }
}
