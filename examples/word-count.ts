/**
 * Word count: how often each word was said in each minute.
 *
 * Options: `-D rate=20`, lines per second, else as fast as they are taken; `-D out=DIRECTORY`, results into files, each
 * exactly once, else printed.
 */
import { defineJob, sink, source, t, window } from 'millrace'

const Line = t.object({ text: t.string(), at: t.timestamp() })

const verse = [
  'The wheel goes round and round, the river runs below,',
  'and what the river gives the wheel, the wheel lets go.',
  'Round and round the stones will turn, and fine the flour will be:',
  'a grain for you, a grain for bread, a grain for me.',
] as const

export const lineCount = 400

/** Line n, said in second n. */
export const line = (n: number) => ({ text: verse[n % verse.length] as string, at: 1_700_000_000_000 + n * 1000 })

const lines = (rate: number | undefined) =>
  source.generator({ type: Line, count: lineCount, create: line, ...(rate === undefined ? {} : { rate }) })

export default defineJob('word-count', (env) => {
  const rate = env.option('rate')
  const out = env.option('out')

  env
    .from(lines(rate === undefined ? undefined : Number(rate)), {
      uid: 'lines',
      eventTime: 'at',
      maxOutOfOrderness: '5s',
      idleAfter: '30s',
    })
    .flatMap((line) => line.text.toLowerCase().match(/\p{L}+/gu) ?? [])
    .keyBy((word) => word)
    .window(window.tumbling('1m'))
    .aggregate({
      uid: 'count',
      init: () => 0,
      add: (n) => n + 1,
      merge: (a, b) => a + b,
      emit: (n, { key, window }) => ({ word: key, n, windowEnd: window.end }),
    })
    .to(out === undefined ? sink.print() : sink.files({ path: out, format: 'ndjson' }), { uid: 'counts' })
})
