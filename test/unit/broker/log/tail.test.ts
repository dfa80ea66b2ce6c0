import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LentMemory, lentBytesMin } from '../../../../broker/log/lent-memory.ts'
import type { Segment } from '../../../../broker/log/segment.ts'
import { LogTail, TailMemory } from '../../../../broker/log/tail.ts'

const segment = {} as Segment
const everything = Number.MAX_SAFE_INTEGER

interface ListEntry {
  readonly base: number
  readonly end: number
  readonly start: number
  readonly batch: Buffer
  readonly segment: Segment
  written?: boolean
}

function filled(tail: LogTail, offset: number, bytes: number): void {
  tail.add(offset, offset, Buffer.alloc(bytes, offset & 255), segment)
  for (let pending = tail.pending(); pending !== undefined; pending = tail.pending()) tail.wrote(pending)
}

function read(tail: LogTail, offset: number, maxBytes: number, lend: boolean): Buffer[] {
  return tail.gather(tail.find(offset), everything, maxBytes, true, lend).buffers
}

describe('the ends of logs in memory', () => {
  it('hands out neighbours as one buffer', () => {
    const tail = new LogTail(new TailMemory(4e6, new LentMemory()), 0)
    for (let offset = 0; offset < 5; offset++) filled(tail, offset, 100)
    const buffers = read(tail, 1, 1e6, true)
    expect(buffers.map((each) => each.length)).toEqual([400])
  })

  it('never fills memory again that somebody reads from, whoever gives back what and when', () => {
    const step = fc.record({
      bytes: fc.integer({ min: 1, max: 270_000 }),
      read: fc.boolean(),
      lend: fc.boolean(),
      giveBack: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 60 }), (steps) => {
        const memory = new TailMemory(2_500_000, new LentMemory())
        const tail = new LogTail(memory, 0)
        const held: { buffers: Buffer[]; copies: Buffer[]; lent: boolean }[] = []
        for (const [offset, { bytes, read: reads, lend, giveBack }] of steps.entries()) {
          filled(tail, offset, bytes)
          if (reads) {
            const buffers = read(tail, Math.max(tail.firstOffset, offset - 3), 500_000, lend)
            held.push({ buffers, copies: buffers.map((each) => Buffer.from(each)), lent: lend })
          }
          if (giveBack && held[0]?.lent) {
            // As a connection does: it knows nothing of pieces that were too short to be lent.
            memory.lent.giveBack((held.shift()?.buffers ?? []).filter((each) => each.length >= lentBytesMin))
          }
          for (const { buffers, copies } of held) {
            for (const [place, each] of buffers.entries()) expect(each.equals(copies[place] as Buffer)).toBe(true)
          }
        }
      }),
      { numRuns: 12 },
    )
  })

  it('uses the same memory over and over when everything was given back', () => {
    const memory = new TailMemory(3_000_000, new LentMemory())
    const tail = new LogTail(memory, 0)
    const seen = new Set<ArrayBufferLike>()
    for (let offset = 0; offset < 400; offset++) {
      filled(tail, offset, 100_000)
      const buffers = read(tail, offset, 1e6, true)
      for (const { buffer } of buffers) seen.add(buffer)
      memory.lent.giveBack(buffers)
    }
    expect(seen.size).toBeLessThan(8)
  })

  it('has of several logs what a list has, from its first offset on, whatever is written, dropped, thrown away and read', () => {
    const logs = 3
    const step = fc.record({
      log: fc.nat(logs - 1),
      bytes: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 2000 }) },
        fc.integer({ min: 200_000, max: 1_200_000 }),
      ),
      records: fc.integer({ min: 1, max: 3 }),
      next: fc.constantFrom('nothing', 'roll', 'write', 'write', 'write', 'drop', 'fail', 'clear'),
      maxBytes: fc.integer({ min: 0, max: 900_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        const memory = new TailMemory(2_500_000, new LentMemory())
        const tails = Array.from({ length: logs }, () => new LogTail(memory, 0))
        const lists = tails.map(() => ({ entries: [] as ListEntry[], segment: {} as Segment, end: 0, bytes: 0 }))
        for (const { log, bytes, records, next, maxBytes } of steps) {
          const tail = tails[log] as LogTail
          const list = lists[log] as (typeof lists)[number]
          const batch = Buffer.alloc(bytes, (list.end * 7 + log) & 255)
          tail.add(list.end, list.end + records - 1, batch, list.segment)
          list.entries.push({
            base: list.end,
            end: list.end + records,
            start: list.bytes,
            batch,
            segment: list.segment,
          })
          list.end += records
          list.bytes += bytes
          if (next === 'roll') list.segment = {} as Segment
          else if (next === 'drop') tail.dropBelow(list.end - 4)
          else if (next === 'write') {
            const written: Buffer[] = []
            const waiting = list.entries.filter((each) => each.written !== true)
            for (let pending = tail.pending(); pending !== undefined; pending = tail.pending()) {
              const { segment: target } = pending
              const joined = Buffer.concat(pending.buffers)
              expect(joined.length).toBe(pending.bytes)
              const same = waiting.splice(0, waiting.findLastIndex((each) => each.segment === target) + 1)
              expect(joined.equals(Buffer.concat(same.map((each) => each.batch)))).toBe(true)
              for (const each of same) each.written = true
              written.push(joined)
              tail.wrote(pending)
            }
            expect(waiting).toEqual([])
          } else if (next === 'fail') {
            tail.dropPending()
            list.entries = list.entries.filter((each) => each.written)
            list.end = list.entries.at(-1)?.end ?? tail.firstOffset
            list.bytes = tail.appendedBytes
          } else if (next === 'clear') {
            tail.clear(list.end)
            list.entries = []
          }
          for (const [place, each] of tails.entries()) check(each, lists[place] as (typeof lists)[number], maxBytes)
        }
      }),
      { numRuns: 40 },
    )

    function check(tail: LogTail, list: { entries: ListEntry[]; end: number; bytes: number }, maxBytes: number): void {
      expect(tail.appendedBytes).toBe(list.bytes)
      // What is not written never goes by itself.
      const waiting = list.entries.find((each) => each.written !== true)
      if (waiting !== undefined) expect(tail.firstOffset).toBeLessThanOrEqual(waiting.base)
      list.entries = list.entries.filter((each) => each.base >= tail.firstOffset)
      expect(list.entries[0]?.base ?? list.end).toBe(tail.firstOffset)
      if (tail.firstOffset > 0) expect(tail.find(tail.firstOffset - 1)).toBe(-1)
      const from = list.entries[list.entries.length >> 1]
      if (from === undefined) return
      expect(tail.startOf(from.end - 1)).toBe(from.start)
      const end = list.end - 1
      const fitting: Buffer[] = []
      let sum = 0
      for (const { batch, base } of list.entries.slice(list.entries.length >> 1)) {
        if (base >= end || (sum + batch.length > maxBytes && sum > 0)) break
        fitting.push(batch)
        sum += batch.length
      }
      const read = tail.gather(tail.find(from.end - 1), end, maxBytes, true, false)
      expect(read.sizeBytes).toBe(sum)
      expect(Buffer.concat(read.buffers).equals(Buffer.concat(fitting))).toBe(true)
      const last = list.entries[(list.entries.length >> 1) + fitting.length - 1]
      expect(read.nextOffset).toBe(fitting.length === 0 ? -1 : last?.end)
    }
  })

  it('keeps to its budget, once everything is written, however small and large batches come in turn', () => {
    const budgetBytes = 4_000_000
    const memory = new TailMemory(budgetBytes, new LentMemory())
    const tails = [new LogTail(memory, 0), new LogTail(memory, 0)]
    for (let offset = 0; offset < 2000; offset++) {
      filled(tails[offset & 1] as LogTail, offset, offset % 50 === 0 ? 1_200_000 : 100)
      expect(memory.usedBytes).toBeLessThanOrEqual(budgetBytes)
    }
    expect(tails[1]?.firstOffset).toBeGreaterThan(0)
  })
})
