/** Nexmark rows are those that every engine makes. */
import { describe, expect, it } from 'vitest'
import { Checksum } from '../../../examples/nexmark/checksum.ts'
import { fillEvents } from '../../../examples/nexmark/columns.ts'
import { auctionLine, bidLine, decimals, personLine } from '../../../examples/nexmark/lines.ts'
import { type Auction, type Bid, kindOf, type Person } from '../../../examples/nexmark/model.ts'
import { auction, bid, person } from '../../../examples/nexmark/rows.ts'
import { RecordingWriter } from '../../support/source-harness.ts'

const rate = 10_000
const lineOf = (n: number): string => {
  const kind = kindOf(n)
  if (kind === 'person') return personLine(person(n, rate))
  return kind === 'auction' ? auctionLine(auction(n, rate)) : bidLine(bid(n, rate))
}

function columnLines(from: number, to: number): string[] {
  const lines: string[] = []
  const main = new RecordingWriter(to - from, (record) => lines.push(bidLine(record as Bid)))
  fillEvents(rate)(
    main,
    from,
    to,
    (tag) =>
      new RecordingWriter(to - from, (record) =>
        lines.push(tag === 'person' ? personLine(record as Person) : auctionLine(record as Auction)),
      ),
  )
  return lines
}

describe('nexmark rows', () => {
  it('have the checksum of the vectors', () => {
    const sum = new Checksum()
    for (let n = 0; n < 1_000_000; n++) sum.add(lineOf(n))
    expect(String(sum)).toBe('1000000:671ecd56:174b5e6e')
  }, 60_000)

  it('begin as the specification says', () => {
    expect(lineOf(4)).toMatch(
      /^B\|1008\|1001\|355452\|channel-8472\|https:\/\/www\.nexmark\.com\/hwl\/lbm\/kcy\/item\.htm\?query=1&channel_id=411303936\|1700000000000\|nkkjpw/,
    )
  })

  it('are the same as columns, wherever a batch begins and ends', () => {
    for (const [from, to] of [
      [0, 1],
      [0, 4],
      [1, 3],
      [0, 2048],
      [2048, 4096],
      [49, 101],
      [777, 1777],
      [2 ** 32 - 100, 2 ** 32 + 100],
      [1e9, 1e9 + 300],
    ]) {
      const expected = Array.from({ length: to - from }, (_, i) => lineOf(from + i))
      expect(columnLines(from, to).sort()).toEqual(expected.sort())
    }
  })

  it('sum up to the vectors as columns', () => {
    const sum = new Checksum()
    for (let from = 0; from < 200_000; from += 2000) for (const line of columnLines(from, from + 2000)) sum.add(line)
    const rows = new Checksum()
    for (let n = 0; n < 200_000; n++) rows.add(lineOf(n))
    expect(String(sum)).toBe(String(rows))
  }, 60_000)

  it('show thousandths with three decimals', () => {
    expect([decimals(0), decimals(908), decimals(355452 * 908)]).toEqual(['0.000', '0.908', '322750.416'])
  })
})
