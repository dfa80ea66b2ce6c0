/**
 * The job of a chaos run: numbered records per key through keyed state and windows into files, exactly once. Each record
 * is checked inside (a key's sequence must step by one) and written, so that the oracle can judge the output alone.
 *
 * With `chaos.role` the same in two jobs with a topic between them: `fill` writes the records into the topic `in`, `count` does
 * the rest, and writes into topics.
 *
 * While the file `chaos.slot-kill` exists, the first slot that sees it takes it away and ends its own thread: this is how
 * a run kills a single slot from outside. The time at which it did is left beside, in a file `.at`.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { count, defineJob, type Sink, type Source, sink, source, sum, t, window } from 'millrace'
import { ledger } from './ledger.ts'
import { type ChaosRecord, createShape } from './shape.ts'
import { numbered } from './source.ts'

const Record = t.object({ key: t.float64(), sequence: t.float64(), at: t.timestamp(), digest: t.float64() })
const Checked = t.object({ key: t.float64(), sequence: t.float64(), step: t.float64(), digest: t.float64() })

let seen = 0
/** Looked for now and then; as soon as it is there one slot takes it. */
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

/** For requests that need not wait for anything: a dead connection is given up soon. */
const requestTimeout = '3s'

export default defineJob('chaos', (env) => {
  const role = env.option('chaos.role', 'all')
  const brokers = env.option('kafka.brokers', '')
  const number = (name: string): number => Number(env.option(`chaos.${name}`))
  const out = env.option('chaos.out', 'out')
  const output = (name: string): Sink<unknown> => {
    if (role === 'count') return sink.kafka({ brokers, topic: name, key: 'key', requestTimeout }) as Sink<unknown>
    if (env.option('chaos.sink', 'files') === 'ledger') return ledger(`${out}/${name}`)
    return sink.files({ path: `${out}/${name}`, format: 'ndjson' }) as Sink<unknown>
  }
  const endFile = env.option('chaos.end-file', '')
  const slotKill = env.option('chaos.slot-kill', 'slot-kill')
  const shape = createShape({ records: number('records'), keys: number('keys'), windowMs: number('window-ms') })
  const from = (): Source<ChaosRecord> =>
    role === 'count'
      ? source.kafka({ brokers, topic: 'in', value: Record, maxWait: '50ms', requestTimeout })
      : numbered({ type: Record, shape, splits: number('splits'), rate: number('rate'), endFile })
  const records = env.from(from(), { uid: 'records', eventTime: 'at' })
  if (role === 'fill') {
    // A partition is a split: its records come from one subtask, in the order of their numbers.
    const partition = ({ key }: ChaosRecord, partitions: number): number => key % partitions
    records.to(sink.kafka({ brokers, topic: 'in', key: 'key', partition, requestTimeout }), { uid: 'in' })
    return
  }
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
