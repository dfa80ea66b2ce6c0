/**
 * The winning bid of each auction, when the auction is over: the highest price, then the earliest, among the bids from its
 * beginning to its end. What q9 lists and q4 takes means of.
 *
 * Bids and auctions come in any order. A bid waits for its auction until none that it could be for can come any more.
 */
import { type Stream, state, type TypeDef } from 'millrace'

/** What has to be known of an auction, and of a bid. */
interface Auctioned {
  readonly id: number
  readonly dateTime: number
  readonly expires: number
}
interface Offered {
  readonly auction: number
  readonly price: number
  readonly dateTime: number
}

interface Options<A, B> {
  readonly auction: TypeDef<A>
  readonly bid: TypeDef<B>
  /** Between two bids of one price and one time: whether the first one wins. */
  readonly winsTie?: (bid: B, other: B) => boolean
}

/** Bids that waited in vain are looked for so often: a timer for each of them would cost more than they do. */
const tidyMs = 100

export interface Sale<A, B> {
  readonly auction: A
  readonly bid: B
}

export function winningBids<A extends Auctioned, B extends Offered>(
  auctions: Stream<A>,
  bids: Stream<B>,
  options: Options<A, B>,
): Stream<Sale<A, B>> {
  const winsTie = options.winsTie ?? (() => false)
  const isFor = (auction: A, bid: B): boolean => bid.dateTime >= auction.dateTime && bid.dateTime <= auction.expires
  const beats = (bid: B, best: B | undefined): boolean => {
    if (best === undefined || bid.price !== best.price) return best === undefined || bid.price > best.price
    return bid.dateTime === best.dateTime ? winsTie(bid, best) : bid.dateTime < best.dateTime
  }
  return auctions
    .keyBy((auction): number => auction.id)
    .connect(bids.keyBy((bid): number => bid.auction))
    .process({
      uid: 'winning-bids',
      state: { auction: state.value(options.auction), best: state.value(options.bid), early: state.list(options.bid) },
      onElement1(auction, { state, timers }) {
        state.auction.set(auction)
        timers.at(auction.expires)
        let best: B | undefined
        for (const bid of state.early.get()) if (isFor(auction, bid) && beats(bid, best)) best = bid
        if (best !== undefined) state.best.set(best)
        state.early.clear()
      },
      onElement2(bid, { state, timers }) {
        const auction = state.auction.get()
        if (auction !== undefined) {
          if (isFor(auction, bid) && beats(bid, state.best.get())) state.best.set(bid)
        } else if (bid.dateTime > timers.watermark) {
          state.early.add(bid)
          timers.at(Math.ceil(bid.dateTime / tidyMs) * tidyMs)
        }
      },
      onTimer(now, { state }, emit) {
        const auction = state.auction.get()
        if (auction === undefined) {
          // An auction that begins now or before would be late.
          state.early.set(state.early.get().filter(({ dateTime }) => dateTime > now))
        } else if (now >= auction.expires) {
          const bid = state.best.get()
          if (bid !== undefined) emit({ auction, bid })
          state.auction.clear()
          state.best.clear()
        }
      },
    })
}
