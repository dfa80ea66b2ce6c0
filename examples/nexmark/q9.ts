/** Nexmark q9: the winning bid of each auction. */
import { defineJob, t } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'
import { winningBids } from './winning-bids.ts'

const Auction = t.object({
  id: t.float64(),
  itemName: t.string(),
  dateTime: t.timestamp(),
  expires: t.timestamp(),
  seller: t.float64(),
  category: t.float64(),
})
const Bid = t.object({
  auction: t.float64(),
  bidder: t.float64(),
  price: t.float64(),
  dateTime: t.timestamp(),
  extra: t.string(),
})

const Open = t.object({ auction: Auction, bid: t.optional(Bid) })

export default defineJob('nexmark-q9', (env) => {
  const events = nexmark(env)
  const auctions = events.sideOutput('auction').project('id', 'itemName', 'dateTime', 'expires', 'seller', 'category')
  const bids = events.project('auction', 'bidder', 'price', 'dateTime', 'extra')
  const sales = winningBids(auctions, bids, {
    open: Open,
    bid: Bid,
    winsTie: (bid, other) => bid.extra < other.extra,
  })
  results(env, sales, ({ auction: { id, itemName, seller, category }, bid: { bidder, price, dateTime, extra } }) =>
    [id, itemName, seller, category, bidder, price, dateTime, extra].join('|'),
  )
})
