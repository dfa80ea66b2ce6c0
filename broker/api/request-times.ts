/** How long requests of one kind took: their number up to each bound, and their sum. Plain numbers, for each request. One thread. */

/** In ms. What takes longer than the last one is in the number of all. */
export const timeBoundsMs = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 500, 1000, 5000] as const

export class RequestTimes {
  sumMs = 0
  count = 0
  /** Between the bound before and this one. */
  readonly #counts: number[] = timeBoundsMs.map(() => 0)

  add(ms: number): void {
    this.sumMs += ms
    this.count++
    const counts = this.#counts
    for (let i = 0; i < counts.length; i++) {
      if (ms <= (timeBoundsMs[i] as number)) {
        counts[i] = (counts[i] as number) + 1
        return
      }
    }
  }

  /** How many took no longer, by bound. */
  within(): number[] {
    let sum = 0
    return this.#counts.map((count) => {
      sum += count
      return sum
    })
  }
}
