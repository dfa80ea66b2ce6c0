/**
 * Keyed counts in front of something slow: as long as the file of option `slow` exists, each record takes option `pause`
 * milliseconds there. Writes each count of each key into files, once.
 */
import { defineJob, sink, source, t } from 'millrace'
import { brake } from '../support/brake.ts'

const Tick = t.object({ key: t.float64(), n: t.float64() })

export default defineJob('unaligned', (env) => {
  const slow = brake(env.option('slow', 'slow'), Number(env.option('pause', '4')))
  env
    .from(source.generator({ type: Tick, count: Number(env.option('count')), create: (n) => ({ key: n % 16, n }) }), {
      uid: 'ticks',
    })
    .keyBy('key')
    .process({
      uid: 'counts',
      state: { count: t.float64().state() },
      emits: Tick,
      onElement({ key }, { state }, emit) {
        const n = (state.count.get() ?? 0) + 1
        state.count.set(n)
        emit({ key, n })
      },
    })
    .rebalance()
    .map((record) => {
      slow()
      return record
    })
    .to(sink.files({ path: env.option('out', 'out'), format: 'ndjson' }), { uid: 'out' })
})
