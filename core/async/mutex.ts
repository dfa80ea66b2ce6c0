/** One at a time: work given to a mutex runs in the order given, each piece after the last has settled. */

export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs `work` when all earlier work is done, and gives its outcome. A failure does not stop those behind it. */
  run<T>(work: () => Promise<T> | T): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }
}
