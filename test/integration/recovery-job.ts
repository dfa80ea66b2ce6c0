/**
 * A job that runs until it is told otherwise, for tests of recovery. Options: `recovery.name`; `recovery.order`, a file
 * that tells one slot to go wrong, with `throw` or `oom` as its content; `recovery.always`, go wrong in each attempt.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { defineJob, sink, source, t } from 'millrace'

const Tick = t.object({ key: t.float64(), n: t.float64() })

let seen = 0

function goWrongWhenTold(order: string, always: boolean): void {
  if (++seen % 16 !== 0 || !existsSync(order)) return
  const what = readFileSync(order, 'utf8')
  if (!always) rmSync(order, { force: true })
  if (what === 'throw') throw new Error('told to throw')
  if (what === 'oom') {
    const kept: number[][] = []
    for (;;) kept.push(new Array(100_000).fill(kept.length))
  }
}

export default defineJob('recovery', (env) => {
  const order = env.option('recovery.order', 'order')
  const always = env.option('recovery.always') === 'true'
  env
    .from(source.generator({ type: Tick, rate: 2000, create: (n) => ({ key: n % 16, n }) }), { uid: 'ticks' })
    .keyBy('key')
    .process({
      uid: 'counts',
      state: { count: t.float64().state() },
      emits: Tick,
      onElement({ key }, { state }, emit) {
        goWrongWhenTold(order, always)
        const n = (state.count.get() ?? 0) + 1
        state.count.set(n)
        emit({ key, n })
      },
    })
    .to(sink.discard(), { uid: 'nowhere' })
})
