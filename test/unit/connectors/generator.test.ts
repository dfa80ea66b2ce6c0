/** The generator: every number once, at any parallelism, through any number of restores. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { source } from '../../../connectors/index.ts'
import type { TypeDef } from '../../../sdk/types.ts'
import { SourceHarness } from '../../support/source-harness.ts'

const numberType: TypeDef<{ n: number }> = {
  dataType: { kind: 'struct', fields: [{ name: 'n', type: { kind: 'float64' } }] },
}
const sorted = (records: unknown[]): number[] => (records as { n: number }[]).map(({ n }) => n).sort((a, b) => a - b)

describe('source.generator', () => {
  it('emits every number once at any parallelism', async () => {
    for (const parallelism of [1, 2, 3, 7, 30]) {
      const harness = await new SourceHarness(source.generator({ count: 100_001, create: (n) => ({ n }) }), 1000).start(
        parallelism,
      )
      expect(harness.run()).toBe(true)
      expect(sorted(harness.records)).toEqual(Array.from({ length: 100_001 }, (_, i) => i))
    }
  })

  it('goes on exactly where a checkpoint was, at another parallelism too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 9 })), { maxLength: 6 }),
        fc.integer({ min: 1, max: 700 }),
        async (steps, room) => {
          const harness = new SourceHarness(source.generator({ count: 9001, create: (n) => ({ n }) }), room)
          await harness.start(2)
          for (const [parallelism, turns] of steps) {
            harness.run(turns)
            const checkpoint = harness.snapshot()
            const kept = harness.emitted.length
            harness.run(2)
            harness.emitted.length = kept
            await harness.start(parallelism, checkpoint)
          }
          harness.run()
          expect(sorted(harness.records)).toEqual(Array.from({ length: 9001 }, (_, i) => i))
        },
      ),
      { numRuns: 20 },
    )
  })

  it('lets one subtask take numbers in order', async () => {
    const harness = await new SourceHarness(source.generator({ count: 100_000, create: (n) => ({ n }) })).start(1)
    harness.run()
    expect(harness.records.every((record, i) => (record as { n: number }).n === i)).toBe(true)
    expect(harness.finished).toHaveLength(24)
  })

  it('fills columns in ranges that never cross a split', async () => {
    const ranges: [number, number][] = []
    const generator = source.generator({
      type: numberType,
      count: 10_000,
      fill(writer, from, to) {
        ranges.push([from, to])
        const n = writer.float64('n')
        for (let i = from; i < to; i++) n[i - from] = i
        writer.commit(to - from)
      },
    })
    const harness = await new SourceHarness(generator, 3000).start(2)
    expect(harness.run()).toBe(true)
    expect(sorted(harness.records)).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
    expect(ranges.every(([from, to]) => Math.floor(from / 4096) === Math.floor((to - 1) / 4096))).toBe(true)
  })

  it('sends what create gives to a side output there and leaves the main output alone', async () => {
    const generator = source.generator<{ n: number }, { odd: { n: number } }>({
      count: 10,
      sideOutputs: { odd: numberType },
      create: (n, side) => (n % 2 === 0 ? { n } : void side('odd', { n })),
    })
    const harness = await new SourceHarness(generator).start(1)
    harness.run()
    expect(sorted(harness.records)).toEqual([0, 2, 4, 6, 8])
    expect(sorted(harness.sides.get('odd') ?? [])).toEqual([1, 3, 5, 7, 9])
  })

  it('keeps to its rate over all subtasks and catches up after a pause', async () => {
    const harness = await new SourceHarness(source.generator({ rate: 100, create: (n) => ({ n }) })).start(2)
    harness.run()
    for (const [nowMs, about] of [
      [100, 10],
      [1000, 100],
      [5000, 500],
    ]) {
      harness.nowMs = nowMs
      harness.run()
      expect(Math.abs(harness.records.length - about)).toBeLessThanOrEqual(2)
    }
    harness.close()
  })

  it('keeps the numbers of its splits when the rate is changed between checkpoint and restore', async () => {
    const first = await new SourceHarness(source.generator({ count: 5000, create: (n) => ({ n }) }), 300).start(1)
    first.run(3)
    const second = new SourceHarness(source.generator({ count: 5000, rate: 10, create: (n) => ({ n }) }), 300)
    await second.start(1, first.snapshot())
    second.run()
    second.nowMs = 1e9
    second.run()
    expect(sorted([...first.records, ...second.records])).toEqual(Array.from({ length: 5000 }, (_, i) => i))
    second.close()
  })

  it('refuses options it does not know, and both or neither of create and fill', () => {
    expect(() => source.generator({ cuont: 1, create: (n: number) => n } as never)).toThrow(
      /no option "cuont". Did you mean "count"/,
    )
    expect(() => source.generator({ count: 1 } as never)).toThrow(/either create\(n\) or fill/)
    expect(() => source.generator({ count: -1, create: (n) => n })).toThrow(/whole number of at least 0/)
    const sides = { type: numberType, sideOutputs: { odd: numberType }, fill: () => undefined }
    expect(() => source.generator({ ...sides, sideRows: { even: 1 } } as never)).toThrow(/sideRows.*odd/)
    expect(() => source.generator({ ...sides, sideRows: { odd: 0 } })).toThrow(/above 0/)
  })

  it('asks for as many numbers at once as have room in every output', async () => {
    const most = async (sideRows: { odd?: number }): Promise<number> => {
      let longest = 0
      const harness = new SourceHarness(
        source.generator({
          type: numberType,
          count: 3000,
          sideOutputs: { odd: numberType },
          sideRows,
          fill(writer, from, to, side) {
            longest = Math.max(longest, to - from)
            const odd = side('odd')
            expect((to - from) * (sideRows.odd ?? 1)).toBeLessThanOrEqual(odd.capacity)
            for (const each of [writer, odd]) {
              each.float64('n')
              each.commit(0)
            }
          },
        }),
        1000,
      )
      await harness.start(1)
      harness.run()
      return longest
    }
    expect([await most({}), await most({ odd: 2 }), await most({ odd: 0.5 })]).toEqual([1000, 500, 1000])
  })
})

describe('source.values', () => {
  it('emits the values in order and goes on after a restore', async () => {
    const harness = await new SourceHarness(source.values(['a', 'b', 'c', 'd', 'e']), 2).start(2)
    harness.run(1)
    await harness.start(3, harness.snapshot())
    expect(harness.run()).toBe(true)
    expect(harness.records).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})
