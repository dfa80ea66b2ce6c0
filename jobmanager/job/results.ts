/**
 * Results of collecting sinks on their way to a client. Records are numbered per (uid, subtask). After a restart a sink
 * delivers records again that were delivered before: each number is kept once and in order. A reader says how far it has
 * come; what it has is dropped here and told to the sink, which keeps what nobody has read and stops when that is much.
 *
 * A reader that comes back, to this JobManager or to the next one, goes on where it was, or hears which records are lost.
 * Sinks that are not told (those of users, which only deliver) have no bound of their own: beyond `bytesMax` the oldest
 * batch goes, and the reader is told.
 *
 * Concurrency: belongs to one job. Several readers get the same records until one has said that it has them.
 */
import type { Clock } from '../../core/platform/clock.ts'
import { errors } from '../errors.ts'

export interface StoredBatch {
  readonly uid: string
  readonly subtask: number
  readonly sequence: number
  readonly recordsJson: Uint8Array
}

/** Records before `next` are known: to a reader, or at all. */
export interface ResultPosition {
  readonly uid: string
  readonly subtask: number
  readonly next: number
}

/** `read`: a reader has what is before it; absent in records that know nothing of it. */
export interface ResultTotal extends ResultPosition {
  readonly read?: number | undefined
}

interface Stored extends StoredBatch {
  readonly end: number
}

/** What one subtask of a sink has delivered in all, and of that what is still there. */
export interface KeptStream {
  readonly uid: string
  readonly subtask: number
  readonly next: number
  readonly read: number
  readonly batches: readonly Stored[]
}

interface Stream {
  readonly uid: string
  readonly subtask: number
  /** Number that comes next. */
  next: number
  /** A reader has what is before it. */
  read: number
  batches: Stored[]
}

export interface ResultPage {
  readonly batches: readonly StoredBatch[]
  /** The job has ended and the reader has everything. */
  readonly ended: boolean
}

const pageBytesMax = 1024 * 1024

export class ResultBuffer {
  readonly #bytesMax: number
  readonly #clock: Clock
  readonly #tell: (position: ResultPosition) => void
  readonly #streams = new Map<string, Stream>()
  /** What an earlier JobManager had when the job ended, and did not keep. */
  #gone: readonly ResultTotal[] = []
  /** Brings back what it kept; once. */
  #loading: (() => Promise<void>) | undefined
  #bytes = 0
  #ended = false
  readonly #waiting = new Set<() => void>()

  /** `tell`: a reader has come so far. */
  constructor(bytesMax: number, clock: Clock, tell: (position: ResultPosition) => void) {
    this.#bytesMax = bytesMax
    this.#clock = clock
    this.#tell = tell
  }

  add(uid: string, subtask: number, sequence: number, recordsJson: Uint8Array): void {
    const records = JSON.parse(Buffer.from(recordsJson).toString()) as unknown[]
    const end = sequence + records.length
    if (records.length === 0) return
    const key = keyOf(uid, subtask)
    let stream = this.#streams.get(key)
    if (stream === undefined) {
      // The first number seen counts as the beginning: an earlier JobManager may have delivered what came before.
      stream = { uid, subtask, next: sequence, read: sequence, batches: [] }
      this.#streams.set(key, stream)
    }
    if (end <= stream.next) {
      // Delivered again by a sink that does not know that it was read.
      if (end <= stream.read) this.#tell({ uid, subtask, next: stream.read })
      return
    }
    const skip = Math.max(0, stream.next - sequence)
    const bytes = skip === 0 ? recordsJson : Buffer.from(JSON.stringify(records.slice(skip)))
    stream.next = end
    stream.batches.push({ uid, subtask, sequence: sequence + skip, end, recordsJson: bytes })
    this.#bytes += bytes.byteLength
    while (this.#bytes > this.#bytesMax && this.#dropOldest());
    this.#wake()
  }

  /** No more will come. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** How many records each sink has delivered, and how many of them have been read. */
  get totals(): readonly ResultTotal[] {
    return [...this.#streams.values()].map(({ uid, subtask, next, read }) => ({ uid, subtask, next, read }))
  }

  /** The job ended under an earlier JobManager, which had all these. `load`: what it kept of them. */
  endedEarlier(totals: readonly ResultTotal[], load?: () => Promise<readonly KeptStream[]>): void {
    this.#gone = totals
    if (load !== undefined) {
      let loaded: Promise<void> | undefined
      this.#loading = () => {
        loaded ??= load().then((streams) => this.#restore(streams))
        return loaded
      }
    }
    this.end()
  }

  /** What nobody has read, the newest of each stream within `bytesMax` for all together. */
  unread(bytesMax: number): readonly KeptStream[] {
    const streams = [...this.#streams.values()]
    let left = bytesMax
    return streams.map(({ batches, ...stream }, i) => {
      const share = left / (streams.length - i)
      let bytes = 0
      let from = batches.length
      while (from > 0 && bytes + batches[from - 1].recordsJson.byteLength <= share) {
        bytes += batches[--from].recordsJson.byteLength
      }
      left -= bytes
      return { ...stream, batches: batches.slice(from) }
    })
  }

  /** The job has ended, and its readers have all that there ever was. */
  get allRead(): boolean {
    return this.#ended && [...this.#streams.values()].every(({ read, next }) => read === next)
  }

  #restore(streams: readonly KeptStream[]): void {
    for (const { uid, subtask, next, read, batches } of streams) {
      this.#streams.set(keyOf(uid, subtask), { uid, subtask, next, read, batches: [...batches] })
      for (const { recordsJson } of batches) this.#bytes += recordsJson.byteLength
    }
    this.#loading = undefined
  }

  /**
   * What comes after `positions`; waits up to `waitMs` for something. A reader without a position takes what there is.
   * Throws JOBMANAGER_RESULTS_LOST when records are missing in between.
   */
  async fetch(positions: readonly ResultPosition[], waitMs: number): Promise<ResultPage> {
    if (this.#loading !== undefined) await this.#loading()
    const known = new Map(positions.map((position) => [keyOf(position.uid, position.subtask), position.next]))
    for (const [key, next] of known) this.#read(key, next)
    let late = false
    let wake = (): void => undefined
    const look = (): void => wake()
    this.#waiting.add(look)
    const timer = this.#clock.setTimeout(() => {
      late = true
      wake()
    }, waitMs)
    try {
      for (;;) {
        const batches = this.#page(known)
        if (batches.length > 0 || late) return { batches, ended: false }
        if (this.#ended) {
          this.#checkGone(known)
          return { batches, ended: true }
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      this.#clock.clearTimeout(timer)
      this.#waiting.delete(look)
    }
  }

  #page(known: ReadonlyMap<string, number>): readonly StoredBatch[] {
    const page: StoredBatch[] = []
    let bytes = 0
    for (const [key, stream] of this.#streams) {
      const { uid, subtask, batches } = stream
      let at = known.get(key) ?? stream.read
      for (const batch of batches) {
        if (batch.end <= at) continue
        if (batch.sequence > at) {
          // A new reader hears it once, and then takes what there is.
          if (!known.has(key)) stream.read = batch.sequence
          throw lost(uid, subtask, at, batch.sequence)
        }
        page.push(batch.sequence < at ? rest(batch, at) : batch)
        at = batch.end
        bytes += batch.recordsJson.byteLength
        if (bytes >= pageBytesMax) return page
      }
    }
    return page
  }

  #read(key: string, next: number): void {
    const stream = this.#streams.get(key)
    if (stream === undefined || next <= stream.read) return
    stream.read = next
    while (stream.batches.length > 0 && stream.batches[0].end <= next) {
      this.#bytes -= stream.batches[0].recordsJson.byteLength
      stream.batches.shift()
    }
    this.#tell({ uid: stream.uid, subtask: stream.subtask, next })
  }

  #checkGone(known: ReadonlyMap<string, number>): void {
    for (const { uid, subtask, next, read = 0 } of this.#gone) {
      const key = keyOf(uid, subtask)
      const at = known.get(key) ?? this.#streams.get(key)?.read ?? read
      if (at < next) throw lost(uid, subtask, at, next)
    }
  }

  /** False: one batch is kept, however large. */
  #dropOldest(): boolean {
    const longest = [...this.#streams.values()].reduce((a, b) => (b.batches.length > a.batches.length ? b : a))
    if (longest.batches.length < 2) return false
    const [batch] = longest.batches.splice(0, 1)
    this.#bytes -= batch.recordsJson.byteLength
    return true
  }

  #wake(): void {
    for (const look of this.#waiting) look()
  }
}

const keyOf = (uid: string, subtask: number): string => `${subtask}/${uid}`

function rest(batch: Stored, from: number): StoredBatch {
  const records = JSON.parse(Buffer.from(batch.recordsJson).toString()) as unknown[]
  return { ...batch, sequence: from, recordsJson: Buffer.from(JSON.stringify(records.slice(from - batch.sequence))) }
}

function lost(uid: string, subtask: number, from: number, to: number): Error {
  return errors.create('RESULTS_LOST', { uid, subtask, from, last: to - 1 })
}
