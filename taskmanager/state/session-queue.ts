/**
 * Open sessions by the time at which they may be over: a binary heap. A session that was extended since moves back when its
 * time has come, so that extending costs nothing here.
 */
import type { TrackedEntry } from './tracker.ts'

export interface SessionEntry extends TrackedEntry {
  readonly start: number
  end: number
  accumulator: unknown
  /** Its place in the queue; NaN: not in it. */
  dueMs: number
}

export class SessionQueue {
  readonly #heap: SessionEntry[] = []

  /** Does nothing when the session is in the queue already and will come up in time. */
  push(session: SessionEntry): void {
    if (session.dueMs <= session.end) return
    if (!Number.isNaN(session.dueMs)) {
      // Gone and back with an earlier end: rare.
      session.dueMs = session.end
      this.#up(this.#heap.indexOf(session))
      return
    }
    session.dueMs = session.end
    this.#heap.push(session)
    this.#up(this.#heap.length - 1)
  }

  /** Takes out the next session that is over at `toMs`. */
  take(toMs: number): SessionEntry | undefined {
    const heap = this.#heap
    for (;;) {
      const first = heap[0]
      if (first === undefined || first.dueMs > toMs) return undefined
      if (first.present && first.end > first.dueMs) {
        first.dueMs = first.end
        this.#down(0)
        continue
      }
      first.dueMs = Number.NaN
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) {
        heap[0] = last
        this.#down(0)
      }
      if (first.present) return first
    }
  }

  #up(from: number): void {
    const heap = this.#heap
    const session = heap[from]
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (heap[parent].dueMs <= session.dueMs) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = session
  }

  #down(from: number): void {
    const heap = this.#heap
    const session = heap[from]
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1].dueMs < heap[child].dueMs) child++
      if (heap[child].dueMs >= session.dueMs) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = session
  }
}
