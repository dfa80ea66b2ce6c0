/**
 * A running count per bidder with the whole bid exchanged: what the count asks for is that records which fail go to the dead
 * letters, and those show the whole record, so all of its columns travel.
 */
import { defineJob } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

export default defineJob('nexmark-kcb', (env) => {
  const counts = nexmark(env).keyBy('bidder').count({ uid: 'bids-per-bidder', onError: 'dead-letter' })
  results(env, counts, (row) => `${row.bidder}|${row.count}`)
})
