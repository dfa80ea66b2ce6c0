/**
 * Ids by the time at which they are due: buckets of unordered ids, and a heap of numbers for the bucket whose time has come.
 * An id that is put off while it waits is moved when its bucket opens, so that putting off costs nothing.
 *
 * Promises: `take` gives each id at or after its time, in the order of times; an id is queued once, whatever is pushed, and
 * takes no more room when it is forgotten and pushed again and again.
 * One thread.
 */
import { NumberHeap } from './number-heap.ts'

const firstIds = 16

interface Bucket {
  ids: Int32Array<ArrayBuffer>
  count: number
}

export class DueQueue {
  readonly #widthMs: number
  /** Time at which an id is really due; Infinity: never. */
  readonly #dueOf: (id: number) => number
  readonly #buckets = new Map<number, Bucket>()
  /** Numbers of the buckets. */
  readonly #numbers = new NumberHeap()
  /** Ids of the buckets that are open. */
  readonly #near = new NumberHeap()
  #opened = Number.NEGATIVE_INFINITY
  /** By id: the time that it is queued at; Infinity: not queued. What else names the id is out of date. */
  #queued = new Float64Array(1024).fill(Number.POSITIVE_INFINITY)

  /** `widthMs`: of a bucket. */
  constructor(widthMs: number, dueOf: (id: number) => number) {
    this.#widthMs = widthMs
    this.#dueOf = dueOf
  }

  /** Ids that there is room for in buckets that are not open yet. */
  get room(): number {
    let room = 0
    for (const bucket of this.#buckets.values()) room += bucket.ids.length
    return room
  }

  /** An id may be due at this time. */
  push(id: number, timeMs: number): void {
    if (id >= this.#queued.length) {
      const grown = new Float64Array(Math.max(id + 1, this.#queued.length * 2)).fill(Number.POSITIVE_INFINITY)
      grown.set(this.#queued)
      this.#queued = grown
    }
    if (timeMs >= this.#queued[id]) return
    this.#queued[id] = timeMs
    this.#put(id, timeMs)
  }

  /** The id means another key from now on. */
  forget(id: number): void {
    if (id < this.#queued.length) this.#queued[id] = Number.POSITIVE_INFINITY
  }

  /** Takes out the next id that is due at `toMs`, or returns -1. Push it again when it is due once more. */
  take(toMs: number): number {
    for (;;) {
      if (this.#near.size === 0 || this.#near.firstTime > toMs) {
        if (this.#numbers.size === 0 || this.#numbers.firstTime * this.#widthMs > toMs) return -1
        this.#open()
        continue
      }
      const timeMs = this.#near.firstTime
      const id = this.#near.pop()
      if (this.#queued[id] !== timeMs) continue
      const dueMs = this.#dueOf(id)
      this.#queued[id] = dueMs
      if (dueMs > timeMs) {
        if (dueMs !== Number.POSITIVE_INFINITY) this.#put(id, dueMs)
        continue
      }
      this.#queued[id] = Number.POSITIVE_INFINITY
      return id
    }
  }

  #put(id: number, timeMs: number): void {
    const number = Math.floor(timeMs / this.#widthMs)
    if (number <= this.#opened) {
      this.#near.push(id, timeMs)
      return
    }
    let bucket = this.#buckets.get(number)
    if (bucket === undefined) {
      bucket = { ids: new Int32Array(firstIds), count: 0 }
      this.#buckets.set(number, bucket)
      this.#numbers.push(0, number)
    } else if (bucket.count === bucket.ids.length) this.#tidy(number, bucket)
    bucket.ids[bucket.count++] = id
  }

  /** Makes room in a full bucket: leaves out what is out of date or there twice, and grows when that is less than half. */
  #tidy(number: number, bucket: Bucket): void {
    const { ids } = bucket
    // Neighbours then.
    ids.sort()
    let kept = 0
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]
      if (kept > 0 && ids[kept - 1] === id) continue
      if (Math.floor(this.#queued[id] / this.#widthMs) === number) ids[kept++] = id
    }
    bucket.count = kept
    if (kept <= ids.length >>> 1) return
    const grown = new Int32Array(ids.length * 2)
    grown.set(ids.subarray(0, kept))
    bucket.ids = grown
  }

  /** The next bucket: what is due later moves on, the rest gets in order. */
  #open(): void {
    const number = this.#numbers.firstTime
    this.#numbers.pop()
    const bucket = this.#buckets.get(number) as Bucket
    this.#buckets.delete(number)
    this.#opened = number
    for (let i = 0; i < bucket.count; i++) {
      const id = bucket.ids[i]
      if (Math.floor(this.#queued[id] / this.#widthMs) !== number) continue
      const dueMs = this.#dueOf(id)
      this.#queued[id] = dueMs
      if (dueMs !== Number.POSITIVE_INFINITY) this.#put(id, dueMs)
    }
  }
}
