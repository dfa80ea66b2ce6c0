/**
 * Two jobs over one broker. Options: `kafka.brokers`; `kafka.role`: `fill` writes numbered records into the topic `in`, `count`
 * counts them by key into the topic `out`; `kafka.records`, how many; `kafka.rate`, how many per second.
 */
import { defineJob, sink, source, t } from 'millrace'

const Tick = t.object({ key: t.string(), n: t.float64() })

export default defineJob('kafka-exactly-once', (env) => {
  const brokers = env.option('kafka.brokers', '')
  const records = Number(env.option('kafka.records', '1000'))
  if (env.option('kafka.role') === 'fill') {
    const rate = Number(env.option('kafka.rate', '1000'))
    env
      .from(source.generator({ type: Tick, count: records, rate, create: (n) => ({ key: `key ${n % 50}`, n }) }), {
        uid: 'numbers',
      })
      .to(sink.kafka({ brokers, topic: 'in', key: 'key' }), { uid: 'in' })
    return
  }
  env
    .from(source.kafka({ brokers, topic: 'in', value: Tick, group: 'counting', maxWait: '50ms' }), { uid: 'in' })
    .keyBy('key')
    .process({
      uid: 'counts',
      state: { count: t.float64().state() },
      emits: t.object({ key: t.string(), n: t.float64(), count: t.float64() }),
      onElement({ key, n }, { state }, emit) {
        const count = (state.count.get() ?? 0) + 1
        state.count.set(count)
        emit({ key, n, count })
      },
    })
    .to(sink.kafka({ brokers, topic: 'out', key: 'key', compression: 'gzip' }), { uid: 'out' })
})
