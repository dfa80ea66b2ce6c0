import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogDirectory } from '../../../../broker/log/directory/log-directory.ts'
import type { PartitionLog } from '../../../../broker/log/partition-log.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { ManualDisk } from '../../../../core/platform/manual-disk.ts'
import { seededRandom } from '../../../../core/platform/random.ts'
import { batch, config, openDirectory, readAll, settle, startMs, topicId } from '../../../support/broker-log.ts'

/** What stands, or may stand, in the log: one entry per batch. */
interface Written {
  readonly kind: 'data' | 'commit' | 'abort'
  readonly producer: number
  readonly offset: number
  readonly values: readonly string[]
  readonly sequence: number
  readonly transactional: boolean
}

type Step =
  | { readonly do: 'append'; readonly producer: number; readonly count: number; readonly transactional: boolean }
  | { readonly do: 'end'; readonly producer: number; readonly commit: boolean }
  | { readonly do: 'settle' }
  | { readonly do: 'delete'; readonly share: number }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'retention' }
  | { readonly do: 'reopen' }
  | { readonly do: 'crash'; readonly after: number; readonly power: boolean; readonly again: number }

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      producer: fc.integer({ min: -1, max: 2 }),
      count: fc.integer({ min: 1, max: 4 }),
      transactional: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      producer: fc.integer({ min: 0, max: 2 }),
      commit: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ do: 'settle' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('delete' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      after: fc.integer({ min: 0, max: 25 }),
      power: fc.boolean(),
      again: fc.integer({ min: 0, max: 12 }),
    }),
  },
)

class Run {
  disk: ManualDisk
  clock = new ManualClock(startMs)
  directory!: LogDirectory
  log!: PartitionLog
  written: Written[] = []
  /** Everything below was acknowledged. */
  acknowledged = 0
  deletedBefore = 0
  #values = 0
  readonly #settings: Readonly<Record<string, string>>

  constructor(seed: number, settings: Readonly<Record<string, string>>) {
    const random = seededRandom(seed)
    this.disk = new ManualDisk({ random: () => random.next() })
    this.#settings = settings
  }

  async open(): Promise<void> {
    this.clock = new ManualClock(this.clock.now() + 1)
    this.directory = await openDirectory(this.disk, this.clock, { tailBytes: 600, openFilesMax: 16 })
    this.log = this.directory.create('events', topicId, 0, config(this.#settings))
  }

  async step(step: Step): Promise<void> {
    const { log } = this
    switch (step.do) {
      case 'append':
        return this.#append(step.producer, step.count, step.transactional)
      case 'end': {
        const result = log.writeMarker(step.producer, 0, 0, step.commit ? 'commit' : 'abort')
        if (result.kind === 'refused') return expect(this.disk.crashed || log.state.kind !== 'ok').toBe(true)
        this.#note({
          kind: step.commit ? 'commit' : 'abort',
          producer: step.producer,
          offset: result.baseOffset,
          values: [''],
          sequence: -1,
          transactional: true,
        })
        return
      }
      case 'settle':
        await settle(this.clock)
        if (!this.disk.crashed) expect(log.highWatermark).toBe(log.logEndOffset)
        return
      case 'delete': {
        const offset = Math.floor(step.share * log.highWatermark)
        const deleting = log.deleteRecordsBefore(offset)
        await settle(this.clock)
        const result = await deleting
        if (result.kind === 'deleted') this.deletedBefore = Math.max(this.deletedBefore, offset)
        else expect(this.disk.crashed).toBe(true)
        return
      }
      case 'checkpoint': {
        const working = this.directory.checkpoint().catch((error: unknown) => {
          if (!this.disk.crashed) throw error
        })
        await settle(this.clock)
        return working
      }
      case 'retention':
        return
      case 'reopen': {
        if (this.disk.crashed) return
        const closing = this.directory.close().catch((error: unknown) => {
          if (!this.disk.crashed) throw error
        })
        await settle(this.clock)
        await closing
        if (this.disk.crashed) return
        this.disk = this.disk.crash('power')
        await this.open()
        expect(this.directory.report).toMatchObject({ clean: true, cutBytes: 0 })
        expect(this.log.logEndOffset).toBe(this.#end())
        return this.check()
      }
      case 'crash':
        this.disk.crashAt = this.disk.operations + step.after
        return
    }
  }

  /** The process is gone (now, if it has not met its end yet); it starts again, perhaps with another end while recovering. */
  async restart(power: boolean, again: number): Promise<void> {
    this.disk = this.disk.crash(power ? 'power' : 'process')
    if (again > 0) {
      this.disk.crashAt = again
      const opened = await this.open().then(
        () => true,
        () => false,
      )
      if (!opened || this.disk.crashed) {
        this.disk = this.disk.crash(power ? 'power' : 'process')
        await this.open()
      } else this.disk.crashAt = Number.POSITIVE_INFINITY
    } else await this.open()
    const end = this.log.logEndOffset
    expect(this.log.state.kind).toBe('ok')
    // With durability `os` the loss of power may take what was acknowledged, from the end only.
    if (power && this.log.config.durability === 'os') this.acknowledged = Math.min(this.acknowledged, end)
    expect(end).toBeGreaterThanOrEqual(this.acknowledged)
    this.written = this.written.filter((each) => each.offset < end)
    expect(this.#end()).toBe(end)
    await this.check()
    this.#resend()
  }

  async check(): Promise<void> {
    const { log } = this
    expect(log.logStartOffset).toBeGreaterThanOrEqual(this.deletedBefore)
    const start = log.logStartOffset
    const records = (await readAll(log, start)).map((each) => [each.offset, each.control ? '' : each.value])
    const expected = this.written
      .flatMap((each) => each.values.map((value, i) => [each.offset + i, value] as const))
      .filter(([offset]) => offset >= start && offset < log.highWatermark)
    expect(records).toEqual(expected)
    this.#checkCommitted(await readAll(log, start, 'read-committed'), start)
  }

  #checkCommitted(records: readonly { offset: number; value: string | null; control: boolean }[], start: number): void {
    const { log } = this
    const open = new Map<number, number>()
    const newest = new Map<number, number>()
    const aborted: { producer: number; from: number; to: number }[] = []
    for (const each of this.written) {
      if (each.offset >= log.highWatermark) break
      if (each.kind === 'data') {
        if (each.transactional && !open.has(each.producer)) open.set(each.producer, each.offset)
        newest.set(each.producer, each.offset + each.values.length - 1)
        continue
      }
      const from = open.get(each.producer)
      open.delete(each.producer)
      if (from !== undefined && each.kind === 'abort') aborted.push({ producer: each.producer, from, to: each.offset })
    }
    const stable = Math.min(log.highWatermark, ...open.values())
    if (log.lastStableOffset !== stable) {
      // A start may not find a transaction any more whose records have all been deleted.
      for (const [producer, offset] of newest) if (offset < start) open.delete(producer)
      expect(log.lastStableOffset).toBe(Math.min(log.highWatermark, ...open.values()))
    }
    const expected = this.written
      .filter((each) => each.kind === 'data' && each.offset < log.lastStableOffset)
      .filter(
        (each) =>
          !each.transactional ||
          !aborted.some(
            ({ producer, from, to }) => producer === each.producer && from <= each.offset && each.offset < to,
          ),
      )
      .flatMap((each) => each.values.map((value, i) => [each.offset + i, value] as const))
      .filter(([offset]) => offset >= start)
    expect(records.filter((each) => !each.control).map((each) => [each.offset, each.value])).toEqual(expected)
  }

  #append(producer: number, count: number, wanted: boolean): void {
    const open = this.#openOf(producer)
    const transactional = producer >= 0 && (wanted || open)
    const sequence = producer < 0 ? -1 : this.#nextSequence(producer)
    const values = Array.from({ length: count }, () => `v${this.#values++}`)
    const bytes = batch({ values, producerId: producer, sequence, transactional, timestamp: this.clock.now() })
    const result = this.log.append(bytes, { origin: 'client' })
    if (result.kind === 'refused') {
      const may = this.disk.crashed || this.log.state.kind !== 'ok' || this.#forgotten(producer)
      return expect(may, result.message).toBe(true)
    }
    expect(result.kind).toBe('appended')
    this.#note({ kind: 'data', producer, offset: result.baseOffset, values, sequence, transactional })
  }

  #note(entry: Written): void {
    expect(entry.offset).toBe(this.#end())
    this.written.push(entry)
    const last = entry.offset + entry.values.length - 1
    this.log.onCommitted(last, (error) => {
      if (error === 0) this.acknowledged = Math.max(this.acknowledged, last + 1)
    })
  }

  /** Batches of the window come again after a restart and get the offsets that they have. */
  #resend(): void {
    for (const producer of [0, 1, 2]) {
      for (const each of this.written.filter((one) => one.kind === 'data' && one.producer === producer).slice(-5)) {
        if (this.#dropped(each)) continue
        const { values, sequence, transactional } = each
        const bytes = batch({ values, producerId: producer, sequence, transactional, timestamp: this.clock.now() })
        expect(this.log.append(bytes, { origin: 'client' })).toMatchObject({
          kind: 'duplicate',
          baseOffset: each.offset,
        })
      }
    }
  }

  /** All its batches have been deleted: a start does not find their sequences any more, and a marker behind them says none. */
  #forgotten(producer: number): boolean {
    const last = this.written.filter((each) => each.kind === 'data' && each.producer === producer).pop()
    return last !== undefined && last.offset + last.values.length <= this.log.logStartOffset
  }

  #dropped(each: Written): boolean {
    return each.offset < this.log.logStartOffset
  }

  #end(): number {
    const last = this.written[this.written.length - 1]
    return Math.max(this.log.logStartOffset, last === undefined ? 0 : last.offset + last.values.length)
  }

  #nextSequence(producer: number): number {
    const last = this.written.filter((each) => each.kind === 'data' && each.producer === producer).pop()
    return last === undefined ? 0 : last.sequence + last.values.length
  }

  #openOf(producer: number): boolean {
    let open = false
    for (const each of this.written) {
      if (each.producer === producer) open = each.kind === 'data' ? open || each.transactional : false
    }
    return open
  }
}

async function play(seed: number, steps: readonly Step[], settings: Readonly<Record<string, string>>): Promise<void> {
  const run = new Run(seed, settings)
  await run.open()
  let crash: Extract<Step, { do: 'crash' }> | undefined
  for (const step of steps) {
    if (step.do === 'crash') crash ??= step
    await run.step(step)
    if (run.disk.crashed && crash !== undefined) {
      await run.restart(crash.power, crash.again)
      crash = undefined
    }
  }
  if (crash !== undefined) await run.restart(crash.power, crash.again)
  else if (run.log.state.kind === 'ok') {
    await settle(run.clock)
    await run.check()
  }
}

describe('a log that is killed or loses its power', () => {
  const seeds = fc.integer()
  const steps = fc.array(stepArbitrary, { minLength: 5, maxLength: 60 })

  test('keeps what was acknowledged, in place and unaltered, and knows duplicates and aborted transactions again', async () => {
    const settings = { 'segment.bytes': '400', 'index.interval.bytes': '100' }
    await fc.assert(
      fc.asyncProperty(seeds, steps, (seed, each) => play(seed, each, settings)),
      { numRuns: 300 },
    )
  })

  test('the same with segments that never end', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, steps, (seed, each) => play(seed, each, { 'index.interval.bytes': '200' })),
      { numRuns: 150 },
    )
  })

  test('with durability os, keeps everything through a kill, and a whole beginning through a loss of power', async () => {
    const settings = { 'segment.bytes': '400', 'index.interval.bytes': '100', 'millrace.durability': 'os' }
    await fc.assert(
      fc.asyncProperty(seeds, steps, (seed, each) => play(seed, each, settings)),
      { numRuns: 200 },
    )
  })
})
