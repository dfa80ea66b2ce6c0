/**
 * Timers by (time, key), in two domains: the nearest ones in memory, the others in RocksDB in the order in which they fire.
 * Where one ends and the other begins is the horizon, a place in that order.
 *
 * Promises: as `TimerStore`; `size` may count a far timer twice that was registered twice. One thread.
 */
import { assert } from '../../../core/assert.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { TimeDomain, TimerStore } from '../api.ts'
import { stateErrors } from '../errors.ts'
import { asBuffer } from '../keys.ts'
import { TimerHeap } from '../timers/timer-heap.ts'
import type { CachedKeys } from './cached-keys.ts'
import { epochBytes, letter, prefixEnd, readSortable, readU32, writeSortable, writeU32 } from './layout.ts'
import type { SpillCodec, SpillEntry, StoredScan } from './spill.ts'

/** A timer in memory. */
export interface NearTimer extends SpillEntry {
  /** Its place in the order, as Latin-1: the key in RocksDB. */
  readonly place: string
  readonly timestampMs: number
  readonly domain: number
  readonly hash: number
  /** Canonical bytes. */
  readonly key: Uint8Array
  /** No snapshot and no log can have it. */
  fresh: boolean
  /** The log has it. RocksDB has none that is near. */
  logged: boolean
}

interface Domain {
  readonly number: number
  readonly near: Map<string, NearTimer>
  readonly queue: TimerHeap<NearTimer>
  /** Timers from this place on are in RocksDB; undefined: none is. */
  horizon: string | undefined
  far: number
}

const namespaceBytes = 9
const nothing = new Uint8Array(0)
/** Letter, state, domain, time, hash. */
const headBytes = 16
export const timerBytes = 400
const nearMin = 64
const prefetched = 256
const entriesPerStep = 128
const flushAt = 1024

export class StoredTimers implements TimerStore, SpillCodec<NearTimer> {
  readonly state: number
  readonly #keys: CachedKeys
  readonly #nearMax: number
  readonly #domains: readonly [Domain, Domain]
  readonly #namespace = Buffer.alloc(namespaceBytes)
  #place = Buffer.allocUnsafeSlow(512)

  /** `nearMax`: timers in memory, in each domain. */
  constructor(state: number, keys: CachedKeys, nearMax: number) {
    this.state = state
    this.#keys = keys
    this.#nearMax = Math.max(nearMin, nearMax)
    const domain = (number: number): Domain => ({
      number,
      near: new Map(),
      queue: new TimerHeap(),
      horizon: undefined,
      far: 0,
    })
    this.#domains = [domain(0), domain(1)]
  }

  get size(): number {
    return this.#domains.reduce((sum, { near, far }) => sum + near.size + far, 0)
  }

  register(name: TimeDomain, id: number, timestampMs: number): void {
    const domain = this.#domain(name)
    const place = this.#placeOf(domain, timestampMs, this.#keys.hashOf(id), this.#keys.canonicalOf(id))
    const { spill } = this.#keys
    if (domain.horizon !== undefined && place >= domain.horizon) {
      this.#putFar(place, spill.epoch)
      return
    }
    if (domain.near.has(place)) return
    const timer = this.#makeNear(domain, place)
    timer.fresh = true
    timer.epoch = spill.epoch
    if (domain.near.size > this.#nearMax) this.#moveAway(domain)
  }

  cancel(name: TimeDomain, id: number, timestampMs: number): void {
    const domain = this.#domain(name)
    const key = this.#keys.canonicalOf(id)
    const hash = this.#keys.hashOf(id)
    const place = this.#placeOf(domain, timestampMs, hash, key)
    const timer = domain.near.get(place)
    if (timer !== undefined) {
      domain.queue.staled()
      this.#removeNear(domain, timer)
    } else if (domain.horizon !== undefined && place >= domain.horizon) {
      const { spill } = this.#keys
      spill.store.delete(Buffer.from(place, 'latin1'))
      spill.log(hash, this.state, key, this.#namespaceOf(domain.number, timestampMs), spill.epoch, undefined)
      this.#flushSome()
    }
  }

  advance(name: TimeDomain, toMs: number, limit: number, fire: (id: number, timestampMs: number) => void): boolean {
    const domain = this.#domain(name)
    for (let fired = 0; ; fired++) {
      const timer = this.#first(domain)
      if (timer === undefined || timer.timestampMs > toMs) return false
      if (fired >= limit) return true
      if (fired % prefetched === 0) this.#prefetch(domain, toMs, Math.min(prefetched, limit - fired))
      domain.queue.pop()
      const id = this.#keys.admit(timer.hash, timer.key)
      this.#keys.loadMissing()
      this.#removeNear(domain, timer)
      fire(id, timer.timestampMs)
    }
  }

  next(name: TimeDomain): number {
    return this.#first(this.#domain(name))?.timestampMs ?? Number.POSITIVE_INFINITY
  }

  hashOf(timer: NearTimer): number {
    return timer.hash
  }

  keyOf(timer: NearTimer): Uint8Array {
    return timer.key
  }

  namespace(timer: NearTimer): Uint8Array {
    return this.#namespaceOf(timer.domain, timer.timestampMs)
  }

  value(): Uint8Array {
    return nothing
  }

  *encode(): Generator<void> {
    let n = 0
    for (const { near } of this.#domains) {
      for (const timer of near.values()) {
        this.#guard(timer)
        if (++n % entriesPerStep === 0) yield
      }
    }
  }

  restore(cursor: RunCursor, epoch: number): void {
    const namespace = asBuffer(cursor.namespace)
    if (namespace.length !== namespaceBytes || namespace[0] > 1)
      throw stateErrors.create('MALFORMED', { state: 'timers', reason: 'a timer has no time' })
    const domain = this.#domains[namespace[0]]
    // All are far at first: the nearest are fetched when somebody looks.
    domain.horizon = ''
    this.#putFar(this.#placeOf(domain, namespace.readDoubleLE(1), cursor.hash, cursor.key), epoch)
  }

  expired(): boolean {
    return false
  }

  scan(): readonly StoredScan[] {
    return this.#domains.map((domain) => {
      const prefix = this.#prefix(domain)
      return {
        scan: this.#keys.spill.store.scan(prefix, prefixEnd(prefix)),
        add: (at, _, to) => {
          const namespace = this.#namespaceOf(domain.number, readSortable(at, 4))
          to.add(readU32(at, 12), this.state, at.subarray(headBytes), namespace, nothing)
        },
      }
    })
  }

  /** The log has it already, unless the snapshot takes RocksDB instead. */
  #guard(timer: NearTimer): void {
    const { spill } = this.#keys
    if (spill.encoding !== 0 && (spill.encodesAll || !timer.logged)) spill.guard(timer, this)
  }

  #domain(name: TimeDomain): Domain {
    return this.#domains[name === 'event' ? 0 : 1]
  }

  /** The earliest timer; fetches some when memory has none. */
  #first(domain: Domain): NearTimer | undefined {
    const timer = domain.queue.first()
    if (timer !== undefined || domain.horizon === undefined) return timer
    this.#fetch(domain)
    return domain.queue.first()
  }

  /** The next timers out of RocksDB. */
  #fetch(domain: Domain): void {
    const { store } = this.#keys.spill
    store.flush()
    const prefix = this.#prefix(domain)
    const from = domain.horizon === '' || domain.horizon === undefined ? prefix : Buffer.from(domain.horizon, 'latin1')
    const count = this.#nearMax >>> 1
    const scan = store.scan(from, prefixEnd(prefix))
    const found = scan.next(count)
    scan.close()
    for (let i = 0; i < found.length; i += 2) {
      const timer = this.#makeNear(domain, found[i].toString('latin1'))
      timer.epoch = readU32(found[i + 1], 0)
      timer.logged = true
    }
    const last = found.at(-2)
    if (found.length < 2 * count || last === undefined) {
      domain.horizon = undefined
      domain.far = 0
      store.deleteRange(from, prefixEnd(prefix))
      return
    }
    const horizon = Buffer.concat([last, Buffer.of(0)])
    domain.horizon = horizon.toString('latin1')
    domain.far = Math.max(1, domain.far - count)
    store.deleteRange(from, horizon)
  }

  /** Half of what is in memory, the later one, goes to RocksDB. */
  #moveAway(domain: Domain): void {
    const timers = [...domain.near.values()].sort((a, b) => (a.place < b.place ? -1 : 1))
    const kept = timers.slice(0, timers.length >>> 1)
    const { spill } = this.#keys
    for (const timer of timers.slice(kept.length)) {
      this.#guard(timer)
      this.#keepFar(timer.place, timer.epoch, !timer.logged)
      domain.near.delete(timer.place)
      timer.present = false
    }
    spill.bytes -= timerBytes * (timers.length - kept.length)
    domain.horizon = timers[kept.length].place
    domain.queue.replace(kept)
    spill.store.flush()
  }

  #putFar(place: string, epoch: number): void {
    this.#keepFar(place, epoch, true)
  }

  /** `log`: the log has not got it yet. */
  #keepFar(place: string, epoch: number, log: boolean): void {
    const { spill } = this.#keys
    const at = Buffer.from(place, 'latin1')
    const value = Buffer.allocUnsafe(epochBytes)
    writeU32(value, 0, epoch)
    spill.store.put(at, value)
    if (log) {
      const namespace = this.#namespaceOf(at[3], readSortable(at, 4))
      spill.log(readU32(at, 12), this.state, at.subarray(headBytes), namespace, epoch, nothing)
    }
    this.#domains[at[3]].far++
    this.#flushSome()
  }

  #makeNear(domain: Domain, place: string): NearTimer {
    const at = Buffer.from(place, 'latin1')
    const timer: NearTimer = {
      present: true,
      epoch: 0,
      guarded: 0,
      stored: false,
      place,
      timestampMs: readSortable(at, 4),
      domain: domain.number,
      hash: readU32(at, 12),
      key: at.subarray(headBytes),
      fresh: false,
      logged: false,
    }
    domain.near.set(place, timer)
    domain.queue.push(timer)
    this.#keys.spill.bytes += timerBytes
    return timer
  }

  #removeNear(domain: Domain, timer: NearTimer): void {
    const { spill } = this.#keys
    this.#guard(timer)
    timer.present = false
    domain.near.delete(timer.place)
    spill.bytes -= timerBytes
    // What came and went between two snapshots leaves nothing.
    if (timer.fresh && timer.epoch === spill.epoch) return
    spill.log(timer.hash, this.state, timer.key, this.namespace(timer), spill.epoch, undefined)
    this.#flushSome()
  }

  /** Loads the keys of timers that are about to fire in one go. */
  #prefetch(domain: Domain, toMs: number, count: number): void {
    this.#keys.makeRoom()
    for (const timer of domain.queue.some(toMs, count)) this.#keys.admit(timer.hash, timer.key)
    this.#keys.loadMissing()
  }

  #flushSome(): void {
    const { store } = this.#keys.spill
    if (store.waiting >= flushAt) store.flush()
  }

  #prefix(domain: Domain): Buffer {
    return Buffer.of(letter.timer, this.state >>> 8, this.state & 255, domain.number)
  }

  #placeOf(domain: Domain, timestampMs: number, hash: number, key: Uint8Array): string {
    assert(!Number.isNaN(timestampMs), 'a timer has a time')
    const bytes = headBytes + key.length
    if (bytes > this.#place.length) this.#place = Buffer.allocUnsafeSlow(bytes * 2)
    const buffer = this.#place
    buffer[0] = letter.timer
    buffer[1] = this.state >>> 8
    buffer[2] = this.state
    buffer[3] = domain.number
    writeSortable(buffer, 4, timestampMs)
    writeU32(buffer, 12, hash)
    buffer.set(key, headBytes)
    return buffer.toString('latin1', 0, bytes)
  }

  #namespaceOf(domain: number, timestampMs: number): Buffer {
    this.#namespace[0] = domain
    this.#namespace.writeDoubleLE(timestampMs, 1)
    return this.#namespace
  }
}
