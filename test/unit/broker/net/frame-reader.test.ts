import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../../../../broker/net/byte-budget.ts'
import { FrameMemory } from '../../../../broker/net/frame-memory.ts'
import { FrameReader } from '../../../../broker/net/frame-reader.ts'

function framed(body: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** A reader whose frames are kept, or lent. */
function reading(limitBytes: number, budget: ByteBudget, borrows = false): FrameReader {
  return new FrameReader(limitBytes, budget, new FrameMemory(1e6), () => borrows)
}

function drain(reader: FrameReader): Buffer[] {
  const frames: Buffer[] = []
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame)
  return frames
}

describe('a frame reader', () => {
  it('gives the same frames however the bytes are cut', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 8, maxLength: 9000 }), { maxLength: 6 })
    fc.assert(
      fc.property(
        bodies,
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        (list, cuts) => {
          const stream = Buffer.concat(list.map(framed))
          const reader = reading(10_000, new ByteBudget(1e9))
          const frames: Buffer[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const count = cuts[turn % cuts.length] as number
            reader.push(stream.subarray(at, at + count))
            at += count
            frames.push(...drain(reader))
          }
          expect(frames.map((each) => each.toString('hex'))).toEqual(
            list.map((each) => Buffer.from(each).toString('hex')),
          )
          expect(reader.midFrame).toBe(false)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('lends frames whose handlers keep nothing, whole or in pieces, and takes the memory back', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 8, maxLength: 9000 }), { maxLength: 6 })
    fc.assert(
      fc.property(
        bodies,
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        (list, cuts) => {
          const stream = Buffer.concat(list.map(framed))
          const reader = reading(10_000, new ByteBudget(1e9), true)
          const shared = Buffer.alloc(5000)
          const frames: string[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const count = Math.min(cuts[turn % cuts.length] as number, stream.length - at)
            stream.copy(shared, 0, at, at + count)
            reader.push(shared.subarray(0, count))
            at += count
            for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
              frames.push(frame.toString('hex'))
              reader.release()
            }
          }
          expect(frames).toEqual(list.map((each) => Buffer.from(each).toString('hex')))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('keeps a lent frame that has to wait, and what came behind it', () => {
    const reader = reading(1e6, new ByteBudget(1e9), true)
    const chunk = Buffer.concat([framed(Buffer.alloc(100, 1)), framed(Buffer.alloc(100, 2))])
    reader.push(chunk)
    const waiting = reader.keep(reader.next() as Buffer)
    reader.keepRest()
    chunk.fill(9)
    expect(waiting).toEqual(Buffer.alloc(100, 1))
    expect(reader.next()).toEqual(Buffer.alloc(100, 2))
  })

  it('copies: a frame pins no chunk of the socket', () => {
    const reader = reading(1e6, new ByteBudget(1e9))
    const chunk = framed(Buffer.alloc(10_000, 1))
    reader.push(chunk)
    const frame = reader.next() as Buffer
    chunk.fill(9)
    expect(frame.every((byte) => byte === 1)).toBe(true)
    expect(frame.buffer.byteLength).toBe(10_000)
  })

  it.each([
    ['a size above the limit', 101],
    ['a negative size', -1],
    ['a size that no request has', 7],
    ['the start of another protocol', Buffer.from('GET ').readInt32BE()],
  ])('refuses %s before it allocates', (_, size) => {
    const budget = new ByteBudget(1e9)
    const reader = reading(100, budget)
    const head = Buffer.alloc(4)
    head.writeInt32BE(size)
    reader.push(head)
    expect(reader.next()).toBeUndefined()
    expect(reader.problem).toEqual({ sizeBytes: size, limitBytes: 100 })
    expect(budget.usedBytes).toBe(0)
  })

  it('waits while the budget has no room, and gives back what an unfinished frame held', () => {
    const budget = new ByteBudget(100)
    budget.take(60)
    const reader = reading(1000, budget)
    reader.push(framed(Buffer.alloc(50)).subarray(0, 20))
    expect(reader.next()).toBeUndefined()
    expect(reader.starved).toBe(true)
    budget.give(60)
    expect(reader.next()).toBeUndefined()
    expect(reader.starved).toBe(false)
    expect(budget.usedBytes).toBe(50)
    reader.abandon()
    expect(budget.usedBytes).toBe(0)
  })
})

describe('a byte budget', () => {
  it('gives a lone holder more than the limit, so that nobody waits for ever', () => {
    const budget = new ByteBudget(10)
    expect(budget.take(100)).toBe(true)
    expect(budget.take(1)).toBe(false)
    expect(budget.refusals).toBe(1)
  })

  it('calls those who wait when half of it is free again', () => {
    const budget = new ByteBudget(100)
    budget.take(100)
    let called = 0
    budget.wait(() => called++)
    budget.give(10)
    expect(called).toBe(0)
    budget.give(50)
    expect(called).toBe(1)
    budget.give(10)
    expect(called).toBe(1)
  })
})
