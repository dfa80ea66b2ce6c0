/**
 * Cuts a stream of bytes into frames. Each frame gets a Buffer of its own, so that what is kept of it pins nothing else.
 * One per connection.
 */
import { frameSizeBytes, readFrameSize } from '../../../proto/kafka/frame.ts'

export class FrameCutter {
  readonly #limitBytes: number
  readonly #size: Buffer = Buffer.alloc(frameSizeBytes)
  #sizeBytes = 0
  #frame: Buffer | undefined
  #frameBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Takes what arrived and calls back for each frame that is complete, without its size. Copies; `chunk` may be reused. */
  push(chunk: Buffer, take: (frame: Buffer) => void): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        const copied = chunk.copy(this.#size, this.#sizeBytes, at, at + frameSizeBytes - this.#sizeBytes)
        at += copied
        this.#sizeBytes += copied
        if (this.#sizeBytes < frameSizeBytes) return
        const size = readFrameSize(this.#size, 0, this.#limitBytes)
        this.#sizeBytes = 0
        this.#frame = Buffer.allocUnsafeSlow(size)
        this.#frameBytes = 0
      }
      const copied = chunk.copy(this.#frame, this.#frameBytes, at)
      at += copied
      this.#frameBytes += copied
      if (this.#frameBytes < this.#frame.length) return
      const frame = this.#frame
      this.#frame = undefined
      take(frame)
    }
  }
}
