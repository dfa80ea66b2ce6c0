/**
 * How the control thread sees that a slot thread is alive. Behind the doorbells of all slots (one word each) stand two more
 * words per slot: a counter that rises with every turn of the task loop, and the node whose user code runs now, or what is
 * done before there is a loop (a phase of the deployment).
 *
 * Concurrency: each slot writes its own words, the control thread reads all of them; plain atomic stores, no waiting.
 */

/** What a slot does before its loop turns, where the node would stand. */
export const pulsePhase = { importing: -2, opening: -3 } as const
export const noNode = -1

/** Bytes of the shared words for `slots` slots: doorbells first. */
export function doorbellBytes(slots: number): number {
  return slots * 3 * Int32Array.BYTES_PER_ELEMENT
}

/** The slot's side. */
export class SlotPulse {
  readonly words: Int32Array
  readonly counter: number
  readonly node: number
  count = 0

  constructor(doorbells: SharedArrayBuffer, slot: number) {
    this.words = new Int32Array(doorbells)
    const slots = this.words.length / 3
    this.counter = slots + slot
    this.node = slots * 2 + slot
  }

  /** Once per turn of the task loop. */
  beat(): void {
    this.count = (this.count + 1) | 0
    Atomics.store(this.words, this.counter, this.count)
  }

  /** Before user code of a node, or of all nodes of a chain: `node` of the first. */
  enter(node: number): void {
    Atomics.store(this.words, this.node, node + 1)
  }

  /** A part of a deployment, in place of a node. */
  enterPhase(phase: keyof typeof pulsePhase): void {
    Atomics.store(this.words, this.node, pulsePhase[phase] + 1)
  }

  /** No user code runs: the slot may sleep as long as it likes. */
  leave(): void {
    Atomics.store(this.words, this.node, 0)
  }
}

export interface Pulse {
  readonly count: number
  /** Node whose user code runs, or a value of `pulsePhase`; `noNode` for none. */
  readonly node: number
}

/** The control thread's side. */
export function readPulse(doorbells: SharedArrayBuffer, slot: number): Pulse {
  const words = new Int32Array(doorbells)
  const slots = words.length / 3
  return { count: Atomics.load(words, slots + slot), node: Atomics.load(words, slots * 2 + slot) - 1 }
}

/** Before a new thread takes the slot: nothing is left of the old one. */
export function clearPulse(doorbells: SharedArrayBuffer, slot: number): void {
  const words = new Int32Array(doorbells)
  const slots = words.length / 3
  Atomics.store(words, slot, 0)
  Atomics.store(words, slots + slot, 0)
  Atomics.store(words, slots * 2 + slot, 0)
}
