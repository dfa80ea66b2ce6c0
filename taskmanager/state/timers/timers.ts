/**
 * Timers by (time, key), in two domains. A heap orders them; a list per key finds them again, so that the same key and time
 * fire once. Cancelled timers stay in the heap until they are due or too many.
 *
 * In a run: state of kind timers, namespace = domain (0 event, 1 processing) and the time as float64, little-endian; no
 * value. Part of the snapshot format (proto/FORMATS.md).
 */
import type { RunEntry } from '../../../proto/checkpoint/runs/run.ts'
import type { TimeDomain, TimerStore } from '../api.ts'
import { stateErrors } from '../errors.ts'
import { asBuffer } from '../keys.ts'
import type { StateKeys } from '../object-state.ts'
import { Unread } from '../snapshot/unread.ts'
import { type EntryCodec, type TrackedEntry, Tracker } from '../tracker.ts'
import { TimerHeap } from './timer-heap.ts'

interface Timer extends TrackedEntry {
  readonly timestampMs: number
  readonly domain: number
  queued: boolean
}

export interface TimerKeys extends StateKeys {
  /** Recycles the id if nothing keeps it. */
  release(id: number): void
}

const namespaceBytes = 9
const nothing = new Uint8Array(0)

export class Timers implements TimerStore, EntryCodec<Timer> {
  readonly state: number
  readonly tracker: Tracker<Timer>
  readonly unread: Unread
  size = 0
  readonly #keys: TimerKeys
  readonly #byId: [Map<number, Timer[]>, Map<number, Timer[]>] = [new Map(), new Map()]
  readonly #queues: readonly [TimerHeap<Timer>, TimerHeap<Timer>] = [new TimerHeap(dequeued), new TimerHeap(dequeued)]
  readonly #namespace = Buffer.alloc(namespaceBytes)

  constructor(state: number, keys: TimerKeys) {
    this.state = state
    this.#keys = keys
    this.tracker = new Tracker(this, keys.tracked)
    // When they are due, nobody asks for their key first.
    this.unread = new Unread(this.tracker, keys, 'at once')
  }

  register(domain: TimeDomain, id: number, timestampMs: number): void {
    const timer = this.#find(indexOf(domain), id, timestampMs) ?? this.#make(indexOf(domain), id, timestampMs)
    if (timer.present) return
    this.tracker.put(timer)
    this.#enqueue(timer)
  }

  cancel(domain: TimeDomain, id: number, timestampMs: number): void {
    const timer = this.#find(indexOf(domain), id, timestampMs)
    if (timer === undefined || !timer.present) return
    this.size--
    this.tracker.remove(timer)
    this.#queues[timer.domain].staled()
  }

  advance(domain: TimeDomain, toMs: number, limit: number, fire: (id: number, timestampMs: number) => void): boolean {
    const queue = this.#queues[indexOf(domain)]
    const keys = this.#keys
    for (let fired = 0; ; fired++) {
      const timer = queue.first()
      if (timer === undefined || timer.timestampMs > toMs) return false
      if (fired >= limit) return true
      queue.pop()
      const { id } = timer
      this.size--
      keys.hold(id)
      this.tracker.remove(timer)
      try {
        fire(id, timer.timestampMs)
      } finally {
        keys.drop(id)
        keys.release(id)
      }
    }
  }

  next(domain: TimeDomain): number {
    return this.#queues[indexOf(domain)].first()?.timestampMs ?? Number.POSITIVE_INFINITY
  }

  hashOf(id: number): number {
    return this.#keys.hashOf(id)
  }

  keyOf(id: number): Uint8Array {
    return this.#keys.canonicalOf(id)
  }

  namespace(timer: Timer): Uint8Array {
    this.#namespace[0] = timer.domain
    this.#namespace.writeDoubleLE(timer.timestampMs, 1)
    return this.#namespace
  }

  value(): Uint8Array {
    return nothing
  }

  forget(timer: Timer): void {
    const timers = this.#byId[timer.domain].get(timer.id)
    if (timers === undefined) return
    const at = timers.indexOf(timer)
    if (at < 0) return
    if (timers.length === 1) this.#byId[timer.domain].delete(timer.id)
    else timers.splice(at, 1)
    this.#keys.drop(timer.id)
  }

  restore(restored: RunEntry, known?: number): Timer {
    const namespace = asBuffer(restored.namespace)
    if (namespace.length !== namespaceBytes || namespace[0] > 1) {
      throw stateErrors.create('MALFORMED', { state: 'timers', reason: 'a timer has no time' })
    }
    const id = known ?? this.#keys.restoreId(restored)
    const timer = this.#make(namespace[0], id, namespace.readDoubleLE(1))
    this.#enqueue(timer)
    return timer
  }

  #find(domain: number, id: number, timestampMs: number): Timer | undefined {
    const timers = this.#byId[domain].get(id)
    if (timers === undefined) return undefined
    for (const timer of timers) if (timer.timestampMs === timestampMs) return timer
    return undefined
  }

  #make(domain: number, id: number, timestampMs: number): Timer {
    const timer: Timer = { id, present: false, epoch: -1, guarded: -1, timestampMs, domain, queued: false }
    const timers = this.#byId[domain].get(id)
    if (timers === undefined) this.#byId[domain].set(id, [timer])
    else timers.push(timer)
    this.#keys.hold(id)
    return timer
  }

  #enqueue(timer: Timer): void {
    this.size++
    if (timer.queued) this.#queues[timer.domain].revived()
    else {
      timer.queued = true
      this.#queues[timer.domain].push(timer)
    }
  }
}

const indexOf = (domain: TimeDomain): 0 | 1 => (domain === 'event' ? 0 : 1)

function dequeued(timer: Timer): void {
  timer.queued = false
}
