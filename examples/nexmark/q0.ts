/** Nexmark q0: every bid passes through. */
import { defineJob } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

export default defineJob('nexmark-q0', (env) => {
  results(env, nexmark(env), (b) => `${b.auction}|${b.bidder}|${b.price}|${b.dateTime}|${b.extra}`)
})
