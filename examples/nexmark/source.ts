/** The stream of events that all queries read: bids, with persons and auctions at its sides. */
import { type Environment, type Stream, source } from 'millrace'
import { fillEvents } from './columns.ts'
import { markQuarter } from './mark.ts'
import { Auction, Bid, kindOf, Person } from './model.ts'
import { auction, bid, person } from './rows.ts'

type Sides = { person: Person; auction: Auction }

/**
 * Reads the options of the job: `nexmark.events` (absent: without end), `nexmark.rate` (events per second of event
 * time; 100000), `nexmark.source` (`columns` or `rows`), `nexmark.whole` (all fields of all events are made, also those
 * that the query does not read), `nexmark.throttle` (events per second of wall time), `nexmark.mark` (a file that a
 * benchmark waits for: see mark.ts).
 */
export function nexmark(env: Environment): Stream<Bid, Sides> {
  const number = (key: string): number | undefined => {
    const text = env.option(`nexmark.${key}`)
    return text === undefined ? undefined : Number(text)
  }
  const rate = number('rate') ?? 100_000
  const count = number('events')
  const throttle = number('throttle')
  const common = {
    type: Bid,
    sideOutputs: { person: Person, auction: Auction },
    ...(count === undefined ? {} : { count }),
    ...(throttle === undefined ? {} : { rate: throttle }),
  }
  const mark = markQuarter(env.option('nexmark.mark'), count)
  const fill = fillEvents(rate, env.option('nexmark.whole') === 'true')
  const events =
    env.option('nexmark.source', 'columns') === 'rows'
      ? source.generator<Bid, Sides>({
          ...common,
          create(n, side) {
            mark(n)
            const kind = kindOf(n)
            if (kind === 'bid') return bid(n, rate)
            if (kind === 'person') side('person', person(n, rate))
            else side('auction', auction(n, rate))
            return undefined
          },
        })
      : source.generator<Bid, Sides>({
          ...common,
          sideRows: { person: 1 / 50, auction: 3 / 50 },
          fill(writer, from, to, side) {
            mark(from)
            fill(writer, from, to, side)
          },
        })
  return env.from(events, { uid: 'nexmark', eventTime: 'dateTime' })
}
