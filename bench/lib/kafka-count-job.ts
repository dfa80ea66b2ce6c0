/** Counts records by key from a topic into another, at least once. Options: `kafka.brokers`; `count.in` and `count.out`, the topics. */
import { defineJob, sink, source, t } from 'millrace'

const Record = t.object({ key: t.int32(), pad: t.string() })

export default defineJob('kafka-count', (env) => {
  env
    .from(source.kafka({ topic: env.option('count.in', 'in'), value: Record, end: 'latest' }), {
      uid: 'in',
      watermarks: 'none',
    })
    .keyBy('key')
    .count({ uid: 'count' })
    .to(sink.kafka({ topic: env.option('count.out', 'out'), delivery: 'at-least-once' }), { uid: 'out' })
})
