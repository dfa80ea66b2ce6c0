/** A binary heap of ids by time, in typed arrays. */
export class NumberHeap {
  size = 0
  #times = new Float64Array(64)
  #ids = new Int32Array(64)

  /** Earliest time; there is one. */
  get firstTime(): number {
    return this.#times[0]
  }

  push(id: number, timeMs: number): void {
    if (this.size === this.#ids.length) this.#grow()
    const times = this.#times
    const ids = this.#ids
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (times[parent] <= timeMs) break
      times[at] = times[parent]
      ids[at] = ids[parent]
      at = parent
    }
    times[at] = timeMs
    ids[at] = id
  }

  /** Takes out the id of the earliest time; there is one. */
  pop(): number {
    const times = this.#times
    const ids = this.#ids
    const first = ids[0]
    const last = --this.size
    const timeMs = times[last]
    let at = 0
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && times[child + 1] < times[child]) child++
      if (times[child] >= timeMs) break
      times[at] = times[child]
      ids[at] = ids[child]
      at = child
    }
    times[at] = timeMs
    ids[at] = ids[last]
    return first
  }

  #grow(): void {
    const times = new Float64Array(this.size * 2)
    times.set(this.#times)
    this.#times = times
    const ids = new Int32Array(this.size * 2)
    ids.set(this.#ids)
    this.#ids = ids
  }
}
