/**
 * A job with an exchange in turns and one by key. Options: `exchange.records`; `exchange.rate`, records per second;
 * `exchange.pause`, a number: each record of the last operator takes that many turns of a loop, so that it is slower than
 * the others.
 */
import { defineJob, sink, source, t } from 'millrace'

const Row = t.object({ id: t.float64(), text: t.string() })
const Count = t.object({ key: t.string(), n: t.float64() })

export default defineJob('exchange', (env) => {
  const records = Number(env.option('exchange.records', '1000'))
  const rate = env.option('exchange.rate')
  const pause = Number(env.option('exchange.pause', '0'))
  const rows = source.generator({
    type: Row,
    count: records,
    ...(rate === undefined ? {} : { rate: Number(rate) }),
    create: (n) => ({ id: n, text: `row ${n % 97}` }),
  })
  env
    .from(rows, { uid: 'rows' })
    .rebalance()
    .map((row) => ({ id: row.id, text: row.text }), { uid: 'copies' })
    .keyBy((row) => row.text)
    .process({
      uid: 'counts',
      state: { count: t.float64().state() },
      emits: Count,
      onElement(row, { state }, emit) {
        const n = (state.count.get() ?? 0) + 1
        state.count.set(n)
        for (let i = 0; i < pause; i++) Math.sqrt(i)
        emit({ key: row.text, n })
      },
    })
    .to(sink.collect(), { uid: 'all' })
})
