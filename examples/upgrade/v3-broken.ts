/** A third version whose migration has not thought of everybody: the job goes back to the second one. */
import { defineJob, sink, state, t } from 'millrace'
import { options, payments } from './payments.ts'

const Spend = t.object({ cents: t.float64(), payments: t.int32() })
const Rated = t.object({ cents: t.float64(), payments: t.int32(), rating: t.string() })
const ratings: Readonly<Record<string, string>> = { ann: 'gold', bob: 'silver' }

export default defineJob(
  'spend',
  (env) => {
    env
      .from(payments, { uid: 'payments' })
      .keyBy('account')
      .process({
        uid: 'spend',
        state: {
          spent: state.value(Rated, {
            migrate: state
              .from(t.int32())
              .to(Spend, (cents) => ({ cents, payments: 0 }))
              .to(Rated, (spend, { key }) => {
                const rating = ratings[String(key)]
                if (rating === undefined) throw new Error(`nobody has rated ${String(key)}`)
                return { ...spend, rating }
              }),
          }),
        },
        onElement({ cents }, { state }) {
          const before = state.spent.get() ?? { cents: 0, payments: 0, rating: 'new' }
          state.spent.set({ ...before, cents: before.cents + cents, payments: before.payments + 1 })
        },
      })
      .to(sink.discard(), { uid: 'out' })
  },
  { options },
)
