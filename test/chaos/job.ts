/**
 * The job of a chaos run: numbered records per key through keyed state and windows into files, exactly once. Each record
 * is checked inside (a key's sequence must step by one) and written, so that the oracle can judge the output alone.
 *
 * While the file `chaos.slot-kill` exists, the first slot that sees it takes it away and ends its own thread: this is how
 * a run kills a single slot from outside. The time at which it did is left beside, in a file `.at`.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { count, defineJob, type Sink, sink, sum, t, window } from 'millrace'
import { ledger } from './ledger.ts'
import { createShape } from './shape.ts'
import { numbered } from './source.ts'

const Record = t.object({ key: t.float64(), sequence: t.float64(), at: t.timestamp(), digest: t.float64() })
const Checked = t.object({ key: t.float64(), sequence: t.float64(), step: t.float64(), digest: t.float64() })

let seen = 0
function dieWhenTold(order: string): void {
  if (++seen % 32 !== 0 || !existsSync(order)) return
  try {
    rmSync(order)
  } catch {
    // Another slot was faster.
    return
  }
  writeFileSync(`${order}.at`, String(Date.now()))
  process.exit(3)
}

export default defineJob('chaos', (env) => {
  const number = (name: string): number => Number(env.option(`chaos.${name}`))
  const out = env.option('chaos.out', 'out')
  const output = (name: string): Sink<unknown> =>
    env.option('chaos.sink', 'files') === 'ledger'
      ? ledger(`${out}/${name}`)
      : (sink.files({ path: `${out}/${name}`, format: 'ndjson' }) as Sink<unknown>)
  const slotKill = env.option('chaos.slot-kill', 'slot-kill')
  const shape = createShape({ records: number('records'), keys: number('keys'), windowMs: number('window-ms') })
  const records = env.from(numbered({ type: Record, shape, splits: number('splits'), rate: number('rate') }), {
    uid: 'records',
    eventTime: 'at',
  })
  records
    .keyBy('key')
    .process({
      uid: 'sequence-check',
      state: { last: t.float64().state() },
      emits: Checked,
      onElement(record, { state }, emit) {
        dieWhenTold(slotKill)
        const last = state.last.get() ?? 0
        state.last.set(record.sequence)
        emit({ key: record.key, sequence: record.sequence, step: record.sequence - last, digest: record.digest })
      },
    })
    .to(output('checked'), { uid: 'checked' })
  records
    .keyBy('key')
    .window(window.tumbling(`${shape.windowMs}ms`))
    .aggregate({ count: count(), sum: sum('sequence') }, { uid: 'windows' })
    .to(output('windows'), { uid: 'window-files' })
})
