/**
 * How slots of one TaskManager wake each other. A slot that goes to sleep says so in its word of shared memory and then
 * looks at its rings once more; who puts something in front of a sleeping slot, and only then, sends one message.
 *
 * Concurrency: the words are shared by all slots. The order "publish, then look again" on one side and "put, then read the
 * word" on the other loses no wake, since all of these are sequentially consistent.
 */
import type { MessagePort } from '../../core/platform/threads.ts'

export class Doorbells {
  readonly #words: Int32Array
  readonly #slot: number
  readonly #ports = new Map<number, MessagePort>()

  /** `words`: one per slot of this TaskManager. */
  constructor(words: SharedArrayBuffer, slot: number) {
    this.#words = new Int32Array(words)
    this.#slot = slot
  }

  connect(slot: number, port: MessagePort): void {
    this.#ports.set(slot, port)
  }

  /** This slot is about to sleep. Look at the rings once more after this, and call `awake` if there is something. */
  asleep(): void {
    Atomics.store(this.#words, this.#slot, 1)
  }

  awake(): void {
    Atomics.store(this.#words, this.#slot, 0)
  }

  /** Wakes another slot if it sleeps. */
  ring(slot: number): void {
    if (Atomics.load(this.#words, slot) === 1 && Atomics.exchange(this.#words, slot, 0) === 1) {
      this.#ports.get(slot)?.postMessage(0)
    }
  }
}
