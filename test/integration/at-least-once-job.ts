/**
 * Numbers that go through a keyed count with two inputs into files, each with what its key has been counted to: for tests of
 * what is lost and what is repeated. Of each input the second half is slow as long as the file of option `slow` exists.
 */
import { defineJob, sink, source, t } from 'millrace'
import { brake } from '../support/brake.ts'

const Numbered = t.object({ key: t.float64(), n: t.float64() })

export default defineJob('at-least-once', (env) => {
  const out = env.option('out', 'out')
  const count = Number(env.option('count'))
  const slow = brake(env.option('slow', ''))
  const half = (uid: string, from: number, rate: number) =>
    env.from(
      source.generator({
        type: Numbered,
        count,
        rate,
        create: (i) => {
          if (i >= count / 2) slow()
          return { key: i % 16, n: from + 2 * i }
        },
      }),
      { uid },
    )
  // One input is quicker than the other: there is something between their barriers.
  half('even', 0, 8000)
    .union(half('odd', 1, 5000))
    .keyBy('key')
    .process({
      uid: 'counts',
      state: { count: t.float64().state() },
      emits: t.object({ key: t.float64(), n: t.float64(), count: t.float64() }),
      onElement({ key, n }, { state }, emit) {
        const count = (state.count.get() ?? 0) + 1
        state.count.set(count)
        emit({ key, n, count })
      },
    })
    .to(sink.files({ path: out, format: 'ndjson' }), { uid: 'out' })
})
