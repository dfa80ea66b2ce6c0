/**
 * The winning bids of auctions whose events come out of order, bids before their auctions and behind their ends included:
 * as by looking at all of them at once, through restarts, and nothing is left of auctions that are over.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type Sale, winningBids } from '../../../examples/nexmark/winning-bids.ts'
import { source, type TypeOf, t } from '../../../millrace.ts'
import { readEntries } from '../../../taskmanager/state/snapshot/read-snapshot.ts'
import { cases } from '../../support/nightly.ts'
import { nowhere, OperatorHarness } from '../../support/operator-harness.ts'

const Auction = t.object({ id: t.float64(), dateTime: t.timestamp(), expires: t.timestamp() })
const Bid = t.object({ auction: t.float64(), price: t.float64(), dateTime: t.timestamp(), extra: t.string() })
const Open = t.object({ auction: Auction, bid: t.optional(Bid) })
type Auction = TypeOf<typeof Auction>
type Bid = TypeOf<typeof Bid>

const directory = mkdtempSync(join(tmpdir(), 'millrace-winning-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let savepoints = 0

const job = (rocksdb: boolean): OperatorHarness =>
  new OperatorHarness(
    (env) => {
      const auctions = env.from(source.values<Auction>([], { type: Auction }), { uid: 'auctions' })
      const bids = env.from(source.values<Bid>([], { type: Bid }), { uid: 'bids' })
      const winsTie = (bid: Bid, other: Bid): boolean => bid.extra < other.extra
      winningBids(auctions, bids, { open: Open, bid: Bid, winsTie }).to(nowhere, { uid: 'nowhere' })
    },
    { rocksdb },
  )

function winners(auctions: readonly Auction[], bids: readonly Bid[]): Sale<Auction, Bid>[] {
  return auctions.flatMap((auction) => {
    const [bid] = bids
      .filter((each) => each.auction === auction.id)
      .filter(({ dateTime }) => dateTime >= auction.dateTime && dateTime <= auction.expires)
      .sort((a, b) => b.price - a.price || a.dateTime - b.dateTime || (a.extra < b.extra ? -1 : 1))
    return bid === undefined ? [] : [{ auction, bid }]
  })
}

/** How far an event may come behind one that is later. */
const disorder = 8
const auctions = fc.uniqueArray(
  fc.record({ id: fc.nat(8), dateTime: fc.nat(40), lasts: fc.nat(12), delay: fc.nat(disorder) }),
  { selector: ({ id }) => id, maxLength: 8 },
)
const bids = fc.array(
  fc.record({
    auction: fc.nat(9),
    price: fc.nat(4),
    dateTime: fc.nat(60),
    extra: fc.constantFrom('', 'a', 'b'),
    delay: fc.nat(disorder),
  }),
  { maxLength: 60 },
)
const restarts = fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, 3), { minLength: 1, maxLength: 20 })

describe('winning bids', () => {
  it.each([
    ['memory', false],
    ['RocksDB', true],
  ])('are the best ones of each auction, whatever comes first (%s)', async (_, rocksdb) => {
    const property = fc.asyncProperty(auctions, bids, restarts, async (drawnAuctions, drawnBids, turns) => {
      const all = {
        auctions: drawnAuctions.map(({ id, dateTime, lasts }) => ({ id, dateTime, expires: dateTime + lasts })),
        bids: drawnBids.map(({ delay: _delay, ...bid }) => bid),
      }
      const events = [
        ...drawnAuctions.map(({ dateTime, delay }, at) => ({
          at: dateTime + delay,
          time: dateTime,
          auction: at,
          bid: -1,
        })),
        ...drawnBids.map(({ dateTime, delay }, at) => ({ at: dateTime + delay, time: dateTime, auction: -1, bid: at })),
      ].sort((a, b) => a.at - b.at)
      const h = job(rocksdb)
      try {
        await h.start(2)
        for (const [n, event] of events.entries()) {
          const { time, auction, bid } = event
          // Whatever comes later has a time that is later than this.
          h.watermark(event.at - disorder - 1)
          if (auction >= 0) h.columns([all.auctions[auction]], { timestamps: [time], input: 0 })
          else h.columns([all.bids[bid]], { timestamps: [time], input: 1 })
          const parallelism = turns[n % turns.length]
          if (parallelism > 0) await h.restart(parallelism)
        }
        h.watermark(Number.MAX_SAFE_INTEGER)
        const made = (h.output.records as Sale<Auction, Bid>[]).toSorted((a, b) => a.auction.id - b.auction.id)
        expect(made).toEqual(winners(all.auctions, all.bids).sort((a, b) => a.auction.id - b.auction.id))
        const left: unknown[] = []
        for await (const entry of readEntries(await h.savepoint(join(directory, `${++savepoints}`)))) left.push(entry)
        expect(left).toEqual([])
      } finally {
        await h.close()
      }
    })
    await fc.assert(property, { numRuns: cases(12) })
  })

  it('take no bid that comes when its auction is over', async () => {
    const h = job(false)
    await h.start()
    const auction = { id: 1, dateTime: 0, expires: 10 }
    const bid = { auction: 1, price: 5, dateTime: 7, extra: '' }
    h.columns([auction], { input: 0 })
    h.columns([bid, { ...bid, dateTime: 11, price: 9 }], { input: 1 })
    h.watermark(10)
    h.columns([{ ...bid, price: 8 }], { input: 1 })
    h.watermark(Number.MAX_SAFE_INTEGER)
    expect(h.output.records).toEqual([{ auction, bid }])
    await h.close()
  })
})
