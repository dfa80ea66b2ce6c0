/** Copies a topic of two partitions into another, aligned by event time. Option: `kafka.brokers`. */
import { defineJob, sink, source, t } from 'millrace'

export default defineJob('kafka-waiting', (env) => {
  env
    .from(source.kafka({ topic: 'times', value: t.object({ at: t.timestamp() }), maxWait: '50ms' }), {
      uid: 'times',
      eventTime: 'at',
      alignment: { group: 'times', maxDrift: '1000s' },
    })
    .to(sink.kafka({ topic: 'copy', delivery: 'at-least-once' }), { uid: 'copy' })
})
