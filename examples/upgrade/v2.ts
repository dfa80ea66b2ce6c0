/** The second version: cents and the number of payments. A function makes its state from that of the first one. */
import { defineJob, sink, state, t } from 'millrace'
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
        state: {
          spent: state.value(Spend, {
            migrate: state.from(t.int32()).to(Spend, (cents) => ({ cents, payments: 0 })),
          }),
        },
        onElement({ cents }, { state }) {
          const before = state.spent.get() ?? { cents: 0, payments: 0 }
          state.spent.set({ cents: before.cents + cents, payments: before.payments + 1 })
        },
      })
      .to(sink.discard(), { uid: 'out' })
  },
  { options },
)
