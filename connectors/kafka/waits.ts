/** What a source or sink waits for, from several places at a time, as one sentence in the status of its job. One thread. */

export class Waits {
  readonly #say: ((what: string | undefined) => void) | undefined
  readonly #open = new Map<unknown, string>()
  #said: string | undefined

  constructor(say: ((what: string | undefined) => void) | undefined) {
    this.#say = say
  }

  /** `of`: who waits; undefined: it does not any more. */
  set(of: unknown, trouble: Error | undefined): void {
    if (trouble === undefined) this.#open.delete(of)
    else this.#open.set(of, `brokers: ${trouble.message}`)
    const [what] = this.#open.values()
    if (what === this.#said) return
    this.#said = what
    this.#say?.(what)
  }
}
