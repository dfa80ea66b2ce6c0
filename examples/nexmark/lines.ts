/** Rows as the lines that checksums are taken of. */
import type { Auction, Bid, Person } from './model.ts'

export const personLine = (p: Person): string =>
  `P|${p.id}|${p.name}|${p.emailAddress}|${p.creditCard}|${p.city}|${p.state}|${p.dateTime}|${p.extra}`

export const auctionLine = (a: Auction): string =>
  `A|${a.id}|${a.itemName}|${a.description}|${a.initialBid}|${a.reserve}|${a.dateTime}|${a.expires}|${a.seller}|${a.category}|${a.extra}`

export const bidLine = (b: Bid): string =>
  `B|${b.auction}|${b.bidder}|${b.price}|${b.channel}|${b.url}|${b.dateTime}|${b.extra}`

/** Thousandths with three decimals. */
export function decimals(thousandths: number): string {
  const whole = Math.floor(thousandths / 1000)
  return `${whole}.${String(thousandths - whole * 1000).padStart(3, '0')}`
}
