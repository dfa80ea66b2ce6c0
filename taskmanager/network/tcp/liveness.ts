/**
 * Tells a connection on which nothing happens from one that is dead without a word, as after the loss of a machine or of what a
 * firewall knew: each end says something now and then, and misses what the other one ought to have said.
 *
 * Time is counted in ticks of this thread, which do not pass while it is blocked or stopped: so it never blames the other end for
 * its own silence. A peer that is blocked is silent, too: the timeout must be longer than that may be.
 */
const ticksOfTimeout = 4

/** How often `tick` is to be called, ms. */
export const tickMs = (timeoutMs: number): number => timeoutMs / ticksOfTimeout

export class Liveness {
  /** Set by whoever sends: there is no need to say more. */
  said = false
  /** Set by whoever receives. */
  heard = true
  #silentTicks = 0

  /** What is to be done. */
  tick(): 'ping' | 'give-up' | 'nothing' {
    this.#silentTicks = this.heard ? 0 : this.#silentTicks + 1
    this.heard = false
    if (this.#silentTicks >= ticksOfTimeout) return 'give-up'
    const said = this.said
    this.said = false
    return said ? 'nothing' : 'ping'
  }
}
