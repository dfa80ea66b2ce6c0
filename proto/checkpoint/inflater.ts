/**
 * Inflates blocks one behind the other on another thread, with one decoder for all of them: what a decoder and a buffer for each block
 * cost, and their garbage, is a third of a restore.
 *
 * Promises: results come in the order in which blocks were given, and are of the length that was asked for, or the block fails
 * and all after it. One thread; `close` it.
 */
import { createZstdDecompress, type ZstdDecompress } from 'node:zlib'

/** Results are pieces of buffers of this size, where they fit. */
const outputBytes = 1 << 20

interface Waiting {
  readonly pieces: Buffer[]
  missing: number
  readonly resolve: (raw: Uint8Array) => void
  readonly reject: (error: unknown) => void
}

export class Inflater {
  #stream: ZstdDecompress | undefined
  #waiting: Waiting[] = []
  #failure: unknown

  /** `rawBytes` bytes out of a frame, of which they are all. The bytes given must not change until then. */
  inflate(stored: Uint8Array, rawBytes: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      const block: Waiting = { pieces: [], missing: rawBytes, resolve, reject }
      this.#waiting.push(block)
      this.#open().write(stored, (error) => {
        if (error != null || this.#waiting[0] !== block) return
        // All of the frame has been here.
        if (block.missing === 0) this.#resolve(block)
        else this.#fail(new Error('the frame is too short'))
      })
    })
  }

  /** Whoever still waits fails. */
  close(): void {
    this.#fail(new Error('nobody waits for it any more'))
  }

  #open(): ZstdDecompress {
    if (this.#stream !== undefined) return this.#stream
    const stream = createZstdDecompress({ chunkSize: outputBytes })
    stream.on('data', (piece: Buffer) => this.#take(piece))
    stream.on('error', (error) => this.#fail(error))
    this.#stream = stream
    return stream
  }

  #take(piece: Buffer): void {
    const block = this.#waiting[0]
    if (block === undefined || piece.length > block.missing) {
      this.#fail(new Error('the frame is too long'))
      return
    }
    block.pieces.push(piece)
    block.missing -= piece.length
    if (block.missing === 0) this.#resolve(block)
  }

  #resolve({ pieces, resolve }: Waiting): void {
    this.#waiting.shift()
    resolve(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces))
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(this.#failure)
    this.#stream?.destroy()
    this.#stream = undefined
  }
}
