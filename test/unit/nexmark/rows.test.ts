/** Nexmark rows are those that every engine makes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DataType } from '../../../core/columns/schema.ts'
import { Checksum } from '../../../examples/nexmark/checksum.ts'
import { fillEvents } from '../../../examples/nexmark/columns.ts'
import { auctionLine, bidLine, decimals, personLine } from '../../../examples/nexmark/lines.ts'
import { Auction, Bid, kindOf, Person } from '../../../examples/nexmark/model.ts'
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
  })

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

  it('have the same values in whatever fields are wanted', () => {
    const fieldsOf = ({ dataType }: { dataType: DataType }): string[] =>
      dataType.kind === 'struct' ? dataType.fields.map(({ name }) => name) : []
    const some = (type: { dataType: DataType }) => fc.subarray(fieldsOf(type))
    fc.assert(
      fc.property(
        some(Bid),
        some(Person),
        some(Auction),
        fc.nat(100_000),
        fc.nat(300),
        (bids, persons, auctions, from, count) => {
          const made: Record<'bid' | 'person' | 'auction', unknown[]> = { bid: [], person: [], auction: [] }
          const writer = (kind: keyof typeof made, wanted: readonly string[]) =>
            new RecordingWriter(count, (record) => made[kind].push(record), wanted)
          fillEvents(rate)(writer('bid', bids), from, from + count, (tag) =>
            writer(tag, tag === 'person' ? persons : auctions),
          )
          const expected: typeof made = { bid: [], person: [], auction: [] }
          const pick = (record: object, fields: readonly string[]) =>
            Object.fromEntries(Object.entries(record).filter(([name]) => fields.includes(name)))
          for (let n = from; n < from + count; n++) {
            const kind = kindOf(n)
            if (kind === 'bid') expected.bid.push(pick(bid(n, rate), bids))
            else if (kind === 'person') expected.person.push(pick(person(n, rate), persons))
            else expected.auction.push(pick(auction(n, rate), auctions))
          }
          expect(made).toEqual(expected)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('sum up to the vectors as columns', () => {
    const sum = new Checksum()
    for (let from = 0; from < 60_000; from += 2000) for (const line of columnLines(from, from + 2000)) sum.add(line)
    const rows = new Checksum()
    for (let n = 0; n < 60_000; n++) rows.add(lineOf(n))
    expect(String(sum)).toBe(String(rows))
  })

  it('show thousandths with three decimals', () => {
    expect([decimals(0), decimals(908), decimals(355452 * 908)]).toEqual(['0.000', '0.908', '322750.416'])
  })
})
