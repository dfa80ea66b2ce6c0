/**
 * Two jobs over one broker. Options: `kafka.brokers`; `kafka.role`: `fill` writes numbered records into the topic `in`, `count`
 * counts them by key into the topic `out`; `kafka.records`, how many; `kafka.rate`, how many per second; `kafka.topic`, where
 * `fill` writes them; `kafka.fails-at`, the number at which it fails; `kafka.slow`, a file: as long as it exists `fill` is slow in its
 * second half.
 */
import { defineJob, sink, source, t } from 'millrace'
import { brake } from '../support/brake.ts'

const Tick = t.object({ key: t.string(), n: t.float64() })

export default defineJob('kafka-exactly-once', (env) => {
  const brokers = env.option('kafka.brokers', '')
  const records = Number(env.option('kafka.records', '1000'))
  if (env.option('kafka.role') === 'fill') {
    const rate = Number(env.option('kafka.rate', '1000'))
    const failsAt = Number(env.option('kafka.fails-at', '-1'))
    const slow = brake(env.option('kafka.slow', ''))
    const create = (n: number) => {
      if (n >= records / 2) slow()
      if (n === failsAt) throw new Error(`it is ${n}`)
      return { key: `key ${n % 50}`, n }
    }
    env
      .from(source.generator({ type: Tick, count: records, rate, create }), { uid: 'numbers' })
      .to(sink.kafka({ brokers, topic: env.option('kafka.topic', 'in'), key: 'key' }), { uid: 'in' })
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
