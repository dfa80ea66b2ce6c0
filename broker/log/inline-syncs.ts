/**
 * Whether a sync is worth a thread. On a fast device the way to the pool and back takes longer than the sync, and much longer when the
 * machine is busy; on a slow one everything would wait. So syncs are tried in place now and then, and done in place while most of
 * them are short. Pure: the caller measures.
 */

/** Syncs of which most are shorter stay in place. */
const shortMs = 0.5
/** Nobody may wait for another like this. */
const stallMs = 20
const triedEvery = 32
const longestEstimateMs = 10
const shortestEstimateMs = 0.02

export class InlineSyncs {
  /** Above what two of three syncs take. */
  #estimateMs = 1
  #untried = 0

  /** Whether the next sync should be done in place. */
  allow(): boolean {
    if (this.#estimateMs <= shortMs) return true
    this.#untried++
    if (this.#untried < triedEvery) return false
    this.#untried = 0
    return true
  }

  /** A sync in place took so long. */
  measured(ms: number): void {
    const next = ms > stallMs ? longestEstimateMs : this.#estimateMs * (ms > this.#estimateMs ? 1.2 : 0.9)
    this.#estimateMs = Math.min(longestEstimateMs, Math.max(shortestEstimateMs, next))
  }
}
