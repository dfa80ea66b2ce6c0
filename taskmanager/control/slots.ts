/**
 * The slots of this TaskManager: their threads, what each of them shares with the others (arena, doorbells), and a new
 * thread for one that ended.
 *
 * Promises: a slot that dies takes nothing with it; its segments come back, and nobody else's. An owner number is used
 * again only when no thread can still hand something to its last bearer.
 *
 * Concurrency: control thread only.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { MessageChannel, type MessagePort } from '../../core/platform/threads.ts'
import type { FromSlot } from '../slot/messages.ts'
import { clearPulse, doorbellBytes } from '../slot/pulse.ts'
import { errors } from './errors.ts'
import { SlotThread } from './slot-thread.ts'

export interface SlotsOptions {
  readonly taskManagerId: string
  readonly count: number
  readonly arena: Arena
  readonly worker: URL
  readonly config: Readonly<Record<string, string>>
  readonly host: string
  readonly dataSilenceMs: number
  readonly heapBytes: number
  readonly youngHeapBytes: number
  message(slot: number, message: FromSlot): void
  /** The thread is gone. */
  ended(slot: number, end: SlotEnd): void
}

/** A slot as the control thread uses it. */
export type ControlledSlot = Pick<SlotThread, 'owner' | 'threadId' | 'killed' | 'stack' | 'post' | 'kill'>

/** The slots as the control thread uses them. */
export interface ControlledSlots extends Pick<Slots, 'doorbells' | 'count' | 'port' | 'retire' | 'warm'> {
  thread(slot: number): ControlledSlot
}

export interface SlotEnd {
  readonly reason: string
  readonly outOfMemory: boolean
  /** A new thread starts; `message` with `ready` follows. */
  readonly replaced: boolean
}

/** Beginning again at once is right for a slot that fell over a job, wrong for one that cannot start. */
const failedStartsMax = 3

export class Slots {
  readonly doorbells: SharedArrayBuffer
  readonly #options: SlotsOptions
  readonly #threads: SlotThread[] = []
  readonly #failedStarts: number[] = []
  /** Owner numbers of threads that ended, until `retire`. */
  readonly #dead: number[] = []
  readonly #owners: number[] = []
  #closed = false
  #starting: { resolve: () => void; reject: (error: Error) => void } | undefined

  constructor(options: SlotsOptions) {
    this.#options = options
    this.doorbells = new SharedArrayBuffer(doorbellBytes(options.count))
    for (let owner = 1; owner < 64; owner++) this.#owners.push(owner)
  }

  /** Starts all threads. Resolves when each is ready. Throws TASKMANAGER_SLOT_DID_NOT_START. */
  async start(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#starting = { resolve, reject }
    })
    for (let slot = 0; slot < this.#options.count; slot++) {
      this.#failedStarts[slot] = 0
      this.#threads[slot] = this.#startThread(slot)
    }
    await ready
    this.#starting = undefined
  }

  get count(): number {
    return this.#options.count
  }

  /** 0 while the slot has no thread that is ready. */
  port(slot: number): number {
    return this.#threads[slot]?.port ?? 0
  }

  thread(slot: number): SlotThread {
    return this.#threads[slot]
  }

  /** No task runs here any more: what was handed to threads that ended comes back, and their numbers can be used again. */
  retire(): void {
    for (const owner of this.#dead.splice(0)) {
      this.#options.arena.reclaim(owner)
      this.#owners.push(owner)
    }
  }

  /** Deployments may come soon. */
  warm(): void {
    for (const thread of this.#threads) if (thread.port !== 0) thread.post({ kind: 'warm' })
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  #startThread(slot: number): SlotThread {
    const { taskManagerId, arena, config, host, dataSilenceMs } = this.#options
    if (this.#owners.length === 0) this.retire()
    const owner = this.#owners.shift() as number
    clearPulse(this.doorbells, slot)
    return new SlotThread({
      worker: this.#options.worker,
      heapBytes: this.#options.heapBytes,
      youngHeapBytes: this.#options.youngHeapBytes,
      start: {
        taskManagerId,
        slot,
        owner,
        arena: arena.handle,
        config,
        dataHost: host,
        dataSilenceMs,
        doorbells: this.doorbells,
        warm: this.#threads[slot] !== undefined,
      },
      message: (message) => {
        if (message.kind === 'ready') this.#ready(slot)
        this.#options.message(slot, message)
      },
      ended: (reason, outOfMemory) => this.#ended(slot, owner, reason, outOfMemory),
    })
  }

  #ready(slot: number): void {
    this.#failedStarts[slot] = 0
    this.#connect(slot)
    if (this.#threads.every((thread) => thread.port !== 0)) this.#starting?.resolve()
  }

  /** A doorbell between the new thread and each of the others that are up. */
  #connect(slot: number): void {
    const own: Record<number, MessagePort> = {}
    for (let other = 0; other < this.#threads.length; other++) {
      const thread = this.#threads[other]
      if (other === slot || thread === undefined || thread.port === 0) continue
      const { port1, port2 } = new MessageChannel()
      own[other] = port1
      thread.post({ kind: 'doorbells', ports: { [slot]: port2 } }, [port2])
    }
    this.#threads[slot].post({ kind: 'doorbells', ports: own }, Object.values(own))
  }

  #ended(slot: number, owner: number, reason: string, outOfMemory: boolean): void {
    this.#options.arena.reclaim(owner)
    this.#dead.push(owner)
    if (this.#closed) return
    const wasReady = this.#threads[slot].port !== 0
    this.#failedStarts[slot] = wasReady ? 0 : this.#failedStarts[slot] + 1
    if (this.#starting !== undefined && !wasReady) {
      this.#starting.reject(errors.create('SLOT_DID_NOT_START', { slot, reason }))
      return
    }
    const replaced = this.#failedStarts[slot] < failedStartsMax
    this.#options.ended(slot, { reason, outOfMemory, replaced })
    if (replaced) this.#threads[slot] = this.#startThread(slot)
  }
}
