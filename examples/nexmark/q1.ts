/** Nexmark q1: the price of every bid in another currency, in thousandths: a plain function. */
import { defineJob } from 'millrace'
import { decimals } from './lines.ts'
import { results } from './results.ts'
import { nexmark } from './source.ts'

export default defineJob('nexmark-q1', (env) => {
  const converted = nexmark(env).map((b) => ({
    auction: b.auction,
    bidder: b.bidder,
    price: b.price * 908,
    dateTime: b.dateTime,
    extra: b.extra,
  }))
  results(env, converted, (b) => `${b.auction}|${b.bidder}|${decimals(b.price)}|${b.dateTime}|${b.extra}`)
})
