import { describe, expect, it } from 'vitest'
import { blockBytes, LentMemory } from '../../../../broker/log/lent-memory.ts'
import { append, openLog, settle } from '../../../support/broker-log.ts'

describe('memory that is lent to readers', () => {
  it('holds what was read from files until it is given back, however many read at once', async () => {
    const { log, clock, directory } = await openLog({}, { options: { tailBytes: 1, readAheadPieces: 4 } })
    const batches = 120
    for (let i = 0; i < batches; i++)
      append(log, { values: [`${i}:`.padEnd(30_000, String.fromCharCode(97 + (i % 26)))] })
    await settle(clock)
    const positions = [0, 0, 0, 7, 40, 80]
    const held: { readonly buffers: readonly Buffer[]; readonly copies: readonly Buffer[] }[] = []
    for (let round = 0; round < 40; round++) {
      const reader = round % positions.length
      const from = positions[reader] as number
      const read = await log.read(from, 400_000, { isolation: 'read-uncommitted', atLeastOne: true, lend: true })
      if (read.kind !== 'data') throw new Error(read.kind)
      expect(read.buffers[0]?.readBigInt64BE(0)).toBe(BigInt(from))
      positions[reader] = read.nextOffset >= batches - 1 ? 0 : read.nextOffset
      held.push({ buffers: read.buffers, copies: read.buffers.map((each) => Buffer.from(each)) })
      if (round % 3 === 2) directory.lent.giveBack(held.splice(round % held.length, 1)[0]?.buffers ?? [])
      for (const { buffers, copies } of held) {
        for (const [place, each] of buffers.entries()) expect(each.equals(copies[place] as Buffer)).toBe(true)
      }
    }
  })

  it('is used over and over by one who reads on and gives back', async () => {
    const { log, clock, directory } = await openLog({}, { options: { tailBytes: 1 } })
    for (let i = 0; i < 150; i++) append(log, { values: ['x'.repeat(60_000)] })
    await settle(clock)
    const seen = new Set<ArrayBufferLike>()
    for (let offset = 0; offset < 140; ) {
      const read = await log.read(offset, 500_000, { isolation: 'read-uncommitted', atLeastOne: true, lend: true })
      if (read.kind !== 'data') throw new Error(read.kind)
      offset = read.nextOffset
      for (const { buffer } of read.buffers) seen.add(buffer)
      directory.lent.giveBack(read.buffers)
    }
    expect(seen.size).toBeLessThan(6)
  })

  it('that was made beforehand is taken once, what was used already comes first, and no more of that is kept than ever', () => {
    const memory = new LentMemory()
    memory.reserve(20 * blockBytes + 1)
    const blocks = Array.from({ length: 12 }, () => memory.take())
    expect(new Set(blocks.map(({ bytes }) => bytes.buffer)).size).toBe(12)
    for (const block of blocks) memory.drop(block)
    const again = Array.from({ length: 16 }, () => memory.take())
    expect(again.filter((block) => blocks.includes(block))).toHaveLength(8)
    expect(again.slice(0, 8).every((block) => blocks.includes(block))).toBe(true)
    expect(new Set([...blocks, ...again]).size).toBe(20)
  })
})
