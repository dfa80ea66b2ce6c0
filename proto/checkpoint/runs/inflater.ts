/**
 * Inflates blocks one behind the other on another thread, with one decoder for all of them, into memory that is given back when
 * they were read: decoders and buffers that wait for a garbage collection have one take place every 20 MB. Blocks that are packed
 * take so little time that they are unpacked where they are wanted.
 *
 * Promises: results come in the order in which blocks were given, and are of the length that was asked for, or the block fails
 * and all after it. One thread; `close` it.
 */
import { createZstdDecompress, type ZstdDecompress } from 'node:zlib'
import { threadPacker } from './pack.ts'
import { packedRawMax } from './run-format.ts'

/** Results are pieces of buffers of this size, where they fit. */
const outputBytes = 1 << 20

interface Waiting {
  readonly pieces: Buffer[]
  missing: number
  readonly resolve: (raw: Uint8Array) => void
  readonly reject: (error: unknown) => void
}

export class Inflater {
  readonly #results: 'lent' | 'copies'
  #stream: ZstdDecompress | undefined
  #waiting: Waiting[] = []
  #failure: unknown
  /** Pieces of results in each buffer that nobody has freed. */
  readonly #used = new Map<ArrayBufferLike, number>()
  /** Memory of packed blocks, in use and not. */
  readonly #lent = new Set<ArrayBufferLike>()
  readonly #spare: ArrayBuffer[] = []
  /** The buffer that the decoder writes to. */
  #current: ArrayBufferLike | undefined

  /** Results are lent until `free`, or each is memory of its own, which keeps no other. */
  constructor(results: 'lent' | 'copies' = 'lent') {
    this.#results = results
  }

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
        // All of the frame has been here, and nobody reads what was given any more.
        if (block.missing === 0) this.#resolve(block)
        else this.#fail(new Error('the frame is too short'))
      })
    })
  }

  /** The entries of a packed block; throws when it holds others than so many bytes. */
  unpack(stored: Uint8Array, rawBytes: number): Uint8Array {
    const lent = this.#results === 'lent' ? (this.#spare.pop() ?? new ArrayBuffer(packedRawMax)) : undefined
    const raw = new Uint8Array(lent ?? new ArrayBuffer(rawBytes), 0, rawBytes)
    threadPacker().unpack(stored, raw)
    if (lent !== undefined) this.#lent.add(lent)
    return raw
  }

  /** Nobody reads this result any more. */
  free({ buffer }: Uint8Array): void {
    if (this.#lent.delete(buffer)) this.#spare.push(buffer as ArrayBuffer)
    const count = this.#used.get(buffer)
    if (count === undefined) return
    this.#used.set(buffer, count - 1)
    this.#release(buffer)
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
    this.#hold(piece.buffer)
    block.pieces.push(piece)
    block.missing -= piece.length
  }

  #resolve({ pieces, resolve }: Waiting): void {
    this.#waiting.shift()
    if (pieces.length === 1 && this.#results === 'lent') {
      resolve(pieces[0])
      return
    }
    resolve(Buffer.concat(pieces))
    for (const piece of pieces) this.free(piece)
  }

  #hold(buffer: ArrayBufferLike): void {
    this.#used.set(buffer, (this.#used.get(buffer) ?? 0) + 1)
    const before = this.#current
    this.#current = buffer
    if (before !== undefined) this.#release(before)
  }

  /** What the decoder has left behind and nobody reads goes back at once. */
  #release(buffer: ArrayBufferLike): void {
    if (buffer === this.#current || this.#used.get(buffer) !== 0) return
    this.#used.delete(buffer)
    if (buffer instanceof ArrayBuffer) buffer.transfer(0)
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
