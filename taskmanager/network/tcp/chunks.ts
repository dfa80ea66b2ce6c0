/** Bytes that have arrived and were not taken yet, as the chunks they came in. Concurrency: one thread. */
export class Chunks {
  #chunks: Buffer[] = []
  #first = 0
  length = 0

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.length += chunk.length
  }

  /** The next `bytes`, left where they are; undefined when they are not all there. */
  peek(bytes: number): Buffer | undefined {
    if (this.length < bytes) return undefined
    const [head] = this.#chunks
    if (head.length - this.#first >= bytes) return head.subarray(this.#first, this.#first + bytes)
    const whole = Buffer.concat(this.#chunks).subarray(this.#first)
    this.#chunks = [whole]
    this.#first = 0
    return whole.subarray(0, bytes)
  }

  /** Copies what is left, since the chunk that came last will be written over. */
  detach(): void {
    if (this.length === 0) return
    const last = this.#chunks.length - 1
    this.#chunks[last] = Buffer.from(last === 0 ? this.#chunks[last].subarray(this.#first) : this.#chunks[last])
    if (last === 0) this.#first = 0
  }

  skip(bytes: number): void {
    this.length -= bytes
    this.#first += bytes
    while (this.#chunks.length > 0 && this.#first >= this.#chunks[0].length) {
      this.#first -= this.#chunks[0].length
      this.#chunks.shift()
    }
  }

  /** Moves at most `bytes` into `target` from `at` on, and returns how many. */
  moveTo(target: Uint8Array, at: number, bytes: number): number {
    let moved = 0
    while (moved < bytes && this.#chunks.length > 0) {
      const [head] = this.#chunks
      const count = Math.min(bytes - moved, head.length - this.#first)
      target.set(head.subarray(this.#first, this.#first + count), at + moved)
      moved += count
      this.skip(count)
    }
    return moved
  }
}
