/** The second version without a word on what becomes of the state of the first: it is refused before anything stops. */
import { defineJob, sink, t } from 'millrace'
import { options, payments } from './payments.ts'

const Spend = t.object({ cents: t.float64(), payments: t.int32() })

export default defineJob(
  'spend',
  (env) => {
    env
      .from(payments, { uid: 'payments' })
      .keyBy('account')
      .process({
        uid: 'spend',
        state: { spent: Spend.state() },
        onElement({ cents }, { state }) {
          const before = state.spent.get() ?? { cents: 0, payments: 0 }
          state.spent.set({ cents: before.cents + cents, payments: before.payments + 1 })
        },
      })
      .to(sink.discard(), { uid: 'out' })
  },
  { options },
)
