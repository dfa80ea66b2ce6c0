/**
 * Where the results of a query go: nowhere, when its speed is measured; or, with the option `nexmark.check`, into a
 * checksum, of which every subtask delivers its part once per checkpoint to the client. A sink of one's own is not more than this.
 */
import { type Environment, type Key, type Sink, type SinkContext, type Stream, sink, type TypeOf, t } from 'millrace'
import { Checksum, type ChecksumParts } from './checksum.ts'

const Change = t.object({ line: t.string(), replaced: t.optional(t.string()) })
type Change = TypeOf<typeof Change>

/** Ends a query. `line` is what the checksum is taken of. */
export function results<T>(env: Environment, stream: Stream<T>, line: (record: T) => string): void {
  if (env.option('nexmark.check') === 'true') stream.to(checksum(line), { uid: 'results' })
  else stream.to(sink.discard(), { uid: 'results' })
}

/** Ends a query whose results replace each other: only the last one of each key counts. */
export function finalResults<T>(
  env: Environment,
  stream: Stream<T>,
  keyOf: (record: T) => Key,
  line: (record: T) => string,
): void {
  if (env.option('nexmark.check') !== 'true') {
    results(env, stream, line)
    return
  }
  const changes = stream.keyBy(keyOf).process({
    uid: 'last-results',
    emits: Change,
    state: { last: t.string().state() },
    onElement(record, { state }, emit) {
      const change = { line: line(record), replaced: state.last.get() }
      state.last.set(change.line)
      emit(change)
    },
  })
  const sums = checksum(
    (change: Change) => change.line,
    (change) => change.replaced,
  )
  changes.to(sums, { uid: 'results' })
}

interface Delivery {
  readonly sequence: number
  readonly parts: ChecksumParts
}

/** `replaced`: a line that does not count any more. Exactly once: the part of a checkpoint is committed with it, and a part delivered again has the same sequence number. */
export function checksum<T>(
  line: (record: T) => string,
  replaced: (record: T) => string | undefined = () => undefined,
): Sink<T, Delivery, number> {
  return {
    kind: 'sink',
    name: 'checksum',
    guarantee: 'exactly-once',
    createWriter(_context: SinkContext, restored: readonly number[]) {
      let sequence = Math.max(0, ...restored)
      let parts = new Checksum()
      return {
        write(records) {
          for (const record of records) {
            parts.add(line(record))
            const before = replaced(record)
            if (before !== undefined) parts.remove(before)
          }
        },
        prepareCommit() {
          const { count, sum, xor } = parts
          if (count === 0 && sum === 0 && xor === 0) return []
          parts = new Checksum()
          return [{ sequence: sequence++, parts: { count, sum, xor } }]
        },
        snapshot: () => [sequence],
        close: () => undefined,
      }
    },
    commit(deliveries, context) {
      for (const { sequence, parts } of deliveries) context.deliver(sequence, [parts])
    },
  }
}
