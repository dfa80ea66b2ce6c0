/**
 * Nexmark events as objects, one at a time: pure functions of the event's number and the event-time rate. `columns.ts`
 * makes the same events as columns.
 */
import { Draw, text } from './draw.ts'
import {
  type Auction,
  type Bid,
  channels,
  cities,
  firstNames,
  hotChannels,
  lastAuction,
  lastNames,
  lastPerson,
  type Person,
  poolBytes,
  poolText,
  prices,
  states,
  timeOf,
  urls,
} from './model.ts'

const draw = new Draw()

/** A text of fixed length, so that a row has about `average` bytes when it has `current` without it. */
function extra(current: number, average: number): string {
  if (current >= average) return ''
  const missing = average - current
  const delta = Math.floor((2 * missing + 5) / 10)
  const length = missing - delta + (delta > 0 ? draw.int(2 * delta) : 0)
  const offset = draw.int(poolBytes - length)
  return poolText.slice(offset, offset + length)
}

const price = (): number => prices[draw.int(6) * 1024 + draw.int(1024)]

function somePerson(newest: number): number {
  const active = Math.min(newest + 1, 1000)
  return newest + 1 - active + draw.int(active + 10)
}

function fourDigits(): string {
  return String(draw.int(10_000)).padStart(4, '0')
}

export function person(n: number, rate: number): Person {
  draw.seed(n)
  const name = `${firstNames[draw.int(11)]} ${lastNames[draw.int(9)]}`
  const emailAddress = `${text(draw, 7, ' ')}@${text(draw, 5, ' ')}.com`
  const creditCard = `${fourDigits()} ${fourDigits()} ${fourDigits()} ${fourDigits()}`
  const city = cities[draw.int(10)]
  const state = states[draw.int(6)]
  const used = 8 + name.length + emailAddress.length + creditCard.length + city.length + state.length
  const dateTime = timeOf(n, rate)
  return { id: 1000 + lastPerson(n), name, emailAddress, creditCard, city, state, dateTime, extra: extra(used, 200) }
}

export function auction(n: number, rate: number): Auction {
  draw.seed(n)
  const newest = lastPerson(n)
  const dateTime = timeOf(n, rate)
  const seller = 1000 + (draw.int(4) > 0 ? Math.floor(newest / 100) * 100 : somePerson(newest))
  const category = 10 + draw.int(5)
  const initialBid = price()
  const horizon = timeOf(n + 1666, rate) - dateTime
  const expires = dateTime + 1 + draw.int(Math.max(2 * horizon, 1))
  const itemName = text(draw, 20, ' ')
  const description = text(draw, 100, ' ')
  const reserve = initialBid + price()
  const filler = extra(8 + itemName.length + description.length + 40, 500)
  const id = 1000 + lastAuction(n)
  return { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra: filler }
}

export function bid(n: number, rate: number): Bid {
  draw.seed(n)
  const newestPerson = lastPerson(n)
  const newestAuction = lastAuction(n)
  const oldest = Math.max(newestAuction - 100, 0)
  const hot = draw.int(2) > 0
  const auctionId =
    1000 + (hot ? Math.floor(newestAuction / 100) * 100 : oldest + draw.int(newestAuction - oldest + 11))
  const bidder = 1000 + (draw.int(4) > 0 ? Math.floor(newestPerson / 100) * 100 + 1 : somePerson(newestPerson))
  const cents = price()
  const channel = draw.int(2) > 0 ? draw.int(hotChannels) : hotChannels + draw.int(10_000)
  return {
    auction: auctionId,
    bidder,
    price: cents,
    channel: channels[channel],
    url: urls[channel],
    dateTime: timeOf(n, rate),
    extra: extra(32, 100),
  }
}
