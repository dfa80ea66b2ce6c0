/** Nexmark q8: persons who opened an auction in the ten seconds in which they came. */
import { defineJob, type TypeOf, t, window } from 'millrace'
import { results } from './results.ts'
import { nexmark } from './source.ts'

/** A person who came, or an auction that somebody opened. */
const Event = t.object({ id: t.float64(), name: t.optional(t.string()), opened: t.boolean() })
type Event = TypeOf<typeof Event>

interface Seen {
  readonly name: string | undefined
  readonly opened: boolean
}

export default defineJob('nexmark-q8', (env) => {
  const events = nexmark(env)
  const persons = events
    .sideOutput('person')
    .map((p): Event => ({ id: p.id, name: p.name, opened: false }), { returns: Event })
  const sellers = events.sideOutput('auction').map((a): Event => ({ id: a.seller, opened: true }), { returns: Event })
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
