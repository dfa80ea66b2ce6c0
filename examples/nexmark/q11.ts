/** Nexmark q11: how many bids a bidder made in a session, which ends when ten seconds pass without one. */
import { defineJob, window } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

export default defineJob('nexmark-q11', (env) => {
  const sessions = nexmark(env).keyBy('bidder').window(window.session('10s')).count({ uid: 'bids-per-session' })
  results(env, sessions, (row) => `${row.bidder}|${row.count}|${row.windowStart}|${row.windowEnd}`)
})
