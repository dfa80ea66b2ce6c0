/**
 * The job of a chaos run: numbered records per key through keyed state and windows into files, exactly once. Each record
 * is checked inside (a key's sequence must step by one) and written, so that the oracle can judge the output alone.
 *
 * While the file `MILLRACE_CHAOS_SLOT_KILL` exists, the first slot that sees it removes it and ends its own thread: this
 * is how a run kills a single slot from outside.
 */
import { existsSync, rmSync } from 'node:fs'
import { defineJob, sink, source, t, window } from 'millrace'
import { createShape, recordAt } from './shape.ts'

const setting = (name: string): string => process.env[`MILLRACE_CHAOS_${name}`] ?? ''
const shape = createShape({ records: Number(setting('RECORDS')), keys: Number(setting('KEYS')) })
const slotKill = setting('SLOT_KILL')
const rate = Number(setting('RATE'))

const Record = t.object({ key: t.float64(), sequence: t.float64(), at: t.timestamp(), digest: t.float64() })
const Checked = t.object({ key: t.float64(), sequence: t.float64(), step: t.float64(), digest: t.float64() })

let seen = 0
function dieWhenTold(): void {
  if (++seen % 256 !== 0 || !existsSync(slotKill)) return
  rmSync(slotKill, { force: true })
  process.exit(3)
}

export default defineJob('chaos', (env) => {
  const records = env.from(
    source.generator({ type: Record, count: shape.records, create: (n) => recordAt(shape, n), rate }),
    { uid: 'records', eventTime: 'at' },
  )
  records
    .keyBy('key')
    .process({
      uid: 'sequence-check',
      state: { last: t.float64().state() },
      emits: Checked,
      onElement(record, { state }, emit) {
        dieWhenTold()
        const last = state.last.get() ?? 0
        state.last.set(record.sequence)
        emit({ key: record.key, sequence: record.sequence, step: record.sequence - last, digest: record.digest })
      },
    })
    .to(sink.files({ path: `${setting('OUT')}/checked`, format: 'ndjson' }), { uid: 'checked' })
  records
    .keyBy('key')
    .window(window.tumbling('1s'))
    .aggregate({ uid: 'windows', count: { fn: 'count' }, sum: { fn: 'sum', field: 'sequence' } } as never)
    .to(sink.files({ path: `${setting('OUT')}/windows`, format: 'ndjson' }), { uid: 'window-files' })
})
