/** Work on things that have names, in the order in which it was asked for by name: what waits for nothing runs at once. One thread. */
export class NameQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  /** The outcome of `work`, which begins when all earlier work on `name` has ended, however it ended. */
  async run<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const outcome = before === undefined ? work() : before.then(work, work)
    if (!(outcome instanceof Promise)) return outcome
    this.#last.set(name, outcome)
    try {
      return await outcome
    } finally {
      if (this.#last.get(name) === outcome) this.#last.delete(name)
    }
  }
}
