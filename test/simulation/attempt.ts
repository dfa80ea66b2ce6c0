/**
 * What a slot thread does with one deployment, as a model: sources that count, barriers that are aligned, runs in storage,
 * transactions that are prepared at a barrier and committed when it is complete. It keeps the slot's side of
 * taskmanager/slot/messages.ts.
 */
import { openStorage } from '../../core/storage/open-storage.ts'
import type { OperatorSnapshot, RunHandle, SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import { runPath } from '../../proto/checkpoint/paths.ts'
import { rangesOf } from '../../proto/checkpoint/ranges.ts'
import type { RestoredOperator } from '../../proto/checkpoint/restore-plan.ts'
import { subtaskOf } from '../../proto/jobgraph/key-range.ts'
import type { Deployment, FromSlot, SubtaskState, ToSlot } from '../../taskmanager/slot/messages.ts'
import { hashOf, keyOf, numberOf, splits } from './job.ts'
import type { End, Network } from './network.ts'
import type { Outside, Prepared } from './outside.ts'
import type { Life, World } from './world.ts'

export interface AttemptOptions {
  readonly world: World
  readonly network: Network
  readonly outside: Outside
  /** Of the slot's thread. */
  readonly life: Life
  /** Records of a split. */
  readonly limit: number
  /** Records of a split in one turn. */
  readonly pace: number
  readonly bugs: ReadonlySet<string>
  say(message: FromSlot): void
}

type Item =
  | { readonly kind: 'records'; readonly records: readonly (readonly [key: string, number: number])[] }
  | { readonly kind: 'barrier'; readonly checkpointId: number; readonly stop: boolean }

interface Hello {
  readonly jobId: string
  readonly attempt: number
  readonly epoch: number
  readonly from: number
  readonly to: number
}

type Trigger = Extract<ToSlot, { kind: 'trigger-checkpoint' }>

const turnMs = 50
const deltasMax = 3

/** A source subtask. */
interface Source {
  readonly subtask: number
  readonly offsets: Map<number, number>
  readonly ends: (Target | undefined)[]
  stopped: boolean
  ended: boolean
}

interface Target {
  put(item: Item): void
}

/** A counting subtask. */
interface Counter {
  readonly subtask: number
  readonly counts: Map<string, number>
  readonly changed: Set<string>
  chain: RunHandle[]
  /** The chain is somebody else's: the next run has everything. */
  rewrite: boolean
  sequence: number
  /** Per channel: what came behind a barrier. */
  readonly behind: Map<number, Item[]>
  aligning: { readonly checkpointId: number; readonly stop: boolean; readonly sinceMs: number } | undefined
  /** Of the transaction that is open. */
  readonly open: Map<string, { from: number; to: number }>
  /** Prepared, by checkpoint; not known to be committed. */
  readonly pending: { readonly checkpointId: number; readonly prepared: Prepared }[]
  committing: Promise<void>
}

export class SimulatedAttempt {
  readonly deployment: Deployment
  readonly #options: AttemptOptions
  readonly #sources: Source[] = []
  readonly #counters: Counter[] = []
  #state: 'opening' | 'ready' | 'running' | 'over' = 'opening'
  #last: number | undefined
  readonly #early: { readonly from: number; readonly to: number; readonly item: Item }[] = []

  constructor(deployment: Deployment, options: AttemptOptions) {
    this.deployment = deployment
    this.#options = options
    this.#open().catch((error: unknown) => this.#fail('USER_ERROR', `restore: ${(error as Error).message}`))
  }

  /** Whether it takes what a source sends to it. */
  takes({ jobId, attempt, epoch }: Hello): boolean {
    const own = this.deployment
    const same = jobId === own.jobId && attempt === own.attempt && epoch === own.epoch
    return same && (this.#state === 'ready' || this.#state === 'running')
  }

  /** Another slot feeds a channel of a counter here. */
  feed(hello: Hello, end: End): void {
    end.listen(
      (item) => this.#arrived(hello, item as Item),
      (error) => this.#fail('NETWORK_LOST', `a channel from subtask ${hello.from}: ${error.message}`),
    )
  }

  receive(message: ToSlot): void {
    switch (message.kind) {
      case 'start':
        return this.#start()
      case 'trigger-checkpoint':
        return this.#trigger(message)
      case 'abort-checkpoint':
        for (const counter of this.#counters) {
          if (counter.aligning?.checkpointId === message.checkpointId) this.#letGo(counter)
        }
        return
      case 'checkpoint-complete':
        return this.#complete(message.checkpointId)
      case 'cancel':
        this.#end('canceled')
        return
      default:
    }
  }

  /** Nothing more is heard of it. */
  kill(): void {
    this.#state = 'over'
  }

  async #open(): Promise<void> {
    const { plan, subtasks, restore } = this.deployment
    this.#sayAll('deploying')
    for (const { vertex, subtask } of subtasks) {
      const restored = restore?.subtasks[`${vertex}/${subtask}`]?.operators[0]
      const parallelism = plan.vertices[vertex].parallelism
      if (vertex === 0) this.#sources.push(this.#openSource(subtask, parallelism, restored))
      else this.#counters.push(await this.#openCounter(subtask, parallelism, restored))
    }
    if (this.#state !== 'opening') return
    this.#state = 'ready'
    this.#sayAll('initializing')
  }

  #openSource(subtask: number, parallelism: number, restored: RestoredOperator | undefined): Source {
    const known = new Map(restored?.splits.map(({ splitId, offset }) => [Number(splitId), offset as number]))
    const offsets = new Map<number, number>()
    for (let split = subtask; split < splits; split += parallelism) offsets.set(split, known.get(split) ?? 0)
    return { subtask, offsets, ends: [], stopped: false, ended: false }
  }

  async #openCounter(subtask: number, parallelism: number, restored: RestoredOperator | undefined): Promise<Counter> {
    const { world, outside } = this.#options
    const counts = new Map<string, number>()
    for (const handle of restored?.runs ?? []) {
      const bytes = await openStorage(restored?.root ?? '').get(handle.path)
      for (const [key, count] of JSON.parse(Buffer.from(bytes).toString()) as [string, number][]) {
        const range = hashOf(key) >>> 16
        if (range >= handle.from && range < handle.to && subtaskOf(hashOf(key), parallelism) === subtask)
          counts.set(key, count)
      }
    }
    // What was prepared for the snapshot counts: again before anything new, as often as it takes.
    for (const prepared of (restored?.committables ?? []) as Prepared[]) await this.#commit(outside, prepared)
    world.note(this.#options.life.name, `restored ${counts.size} keys of counts ${subtask} of ${parallelism}`)
    return {
      subtask,
      counts,
      changed: new Set(),
      chain: [...(restored?.runs ?? [])],
      rewrite: restored?.rewrite === true,
      sequence: 0,
      behind: new Map(),
      aligning: undefined,
      open: new Map(),
      pending: [],
      committing: Promise.resolve(),
    }
  }

  async #commit(outside: Outside, prepared: Prepared): Promise<void> {
    for (;;) {
      try {
        return await outside.commit(prepared)
      } catch {
        await this.#options.world.pause(200)
      }
    }
  }

  #start(): void {
    if (this.#state !== 'ready') return
    this.#state = 'running'
    this.#sayAll('running')
    for (const source of this.#sources) {
      this.#connect(source)
      this.#turn(source)
    }
    for (const { from, to, item } of this.#early.splice(0)) this.#arrived({ from, to }, item)
  }

  #connect(source: Source): void {
    const { network, life } = this.#options
    const { jobId, attempt, epoch, locations, plan } = this.deployment
    for (let to = 0; to < plan.vertices[1].parallelism; to++) {
      const own = this.#counters.find(({ subtask }) => subtask === to)
      const hello: Hello = { jobId, attempt, epoch, from: source.subtask, to }
      if (own !== undefined) {
        source.ends[to] = { put: (item) => this.#options.world.at(0.05, life, () => this.#arrived(hello, item)) }
        continue
      }
      const there = locations.find(({ vertex, subtask }) => vertex === 1 && subtask === to)
      const end = network.connect(life, `${there?.host}:${there?.port}`)
      end.listen(
        () => undefined,
        (error) => this.#fail('NETWORK_LOST', `a channel to subtask ${to}: ${error.message}`),
      )
      end.send(hello)
      source.ends[to] = { put: (item) => end.send(item) }
    }
  }

  #turn(source: Source): void {
    const { world, life, limit, pace } = this.#options
    if (this.#state !== 'running' || source.stopped) return
    const parallelism = this.deployment.plan.vertices[1].parallelism
    const records: [string, number][][] = Array.from({ length: parallelism }, () => [])
    let left = false
    for (const [split, offset] of source.offsets) {
      const to = Math.min(limit, offset + pace)
      for (let index = offset; index < to; index++) {
        const key = keyOf(split, index)
        records[subtaskOf(hashOf(key), parallelism)].push([key, numberOf(index)])
      }
      source.offsets.set(split, to)
      if (to < limit) left = true
    }
    records.forEach((each, to) => {
      if (each.length > 0) source.ends[to]?.put({ kind: 'records', records: each })
    })
    if (left) world.at(turnMs * (0.8 + world.random.next() * 0.4), life, () => this.#turn(source))
    else if (!source.ended) {
      source.ended = true
      this.#say({ kind: 'ended', attempt: this.deployment.attempt, vertex: 0, subtask: source.subtask })
    }
  }

  #trigger({ checkpointId, stop }: Trigger): void {
    if (this.#state !== 'running') return
    if (stop !== undefined) this.#last = checkpointId
    for (const source of this.#sources) {
      if (stop !== undefined) source.stopped = true
      const parts = [...source.offsets].map(([split, offset]) => ({ splitId: String(split), offset }))
      for (const end of source.ends) end?.put({ kind: 'barrier', checkpointId, stop: stop !== undefined })
      this.#ack(0, source.subtask, checkpointId, { node: 0, uid: 'numbers', runs: [], splits: parts }, 0)
    }
  }

  #arrived({ from, to }: Pick<Hello, 'from' | 'to'>, item: Item): void {
    const counter = this.#counters.find(({ subtask }) => subtask === to)
    if (counter === undefined || this.#state !== 'running') {
      // Data before `start`: the other subtasks run already.
      if (counter !== undefined && this.#state === 'ready') this.#early.push({ from, to, item })
      return
    }
    const waiting = counter.behind.get(from)
    if (waiting !== undefined && !this.#options.bugs.has('skip-barrier')) waiting.push(item)
    else this.#take(counter, from, item)
  }

  #take(counter: Counter, from: number, item: Item): void {
    if (item.kind === 'barrier') {
      this.#barrier(counter, from, item.checkpointId, item.stop)
      return
    }
    const { world, life } = this.#options
    for (const [key, number] of item.records) {
      const expected = counter.counts.get(key) ?? 0
      if (number !== expected)
        world.violated(`${life.name} counts ${counter.subtask}: ${key} is ${number}, not ${expected}`)
      counter.counts.set(key, number + 1)
      counter.changed.add(key)
      const range = counter.open.get(key)
      if (range === undefined) counter.open.set(key, { from: number, to: number + 1 })
      else range.to = number + 1
    }
  }

  #barrier(counter: Counter, from: number, checkpointId: number, stop: boolean): void {
    const { world } = this.#options
    // An older one was given up.
    if (counter.aligning !== undefined && counter.aligning.checkpointId < checkpointId) this.#letGo(counter)
    if (counter.aligning === undefined) {
      if (counter.behind.size > 0) return
      counter.aligning = { checkpointId, stop, sinceMs: world.nowMs }
    }
    if (counter.aligning.checkpointId !== checkpointId) return
    counter.behind.set(from, [])
    if (counter.behind.size < this.deployment.plan.vertices[0].parallelism) return
    if (stop) this.#last = checkpointId
    this.#snapshot(counter, checkpointId, world.nowMs - counter.aligning.sinceMs)
    this.#letGo(counter)
  }

  /** What waited behind barriers goes on. */
  #letGo(counter: Counter): void {
    counter.aligning = undefined
    const behind = [...counter.behind]
    counter.behind.clear()
    for (const [from, items] of behind) for (const item of items) this.#arrived({ from, to: counter.subtask }, item)
  }

  #snapshot(counter: Counter, checkpointId: number, alignmentMs: number): void {
    const { jobId, attempt, epoch, checkpointRoot = '', plan } = this.deployment
    const ranges = rangesOf(counter.subtask, plan.vertices[1].parallelism)
    const deltas = counter.chain.filter(({ kind }) => kind === 'delta').length
    const whole = counter.rewrite || counter.chain.length === 0 || deltas >= deltasMax
    const keys = whole ? [...counter.counts.keys()] : [...counter.changed]
    const bytes = Buffer.from(JSON.stringify(keys.map((key) => [key, counter.counts.get(key)])))
    const sequence = counter.sequence++
    const path = runPath(jobId, { epoch, checkpointId, node: 1, subtask: counter.subtask, sequence })
    const handle: RunHandle = {
      path,
      bytes: bytes.byteLength,
      entries: keys.length,
      crc: 0,
      ...ranges,
      kind: whole ? 'base' : 'delta',
    }
    const chain = whole ? [handle] : [...counter.chain, handle]
    counter.changed.clear()
    if (counter.open.size > 0) {
      const parts = [...counter.open].map(([key, range]) => ({ key, ...range }))
      counter.open.clear()
      const id = `${jobId} ${epoch}/${attempt} ${checkpointId} ${counter.subtask}`
      counter.pending.push({ checkpointId, prepared: { id, keys: parts } })
    }
    const committables = counter.pending.map(({ prepared }) => prepared)
    // A chain that a failed checkpoint grew is as good: what it names is there before anything counts.
    counter.chain = chain
    counter.rewrite = false
    const acknowledge = (): void =>
      this.#ack(
        1,
        counter.subtask,
        checkpointId,
        { node: 1, uid: 'counts', runs: chain, committables },
        alignmentMs,
        bytes.byteLength,
      )
    const early = this.#options.bugs.has('acknowledge-before-store')
    if (early) acknowledge()
    if (this.#options.bugs.has('commit-early')) this.#commitUpTo(counter, checkpointId)
    openStorage(checkpointRoot)
      .put(path, bytes)
      .then(
        () => {
          if (!early) acknowledge()
        },
        (error: unknown) => {
          // The next run has all of it: this file may or may not be there.
          counter.rewrite = true
          this.#say({
            kind: 'decline',
            attempt,
            checkpointId,
            vertex: 1,
            subtask: counter.subtask,
            reason: (error as Error).message,
          })
        },
      )
  }

  #ack(
    vertex: number,
    subtask: number,
    checkpointId: number,
    operator: OperatorSnapshot,
    alignmentMs: number,
    bytes = 0,
  ): void {
    const snapshot: SubtaskSnapshot = { operators: [operator], alignmentMs, syncMs: 0, asyncMs: 1, bytes }
    this.#say({ kind: 'ack', attempt: this.deployment.attempt, checkpointId, vertex, subtask, snapshot })
  }

  #complete(checkpointId: number): void {
    if (this.#state !== 'running') return
    for (const counter of this.#counters) this.#commitUpTo(counter, checkpointId)
    if (checkpointId !== this.#last) return
    Promise.all(this.#counters.map(({ committing }) => committing)).then(
      () => this.#end('finished'),
      () => undefined,
    )
  }

  #commitUpTo(counter: Counter, checkpointId: number): void {
    const { outside } = this.#options
    for (const each of counter.pending.filter((one) => one.checkpointId <= checkpointId)) {
      counter.committing = counter.committing.then(async () => {
        if (!counter.pending.includes(each)) return
        await this.#commit(outside, each.prepared)
        counter.pending.splice(counter.pending.indexOf(each), 1)
      })
    }
  }

  #fail(code: string, message: string): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#options.world.note(this.#options.life.name, `fails: ${message}`)
    const { attempt, subtasks } = this.deployment
    for (const { vertex, subtask } of subtasks) {
      this.#say({ kind: 'state', attempt, vertex, subtask, state: 'failed', cause: { code, message } })
    }
    this.#say({ kind: 'released', attempt })
  }

  #end(state: SubtaskState): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#options.world.note(this.#options.life.name, `attempt ${this.deployment.attempt} is ${state}`)
    this.#sayAll(state)
    this.#say({ kind: 'released', attempt: this.deployment.attempt })
  }

  #sayAll(state: SubtaskState): void {
    const { attempt, subtasks } = this.deployment
    for (const { vertex, subtask } of subtasks) this.#say({ kind: 'state', attempt, vertex, subtask, state })
  }

  #say(message: FromSlot): void {
    this.#options.say(message)
  }
}
