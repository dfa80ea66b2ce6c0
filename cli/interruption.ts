/**
 * Ctrl-C during work of many steps, which may go on for days. A race of promises would keep something of every step for as long as
 * nobody interrupts. One step at a time.
 */
import type { Terminal } from './terminal.ts'

export class Interruption {
  /** Somebody has interrupted. */
  isAsked = false
  readonly #stopListening: () => void
  #wake: (() => void) | undefined

  /** Listens until `close`. */
  constructor(terminal: Terminal) {
    this.#stopListening = terminal.onInterrupt(() => {
      this.isAsked = true
      this.#wake?.()
    })
  }

  /** What comes of a step, or undefined when somebody interrupts first: then nobody hears of the step any more. */
  step<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined)
      if (this.isAsked) this.#wake()
      work.then(resolve, reject)
    })
  }

  close(): void {
    this.#stopListening()
  }
}
