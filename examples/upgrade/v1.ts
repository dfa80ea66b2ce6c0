/** What each account has spent, first version: a number of cents. docs/tutorials/upgrade.md goes on from here. */
import { defineJob, sink, t } from 'millrace'
import { options, payments } from './payments.ts'

export default defineJob(
  'spend',
  (env) => {
    env
      .from(payments, { uid: 'payments' })
      .keyBy('account')
      .process({
        uid: 'spend',
        state: { spent: t.int32().state() },
        onElement({ cents }, { state }) {
          state.spent.set((state.spent.get() ?? 0) + cents)
        },
      })
      .to(sink.discard(), { uid: 'out' })
  },
  { options },
)
