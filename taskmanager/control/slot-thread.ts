/**
 * One slot's thread as the control thread sees it: starts it, hears when it is ready, and hears at once when it ends, with
 * the reason. Does not replace it by itself.
 *
 * Concurrency: control thread only; the slot is reached by messages.
 */
import { type MessagePort, type Transferable, Worker } from '../../core/platform/threads.ts'
import type { FromSlot, SlotStart, ToSlot } from '../slot/messages.ts'

export interface SlotThreadOptions {
  readonly worker: URL
  readonly start: SlotStart
  readonly heapBytes: number
  readonly youngHeapBytes: number
  message(message: FromSlot): void
  /** Once, when the thread is gone. `outOfMemory`: it needed more heap than it may have. */
  ended(reason: string, outOfMemory: boolean): void
}

const megabyte = 1024 * 1024

export class SlotThread {
  readonly owner: number
  /** Data listener; 0 until the thread is ready. */
  port = 0
  readonly #worker: Worker
  #ended = false
  #killed = false
  #error: Error | undefined

  constructor(options: SlotThreadOptions) {
    this.owner = options.start.owner
    this.#worker = new Worker(options.worker, {
      workerData: options.start,
      name: `slot-${options.start.slot}`,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.ceil(options.heapBytes / megabyte),
        maxYoungGenerationSizeMb: Math.ceil(options.youngHeapBytes / megabyte),
      },
    })
    this.#worker.on('message', (message: FromSlot) => {
      if (this.#ended) return
      if (message.kind === 'ready') this.port = message.port
      options.message(message)
    })
    this.#worker.on('error', (error: Error) => {
      this.#error = error
    })
    this.#worker.on('exit', (code) => {
      if (this.#ended) return
      this.#ended = true
      const outOfMemory = (this.#error as { code?: string } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
      options.ended(this.#error?.message ?? `exit code ${code}`, outOfMemory)
    })
  }

  /** Number of the thread in this process. */
  get threadId(): number {
    return this.#worker.threadId
  }

  get alive(): boolean {
    return !this.#ended
  }

  /** `kill` was called: the thread did not end by itself. */
  get killed(): boolean {
    return this.#killed
  }

  /** Words of the error that ended the thread, for the log. */
  get stack(): string | undefined {
    return this.#error?.stack
  }

  post(message: ToSlot, transfer: readonly MessagePort[] = []): void {
    if (!this.#ended) this.#worker.postMessage(message, transfer as unknown as Transferable[])
  }

  /** Ends the thread wherever it is; `ended` is called when it is gone. */
  kill(): void {
    this.#killed = true
    this.#worker.terminate().catch((error: unknown) => {
      this.#error ??= error as Error
    })
  }

  /** Ends the thread; nobody is told. */
  async close(): Promise<void> {
    this.#ended = true
    await this.#worker.terminate()
  }
}
