/** Frames one behind the other through one decoder: in order, of the length that was asked for, or an error. */
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Inflater } from '../../../../proto/checkpoint/runs/inflater.ts'
import { cases } from '../../../support/nightly.ts'

const frame = (raw: Uint8Array): Buffer => zstdCompressSync(raw)

describe('an inflater', () => {
  it.each(['lent', 'copies'] as const)(
    'gives blocks of any size back in order, however many are under way (%s)',
    async (results) => {
      const bytes = fc.oneof(
        { weight: 8, arbitrary: fc.uint8Array({ maxLength: 300 }) },
        // Over the border of its buffers, and larger than one.
        {
          weight: 1,
          arbitrary: fc.constantFrom(400_000, 1 << 20, 3_000_000).map((n) => new Uint8Array(n).fill(n & 255)),
        },
      )
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.tuple(bytes, fc.boolean()), { maxLength: 6 }), { maxLength: 6 }),
          async (groups) => {
            const inflater = new Inflater(results)
            const kept: { raw: Uint8Array; was: Uint8Array }[] = []
            for (const group of groups) {
              const opened = await Promise.all(group.map(([raw]) => inflater.inflate(frame(raw), raw.length)))
              expect(opened.map((raw, i) => Buffer.compare(raw, group[i][0]))).toEqual(group.map(() => 0))
              // The memory of some is given back; the others stay as they are.
              opened.forEach((raw, i) => {
                if (group[i][1]) inflater.free(raw)
                else kept.push({ raw, was: group[i][0] })
              })
            }
            for (const { raw, was } of kept) expect(Buffer.compare(raw, was)).toBe(0)
            inflater.close()
          },
        ),
        { numRuns: cases(40) },
      )
    },
  )

  it.each([
    ['shorter than it should be', frame(Buffer.alloc(50)), 60],
    ['longer than it should be', frame(Buffer.alloc(70)), 60],
    ['much longer than it should be', frame(Buffer.alloc(5_000_000)), 60],
    ['no frame', Buffer.from('this is not a frame of zstd at all'), 60],
    ['cut off', frame(Buffer.from('abcdefghij'.repeat(6))).subarray(0, 12), 60],
    ['empty', Buffer.alloc(0), 60],
  ])('fails where a block is %s, and with it all that follow', async (_, stored, rawBytes) => {
    const inflater = new Inflater()
    const before = Buffer.from('before')
    const first = inflater.inflate(frame(before), before.length)
    const bad = inflater.inflate(stored, rawBytes)
    const after = inflater.inflate(frame(Buffer.alloc(1000)), 1000)
    const failed = Promise.allSettled([bad, after])
    expect(Buffer.from(await first)).toEqual(before)
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(inflater.inflate(frame(before), before.length)).rejects.toThrow()
    inflater.close()
  })

  it('never gives more or less than was asked for, whatever stands behind a frame', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (tail) => {
        const inflater = new Inflater()
        const raw = Buffer.from('some raw bytes')
        const results = await Promise.allSettled([
          inflater.inflate(Buffer.concat([frame(raw), tail]), raw.length),
          inflater.inflate(frame(raw), raw.length),
        ])
        for (const result of results) if (result.status === 'fulfilled') expect(result.value.length).toBe(raw.length)
        inflater.close()
      }),
      { numRuns: cases(60) },
    )
  })

  it('fails for whoever waits when it is closed', async () => {
    const inflater = new Inflater()
    const waiting = inflater.inflate(frame(Buffer.alloc(100_000)), 100_000)
    inflater.close()
    await expect(waiting).rejects.toThrow()
  })
})
