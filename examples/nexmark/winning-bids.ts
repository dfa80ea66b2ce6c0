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

/** An auction that is not over, and the best bid so far. */
interface Open<A, B> {
  readonly auction: A
  readonly bid?: B | undefined
}

interface Options<A, B> {
  readonly open: TypeDef<Open<A, B>>
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
      state: { open: state.value(options.open), early: state.list(options.bid) },
      onElement1(auction, { state, timers }) {
        timers.at(auction.expires)
        let best: B | undefined
        for (const bid of state.early.get()) if (isFor(auction, bid) && beats(bid, best)) best = bid
        state.open.set({ auction, bid: best })
        state.early.clear()
      },
      onElement2(bid, { state, timers }) {
        const open = state.open.get()
        if (open !== undefined) {
          if (isFor(open.auction, bid) && beats(bid, open.bid)) state.open.set({ auction: open.auction, bid })
        } else if (bid.dateTime > timers.watermark) {
          state.early.add(bid)
          timers.at(Math.ceil(bid.dateTime / tidyMs) * tidyMs)
        }
      },
      onTimer(now, { state }, emit) {
        const open = state.open.get()
        if (open === undefined) {
          // An auction that begins now or before would be late.
          state.early.set(state.early.get().filter(({ dateTime }) => dateTime > now))
        } else if (now >= open.auction.expires) {
          const { auction, bid } = open
          if (bid !== undefined) emit({ auction, bid })
          state.open.clear()
        }
      },
    })
}
