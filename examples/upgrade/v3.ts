/**
 * The third version: by country and account, with names that are better, and a note that may be there. Fields are renamed and
 * added without a function; keys need one, and so does the state of the first version, should anybody still have a savepoint of it.
 */
import { defineJob, sink, state, t } from 'millrace'
import { options, payments } from './payments.ts'

const Account = t.object({
  total: t.float64().was('cents'),
  payments: t.int64(),
  note: t.optional(t.string()),
})
const Key = t.object({ country: t.string(), account: t.string() })
const homes: Readonly<Record<string, string>> = { ann: 'de', bob: 'fr', cyd: 'it' }

export default defineJob(
  'spend',
  (env) => {
    env
      .from(payments, { uid: 'payments' })
      .keyBy(({ country, account }) => ({ country, account }), { returns: Key })
      .process({
        uid: 'accounts',
        was: 'spend',
        migrateKey: state.from(t.string()).to(Key, (account) => ({ country: homes[account] ?? 'unknown', account })),
        state: {
          account: state.value(Account, {
            was: 'spent',
            migrate: state.from(t.int32()).to(Account, (cents) => ({ total: cents, payments: 0n })),
          }),
        },
        onElement({ cents }, { state }) {
          const before = state.account.get() ?? { total: 0, payments: 0n }
          state.account.set({ ...before, total: before.total + cents, payments: before.payments + 1n })
        },
      })
      .to(sink.discard(), { uid: 'out' })
  },
  { options },
)
