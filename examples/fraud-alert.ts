/**
 * Fraud alert: a small payment followed within a minute by a large one from the same account. Payments are made up, the
 * same ones each time, so that the job can be run, killed and compared.
 *
 * Options: `-D rate=200`, payments per second, else as fast as they are taken; `-D out=DIRECTORY`, results into files,
 * each exactly once, else printed.
 */
import { defineJob, sink, source, t, window } from 'millrace'

const Txn = t.object({ account: t.string(), amount: t.float64(), at: t.timestamp() })
const Alert = t.object({ account: t.string(), amount: t.float64(), reason: t.string() })

/** What counts as a large payment. Change it while `millrace dev` runs: who is armed stays armed. */
const large = 500

/** Scatters a number over 0 to 0.999…, always the same way; `series` gives numbers that have nothing to do with each other. */
function scatter(n: number, series: number): number {
  let mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(series + 1, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
}

export const paymentCount = 20_000

/** Payment n. */
export const payment = (n: number) => ({
  account: `account-${Math.floor(scatter(n, 0) * 20)}`,
  amount: scatter(n, 1) < 0.002 ? 0.5 : Math.round(scatter(n, 2) ** 4 * 100_000) / 100 + 1,
  at: 1_700_000_000_000 + n * 100,
})

const payments = (rate: number | undefined) =>
  source.generator({ type: Txn, count: paymentCount, create: payment, ...(rate === undefined ? {} : { rate }) })

export default defineJob('fraud-alert', (env) => {
  const rate = env.option('rate')
  const out = env.option('out')
  const results = <T>(name: string) =>
    out === undefined ? sink.print<T>() : sink.files<T>({ path: `${out}/${name}`, format: 'ndjson' })

  const txns = env.from(payments(rate === undefined ? undefined : Number(rate)), {
    uid: 'txns',
    eventTime: 'at',
    maxOutOfOrderness: '5s',
    idleAfter: '30s',
    // The order of an account's payments matters. A log would keep them in one partition; here one reader does.
    parallelism: 1,
  })

  txns
    .keyBy((x) => x.account)
    .process({
      uid: 'small-then-large',
      state: { armedUntil: t.timestamp().state({ ttl: '1h' }) },
      emits: Alert,
      onElement(x, { key, state, timers }, emit) {
        const armed = state.armedUntil.get()
        if (armed !== undefined && x.at <= armed && x.amount > large)
          emit({ account: key, amount: x.amount, reason: 'large after small' })
        if (x.amount < 1) {
          state.armedUntil.set(x.at + 60_000)
          timers.at(x.at + 60_000)
        }
      },
      onTimer: (at, { state }) => {
        if (state.armedUntil.get() === at) state.armedUntil.clear()
      },
    })
    .to(results('alerts'), { uid: 'alerts' })

  txns
    .keyBy((x) => x.account)
    .window(window.tumbling('10m'))
    .aggregate({
      uid: 'spend',
      init: () => 0,
      add: (sum, x) => sum + x.amount,
      merge: (a, b) => a + b,
      emit: (total, { key, window }) => ({ account: key, total: Math.round(total), windowEnd: window.end }),
    })
    .to(results('spend'), { uid: 'spend-per-window' })
})
