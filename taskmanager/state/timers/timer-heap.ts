/** A binary heap of timers by time, for both backends. Timers that are not present any more are passed over. One thread. */

export interface HeapTimer {
  readonly timestampMs: number
  readonly present: boolean
}

const staleMin = 1024

export class TimerHeap<T extends HeapTimer> {
  #heap: T[] = []
  #stale = 0
  readonly #left: ((timer: T) => void) | undefined

  /** `left` is told of each timer that is taken out of the heap, but by `replace`. */
  constructor(left?: (timer: T) => void) {
    this.#left = left
  }

  push(timer: T): void {
    this.#heap.push(timer)
    this.#up(this.#heap.length - 1)
  }

  /** The earliest timer. */
  first(): T | undefined {
    while (this.#heap.length > 0 && !this.#heap[0].present) {
      this.pop()
      this.#stale--
    }
    return this.#heap[0]
  }

  pop(): void {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first !== undefined) this.#left?.(first)
    if (last === undefined || heap.length === 0) return
    heap[0] = last
    this.#down(0)
  }

  /** A timer in the heap is not present any more. */
  staled(): void {
    if (++this.#stale < staleMin || this.#stale * 2 < this.#heap.length) return
    // The one that is just going still counts as present: it is passed over later.
    const kept: T[] = []
    for (const timer of this.#heap) {
      if (timer.present) kept.push(timer)
      else this.#left?.(timer)
    }
    this.replace(kept)
  }

  /** A timer that was not present any more, and is still in the heap, counts again. */
  revived(): void {
    this.#stale--
  }

  /** These and no others. */
  replace(timers: T[]): void {
    this.#heap = timers
    this.#stale = 0
    for (let i = (timers.length >>> 1) - 1; i >= 0; i--) this.#down(i)
  }

  /** Up to `count` timers that are due at `toMs`, among them the earliest, in no order. */
  some(toMs: number, count: number): T[] {
    const found: T[] = []
    const heap = this.#heap
    const open = [0]
    for (let next = 0; next < open.length && found.length < count; next++) {
      const at = open[next]
      if (at >= heap.length || heap[at].timestampMs > toMs) continue
      if (heap[at].present) found.push(heap[at])
      open.push(2 * at + 1, 2 * at + 2)
    }
    return found
  }

  #up(from: number): void {
    const heap = this.#heap
    const timer = heap[from]
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (heap[parent].timestampMs <= timer.timestampMs) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = timer
  }

  #down(from: number): void {
    const heap = this.#heap
    const timer = heap[from]
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1].timestampMs < heap[child].timestampMs) child++
      if (heap[child].timestampMs >= timer.timestampMs) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = timer
  }
}
