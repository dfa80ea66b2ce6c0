/**
 * Keyed state of a size that is chosen, for benchmarks: numbers 0 to keys - 1 are counted once each, and then what the control
 * file says. Record n of the job is record floor(n / splits) of split n mod splits, whatever the parallelism.
 *
 * Options: `large.directory` (control file and what came out), `large.keys`, `large.records` (the job ends with them; absent:
 * never), `large.shape`: `count`, `three` numbers, or a `text` of about a kilobyte for each key.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { count, defineJob, max, type Sink, type Source, sum, t } from 'millrace'
import { type Control, readControl } from './state-control.ts'

const Row = t.object({ key: t.float64(), v: t.float64() })
const splits = 16
const lookAgainMs = 10

interface Options {
  readonly directory: string
  readonly keys: number
  readonly records: number
}

/** A permutation of all 32-bit numbers that looks like chance. */
function scatter(n: number): number {
  let x = Math.imul(n ^ (n >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

function rows({ directory, keys, records }: Options): Source<{ key: number; v: number }> {
  return {
    kind: 'source',
    name: `${keys} keys`,
    bounded: Number.isFinite(records),
    type: Row,
    discoverSplits: () => Array.from({ length: splits }, (_, i) => ({ splitId: String(i), offset: 0 })),
    owner: (splitId, parallelism) => Number(splitId) % parallelism,
    createReader(context) {
      const mine: { readonly id: string; readonly first: number; next: number }[] = []
      let control: Control = {}
      let lookedMs = Number.NEGATIVE_INFINITY
      let sinceMs = 0
      let sent = 0
      let timer: NodeJS.Timeout | undefined
      const look = (nowMs: number): void => {
        if (nowMs - lookedMs < lookAgainMs) return
        lookedMs = nowMs
        const found = readControl(directory)
        if (found.version === control.version) return
        control = found
        sinceMs = nowMs
        sent = 0
      }
      return {
        addSplits(given) {
          for (const { splitId, offset } of given)
            mine.push({ id: splitId, first: Number(splitId), next: offset as number })
        },
        poll(output) {
          const nowMs = performance.now()
          look(nowMs)
          let split = mine[0]
          for (const each of mine) if (each.next < split.next) split = each
          if (split === undefined || split.next * splits + split.first >= records) return 'end'
          const end = Math.ceil((Math.min(records, control.until ?? records) - split.first) / splits)
          const due =
            control.rate === undefined
              ? Number.POSITIVE_INFINITY
              : ((nowMs - sinceMs) / 1000) * (control.rate / context.parallelism) - sent
          if (split.next >= end || due < 1) {
            timer ??= setTimeout(() => {
              timer = undefined
              context.wake()
            }, 2)
            return 'idle'
          }
          const writer = output.columns(split.id)
          const rows = Math.min(writer.capacity, end - split.next, Math.floor(due))
          const key = writer.float64('key')
          const value = writer.float64('v')
          const { hot } = control
          for (let i = 0; i < rows; i++) {
            const n = (split.next + i) * splits + split.first
            key[i] = n < keys ? n : hot === undefined ? n % keys : scatter(n) % hot
            value[i] = scatter(n) / 4096
          }
          writer.commit(rows)
          split.next += rows
          sent += rows
          return 'more'
        },
        snapshot: () => mine.map(({ id, next }) => ({ splitId: id, offset: next })),
        close: () => clearTimeout(timer),
      }
    },
  }
}

const letters = Buffer.alloc(64 << 10)
for (let i = 0; i < letters.length; i++) letters[i] = 32 + (scatter(i) % 95)
const textBytes = 980

/** What hardly compresses, always the same for a key. */
function textOf(key: number): string {
  const at = scatter(key) % (letters.length - textBytes)
  return letters.latin1Slice(at, at + textBytes)
}

/** Counts, and writes down when it had how many: a line every 10 ms at most while records come. */
function counter({ directory }: Options): Sink<unknown> {
  return {
    kind: 'sink',
    name: 'counter',
    guarantee: 'none',
    createWriter({ subtask }) {
      const path = join(directory, `out-${subtask}-${Date.now()}`)
      let taken = 0
      let told = 0
      let toldMs = 0
      let timer: NodeJS.Timeout | undefined
      const tell = (): void => {
        clearTimeout(timer)
        timer = undefined
        if (told === taken) return
        told = taken
        toldMs = Date.now()
        appendFileSync(path, `${toldMs} ${taken}\n`)
      }
      return {
        discards: true,
        write() {
          throw new Error('it wants numbers of records only')
        },
        skip(rows) {
          taken += rows
          if (Date.now() - toldMs >= 10) tell()
          else timer ??= setTimeout(tell, 20)
        },
        close: tell,
      }
    },
  }
}

export default defineJob('state', (env) => {
  const options = {
    directory: env.option('large.directory', '.'),
    keys: Number(env.option('large.keys', '1000')),
    records: Number(env.option('large.records', 'Infinity')),
  }
  const keyed = env.from(rows(options), { uid: 'rows', watermarks: 'none' }).keyBy('key')
  const shape = env.option('large.shape', 'three')
  if (shape === 'count') keyed.count({ uid: 'count' }).to(counter(options), { uid: 'counter' })
  else if (shape === 'three') {
    keyed
      .aggregate({ n: count(), total: sum('v'), high: max('v') }, { uid: 'count' })
      .to(counter(options), { uid: 'counter' })
  } else {
    keyed
      .process({
        uid: 'count',
        state: { held: t.object({ n: t.float64(), text: t.string() }).state() },
        emits: Row,
        onElement({ key }, { state }, emit) {
          const held = state.held.get()
          const n = (held?.n ?? 0) + 1
          state.held.set({ n, text: held?.text ?? textOf(key) })
          emit({ key, v: n })
        },
      })
      .to(counter(options), { uid: 'counter' })
  }
})
