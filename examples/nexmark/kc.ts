/** A running count per bidder: one result per bid. Only the bidder is read, so only the bidder is exchanged. */
import { defineJob } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

export default defineJob('nexmark-kc', (env) => {
  const counts = nexmark(env).keyBy('bidder').count({ uid: 'bids-per-bidder' })
  results(env, counts, (row) => `${row.bidder}|${row.count}`)
})
