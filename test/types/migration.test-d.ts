/** What must compile of migrations, and what must not: each `@ts-expect-error` is a promise. Never run. */
import { defineJob, type Source, state, type TypeOf, t } from '../../sdk/index.ts'

const V1 = t.float64()
const V2 = t.object({ cents: t.float64() })
const V3 = t.object({ cents: t.float64(), label: t.string() })
const In = t.object({ key: t.string(), id: t.int32() })
declare const records: Source<TypeOf<typeof In>>

const good = state
  .from(V1)
  .to(V2, (cents) => ({ cents: cents + 1 }))
  .to(V3, ({ cents }, { key }) => ({ cents, label: String(key) }))

// Dropping an entry is one of the things that a function may say.
state.from(V1).to(V2, (cents) => (cents > 0 ? { cents } : undefined))
// @ts-expect-error: the next type has numbers
state.from(V1).to(V2, (cents) => ({ cents: String(cents) }))
// @ts-expect-error: a field is missing
state.from(V2).to(V3, ({ cents }) => ({ cents }))
// @ts-expect-error: the old type has no such field
state.from(V2).to(V3, ({ label }) => ({ cents: 0, label }))
// @ts-expect-error: a migration is synchronous
state.from(V1).to(V2, async (cents) => ({ cents }))
// @ts-expect-error: not a type
state.from('float64')

state.value(V3, { migrate: good, was: 'spent', ttl: '1h' })
state.value(V3, { was: ['spent', 'paid'] })
V3.state({ migrate: good })
// @ts-expect-error: it ends with another type
state.value(V2, { migrate: state.from(V2).to(V1, ({ cents }) => cents) })
// @ts-expect-error: a beginning is no migration
state.value(V1, { migrate: state.from(V1) })
// @ts-expect-error: a name is a text
state.value(V1, { was: 5 })
state.list(V2, { migrate: state.from(V1).to(V2, (cents) => ({ cents })) })
// @ts-expect-error: of a list, elements are migrated
state.list(V2, { migrate: state.from(t.array(V1)).to(t.array(V2), (all) => all.map((cents) => ({ cents }))) })
state.map(t.string(), V1, {
  migrate: state.from(state.entry(t.int32(), V1)).to(state.entry(t.string(), V1), ({ key, value }) => ({
    key: String(key),
    value,
  })),
})
// @ts-expect-error: the key of the entry is a text
state.map(t.string(), V1, { migrate: state.from(V1).to(state.entry(t.int32(), V1), (value) => ({ key: 1, value })) })
state.reducing(V2, (a, b) => ({ cents: a.cents + b.cents }), { migrate: state.from(V1).to(V2, (cents) => ({ cents })) })

// Optional fields stay optional, with and without former names.
const optional: TypeOf<typeof Renamed> = { total: 1 }
const Renamed = t.object({ total: t.float64().was('cents'), note: t.optional(t.string()).was('remark') })
optional.note = undefined
// @ts-expect-error: names are texts
t.float64().was(1)

export default defineJob('migrations', (env) => {
  const stream = env.from(records, { uid: 'in', was: 'input' })
  const Key = t.object({ key: t.string(), id: t.int32() })
  stream
    .keyBy(({ key, id }) => ({ key, id }), { returns: Key })
    .process({
      uid: 'a',
      was: ['b', 'c'],
      migrateKey: state.from(t.string()).to(Key, (key) => ({ key, id: 0 })),
      onElement: () => undefined,
    })
  stream.keyBy('key').process({
    uid: 'd',
    // @ts-expect-error: the key is a text
    migrateKey: state.from(t.string()).to(t.float64(), (key) => Number(key)),
    onElement: () => undefined,
  })
  stream.keyBy('key').aggregate({
    uid: 'e',
    accumulator: V2,
    migrate: state.from(V1).to(V2, (cents) => ({ cents })),
    init: () => ({ cents: 0 }),
    add: (sum, { id }) => ({ cents: sum.cents + id }),
    emit: ({ cents }) => ({ cents }),
  })
  stream.keyBy('key').reduce((a) => a, { uid: 'f', migrate: state.from(V1).to(In, (id) => ({ key: '', id })) })
  // @ts-expect-error: sources have no keys
  env.from(records, { uid: 'g', migrateKey: state.from(V1).to(V1, (n) => n) })
})
