/**
 * A run on its way from blocks into storage: small ones become part of their handle, large ones are stored piece by piece. One thread.
 */
import type { BlobStorage, BlobWriter } from '../../../core/storage/storage.ts'
import type { RunHandle } from '../../../proto/checkpoint/manifest.ts'
import { compressLater } from '../../../proto/checkpoint/runs/compress.ts'
import { type RunWriter, saveRun, type WholeBlock } from '../../../proto/checkpoint/runs/run.ts'

/** Blocks of long entries are compressed on another thread. */
const longBlockBytes = 1 << 20
/** Bytes that wait to be stored. */
const waitingBytesMax = 4 << 20

export class RunFile {
  readonly #storage: BlobStorage
  readonly #path: string
  readonly #writer: RunWriter
  #file: BlobWriter | undefined

  constructor(storage: BlobStorage, path: string, writer: RunWriter) {
    this.#storage = storage
    this.#path = path
    this.#writer = writer
  }

  /** Appends blocks, and stores them as they come. */
  *write(blocks: Iterable<WholeBlock | undefined>): Generator<void | Promise<void>> {
    for (const block of blocks) {
      if (block !== undefined) {
        if (block.raw.length >= longBlockBytes) yield this.#addLong(block)
        else this.#writer.addBlock(block)
        if (this.#writer.pendingBytes >= waitingBytesMax) yield this.#store()
      }
      yield
    }
  }

  async #addLong(block: WholeBlock): Promise<void> {
    this.#writer.addBlock(block, await compressLater(block.raw))
  }

  /** Stores what is complete. */
  async #store(): Promise<void> {
    this.#file ??= await this.#storage.openWriter(this.#path)
    for (const chunk of this.#writer.take()) await this.#file.write(chunk)
  }

  async finish(): Promise<RunHandle> {
    if (this.#file === undefined) return saveRun(this.#storage, this.#path, this.#writer)
    const run = this.#writer.finish()
    await this.#store()
    await this.#file.finish()
    return { path: this.#path, ...run }
  }

  async abort(): Promise<void> {
    await this.#file?.abort()
  }
}
