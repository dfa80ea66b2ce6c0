/**
 * The job of this cluster; put your own here. It counts numbers by their last digit and writes how often each was seen to files on the
 * volume of the cluster, each exactly once. It runs until it is stopped.
 *
 * Options: `rate`, numbers per second; `count`, how many, else without end; `out`, the directory of the files.
 */
import { defineJob, sink, source, t } from 'millrace'

const Tick = t.object({ key: t.float64(), n: t.float64() })
const Seen = t.object({ key: t.float64(), n: t.float64(), seen: t.float64() })

export default defineJob('application', (env) => {
  const count = env.option('count')
  const ticks = source.generator({
    type: Tick,
    rate: Number(env.option('rate', '1000')),
    create: (n) => ({ key: n % 10, n }),
    ...(count === undefined ? {} : { count: Number(count) }),
  })
  env
    .from(ticks, { uid: 'ticks' })
    .keyBy('key')
    .process({
      uid: 'counts',
      state: { seen: t.float64().state() },
      emits: Seen,
      onElement({ key, n }, { state }, emit) {
        const seen = (state.seen.get() ?? 0) + 1
        state.seen.set(seen)
        emit({ key, n, seen })
      },
    })
    .to(sink.files({ path: env.option('out', '/var/lib/millrace/shared/out'), format: 'ndjson' }), { uid: 'out' })
})
