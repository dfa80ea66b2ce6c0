/** A source as fast as it may be, keyed state, and a sink that takes `soak.rate` records per second and no more. */
import { defineJob, type Sink, source, t } from 'millrace'

const Row = t.object({ key: t.float64(), at: t.timestamp(), text: t.string() })

/** Takes what it is given and then says no until it has caught up with its rate. */
function slowSink(rate: number): Sink<unknown> {
  return {
    kind: 'sink',
    name: 'slow',
    guarantee: 'none',
    createWriter(context) {
      const startedMs = context.now()
      let taken = 0
      let timer: NodeJS.Timeout | undefined
      return {
        ready() {
          const aheadMs = (taken / rate) * 1000 - (context.now() - startedMs)
          if (aheadMs <= 0) return true
          timer ??= setTimeout(() => {
            timer = undefined
            context.wake()
          }, aheadMs)
          return false
        },
        write(records) {
          taken += records.length
        },
        close() {
          clearTimeout(timer)
        },
      }
    },
  }
}

export default defineJob('soak', (env) => {
  env
    .from(
      source.generator({
        type: Row,
        create: (n) => ({ key: n % 10_000, at: 1_700_000_000_000 + n, text: `record number ${n} of a long stream` }),
      }),
      { uid: 'rows', eventTime: 'at' },
    )
    .keyBy('key')
    .process({
      uid: 'counts',
      state: { count: t.float64().state() },
      onElement(row, { state }, emit) {
        const count = (state.count.get() ?? 0) + 1
        state.count.set(count)
        emit({ ...row, count })
      },
    })
    .rebalance()
    .to(slowSink(Number(env.option('soak.rate', '20000'))), { uid: 'slow' })
})
