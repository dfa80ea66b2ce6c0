/** Nexmark q5: the auctions with the most bids of the last ten seconds, every two seconds. */
import { defineJob, window } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

interface Leaders {
  readonly count: number
  readonly auctions: readonly number[]
}

const none: Leaders = { count: 0, auctions: [] }

export default defineJob('nexmark-q5', (env) => {
  const counts = nexmark(env).keyBy('auction').window(window.sliding('10s', '2s')).count({ uid: 'bids-per-auction' })
  // What a window gives has the time of its end: the counts of one end meet in one window of the slide's length.
  const leaders = counts
    .keyBy('windowEnd')
    .window(window.tumbling('2s'))
    .aggregate({
      uid: 'leaders',
      init: () => none,
      add: (best: Leaders, { auction, count }) =>
        count > best.count
          ? { count, auctions: [auction] }
          : count === best.count
            ? { count, auctions: [...best.auctions, auction] }
            : best,
      emit: (best, { key }) => ({ ...best, windowEnd: key }),
    })
    .flatMap(({ auctions, count, windowEnd }) => auctions.map((auction) => ({ auction, count, windowEnd })))
  results(env, leaders, (row) => `${row.auction}|${row.count}|${row.windowEnd}`)
})
