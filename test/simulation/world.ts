/**
 * Simulated time and the processes in it. Everything that happens is an event with a time; events happen one after the other,
 * each with all the promise reactions that follow from it, so a run is the same whenever its seed is the same.
 *
 * An event belongs to a process, or to nobody (the world outside). Those of a process that is dead never happen; those of one
 * that is stopped happen when it goes on.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type Random, seededRandom } from '../../core/platform/random.ts'

export interface Event {
  atMs: number
  order: number
  readonly owner: Life | undefined
  readonly task: () => void
  over: boolean
}

/** One life of a process (or of a thread in it): from its start to its end. */
export class Life {
  readonly name: string
  /** Threads end and stop with their process. */
  readonly parent: Life | undefined
  readonly #ended: (() => void)[] = []
  readonly waiting: Event[] = []
  #alive = true
  #stopped = false

  constructor(name: string, parent?: Life) {
    this.name = name
    this.parent = parent
  }

  get alive(): boolean {
    return this.#alive && (this.parent?.alive ?? true)
  }

  get stopped(): boolean {
    return this.root.#stopped
  }

  get root(): Life {
    return this.parent?.root ?? this
  }

  /** At its end, whatever that is. */
  onEnd(task: () => void): void {
    this.#ended.push(task)
  }

  end(): void {
    if (!this.#alive) return
    this.#alive = false
    for (const task of this.#ended.splice(0)) task()
  }

  /** SIGSTOP. */
  stop(): void {
    this.#stopped = true
  }

  /** SIGCONT: gives what should have happened meanwhile. */
  go(): Event[] {
    this.#stopped = false
    return this.waiting.splice(0)
  }
}

const traceLines = 4000

export class World {
  readonly random: Random
  nowMs = 0
  /** The process that is at work. */
  current: Life | undefined
  events = 0
  /** Of the whole trace, so that two runs can be compared. */
  digest = 0
  readonly violations: string[] = []
  readonly #queue: Event[] = []
  readonly #trace: string[] = []
  #order = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** Milliseconds from `min` to `max`, mostly short. */
  delay(min: number, max: number): number {
    return min + (max - min) * this.random.next() ** 3
  }

  chance(probability: number): boolean {
    return probability > 0 && this.random.next() < probability
  }

  at(delayMs: number, owner: Life | undefined, task: () => void): Event {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, owner, task, over: false }
    push(this.#queue, event)
    return event
  }

  /** After so long, for whoever waits in the name of the process that is at work. Never, when that has died. */
  pause(delayMs: number): Promise<void> {
    const owner = this.current
    return new Promise((resolve) => this.at(delayMs, owner, resolve))
  }

  stop(life: Life): void {
    this.note(life.name, 'is stopped')
    life.stop()
  }

  go(life: Life): void {
    if (!life.alive || !life.stopped) return
    this.note(life.name, 'goes on')
    // The same events, so that they can still be called off.
    for (const event of life.go()) {
      event.atMs = this.nowMs
      event.order = this.#order++
      push(this.#queue, event)
    }
  }

  note(who: string, what: string): void {
    const line = `${(this.nowMs / 1000).toFixed(3).padStart(9)} ${who.padEnd(10)} ${what}`
    for (let i = 0; i < line.length; i++) this.digest = (Math.imul(this.digest, 31) + line.charCodeAt(i)) | 0
    this.#trace.push(line)
    if (this.#trace.length > traceLines * 2) this.#trace.splice(0, traceLines)
  }

  /** Something that must never be. */
  violated(what: string): void {
    this.note('!!!', what)
    if (this.violations.length < 20) this.violations.push(`${(this.nowMs / 1000).toFixed(3)} s: ${what}`)
  }

  /** The newest lines. */
  get trace(): readonly string[] {
    return this.#trace.slice(-traceLines)
  }

  /** Until that time, or until `done` says so; `done` is asked after each event. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    for (;;) {
      const next = this.#queue[0]
      if (next === undefined || next.atMs > untilMs) break
      pop(this.#queue)
      if (next.over) continue
      this.nowMs = Math.max(this.nowMs, next.atMs)
      await this.#happen(next)
      if (done()) return
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  async #happen(event: Event): Promise<void> {
    const { owner } = event
    if (owner !== undefined) {
      if (!owner.alive) return
      if (owner.stopped) {
        owner.root.waiting.push(event)
        return
      }
    }
    event.over = true
    this.events++
    this.current = owner
    try {
      event.task()
    } catch (error) {
      // Nobody catches it there either: the process would end.
      this.violated(`${owner?.name ?? 'the world'} threw: ${(error as Error).stack ?? String(error)}`)
    }
    // All that follows by promises alone follows now.
    await turn()
    this.current = undefined
  }
}

const before = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1
  while (at > 0) {
    const up = (at - 1) >> 1
    if (!before(event, heap[up])) break
    heap[at] = heap[up]
    at = up
  }
  heap[at] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop() as Event
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let down = at * 2 + 1
    if (down >= heap.length) break
    if (down + 1 < heap.length && before(heap[down + 1], heap[down])) down++
    if (!before(heap[down], last)) break
    heap[at] = heap[down]
    at = down
  }
  heap[at] = last
}
