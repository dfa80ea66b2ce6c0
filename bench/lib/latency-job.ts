/**
 * The job whose latency is measured: a running count per key at a fixed rate. Every record carries the time at which it
 * should have been sent, whether or not the source was late, so a stall counts for every record it delays. The sink
 * puts the age of each result into a histogram of 10 us steps.
 *
 * Record n has the key n mod keys and comes from subtask n mod parallelism: with keys a multiple of the parallelism a
 * key has one sender, and the newest send time of a key is that of the result's own record.
 */
import { count, defineJob, max, type Sink, type Source, t } from 'millrace'

const Sent = t.object({ key: t.float64(), at: t.float64() })
export const bucketMs = 0.01
const buckets = 1_000_000

/** Epoch ms with fractions, the same in all threads of the machine. */
const now = (): number => performance.timeOrigin + performance.now()

interface Options {
  readonly startMs: number
  readonly rate: number
  readonly seconds: number
  readonly keys: number
}

function clocked({ startMs, rate, seconds, keys }: Options): Source<{ key: number; at: number }> {
  const total = Math.floor(rate * seconds)
  return {
    kind: 'source',
    name: `${rate} records/s`,
    bounded: true,
    type: Sent,
    discoverSplits: ({ parallelism }) =>
      Array.from({ length: parallelism }, (_, i) => ({ splitId: String(i), offset: i })),
    owner: (splitId, parallelism) => Number(splitId) % parallelism,
    createReader(context) {
      let next = -1
      let timer: NodeJS.Timeout | undefined
      const splitId = String(context.subtask)
      const stride = context.parallelism
      return {
        addSplits(splits) {
          for (const split of splits) next = split.offset as number
        },
        poll(output) {
          if (next < 0 || next >= total) return 'end'
          const due = Math.min(total, Math.floor(((now() - startMs) * rate) / 1000))
          if (due <= next) {
            timer ??= setTimeout(() => {
              timer = undefined
              context.wake()
            }, 1)
            return 'idle'
          }
          const writer = output.columns(splitId)
          const rows = Math.min(writer.capacity, output.room, Math.ceil((due - next) / stride))
          const key = writer.float64('key')
          const at = writer.float64('at')
          for (let i = 0; i < rows; i++, next += stride) {
            key[i] = next % keys
            at[i] = startMs + (next * 1000) / rate
          }
          writer.commit(rows)
          return 'more'
        },
        snapshot: () => (next < 0 ? [] : [{ splitId, offset: next }]),
        close: () => clearTimeout(timer),
      }
    },
  }
}

/** Sparse histogram: [bucket, records, bucket, records, …]. */
type Histogram = readonly number[]

function ages(fromMs: number): Sink<{ at: number }, { sequence: number; histogram: Histogram }, number> {
  return {
    kind: 'sink',
    name: 'ages',
    guarantee: 'exactly-once',
    createWriter(_context, restored) {
      let sequence = Math.max(0, ...restored)
      const histogram = new Uint32Array(buckets)
      let lowest = buckets
      let highest = -1
      return {
        write(records) {
          const time = now()
          for (const { at } of records) {
            if (at < fromMs) continue
            const bucket = Math.min(buckets - 1, Math.max(0, Math.floor((time - at) / bucketMs)))
            histogram[bucket]++
            if (bucket < lowest) lowest = bucket
            if (bucket > highest) highest = bucket
          }
        },
        prepareCommit() {
          const sparse: number[] = []
          for (let bucket = lowest; bucket <= highest; bucket++) {
            if (histogram[bucket] > 0) sparse.push(bucket, histogram[bucket])
          }
          histogram.fill(0)
          lowest = buckets
          highest = -1
          return sparse.length === 0 ? [] : [{ sequence: sequence++, histogram: sparse }]
        },
        snapshot: () => [sequence],
        close: () => undefined,
      }
    },
    commit(deliveries, context) {
      for (const { sequence, histogram } of deliveries) context.deliver(sequence, [histogram])
    },
  }
}

export default defineJob('latency', (env) => {
  const number = (key: string): number => Number(env.option(`latency.${key}`))
  const options = { startMs: number('start'), rate: number('rate'), seconds: number('seconds'), keys: number('keys') }
  env
    .from(clocked(options), { uid: 'clocked', watermarks: 'none' })
    .keyBy('key')
    .aggregate({ n: count(), at: max('at') }, { uid: 'count' })
    .to(ages(options.startMs + number('warmup') * 1000), { uid: 'ages' })
})
