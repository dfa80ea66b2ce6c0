/**
 * Cuts a stream of bytes into frames. Each frame gets a Buffer of its own, so that what is kept of it pins nothing else.
 * Large ones may be given back by whoever knows that nothing is kept of them: megabytes that are made and thrown away at the
 * rate of a topic cost more than what is done with them. One per connection.
 */
import { frameSizeBytes, readFrameSize } from '../../../proto/kafka/frame.ts'

const recycledBytesMin = 128 * 1024
const recycledBytesMax = 16 * 1024 * 1024
const recycledMax = 4

export class FrameCutter {
  readonly #limitBytes: number
  readonly #free: ArrayBufferLike[] = []
  readonly #size: Buffer = Buffer.alloc(frameSizeBytes)
  #sizeBytes = 0
  #frame: Buffer | undefined
  #frameBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Takes the memory of a frame back. Nobody may look at it any more. */
  recycle(memory: ArrayBufferLike): void {
    const { byteLength } = memory
    if (byteLength < recycledBytesMin || byteLength > recycledBytesMax || this.#free.length >= recycledMax) return
    this.#free.push(memory)
  }

  #allocate(size: number): Buffer {
    if (size < recycledBytesMin || size > recycledBytesMax) return Buffer.allocUnsafeSlow(size)
    const index = this.#free.findIndex(({ byteLength }) => byteLength >= size)
    if (index >= 0) return Buffer.from(this.#free.splice(index, 1)[0], 0, size)
    // One that is too small for what comes now will be so again.
    this.#free.shift()
    const whole = Buffer.allocUnsafeSlow(Math.ceil(size / recycledBytesMin) * recycledBytesMin)
    return whole.subarray(0, size)
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
        this.#frame = this.#allocate(size)
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
