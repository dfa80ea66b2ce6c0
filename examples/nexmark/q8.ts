/** Nexmark q8: persons who opened an auction in the ten seconds in which they came. */
import { defineJob, window } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

interface Seen {
  readonly name: string | undefined
  readonly opened: boolean
}

export default defineJob('nexmark-q8', (env) => {
  const events = nexmark(env)
  const persons = events.sideOutput('person').map((p) => ({ id: p.id, name: p.name as string | undefined, opened: false }))
  const sellers = events.sideOutput('auction').map((a) => ({ id: a.seller, name: undefined as string | undefined, opened: true }))
  const both = persons
    .union(sellers)
    .keyBy('id')
    .window(window.tumbling('10s'))
    .aggregate({
      uid: 'new-sellers',
      init: (): Seen => ({ name: undefined, opened: false }),
      add: (seen, { name, opened }) => ({ name: seen.name ?? name, opened: seen.opened || opened }),
      merge: (a, b) => ({ name: a.name ?? b.name, opened: a.opened || b.opened }),
      emit: (seen, { key, window }) => ({ id: key, ...seen, windowStart: window.start }),
    })
    .filter((seen) => seen.opened && seen.name !== undefined)
  results(env, both, (row) => `${row.id}|${row.name}|${row.windowStart}`)
})
