/** Word count: how often each word was said in each minute. */
import { defineJob, sink, source, t, window } from 'millrace'

const Line = t.object({ text: t.string(), at: t.timestamp() })

const verse = [
  'The wheel goes round and round, the river runs below,',
  'and what the river gives the wheel, the wheel lets go.',
  'Round and round the stones will turn, and fine the flour will be:',
  'a grain for you, a grain for bread, a grain for me.',
]

const lines = source.values(
  Array.from({ length: 400 }, (_, n) => ({ text: verse[n % verse.length], at: 1_700_000_000_000 + n * 1000 })),
  { type: Line },
)

export default defineJob('word-count', (env) => {
  env
    .from(lines, { uid: 'lines', eventTime: 'at', maxOutOfOrderness: '5s', idleAfter: '30s' })
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
    .to(sink.print(), { uid: 'counts' })
})
