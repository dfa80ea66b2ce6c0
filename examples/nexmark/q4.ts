/** Nexmark q4: the mean of the winning bids of each category, so far. */
import { defineJob, t } from 'millrace'
import { finalResults } from './results.ts'
import { nexmark } from './source.ts'
import { winningBids } from './winning-bids.ts'

const Auction = t.object({ id: t.float64(), dateTime: t.timestamp(), expires: t.timestamp(), category: t.float64() })
const Bid = t.object({ auction: t.float64(), price: t.float64(), dateTime: t.timestamp() })
const Open = t.object({ auction: Auction, bid: t.optional(Bid) })
const Price = t.object({ category: t.float64(), price: t.float64() })

export default defineJob('nexmark-q4', (env) => {
  const events = nexmark(env)
  const auctions = events.sideOutput('auction').project('id', 'dateTime', 'expires', 'category')
  const bids = events.project('auction', 'price', 'dateTime')
  const means = winningBids(auctions, bids, { open: Open, bid: Bid })
    .map(({ auction, bid }) => ({ category: auction.category, price: bid.price }), { returns: Price })
    .keyBy('category')
    .avg('price', { uid: 'mean-price', as: 'mean' })
  finalResults(
    env,
    means,
    ({ category }) => category,
    ({ category, mean }) => `${category}|${Math.floor(mean)}`,
  )
})
