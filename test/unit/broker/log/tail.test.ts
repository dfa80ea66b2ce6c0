import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LentMemory } from '../../../../broker/log/lent-memory.ts'
import type { Segment } from '../../../../broker/log/segment.ts'
import { LogTail, TailMemory } from '../../../../broker/log/tail.ts'

const segment = {} as Segment
const everything = Number.MAX_SAFE_INTEGER

function filled(tail: LogTail, offset: number, bytes: number): void {
  tail.add(offset, offset, Buffer.alloc(bytes, offset & 255), segment)
  tail.wrote()
}

function read(tail: LogTail, offset: number, maxBytes: number, lend: boolean): Buffer[] {
  return tail.gather(tail.find(offset), everything, maxBytes, true, lend).buffers
}

describe('the ends of logs in memory', () => {
  it('hands out neighbours as one buffer', () => {
    const tail = new LogTail(new TailMemory(1e6, new LentMemory()), 0)
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
            memory.lent.giveBack((held.shift()?.buffers ?? []).filter((each) => each.length >= 1024))
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
})
