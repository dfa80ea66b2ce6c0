/** Nexmark q2: the bids of some auctions. The condition and the fields are declared, so no object is made for them. */
import { defineJob, field } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

export default defineJob('nexmark-q2', (env) => {
  const chosen = nexmark(env).filter(field('auction').mod(123).eq(0)).project('auction', 'price')
  results(env, chosen, (b) => `${b.auction}|${b.price}`)
})
