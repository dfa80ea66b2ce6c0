/**
 * Gives out producer ids, each once in the life of a cluster. Ids come in blocks that are durable before the first id of
 * a block is used; what is left of a block at a restart is lost. Single-threaded; calls may overlap.
 */

/** A durable range of ids. */
export interface ProducerIdBlock {
  readonly first: number
  readonly count: number
}

export type ProducerIdSource = () => Promise<ProducerIdBlock>

export class ProducerIds {
  readonly #allocate: ProducerIdSource
  #next = 0
  #end = 0
  #pending: Promise<void> | undefined
  #following: ProducerIdBlock | undefined

  constructor(allocate: ProducerIdSource) {
    this.#allocate = allocate
  }

  /** Rejects when no block can be made durable. */
  async next(): Promise<number> {
    while (this.#next === this.#end) {
      if (this.#following !== undefined) this.#begin(this.#following)
      else await this.#fetch()
    }
    const id = this.#next++
    // The following block is there before this one is used up. A failure shows when it is needed.
    if (this.#end - this.#next === 100) this.#fetch().catch(() => undefined)
    return id
  }

  #begin(block: ProducerIdBlock): void {
    this.#next = block.first
    this.#end = block.first + block.count
    this.#following = undefined
  }

  #fetch(): Promise<void> {
    this.#pending ??= this.#allocate()
      .then((block) => {
        this.#following = block
      })
      .finally(() => {
        this.#pending = undefined
      })
    return this.#pending
  }
}
